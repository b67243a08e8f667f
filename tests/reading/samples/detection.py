import torch, math
import torch.nn as nn
import torch.nn.functional as F
try:
    import pytorch_lightning as pl
    Base = pl.LightningModule
except ImportError:
    Base = nn.Module
try:
    from apex.normalization import FusedLayerNorm as LN
except ImportError:
    from torch.nn import LayerNorm as LN
import sys
sys.path.append('..')
BN = nn.BatchNorm2d
__constants__ = ['a']

class Conv(nn.Module):
    default_act = nn.SiLU()
    def __init__(self, c1, c2, k=1, s=1, p=None, g=1, d=1, act=True):
        super().__init__()
        self.conv = nn.Conv2d(c1, c2, k, s, autopad(k, p, d), groups=g, dilation=d, bias=False)
        self.bn = nn.BatchNorm2d(c2)
        self.act = self.default_act if act is True else act if isinstance(act, nn.Module) else nn.Identity()
    def forward(self, x): return self.act(self.bn(self.conv(x)))
    def forward_fuse(self, x): return self.act(self.conv(x))
def autopad(k, p=None, d=1):
    if d > 1: k = d * (k - 1) + 1 if isinstance(k, int) else [d * (x - 1) + 1 for x in k]
    if p is None: p = k // 2 if isinstance(k, int) else [x // 2 for x in k]
    return p
class Bottleneck(nn.Module):
    def __init__(self, c1, c2, shortcut=True, g=1, k=(3, 3), e=0.5):
        super().__init__()
        c_ = int(c2 * e)
        self.cv1 = Conv(c1, c_, k[0], 1); self.cv2 = Conv(c_, c2, k[1], 1, g=g)
        self.add = shortcut and c1 == c2
    def forward(self, x): return x + self.cv2(self.cv1(x)) if self.add else self.cv2(self.cv1(x))
class C2f(nn.Module):
    def __init__(self, c1, c2, n=1, shortcut=False, g=1, e=0.5):
        super().__init__()
        self.c = int(c2 * e)
        self.cv1 = Conv(c1, 2 * self.c, 1, 1); self.cv2 = Conv((2 + n) * self.c, c2, 1)
        self.m = nn.ModuleList(Bottleneck(self.c, self.c, shortcut, g, k=((3, 3), (3, 3)), e=1.0) for _ in range(n))
    def forward(self, x):
        y = list(self.cv1(x).chunk(2, 1))
        y.extend(m(y[-1]) for m in self.m)
        return self.cv2(torch.cat(y, 1))
class SPPF(nn.Module):
    def __init__(self, c1, c2, k=5):
        super().__init__()
        c_ = c1 // 2
        self.cv1 = Conv(c1, c_, 1, 1); self.cv2 = Conv(c_ * 4, c2, 1, 1)
        self.m = nn.MaxPool2d(kernel_size=k, stride=1, padding=k // 2)
    def forward(self, x):
        x = self.cv1(x)
        y1 = self.m(x); y2 = self.m(y1)
        return self.cv2(torch.cat((x, y1, y2, self.m(y2)), 1))
class Concat(nn.Module):
    def __init__(self, dimension=1): super().__init__(); self.d = dimension
    def forward(self, x): return torch.cat(x, self.d)
YAML = [[-1, 1, 'Conv', [16, 3, 2]], [-1, 1, 'Conv', [32, 3, 2]], [-1, 2, 'C2f', [32, True]], [-1, 1, 'SPPF', [64, 5]], [-1, 1, 'nn.Upsample', ['None', 2, 'nearest']], [[-1, 0], 1, 'Concat', [1]], [-1, 1, 'C2f', [24]]]
def parse_model(d, ch):
    layers, save, c2 = [], [], ch[-1]
    for i, (f, n, m, args) in enumerate(d):
        m = getattr(torch.nn, m[3:]) if 'nn.' in m else globals_[m]
        args = [None if a == 'None' else a for a in args]
        if m in (Conv, C2f, SPPF):
            c1, c2 = ch[f], args[0]
            args = [c1, c2, *args[1:]]
            if m is C2f: args.insert(2, n); n = 1
        elif m is Concat: c2 = sum(ch[x] for x in f)
        else: c2 = ch[f]
        m_ = nn.Sequential(*(m(*args) for _ in range(n))) if n > 1 else m(*args)
        t = str(m)[8:-2].replace('__main__.', '')
        m_.i, m_.f, m_.type = i, f, t
        save.extend(x % i for x in ([f] if isinstance(f, int) else f) if x != -1)
        layers.append(m_)
        if i == 0: ch = []
        ch.append(c2)
    return nn.Sequential(*layers), sorted(save)
globals_ = {'Conv': Conv, 'C2f': C2f, 'SPPF': SPPF, 'Concat': Concat}
class Yolo(nn.Module):
    def __init__(self, ch=3):
        super().__init__()
        self.model, self.save = parse_model(YAML, ch=[ch])
        self.info()
    def info(self): n = sum(p.numel() for p in self.parameters()); print(f'{n:>10.0f}')
    def forward(self, x, profile=False):
        y = []
        for m in self.model:
            if m.f != -1:
                x = y[m.f] if isinstance(m.f, int) else [x if j == -1 else y[j] for j in m.f]
            x = m(x)
            y.append(x if m.i in self.save else None)
        return x
class Lit(Base):
    def __init__(self, hidden: int = 32, lr: float = 1e-3, **kw):
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, hidden), LN(hidden), nn.ReLU(), nn.Linear(hidden, 10))
        self.loss = nn.CrossEntropyLoss(label_smoothing=0.1)
        self.lr = lr
    def forward(self, x): return self.net(x)
    def training_step(self, batch, idx):
        x, y = batch
        return self.loss(self(x), y)
    def configure_optimizers(self): return torch.optim.Adam(self.parameters(), lr=self.lr)
