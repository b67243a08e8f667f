"""Constructs of source that networks are written with: read as torch runs them, each alone."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc
from tests.reading.by_torch import as_read, by_torch

torch = pytest.importorskip("torch")

HEAD = """import contextlib, functools, os, re, sys
from collections import deque, namedtuple
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
"""

CASES: dict[str, tuple[str, str, list[list[int]]]] = {}
"""Source, what makes the network, and the shapes that come in, by what is special in it."""


def case(name: str, make: str, *inputs: list[int], source: str) -> None:
    """Note a case."""
    CASES[name] = (HEAD + source, make, list(inputs))


case(
    "functions registered by a decorator in the module's own table",
    "make('small')",
    [3, 8, 8],
    source="""
TABLE = {}
def register(fn):
    module = sys.modules[fn.__module__]
    if not hasattr(module, 'NAMES'):
        module.NAMES = []
    module.NAMES.append(fn.__name__)
    TABLE[fn.__name__] = fn
    return fn
@register
def small(**kwargs):
    return nn.Conv2d(3, 4, 3, **kwargs)
def make(name):
    return TABLE[name](bias=False)
""",
)
case(
    "blocks written as words that regular expressions take apart",
    "Net('ds_r2_k3_c16')",
    [3, 8, 8],
    source="""
class Net(nn.Sequential):
    def __init__(self, text):
        options, layers, cin = {}, [], 3
        for part in text.split('_')[1:]:
            found = re.match(r'([a-z]+)(\\d+)', part)
            options[found.group(1)] = int(found.group(2))
        name, _ = re.split(r'_', text, maxsplit=1)
        for _ in range(options['r']):
            layers.append(nn.Conv2d(cin, options['c'], options['k']))
            cin = options['c']
        super().__init__(*layers)
""",
)
case(
    "an autograd function",
    "Net()",
    [4, 6],
    source="""
class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor):
        ctx.save_for_backward(x)
        return x * factor
    @staticmethod
    def backward(ctx, grad):
        return grad, None
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 3)
    def forward(self, x):
        return Double.apply(self.fc(x), 2)
""",
)
case(
    "a fixed filter of every channel",
    "Blur(6)",
    [6, 9, 11],
    source="""
class Blur(nn.Module):
    def __init__(self, channels):
        super().__init__()
        row = torch.Tensor([1.0, 2.0, 1.0])
        filt = row[:, None] * row[None, :]
        self.register_buffer('filt', (filt / torch.sum(filt))[None, None].repeat(channels, 1, 1, 1))
        self.pad = nn.ReflectionPad2d(1)
    def forward(self, x):
        return F.conv2d(self.pad(x), self.filt, stride=2, groups=x.shape[1])
""",
)
case(
    "filters modulated by a style",
    "Modulated()",
    [4, 6, 6],
    [8],
    source="""
class Modulated(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, 10, 4, 3, 3))
        self.style = nn.Linear(8, 4)
    def forward(self, x, style):
        b, c, h, w = x.shape
        weight = self.weight * self.style(style).view(b, 1, c, 1, 1)
        weight = weight * torch.rsqrt(weight.pow(2).sum([2, 3, 4], keepdim=True) + 1e-8)
        x = F.conv2d(x.reshape(1, b * c, h, w), weight.view(b * 10, c, 3, 3), padding=1, groups=b)
        return x.view(b, 10, h, w)
""",
)
case(
    "transposed and one-dimensional filters that are made of what comes in",
    "Dynamic()",
    [4, 12],
    source="""
