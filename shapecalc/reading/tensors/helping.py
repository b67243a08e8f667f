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

_INDICES = "an input of indices is declared as {{shape: [...], dtype: {dtype}}}"

IN_CODE = {
    _INDICES: "x.long() makes indices of whole numbers",
    "leave {field} out to have it inferred": "",
    "a Flatten before it makes features of them": "x.flatten(1) before it makes features of them",
    "its only dimension is the first: a Flatten that keeps the batch has start_dim: 1": (
        "its only dimension is the first: x.flatten(1) keeps the batch"
    ),
    "a Permute turns a matrix over": "x.transpose(-2, -1) turns a matrix over",
    "a To before it makes floats of them": "x.float() makes floats of them",
    "a To before it makes numbers of them": "x.long() makes numbers of them",
    "an Embedding turns indices into numbers": (
        "nn.Embedding turns indices into numbers, and x.float() whole numbers into floats"
    ),
    "an input is declared with the type that it is converted to": "x.to(...) gives it another type",
    "an Arange or a Buffer of type int64 holds places": "torch.arange gives places",
    "a comparison, such as Gt: 0, makes one": "a comparison, such as x > 0, makes one",
    "a max pool's are its output 'indices'": "return_indices=True has a max pool give them",
    "each is a tensor, by 'from' or 'branches', or a number": "each is a tensor or a number",
    "each operand is a tensor, by 'from', or a number": "each operand is a tensor or a number",
    "a Slice or a Select takes the one that is needed": "an index takes the one that is needed",
}
"""How what a kind advises in the words of a spec is said in code."""


def helped(layer: Layer, requirement: Requirement, inputs: Sequence[TensorValue]) -> str:
    """What would help; empty where nothing is known."""
    if not inputs:
        return requirement.hint()
    axis = requirement.places.get("axis")
    if isinstance(axis, Axis):
        return next(_joined(layer, inputs), "")
    found = next(_of_one(layer, requirement, inputs[0]), "")
    return found or _in_code(requirement, inputs[0])


def _in_code(requirement: Requirement, x: TensorValue) -> str:
    if requirement.advises == _INDICES and isinstance(x.source, Given):
        return f"--input {','.join(map(str, x.shape[1:]))}:int64 gives indices"
    said = IN_CODE.get(requirement.advises)
    return requirement.hint() if said is None else said


def _of_one(layer: Layer, requirement: Requirement, x: TensorValue) -> Iterator[str]:
    """What would help a layer with its first input."""
    if layer.ndims is not None and len(x.shape) not in layer.ndims:
        yield from _of_dimensions(layer, x)
    stated = layer.__dict__.get(requirement.field or "")
    if requirement.field == "in_features":
        yield from _of_features(x, stated)
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


def _of_features(x: TensorValue, stated: Any) -> Iterator[str]:
    """What would make features of a map for a layer that takes the last dimension alone."""
    n = len(x.shape)
    for start in range(1, n - 1):
        if prod(x.shape[start:]) == stated:
            yield f"x.flatten({start}) before it makes {stated} of {times(x.shape[start:])}"
    if n > 3 and x.shape[1] == stated:
        pool = f"F.adaptive_avg_pool{n - 2}d(x, 1).flatten(1)"
        yield f"{pool} before it makes {stated} of {times(x.shape[1:])}"
    if n > 3:
        made, shape = prod(x.shape[1:]), times(x.shape[1:])
        yield f"x.flatten(1) before it makes {made} of {shape}, not {stated}"


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
