"""The spec language as JSON Schema, for editors: made from the declarations of kinds and fields.

A schema sees one value at a time. What hangs on another place of the spec, such as the names of
blocks, entries and symbols, is left to reading the spec; so wherever there are ``blocks``, a kind
that is not in the catalogue may be one of them.
"""

from __future__ import annotations

import inspect
import keyword
from fractions import Fraction
from typing import Any

from shapecalc.language.expression import LONGEST, RESERVED
from shapecalc.language.words import BATCH, DTYPES, MODIFIERS, TENSOR_NAMES, WIDTHS
from shapecalc.layers import KINDS, Layer
from shapecalc.layers.field import REQUIRED, Field, SameAs
from shapecalc.layers.types import EXPRESSION

DRAFT = "https://json-schema.org/draft/2020-12/schema"
"""The dialect that schemas are written in."""

Schema = dict[str, Any]

_NAME = {
    "type": "string",
    "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
    "not": {"enum": keyword.kwlist},
}
_TAKEN = [*keyword.kwlist, *sorted(RESERVED - set(keyword.kwlist)), *TENSOR_NAMES, "index"]
_SYMBOL = {**_NAME, "not": {"enum": _TAKEN}}
_ARGUMENT = {**_NAME, "not": {"enum": [*keyword.kwlist, *sorted(RESERVED - set(keyword.kwlist))]}}
_BLOCK = {**_NAME, "not": {"enum": [*keyword.kwlist, *KINDS]}}
_PLACE = {"type": "integer", "minimum": 0}
_OF_COPIES = {"type": "string", "pattern": r"^[A-Za-z0-9_-]*(\{[^{}]+\}[A-Za-z0-9_-]*)+$"}
_DOTTED = r"^([A-Za-z_][A-Za-z0-9_]*|[0-9]+)(\.([A-Za-z_][A-Za-z0-9_]*|[0-9]+))*$"
_WORDS = {"type": "string", "pattern": r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$"}
_ENTRY = {"anyOf": [_NAME, _PLACE, {**_WORDS, "pattern": _DOTTED}, _OF_COPIES]}
_PATH = {"anyOf": [_WORDS, _PLACE]}
_PATHS = {"anyOf": [_PATH, {"type": "array", "items": _PATH, "minItems": 1}]}
_NUMBERED = {
    "description": "entries without a name are called by their numbers, as those of nn.Sequential",
    "type": "boolean",
}
_OUTPUTS = {
    "anyOf": [
        _PATHS,
        {"type": "null"},
        {"type": "object", "propertyNames": _NAME, "additionalProperties": _PATH},
    ]
}
_TEXT = {"type": ["string", "number", "null"]}
_NUMBER = {"anyOf": [{"type": "number"}, EXPRESSION]}
_CONDITION = {"anyOf": [{"type": ["boolean", "number"]}, EXPRESSION]}
_SIZES = {"type": "array", "items": {"anyOf": [{"type": "integer", "minimum": 1}, EXPRESSION]}}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _told(doc: str, schema: Schema) -> Schema:
    return {"description": doc, **schema}


def spec_schema() -> Schema:
    """JSON Schema, draft 2020-12, of a spec.

    >>> found = spec_schema()
    >>> found["$defs"]["Linear"]["anyOf"][0]["required"]
    ['out_features']
    """
    with_blocks = {"properties": {"layers": _ref("entries")}}
    without = {"properties": {"layers": _ref("layers")}}
    return {
        "$schema": DRAFT,
        "title": "A network for shapecalc",
        "type": "object",
        "properties": _top(),
        "required": ["layers"],
        "oneOf": [{"required": ["input"]}, {"required": ["inputs"]}],
        "additionalProperties": False,
        "if": {"required": ["blocks"]},
        "then": with_blocks,
        "else": without,
        "$defs": _shared() | {kind: _kind(declared) for kind, declared in KINDS.items()},
    }


def _top() -> Schema:
    """What stands at the top of a spec; ``layers`` are told apart by whether there are blocks."""
    symbols = {"type": ["object", "null"], "propertyNames": _SYMBOL}
    tensor = {"anyOf": [_SIZES, _ref("input")]}
    return {
        "name": _told("the network's name", _TEXT),
        "about": _told("source and year, and what is left out", _TEXT),
        "dtype": _told("the type of its floats; float32 if left out", {"enum": list(WIDTHS)}),
        "symbols": _told(
            f"named numbers with their defaults; null has none; {BATCH} is the batch size",
            {**symbols, "additionalProperties": {"anyOf": [_NUMBER, {"type": "null"}]}},
        ),
        "members": _told(
            "the networks of a family: names, and the values of symbols that make them",
            {
                "type": ["object", "null"],
                "additionalProperties": {**symbols, "additionalProperties": _NUMBER},
            },
        ),
        "input": _told("the shape of one sample, without the batch", tensor),
        "inputs": _told(
            "several inputs by name",
            {
                "type": "object",
                "propertyNames": _NAME,
                "minProperties": 1,
                "additionalProperties": tensor,
            },
        ),
        "blocks": _told(
            "reusable pieces with arguments",
            {
                "type": ["object", "null"],
                "propertyNames": _BLOCK,
                "additionalProperties": _ref("block"),
            },
        ),
        "layers": {"description": "the network: each entry is fed by the one before it"},
        "numbered": _NUMBERED,
        "outputs": _told(
            "the entries whose results the network returns, or names for them and entries", _OUTPUTS
        ),
        "require": _told(
            "conditions on totals, layers and symbols, as in params <= 5e6",
            {"anyOf": [EXPRESSION, {"type": "array", "items": EXPRESSION}]},
        ),
        "silence": _told("codes of warnings that are not wanted", _ref("codes")),
    }


def _shared() -> Schema:
    """What several places of a spec refer to."""
    return {**_values(), "block": _block(), **_entries()}


def _values() -> Schema:
    """What stands for numbers, words and inputs."""
    code = {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}
    return {
        "expression": {
            "description": "an expression in symbols, arguments of blocks, "
            + ", ".join(TENSOR_NAMES),
            "type": "string",
            "pattern": r"^[\w\s+\-*/%<>=!().,]+$",
            "maxLength": LONGEST,
        },
        "codes": {"anyOf": [code, {"type": "array", "items": code}]},
        "input": {
            "type": "object",
            "properties": {
                "shape": _told("the sizes of one sample", _SIZES),
                "dtype": _told("the type of its elements", {"enum": list(DTYPES)}),
            },
            "required": ["shape"],
            "additionalProperties": False,
        },
    }


def _block() -> Schema:
    """A block's arguments, inputs, entries and outputs."""
    arguments = {"type": ["object", "null"], "propertyNames": _ARGUMENT}
    return {
        "type": "object",
        "properties": {
            "about": _TEXT,
            "args": _told(
                "arguments and their defaults; null for one that has to be given",
                {**arguments, "additionalProperties": _ref("argument")},
            ),
            "inputs": _told(
                "the names of what it is fed with",
                {"type": "array", "items": _NAME, "minItems": 1},
            ),
            "numbered": _NUMBERED,
            "inline": _told(
                "its entries stand in the list of its use, and are numbered there",
                {"type": "boolean"},
            ),
            "layers": _ref("entries"),
            "outputs": _told("the entries whose results it puts out", _OUTPUTS),
            "state_order": _told(
                "entries in the order of a state dict, where they run in another", _PATHS
            ),
        },
        "required": ["layers"],
        "additionalProperties": False,
    }


def _entries() -> Schema:
    """Entries of lists with and without blocks, and what they are given."""
    alone = [kind for kind, declared in KINDS.items() if not _required(declared)]
    kinds = {kind: _told(_summary(declared), _ref(kind)) for kind, declared in KINDS.items()}
    layer = {"type": "object", "properties": kinds | _modifiers()}
    names = {"type": ["object", "null"], "propertyNames": _NAME}
    return {
        "argument": {
            "anyOf": [
                {"type": ["number", "string", "boolean", "null"]},
                {"type": "array", "items": _ref("argument")},
            ]
        },
        "layer": {
            "anyOf": [
                {"enum": alone},
                {
                    **layer,
                    "oneOf": [{"required": [kind]} for kind in KINDS],
                    "additionalProperties": False,
                },
            ]
        },
        "entry": {
            "anyOf": [
                {"enum": alone},
                _BLOCK,
                {
                    **layer,
                    "not": {"propertyNames": {"enum": list(MODIFIERS)}},
                    "maxProperties": len(MODIFIERS) + 1,
                    "propertyNames": {"anyOf": [{"enum": list(MODIFIERS)}, _NAME]},
                    "additionalProperties": _ref("arguments"),
                },
            ]
        },
        "arguments": _told(
            "the arguments of a block: by name, in order, or the first alone",
            {
                "anyOf": [
                    {**names, "additionalProperties": _ref("argument")},
                    _ref("argument"),
                ]
            },
        ),
        "layers": {"type": "array", "items": _ref("layer"), "minItems": 1},
        "entries": {"type": ["array", "null"], "items": _ref("entry")},
        "branches": {
            "anyOf": [
                {"type": "array", "items": _ref("entries")},
                {"type": "object", "propertyNames": _NAME, "additionalProperties": _ref("entries")},
            ]
        },
    }


def _modifiers() -> Schema:
    """What may stand beside an entry's kind."""
    found = {
        "name": _told("its name, or a number; of copies as in layer{index + 1}", _ENTRY),
        "from": _told("what feeds it: a name, or several where it takes several inputs", _PATHS),
        "repeat": _told("how many copies are chained; 'index' counts them from 0", _NUMBER),
        "when": _told("leave it out where this is false", _CONDITION),
        "share": _told("the earlier layer whose weights it uses", _PATH),
        "dtype": _told("the type of its floats", {"enum": list(WIDTHS)}),
        "silence": _told("codes of warnings that are not wanted here", _ref("codes")),
    }
    assert found.keys() == set(MODIFIERS)
    return found


def _kind(kind: type[Layer]) -> Schema:
    """What may stand behind a kind: its fields by name, or its first field's value alone."""
    properties = {name: _field(field, kind.rank) for name, field in kind.fields.items()}
    if kind.joins:
        branches = "what it joins: a list of layers for each branch"
        properties["branches"] = _told(branches, _ref("branches"))
    required = _required(kind)
    by_name: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        by_name["required"] = required
    choices = [by_name]
    if kind.fields and len(required) < 2:
        first = next(iter(kind.fields))
        if not required or required == [first]:
            choices.append(_field(kind.fields[first], kind.rank))
    if not required:
        choices.append({"type": "null"})
    return _told(inspect.getdoc(kind) or "", {"anyOf": choices})


def _required(kind: type[Layer]) -> list[str]:
    return [name for name, field in kind.fields.items() if field.is_required]


def _field(field: Field, rank: int) -> Schema:
    """A field's values with its documentation, and its default where that can be written."""
    default = field.default
    schema = field.type.schema(rank)
    if default is None or isinstance(default, SameAs):
        schema = {"anyOf": [schema, {"type": "null"}]}
    found = _told(field.doc, schema)
    if isinstance(default, SameAs):
        return {**found, "description": f"{field.doc}; {default.name} if left out"}
    if isinstance(default, Fraction):
        return {**found, "default": str(default)}
    if default is not REQUIRED and default is not None:
        return {**found, "default": list(default) if isinstance(default, tuple) else default}
    return found


def _summary(kind: type[Layer]) -> str:
    return (inspect.getdoc(kind) or "").partition("\n")[0]
