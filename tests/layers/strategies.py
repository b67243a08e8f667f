"""Random layers with random inputs, from nothing but the declarations of their kinds.

Most draws are to be legal, and the others illegal by little. So sizes are multiples of the parts
they are split into, several inputs are much alike, and of layers that refuse their inputs most are
drawn anew. Some inputs are as small as their layer takes them, or one smaller. Draws are illegal by
a size that slips, by another number of inputs or dimensions, by a stated size that does not follow
from the input, or by a value that lies just outside of what its field takes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import lcm, prod
from typing import Any, NamedTuple

from hypothesis import strategies as st

from shapecalc.language.text import shown
from shapecalc.layers import KINDS, Layer
from shapecalc.layers.compound import ByName, Maybe
from shapecalc.layers.field import Field
from shapecalc.layers.tensor import Tensor, times
from shapecalc.layers.types import Parts, Text, Whole
from tests.layers.accepting import Inputs, accepts
from tests.layers.field_values import SMALL, Scope, just_outside, once_in, values
from tests.layers.fitting import SETTINGS

TRIES = 6
"""How often a layer is drawn at most until it accepts its inputs."""


class Draw(NamedTuple):
    """A layer and its inputs, and for some fields a value that they do not take."""

    layer: Layer
    settings: dict[str, Any]
    inputs: Inputs
    outside: dict[str, Any]

    def spec(self) -> str:
        """The draw as a spec to paste; it has one batch for all inputs."""
        settings = {**self.settings, **self.outside}
        listed = ", ".join(f"{name}: {_written(value)}" for name, value in settings.items())
        inputs = {f"x{i}": x for i, x in enumerate(self.inputs or (Tensor((1, 1)),))}
        given = (
            f"{n}: {{shape: {list(x.shape[1:])}, dtype: {x.dtype}}}" for n, x in inputs.items()
        )
        fed = [f"    from: [{', '.join(inputs)}]"] if self.inputs else []
        return "\n".join(
            [
                f"# {' and '.join(times(x.shape) for x in self.inputs)}",
                f"symbols: {{B: {next(iter(inputs.values())).batch}}}",
                f"inputs: {{{', '.join(given)}}}",
                "layers:",
                f"  - {self.layer.kind}: {{{listed}}}",
                *fed,
            ]
        )


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_written(item)}' for name, item in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, float):
        return ".inf" if value > 0 else "-.inf"
    return shown(value)


@st.composite
def draws(draw: st.DrawFn, name: str) -> Draw:
    """A layer of a kind and inputs for it."""
    kind = KINDS[name]
    for _ in range(TRIES):
        layer, settings, inputs = draw(_layer_and_inputs(kind))
        if accepts(layer, inputs) or draw(once_in(4)):
            break
    if inputs and accepts(layer, inputs) and draw(st.booleans()):
        inputs = draw(_at_the_edge(layer, inputs))
    return Draw(layer, settings, inputs, draw(_outside(kind)))


@st.composite
def layers_on(draw: st.DrawFn, name: str, inputs: Inputs) -> tuple[Layer, dict[str, Any]] | None:
    """A layer of a kind that takes these inputs, and its settings; None if none is found."""
    kind = KINDS[name]
    for _ in range(TRIES):
        layer, settings, wanted = draw(_layer_and_inputs(kind, inputs))
        if wanted == inputs and accepts(layer, inputs):
            return layer, settings
    return None


@st.composite
def _layer_and_inputs(
    draw: st.DrawFn, kind: type[Layer], inputs: Inputs | None = None
) -> tuple[Layer, dict[str, Any], Inputs]:
    """A layer, and inputs for it where there are none yet."""
    given = draw(_given(kind))
    parts = {
        name: draw(st.integers(1, 3)) if name in given else field.default
        for name, field in kind.fields.items()
        if isinstance(field.type, Parts)
    }
    unit = lcm(*parts.values())
    if inputs is None:
        inputs = draw(inputs_of(kind, unit))
    scope = Scope(kind.rank, unit, inputs[0].shape if inputs else (1, 8))
    settings = {
        name: parts[name] if name in parts else draw(_value(field, scope))
        for name, field in given.items()
        if not isinstance(field.type, (ByName, Text))
    }
    if settings.get("padding_mode", "zeros") != "zeros":
        settings |= _for_each_axis(kind, settings)
    if kind.kind in SETTINGS:
        settings |= draw(SETTINGS[kind.kind](inputs))
    if kind.kind in FITTED and not draw(once_in(6)):
        inputs = FITTED[kind.kind](kind(**settings), inputs)
    for field in kind.fields.values():
        if field.infer is not None and draw(once_in(6)):
            settings.update(draw(_stated(field, kind(**settings), inputs)))
    return kind(**settings), settings, inputs


def _for_each_axis(kind: type[Layer], settings: dict[str, Any]) -> dict[str, Any]:
    """Lists of one as they have to be where padding is filled from the input."""
    lists = {name: settings.get(name) for name in ("padding", "dilation")}
    return {
        name: value * kind.rank
        for name, value in lists.items()
        if isinstance(value, list) and len(value) == 1
    }


@st.composite
def _given(draw: st.DrawFn, kind: type[Layer]) -> dict[str, Field]:
    """The fields that are given a value."""
    given = {
        name: field
        for name, field in kind.fields.items()
        if field.infer is None
        and (field.is_required or _decides_structure(field) or draw(st.booleans()))
    }
    alternatives = [name for name, field in kind.fields.items() if _has_alternative(kind, field)]
    if alternatives and not draw(once_in(6)):
        chosen = draw(st.sampled_from(alternatives))
        given = {name: field for name, field in given.items() if name not in alternatives}
        given[chosen] = kind.fields[chosen]
    return given


def _decides_structure(field: Field) -> bool:
    """Whether it is a number of layers, which no formula can be."""
    counts = isinstance(field.type, Whole) and field.type.least == 1 and not field.type.symbolic
    return counts and field.name.startswith("num_")


def _has_alternative(kind: type[Layer], field: Field) -> bool:
    """Whether a null means that another field is given in its place."""
    return isinstance(field.type, Maybe) and field.type.null_means.split(" ")[-1] in kind.fields


def _value(field: Field, scope: Scope) -> st.SearchStrategy[Any]:
    return st.sampled_from((1, 1, 2)) if _decides_structure(field) else values(field.type, scope)


@st.composite
def inputs_of(draw: st.DrawFn, kind: type[Layer], unit: int) -> Inputs:
    """Inputs of a kind: the first at random, each further one like the one before it."""
    if kind.arity == (0, 0):
        return ()
    usual = [n for n in range(1, 6) if kind.ndims is None or n in kind.ndims]
    ndim = draw(st.integers(1, 6) if draw(once_in(12)) else st.sampled_from(usual))
    dtype = (kind.dtypes or ("float32",))[0]
    if kind.dtypes and draw(once_in(20)):
        dtype = "int64" if dtype == "float32" else "float32"
    shapes = [[draw(_size(kind, axis, ndim, unit)) for axis in range(ndim)]]
    count = 1
    if kind.joins:
        least, most = kind.arity
        usual_counts = SMALL if most is None else st.integers(least, most)
        count = draw(st.integers(1, 4) if draw(once_in(12)) else usual_counts)
    while len(shapes) < count:
        shapes.append(shapes[-1].copy())
        if draw(once_in(3)):
            axis = draw(st.integers(0, len(shapes[-1]) - 1))
            shapes[-1][axis] = draw(_size(kind, axis, ndim, unit) | st.just(1))
        if len(shapes[-1]) > 1 and draw(once_in(8)):
            del shapes[-1][0]
    dtypes = [dtype] * len(shapes)
    if len(shapes) > 1 and draw(once_in(12)):
        dtypes[-1] = "int32" if dtype == "int64" else "float64"
    return tuple(Tensor(tuple(shape), dtype) for shape, dtype in zip(shapes, dtypes))


@cache
def _size(kind: type[Layer], axis: int, ndim: int, unit: int) -> st.SearchStrategy[int]:
    """A size of the batch, of channels or features, or of another axis."""
    if axis == 0:
        return st.integers(1, 3)
    in_parts = ndim - 1 if "features" in kind.axes else 1
    if axis == in_parts:
        slip = st.sampled_from([0] * 7 + [1])
        return st.builds(lambda n, slip: unit * n + slip, st.sampled_from((1, 2, 3, 4, 8, 9)), slip)
    if "length" in kind.axes or kind.rank == 3:
        return st.integers(1, 6)
    return st.integers(1, 12) | st.integers(6, 12)


def _columns(fold: Any, inputs: Inputs) -> Inputs:
    """The patches of an image that is as large as the output of a Fold."""
    names = ("kernel_size", "dilation", "padding", "stride")
    unfold = KINDS["Unfold"](**{name: getattr(fold, name) for name in names})
    image = Tensor((*inputs[0].shape[:2], *fold.output_size))
    return (unfold.output(image),) if accepts(unfold, (image,)) else inputs


def _larger(layer: Layer, inputs: Inputs) -> Inputs:
    return tuple(x.with_spatial(size + 6 for size in x.spatial) for x in inputs)


def _with_rows(layer: Layer, inputs: Inputs) -> Inputs:
    """As many rows in the second matrix as the first has columns."""
    left, *others = inputs
    columns = left.shape[-1]
    return (left, *(x.with_size(-2, columns) if len(x.shape) > 1 else x for x in others))


def _with_one(squeeze: Any, inputs: Inputs) -> Inputs:
    return _along(squeeze.dim, inputs, 1)


def _with_multiple(unflatten: Any, inputs: Inputs) -> Inputs:
    sizes = unflatten.unflattened_size
    return _along(unflatten.dim, inputs, prod(size if size > 0 else 2 for size in sizes))


def _with_places(unpool: Any, inputs: Inputs) -> Inputs:
    """Values, and places of the same shape."""
    return (inputs[0], *(x._replace(dtype="int64") for x in inputs[1:]))


def _with_experts(layer: Any, inputs: Inputs) -> Inputs:
    """Tokens, as many places as they have but for the last dimension, and matrices for these."""
    tokens = inputs[0]
    if len(tokens.shape) < 2:
        return inputs
    count = max(2, tokens.shape[-2])
    return (
        tokens,
        Tensor(tokens.shape[:-1], "int64"),
        Tensor((count, 3, tokens.shape[-1]), tokens.dtype),
    )


def _with_states(layer: Any, inputs: Inputs) -> Inputs:
    """A sequence or a place of it, and states of the right sizes that it may start at."""
    x, *start = inputs
    if start and len(x.shape) == (2 if layer.kind.endswith("Cell") else 3):
        start = list(layer.outputs(x).values())[-len(layer.states) :][: len(start)]
    return (x, *start)


def _with_condition(where: Any, inputs: Inputs) -> Inputs:
    """A condition, and as many operands as are not given as numbers."""
    wanted = 3 - sum(number is not None for number in (where.input, where.other))
    condition = Tensor(inputs[0].shape, "bool")
    return (condition, *(inputs[1:] + inputs[:1] * 2)[: wanted - 1])


def _along(dim: int, inputs: Inputs, size: int) -> Inputs:
    """The input with a size along one dimension, if it has that."""
    (x,) = inputs
    n = len(x.shape)
    return (x.with_size(dim, size),) if -n <= dim < n else inputs


FITTED: dict[str, Callable[[Any, Inputs], Inputs]] = {
    "Fold": _columns,
    "FractionalMaxPool2d": _larger,
    "FractionalMaxPool3d": _larger,
    "MatMul": _with_rows,
    "Index": _with_places,
    "ExpertLinear": _with_experts,
    **dict.fromkeys(("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"), _with_states),
    **{f"MaxUnpool{rank}d": _with_places for rank in (1, 2, 3)},
    "Squeeze": _with_one,
    "Unflatten": _with_multiple,
    "Where": _with_condition,
}
"""Kinds that refuse most inputs of random sizes, and what makes inputs fit a layer."""


@st.composite
def _at_the_edge(draw: st.DrawFn, layer: Layer, inputs: Inputs) -> Inputs:
    """One size made as small as the layer takes it, or one smaller."""
    index = draw(st.integers(0, len(inputs) - 1))
    axis = draw(st.integers(0, len(inputs[index].shape) - 1))

    def with_size(size: int) -> Inputs:
        return (*inputs[:index], inputs[index].with_size(axis, size), *inputs[index + 1 :])

    size = inputs[index].shape[axis]
    while size > 1 and accepts(layer, with_size(size - 1)):
        size -= 1
    return with_size(size - 1 if size > 1 and draw(st.booleans()) else size)


@st.composite
def _stated(draw: st.DrawFn, field: Field, layer: Layer, x: Inputs) -> dict[str, Any]:
    """A size that follows from the input, or nearly so; nothing if the input has no such size."""
    assert field.infer is not None
    try:
        value = field.infer(layer, *x)
    except (IndexError, TypeError):
        return {}
    slip = draw(st.sampled_from((0, 0, 1)))
    if isinstance(value, tuple):
        return {field.name: [size + slip for size in value]}
    return {field.name: value + slip}


@st.composite
def _outside(draw: st.DrawFn, kind: type[Layer]) -> dict[str, Any]:
    """Seldom a value for a field that is just outside of what it takes."""
    values = {name: just_outside(field.type) for name, field in kind.fields.items()}
    known = sorted(name for name, value in values.items() if value is not None)
    if not known or not draw(once_in(12)):
        return {}
    name = draw(st.sampled_from(known))
    return {name: values[name]}
