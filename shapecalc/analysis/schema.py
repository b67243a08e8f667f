"""The report for programs as JSON Schema."""

from __future__ import annotations

from typing import Any

from shapecalc.analysis.measures import MEASURES, labels
from shapecalc.analysis.memory import OPTIMIZERS

VERSION = 1
"""Of the report's form: it counts up where what a program reads today changes its meaning."""

Schema = dict[str, Any]

_AMOUNT = {"$ref": "#/$defs/amount"}
_SHAPE = {"$ref": "#/$defs/shape"}
_TEXT = {"type": "string"}
_TENSORS = {"type": "object", "additionalProperties": _SHAPE}
_TIME = {"description": "in seconds; a number, or a formula", "type": ["number", "string"]}


def report_schema() -> Schema:
    """JSON Schema, draft 2020-12, of a report.

    >>> report_schema()["$id"]
    'urn:shapecalc:report:1'
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:shapecalc:report:{VERSION}",
        "title": "A report of shapecalc",
        **_object(
            {
                "name": _TEXT,
                "symbols": {"type": "object", "additionalProperties": _AMOUNT},
                "inputs": _list(_object({"name": _TEXT, "shape": _SHAPE, "dtype": _TEXT})),
                "layers": _list(_layer()),
                "outputs": _list(_object({"path": _TEXT, "shape": _SHAPE})),
                "totals": _totals(),
                "constraints": _list(_object({"condition": _TEXT, "layers": _list(_TEXT)})),
                "warnings": _list(_object(dict.fromkeys(("code", "path", "message"), _TEXT))),
            }
        ),
        "$defs": {
            "amount": {
                "description": "a whole number, or a formula in Python's integer arithmetic",
                "type": ["integer", "string"],
            },
            "shape": {"description": "the batch first", "type": "array", "items": _AMOUNT},
        },
    }


def _layer() -> Schema:
    """What is told of a layer."""
    view = {key: {"type": "array"} for key in ("size", "stride", "padding")}
    own = dict.fromkeys(("weights", "live", "saved_for_backward"), _AMOUNT)
    return _object(
        {
            "path": _TEXT,
            "kind": _TEXT,
            "inputs": _list(_TEXT),
            "input_shapes": _list(_SHAPE),
            "output_shape": _SHAPE,
            "weights": _TENSORS,
            "buffers_of": _TENSORS,
            **{name: {"description": each.doc, **_AMOUNT} for name, each in MEASURES.items()},
            "receptive_field": {"anyOf": [_object(view), {"type": "null"}]},
        },
        active_params=_AMOUNT,
        shares=_TEXT,
        output_shapes=_TENSORS,
        memory=_object(own, kv_cache=_AMOUNT),
        seconds_at_least=_TIME,
    )


def _totals() -> Schema:
    """What is told of the whole network."""
    counts = {name: {"description": label, **_AMOUNT} for name, label in labels().items()}
    parts = {"type": "object", "additionalProperties": _AMOUNT}
    told = {"name": _TEXT, "unit": _TEXT, "total": _AMOUNT, "parts": parts}
    return _object(
        {"trainable": _AMOUNT, **counts, "memory": _memory()},
        active_params=_AMOUNT,
        convention=_object(told, macs=_AMOUNT),
        seconds_at_least=_TIME,
    )


def _memory() -> Schema:
    """What is told of the memory that passes through the network hold."""
    return _object(
        {
            "weights": _AMOUNT,
            "peak": _AMOUNT,
            "peak_at": {"type": ["string", "null"]},
            "saved_for_backward": _AMOUNT,
            "training": _object(dict.fromkeys(OPTIMIZERS, _AMOUNT)),
        },
        saved_is_least={"const": True},
        kv_cache=_AMOUNT,
    )


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(properties: Schema, **more: Schema) -> Schema:
    """An object that has some properties, and may have others, which programs pass over."""
    return {
        "type": "object",
        "properties": properties | more,
        "required": list(properties),
    }
