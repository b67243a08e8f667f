"""Random layers with random inputs, from nothing but the declarations of their kinds.

Most draws are to be legal, so fields are often left at their defaults, sizes are multiples of the
parts they are split into, and several inputs are much alike. Some draws are made illegal: by a
size that slips, by another number of inputs or dimensions, by a stated size that does not follow
from the input, or by a value that lies just outside of what its field takes.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache, singledispatch
from math import inf, lcm
from typing import Any, NamedTuple

from hypothesis import strategies as st

from shapecalc.layers.base import KINDS, Layer
from shapecalc.layers.field import (
    Choice,
    Either,
    Field,
    FieldType,
    Flag,
    ListOf,
    Maybe,
    Number,
    OneOrMore,
    Parts,
    PerAxis,
    PerInputAxis,
    Whole,
)
from shapecalc.layers.tensor import Tensor, times
from shapecalc.spec.text import shown

NUMBERS = (-2, -1, Fraction(-1, 2), 0, Fraction(1, 8), Fraction(3, 8), Fraction(3, 4), 1, 2, 3)
"""Numbers that a float holds exactly, so that torch rounds at the same places."""

SMALL = st.integers(1, 4)
"""Sizes along an axis, as of kernels and steps."""


class Draw(NamedTuple):
    """A layer and its inputs, and for some fields a value that they do not take."""

    layer: Layer
    settings: dict[str, Any]
    inputs: tuple[Tensor, ...]
    outside: dict[str, Any]

    @property
    def x(self) -> Any:
        """The input as the layer's methods take it."""
        return self.inputs if self.layer.joins else self.inputs[0]

    def spec(self) -> str:
        """The draw as a spec to paste; it has one batch for all inputs."""
        settings = {**self.settings, **self.outside}
        listed = ", ".join(f"{name}: {_written(value)}" for name, value in settings.items())
        inputs = {f"x{i}": x for i, x in enumerate(self.inputs)}
        given = (
            f"{n}: {{shape: {list(x.shape[1:])}, dtype: {x.dtype}}}" for n, x in inputs.items()
        )
        return "\n".join(
            [
                f"# {' and '.join(times(x.shape) for x in self.inputs)}",
                f"symbols: {{B: {self.inputs[0].batch}}}",
                f"inputs: {{{', '.join(given)}}}",
                "layers:",
                f"  - {self.layer.kind}: {{{listed}}}",
                f"    from: [{', '.join(inputs)}]",
            ]
        )


def _written(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, float):
        return ".inf" if value > 0 else "-.inf"
    return shown(value)


@st.composite
def draws(draw: st.DrawFn, name: str) -> Draw:
    """A layer of a kind and inputs for it."""
    kind = KINDS[name]
    given = {
        name: field
        for name, field in kind.fields.items()
        if field.infer is None
        and (field.is_required or _decides_structure(field) or draw(_once_in(3)))
    }
    alternatives = [name for name, field in kind.fields.items() if _has_alternative(kind, field)]
    if alternatives and not draw(_once_in(6)):
        chosen = draw(st.sampled_from(alternatives))
        given = {name: field for name, field in given.items() if name not in alternatives}
        given[chosen] = kind.fields[chosen]
    parts = {
        name: draw(st.integers(1, 3)) if name in given else field.default
        for name, field in kind.fields.items()
        if isinstance(field.type, Parts)
    }
    unit = lcm(*parts.values())
    settings = {
        name: parts[name] if name in parts else draw(values(field.type, kind.rank, unit))
        for name, field in given.items()
    }
    inputs = draw(inputs_of(kind, unit))
    x: Any = inputs if kind.joins else inputs[0]
    for field in kind.fields.values():
        if field.infer is not None and draw(_once_in(6)):
            settings.update(draw(_stated(field, kind(**settings), x)))
    outside = {name: _just_outside(field.type) for name, field in kind.fields.items()}
    known = sorted(name for name, value in outside.items() if value is not None)
    beyond = draw(st.sampled_from(known)) if known and draw(_once_in(12)) else None
    return Draw(kind(**settings), settings, inputs, {beyond: outside[beyond]} if beyond else {})


def _decides_structure(field: Field) -> bool:
    """Whether it is a number of layers, which no formula can be."""
    return isinstance(field.type, Whole) and field.type.least == 1 and not field.type.symbolic


def _has_alternative(kind: type[Layer], field: Field) -> bool:
    """Whether a null means that another field is given in its place."""
    return isinstance(field.type, Maybe) and field.type.null_means.split(" ")[-1] in kind.fields


@cache
def _once_in(n: int) -> st.SearchStrategy[bool]:
    return st.sampled_from([False] * (n - 1) + [True])


@cache
def values(type: FieldType, rank: int, unit: int) -> st.SearchStrategy[Any]:
    """Values of a field's type; whole numbers are mostly multiples of ``unit``."""
    return _values(type, rank, unit)


@singledispatch
def _values(type: FieldType, rank: int, unit: int) -> st.SearchStrategy[Any]:
    raise NotImplementedError(type)


@_values.register
def _(type: Whole, rank: int, unit: int) -> st.SearchStrategy[Any]:
    if type.least == 1 and not type.symbolic:
        return st.integers(1, 2)
    if type.least != 1:
        return st.integers(-3 if type.least is None else type.least, 4)
    slip = 1 if unit > 1 else 0
    return st.builds(lambda n, slips: n * unit + slip * slips, SMALL, _once_in(8))


