"""Which tensors go into the calls of a trace, and which come out of them."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

from shapecalc.reading.traced import Call, Op, TensorValue

Wire = tuple[Any, str]
"""An operation, or an input of the network, and which of its outputs."""


def wire_of(value: TensorValue) -> Wire:
    """Where a tensor comes from."""
    return (value.source, value.output)


class Flow:
    """Which tensors go into every call, and which come out of it; dead operations use none."""

    def __init__(
        self,
        root: Call,
        ops: Iterable[Op],
        results: Iterable[TensorValue],
        dead: Container[int],
    ) -> None:
        self.inside: dict[int, list[Wire]] = {}
        self.outside: dict[int, list[Wire]] = {}
        self.shapes: dict[Wire, tuple[Any, ...]] = {}
        self.chains: dict[int, list[Call]] = {}
        self.root = root
        for op in ops:
            if id(op) in dead:
                continue
            for value in op.inputs:
                self.shapes.setdefault(wire_of(value), value.shape)
                self.use(wire_of(value), op.call)
        for value in results:
            self.use(wire_of(value), root)

    def chain(self, call: Call) -> list[Call]:
        """A call and those around it, the innermost first."""
        found = self.chains.get(id(call))
        if found is None:
            found = []
            each: Call | None = call
            while each is not None:
                found.append(each)
                each = each.parent
            self.chains[id(call)] = found
        return found

    def use(self, wire: Wire, user: Call) -> None:
        """Note that a tensor is used in a call."""
        source = wire[0]
        using = self.chain(user)
        making = self.chain(source.call) if isinstance(source, Op) else [self.root]
        around = {id(call) for call in making}
        for call in using:
            if id(call) in around:
                break
            into = self.inside.setdefault(id(call), [])
            if wire not in into:
                into.append(wire)
        around = {id(call) for call in using}
        for call in making:
            if id(call) in around:
                break
            out = self.outside.setdefault(id(call), [])
            if wire not in out:
                out.append(wire)


def operations(call: Call) -> Iterable[Op]:
    """All operations inside a call, in order."""
    for item in call.items:
        if isinstance(item, Op):
            yield item
        else:
            yield from operations(item)
