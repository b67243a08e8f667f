"""How to make tensors fit that a join does not take together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from shapecalc.algebra.arithmetic import Dim, Shape
from shapecalc.layers import Tensor
from shapecalc.layers.convolution import TransposedConvolution
from shapecalc.layers.joining import Join
from shapecalc.layers.resampling.interpolation import Resampling
from shapecalc.layers.tensor import times

if TYPE_CHECKING:
    from shapecalc.graph.graph import Node, Wire

LONGEST = 24
"""How many layers before a join are looked at."""

MOST_TRIED = 64
"""How many ways to pad the outputs of transposed convolutions are tried."""


def how_to_join(
    nodes: Mapping[str, Node], join: Join, wires: Sequence[Wire], names: tuple[str, ...]
) -> tuple[str, ...]:
    """Hints for the first two tensors that differ; ``names`` are those of their dimensions."""
    first = wires[0]
    grown = getattr(join, join.grows) if join.grows else None
    for other in wires[1:]:
        a, b = first.tensor.shape, other.tensor.shape
        if len(a) != len(b) or not all(isinstance(size, int) for size in (*a, *b)):
            continue
        kept = None if grown is None else grown % len(a)
        differing = [
            axis for axis in range(1, len(a)) if axis != kept and _differ(join, a[axis], b[axis])
        ]
        if differing:
            return tuple(_hints(nodes, first, other, differing, names))
    return ()


def _differ(join: Join, a: Dim, b: Dim) -> bool:
    return a != b and not (join.stretches and 1 in (a, b))


def _hints(
    nodes: Mapping[str, Node], one: Wire, other: Wire, differing: list[int], names: tuple[str, ...]
) -> Iterator[str]:
    is_map = bool(names) and names[0] == "channels"
    if is_map and 1 in differing:
        yield from _convolved(one.tensor, other.tensor, differing)
        return
    spatial = [axis for axis in differing if axis > 1] if is_map else []
    if spatial:
        resized = _resized(nodes, one, other) or _resized(nodes, other, one)
        if resized:
            yield resized
            return
        stride = _stride(one.tensor.shape[2:], other.tensor.shape[2:])
        if stride:
            small, large = _in_order(one.tensor, other.tensor, spatial[0])
            axes = times(small.shape[axis] for axis in spatial)
            of = times(large.shape[axis] for axis in spatial)
            yield f"a stride of {stride}, or a pool, makes {axes} of {of}"
            return
    axis = differing[0]
    if differing == [len(names)] and names[-1] == "features":
        small, large = _in_order(one.tensor, other.tensor, axis)
        fewer, more = small.shape[axis], large.shape[axis]
        yield f"a Linear: {more} turns {fewer} features into {more}"
        return
    by = abs(one.tensor.shape[axis] - other.tensor.shape[axis])
    yield f"pad the smaller by {by}, or slice the larger"


def _in_order(a: Tensor, b: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    return (a, b) if _numbers(a.shape)[axis] <= _numbers(b.shape)[axis] else (b, a)


def _numbers(sizes: Shape) -> list[int]:
    """Sizes that are numbers, as those of tensors that hints are given for are."""
    return [size for size in sizes if isinstance(size, int)]


# -- channels, as of a residual block's shortcut ---------------------------------------------------


def _convolved(a: Tensor, b: Tensor, differing: list[int]) -> Iterator[str]:
    """The 1x1 convolution that makes one of the other, with the stride that it needs."""
    kind = f"Conv{len(a.shape) - 2}d"
    spatial = [axis for axis in differing if axis > 1]
    if not spatial:
        small, large = _in_order(a, b, 1)
        fewer, more = small.channels, large.channels
        yield f"a {kind} with kernel_size 1 turns {fewer} channels into {more}"
        return
    small, large = _in_order(a, b, spatial[0])
    fewer, more = large.channels, small.channels
    stride = _stride(small.spatial, large.spatial)
    if stride:
        yield f"a {kind} with kernel_size 1 and a stride of {stride} turns {large} into {small}"
        return
    yield f"a {kind} with kernel_size 1 turns {fewer} channels into {more}"
    missing = times(abs(n - m) for n, m in zip(small.spatial, large.spatial))
    yield f"then pad the smaller by {missing}, or slice the larger"


def _stride(a: Shape, b: Shape) -> int:
    """The stride that makes the smaller sizes of the larger, of a 1x1 window; 0 if none does."""
    strides = set()
    for n, m in zip(_numbers(a), _numbers(b)):
        small, large = sorted((n, m))
        stride = -(-large // small)
        if (large - 1) // stride + 1 != small:
            return 0
        strides.add(stride)
    return strides.pop() if len(strides) == 1 and strides != {1} else 0


# -- sizes that come back one short, as in an autoencoder ------------------------------------------


def _resized(nodes: Mapping[str, Node], short: Wire, wanted: Wire) -> str:
    """How the layers that enlarge one tensor would give it the spatial sizes of another."""
    if any(n > m for n, m in zip(_numbers(short.tensor.spatial), _numbers(wanted.tensor.spatial))):
        return ""
    chain = _chain(nodes, short)
    sizes = wanted.tensor.spatial
    ups = [node for node in chain if isinstance(node.layer, TransposedConvolution)]
    if ups:
        return _output_padding(chain, ups[-3:], sizes)
    for node in reversed(chain):
        if isinstance(node.layer, Resampling) and node.output.spatial == short.tensor.spatial:
            size = list(sizes) if len(set(sizes)) > 1 or len(sizes) == 1 else sizes[0]
            return f"{node.layer.kind} {node.path!r} with size: {size} makes {times(sizes)}"
    return ""


def _chain(nodes: Mapping[str, Node], wire: Wire) -> list[Node]:
    """The layers of one input each that lead to a tensor, the nearest last."""
    found: list[Node] = []
    path = wire.origin
    while len(found) < LONGEST and path in nodes:
        node = nodes[path]
        if len(node.inputs) != 1:
            break
        found.insert(0, node)
        path = node.sources[0].path
    return found


def _output_padding(chain: list[Node], ups: list[Node], sizes: Shape) -> str:
    """The least output_padding of transposed convolutions that leads to some sizes."""
    start = chain.index(ups[0])
    rank = len(sizes)
    choices = [_paddings(node.layer) for node in ups]
    for extra in sorted(islice(product(*choices), MOST_TRIED), key=sum):
        x = chain[start].inputs[0]
        reached = _run(chain[start:], dict(zip((id(node) for node in ups), extra)), x)
        if reached is not None and reached.spatial == sizes:
            said = [
                f"output_padding: {each} of {node.path!r}"
                for node, each in zip(ups, extra)
                if node.layer.__dict__["output_padding"] != (each,) * rank
            ]
            return f"{' and '.join(said)} makes {times(sizes)}" if said else ""
    return ""


def _paddings(layer: Any) -> list[int]:
    """What torch takes for output_padding, the same along every axis."""
    return list(range(max(min(map(max, zip(layer.stride, layer.dilation))), 1)))


def _run(nodes: list[Node], paddings: dict[int, int], x: Tensor) -> Tensor | None:
    """What a chain makes of a tensor with other paddings of its outputs; None if it does not."""
    for node in nodes:
        layer = node.layer
        if id(node) in paddings:
            settings = {name: value for name, value in vars(layer).items() if value is not None}
            layer = type(layer)(**{**settings, "output_padding": paddings[id(node)]})
        if not all(each.decide() is True for each in layer.requirements(x)):
            return None
        x = layer.bound(x).output(x)
    return x