class Dynamic(nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.down = nn.Linear(12, 9), nn.Linear(12, 15)
    def forward(self, x):
        up = self.up(x.mean(1)).view(1, 1, 9).expand(4, 3, 9)
        x = F.conv_transpose1d(x, up, stride=2, padding=1, output_padding=1)
        return F.conv1d(x, self.down(x[..., :12].sum(1)).view(1, 3, 5), stride=2, dilation=2)
""",
)
case(
    "weights standardised by a batch norm over them",
    "Net()",
    [3, 8, 8],
    source="""
class StdConv(nn.Conv2d):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.gain = nn.Parameter(torch.full((self.out_channels, 1, 1, 1), 1.0))
    def forward(self, x):
        weight = F.batch_norm(self.weight.reshape(1, self.out_channels, -1), None, None,
            weight=(self.gain * 0.1).view(-1), training=True, momentum=0.).reshape_as(self.weight)
        return F.conv2d(x, weight, self.bias, self.stride, self.padding)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = StdConv(3, 5, 3)
    def forward(self, x):
        return self.conv(x)
""",
)
case(
    "branches on devices and on the environment",
    "Net()",
    [5],
    source="""
WIDE = os.environ['NET_WIDE'] if 'NET_WIDE' in os.environ else '7'
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.device = torch.device('cpu')
        self.fc = nn.Linear(5, int(WIDE))
    def forward(self, x):
        x = x.to(self.device)
        if x.device.type == 'cuda':
            return x
        return self.fc(x)
""",
)
case(
    "types that are asked whether they are partial functions",
    "Net()",
    [4, 6, 6],
    source="""
class Net(nn.Module):
    def __init__(self, norm=functools.partial(functools.partial(nn.InstanceNorm2d, eps=1e-3))):
        super().__init__()
        is_instance = norm.func == nn.InstanceNorm2d if type(norm) == functools.partial else False
        self.conv = nn.Conv2d(4, 4, 3, bias=is_instance)
        self.norm = norm(4, affine=True) if isinstance(norm, functools.partial) else norm(4)
        self.queue = deque([1, 2], maxlen=2)
        self.queue.appendleft(8)
        self.fc = nn.Linear(4, self.queue[0])
    def forward(self, x):
        return self.fc(self.norm(self.conv(x)).mean((2, 3)))
""",
)
case(
    "modules named in a table and evaluated",
    "parse([['Block', [8, 'True']], ['nn.ReLU', []], ['Block', ['width', 'False']]])",
    [3, 8, 8],
    source="""
class Block(nn.Module):
    def __init__(self, cin, cout, norm=True):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 3)
        self.norm = nn.BatchNorm2d(cout) if norm else nn.Identity()
    def forward(self, x):
        return self.norm(self.conv(x))
def parse(rows, c=3):
    width, layers = 5, []
    for name, args in rows:
        m = eval(name) if '.' in name else globals()[name]
        for j, a in enumerate(args):
            with contextlib.suppress(NameError):
                args[j] = eval(a) if isinstance(a, str) else a
        if m in (Block,):
            args, c = [c, *args], args[0]
        layers.append(m(*args))
    return nn.Sequential(*layers)
""",
)
case(
    "settings taken from all local names",
    "Net(b_width=5)",
    [3],
    source="""
class Net(nn.Sequential):
    def __init__(self, *, a_width=4, b_width=6):
        given = dict(locals())
        rows = {k: v for k, v in given.items() if k.endswith('_width')}
        super().__init__(nn.Linear(3, rows['a_width']), nn.Linear(rows['a_width'], rows['b_width']))
""",
)
case(
    "tensors of types, of sizes and of elements",
    "Net()",
    [4, 5],
    source="""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean = nn.Parameter(torch.Tensor([0.4, 0.5]))
        self.table = nn.Parameter(torch.FloatTensor(3, 2))
        self.register_buffer('index', torch.LongTensor(4))
        self.index.fill_(0)
    def forward(self, x):
        return torch.index_select(x, 1, self.index) @ x.new_ones(5, 2) + self.mean
""",
)
case(
    "a constructor that a decorator wraps",
    "Net(width=7)",
    [5],
    source="""
def configured(init):
    @functools.wraps(init)
    def wrapper(self, *args, **kwargs):
        init(self, *args, **kwargs)
        self.config = kwargs
    return wrapper
class Net(nn.Module):
    @configured
    def __init__(self, width=3):
        super().__init__()
        self.fc = nn.Linear(5, width)
    def forward(self, x):
        return self.fc(x)
""",
)
case(
    "a part of a tensor that is empty",
    "Net()",
    [6, 8],
    source="""
class Net(nn.Module):
    def forward(self, x, dim=8):
        return torch.cat((x[..., :dim] * 2, x[..., dim:]), dim=-1)
""",
)
case(
    "a buffer that forward replaces by a larger one",
    "Net()",
    [9, 4],
    source="""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer('distances', torch.zeros(1, 1))
        self.fc = nn.Linear(4, 4)
    def forward(self, x):
        if self.distances.shape[1] != x.shape[1]:
            self.distances = torch.ones(x.shape[1], x.shape[1])
        return self.distances @ self.fc(x)
""",
)
case(
    "named tuples with defaults set on their maker, and settings in lists of one",
    "Net()",
    [3, 8, 8],
    source="""
Args = namedtuple('Args', ['width', 'kernel', 'stride'])
Args.__new__.__defaults__ = (None,) * len(Args._fields)
class Net(nn.Module):
    def __init__(self, args=Args(width=6, stride=[2])):
        super().__init__()
        self.conv = nn.Conv2d(3, args.width, args.kernel or 3, stride=args.stride)
        self.norm = nn.Identity(args.width, eps=1e-5)
    def forward(self, x):
        return self.norm(self.conv(x))
