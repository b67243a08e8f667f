"""What to do about a layer that does not take its input: hints that only the network can give.

A kind knows its rule, and what to say of it alone; where its input comes from, and what its
dimensions are, is known here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.arithmetic import prod
from shapecalc.algebra.requirement import Requirement
from shapecalc.graph.joins import how_to_join
from shapecalc.graph.layout import layout_of
from shapecalc.layers import KINDS, Layer, Tensor
from shapecalc.layers.joining import Axis
from shapecalc.layers.linear import Linear
from shapecalc.layers.normalisation import LayerNorm
from shapecalc.layers.pointwise import KeepsShape
from shapecalc.layers.tensor import times

if TYPE_CHECKING:
    from shapecalc.graph.graph import Node, Wire


class Told(NamedTuple):
    """What is wrong, what to do about it, and whether another input would help as well.

    It would not where a stated size stands elsewhere in the input: then that is the mistake.
    """

    problem: str
    hints: tuple[str, ...]
    is_of_input: bool = True


def told(
    nodes: Mapping[str, Node],
    inputs: Collection[str],
    layer: Layer,
    requirement: Requirement,
    wires: Sequence[Wire],
) -> Told:
    """What to tell of a requirement that does not hold; ``inputs`` are the network's."""
    axis = requirement.places.get("axis")
    if isinstance(axis, Axis):  # whose name depends on where the inputs come from
        names = next(filter(None, (layout_of(nodes, wire) for wire in wires)), ())
        problem = requirement.problem(axis=axis._replace(names=names))
        return Told(problem, how_to_join(nodes, requirement.places["join"], wires, names))
    problem, own = requirement.problem(), requirement.hint()
    if not wires:
        return Told(problem, (own,))
    first = wires[0]
    if first.origin in inputs:
        order = _other_order(first.tensor, tuple(layer.ndims or ()))
        if order:
            return Told(problem, (order,))
    if layer.ndims is not None and len(first.tensor.shape) not in layer.ndims:
        hint = _other_kind(layer, first.tensor) or _as_sequence(layer, first.tensor) or own
        return Told(problem, (hint,))
    field = layer.fields.get(requirement.field or "")
    if field is None or field.infer is None:
        return Told(problem, (own,))
    elsewhere = tuple(_elsewhere(nodes, layer, field.name, requirement.left, wires))
    if elsewhere:
        return Told(problem, elsewhere, is_of_input=False)
    skip = _missing_skip(nodes, requirement.left, first) if field.name == "in_channels" else ""
    return Told(problem, (skip, own))


# -- inputs ---------------------------------------------------------------------------------------


def _other_order(x: Tensor, ndims: tuple[int, ...]) -> str:
    """A hint where an input looks as if it had its batch in it, or its channels not in front."""
    sizes = [size for size in x.shape[1:] if isinstance(size, int)]
    if len(sizes) < len(x.shape) - 1:  # a symbol says nothing of what its dimension may be
        return ""
    is_image = len(sizes) == 3 and sizes[0] <= 4 and sizes[0] < min(sizes[1:])
    if ndims and len(sizes) == ndims[-1] and not is_image:
        return f"an input leaves the batch out: [{', '.join(map(str, sizes[1:]))}]"
    if ndims == (4,) and len(sizes) == 3 and sizes[2] in (1, 3) and min(sizes[:2]) > sizes[2]:
        height, width, channels = sizes
        return f"an image's channels come first: [{channels}, {height}, {width}]"
    if ndims == (4,) and len(sizes) == 2 and 4 * min(sizes) > max(sizes):
        return f"an image of one channel has it in its shape: [1, {sizes[0]}, {sizes[1]}]"
    return ""


def _other_kind(layer: Layer, x: Tensor) -> str:
    """The kind of the same family that takes an input of so many dimensions."""
    rank = len(x.shape) - 2
    if not layer.rank:
        return ""
    if layer.kind.endswith("d"):
        for each in (rank, 1, 2, 3):
            kind = KINDS.get(f"{layer.kind[:-2]}{each}d")
            if kind is not None and len(x.shape) in (kind.ndims or ()):
                return f"{kind.kind} takes it"
    return "an Unflatten before it makes channels and places of features" if rank == 0 else ""


