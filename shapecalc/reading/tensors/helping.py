"""What would help where a layer does not take what it is given, in the words of code.

A kind says what it requires, and advises in the words of a spec; here stands what a person would
change in the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from shapecalc.algebra.arithmetic import prod
from shapecalc.algebra.message import times
from shapecalc.algebra.requirement import Requirement
from shapecalc.layers import KINDS, Layer
from shapecalc.layers.joining import Axis
from shapecalc.reading.tensors.traced import Given, Op, TensorValue

_IN_CODE = {
    "a Permute turns a matrix over": "x.transpose(-2, -1) turns a matrix over",
    "a Flatten before it": "x.flatten(1) before it makes features of them",
    "an input of indices": "x.long() makes indices of whole numbers",
}
"""How a spec's advice, by its beginning, is said in code."""


def helped(layer: Layer, requirement: Requirement, inputs: Sequence[TensorValue]) -> str:
    """What would help; empty where nothing is known."""
    if not inputs:
        return requirement.hint()
    axis = requirement.places.get("axis")
    if isinstance(axis, Axis):
        return next(_joined(layer, inputs), "")
    found = next(_of_one(layer, requirement, inputs[0]), "")
    return found or _in_code(requirement.hint(), inputs[0])


def _in_code(advice: str, x: TensorValue) -> str:
    if advice.startswith("an input of indices") and isinstance(x.source, Given):
        return f"--input {','.join(map(str, x.shape[1:]))}:int64 gives indices"
    known = (said for start, said in _IN_CODE.items() if advice.startswith(start))
    return next(known, advice)


def _of_one(layer: Layer, requirement: Requirement, x: TensorValue) -> Iterator[str]:
    """What would help a layer with its first input."""
    if layer.ndims is not None and len(x.shape) not in layer.ndims:
        yield from _of_dimensions(layer, x)
    stated = layer.__dict__.get(requirement.field or "")
    if requirement.field == "in_features" and len(x.shape) > 2 and prod(x.shape[1:]) == stated:
        yield f"x.flatten(1) before it makes {stated} of {times(x.shape[1:])}"
    if requirement.field in ("in_channels", "num_features") and len(x.shape) > 2:
        dims = [n for n, size in enumerate(x.shape) if n > 1 and size == stated]
        if dims:
            yield (
                f"{stated} is dimension {dims[-1]} of its input, and dimension 1 is the "
                f"channels: x.transpose(1, {dims[-1]}) exchanges the two"
            )
    if requirement.field == "normalized_shape" and len(x.shape) > 2 and stated == (x.shape[1],):
        yield (
            f"{stated[0]} are the channels, and LayerNorm takes the last dimensions: "
            f"nn.GroupNorm(1, {stated[0]}) normalises over channels"
        )
    if isinstance(stated, int) and 2 * stated in (requirement.left, requirement.right):
        yield from _of_two_directions(x, stated)


def _of_dimensions(layer: Layer, x: TensorValue) -> Iterator[str]:
    """What would help where another number of dimensions comes in."""
    ndims = sorted(layer.ndims or ())
    if len(x.shape) == ndims[0] - 1 and layer.__dict__.get("in_channels") == 1:
        yield "x.unsqueeze(1) gives it the dimension of its one channel"
    for axes in (1, 2, 3) if layer.kind.endswith("d") else ():
        kind = KINDS.get(f"{layer.kind[:-2]}{axes}d")
        if kind is not None and len(x.shape) in (kind.ndims or ()):
            yield f"nn.{kind.kind} takes it"


def _of_two_directions(x: TensorValue, stated: int) -> Iterator[str]:
    """A recurrent layer that goes both ways, where the features of one are expected."""
    source: Any = x.source
    while isinstance(source, Op) and source.inputs and not source.layer.states:
        source = source.inputs[0].source if len(source.inputs) == 1 else None
    if isinstance(source, Op) and source.layer.__dict__.get("bidirectional"):
        yield f"the {source.kind} goes both ways, and gives the {stated} features of each"


def _joined(layer: Layer, inputs: Sequence[TensorValue]) -> Iterator[str]:
    """What would help tensors that are put together and differ in a dimension."""
    first, *rest = inputs
    other = next((each for each in rest if tuple(each.shape) != tuple(first.shape)), None)
    if other is None or len(first.shape) != len(other.shape):
        return
    for ours, theirs in ((first, other), (other, first)):
        if theirs.stored is not None and theirs.shape[1] > ours.shape[1] and len(ours.shape) < 4:
            yield f"[:, :{ours.shape[1]}] of the {theirs.shape[1]} that are kept takes those needed"
        if len(ours.shape) == 4 and layer.kind == "Add" and ours.shape[1] != theirs.shape[1]:
            yield from _projected(ours.shape, theirs.shape)
    if len(first.shape) == 4 and first.shape[2:] != other.shape[2:]:
        yield "F.interpolate(x, size=y.shape[2:]) brings one to the height and width of the other"


def _projected(wanted: Any, given: Any) -> Iterator[str]:
    """A convolution that makes the shape of one branch of another, as shortcuts have one."""
    ratios = {given[n] // wanted[n] for n in (2, 3) if wanted[n] and given[n] % wanted[n] == 0}
    if len(ratios) == 1 and given[2] * wanted[3] == wanted[2] * given[3]:
        (stride,) = ratios
        if stride >= 1:
            more = f", stride={stride}" if stride > 1 else ""
            made = times(wanted[1:])
            yield f"nn.Conv2d({given[1]}, {wanted[1]}, 1{more}) makes {made} of the other"
