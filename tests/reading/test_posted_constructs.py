"""What code that people post does with torch's layers, and between its files, is read."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc
from tests.reading.by_torch import by_torch

pytest.importorskip("torch")

HEAD = """import inspect, types
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.modules.utils import _pair, _ntuple, _reverse_repeat_tuple
"""

CASES: dict[str, tuple[str, str, list[list[int]]]] = {
    "a recurrent layer whose weights are flattened and initialised one by one": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 4, 2, batch_first=True, bidirectional=True)
        for layer in self.lstm.all_weights:
            for weight in layer:
                nn.init.uniform_(weight)
        for name in self.lstm._flat_weights_names:
            if "weight" in name:
                nn.init.xavier_uniform_(self.lstm._parameters[name])
    def forward(self, x):
        self.lstm.flatten_parameters()
        return self.lstm(x)[0]
""",
        [[5, 8]],
    ),
    "a pool of embeddings, which are channels without a batch to torch": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(8, 4)
    def forward(self, x):
        return self.lin(F.avg_pool2d(x, (x.shape[1], 1)).squeeze(1))
""",
        [[5, 8]],
    ),
    "a padding that shifts a sequence by a step": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.shift = nn.ZeroPad2d((0, 0, 1, -1))
        self.mix = nn.Parameter(torch.ones(1, 1, 8))
        self.pool = nn.Sequential(nn.MaxPool2d(2), nn.AdaptiveAvgPool2d((None, 1)))
    def forward(self, x):
        return self.pool(x * self.mix + self.shift(x) * (1 - self.mix))
""",
        [[6, 8]],
    ),
    "attention that is made and never called": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 4)
        self.attention = nn.MultiheadAttention(4, 2)
    def forward(self, x):
        return self.linear(x)
""",
        [[5, 8]],
    ),
    "an embedding made of a table": (
        "Net(torch.zeros(10, 8))",
        """
class Net(nn.Module):
    def __init__(self, table):
        super().__init__()
        self.emb = nn.Embedding.from_pretrained(table, freeze=False, padding_idx=0)
        self.lin = nn.Linear(self.emb.embedding_dim, 3)
    def forward(self, x):
        return self.lin(self.emb(x.long()))