def _as_sequence(layer: Layer, x: Tensor) -> str:
    """What makes a sequence of an input for a kind that takes no other."""
    if layer.ndims != (3,):
        return ""
    if len(x.shape) == 2:
        return f"a sequence has its length in front: an Unsqueeze: 1 makes 1 x {x.shape[1]}"
    if len(x.shape) < 4:
        return ""
    places = times(x.shape[2:])
    return (
        f"Flatten: 2 and Permute: [0, 2, 1] before it make a sequence of {places} places with "
        f"{x.shape[1]} features each"
    )


# -- sizes that are stated ------------------------------------------------------------------------


def _elsewhere(
    nodes: Mapping[str, Node], layer: Layer, name: str, stated: Any, wires: Sequence[Wire]
) -> Iterator[str]:
    """What to do where a stated size stands in another dimension, or in several together."""
    found = _read_at(layer, name, [wire.tensor for wire in wires])
    if found is None:
        return
    which, axis = found
    wire = wires[which]
    shape = wire.tensor.shape
    n = len(shape)
    names = layout_of(nodes, wire)
    is_map = n > 3 or (names is not None and names[0] == "channels")
    if isinstance(layer, Linear) and n > 2:
        for start in range(1, n - 1):
            if prod(shape[start:]) == stated:
                entry = "Flatten" if start == 1 else f"Flatten: {start}"
                yield f"a {entry} before it makes {times(shape[start:])} = {stated} of that"
                return
        if is_map and shape[1] == stated:
            pool = f"AdaptiveAvgPool{n - 2}d: 1"
            yield f"{pool} and a Flatten before it make {stated} of {wire.tensor}"
            return
        if is_map:
            size = prod(shape[1:])
            yield f"a Flatten before it makes {times(shape[1:])} = {size} features of that"
            return
    places = [at for at in range(1, n) if at != axis and shape[at] == stated]
    if len(places) == 1:
        yield _permuted(layer, wire.tensor, places[0], axis)


def _read_at(layer: Layer, name: str, tensors: Sequence[Tensor]) -> tuple[int, int] | None:
    """Which tensor, and which of its dimensions, an inferred field is read from."""
    probes = []
    for which, tensor in enumerate(tensors):
        sizes = (10_000 * (which + 1) + axis for axis in range(len(tensor.shape)))
        probes.append(tensor.with_shape(sizes))
    read = layer.fields[name].infer
    value = read(layer, *probes) if read is not None else None
    if isinstance(value, tuple):
        value = value[0] if len(value) == 1 else None
    for which, probe in enumerate(probes):
        if value in probe.shape:
            return which, probe.shape.index(value)
    return None


def _permuted(layer: Layer, x: Tensor, at: int, wanted: int) -> str:
    """A hint to move the dimension at one place to another, with what that makes of the shape."""
    dims = list(range(len(x.shape)))
    dims.insert(wanted, dims.pop(at))
    made = times(x.shape[axis] for axis in dims[1:])
    where = "last" if at == len(dims) - 1 else {1: "first", 2: "second"}.get(at, f"{at}th")
    hint = f"{x.shape[at]} is the {where} dimension: a Permute: {dims} before it makes {made}"
    if isinstance(layer, KeepsShape):
        back = [dims.index(axis) for axis in range(len(dims))]
        hint += f", and a Permute: {back} behind it turns it back"
    if isinstance(layer, LayerNorm) and at == 1:
        hint += "; GroupNorm: 1 normalises channels and places together"
    return hint


def _missing_skip(nodes: Mapping[str, Node], stated: Any, wire: Wire) -> str:
    """A layer of the way down whose channels, joined to these, would make the stated ones.

    It has the same resolution, and lies behind a change of resolution.
    """
    x = wire.tensor
    if not (isinstance(stated, int) and isinstance(x.channels, int)) or stated <= x.channels:
        return ""
    changed = False
    path = wire.origin
    for _ in range(len(nodes)):
        node = nodes.get(path)
        if node is None:
            break
        y = node.output
        if y.shape[2:] != x.shape[2:]:
            changed = True
        elif changed and y.shape[1] == stated - x.channels:
            return (
                f"a Concat with {path!r} before it would make "
                f"{x.channels} + {y.shape[1]} = {stated}"
            )
        path = node.sources[0].path
    return ""