@_values.register
def _(type: Flag, rank: int, unit: int) -> st.SearchStrategy[Any]:
    return st.booleans()


@_values.register
def _(type: Number, rank: int, unit: int) -> st.SearchStrategy[Any]:
    least = -inf if type.least is None else type.least
    most = inf if type.most is None else type.most
    within = [number for number in NUMBERS if least <= number <= most]
    return st.sampled_from([*within, inf, -inf] if type.infinite else within)


@_values.register
def _(type: Choice, rank: int, unit: int) -> st.SearchStrategy[Any]:
    return st.sampled_from(type.ordered)


@_values.register
def _(type: Maybe, rank: int, unit: int) -> st.SearchStrategy[Any]:
    item = values(type.item, rank, unit)
    return item | item | st.none()


@_values.register
def _(type: ListOf, rank: int, unit: int) -> st.SearchStrategy[Any]:
    least, most = (1, 3) if type.length is None else (type.length, type.length)
    return st.lists(values(type.item, rank, 1), min_size=least, max_size=most)


@_values.register
def _(type: OneOrMore, rank: int, unit: int) -> st.SearchStrategy[Any]:
    return _one_or_list(type.item, rank, 1, 3)


@_values.register
def _(type: PerInputAxis, rank: int, unit: int) -> st.SearchStrategy[Any]:
    return _one_or_list(type.item, rank, rank or 1, rank or 3)


@_values.register
def _(type: PerAxis, rank: int, unit: int) -> st.SearchStrategy[Any]:
    return _one_or_list(type.item, rank, rank * type.per, rank * type.per)


@_values.register
def _(type: Either, rank: int, unit: int) -> st.SearchStrategy[Any]:
    return values(type.choice, rank, unit) | values(type.other, rank, unit)


def _one_or_list(item: FieldType, rank: int, least: int, most: int) -> st.SearchStrategy[Any]:
    one = values(item, rank, 1)
    return one | st.lists(one, min_size=least, max_size=most)


@st.composite
def inputs_of(draw: st.DrawFn, kind: type[Layer], unit: int) -> tuple[Tensor, ...]:
    """Inputs of a kind: the first at random, each further one like the one before it."""
    usual = [n for n in range(1, 6) if kind.ndims is None or n in kind.ndims]
    ndim = draw(st.integers(1, 6) if draw(_once_in(12)) else st.sampled_from(usual))
    dtype = (kind.dtypes or ("float32",))[0]
    if kind.dtypes and draw(_once_in(20)):
        dtype = "int64" if dtype == "float32" else "float32"
    shapes = [[draw(_size(kind, axis, ndim, unit)) for axis in range(ndim)]]
    count = 1
    if kind.joins:
        count = draw(st.integers(1, 4)) if draw(_once_in(12)) else kind.arity or draw(SMALL)
    while len(shapes) < count:
        shapes.append(shapes[-1].copy())
        if draw(_once_in(3)):
            axis = draw(st.integers(0, len(shapes[-1]) - 1))
            shapes[-1][axis] = draw(_size(kind, axis, ndim, unit) | st.just(1))
        if len(shapes[-1]) > 1 and draw(_once_in(12)):
            del shapes[-1][0]
    return tuple(Tensor(tuple(shape), dtype) for shape in shapes)


@cache
def _size(kind: type[Layer], axis: int, ndim: int, unit: int) -> st.SearchStrategy[int]:
    """A size of the batch, of channels or features, or of another axis."""
    if axis == 0:
        return st.integers(1, 3)
    in_parts = ndim - 1 if "features" in kind.axes else 1
    if axis == in_parts:
        slip = st.sampled_from([0] * 7 + [1])
        return st.builds(lambda n, slip: unit * n + slip, st.sampled_from((1, 2, 3, 4, 8, 9)), slip)
    return st.integers(1, 12) | st.integers(6, 12)


@st.composite
def _stated(draw: st.DrawFn, field: Field, layer: Layer, x: Any) -> dict[str, Any]:
    """A size that follows from the input, or nearly so; nothing if the input has no such size."""
    assert field.infer is not None
    try:
        value = field.infer(layer, x)
    except IndexError:
        return {}
    slip = draw(st.sampled_from((0, 0, 1)))
    if isinstance(value, tuple):
        return {field.name: [size + slip for size in value]}
    return {field.name: value + slip}


@singledispatch
def _just_outside(type: FieldType) -> Any:
    """A value that a type almost takes; None if it has no bounds."""
    return None


@_just_outside.register
def _(type: Whole) -> Any:
    return None if type.least is None else type.least - 1


@_just_outside.register
def _(type: Number) -> Any:
    if type.most is not None:
        return type.most + 1
    return None if type.least is None else type.least - 1


@_just_outside.register
def _(type: Choice) -> Any:
    return "another"


@_just_outside.register(Maybe)
@_just_outside.register(PerAxis)
@_just_outside.register(PerInputAxis)
def _(type: Any) -> Any:
    return _just_outside(type.item)


@_just_outside.register
def _(type: Either) -> Any:
    return _just_outside(type.choice)
