"""What was read as blocks is tried: it has to be the network that the code computes.

A block that stands for several uses, and an entry that stands for copies, are told from what the
uses have in common. Where what comes of it does not build, or has other layers than the code ran,
those that are to blame are left as they were read: a block for every use, an entry for every copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from shapecalc.graph.graph import Built, Node
from shapecalc.language.tree import Spec
from shapecalc.layers import Layer
from shapecalc.layers.linear import Identity
from shapecalc.reading.lower import Lowering
from shapecalc.reading.traced import Op

Trial = Callable[[Spec], Built]
"""Builds a spec for the values of its symbols; raises an error where that fails."""


def _is_moved(layer: Layer) -> bool:
    """Whether it is put in, put together or left over where a spec is written."""
    return isinstance(layer, Identity) or bool(layer.grows) or layer.is_state


class Trying:
    """The specs of one trace: with all that can be made one, and with less."""

    def __init__(self, lowered: Callable[[frozenset[Any]], tuple[Spec, Lowering]]) -> None:
        self.lowered = lowered
        self.trial: Trial | None = None
        self.found: tuple[Spec, Lowering] | None = None

    def first(self) -> Spec:
        """The spec in which all is one that can be."""
        self.found = self.lowered(frozenset())
        return self.found[0]

    def chosen(self, trial: Trial) -> Spec:
        """The spec that makes most one, of those that are right; the first if none is."""
        self.trial = trial
        assert self.found is not None
        first, lowering = self.found
        if self.fits(first, lowering):
            return first
        roles = list(dict.fromkeys([*(draft.role for draft in lowering.all_drafts), None]))
        if not self.is_right(roles):
            return first
        return self.lowered(frozenset(self.to_blame([], roles)))[0]

    def is_right(self, apart: Iterable[Any]) -> bool:
        """Whether it is where uses of some roles stay apart."""
        return self.fits(*self.lowered(frozenset(apart)))

    def fits(self, spec: Spec, lowering: Lowering) -> bool:
        """Whether a spec builds, and has the layers of the trace."""
        assert self.trial is not None
        try:
            built = self.trial(spec)
        except Exception:  # a spec with an argument missing, say, is refused where it is parsed
            return False
        return is_same(built, lowering)

    def to_blame(self, apart: list[Any], roles: list[Any]) -> list[Any]:
        """The roles that have to stay apart, of those that together are enough."""
        if len(roles) == 1:
            return roles
        half, rest = roles[: len(roles) // 2], roles[len(roles) // 2 :]
        for some in (half, rest):
            if self.is_right([*apart, *some]):
                return self.to_blame(apart, some)
        found = self.to_blame([*apart, *rest], half)
        return [*found, *self.to_blame([*apart, *found], rest)]


def is_same(built: Built, lowering: Lowering) -> bool:
    """Whether a network has the layers of a trace, in order, with what goes in and comes out."""
    ops = (op for op in lowering.ops if id(op) not in lowering.dead)
    ran = [_of_op(op) for op in ops if not _is_moved(op.layer)]
    has = [_of_node(node) for node in built.nodes.values() if not _is_moved(node.layer)]
    return ran == has


def _of_op(op: Op) -> Any:
    inputs = [value.shape for value in op.inputs]
    outputs = [value.shape for value in op.outputs.values()]
    return op.kind, inputs, outputs, _weights(op.layer, op.shared)


def _of_node(node: Node) -> Any:
    inputs = [tensor.shape for tensor in node.inputs]
    outputs = [tensor.shape for tensor in node.outputs.values()]
    return type(node.layer).__name__, inputs, outputs, _weights(node.layer, node.shared)


def _weights(layer: Layer, shared: Any) -> Any:
    """What a layer learns, and whether that is its own."""
    found = layer.weights()
    return found, bool(found) and shared is not None


__all__ = ["Trial", "Trying", "is_same"]
