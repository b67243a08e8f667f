"""Longer sources in the manners of public ones, with what torch 2.13 says of each.

To its multiplications those of LSTMs and fused attention are added, which its counter leaves out.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import shapecalc
from shapecalc.language.writer import as_yaml

HERE = Path(__file__).parent / "samples"
CASES = json.loads((HERE / "expected.json").read_text())
HAS_TORCHVISION = any((Path(each) / "torchvision" / "models").is_dir() for each in sys.path)
BORROWED = ("FeatureExtractor()", "Backbone()")
"""Networks that take a part of one of torchvision's."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['file']}:{case['make']}")
def test_a_network_is_read_as_torch_runs_it(case: dict[str, Any]) -> None:
    if case["make"] in BORROWED and not HAS_TORCHVISION:
        pytest.skip("torchvision is not installed")
    source = f"{HERE / case['file']}:{case['make']}"
    network = shapecalc.load(source, inputs=case["inputs"])
    for each in (network, shapecalc.load(as_yaml(network.spec))):
        report = each.report()
        assert [output["shape"] for output in report.to_dict()["outputs"]] == case["outputs"]
        assert report.totals.params == case["params"]
        assert report.totals.buffers == case["buffers"]
        assert report.totals.macs == case["macs"]
