"""What is written is right at all values of symbols and arguments that the spec accepts."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from inspect import signature
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shapecalc
from shapecalc.emitting.module import module
from shapecalc.language.problem import SpecError
from tests.emitting.emitted import assert_is, assert_is_clean, made, torch

WIDE = """
symbols: {width: %s, depth: 2, gate: 1, rate: 0.5, other: 2*depth}
input: [4, 8, 8]
blocks:
  Unit:
    args: {wide: , expand: 1.5, deep: 1, on: wide > 1, hidden: ceil(6 * wide * expand)}
    layers:
      - {Conv2d: {out_channels: hidden, kernel_size: 1}, repeat: deep}
      - {BatchNorm2d: , when: on and gate}
      - {Dropout: rate / 2}
      - {Conv2d: {out_channels: "max(2, 2 * round(16 * wide / 2))", kernel_size: 1}}
layers:
  - {Conv2d: {out_channels: ceil(30 * width), kernel_size: 3, padding: 1}}
  - {Unit: width, name: one}
  - {Unit: {wide: width / 3, expand: 2, deep: depth, on: not gate}, name: two}
  - {ReLU: , when: gate}
  - {Unit: {wide: 1/3, hidden: 5 * other}, repeat: depth, name: more}
"""

values = st.one_of(
    st.integers(1, 5),
    st.fractions(Fraction(1, 10), 4, max_denominator=12),
    st.decimals(Fraction(1, 10), 4, places=2).map(Fraction),
)


@cache
def wide(own: str) -> str:
    return module(shapecalc.load(WIDE % own))


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(values, st.integers(1, 4), st.booleans(), st.booleans())
def test_every_symbol_may_have_any_value(width, depth, gate, as_float):
    for own in ("1.0", "3/4", "2"):
        report = shapecalc.load(WIDE % own).report(width=width, depth=depth, gate=int(gate))
        given_width = float(width) if as_float else width
        assert_is(made(wide(own), width=given_width, depth=depth, gate=gate), report)


def test_the_parameters_have_the_types_of_what_they_stand_for():
    source = wide("1.0")
    assert_is_clean(source)
    assert "width: float | Fraction = 1" in source
    assert "gate: bool = True" in source
    assert "rate: float = 0.5" in source
    assert "other: int | None = None" in source


@pytest.mark.parametrize(("width", "channels"), [(0.75, [24, 48]), (0.1, [4, 8]), (2, [64, 128])])
def test_a_width_that_is_written_with_a_point_need_not_be_whole(width: Any, channels: list[int]):
    layers = [
        {"Conv2d": {"out_channels": "ceil(32 * width)", "kernel_size": 3}},
        {"Conv2d": {"out_channels": "max(8, 8 * round(64 * width / 8))", "kernel_size": 3}},
    ]
    network = shapecalc.load({"symbols": {"width": 1.0}, "input": [3, 32, 32], "layers": layers})
    model = made(module(network), width=width)
    assert [each.out_channels for each in model.children()] == channels


def test_a_tenth_is_a_tenth():
    layers = [{"Linear": "floor(30 * w) + 1"}]
    network = shapecalc.load({"symbols": {"w": 0.5}, "input": [3], "layers": layers})
    assert made(module(network), w=0.1).linear1.out_features == 4  # 30 * 0.1 > 3 in floats


def test_a_comment_holds_for_all_values():
    conv = {"out_channels": "n", "kernel_size": "3 if flag else 1", "padding": "flag"}
    spec = {
        "symbols": {"H": 32, "W": 32, "flag": 0},
        "input": [3, "H", "W"],
        "blocks": {"Unit": {"args": {"n": None}, "layers": [{"Conv2d": conv}]}},
        "layers": [{"Unit": 8}, {"Unit": 8}],
    }
    source = module(shapecalc.load(spec))
    assert "2 * flag" not in source


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["mobilenet_v2", "densenet"])
def test_bundled_networks_at_random_values(name: str) -> None:
    network = shapecalc.load(name)
    source = module(network)
    parameters = signature(type(made(source))).parameters

    @settings(max_examples=4, deadline=None, derandomize=True, database=None)
    @given(st.data())
    def tried(data: st.DataObject) -> None:
        knobs: dict[str, Any] = {}
        for knob in parameters:
            own = network.symbols[knob]
            if data.draw(st.booleans()):
                near = st.sampled_from([Fraction(1, 2), Fraction(5, 4), 2])
                whole = st.integers(1, 2 * int(own) + 2)
                knobs[knob] = data.draw(near if isinstance(own, Fraction) else whole)
        try:
            report = network.report(knobs)
        except SpecError:
            return
        assert_is(made(source, **knobs), report)

    tried()


FACTORS = """
symbols: {least: 1/4, heads: 2}
input: [8, 6]
blocks:
  Scale:
    args: {scale: , channels: 4 * heads}
    layers:
      - Mul: scale
      - Add: scale / heads
      - Clamp: {min: -least, max: scale + least}
      - Linear: {out_features: channels, bias: false}
