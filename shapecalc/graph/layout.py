"""What the dimensions of a tensor are, told by where it comes from.

A shape alone does not say: 10 x 512 is ten channels of a signal, or ten steps of 512 features. A
convolution puts out channels first, a recurrent layer features last; what keeps its input's shape
keeps its dimensions. Errors ask, so that they name what is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from shapecalc.layers import Layer, Tensor
from shapecalc.layers.axes import behind_batch
from shapecalc.layers.joining import Join
from shapecalc.layers.linear import Linear
from shapecalc.layers.pointwise import KeepsShape
from shapecalc.layers.reshaping import Permute

if TYPE_CHECKING:
    from shapecalc.graph.graph import Node, Source, Wire

Names = tuple[str, ...]

SEQUENCE: Names = ("length", "features")
"""The dimensions of a sequence behind the batch."""

FARTHEST = 1000
"""How many layers are asked where a tensor comes from."""


def layout_of(nodes: Mapping[str, Node], wire: Wire) -> Names | None:
    """What the dimensions behind the batch of a wire's tensor are; None where nothing tells."""
    return layout(nodes, wire.source, wire.tensor)


def layout(
    nodes: Mapping[str, Node], source: Source, tensor: Tensor, farthest: int = FARTHEST
) -> Names | None:
    """What the dimensions behind the batch of a tensor from somewhere are.

    None where none of the ``farthest`` layers before it tells.
    """
    order = list(range(len(tensor.shape)))
    stack: list[tuple[Source, Tensor, list[int]]] = [(source, tensor, order)]
    seen: set[str] = set()
    while stack and len(seen) < farthest:
        source, tensor, order = stack.pop()
        if source.path in seen:
            continue
        seen.add(source.path)
        node = nodes.get(source.path)
        names = _of_input(tensor) if node is None else _of_output(node.layer, tensor)
        if names is not None:
            return tuple(("batch", *names)[axis] for axis in order if axis)
        if node is None:
            continue
        if isinstance(node.layer, Permute):
            order = [node.layer.dims[axis] for axis in order]
        elif not isinstance(node.layer, (KeepsShape, Join)):
            continue
        for each, x in reversed([*zip(node.sources, node.inputs)]):
            if len(x.shape) == len(order):
                stack.append((each, x, order))
    return None


def _of_output(layer: Layer, y: Tensor) -> Names | None:
    """What a layer's own nature says of the dimensions that it puts out."""
    n = len(y.shape) - 1
    if n == 1:
        return ("features",)
    if layer.rank and n == layer.rank + 1 and not (n == 2 and isinstance(layer, KeepsShape)):
        return behind_batch(layer.rank + 2)
    if isinstance(layer, Linear):
        return SEQUENCE if n == 2 else None
    if layer.axes and n - len(layer.axes) in (0, 1):
        return (*layer.axes, "features")[:n]
    return None


def _of_input(x: Tensor) -> Names | None:
    """What an input of the network looks like: few channels before large sides, as images have."""
    rank = len(x.shape) - 2
    sizes = [size for size in x.shape[1:] if isinstance(size, int)]
    if rank == 0:
        return ("features",)
    if rank not in (2, 3):
        return None
    if len(sizes) <= rank:  # where sides are formulas, channels come first by custom
        return behind_batch(rank + 2)
    few, *sides = sizes
    return behind_batch(rank + 2) if few <= 4 and few < min(sides) else None
