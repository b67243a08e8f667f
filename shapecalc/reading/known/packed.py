"""Sequences of several lengths: packed ones, read as if all had the full one, and padded ones."""

from __future__ import annotations

from typing import Any

from shapecalc.reading.evaluator.classes import OBJECT
from shapecalc.reading.evaluator.values import Class, Instance
from shapecalc.reading.functions import OPERATIONS
from shapecalc.reading.functions.base import tensor
from shapecalc.reading.known.base import NAMES
from shapecalc.reading.tensors.traced import TensorValue

KNOWN = NAMES.part(__name__)
known = KNOWN.function

PACKED = Class("PackedSequence", (OBJECT,))


def packed(x: TensorValue, batch_first: bool) -> Instance:
    """A packed sequence of a padded one."""
    found = Instance(PACKED)
    found.attributes.update({"data": x, "batch_first": batch_first})
    return found


def padded(rt: Any, value: Instance, batch_first: bool) -> TensorValue:
    """The padded sequence of a packed one, with the batch first or second."""
    found: TensorValue = value.attributes["data"]
    if value.attributes["batch_first"] == batch_first:
        return found
    turned: TensorValue = rt.put("Transpose", [found], {"dim0": 0, "dim1": 1})
    return turned


@known("nn.utils.rnn.pack_padded_sequence")
def _pack(rt: Any, input: Any, lengths: Any, batch_first: Any = False, *more: Any, **k: Any) -> Any:
    return packed(input, rt.truth(batch_first))


@known("nn.utils.rnn.pad_packed_sequence")
def _pad(rt: Any, sequence: Any, batch_first: Any = False, *more: Any, **kwargs: Any) -> Any:
    if not (isinstance(sequence, Instance) and sequence.cls is PACKED):
        raise rt.error("TypeError", "pad_packed_sequence takes a PackedSequence")
    found = padded(rt, sequence, rt.truth(batch_first))
    batch = found.shape[0 if rt.truth(batch_first) else 1]
    return found, TensorValue((batch,), "int64")


@known("nn.utils.rnn.pad_sequence")
def _pad_sequence(
    rt: Any, sequences: Any, batch_first: Any = False, *more: Any, **kwargs: Any
) -> Any:
    found = [tensor(rt, each, "each of the sequences") for each in rt.iterate(sequences)]
    longest = max((each.shape[0] for each in found), default=0)
    padded = [
        each
        if each.shape[0] == longest
        else OPERATIONS["nn.functional.pad"].run(
            rt, each, [0, 0] * (len(each.shape) - 1) + [0, longest - each.shape[0]]
        )
        for each in found
    ]
    return OPERATIONS["torch.stack"].run(rt, padded, 0 if rt.truth(batch_first) else 1)
