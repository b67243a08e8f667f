"""Numbers that constants hold are known where code decides by them, as torch has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import shapecalc
from tests.reading.by_torch import network

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
