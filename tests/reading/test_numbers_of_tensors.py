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
