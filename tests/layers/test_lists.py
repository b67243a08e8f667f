"""Lists of a value for each axis: taken of just those lengths of which torch takes them."""

from __future__ import annotations

import warnings
from fractions import Fraction

import pytest

from shapecalc.layers import KINDS, FieldError
from shapecalc.layers.compound import Either, Maybe, PerAxis, PerInputAxis
from shapecalc.layers.types import FieldType
from tests.layers.torch_oracle import FUNCTIONS, facts_of_torch, our_facts

MODES = ("zeros", "reflect", "replicate", "circular")


OTHER = {"scale_factor": ("size",), "output_size": ("output_ratio",)}
"""Fields of examples, and what takes their place."""


def axes_of(field: FieldType) -> FieldType:
    """A field's type where it is no word and not null."""
    while isinstance(field, (Either, Maybe)):
        field = field.other if isinstance(field, Either) else field.item
    return field


FIELDS = [
    pytest.param(name, field, id=f"{name}.{field}")
    for name, kind in KINDS.items()
    if name not in FUNCTIONS and not kind.unknown_to_torch
    for field, declared in kind.fields.items()
    if isinstance(axes_of(declared.type), (PerAxis, PerInputAxis))
]


def ours(kind, settings, inputs):
    try:
        return our_facts(kind(**settings), inputs)
    except FieldError:
        return None


def assert_same(kind, settings, name, inputs):
    """What torch makes of a list is made of it here: a list as it is written, not as it is read."""
    alone = kind(**settings | {name: settings[name][0]}).bound(*inputs)
    there = facts_of_torch(alone, inputs, {name: settings[name]})
    assert ours(kind, settings, inputs) == there, settings


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_a_list_is_taken_in_the_lengths_in_which_torch_takes_it(name, field):
    kind = KINDS[name]
    inputs = kind.example_inputs()
    axes = axes_of(kind.fields[field].type)
    example = {key: value for key, value in kind.example.items() if field not in OTHER.get(key, "")}
    taken = 0
    for value in (0, 1, 2, 8, Fraction(1, 2)):
        if ours(kind, example | {field: value}, inputs) is None:
            continue
        taken += 1
        most = kind.rank * axes.per if isinstance(axes, PerAxis) else 5
        for length in range(1, most + 1):
            assert_same(kind, example | {field: [value] * length}, field, inputs)
        # several kinds of torch do not look at what is too much
        assert ours(kind, example | {field: [value] * (most + 1)}, inputs) is None
    assert taken


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("padding", ["same", "valid", 1])
@pytest.mark.parametrize("name", ["Conv1d", "Conv2d", "Conv3d"])
def test_filled_padding_takes_a_number_for_each_axis(name, padding, mode):
    kind = KINDS[name]
    inputs = kind.example_inputs()
    settings = {**kind.example, "padding": padding, "padding_mode": mode}
    for field in ("stride", "dilation", *(["padding"] if padding == 1 else [])):
        one_axis_alone = padding == "same" and field == "dilation" and mode != "zeros"
        for length in range(1, kind.rank + 2):
            if one_axis_alone and length < kind.rank:  # torch pads as many axes as it has numbers
                assert ours(kind, settings | {field: [1] * length}, inputs) is None
            else:
                assert_same(kind, settings | {field: [1] * length}, field, inputs)