""",
        [[5]],
    ),
    "a transformer that makes its own mask": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2)
    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(len(x))
        return self.inner(x, mask=mask)
""",
        [[5, 8]],
    ),
    "a convolution that calls its forward with another weight": (
        "Net()",
        """
class Masked(nn.Conv2d):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.register_buffer("mask", torch.ones_like(self.weight))
    def forward(self, x):
        return self._conv_forward(x, self.weight * self.mask, self.bias)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Masked(3, 4, 3, stride=2, padding=1, padding_mode="circular")
        self.b = Masked(4, 4, 3, padding=2, dilation=2, groups=2, bias=False)
    def forward(self, x):
        return self.b(self.a(x))
""",
        [[3, 9, 9]],
    ),
    "layers that are put in another's place, and reset": (
        "make()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4))
        self.body[1].reset_running_stats()
    def forward(self, x):
        return self.body(x)
def make():
    net = nn.SyncBatchNorm.convert_sync_batchnorm(Net())
    net.set_submodule("body.0", nn.Linear(8, 4, bias=False))
    return net
""",
        [[8]],
    ),
    "a forward that is bound to a network": (
        "make()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(8, 4)
    def forward(self, x):
        return self.lin(x)
def make():
    def twice(self, x):
        return self.lin(x) * 2
    def summed(self, x):
        return self.twice(x).sum(1)
    net = Net()
    net.twice = types.MethodType(twice, net)
    net.forward = summed.__get__(net, Net)
    return net
""",
        [[8]],
    ),
    "torch's helpers for sizes": (
        "Net()",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.pads = _reverse_repeat_tuple(_pair(1), 2)
        self.conv = nn.Conv2d(3, 4, _ntuple(2)((3, 5)), stride=_pair(2))
    def forward(self, x):
        return self.conv(F.pad(x, self.pads))
""",
        [[3, 9, 9]],
    ),
    "arguments kept by the frame that called": (
        "Net(3, width=8)",
        """
class Kept:
    def keep(self, ignore=()):
        _, _, _, names = inspect.getargvalues(inspect.currentframe().f_back)
        for name, value in names.items():
            if name not in ("self", "__class__", *ignore):
                setattr(self, name, value)
class Net(nn.Module, Kept):
    def __init__(self, depth, width=4, bias=True):
        super().__init__()
        self.keep(ignore=["bias"])
        self.body = nn.Sequential(*[nn.Linear(self.width, self.width)] * self.depth)
        self.has_bias = hasattr(self, "bias")
    def forward(self, x):
        return self.body(x)
""",
        [[8]],
    ),
    "a mask of nothing but lengths, made outside of the block that it changes": (
        "Net()",
        """
class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(4, 4)
    def forward(self, x, lengths):
        x = self.lin(x)
        mask = torch.arange(4)[None, :] < lengths[:, None]
        x[~mask] = 0
        return x
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner()
    def forward(self, x, lengths):
        return self.inner(x, lengths * 2)
""",
        [[4], []],
    ),
}


@pytest.mark.parametrize("what", CASES)
def test_a_construct_is_read_as_torch_runs_it(what: str, tmp_path: Path) -> None:
    make, source, inputs = CASES[what]
    path = tmp_path / "net.py"
    path.write_text(HEAD + source)
    shapes = [",".join(map(str, shape)) for shape in inputs]
    if [] in inputs:
        shapes[inputs.index([])] = "lengths="
    report = shapecalc.load(f"{path}:{make}", inputs=shapes).report()
    expected = by_torch(HEAD + source, make, inputs)
    assert report.totals.params == expected["params"]
    assert [each["shape"] for each in report.to_dict()["outputs"]] == [expected["output"]]


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder.joinpath(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_all_of_a_file_is_imported_name_by_name(tmp_path: Path) -> None:
    written(
        tmp_path,
        common="from torch import nn\ntry:\n    import absent_package\nexcept ImportError:\n"
        "    pass\nraised = 1 / 0\nwidth = 4\n",
        parts="from common import *\nwidth = 8\ndef layer():\n    return nn.Linear(width, 2)\n",
        net="from common import *\nfrom parts import *\nclass Net(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.lin = layer()\n"
        "    def forward(self, x):\n        return self.lin(x)\n",
    )
    net = shapecalc.load(f"{tmp_path / 'net.py'}:Net", inputs=["8"])
    assert net.report().totals.params == 8 * 2 + 2


def test_files_that_import_all_of_one_another_are_read(tmp_path: Path) -> None:
    head = "from torch import nn\n"
    written(
        tmp_path,
        a=head + "from b import *\nclass Base(nn.Module):\n    width = 4\n"
        "class Net(Part):\n    def __init__(self):\n        super().__init__()\n"
        "        self.lin = nn.Linear(self.width, 2)\n"
        "    def forward(self, x):\n        return self.lin(x)\n",
        b=head + "from a import *\nclass Part(nn.Module):\n    width = 8\n",
    )
    net = shapecalc.load(f"{tmp_path / 'a.py'}:Net", inputs=["8"])
    assert net.report().totals.params == 8 * 2 + 2


def test_a_name_that_may_come_with_all_of_what_is_not_read_is_not_known(tmp_path: Path) -> None:
    source = "from torch import nn\nfrom absent_package import *\nnet = nn.Sequential(Special(8))\n"
    written(tmp_path, net=source)
    said = r"Special\(...\) is not known\n(.*\n)+.*all of 'absent_package'"
    with pytest.raises(shapecalc.SpecError, match=said):
        shapecalc.load(f"{tmp_path / 'net.py'}:net", inputs=["8"])


@pytest.mark.parametrize(
    "pooled", ["nn.MaxPool1d(2, return_indices=True)(x)", "F.max_pool1d(x, 2, return_indices=True)"]
)
def test_indices_of_maxima_are_refused_where_there_is_no_batch(pooled: str, tmp_path: Path) -> None:
    source = f"class Net(nn.Module):\n    def forward(self, x):\n        return {pooled}\n"
    written(tmp_path, net=HEAD + source)
    with pytest.raises(shapecalc.SpecError, match="are not read where there is no batch"):
        shapecalc.load(f"{tmp_path / 'net.py'}:Net", inputs=["8"])
