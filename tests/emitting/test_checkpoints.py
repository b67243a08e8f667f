"""Names and order of a state dict are torchvision's, so that its checkpoints load by name."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest

import shapecalc
from shapecalc.emitting.module import module
from tests.emitting.emitted import made

NAMES = Path(__file__).parents[1] / "data" / "torchvision_names.csv"
ROWS = list(csv.DictReader(NAMES.open(encoding="utf-8")))
SPECS = {"alexnet": "alexnet_torchvision"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["model"])
def test_a_state_dict_has_torchvisions_names_in_its_order(row: dict[str, str]) -> None:
    model = made(module(shapecalc.load(SPECS.get(row["model"], row["model"]))))
    names = list(model.state_dict())
    assert len(names) == int(row["tensors"])
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()
    assert digest == row["sha256"], names[:20]
