"""What follows for a layer from its inputs, found once for all places where it is the same."""

from __future__ import annotations

from shapecalc.algebra.arithmetic import is_symbolic
from shapecalc.algebra.requirement import Condition
from shapecalc.layers import Layer, Tensor


class Following:
    """What follows for a layer from its inputs: itself with all fields, its outputs, its needs."""

    __slots__ = ("inputs", "layer", "needs", "outputs")

    def __init__(
        self,
        inputs: tuple[Tensor, ...],
        layer: Layer,
        outputs: dict[str, Tensor],
        needs: tuple[Condition, ...],
    ) -> None:
        self.inputs = inputs
        self.layer = layer
        self.outputs = outputs
        self.needs = needs


class Known:
    """What has followed for a layer from its inputs, which are mostly those of the last time."""

    __slots__ = ("all", "last", "made")

    def __init__(self, made: Layer, first: Following) -> None:
        self.made = made
        self.last = first
        self.all: dict[tuple[Tensor, ...], Following] | None = None  # few layers have several

    def of(self, inputs: tuple[Tensor, ...]) -> Following | None:
        """What follows from these inputs, if it is known."""
        if _are_alike(inputs, self.last.inputs):
            return self.last
        found = self.all and self.all.get(inputs)
        if not found or not _are_alike(inputs, found.inputs):
            return None
        self.last = found
        return found

    def add(self, found: Following) -> None:
        """Remember what follows from other inputs."""
        if self.all is None:
            self.all = {self.last.inputs: self.last}
        self.all[found.inputs] = self.last = found


def _are_alike(inputs: tuple[Tensor, ...], known: tuple[Tensor, ...]) -> bool:
    """Whether the inputs are the known ones, in numbers and formulas without a derivation."""
    if inputs != known:
        return False
    for tensor, other in zip(inputs, known):  # written out: it is asked of every copy of a layer
        if tensor is other:
            continue
        for n, m in zip(tensor.shape, other.shape):
            if type(n) is int:
                continue
            if not (is_symbolic(n) and is_symbolic(m)) or n.is_whole != m.is_whole:
                return False
    return True
