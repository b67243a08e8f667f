"""Operations moved to where a reader would look for them, before blocks are made."""

from __future__ import annotations

from shapecalc.reading.lowering.flow import Wire, operations, wire_of
from shapecalc.reading.tensors.traced import Call, Op


def hoist(call: Call) -> None:
    """Put what joins a list of tensors that a module is given in front of its call.

    So a module that takes what all modules before it have put out takes one tensor.
    """
    at = 0
    while at < len(call.items):
        item = call.items[at]
        if isinstance(item, Call):
            hoist(item)
            first = item.items[0] if item.items else None
            if isinstance(first, Op) and joins_all(item, first):
                del item.items[0]
                first.call = call
                call.items.insert(at, first)
                at += 1
        at += 1


def localise(root: Call) -> None:
    """Make constants anew in each call that uses them, so that no block has to be given them."""
    copies: dict[tuple[int, int], Op] = {}
    for op in [*operations(root)]:
        for value in op.inputs:
            made = value.source
            if not isinstance(made, Op) or made.call is op.call or not is_constant(made):
                continue
            own = copies.get((id(op.call), id(made)))
            if own is None:
                own = copies[id(op.call), id(made)] = Op(
                    made.kind, made.layer, made.settings, op.call
                )
                own.outputs, own.place = made.outputs, made.place
                op.call.items.insert(op.call.items.index(op), own)
            value.source = own


def is_constant(op: Op) -> bool:
    """Whether an operation makes a tensor of nothing, which nobody learns or keeps."""
    return not op.inputs and not op.weights and not op.layer.is_state


def joins_all(call: Call, op: Op) -> bool:
    """Whether an operation joins a list that a module is given, and nothing else takes of it."""
    names: dict[str, list[Wire]] = {}
    for name, value in call.given:
        names.setdefault(name, []).append(wire_of(value))
    wires = [wire_of(value) for value in op.inputs]
    if not op.layer.grows or len(names) != 1 or wires != next(iter(names.values())):
        return False
    return not any(
        wire_of(value) in wires
        for other in operations(call)
        if other is not op
        for value in other.inputs
    )
