from __future__ import print_function, division
import math, random, sys, os, logging
from typing import *
from enum import Enum
from collections import OrderedDict, namedtuple, defaultdict
from functools import partial
from abc import ABC, abstractmethod
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.utils.checkpoint as checkpoint
from torch.nn.modules.utils import _pair
from torch.nn import Module, Conv2d, Parameter, Softmax
import numpy as np
logger = logging.getLogger(__name__)
BN_MOMENTUM = 0.1
def _ntuple(n):
    def parse(x):
        if isinstance(x, (list, tuple)): return tuple(x)
        return tuple([x]*n)
    return parse
to_2tuple = _ntuple(2)

def drop_path(x, drop_prob: float = 0., training: bool = False):
    if drop_prob == 0. or not training: return x
    keep_prob = 1 - drop_prob
    shape = (x.shape[0],) + (1,) * (x.ndim - 1)
    random_tensor = keep_prob + torch.rand(shape, dtype=x.dtype, device=x.device)
    random_tensor.floor_()
    return x.div(keep_prob) * random_tensor
class DropPath(nn.Module):
    def __init__(self, drop_prob=None): super().__init__(); self.drop_prob = drop_prob
    def forward(self, x): return drop_path(x, self.drop_prob, self.training)
    def extra_repr(self): return f'p={self.drop_prob}'
class Mlp(nn.Module):
    def __init__(self, in_features, hidden_features=None, out_features=None, act_layer=nn.GELU, drop=0.):
        super().__init__()
        out_features = out_features or in_features
        hidden_features = hidden_features or in_features
        self.fc1 = nn.Linear(in_features, hidden_features); self.act = act_layer(); self.fc2 = nn.Linear(hidden_features, out_features); self.drop = nn.Dropout(drop)
    def forward(self, x): return self.drop(self.fc2(self.drop(self.act(self.fc1(x)))))
def window_partition(x, window_size):
    B, H, W, C = x.shape
    x = x.view(B, H // window_size, window_size, W // window_size, window_size, C)
    windows = x.permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, window_size, window_size, C)
    return windows
