import torch, math
import torch.nn as nn
import torch.nn.functional as F
from torch.nn import init
from functools import partial, reduce
from collections import OrderedDict
from itertools import chain
import collections

# --- cifar style
class PreActBlock(nn.Module):
    '''Pre-activation version of the BasicBlock.'''
    expansion = 1
    def __init__(self, in_planes, planes, stride=1):
        super(PreActBlock, self).__init__()
        self.bn1 = nn.BatchNorm2d(in_planes)
        self.conv1 = nn.Conv2d(in_planes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=1, padding=1, bias=False)
        if stride != 1 or in_planes != self.expansion*planes:
            self.shortcut = nn.Sequential(nn.Conv2d(in_planes, self.expansion*planes, kernel_size=1, stride=stride, bias=False))
        self.fc1 = nn.Conv2d(planes, planes//16, kernel_size=1)
        self.fc2 = nn.Conv2d(planes//16, planes, kernel_size=1)
    def forward(self, x):
        out = F.relu(self.bn1(x))
        shortcut = self.shortcut(out) if hasattr(self, 'shortcut') else x
        out = self.conv1(out)
        out = self.conv2(F.relu(self.bn2(out)))
        w = F.avg_pool2d(out, out.size(2))
        w = F.relu(self.fc1(w))
        w = torch.sigmoid(self.fc2(w))
        out = out * w
        out += shortcut
        return out

class PreAct(nn.Module):
    cfg = [(1, 16, 1), (2, 32, 2)]
    def __init__(self, block=PreActBlock, num_classes=10):
        super().__init__()
        self.in_planes = 16
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.layers = self._make_layers(block)
        self.linear = nn.Linear(32*block.expansion, num_classes)
    def _make_layers(self, block):
        layers = []
        for n, planes, stride in self.cfg:
            strides = [stride] + [1]*(n-1)
            for s in strides:
                layers.append(block(self.in_planes, planes, s)); self.in_planes = planes*block.expansion
        return nn.Sequential(*layers)
    def forward(self, x):
        out = self.layers(self.conv1(x))
        out = F.avg_pool2d(out, 4)
        out = out.view(out.size(0), -1)
        return self.linear(F.adaptive_avg_pool1d(out.unsqueeze(1), 32).squeeze(1))

class DPNBottleneck(nn.Module):
    def __init__(self, last_planes, in_planes, out_planes, dense_depth, stride, first_layer):
        super().__init__()
        self.out_planes = out_planes
        self.dense_depth = dense_depth
        self.conv1 = nn.Conv2d(last_planes, in_planes, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(in_planes)
        self.conv2 = nn.Conv2d(in_planes, in_planes, 3, stride, 1, groups=8, bias=False)
        self.bn2 = nn.BatchNorm2d(in_planes)
        self.conv3 = nn.Conv2d(in_planes, out_planes+dense_depth, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_planes+dense_depth)
        self.shortcut = nn.Sequential()
        if first_layer:
            self.shortcut = nn.Sequential(nn.Conv2d(last_planes, out_planes+dense_depth, 1, stride, bias=False), nn.BatchNorm2d(out_planes+dense_depth))
    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = F.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        x = self.shortcut(x)
        d = self.out_planes
        out = torch.cat([x[:,:d,:,:]+out[:,:d,:,:], x[:,d:,:,:], out[:,d:,:,:]], 1)
        return F.relu(out)

class DPN(nn.Module):
    def __init__(self, cfg={'in_planes': (32, 64), 'out_planes': (64, 128), 'num_blocks': (2, 2), 'dense_depth': (16, 32)}):
        super().__init__()
        in_planes, out_planes = cfg['in_planes'], cfg['out_planes']
        num_blocks, dense_depth = cfg['num_blocks'], cfg['dense_depth']
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.last_planes = 64
        for k in range(len(in_planes)):
            setattr(self, 'layer%d' % (k + 1), self._make_layer(in_planes[k], out_planes[k], num_blocks[k], dense_depth[k], stride=1 if k == 0 else 2))
        self.linear = nn.Linear(out_planes[-1]+(num_blocks[-1]+1)*dense_depth[-1], 10)
    def _make_layer(self, in_planes, out_planes, num_blocks, dense_depth, stride):
        strides = [stride] + [1]*(num_blocks-1)
        layers = []
        for i,stride in enumerate(strides):
            layers.append(DPNBottleneck(self.last_planes, in_planes, out_planes, dense_depth, stride, i==0))
            self.last_planes = out_planes + (i+2) * dense_depth
        return nn.Sequential(*layers)
    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.layer2(self.layer1(out))
        out = F.adaptive_avg_pool2d(out, 1)
        return self.linear(torch.flatten(out, 1))

class ShuffleBlock(nn.Module):
    def __init__(self, groups):
        super(ShuffleBlock, self).__init__(); self.groups = groups
    def forward(self, x):
        '''Channel shuffle'''
        N,C,H,W = x.size()
        g = self.groups
        return x.view(N,g,int(C/g),H,W).permute(0,2,1,3,4).reshape(N,C,H,W)

class Shuffled(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 24, 1); self.s = ShuffleBlock(groups=3); self.d = nn.Conv2d(24, 24, 3, groups=3)
    def forward(self, x): return self.d(self.s(self.c(x)))

# EfficientNet cifar
def swish(x): return x * x.sigmoid()
def drop_connect(x, drop_ratio):
    keep_ratio = 1.0 - drop_ratio
    mask = torch.empty([x.shape[0], 1, 1, 1], dtype=x.dtype, device=x.device)
    mask.bernoulli_(keep_ratio)
    x.div_(keep_ratio)
    x.mul_(mask)
    return x
class MB(nn.Module):
    def __init__(self, cin, cout, k, stride, expand_ratio=1, se_ratio=0.25, drop_rate=0.2):
        super().__init__()
        self.stride, self.drop_rate, self.expand_ratio = stride, drop_rate, expand_ratio
        ch = expand_ratio * cin
        self.conv1 = nn.Conv2d(cin, ch, 1, bias=False); self.bn1 = nn.BatchNorm2d(ch)
        self.conv2 = nn.Conv2d(ch, ch, kernel_size=k, stride=stride, padding=(1 if k == 3 else 2), groups=ch, bias=False)
        self.bn2 = nn.BatchNorm2d(ch)
        self.se1 = nn.Conv2d(ch, int(cin * se_ratio), 1); self.se2 = nn.Conv2d(int(cin*se_ratio), ch, 1)
        self.conv3 = nn.Conv2d(ch, cout, 1, bias=False); self.bn3 = nn.BatchNorm2d(cout)
        self.has_skip = (stride == 1) and (cin == cout)
    def forward(self, x):
        out = x if self.expand_ratio == 1 else swish(self.bn1(self.conv1(x)))
        out = swish(self.bn2(self.conv2(out)))
        s = F.adaptive_avg_pool2d(out, (1, 1))
        out = out * self.se2(swish(self.se1(s))).sigmoid()
        out = self.bn3(self.conv3(out))
        if self.has_skip:
            if self.training and self.drop_rate > 0: out = drop_connect(out, self.drop_rate)
            out = out + x
        return out
class Eff(nn.Module):
    def __init__(self):
        super().__init__()
        cfg = {'num_blocks': [1, 2], 'expansion': [1, 6], 'out_channels': [16, 24], 'kernel_size': [3, 5], 'stride': [1, 2], 'dropout_rate': .2}
        self.cfg = cfg
        self.stem = nn.Conv2d(3, 32, 3, 1, 1, bias=False)
        layers, cin = [], 32
        cfg_ = [cfg[k] for k in ['expansion', 'out_channels', 'num_blocks', 'kernel_size', 'stride']]
        b, blocks = 0, sum(cfg['num_blocks'])
        for expansion, out, n, k, s in zip(*cfg_):
            for stride in [s] + [1]*(n-1):
                layers.append(MB(cin, out, k, stride, expansion, .25, drop_rate=.2*b/blocks)); cin = out; b += 1
        self.layers = nn.Sequential(*layers)
        self.linear = nn.Linear(cfg['out_channels'][-1], 10)
    def forward(self, x):
        out = self.layers(swish(self.stem(x)))
        out = F.adaptive_avg_pool2d(out, 1)
        out = out.view(out.size(0), -1)
        dropout_rate = self.cfg['dropout_rate']
        if self.training and dropout_rate > 0: out = F.dropout(out, p=dropout_rate)
        return self.linear(out)

# DLA tree
class Root(nn.Module):
    def __init__(self, cin, cout, kernel_size=1):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, kernel_size, stride=1, padding=(kernel_size - 1) // 2, bias=False); self.bn = nn.BatchNorm2d(cout)
    def forward(self, xs):
        return F.relu(self.bn(self.conv(torch.cat(xs, 1))))
class BB(nn.Module):
    def __init__(self, i, o, stride=1):
        super().__init__(); self.conv = nn.Conv2d(i, o, 3, stride, 1)
    def forward(self, x): return F.relu(self.conv(x))
class Tree(nn.Module):
    def __init__(self, block, in_channels, out_channels, level=1, stride=1):
        super(Tree, self).__init__()
        self.level = level
        if level == 1:
            self.root = Root(2*out_channels, out_channels)
            self.left_node = block(in_channels, out_channels, stride=stride)
            self.right_node = block(out_channels, out_channels, stride=1)
        else:
            self.root = Root((level+2)*out_channels, out_channels)
            for i in reversed(range(1, level)):
                self.__setattr__('level_%d' % i, Tree(block, in_channels, out_channels, level=i, stride=stride))
            self.prev_root = block(in_channels, out_channels, stride=stride)
            self.left_node = block(out_channels, out_channels, stride=1)
            self.right_node = block(out_channels, out_channels, stride=1)
    def forward(self, x):
        xs = [self.prev_root(x)] if self.level > 1 else []
        for i in reversed(range(1, self.level)):
            level_i = self.__getattr__('level_%d' % i)
            x = level_i(x)
            xs.append(x)
        x = self.left_node(x)
        xs.append(x)
        x = self.right_node(x)
        xs.append(x)
        return self.root(xs)

class Flatten(nn.Module):
    def forward(self, x): return x.view(x.size()[0], -1)

class Fire(nn.Module):
    def __init__(self, in_channel, out_channel, squzee_channel):
        super().__init__()
        self.squeeze = nn.Sequential(nn.Conv2d(in_channel, squzee_channel, 1), nn.BatchNorm2d(squzee_channel), nn.ReLU(inplace=True))
        self.expand_1x1 = nn.Sequential(nn.Conv2d(squzee_channel, int(out_channel / 2), 1), nn.ReLU(inplace=True))
        self.expand_3x3 = nn.Sequential(nn.Conv2d(squzee_channel, int(out_channel / 2), 3, padding=1), nn.ReLU(inplace=True))
    def forward(self, x):
        x = self.squeeze(x)
        x = torch.cat([self.expand_1x1(x), self.expand_3x3(x)], 1)
        return x
class FireNet(nn.Module):
    def __init__(self, class_num=100):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 96, 3, padding=1), nn.MaxPool2d(2, 2))
        self.fire2 = Fire(96, 128, 16); self.fire3 = Fire(128, 128, 16)
        self.conv10 = nn.Conv2d(128, class_num, 1); self.avg = nn.AdaptiveAvgPool2d(1)
    def forward(self, x):
        x = self.stem(x)
        f2 = self.fire2(x)
        f3 = self.fire3(f2) + f2
        c10 = self.conv10(f3)
        x = self.avg(c10)
        return x.view(x.size(0), -1)
def firenet(class_num=100): return FireNet(class_num=class_num)

class StochasticDepthNet(nn.Module):
    """Random decisions in training only"""
    def __init__(self, block, p=[0.9, 0.5]):
        super().__init__()
        self.p = p
        self.blocks = nn.ModuleList([block(3, 3) for _ in p])
    def forward(self, x):
        for b, p in zip(self.blocks, self.p):
            if self.training:
                if torch.equal(torch.rand(1) < p, torch.ones(1)): x = b(x)
            else:
                x = x + p * b(x)
        return x

class Attention(nn.Module):
    """residual attention module style"""
    def __init__(self, ch):
        super().__init__()
        self.pre = BB(ch, ch)
        self.trunk = nn.Sequential(*[BB(ch, ch) for _ in range(2)])
        self.down1 = self._down(ch, 2); self.up1 = BB(ch, ch)
        self.sig = nn.Sequential(nn.BatchNorm2d(ch), nn.ReLU(inplace=True), nn.Conv2d(ch, ch, 1, bias=False), nn.Sigmoid())
    def _down(self, ch, num):
        layers = []
        for i in range(num): layers.append(BB(ch, ch))
        return nn.Sequential(*layers)
    def forward(self, x):
        x = self.pre(x)
        input_size = (x.size(2), x.size(3))
        t = self.trunk(x)
        m = F.max_pool2d(x, kernel_size=3, stride=2, padding=1)
        m = self.down1(m)
        m = F.interpolate(m, size=input_size, mode='bilinear', align_corners=True)
        m = self.sig(self.up1(m))
        return (1 + m) * t

class XceptionSep(nn.Module):
    def __init__(self, i, o, k, **kwargs):
        super().__init__()
        self.depthwise = nn.Conv2d(i, i, k, groups=i, bias=False, **kwargs)
        self.pointwise = nn.Conv2d(i, o, 1, bias=False)
    def forward(self, x): return self.pointwise(self.depthwise(x))
class Entry(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(XceptionSep(3, 16, 3, padding=1), nn.MaxPool2d(3, stride=2, padding=1))
        self.rest = nn.Sequential(OrderedDict({'a': nn.ReLU(), 'b': XceptionSep(16, 32, 3, padding=1)}))
        self.short = nn.Conv2d(3, 16, 1, stride=2)
        for m in self.modules():
            if isinstance(m, nn.Conv2d): init.kaiming_normal_(m.weight, mode='fan_out')
            elif isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)): init.constant_(m.weight, 1); init.constant_(m.bias, 0)
    def forward(self, x): return self.rest(self.conv(x) + self.short(x))