""",
)
case(
    "widths that arrays of constants tell",
    "Net()",
    [3, 8, 8],
    source="""
class Net(nn.Module):
    def __init__(self, slope=10.0, first=8, depth=6):
        super().__init__()
        widths = np.arange(depth) * slope + first
        steps = np.round(np.log(widths / first) / np.log(2.0))
        widths = (np.round(first * np.power(2.0, steps) / 8) * 8).astype(int)
        widths, counts = np.unique(widths, return_counts=True)
        sides = (4 ** torch.arange(3, dtype=torch.long)).flip(0).tolist()
        self.layers = nn.Sequential(nn.Conv2d(3, int(widths[0]), 3), nn.Flatten(1))
        self.fc = nn.Linear(int(widths[0]) * 36, sides[0] + int(counts[0]))
    def forward(self, x):
        return self.fc(self.layers(x))
""",
)
case(
    "weights used again with a norm of their own each time",
    "Net()",
    [6, 6, 6],
    source="""
class Poly(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(6) for _ in range(2))
    def forward(self, x, index):
        return F.relu(self.norms[index](self.conv(x)))
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.poly = Poly()
    def forward(self, x):
        return x + self.poly(self.poly(x, 0), 1)
""",
)
case(
    "equal layers before and behind something else",
    "Net()",
    [5, 8],
    source="""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        layer = lambda: nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 8))
        self.blocks = nn.ModuleList(layer() for _ in range(4))
        self.token = nn.Parameter(torch.zeros(1, 1, 8))
    def forward(self, x):
        for n, block in enumerate(self.blocks):
            if n == 2:
                x = torch.cat((self.token.expand(x.shape[0], -1, -1), x), dim=1)
            x = block(x)
        return x
""",
)


case(
    "sequences of several lengths, padded to the longest",
    "Net()",
    [6, 8],
    source="""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(8, 4)
    def forward(self, x):
        rows = [x[0], x[0, :4], x[0, 2:5]]
        y = nn.utils.rnn.pad_sequence(rows, batch_first=True)
        return self.lin(y + nn.utils.rnn.pad_sequence(rows).transpose(0, 1))
""",
)

case(
    "one module with and without a second tensor",
    "Net()",
    [4, 8],
    source="""
class Attention(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.a, self.b = nn.Linear(d, d), nn.Linear(d, d)
    def forward(self, x, bias=None):
        s = self.a(x)
        if bias is not None:
            s = s + bias
        return self.b(s)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Linear(8, 8)
        self.layers = nn.ModuleList([Attention(8), Attention(8)])
    def forward(self, x):
        bias, y = self.e(x), x
        for attn in self.layers:
            y = attn(y) + y
            x = attn(torch.cat([x, y], 1)[:, :4], bias=bias)
        return x + y
""",
)

case(
    "generators that ask for what was drawn from them before",
    "Net()",
    [8, 4, 4],
    source="""
class Net(nn.Module):
    def __init__(self, n=3):
        super().__init__()
        self.m = nn.ModuleList(nn.Conv2d(4, 4, 3, padding=1) for _ in range(n))
        self.widths, width = [], 4
        wide = (width for _ in range(2))
        width = 6
        self.out = nn.Conv2d((2 + n) * 4, next(wide), 1)
        steps = [1]
        steps += (steps[-1] * 2 for _ in range(3))
        self.last = nn.Conv2d(6, steps[-1], 1)
    def forward(self, x):
        y = list(x.chunk(2, 1))
        y.extend(m(y[-1]) for m in self.m)
        return self.last(self.out(torch.cat(y, 1)))
""",
)

case(
    "lists that grow with other modules, and words, beside what they hold",
    "Net()",
    [4, 8],
    source="""
class Blocks(nn.ModuleList):
    def __init__(self):
        super().__init__()
        self.depth, self.pool = 2, None
        for _ in range(self.depth):
            self.append(nn.Linear(8, 8))
        self.pool = nn.Linear(8, 8)
        self.append(nn.Linear(8, 8, bias=False))
        self.extend([nn.Linear(8, 8), nn.Linear(8, 8)])
        self.last = nn.Linear(8, 8)
        self.append(nn.Linear(8, 8))
    def forward(self, x):
        for i in (0, 1, 3, 4, -1):
            x = self[i](x)
        return x + sum(len(each.weight) for each in self)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = Blocks()
        self.named = nn.Sequential()
        self.named.add_module("one", nn.Linear(8, 8))
        self.named.append(nn.ReLU())
        self.named.append(nn.Linear(8, 5))
        self.dict = nn.ModuleDict({"a": nn.Linear(5, 2)})
    def forward(self, x):
        x = self.named(self.blocks(x)) + len(self.named) + len(self.blocks)
        return self.dict["a"](x) if "a" in self.dict and "b" not in self.dict else x
""",
)

case(
    "packed sequences of full length",
    "Net()",
    [12, 6],
    source="""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(6, 8, num_layers=2, bidirectional=True)
        self.gru = nn.GRU(16, 5, batch_first=True)
        self.fc = nn.Linear(13, 2)
    def forward(self, x):
        lengths = torch.full((x.size(0),), x.size(1))
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths.cpu(), batch_first=True,
            enforce_sorted=False)
        packed, (h, c) = self.lstm(packed)
        packed, g = self.gru(packed)
        out, lengths = nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
        return self.fc(torch.cat((out[:, -1], h[-1]), dim=1))
