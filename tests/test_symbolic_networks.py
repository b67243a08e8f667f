"""Random networks in symbols: what their report says is what reports with numbers say.

For every setting of the symbols, a network of numbers is one exactly where the constraints hold,
and where it is, all shapes and totals are those that the formulas give.
"""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

import shapecalc
from shapecalc.algebra.formula import evaluate
from shapecalc.language.problem import SpecError

DEFAULTS = {"H": 16, "S": 1, "P": 1, "K": 3, "C": 4, "G": 2}
"""The symbols of the networks and their defaults."""

LEAST = {"H": 1, "S": 1, "P": 0, "K": 1, "C": 1, "G": 1}
"""The least values that they are set to."""


class Maker:
    """Makes the layers of a small network on a sequence; ``make`` picks what comes next."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def pick(self, *choices: Any) -> Any:
        return self.rng.choice(choices)

    def conv(self) -> dict[str, Any]:
        return {
            "Conv1d": {
                "out_channels": self.pick(4, 4, 8, "C", "4*C"),
                "kernel_size": self.pick(1, 2, 3, 3, "K"),
                "stride": self.pick(1, 1, 2, "S"),
                "padding": self.pick(0, 1, "P", "P + 1", "K // 2"),
                "groups": self.pick(1, 1, 1, "G", "2*G"),
            }
        }

    def plain(self) -> dict[str, Any]:
        """A convolution that keeps the four channels, as branches need."""
        layer = self.conv()
        layer["Conv1d"] |= {"out_channels": 4, "groups": 1}
        return layer

    def pool(self) -> dict[str, Any]:
        kind = self.pick("MaxPool1d", "AvgPool1d")
        settings = {
            "kernel_size": self.pick(2, 3, "K"),
            "stride": self.pick(1, 2, "S"),
            "padding": self.pick(0, 1, "P"),
            "ceil_mode": self.pick(False, True),
        }
        return {kind: settings}

    def transposed(self) -> dict[str, Any]:
        settings = {"kernel_size": self.pick(2, 3, "K"), "stride": self.pick(1, 2, "S")}
        return {"ConvTranspose1d": {"out_channels": 4, "padding": self.pick(0, 1, "P"), **settings}}

    def cut(self) -> dict[str, Any]:
        return {"Slice": {"dim": 2, "start": self.pick(0, 1, "P"), "end": self.pick(None, -1)}}

    def resized(self) -> dict[str, Any]:
        pooled = {"AdaptiveAvgPool1d": self.pick("K", "2*K", "H", 3)}
        return self.pick(pooled, {"Upsample": {"scale_factor": self.pick("S", "2*S", 2)}})

    def branches(self) -> dict[str, Any]:
        kind = self.pick("Add", "Add", "Concat")
        one = [self.pick(self.plain, self.pool, self.transposed)()]
        other = self.pick([], [self.plain()], [self.pool()])
        return {kind: {"branches": [other, one]}}

    def spec(self) -> dict[str, Any]:
        steps = [
            *[self.conv, self.pool, self.branches, self.branches, self.transposed, self.cut],
            self.resized,
        ]
        layers = [self.pick(*steps)() for _ in range(self.rng.randint(1, 3))]
        channels, length = self.pick(4, 4, "4*C"), self.pick("H", "H", "2*H", 12)
        return {"symbols": DEFAULTS, "input": [channels, length], "layers": layers}


def _said(condition: str, values: dict[str, int]) -> bool:
    names = {"__builtins__": {}, "min": min, "max": max}
    try:
        return bool(eval(condition, names, dict(values)))
    except ZeroDivisionError:
        return False


@pytest.mark.one_in(4)
@pytest.mark.parametrize("seed", range(150))
def test_formulas_and_constraints_agree_with_numbers(seed: int) -> None:
    rng = random.Random(seed)
    spec = Maker(rng).spec()
    told = json.dumps(spec)
    net = shapecalc.load(spec)
    symbolic = rng.sample(sorted(DEFAULTS), rng.randint(1, 4))
    fixed = {name: value for name, value in DEFAULTS.items() if name not in symbolic}
    try:
        general = net.report(symbolic=symbolic)
    except SpecError:
        general = None
        fixed |= {name: DEFAULTS[name] for name in net.deciding(symbolic=symbolic)}
    else:
        fixed |= general.kept
    for _ in range(25):
        values = fixed | {
            name: LEAST[name] + rng.randint(0, rng.choice((3, 24)))
            for name in symbolic
            if name not in fixed
        }
        try:
            report = net.report(values)
        except SpecError:
            report = None
        where = (told, values)
        if general is None:
            assert report is None, where
            continue
        scope = {"B": 1, **values}
        broken = [
            each.condition for each in general.constraints if not _said(each.condition, scope)
        ]
        if report is not None and any(size == 0 for layer in report for size in layer.output_shape):
            continue  # tensors without elements are not what the constraints are about
        assert (report is None) == bool(broken), (*where, broken)
        if report is not None:
            for layer, own in zip(general.layers, report.layers, strict=True):
                shape = tuple(evaluate(size, scope) for size in layer.output_shape)
                assert shape == own.output_shape, (*where, layer.path)
                read = eval(str(list(map(str, layer.output_shape))))
                assert tuple(_number(each, scope) for each in read) == own.output_shape, where
            for name, total in general.totals.by_name.items():
                assert evaluate(total, scope) == report.totals.by_name[name], (*where, name)
                assert _number(str(total), scope) == report.totals.by_name[name], (*where, name)


def _number(text: str, scope: dict[str, int]) -> int:
    value = eval(text, {"__builtins__": {}, "min": min, "max": max}, dict(scope))
    assert type(value) is int, text
    return value
