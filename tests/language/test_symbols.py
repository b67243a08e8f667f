"""The values of symbols: defaults, settings, and symbols that stay symbols."""

from __future__ import annotations

from fractions import Fraction

import pytest

from shapecalc.algebra.formula import Formula
from shapecalc.language.evaluation import Undecided
from shapecalc.language.parse import parse
from shapecalc.language.problem import Source, SpecError
from shapecalc.language.symbols import SettingError, bind, known

H, W, h = map(Formula.symbol, "HWh")


def values(symbols: str, settings=None, symbolic=()):
    spec = parse(Source("x", f"symbols: {symbols}\ninput: [3]\nlayers: [ReLU]"))
    return bind(spec, settings or {}, symbolic)


def refused(symbols: str, settings=None, symbolic=()) -> str:
    with pytest.raises(SettingError) as caught:
        values(symbols, settings, symbolic)
    return str(caught.value)


def test_defaults_are_numbers_or_expressions_of_the_symbols_before():
    assert values("{H: 224, W: H // 2, width: 3/4, depth: 0.5}") == {
        "B": 1,
        "H": 224,
        "W": 112,
        "width": Fraction(3, 4),
        "depth": Fraction(1, 2),
    }


def test_the_batch_is_always_there_and_first():
    assert values("{}") == {"B": 1}
    assert values("{H: 2, B: 16}") == {"B": 16, "H": 2}
    assert list(values("{H: 2, B: 16}")) == ["B", "H"]
    assert values("{}", {"B": 8}) == {"B": 8}
    spec = parse(Source("x", "symbols: {H: 1}\ninput: [3]\nlayers: [ReLU]"))
    assert known(spec) == ["B", "H"]


def test_a_symbol_without_a_default_stays_one():
    assert values("{H: , W: null, n: 2 * H}") == {"B": 1, "H": H, "W": W, "n": 2 * H}
    assert values("{H: }", {"H": 7})["H"] == 7


def test_settings_replace_defaults_and_what_follows_from_them():
    assert values("{H: 224, W: H}", {"H": 32}) == {"B": 1, "H": 32, "W": 32}
    assert values("{H: 224, W: H}", {"W": 32}) == {"B": 1, "H": 224, "W": 32}
    assert values("{H: 224}", {"H": Fraction(3, 4)})["H"] == Fraction(3, 4)
    assert values("{H: 224}", {"H": 2 * h})["H"] == 2 * h


def test_a_setting_may_be_an_expression_in_new_symbols_and_old_ones():
    assert values("{H: 224}", {"H": "32*h"})["H"] == 32 * h
    assert values("{H: 224, W: 8}", {"H": "2 * W"})["H"] == 16
    assert values("{H: 224, W: 8}", {"H": "W", "W": "5"}) == {"B": 1, "H": 5, "W": 5}
    assert values("{H: 224}", {"H": "3/4"})["H"] == Fraction(3, 4)
    assert values("{H: 224}", {"H": " 7 "})["H"] == 7


def test_symbols_can_stay_symbols():
    assert values("{H: 224, W: 8}", symbolic=["H"]) == {"B": 1, "H": H, "W": 8}
    everything = values("{H: 224, W: 2 * H}", symbolic=["B", "H", "W"])
    assert everything == {"B": Formula.symbol("B"), "H": H, "W": W}


def test_a_setting_goes_before_staying_a_symbol():
    assert values("{H: 224}", {"H": 7}, ["H"])["H"] == 7


def test_a_symbol_with_a_fraction_as_default_is_rational():
    width = values("{width: 3/4}", symbolic=["width"])["width"]
    assert width == Formula.symbol("width", rational=True)
    assert width != Formula.symbol("width")


@pytest.mark.parametrize(
    ("settings", "ring"),
    [
        ({"H": "H"}, "H -> H"),
        ({"H": "W", "W": "2*H"}, "H -> W -> H"),
        ({"H": "n"}, "H -> n -> W -> H"),
    ],
)
def test_a_value_cannot_depend_on_itself(settings, ring):
    message = refused("{H: 1, W: H, n: W}", settings)
    assert message.endswith(f"depends on itself: {ring}")


@pytest.mark.parametrize(
    ("settings", "symbolic", "phrase"),
    [
        ({"Height": 5}, (), "the spec has no symbol 'Height'; did you mean 'height'?"),
        ({"x": 5}, (), "the spec has no symbol 'x'; it has B, height"),
        ({}, ["heigth"], "the spec has no symbol 'heigth'; did you mean 'height'?"),
        ({"height": "3 +"}, (), "height=3 +: expected a number or a name"),
        ({"height": "1/0"}, (), "height=1/0: a division by zero"),
        ({"height": "2**999"}, (), "larger than any size"),
        ({"height": "1 if h else 2"}, (), "height=1 if h else 2 depends on h, which has no value"),
        (
            {"height": 0.5},
            (),
            "height: expected an integer, a Fraction, a formula or an expression",
        ),
        ({"height": True}, (), "height: expected an integer"),
        ({"height": None}, (), "height: expected an integer"),
        ({"B": 0}, (), "the batch size B must be a positive integer, not 0"),
        ({"B": "3/4"}, (), "the batch size B must be a positive integer, not 3/4"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, symbolic, phrase):
    assert phrase in refused("{height: 5}", settings, symbolic)


def test_a_spec_without_symbols_is_told_how_to_declare_one():
    assert refused("{}", {"H": 16}).endswith(
        "B alone, and 'symbols: {H: ...}' would declare another"
    )


def test_a_default_without_a_value_is_an_error_of_the_spec():
    with pytest.raises(SpecError) as caught:
        values("{H: 0, W: 1 / H}")
    (problem,) = caught.value.problems
    assert problem.mark[:2] == (1, 20)
    assert problem.message == "a division by zero"


def test_a_default_that_asks_for_a_value_that_is_not_known_is_undecided():
    with pytest.raises(Undecided) as caught:
        values("{H: , W: 1 if H > 2 else 3}")
    assert caught.value.symbols == {"H"}
    assert caught.value.mark[:2] == (1, 19)
    assert values("{H: , W: 1 if H > 2 else 3}", {"H": 5})["W"] == 1
    assert values("{H: , W: 1 if H > 2 else 3}", symbolic=["W"])["W"] == W
