"""Formulas on arrays: 64 bits only where all fits, and whatever does not fit exact all the same."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pytest

np = pytest.importorskip("numpy")

from shapecalc.algebra.arithmetic import largest, smallest  # noqa: E402
from shapecalc.algebra.formula import Formula, evaluate  # noqa: E402
from shapecalc.algebra.vectorised import FITS, Vectorised  # noqa: E402

SCALES = (1, 50, 2**16, 2**31, 2**40, 2**62)


def formula(chance: random.Random, names: list[str], depth: int) -> Any:
    """A random formula of whole numbers."""
    if depth == 0:
        if chance.random() < 0.6:
            return Formula.symbol(chance.choice(names))
        return chance.choice([0, 1, 2, 3, 7, 2**31 - 1, 2**62, -5])
    a, b = (formula(chance, names, depth - 1) for _ in range(2))
    kind = chance.randrange(6)
    if kind == 0:
        return a + b
    if kind == 1:
        return a * b
    if kind == 2:
        return a - b
    if kind == 3:
        return a // chance.choice([2, 3, 7, 2**20])
    if kind == 4:
        return smallest(a, b)
    return largest(a, b)


@pytest.mark.parametrize("scale", SCALES)
def test_arrays_hold_what_numbers_give(scale: int) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    for _ in range(40):
        formulas = {f"f{i}": formula(chance, ["x", "y"], 3) for i in range(3)}
        axes = {
            name: [scale + chance.randrange(-5, scale + 5) for _ in range(6)] for name in ("x", "y")
        }
        ranges = {name: (min(values), max(values)) for name, values in axes.items()}
        block = {
            "x": np.array(axes["x"], dtype=object if scale > 2**40 else np.int64).reshape(-1, 1),
            "y": np.array(axes["y"], dtype=object if scale > 2**40 else np.int64),
        }
        compiled = Vectorised(formulas, ranges)
        found = compiled.run(block)
        for name, each in formulas.items():
            told = np.broadcast_to(found[name], (6, 6))
            for i, x in enumerate(axes["x"]):
                for j, y in enumerate(axes["y"]):
                    expected = evaluate(each, {"x": x, "y": y})
                    assert int(told[i, j]) == expected, f"seed {seed}: {each} at {x}, {y}"
                    bounds = compiled.range_of(name)
                    assert bounds is None or bounds[0] <= expected <= bounds[1]


def test_the_largest_number_of_64_bits_is_kept_in_them_and_the_next_is_not() -> None:
    n = Formula.symbol("n")
    root = 3_037_000_499  # the greatest whose square has 63 bits
    for top, kind in ((root, "int64"), (root + 1, "object")):
        found = Vectorised({"square": n * n}, {"n": (1, top)}).run({"n": np.array([1, top])})
        assert found["square"].dtype.name == kind
        assert found["square"].tolist() == [1, top**2]


def test_what_is_small_in_the_end_but_not_on_the_way_is_exact() -> None:
    a, b = Formula.symbol("a"), Formula.symbol("b")
    compiled = Vectorised({"n": a * b // 2**60}, {"a": (1, 2**62), "b": (1, 2**40)})
    block = {"a": np.array([2**62, 2**62 - 1]), "b": np.array([2**40, 2**40 - 1])}
    expected = [2**62 * 2**40 // 2**60, (2**62 - 1) * (2**40 - 1) // 2**60]
    assert compiled.run(block)["n"].tolist() == expected


def test_narrower_ranges_make_narrower_steps() -> None:
    n = Formula.symbol("n")
    wide = Vectorised({"f": n**5}, {"n": (1, 10**6)})
    assert wide.run({"n": np.array([9])})["f"].dtype == object
    narrow = wide.within({"n": (1, 100)})
    assert narrow.run({"n": np.array([9])})["f"].dtype == np.int64
    assert wide.range_of("f") is None
    assert narrow.range_of("f") == (1, 10**10)


def test_fractions_stay_fractions() -> None:
    w = Formula.symbol("w", rational=True)
    found = Vectorised({"f": 3 * w / 2}, {"w": None}).run(
        {"w": np.array([Fraction(1, 3), 2], dtype=object)}
    )
    assert found["f"].tolist() == [Fraction(1, 2), 3]


def test_only_what_is_asked_for_is_computed() -> None:
    n, m = Formula.symbol("n"), Formula.symbol("m")
    compiled = Vectorised({"a": n + 1, "b": n // m}, {"n": (1, 9), "m": (0, 9)})
    block = {"n": np.array([4]), "m": np.array([0])}
    assert compiled.run(block, ["a"])["a"].tolist() == [5]
    with pytest.raises(ZeroDivisionError):
        compiled.run(block)


def test_constants_have_no_axes() -> None:
    assert Vectorised({"c": 7, "d": FITS + 1}, {}).run({})["d"].tolist() == FITS + 1
