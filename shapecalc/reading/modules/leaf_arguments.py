"""What a layer of the catalogue is called with: arguments by the names that torch has for them."""

from __future__ import annotations

from functools import cache
from inspect import Parameter, Signature
from typing import Any

from shapecalc.algebra.message import times
from shapecalc.language.problem import listing
from shapecalc.layers import Layer
from shapecalc.reading.evaluator.values import Unknown
from shapecalc.reading.functions.base import numbers
from shapecalc.reading.tensors.traced import TensorValue


def taken(rt: Any, kind: type[Layer], args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a layer's call by name, Python's error where they are not torch's."""
    if not kwargs and len(args) == len(kind.takes):
        given = dict(zip(kind.takes, args))
    else:
        try:
            given = _signature(kind.takes, kind.takes_also).bind(*args, **kwargs).arguments
        except TypeError as wrong:
            names = listing((*kind.takes, *kind.takes_also))
            raise rt.error(
                "TypeError", f"{kind.kind}.forward(): {wrong}", f"it takes {names}"
            ) from None
    for each in given.values():
        if isinstance(each, Unknown):
            raise rt.not_known(each)
    return given


@cache
def _signature(takes: tuple[str, ...], takes_also: tuple[str, ...]) -> Signature:
    plain = Parameter.POSITIONAL_OR_KEYWORD
    more = [Parameter(name, plain, default=None) for name in takes_also]
    return Signature([*(Parameter(name, plain) for name in takes), *more])


def sized(
    rt: Any, layer: Any, given: dict[str, Any], x: TensorValue, output_size: Any
) -> dict[str, Any]:
    """The settings with which a layer that runs sizes backwards puts out those that are asked for.

    A stride leaves several open. torch takes them with or without batch and channels.
    """
    wanted = numbers(rt, [output_size])
    if len(wanted) == layer.rank + 2:
        wanted = wanted[2:]
    if len(wanted) != layer.rank:
        raise rt.error(
            "ValueError",
            f"{layer.kind}: output_size must have {layer.rank} or {layer.rank + 2} elements "
            f"(got {len(wanted)})",
        )
    if "output_padding" in layer.fields:
        return _padded(rt, layer, given, x, wanted)
    own = layer.output(x.tensor, x.tensor).spatial
    if list(own) != wanted:
        raise rt.cannot(
            f"a {layer.kind} that makes {times(wanted)} of {times(x.shape[2:])}, and not "
            f"{times(own)}, is not in the catalogue"
        )
    return given


def _padded(
    rt: Any, layer: Any, given: dict[str, Any], x: TensorValue, wanted: list[Any]
) -> dict[str, Any]:
    """The settings of a transposed convolution whose output is padded up to a size."""
    bare = rt.layer(layer.kind, {**given, "output_padding": 0})
    least = bare.bound(x.tensor).output(x.tensor).spatial
    more = [size - own for size, own in zip(wanted, least)]
    if not all(0 <= each < stride for each, stride in zip(more, bare.stride)):
        most = [own + stride - 1 for own, stride in zip(least, bare.stride)]
        raise rt.error(
            "ValueError",
            f"requested an output size of {times(wanted)}, but valid sizes range from "
            f"{times(least)} to {times(most)} (for an input of {times(x.shape[2:])})",
        )
    return {**given, "output_padding": more}
