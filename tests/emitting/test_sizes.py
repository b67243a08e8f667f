"""Sizes that conditions choose: right at values nobody tried, and told once for all numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest

import shapecalc
from tests.bundled import thorough
from tests.emitting.emitted import assert_emits, assert_is, assert_is_clean, made

WIDTHS = [
    Fraction("0.458"),
    *thorough([Fraction(1, 10), Fraction("0.35"), Fraction("0.61"), Fraction("1.3")]),
]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", ["mobilenet_v2", "mnasnet"])
@pytest.mark.parametrize("width", WIDTHS)
def test_channels_are_rounded_as_the_spec_rounds_them_at_all_widths(name, width):
    network = shapecalc.load(name)
    source = assert_emits(network)
    assert_is(made(source, width=width), network.report({"width": width}))


BLOCK = {
    "args": {
        "channels": None,
        "near": "max(8, floor(channels*width + 4) // 8 * 8)",
        "out": "near + 8 if 10*near < 9*channels*width else near",
    },
    "layers": [{"Conv2d": {"out_channels": "out", "kernel_size": 1}}],
}
"""A convolution whose channels are rounded to eights, but never to a tenth less."""


def rounded(count):
    layers = [{"Block": 8 * (n + 2)} for n in range(count)]
    given = {"symbols": {"width": 1}, "blocks": {"Block": BLOCK}}
    return shapecalc.load({**given, "input": [3, 6, 6], "layers": layers})


def test_a_condition_that_was_never_seen_to_fail_stays():
    network = rounded(2)
    source = assert_emits(network, {"width": Fraction("0.55")})
    assert_is_clean(source)
    assert "def size_of" not in source


def test_a_size_that_comes_with_many_numbers_is_a_function():
    network = rounded(6)
    source = assert_emits(network, {"width": Fraction("0.55")})
    assert_is_clean(source)
    assert "def size_of(channels: int, width: Fraction) -> int:" in source
    assert "size = max(8, " in source
    assert "Block(size_of(24, width), 32, width)" in source