layers:
  - Scale: 1/8
  - Scale: 1 / heads
  - {Scale: 3, name: last}
"""


def test_factors_and_bounds_need_not_be_whole() -> None:
    model = made(module(shapecalc.load(FACTORS)), device="cpu", heads=4, least=0.5)
    for name in ("scale1", "scale2", "last"):
        torch.nn.init.eye_(getattr(model, name).linear1.weight)
    model.last.linear1.weight.data.mul_(2)
    x = wanted = torch.linspace(-2, 2, 48).reshape(1, 8, 6)
    for scale, weight in ((1 / 8, 1), (1 / 4, 1), (3, 2)):
        wanted = (wanted * scale + scale / 4).clamp(-0.5, scale + 0.5)
        wanted = torch.nn.functional.linear(wanted, weight * torch.eye(16, wanted.shape[-1]))
    with torch.no_grad():
        assert torch.allclose(model(x), wanted)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("layer", "size"),
    [
        ({"Upsample": {"scale_factor": "u"}}, 14),
        ({"Upsample": {"scale_factor": ["u / 2", "2 * u"]}}, 14),
        ({"Interpolate": {"scale_factor": "u"}}, 14),
        ({"FractionalMaxPool2d": {"kernel_size": 2, "output_ratio": "u / 4"}}, 40),
    ],
)
def test_a_factor_of_sizes_need_not_be_whole(layer: Any, size: int) -> None:
    spec = {"symbols": {"u": "3/2"}, "input": [2, size, size], "layers": [layer]}
    network = shapecalc.load(spec)
    source = module(network)
    for u in (Fraction(3, 2), 2, Fraction(9, 4)):
        assert_is(made(source, u=u), network.report(u=u))


@pytest.mark.parametrize(
    "layer",
    [{"ArgMax": "2 * c * u"}, {"LSTM": {"hidden_size": 3, "num_layers": "2 * c * u"}}],
)
def test_a_product_of_fractions_may_be_a_number_of_layers_or_of_a_dimension(layer: Any) -> None:
    symbols = {"c": 2, "u": "1/2"}
    network = shapecalc.load({"symbols": symbols, "input": [6, 8], "layers": [layer]})
    assert_is(made(module(network)), network.report())


def test_a_factor_that_is_an_argument_need_not_be_whole() -> None:
    block = {"args": {"f": "3/2"}, "layers": [{"Upsample": {"scale_factor": "f"}}]}
    uses = [{"Up": "5/4"}, {"Up": 2}, "Up"]
    network = shapecalc.load({"input": [2, 8, 8], "blocks": {"Up": block}, "layers": uses})
    assert_is(made(module(network)), network.report())


def test_a_probability_is_a_float() -> None:
    source = module(shapecalc.load({"input": [8], "layers": [{"Dropout": 0}, {"Dropout": 1}]}))
    assert "nn.Dropout(0.0)" in source
    assert "nn.Dropout(1.0)" in source
    torch.jit.script(made(source))


def test_a_comment_tells_no_number_that_is_so_at_one_value_of_a_knob_alone():
    # there is such a convolution at multiples of 3 only, of which 6 is tried
    conv = {"Conv2d": {"out_channels": "w * 4/3", "kernel_size": 1}, "when": "on"}
    spec = {"symbols": {"w": 2, "on": 0}, "input": [3, 8, 8], "layers": [conv, "ReLU"]}
    network = shapecalc.load(spec)
    source = module(network)
    assert_is(made(source, w=3, on=1), network.report({"w": 3, "on": 1}))
    assert "[B, 8" not in source


UNASKED = """
symbols: {size: 8}
input: [4, 8, 8]
blocks:
  Unit:
    args: {n: , part: size // n}
    layers:
      - {Conv2d: {out_channels: part, kernel_size: 1}, when: n > 0}
      - {Conv2d: {out_channels: %s, kernel_size: 1}, when: n > 0}
      - ReLU
layers: [{Unit: 2}, {Unit: 0}%s]
"""


@pytest.mark.parametrize("second", ["3", "part + 1"])
def test_a_default_that_nothing_asks_for_needs_no_value(second: str) -> None:
    network = shapecalc.load(UNASKED % (second, ""))
    source = module(network)
    for size in (8, 6):
        assert_is(made(source, size=size), network.report(size=size))
    assert "size // n" in source


def test_a_default_without_a_value_is_not_handed_on() -> None:
    with pytest.raises(SpecError) as refused:
        module(shapecalc.load(UNASKED % ("3", ", {Unit: {n: 2, part: 4}}")))
    assert "argument 'part' has no value here, and Unit is made of it" in str(refused.value)


def test_words_are_no_numbers_for_defaults_that_nothing_asks_for() -> None:
    blocks = {"Unit": {"args": {"how": "none", "more": "how + 1"}, "layers": [{"GELU": "how"}]}}
    layers = [{"Unit": {"more": 1}}, {"Unit": {"how": "tanh", "more": 1}}, {"Unit": "tanh"}]
    network = shapecalc.load({"input": [4], "blocks": blocks, "layers": layers})
    assert_is(made(module(network)), network.report())
