"""Sweeps: every row is what show tells at that setting, and nothing that works is left out."""

from __future__ import annotations

import csv
import json
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import shapecalc
from shapecalc.cli import main
from shapecalc.sweep import Over, Sweep, read_over, sweep
from shapecalc.sweep.choose import pareto
from shapecalc.sweep.run import MEASURES, rows

pytest.importorskip("numpy")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_values_are_lists_and_stretches_whose_last_is_included() -> None:
    assert read_over("H=224:288:32").values == (224, 256, 288)
    assert read_over("H=1:3,7").values == (1, 2, 3, 7)
    assert read_over("w=1/4:1:0.25").values == (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), 1)


@pytest.mark.parametrize(
    "text", ["H", "H=", "H=a", "H=3:1", "H=1:2:0", "H=1:2:3:4", "H=1:99999999999", "H=1+"]
)
def test_values_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(shapecalc.SettingError):
        read_over(text)


CASES: list[tuple[str, list[str]]] = [
    ("googlenet", ["H=200:260:20", "W=224,256", "B=1:3"]),
    ("resnet", ["depth=18,34,50", "H=100:130:15", "B=1,2"]),
    ("unet", ["H=1:100", "channels=8,16"]),
    ("mobilenet_v2", ["width=1/4:3/2:1/4", "H=64,96"]),
    ("vit", ["H=100:300", "layers=2,3"]),
    ("lenet5", ["H=1:40", "W=1:40"]),
]


@pytest.mark.parametrize(("name", "over"), CASES, ids=[name for name, _ in CASES])
def test_rows_are_what_show_tells_and_the_rest_is_refused(name: str, over: list[str]) -> None:
    network = shapecalc.load(name)
    axes = [read_over(each) for each in over]
    swept = Sweep(network, axes)
    found = {tuple(row[axis.name] for axis in axes): row for block in swept for row in rows(block)}
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    for _ in range(40):
        setting = {axis.name: chance.choice(axis.values) for axis in axes}
        row = found.get(tuple(setting.values()))
        try:
            totals = network.report(setting).totals
        except shapecalc.SpecError:
            assert row is None, f"seed {seed}: {setting}"
            continue
        assert row is not None, f"seed {seed}: {setting}"
        assert {each: row[each] for each in MEASURES} == {
            each: getattr(totals, each) for each in MEASURES
        }, f"seed {seed}: {setting}"
    assert swept.seen == len(found) + sum(swept.left_out.values()) or swept.left_out


def test_numbers_beyond_64_bits_are_exact() -> None:
    spec: dict[str, Any] = {
        "symbols": {"n": 8, "m": 8}, "input": ["n"], "layers": [{"Linear": "m"}, {"Linear": "n"}]
    }  # fmt: skip
    big = 2**40 + 1
    (row,) = sweep(shapecalc.load(spec), [Over("n", (big,)), Over("m", (big + 2,))])
    assert row["macs"] == 2 * big * (big + 2)
    assert row["params"] == 2 * big * (big + 2) + 2 * big + 2


def test_what_breaks_a_condition_is_counted_by_its_reason() -> None:
    swept = Sweep(shapecalc.load("vit"), [read_over("H=1:160")])
    assert len([row for block in swept for row in rows(block)]) == 10
    assert sum(swept.left_out.values()) == 150
    assert swept.left_out["H % 16 == 0 (require)"] >= 100
    assert swept.seen == 160


def test_the_front_is_what_none_is_better_than() -> None:
    chance = random.Random(1)
    points = [{"a": chance.randrange(30), "b": chance.randrange(30)} for _ in range(300)]
    front = [
        p for p in points
        if not any(q != p and q["a"] <= p["a"] and q["b"] <= p["b"] for q in points)
    ]  # fmt: skip
    assert sorted(map(str, pareto(points, ["a", "b"]))) == sorted(map(str, front))


def test_the_command_writes_records() -> None:
    done = run("sweep", "googlenet", "--over", "H=224:288:32", "--over", "num_classes=10,1000",
               "--format", "csv")  # fmt: skip
    assert done.exit_code == 0
    found = list(csv.DictReader(done.stdout.splitlines()))
    assert [(row["H"], row["num_classes"]) for row in found] == [
        (str(height), str(classes)) for height in (224, 256, 288) for classes in (10, 1000)
    ]


def test_rows_are_chosen_by_conditions_and_the_least(tmp_path: Path) -> None:
    done = run("sweep", "resnet18", "--over", "H=64:256:32", "--where", "macs > 8e8",
               "--top", "2", "--by", "macs", "--format", "json")  # fmt: skip
    assert [row["H"] for row in json.loads(done.output)] == [128, 160]
    done = run("sweep", "resnet18", "--over", "H=64:256:32", "--pareto=-H,macs", "--format", "csv",
               "-o", str(tmp_path / "front.csv"))  # fmt: skip
    assert done.exit_code == 0
    assert len((tmp_path / "front.csv").read_text().splitlines()) == 8


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--over", "Q=1"], "no symbol 'Q'"),
        (["--over", "H=1", "--over", "H=2"], "values twice"),
        (["--over", "H=64", "--by", "macs"], "--top and --by"),
        (["--over", "H=64", "--where", "mac > 3"], "did you mean 'macs'"),
        (["--over", "H=64", "--pareto", "mac"], "did you mean 'macs'"),
        (["--over", "H=64", "--format", "parquet"], "name a file with -o"),
    ],
)
def test_wrong_usage_is_told(arguments: list[str], told: str) -> None:
    done = run("sweep", "resnet18", *arguments)
    assert done.exit_code == 2
    assert told in done.output
