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
from shapecalc.sweep import MEASURES, Over, Selection, Sweep, read_over, rows, sweep

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


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("name", "over"), CASES, ids=[name for name, _ in CASES])
def test_rows_are_what_show_tells_and_the_rest_is_refused(
    name: str, over: list[str], request: pytest.FixtureRequest
) -> None:
    times = 200 if request.config.getoption("--thorough") else 40
    hold_against_reports(shapecalc.load(name), over, times)


def hold_against_reports(network: shapecalc.Network, over: list[str], times: int) -> None:
    """Compare random rows with reports on numbers; what is no row must be refused there."""
    axes = [read_over(each) for each in over]
    swept = Sweep(network, axes)
    found = {tuple(row[axis.name] for axis in axes): row for block in swept for row in rows(block)}
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    for _ in range(times):
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
    assert swept.seen == len(found) + sum(swept.left_out.values()) == swept.total


CONV = {"Conv2d": {"out_channels": 4, "kernel_size": 3, "stride": "S"}}

ODD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a division by zero": (
        {"symbols": {"k": 5, "n": 8}, "input": ["n"], "layers": [{"Linear": "64 // (k - 3)"}]},
        ["k=1:6", "n=0:3"],
    ),
    "a stride of zero": (
        {"symbols": {"S": 1, "H": 16}, "input": [3, "H", "H"], "layers": [CONV]},
        ["S=0:4", "H=0:20"],
    ),
    "fractions of a symbol that is whole": (
        {"symbols": {"k": 2}, "input": [8], "layers": [{"Linear": "floor(10*k)"}]},
        ["k=1/4:2:1/4"],
    ),
    "fractions beside others": (
        {
            "symbols": {"k": "3/4", "H": 3},
            "input": ["8*H"],
            "layers": [{"Linear": "floor(10*k)*H"}],
        },
        ["k=1/4:2:1/4", "H=-3:5"],
    ),
    "groups that need not divide": (
        {
            "symbols": {"g": 1, "c": 8},
            "input": ["c", 9, 9],
            "layers": [
                {"Conv2d": {"out_channels": "2*c", "kernel_size": 3, "groups": "g"}},
            ],
        },
        ["c=1:12", "g=0:6"],
    ),
    "layers that a size decides on": (
        {
            "symbols": {"flag": 1, "H": 8},
            "input": [3, "H", "H"],
            "layers": [
                {"MaxPool2d": 2, "when": "H > 12"},
                {"MaxPool2d": 2, "when": "flag"},
            ],
        },
        ["flag=0,1", "H=1:40"],
    ),
    "a requirement with or": (
        {
            "symbols": {"H": 8, "W": 8},
            "input": [3, "H", "W"],
            "require": ["H > W or H == 3", "macs <= 4000 if H > 6 else macs <= 9000"],
            "layers": [{"Conv2d": {"out_channels": 4, "kernel_size": 3}}],
        },
        ["H=1:12", "W=1:12"],
    ),
}


@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_is_what_show_tells_as_well(case: str) -> None:
    spec, over = ODD[case]
    hold_against_reports(shapecalc.load(spec), over, 120)


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


def test_the_command_writes_records() -> None:
    done = run("sweep", "googlenet", "--over", "H=224:288:32", "--over", "num_classes=10,1000",
               "--format", "csv")  # fmt: skip
    assert done.exit_code == 0
    found = list(csv.DictReader(done.stdout.splitlines()))
    assert [(row["H"], row["num_classes"]) for row in found] == [
        (str(height), str(classes)) for height in (224, 256, 288) for classes in (10, 1000)
    ]


@pytest.mark.parametrize(
    "where",
    [
        "macs <= 2*params*H",
        "not (H > W or macs / params < 3/2)",
        "H == 9 or W != 7 and params > 100",
        "conv1.height * conv1.width >= peak_memory // 90",
        "(H if H > W else 2*W) >= 14",
        "3 < H % 5 + W",
        "H - W",
    ],
)
def test_a_condition_holds_as_one_on_numbers_does(where: str) -> None:
    spec: dict[str, Any] = {
        "symbols": {"H": 8, "W": 8},
        "input": [3, "H", "W"],
        "layers": [{"Conv2d": {"out_channels": 4, "kernel_size": 3, "stride": 2}}],
    }
    axes = [read_over("H=1:16"), read_over("W=3:14")]
    found = sweep(shapecalc.load(spec), axes, selection=Selection(where=(where,)))
    required = shapecalc.load(spec).requiring([where])
    expected = []
    for height in axes[0].values:
        for width in axes[1].values:
            try:
                required.report(H=height, W=width)
            except shapecalc.SpecError:
                continue
            expected.append((height, width))
    assert [(row["H"], row["W"]) for row in found] == expected
    assert 0 < len(expected) < 16 * 12


def test_rows_tell_what_is_asked_for() -> None:
    done = run("sweep", "resnet", "--over", "depth=18,50", "--over", "H=64,96",
               "--columns", "peak_memory,layer1.channels", "--format", "json")  # fmt: skip
    network = shapecalc.load("resnet")
    assert json.loads(done.stdout) == [
        {
            "depth": depth,
            "H": height,
            "peak_memory": network.report(depth=depth, H=height).memory.peak,
            "layer1.channels": 64 if depth == 18 else 256,
        }
        for depth in (18, 50)
        for height in (64, 96)
    ]


def test_a_table_for_people_ends_somewhere() -> None:
    done = run("sweep", "lenet5", "--over", "B=1:30000", "--columns", "macs")
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) < 10_010
    assert "--format csv tells all" in done.stderr


def test_rows_are_told_for_all_settings_beyond_a_block() -> None:
    swept = Sweep(shapecalc.load("lenet5"), [read_over("B=1:700"), read_over("H=28:1027")],
                  columns=["macs"])  # fmt: skip
    at = 0
    for table in swept:
        first = at
        for batch, height in zip(table["B"].tolist(), table["H"].tolist()):
            assert (batch, height) == (at // 1000 + 1, at % 1000 + 28)
            at += 1
        row = next(rows({name: values[:1] for name, values in table.items()}))
        assert row["macs"] == shapecalc.load("lenet5").report(B=row["B"], H=row["H"]).totals.macs
        assert at > first
    assert at == 700_000


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
        (["--over", "H=64", "--columns", "conv9.height"], "no layer, block or branch 'conv9'"),
        (["--over", "H=64", "--where", "macs >"], "--where 'macs >'"),
    ],
)
def test_wrong_usage_is_told(arguments: list[str], told: str) -> None:
    done = run("sweep", "resnet18", *arguments)
    assert done.exit_code == 2
    assert told in done.output