""",
)


case(
    "hooks after forward that change what comes out, keep it, or look at it",
    "Net()",
    [4],
    source="""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.kept = []
        self.body = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 3))
        self.body[0].register_forward_hook(lambda module, args, out: out.reshape(-1, 2, 4).mean(1))
        self.body[1] = nn.Linear(4, 6)
        self.body[1].register_forward_hook(self.keep)
        self.body.register_forward_hook(self.look)
        self.body.register_forward_hook(self.lost).remove()
        self.fc = nn.Linear(6, 5)
    def keep(self, module, args, out):
        self.kept.append(out)
    def look(self, module, args, out):
        print(out.max().item() > 3)
    def lost(self, module, args, out):
        return out[:, :2]
    def forward(self, x):
        return self.fc(self.body(x) + self.kept[-1])
""",
)

case(
    "a function of all tensors in nested collections",
    "Net()",
    [6],
    source="""
from torch.utils._pytree import tree_map
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 4)
    def forward(self, x):
        found = tree_map(self.fc, {"a": x, "b": [x, (x,)]})
        return torch.cat([found["a"], found["b"][0], found["b"][1][0]], 1)
""",
)

case(
    "paths and addresses, whose parts alone are asked for",
    "Net()",
    [4],
    source="""
from pathlib import Path
from urllib.parse import urlparse
FILE = Path("some") / "where" / "net.v2.pth"
class Net(nn.Module):
    sizes = {"net": 4}
    def __init__(self, url="https://example.com/weights/8.pth"):
        super().__init__()
        assert (FILE.stem, FILE.suffix, FILE.parent.name) == ("net.v2", ".pth", "where")
        assert str(FILE.with_suffix(".pt")) == "some/where/net.v2.pt"
        assert urlparse(url).netloc == "example.com"
        self.fc = nn.Linear(type(self).__dict__["sizes"]["net"], int(Path(url).stem))
    def forward(self, x):
        return self.fc(x)
""",
)

case(
    "the bases that torch's layers share",
    "Net()",
    [3, 8, 8],
    source="""
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.batchnorm import _BatchNorm
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.AlphaDropout(0.5))
        kinds = (_ConvNd, _BatchNorm, nn.modules.dropout._DropoutNd)
        assert [isinstance(m, k) for m, k in zip(self.layers, kinds)] == [True] * 3
        assert not isinstance(self.layers[0], (_BatchNorm, nn.modules.rnn.RNNBase))
    def forward(self, x):
        return self.layers(x)
""",
)


RECURRENT = {
    "packed sequences of full length": 12
    * (2 * 4 * 8 * (6 + 8) + 2 * 4 * 8 * (16 + 8) + 3 * 5 * (16 + 5))
    + 13 * 2
}
"""Multiplications of what torch's counter takes for one operation, by arithmetic."""


@pytest.mark.parametrize("name", CASES)
def test_a_construct_is_read_as_torch_runs_it(name: str, tmp_path: Path) -> None:
    source, make, inputs = CASES[name]
    expected = by_torch(source, make, inputs)
    expected["macs"] = RECURRENT.get(name, expected["macs"])
    assert as_read(tmp_path, source, make, inputs) == expected


def test_a_folder_without_a_file_of_its_own_is_a_package(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    head = "from torch import nn\nclass Head(nn.Sequential):\n    def __init__(self, n):\n"
    (tmp_path / "parts" / "head.py").write_text(
        f"{head}        super().__init__(nn.Linear(n, 2))\n"
    )
    net = "from parts import head\nimport parts.head\nfrom torch import nn\n"
    path = tmp_path / "net.py"
    path.write_text(f"{net}net = nn.Sequential(head.Head(4), parts.head.Head(2))\n")
    assert shapecalc.load(f"{path}:net", inputs=["4"]).report().totals.params == 10 + 6