def window_reverse(windows, window_size, H, W):
    B = int(windows.shape[0] / (H * W / window_size / window_size))
    x = windows.view(B, H // window_size, W // window_size, window_size, window_size, -1)
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(B, H, W, -1)
class WindowAttention(nn.Module):
    def __init__(self, dim, window_size, num_heads, qkv_bias=True, qk_scale=None):
        super().__init__()
        self.dim, self.window_size, self.num_heads = dim, window_size, num_heads
        head_dim = dim // num_heads
        self.scale = qk_scale or head_dim ** -0.5
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window_size[0] - 1) * (2 * window_size[1] - 1), num_heads))
        coords_h = torch.arange(self.window_size[0]); coords_w = torch.arange(self.window_size[1])
        coords = torch.stack(torch.meshgrid([coords_h, coords_w], indexing='ij'))
        coords_flatten = torch.flatten(coords, 1)
        relative_coords = coords_flatten[:, :, None] - coords_flatten[:, None, :]
        relative_coords = relative_coords.permute(1, 2, 0).contiguous()
        relative_coords[:, :, 0] += self.window_size[0] - 1
        relative_coords[:, :, 1] += self.window_size[1] - 1
        relative_coords[:, :, 0] *= 2 * self.window_size[1] - 1
        relative_position_index = relative_coords.sum(-1)
        self.register_buffer("relative_position_index", relative_position_index)
        self.qkv = nn.Linear(dim, dim * 3, bias=qkv_bias); self.proj = nn.Linear(dim, dim); self.softmax = nn.Softmax(dim=-1)
        nn.init.trunc_normal_(self.relative_position_bias_table, std=.02)
    def forward(self, x, mask=None):
        B_, N, C = x.shape
        qkv = self.qkv(x).reshape(B_, N, 3, self.num_heads, C // self.num_heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        q = q * self.scale
        attn = (q @ k.transpose(-2, -1))
        b = self.relative_position_bias_table[self.relative_position_index.view(-1)].view(self.window_size[0] * self.window_size[1], self.window_size[0] * self.window_size[1], -1)
        attn = attn + b.permute(2, 0, 1).contiguous().unsqueeze(0)
        if mask is not None:
            nW = mask.shape[0]
            attn = attn.view(B_ // nW, nW, self.num_heads, N, N) + mask.unsqueeze(1).unsqueeze(0)
            attn = attn.view(-1, self.num_heads, N, N)
        attn = self.softmax(attn)
        return self.proj((attn @ v).transpose(1, 2).reshape(B_, N, C))
class SwinBlock(nn.Module):
    def __init__(self, dim, input_resolution, num_heads, window_size=7, shift_size=0, mlp_ratio=4., drop_path=0., norm_layer=nn.LayerNorm):
        super().__init__()
        self.dim = dim; self.input_resolution = input_resolution; self.window_size = window_size; self.shift_size = shift_size
        if min(self.input_resolution) <= self.window_size:
            self.shift_size = 0; self.window_size = min(self.input_resolution)
        assert 0 <= self.shift_size < self.window_size, "shift_size must in 0-window_size"
        self.norm1 = norm_layer(dim)
        self.attn = WindowAttention(dim, window_size=to_2tuple(self.window_size), num_heads=num_heads)
        self.drop_path = DropPath(drop_path) if drop_path > 0. else nn.Identity()
        self.norm2 = norm_layer(dim)
        self.mlp = Mlp(in_features=dim, hidden_features=int(dim * mlp_ratio))
        if self.shift_size > 0:
            H, W = self.input_resolution
            img_mask = torch.zeros((1, H, W, 1))
            h_slices = (slice(0, -self.window_size), slice(-self.window_size, -self.shift_size), slice(-self.shift_size, None))
            w_slices = h_slices
            cnt = 0
            for h in h_slices:
                for w in w_slices:
                    img_mask[:, h, w, :] = cnt; cnt += 1
            mask_windows = window_partition(img_mask, self.window_size)
            mask_windows = mask_windows.view(-1, self.window_size * self.window_size)
            attn_mask = mask_windows.unsqueeze(1) - mask_windows.unsqueeze(2)
            attn_mask = attn_mask.masked_fill(attn_mask != 0, float(-100.0)).masked_fill(attn_mask == 0, float(0.0))
        else:
            attn_mask = None
        self.register_buffer("attn_mask", attn_mask)
    def forward(self, x):
        H, W = self.input_resolution
        B, L, C = x.shape
        assert L == H * W, "input feature has wrong size"
        shortcut = x
        x = self.norm1(x).view(B, H, W, C)
        if self.shift_size > 0: shifted_x = torch.roll(x, shifts=(-self.shift_size, -self.shift_size), dims=(1, 2))
        else: shifted_x = x
        x_windows = window_partition(shifted_x, self.window_size).view(-1, self.window_size * self.window_size, C)
        attn_windows = self.attn(x_windows, mask=self.attn_mask)
        attn_windows = attn_windows.view(-1, self.window_size, self.window_size, C)
        shifted_x = window_reverse(attn_windows, self.window_size, H, W)
        if self.shift_size > 0: x = torch.roll(shifted_x, shifts=(self.shift_size, self.shift_size), dims=(1, 2))
        else: x = shifted_x
        x = shortcut + self.drop_path(x.view(B, H * W, C))
        return x + self.drop_path(self.mlp(self.norm2(x)))
class PatchMerging(nn.Module):
    def __init__(self, input_resolution, dim):
        super().__init__(); self.input_resolution, self.dim = input_resolution, dim
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False); self.norm = nn.LayerNorm(4 * dim)
    def forward(self, x):
        H, W = self.input_resolution
        B, L, C = x.shape
        assert H % 2 == 0 and W % 2 == 0, f"x size ({H}*{W}) are not even."
        x = x.view(B, H, W, C)
        x0 = x[:, 0::2, 0::2, :]; x1 = x[:, 1::2, 0::2, :]; x2 = x[:, 0::2, 1::2, :]; x3 = x[:, 1::2, 1::2, :]
        x = torch.cat([x0, x1, x2, x3], -1).view(B, -1, 4 * C)
        return self.reduction(self.norm(x))
class Swin(nn.Module):
    def __init__(self, img_size=32, patch_size=4, depths=[2, 2], num_heads=[2, 4], embed_dim=16, window_size=4, num_classes=5, use_checkpoint=True, ape=True):
        super().__init__()
        img_size = to_2tuple(img_size)
        self.proj = nn.Conv2d(3, embed_dim, kernel_size=patch_size, stride=patch_size)
        res = [img_size[0] // patch_size, img_size[1] // patch_size]
        self.ape = ape
        if ape: self.absolute_pos_embed = nn.Parameter(torch.zeros(1, res[0]*res[1], embed_dim)); nn.init.trunc_normal_(self.absolute_pos_embed, std=.02)
        dpr = [x.item() for x in torch.linspace(0, 0.1, sum(depths))]
        self.layers = nn.ModuleList()
        for i in range(len(depths)):
            r = (res[0] // (2 ** i), res[1] // (2 ** i)); d = int(embed_dim * 2 ** i)
            blocks = nn.ModuleList([SwinBlock(dim=d, input_resolution=r, num_heads=num_heads[i], window_size=window_size, shift_size=0 if (j % 2 == 0) else window_size // 2, drop_path=dpr[sum(depths[:i]):sum(depths[:i + 1])][j]) for j in range(depths[i])])
            down = PatchMerging(r, d) if i < len(depths) - 1 else None
            self.layers.append(nn.ModuleDict({'blocks': blocks, **({'down': down} if down is not None else {})}))
        self.num_features = int(embed_dim * 2 ** (len(depths) - 1))
        self.norm = nn.LayerNorm(self.num_features); self.avgpool = nn.AdaptiveAvgPool1d(1); self.head = nn.Linear(self.num_features, num_classes) if num_classes > 0 else nn.Identity()
        self.use_checkpoint = use_checkpoint
        self.apply(self._init_weights)
    def _init_weights(self, m):
        if isinstance(m, nn.Linear):
            nn.init.trunc_normal_(m.weight, std=.02)
            if isinstance(m, nn.Linear) and m.bias is not None: nn.init.constant_(m.bias, 0)
    @torch.jit.ignore
    def no_weight_decay(self): return {'absolute_pos_embed'}
    def forward(self, x):
        x = self.proj(x).flatten(2).transpose(1, 2)
        if self.ape: x = x + self.absolute_pos_embed
        for layer in self.layers:
            for blk in layer['blocks']:
                x = checkpoint.checkpoint(blk, x, use_reentrant=False) if self.use_checkpoint else blk(x)
            if 'down' in layer: x = layer['down'](x)
        x = self.avgpool(self.norm(x).transpose(1, 2))
        return self.head(torch.flatten(x, 1))

class ASPPConv(nn.Sequential):
    def __init__(self, i, o, dilation):
        modules = [nn.Conv2d(i, o, 3, padding=dilation, dilation=dilation, bias=False), nn.BatchNorm2d(o), nn.ReLU()]
        super(ASPPConv, self).__init__(*modules)
class ASPPPooling(nn.Sequential):
    def __init__(self, i, o):
        super(ASPPPooling, self).__init__(nn.AdaptiveAvgPool2d(1), nn.Conv2d(i, o, 1, bias=False), nn.ReLU())
    def forward(self, x):
        size = x.shape[-2:]
        for mod in self: x = mod(x)
        return F.interpolate(x, size=size, mode='bilinear', align_corners=False)
class ASPP(nn.Module):
    def __init__(self, i, rates, o=32):
        super().__init__()
        modules = [nn.Sequential(nn.Conv2d(i, o, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU())]
        for rate in tuple(rates): modules.append(ASPPConv(i, o, rate))
        modules.append(ASPPPooling(i, o))
        self.convs = nn.ModuleList(modules)
        self.project = nn.Sequential(nn.Conv2d(len(self.convs) * o, o, 1, bias=False), nn.Dropout(0.5))
    def forward(self, x):
        _res = []
        for conv in self.convs: _res.append(conv(x))
        return self.project(torch.cat(_res, dim=1))
class PAM(Module):
    """ Position attention module"""
    def __init__(self, in_dim):
        super(PAM, self).__init__()
        self.chanel_in = in_dim
        self.query_conv = Conv2d(in_channels=in_dim, out_channels=in_dim//8, kernel_size=1); self.key_conv = Conv2d(in_dim, in_dim//8, 1); self.value_conv = Conv2d(in_dim, in_dim, 1)
        self.gamma = Parameter(torch.zeros(1)); self.softmax = Softmax(dim=-1)
    def forward(self, x):
        m_batchsize, C, height, width = x.size()
        proj_query = self.query_conv(x).view(m_batchsize, -1, width*height).permute(0, 2, 1)
        proj_key = self.key_conv(x).view(m_batchsize, -1, width*height)
        energy = torch.bmm(proj_query, proj_key)
        attention = self.softmax(energy)
        proj_value = self.value_conv(x).view(m_batchsize, -1, width*height)
        out = torch.bmm(proj_value, attention.permute(0, 2, 1))
        out = out.view(m_batchsize, C, height, width)
        return self.gamma*out + x
class CAM(Module):
    def __init__(self, in_dim): super().__init__(); self.gamma = Parameter(torch.zeros(1)); self.softmax = Softmax(dim=-1)
    def forward(self, x):
        b, C, h, w = x.size()
        q = x.view(b, C, -1); k = x.view(b, C, -1).permute(0, 2, 1)
        energy = torch.bmm(q, k)
        energy_new = torch.max(energy, -1, keepdim=True)[0].expand_as(energy) - energy
        attention = self.softmax(energy_new)
        out = torch.bmm(attention, x.view(b, C, -1)).view(b, C, h, w)
        return self.gamma*out + x
class ChannelPool(nn.Module):
    def forward(self, x): return torch.cat((torch.max(x, 1)[0].unsqueeze(1), torch.mean(x, 1).unsqueeze(1)), dim=1)
class CBAM(nn.Module):
    def __init__(self, gate_channels, reduction_ratio=16, pool_types=['avg', 'max', 'lp']):
        super().__init__()
        self.mlp = nn.Sequential(nn.Flatten(), nn.Linear(gate_channels, gate_channels // reduction_ratio), nn.ReLU(), nn.Linear(gate_channels // reduction_ratio, gate_channels))
        self.pool_types = pool_types; self.compress = ChannelPool(); self.spatial = nn.Conv2d(2, 1, 7, padding=(7-1) // 2)
    def forward(self, x):
        channel_att_sum = None
        for pool_type in self.pool_types:
            if pool_type == 'avg': raw = self.mlp(F.avg_pool2d(x, (x.size(2), x.size(3)), stride=(x.size(2), x.size(3))))
            elif pool_type == 'max': raw = self.mlp(F.max_pool2d(x, (x.size(2), x.size(3)), stride=(x.size(2), x.size(3))))
            elif pool_type == 'lp': raw = self.mlp(F.lp_pool2d(x, 2, (x.size(2), x.size(3)), stride=(x.size(2), x.size(3))))
            if channel_att_sum is None: channel_att_sum = raw
            else: channel_att_sum = channel_att_sum + raw
        scale = F.sigmoid(channel_att_sum).unsqueeze(2).unsqueeze(3).expand_as(x)
        x = x * scale
        return x * torch.sigmoid(self.spatial(self.compress(x)))
class SKConv(nn.Module):
    def __init__(self, features, M=2, G=4, r=4, L=8):
        super().__init__()
        d = max(int(features/r), L)
        self.M, self.features = M, features
        self.convs = nn.ModuleList([])
        for i in range(M): self.convs.append(nn.Sequential(nn.Conv2d(features, features, 3+i*2, padding=1+i, groups=G), nn.ReLU(inplace=False)))
        self.fc = nn.Linear(features, d); self.fcs = nn.ModuleList([])
        for i in range(M): self.fcs.append(nn.Linear(d, features))
        self.softmax = nn.Softmax(dim=1)
    def forward(self, x):
        for i, conv in enumerate(self.convs):
            fea = conv(x).unsqueeze_(dim=1)
            if i == 0: feas = fea
            else: feas = torch.cat([feas, fea], dim=1)
        fea_U = torch.sum(feas, dim=1)
        fea_s = fea_U.mean(-1).mean(-1)
        fea_z = self.fc(fea_s)
        for i, fc in enumerate(self.fcs):
            vector = fc(fea_z).unsqueeze_(dim=1)
            attention_vectors = vector if i == 0 else torch.cat([attention_vectors, vector], dim=1)
        attention_vectors = self.softmax(attention_vectors).unsqueeze(-1).unsqueeze(-1)
        return (feas * attention_vectors).sum(dim=1)
class NonLocal(nn.Module):
    def __init__(self, in_channels, inter_channels=None, dimension=2, sub_sample=True, bn_layer=True):
        super().__init__()
        assert dimension in [1, 2, 3]
        self.inter_channels = inter_channels
        if self.inter_channels is None:
            self.inter_channels = in_channels // 2
            if self.inter_channels == 0: self.inter_channels = 1
        if dimension == 3: conv_nd = nn.Conv3d; max_pool_layer = nn.MaxPool3d(kernel_size=(1, 2, 2)); bn = nn.BatchNorm3d
        elif dimension == 2: conv_nd = nn.Conv2d; max_pool_layer = nn.MaxPool2d(kernel_size=(2, 2)); bn = nn.BatchNorm2d
        else: conv_nd = nn.Conv1d; max_pool_layer = nn.MaxPool1d(kernel_size=(2)); bn = nn.BatchNorm1d
        self.g = conv_nd(in_channels=in_channels, out_channels=self.inter_channels, kernel_size=1, stride=1, padding=0)
        self.W = nn.Sequential(conv_nd(self.inter_channels, in_channels, 1), bn(in_channels))
        nn.init.constant_(self.W[1].weight, 0)
        self.theta = conv_nd(in_channels, self.inter_channels, 1); self.phi = conv_nd(in_channels, self.inter_channels, 1)
        if sub_sample: self.g = nn.Sequential(self.g, max_pool_layer); self.phi = nn.Sequential(self.phi, max_pool_layer)
    def forward(self, x, return_nl_map=False):
        batch_size = x.size(0)
        g_x = self.g(x).view(batch_size, self.inter_channels, -1).permute(0, 2, 1)
        theta_x = self.theta(x).view(batch_size, self.inter_channels, -1).permute(0, 2, 1)
        phi_x = self.phi(x).view(batch_size, self.inter_channels, -1)
        f_div_C = F.softmax(torch.matmul(theta_x, phi_x), dim=-1)
        y = torch.matmul(f_div_C, g_x).permute(0, 2, 1).contiguous().view(batch_size, self.inter_channels, *x.size()[2:])
        z = self.W(y) + x
        return (z, f_div_C) if return_nl_map else z
# Yolo from cfg
CFG = """
[convolutional]
batch_normalize=1
filters=16
size=3
stride=1
pad=1
activation=leaky

[maxpool]
size=2
stride=2

[convolutional]
filters=32
size=3
stride=1
pad=1
activation=linear

[shortcut]
from=-1

[route]
layers=-1,0
"""
def parse_cfg(text):
    lines = [x for x in text.split('\n') if len(x) > 0 and x[0] != '#']
    lines = [x.rstrip().lstrip() for x in lines]
    block, blocks = {}, []
    for line in lines:
        if line[0] == "[":
            if len(block) != 0: blocks.append(block); block = {}
            block["type"] = line[1:-1].rstrip()
        else:
            key, value = line.split("="); block[key.rstrip()] = value.lstrip()
    blocks.append(block)
    return blocks
class EmptyLayer(nn.Module):
    def __init__(self): super(EmptyLayer, self).__init__()
class Darknet(nn.Module):
    def __init__(self, text=CFG):
        super().__init__()
        self.blocks = parse_cfg(text)[:3]
        self.module_list = nn.ModuleList(); prev = 3
        for index, x in enumerate(self.blocks):
            module = nn.Sequential()
            if x["type"] == "convolutional":
                try: bn = int(x["batch_normalize"]); bias = False
                except: bn = 0; bias = True
                filters = int(x["filters"]); k = int(x["size"]); pad = (k - 1) // 2 if int(x["pad"]) else 0
                module.add_module("conv_{0}".format(index), nn.Conv2d(prev, filters, k, int(x["stride"]), pad, bias=bias))
                if bn: module.add_module("batch_norm_{0}".format(index), nn.BatchNorm2d(filters))
                if x["activation"] == "leaky": module.add_module(f"leaky_{index}", nn.LeakyReLU(0.1, inplace=True))
                prev = filters
            elif x["type"] == "maxpool": module.add_module("pool", nn.MaxPool2d(int(x["size"]), int(x["stride"])))
            self.module_list.append(module)
    def forward(self, x):
        outputs = {}
        for i, module in enumerate(self.blocks):
            t = module["type"]
            if t in ("convolutional", "maxpool"): x = self.module_list[i](x)
            outputs[i] = x
        return x
class FPN(nn.Module):
    def __init__(self, block=None):
        super().__init__()
        self.c = nn.ModuleList([nn.Conv2d(i, o, 3, 2, 1) for i, o in ((3, 8), (8, 16), (16, 32))])
        self.lat = nn.ModuleDict({f'p{i}': nn.Conv2d(c, 16, 1) for i, c in enumerate((8, 16, 32))})
        self.cls = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 9*4, 3, padding=1))
    def _upsample_add(self, x, y):
        _,_,H,W = y.size()
        return F.interpolate(x, size=(H,W), mode='bilinear', align_corners=True) + y
    def forward(self, x):
        cs = []
        for c in self.c: x = F.relu(c(x)); cs.append(x)
        p = self.lat['p2'](cs[2]); ps = [p]
        for i in (1, 0):
            p = self._upsample_add(p, self.lat[f'p{i}'](cs[i])); ps.append(p)
        outs = []
        for p in ps:
            o = self.cls(p)
            o = o.permute(0, 2, 3, 1).contiguous().view(x.size(0), -1, 4)
            outs.append(o)
        return torch.cat(outs, 1)
class Mixture(str, Enum):
    A = 'a'; B = 'b'
class Base(nn.Module, ABC):
    @abstractmethod
    def features(self, x): ...
    @property
    def dim(self): return self._dim
    @dim.setter
    def dim(self, v): self._dim = v
    def __init__(self, *args, **kwargs):
        super().__init__()
        self.dim = kwargs.pop('dim', 8)
        self.build(*args, **kwargs)
    def forward(self, x, *, mode: Mixture = Mixture.A):
        return self.features(x) if mode is Mixture.A else None
class Child(Base):
    counter = 0
    def build(self, depth, act: Union[str, Callable] = 'relu'):
        type(self).counter += 1
        acts = dict(relu=nn.ReLU, gelu=nn.GELU)
        self.net = nn.Sequential(*(layer for _ in range(depth) for layer in (nn.Linear(self.dim, self.dim), acts[act]())))
        self.extra = [nn.Linear(3, 3)]
        self.w = nn.ParameterDict({'a': nn.Parameter(torch.ones(self.dim))})
    def features(self, x):
        y = self.net(x)
        while y.dim() < 4: y = y.unsqueeze(-1)
        y = y.squeeze()
        return y * self.w['a'] if y.ndim else y
class Caps(nn.Module):
    def __init__(self, n=4, d=8, out=5):
        super().__init__()
        self.conv = nn.Conv2d(1, n*d, 9, stride=2); self.W = nn.Parameter(torch.randn(1, n*36, out, 6, d))
        self.n, self.d = n, d
    def squash(self, x):
        l2 = (x ** 2).sum(dim=-1, keepdim=True)
        return l2 / (1 + l2) / torch.sqrt(l2) * x
    def forward(self, x):
        u = self.conv(x)
        u = u.view(x.size(0), self.n, self.d, -1).permute(0, 1, 3, 2).reshape(x.size(0), -1, self.d)
        u = self.squash(u)
        u_hat = torch.matmul(self.W, u[:, :, None, :, None]).squeeze(-1)
        b = torch.zeros(*u_hat.size()[:3]).to(x.device)
        for i in range(2):
            c = F.softmax(b, dim=-1)
            s = (c.unsqueeze(-1) * u_hat).sum(dim=1)
            v = self.squash(s)
            if i < 1: b = b + (u_hat * v.unsqueeze(1)).sum(-1)
        return v.norm(dim=-1)
class WSConv2d(nn.Conv2d):
    def forward(self, x):
        weight = self.weight
        weight_mean = weight.mean(dim=1, keepdim=True).mean(dim=2, keepdim=True).mean(dim=3, keepdim=True)
        weight = weight - weight_mean
        std = weight.view(weight.size(0), -1).std(dim=1).view(-1, 1, 1, 1) + 1e-5
        weight = weight / std.expand_as(weight)
        return F.conv2d(x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
class WS(nn.Module):
    def __init__(self):
        super().__init__(); self.c = WSConv2d(3, 8, 3, padding=1); self.gn = nn.GroupNorm(2, 8)
    def forward(self, x): return self.gn(self.c(x)).amax(dim=(2, 3))
class MixerBlock(nn.Module):
    def __init__(self, p, d):
        super().__init__(); self.t = nn.Sequential(nn.Linear(p, 8), nn.GELU(), nn.Linear(8, p)); self.c = Mlp(d, 4*d); self.n1 = nn.LayerNorm(d); self.n2 = nn.LayerNorm(d)
    def forward(self, x):
        x = x + self.t(self.n1(x).mT).mT
        return x + self.c(self.n2(x))
class Pool(nn.Module):
    def __init__(self): super().__init__(); self.pool = nn.MaxPool2d(2, return_indices=True); self.un = nn.MaxUnpool2d(2); self.c = nn.Conv2d(3, 3, 1)
    def forward(self, x):
        y, idx = self.pool(self.c(x))
        return self.un(y, idx, output_size=x.size())
class GCN(nn.Module):
    def __init__(self, f=6, h=8, c=3):
        super().__init__(); self.W1 = nn.Parameter(torch.FloatTensor(f, h)); self.b = nn.Parameter(torch.FloatTensor(h)); self.W2 = nn.Linear(h, c)
        stdv = 1. / math.sqrt(self.W1.size(1)); self.W1.data.uniform_(-stdv, stdv); self.b.data.uniform_(-stdv, stdv)
    def forward(self, x, adj):
        support = torch.matmul(x, self.W1)
        x = F.relu(torch.matmul(adj, support) + self.b)
        x = F.dropout(x, 0.5, training=self.training)
        return F.log_softmax(self.W2(torch.einsum('bij,bjk->bik', adj, x)), dim=-1)
