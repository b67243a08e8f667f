"""Numbers that constants hold are known where code decides by them, as torch has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import shapecalc
from tests.reading.by_torch import by_torch, network

pytest.importorskip("torch")


def read(folder: Path, source: str, inputs: list[list[int]]) -> Any:
    """The shape that a network puts out, as it is read."""
    file = folder / "net.py"
    file.write_text(source)
    shapes = [",".join(map(str, each)) for each in inputs]
    report = shapecalc.load(f"{file}:Net()", inputs=shapes).report()
    return report.to_dict()["outputs"][0]["shape"]


OF_CHANCE = {
    "torch.randint(0, 3, (1,)).item()": 1,
    "int(torch.randint(3, (1,)))": 1,
    "int(torch.randint(3, size=(1,)))": 1,
    "int(torch.randint(low=2, high=7, size=[1]))": 4,
    "int(torch.randint(0, 3, (1,))[0])": 1,
    "torch.randint(0, 9, ()).item()": 4,
    "torch.randint(0, 1, (4,)).tolist()[3]": 0,
    "torch.randperm(3)[0].item()": 1,
    "sum(torch.randperm(6).tolist())": 15,
    "int(torch.empty(1).uniform_(0, 3).item())": 1,
    "int(torch.zeros(1).uniform_(2, 6))": 4,
    "torch.LongTensor(1).random_(0, 9).item()": 4,
    "torch.empty(1).random_(8).item()": 4,
}


@pytest.mark.parametrize("number", OF_CHANCE)
def test_a_random_number_is_the_middle_of_what_it_may_be(tmp_path: Path, number: str) -> None:
    source = network("lin = nn.Linear(32, 32)", f"return self.lin(x)[:, : {number} + 1]")
    assert read(tmp_path, source, [[32]]) == [1, OF_CHANCE[number] + 1]


SAME = {
    "x.data_ptr() == x.data_ptr()": True,
    "x.data_ptr() == y.data_ptr()": False,
    "x.data_ptr() == self.lin(x).data_ptr()": False,
    "x.data_ptr() == x.view(1, 4, 2).data_ptr()": True,
    "x.data_ptr() == x.unsqueeze(0).transpose(0, 1).data_ptr()": True,
    "x.data_ptr() == y.data_ptr() == z.data_ptr()": False,
    "self.lin.weight.data_ptr() == self.lin.weight.data_ptr()": True,
    "self.lin.weight.data_ptr() == self.lin.bias.data_ptr()": False,
}


@pytest.mark.parametrize("condition", SAME)
def test_only_what_is_the_same_tensor_is_at_the_same_place(tmp_path: Path, condition: str) -> None:
    text = f"z = x\nreturn self.lin(x) if {condition} else torch.cat([x, y], 1)"
    source = network("lin = nn.Linear(8, 2)", text, "x, y")
    expected = [1, 2] if SAME[condition] else [1, 16]
    assert by_torch(source, "Net()", [[8], [8]])["output"] == expected
    assert read(tmp_path, source, [[8], [8]]) == expected


GRID = "torch.tensor([[1, 2, 3], [4, 5, 6]])"

NUMBERS = f"""
torch.ones(4, 4).bool().any().item()
torch.zeros(4, 4).any()
torch.triu(torch.ones(4, 4), 1).bool().any().item()
torch.tril(torch.ones(4, 3), -1).sum()
torch.triu(x.new_ones(4, 4), diagonal=1).byte()[:, :, None].any().item()
x.new_full((3, 4), 2).sum()
x.new_zeros(4, dtype=torch.int64).char().sum() + x.new_ones(size=(2, 2)).sum()
torch.triu(torch.ones(2, 3, 4), -1).sum()
torch.ones(4, 4).all()
torch.triu(torch.full((2, 2), float("-inf")), 1)[1, 0]
(torch.tensor([[1.0, float("inf")]]) > 2).sum()
torch.tensor([0, 3]).any()
torch.tensor([2, 3]).all()
(torch.ones(3, 3).sum() > 0) + 4
torch.tensor(3.0).sign() == 1
torch.tensor([-3.0, 2.0]).sign()[0] + 7
torch.tensor([2.0, 3.0]).prod(-1)
torch.tensor([2.0, 4.0]).mean(-1)
torch.full((2, 3), 4)[1, 2]
torch.zeros_like({GRID}).sum() + torch.ones_like({GRID}).sum()
{GRID}[0, 0]
{GRID}[-1][1]
{GRID}[:, 1].sum()
{GRID}[1:, ::2].sum()
{GRID}[..., None][1, 2, 0]
{GRID}.view(-1)[4]
{GRID}.reshape(3, 2)[2, 0]
{GRID}.flatten()[3]
{GRID}.t()[2, 1]
{GRID}.permute(1, 0)[0, 1]
{GRID}.transpose(0, 1).reshape(-1)[3]
{GRID}.flip(0)[0, 1]
{GRID}.flip(1)[0, 0]
{GRID}.sum(0)[2]
{GRID}.sum(-1)[1]
{GRID}.float().mean(1, keepdim=True)[1, 0]
{GRID}.max()
{GRID}.amax(0)[1]
{GRID}.min(1)[0][1]
{GRID}.prod(-1)[0]
{GRID}.unsqueeze(1).expand(2, 4, 3)[1, 3, 2]
{GRID}.repeat(2, 2)[3, 4]
{GRID}.repeat_interleave(2, 1)[1, 1]
{GRID}.chunk(2, 0)[1][0, 0]
{GRID}.split([1, 2], 1)[1][1, 0]
{GRID}.unbind(1)[2][0]
{GRID}[[1, 0]][0, 2]
{GRID}[torch.tensor([1, 1])][1, 0]
{GRID}.tolist()[1][2]
torch.cat([{GRID}, {GRID} + 1], 1)[0, 5]
torch.stack([torch.arange(3), torch.arange(3) * 2], 1)[2, 1]
(torch.arange(3)[:, None] * torch.arange(4)[None])[2, 3]
(torch.arange(3)[:, None] * torch.arange(3)[None]).sum()
({GRID} * torch.tensor([1, 0, 2]))[1, 2]
({GRID} == {GRID}.flip(0)).sum() + 3
(~({GRID} > 4)).sum()
-(-{GRID})[0, 1]
sum(int(row.sum()) for row in {GRID})
torch.meshgrid(torch.arange(2), torch.arange(3), indexing="ij")[1][1, 2]
torch.meshgrid(torch.arange(2), torch.arange(3), indexing="xy")[0][2, 1]
torch.tensor(3.0).view(1).shape[0] + torch.tensor([3]).view(()).item()
changed(torch.zeros(3), 1, 5)[1]
changed(torch.zeros(2, 3), (0, 1), 5).sum()
changed(torch.zeros(2, 3), 1, torch.tensor([1.0, 2.0, 3.0])).sum()
changed(torch.zeros(2, 3), slice(None), 2.0).sum()
changed({GRID}, (slice(None), 0), 9)[1, 0]
len(f"{{{GRID}[0, 1]:03d}}, {{{GRID}[0]}}, {{torch.tensor(2)}} and {{[torch.tensor(2)]}}")
nn.init._calculate_fan_in_and_fan_out(torch.zeros(3, 2, 5))[0]
nn.init._calculate_fan_in_and_fan_out(self.lin.weight[:9, :7])[1]
nn.init._calculate_correct_fan(torch.zeros(3, 4), "FAN_OUT")
10 * nn.init.calculate_gain("leaky_relu", 0.5)
10 * nn.init.calculate_gain("relu") + nn.init.calculate_gain("tanh")
nn.init.calculate_gain("conv2d") + 10 * nn.init.calculate_gain(nonlinearity="selu")
"""


@pytest.mark.parametrize("number", NUMBERS.strip().splitlines())
def test_numbers_of_constants_are_those_of_torch(tmp_path: Path, number: str) -> None:
    changing = "def changed(x, index, item):\n    x[index] = item\n    return x\n"
    source = network("lin = nn.Linear(64, 64)", f"return self.lin(x)[:, : int({number}) + 1]")
    expected = by_torch(changing + source, "Net()", [[64]])["output"]
    assert read(tmp_path, changing + source, [[64]]) == expected


CHANGED_BY_ANOTHER_VIEW = {
    "a row": "b = a[0]\nb[1] = 3",
    "a row, of what it is a row of": "a, b = a[0], a\nb[0] = 3",
    "another shape": "a.view(-1)[1] = 3",
    "a slice, in place": "a[1:].fill_(2)",
    "a slice, added to": "b = a[1:]\nb.add_(2)",
}


@pytest.mark.parametrize("what", CHANGED_BY_ANOTHER_VIEW)
def test_what_another_view_has_changed_is_not_known(tmp_path: Path, what: str) -> None:
    text = f"a = torch.zeros(2, 3)\n{CHANGED_BY_ANOTHER_VIEW[what]}\n"
    source = network("lin = nn.Linear(8, 8)", text + "return x if a.sum() > 2 else self.lin(x)")
    with pytest.raises(shapecalc.SpecError, match="depends on what a tensor holds"):
        read(tmp_path, source, [[8]])


ANCHORS = """import torch
import torch.nn as nn
class Detect(nn.Module):
    def __init__(self, anchors, stride):
        super().__init__()
        self.lin = nn.Linear(8, 8)
        a = torch.tensor(anchors).float().view(len(anchors), -1, 2)
        self.register_buffer("anchors", a)
        self.stride = torch.tensor(stride)
