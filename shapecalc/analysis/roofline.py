"""A bound on time: no layer is faster than its work on a device, nor than moving its tensors.

Williams, Waterman and Patterson, "Roofline: an insightful visual performance model for multicore
architectures" (2009). Every tensor is read or written once, which caches can undercut between
layers, and fused kernels do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.arithmetic import Dim, is_symbolic, prod, total
from shapecalc.analysis.measures import MEASURES, width
from shapecalc.analysis.peaks import exceeds

if TYPE_CHECKING:
    from shapecalc.analysis.layer import LayerReport


class Device(NamedTuple):
    """What a device does in a second at most: operations, and bytes from and to its memory."""

    flops: Fraction
    bandwidth: Fraction


def moved(layer: LayerReport) -> Dim:
    """The bytes that a layer reads and writes: inputs, outputs, weights; of a view, none.

    Of a mixture of experts it reads at least those that one token chose.
    """
    if not layer.node.layer.writes:
        return 0
    tensors = [*layer.node.inputs, *layer.node.made.values()]
    sizes = [width(tensor.dtype, layer.dtype) * prod(tensor.shape) for tensor in tensors]
    weights = MEASURES["params"].bytes
    idle = [
        width(layer.node.inputs[place].dtype, layer.dtype) * count
        for place, count in layer.node.layer.passed_by(*layer.node.inputs).items()
    ]
    return total([*sizes, weights.of(layer) if weights else 0]) - total(idle)


def work(layer: LayerReport) -> Any:
    """All operations of a layer, those on single elements too."""
    return layer.flops + layer.elementwise


class Intensity(NamedTuple):
    """Arithmetic intensity: operations for every byte that is moved.

    >>> import shapecalc
    >>> intensity(shapecalc.load("vgg16").report().layers).told()
    '39.55'
    """

    work: Any
    moved: Any

    def told(self, write: Callable[[Any], str] = str) -> str:
        """The ratio in two digits, or as a formula; a dash where nothing is moved."""
        if is_symbolic(self.work) or is_symbolic(self.moved):
            return f"({write(self.work)})/({write(self.moved)})"
        return f"{self.work / self.moved:.2f}" if self.moved else "-"


def intensity(layers: Iterable[LayerReport]) -> Intensity:
    """The arithmetic intensity of layers together."""
    layers = list(layers)
    return Intensity(total(list(map(work, layers))), total(list(map(moved, layers))))


class Bound(NamedTuple):
    """The least time of layers that run one after the other, in closed form.

    ``work`` are the operations of layers that their work bounds, ``moved`` the bytes of those that
    moving bounds, and ``open`` counts the layers with both where the symbols decide which it is.
    """

    device: Device
    work: Any
    moved: Any
    open: Mapping[tuple[Any, Any], int]

    @property
    def seconds(self) -> Fraction | None:
        """The time as a number; None where sizes are formulas."""
        if self.open or is_symbolic(self.work) or is_symbolic(self.moved):
            return None
        work, carried = Fraction(self.work), Fraction(self.moved)
        return work / self.device.flops + carried / self.device.bandwidth

    @property
    def by(self) -> str:
        """What bounds it: ``compute``, ``memory``, or both in turn; empty where there is nothing.

        Where the symbols decide, either may.
        """
        sides = {"compute": self.work, "memory": self.moved}
        found = [side for side, amount in sides.items() if is_symbolic(amount) or amount]
        return " or ".join(sides) if self.open else " and ".join(found)

    @property
    def formula(self) -> str:
        """The time in seconds as a formula that Python can evaluate."""
        rates = self.device.flops, self.device.bandwidth
        found = [_over(self.work, rates[0]), _over(self.moved, rates[1])]
        for pair, count in self.open.items():
            either = f"max({', '.join(map(_over, pair, rates))})"
            found.append(either if count == 1 else f"{count}*{either}")
        return " + ".join(filter(None, found)) or "0"

    @property
    def told(self) -> float | str:
        """The seconds for programs: a number, or the formula."""
        return self.formula if self.seconds is None else float(self.seconds)


def bound(
    layers: Iterable[LayerReport], device: Device, least: Mapping[str, int] | None = None
) -> Bound:
    """The least time of layers one after the other; ``least`` are the least values of symbols.

    >>> import shapecalc
    >>> report = shapecalc.load("vgg16").report(symbolic=["B"])
    >>> device = Device(Fraction(10**13), Fraction(10**11))
    >>> bound([report["group1.convrelu1.0.conv1"]], device).formula
    '(13447168*B + 7168)/100000000000'
    """
    done: list[Any] = []
    carried: list[Any] = []
    unsettled: Counter[tuple[Any, Any]] = Counter()
    for layer in layers:
        flops, size = work(layer), moved(layer)
        a, b = _scaled(flops, size, device)
        if exceeds(a, b, least):
            done.append(flops)
        elif exceeds(b, a, least):
            carried.append(size)
        else:
            unsettled[flops, size] += 1
    return Bound(device, total(done), total(carried), unsettled)


def _scaled(flops: Any, size: Any, device: Device) -> tuple[Any, Any]:
    """Both times in one unit in which they are whole."""
    ratio = device.bandwidth / device.flops
    return flops * ratio.numerator, size * ratio.denominator


def _over(amount: Any, rate: Fraction) -> str:
    """An amount at a rate, as text; empty for none."""
    if not is_symbolic(amount) and amount == 0:
        return ""
    text = f"({amount})" if is_symbolic(amount) else str(amount)
    return f"{text}/{rate if rate.denominator == 1 else f'({rate})'}"