class CRNN(nn.Module):
    def __init__(self, imgH=32, nc=1, nclass=37, nh=32, leakyRelu=False):
        super().__init__()
        assert imgH % 16 == 0, 'imgH has to be a multiple of 16'
        ks = [3, 3, 3, 2]; ps = [1, 1, 1, 0]; ss = [1]*4; nm = [16, 32, 32, 64]
        cnn = nn.Sequential()
        def convRelu(i, batchNormalization=False):
            nIn = nc if i == 0 else nm[i - 1]
            nOut = nm[i]
            cnn.add_module('conv{0}'.format(i), nn.Conv2d(nIn, nOut, ks[i], ss[i], ps[i]))
            if batchNormalization: cnn.add_module('batchnorm{0}'.format(i), nn.BatchNorm2d(nOut))
            cnn.add_module('relu{0}'.format(i), nn.LeakyReLU(0.2, inplace=True) if leakyRelu else nn.ReLU(True))
        convRelu(0); cnn.add_module('pooling0', nn.MaxPool2d(2, 2))
        convRelu(1); cnn.add_module('pooling1', nn.MaxPool2d(2, 2))
        convRelu(2, True); cnn.add_module('pooling2', nn.MaxPool2d((4, 2), (4, 1), (0, 1)))
        convRelu(3, True)
        self.cnn = cnn
        self.rnn = nn.Sequential(BiLSTM(64, nh, nh), BiLSTM(nh, nh, nclass))
    def forward(self, input):
        conv = self.cnn(input)
        b, c, h, w = conv.size()
        assert h == 1, "the height of conv must be 1"
        conv = conv.squeeze(2).permute(2, 0, 1)
        return self.rnn(conv)
class BiLSTM(nn.Module):
    def __init__(self, nIn, nHidden, nOut):
        super().__init__(); self.rnn = nn.LSTM(nIn, nHidden, bidirectional=True); self.embedding = nn.Linear(nHidden * 2, nOut)
    def forward(self, input):
        recurrent, _ = self.rnn(input)
        T, b, h = recurrent.size()
        t_rec = recurrent.view(T * b, h)
        return self.embedding(t_rec).view(T, b, -1)
class HRModule(nn.Module):
    def __init__(self, chs=(8, 16)):
        super().__init__()
        self.branches = nn.ModuleList([nn.Sequential(Conv(c, c, 3), Conv(c, c, 3)) for c in chs])
        fuse = []
        for i in range(len(chs)):
            row = []
            for j in range(len(chs)):
                if j > i: row.append(nn.Sequential(nn.Conv2d(chs[j], chs[i], 1, bias=False), nn.BatchNorm2d(chs[i], momentum=0.1), nn.Upsample(scale_factor=2**(j-i), mode='nearest')))
                elif j == i: row.append(None)
                else: row.append(nn.Sequential(nn.Conv2d(chs[j], chs[i], 3, 2, 1, bias=False), nn.BatchNorm2d(chs[i])))
            fuse.append(nn.ModuleList(row))
        self.fuse_layers = nn.ModuleList(fuse); self.relu = nn.ReLU(True)
        self.start = nn.ModuleList([Conv(3, chs[0], 3), Conv(3, chs[1], 3, 2)])
    def forward(self, img):
        x = [s(img) for s in self.start]
        for i in range(len(self.branches)): x[i] = self.branches[i](x[i])
        x_fuse = []
        for i in range(len(self.fuse_layers)):
            y = x[0] if i == 0 else self.fuse_layers[i][0](x[0])
            for j in range(1, len(x)):
                if i == j: y = y + x[j]
                else: y = y + self.fuse_layers[i][j](x[j])
            x_fuse.append(self.relu(y))
        return x_fuse
class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.fcs = []
        for i in range(2):
            fc = nn.Linear(4, 4); setattr(self, f'fc{i}', fc); self.fcs.append(fc)
        self.scale = nn.Parameter(torch.tensor(1.0)); self.register_buffer('step', torch.tensor(0), persistent=False)
        self._init()
    def _init(self):
        for p in self.parameters():
            with torch.no_grad():
                if p.ndim > 1: nn.init.orthogonal_(p, gain=math.sqrt(2))
                else: p.zero_()
    def forward(self, x, mask: 'torch.Tensor' = None):
        res = []
        for i, fc in enumerate(self.fcs):
            z = fc(x) if i else -fc(x)
            res.append(z)
        *rest, last = res
        y = sum(rest) + last
        if mask is not None: y = y.masked_fill(mask.bool(), 0)
        y[:, 0] = 0
        y = torch.where(y > 0, y, torch.zeros_like(y)) * self.scale
        y = y / y.norm(p=2, dim=-1, keepdim=True).clamp(min=1e-6)
        a = y.unsqueeze(1).repeat(1, 3, 1)
        idx = torch.tensor([0, 2])
        a = a[:, idx]
        a = a.index_select(1, torch.tensor([1, 0]))
        return a.reshape(a.shape[0], -1) @ torch.ones(8, 2), (y ** 2).mean()
class Tiny(nn.Sequential):
    def __init__(self, **kw): super().__init__(nn.Linear(4, kw.get('n', 3)), nn.GLU() if kw.get('glu') else nn.Tanhshrink(), nn.Softmin(dim=1))
if __name__ == '__main__':
    net = Yolo()
    print(net(torch.zeros(1, 3, 64, 64)).shape)