def check_anchor_order(m):
    a = m.anchors.prod(-1).mean(-1).view(-1)
    da = a[-1] - a[0]
    ds = m.stride[-1] - m.stride[0]
    if da and (da.sign() != ds.sign()):
        m.anchors[:] = m.anchors.flip(0)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.detect = Detect(ORDER, [8.0, 16.0, 32.0])
        check_anchor_order(self.detect)
    def forward(self, x):
        return self.detect.lin(x)[:, : int(self.detect.anchors[0, 0, 0])]
"""


@pytest.mark.parametrize("order", [[[3, 4, 5, 6], [7, 8, 5, 5]], [[7, 8, 5, 5], [3, 4, 5, 6]]])
def test_anchors_are_put_into_the_order_of_strides(tmp_path: Path, order: list[list[int]]) -> None:
    source = ANCHORS.replace("ORDER", str(order))
    assert by_torch(source, "Net()", [[8]])["output"] == [1, 3]
    assert read(tmp_path, source, [[8]]) == [1, 3]


def test_numbers_of_a_grid_are_bounds_of_slices(tmp_path: Path) -> None:
    source = network("conv = nn.Conv2d(4, 4, 3, padding=1)", """
        H, W = x.shape[2:]
        padded = nn.functional.pad(x, (1, 1, 1, 1))
        oy, ox = torch.meshgrid(torch.arange(0, 3), torch.arange(0, 3), indexing="ij")
        parts = zip(oy.reshape(-1), ox.reshape(-1))
        found = [padded[:, :, dy : dy + H, dx : dx + W] for dy, dx in parts]
        return torch.cat([*found, self.conv(x)], 1)
    """)  # fmt: skip
    expected = by_torch(source, "Net()", [[4, 6, 5]])["output"]
    assert read(tmp_path, source, [[4, 6, 5]]) == expected == [1, 40, 6, 5]


def test_a_buffer_whose_numbers_are_known_stays_an_operand(tmp_path: Path) -> None:
    source = network("lin = nn.Linear(8, 8)", "return self.lin(x) * (self.scale[0] * 2 + 1)")
    made = "super().__init__()\n"
    kept = '        self.register_buffer("scale", torch.tensor([[1.0] * 8, [2.0] * 8]))\n'
    file = tmp_path / "net.py"
    file.write_text(source.replace(made, made + kept))
    layers = shapecalc.load(f"{file}:Net()", inputs=["8"]).report().to_dict()["layers"]
    kinds = [each["kind"] for each in layers]
    assert "Buffer" in kinds
    assert "Zeros" not in kinds


@pytest.mark.parametrize("change", ["y.add_(x)", "y.mul_(x)"])
def test_what_is_added_in_place_is_in_what_comes_out(tmp_path: Path, change: str) -> None:
    file = tmp_path / "net.py"
    file.write_text(network("lin = nn.Linear(8, 8)", f"y = self.lin(x)\n{change}\nreturn y"))
    layers = shapecalc.load(f"{file}:Net()", inputs=["8"]).report().to_dict()["layers"]
    assert [each["kind"] for each in layers] == ["Linear", change[2:5].title()]


def test_what_has_no_whole_number_and_what_is_a_size_are_read(tmp_path: Path) -> None:
    text = """
        torch.tensor([[1.0, float("inf")], [float("nan"), 2.0]]).long()
        sizes = torch.tensor([x.shape[1], 3]).float().long()
        return self.lin(x)[:, : sizes[0]]
    """
    file = tmp_path / "net.py"
    file.write_text(network("lin = nn.Linear(8, 8)", text))
    net = shapecalc.load(f"{file}:Net()", inputs=["T=5,8"])
    assert net.report().to_dict()["outputs"][0]["shape"] == [1, 5, 8]
