"""torchvision's classification networks, from their installed source, which is not imported."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

import shapecalc
from tests.bundled import thorough

FOUND = [Path(each) / "torchvision" / "models" for each in sys.path]
MODELS = next((folder for folder in FOUND if folder.is_dir()), None)
ROWS = list(csv.reader((Path(__file__).parents[1] / "data" / "torchvision.csv").open()))[1:]
"""Parameters as published, and twice the multiplications by torch's flop counter."""
FILES = {
    "mobilenet_v2": "mobilenetv2",
    "mobilenet_v3": "mobilenetv3",
    "resnext": "resnet",
    "shufflenet": "shufflenetv2",
    "swin": "swin_transformer",
    "vit": "vision_transformer",
    "wide": "resnet",
}
ARGUMENTS = {
    "googlenet": "aux_logits=False",
    "inception_v3": "aux_logits=False",
    "vit_h_14": "image_size=518",
}
"""What the published weights ask for."""


def _file(name: str) -> str:
    for start, file in FILES.items():
        if name.startswith(start):
            return file
    if MODELS is None:
        return name
    return max((p.stem for p in MODELS.glob("*.py") if name.startswith(p.stem)), key=len)


SMALLEST = {_file(row[0]): row for row in sorted(ROWS, key=lambda row: -int(row[3]))}
"""Of each file the smallest network; the others are tried with ``--thorough`` alone."""

SMALLEST_FIRST = [
    *SMALLEST.values(),
    *thorough(row for row in ROWS if row not in SMALLEST.values()),
]


def source_of(name: str, arguments: str) -> str:
    """A network as its file and what makes it."""
    assert MODELS is not None
    return f"{MODELS / _file(name)}.py:{name}({arguments})"


@pytest.mark.one_in(3)
@pytest.mark.skipif(MODELS is None, reason="torchvision is not installed")
@pytest.mark.parametrize("row", SMALLEST_FIRST, ids=lambda row: row[0])
def test_parameters_and_multiplications_are_torchvisions(row: list[str]) -> None:
    name, size, params, flops = row[0], row[2], row[3], row[6]
    source = source_of(name, ARGUMENTS.get(name, ""))
    totals = shapecalc.load(source, inputs=[f"3,{size},{size}"]).report().totals
    assert (totals.params, 2 * totals.macs) == (int(params), int(flops))
