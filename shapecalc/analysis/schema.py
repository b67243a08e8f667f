"""The report for programs as JSON Schema."""

from __future__ import annotations

from typing import Any

from shapecalc.analysis.measures import MEASURES, labels
from shapecalc.analysis.memory import OPTIMIZERS

VERSION = 1
"""Of the report's form: it counts up where what a program reads today changes its meaning."""

Schema = dict[str, Any]


def report_schema() -> Schema:
    """JSON Schema, draft 2020-12, of a report.

    >>> report_schema()["$id"]
    'urn:shapecalc:report:1'
    """
    amount = {"$ref": "#/$defs/amount"}
    shape = {"$ref": "#/$defs/shape"}
    text = {"type": "string"}
    counts = {name: {"description": each.doc, **amount} for name, each in MEASURES.items()}
    tensors = {"type": "object", "additionalProperties": shape}
    view = {key: {"type": "array"} for key in ("size", "stride", "padding")}
    layer = {
        "path": text,
        "kind": text,
        "inputs": _list(text),
        "input_shapes": _list(shape),
        "output_shape": shape,
        "weights": tensors,
        "buffers_of": tensors,
        **counts,
        "receptive_field": {"anyOf": [_object(view), {"type": "null"}]},
    }
    totals = {name: {"description": label, **amount} for name, label in labels().items()}
    convention = _object(
        {
            "name": text,
            "unit": text,
            "total": amount,
            "parts": {"type": "object", "additionalProperties": amount},
        },
        macs=amount,
    )
    time = {"description": "in seconds; a number, or a formula", "type": ["number", "string"]}
    own = dict.fromkeys(("weights", "live", "saved_for_backward"), amount)
    own_memory = _object(own, kv_cache=amount)
    memory = _object(
        {
            "weights": amount,
            "peak": amount,
            "peak_at": {"type": ["string", "null"]},
            "saved_for_backward": amount,
            "training": _object(dict.fromkeys(OPTIMIZERS, amount)),
        },
        saved_is_least={"const": True},
        kv_cache=amount,
    )
    named_input = _object({"name": text, "shape": shape, "dtype": text})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:shapecalc:report:{VERSION}",
        "title": "A report of shapecalc",
        **_object(
            {
                "name": text,
                "symbols": {"type": "object", "additionalProperties": amount},
                "inputs": _list(named_input),
                "layers": _list(
                    _object(
                        layer,
                        active_params=amount,
                        shares=text,
                        output_shapes=tensors,
                        memory=own_memory,
                        seconds_at_least=time,
                    )
                ),
                "outputs": _list(_object({"path": text, "shape": shape})),
                "totals": _object(
                    {"trainable": amount, **totals, "memory": memory},
                    active_params=amount,
                    convention=convention,
                    seconds_at_least=time,
                ),
                "constraints": _list(_object({"condition": text, "layers": _list(text)})),
                "warnings": _list(_object(dict.fromkeys(("code", "path", "message"), text))),
            }
        ),
        "$defs": {
            "amount": {
                "description": "a whole number, or a formula in Python's integer arithmetic",
                "type": ["integer", "string"],
            },
            "shape": {"description": "the batch first", "type": "array", "items": amount},
        },
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(properties: Schema, **more: Schema) -> Schema:
    """An object that has some properties, and may have others, which programs pass over."""
    return {
        "type": "object",
        "properties": properties | more,
        "required": list(properties),
    }
