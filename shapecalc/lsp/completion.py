"""What may be written at a place of a spec: kinds, fields, words, names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from shapecalc.catalogue import summary
from shapecalc.language.schema import spec_schema
from shapecalc.language.tree import Block, Entry, Spec
from shapecalc.language.words import BATCH, DTYPES, TENSOR_NAMES, WIDTHS
from shapecalc.layers import KINDS, Layer
from shapecalc.layers.field import Field
from shapecalc.layers.types import Flag
from shapecalc.lsp.context import ITEM, Context

_NAMING = ("from", "share", "outputs")
"""The keys whose values name entries."""

_GIVEN_NAME = re.compile(r"(?<=[ {,])name: *([A-Za-z_]\w*)")


@cache
def _schema() -> dict[str, Any]:
    return spec_schema()


class Suggestion(NamedTuple):
    """Something that may stand at the place: what it is, words about it, and what is written.

    ``what`` is ``kind``, ``block``, ``field``, ``key``, ``word`` or ``name``. ``blanks`` is the
    text with ``$1``, ``$2`` where something has to be filled in, for editors that go through them.
    """

    label: str
    what: str
    detail: str = ""
    doc: str = ""
    text: str = ""
    blanks: str = ""


def suggestions(place: Context, spec: Spec | None, before: str, line: int) -> list[Suggestion]:
    r"""What may be written at a place.

    ``spec`` is the spec as it could be read last, ``before`` the text before the place, and
    ``line`` the line that the place is in, from 1.

    >>> from shapecalc.lsp.context import context
    >>> text = "input: [3]\nlayers:\n- Linear: {o"
    >>> [each.label for each in suggestions(context(text, 2, 12), None, text, 3)]
    ['out_features', 'bias', 'in_features']
    """
    return list(_suggested(place, _Known(spec, before, line)))


class _Known:
    """What the rest of a spec has: blocks, symbols, entries."""

    def __init__(self, spec: Spec | None, before: str, line: int) -> None:
        self.spec = spec
        self.before = before
        self.line = line

    @property
    def blocks(self) -> Mapping[str, Block]:
        return self.spec.blocks if self.spec else {}

    def entries(self, path: tuple[str, ...]) -> list[str]:
        """The names of entries that come before the place, in the list it is in, nearest first."""
        block = self.blocks.get(path[1]) if path[0] == "blocks" and len(path) > 1 else None
        lists: Iterable[Entry] = block.entries if block else self.spec.entries if self.spec else ()
        inputs = [*self.spec.inputs] if self.spec and path[0] != "blocks" else ["input"]
        known = [each.name for each in _inside(lists) if each.mark.line < self.line]
        if path[0] == "outputs" and self.spec:
            known = [each.name for each in self.spec.entries]
        own = [] if path[0] == "blocks" else _GIVEN_NAME.findall(self.before)
        return [*reversed(dict.fromkeys([*inputs, *known, *own]))]

    def values(self, path: tuple[str, ...]) -> list[str]:
        """The names in expressions."""
        symbols = [*self.spec.symbols] if self.spec else []
        if path[0] in ("symbols", "members", "input", "inputs"):
            return [*symbols, BATCH]
        block = self.blocks.get(path[1]) if path[0] == "blocks" and len(path) > 1 else None
        arguments = [*block.arguments] if block else []
        return [*arguments, *symbols, BATCH, *TENSOR_NAMES, "index"]


def _inside(entries: Iterable[Entry]) -> Iterator[Entry]:
    for entry in entries:
        for branch in entry.branches or ():
            yield from _inside(branch.entries)
        yield entry


def is_entry(path: tuple[str, ...]) -> bool:
    """Whether an item of a list of layers stands at a path."""
    if len(path) < 2 or path[-1] != ITEM:
        return False
    return path[-2] == "layers" or (len(path) > 3 and path[-3] == "branches")


def kind_at(path: tuple[str, ...]) -> str:
    """The kind or block whose fields stand at a path; empty if it is no such place."""
    return path[-1] if len(path) > 1 and is_entry(path[:-1]) else ""


def _suggested(place: Context, known: _Known) -> Iterator[Suggestion]:
    path = place.path
    if not path:
        yield from _keys(_schema()["properties"], place)
    elif place.is_key and is_entry(path):
        yield from _entry(place, known)
    elif place.is_key and kind_at(path):
        yield from _fields(kind_at(path), place, known)
    elif any(step in path[-2:] for step in _NAMING):
        yield from (Suggestion(name, "name") for name in known.entries(path))
    elif path[-1] == "dtype":
        is_input = path[0] == "inputs"
        yield from (Suggestion(word, "word") for word in (DTYPES if is_input else WIDTHS))
    elif path[0] in ("inputs", "input") and place.is_key and path[-1] != ITEM:
        schema = _schema()["$defs"]["input"]["properties"]
        yield from _keys(schema, place) if len(path) == 2 or path[0] == "input" else ()
    elif path[0] == "blocks" and len(path) == 2 and place.is_key:
        yield from _keys(_schema()["$defs"]["block"]["properties"], place)
    elif not place.is_key or path[-1] == ITEM:
        yield from _values(path, known)


def _keys(properties: Mapping[str, Any], place: Context) -> Iterator[Suggestion]:
    for name, schema in properties.items():
        if name not in place.given:
            yield Suggestion(name, "key", "", schema.get("description", ""), f"{name}: ")


def _entry(place: Context, known: _Known) -> Iterator[Suggestion]:
    """A kind or block, or, where that stands there already, what goes beside it."""
    schema = _schema()["$defs"]["layer"]["anyOf"][1]["properties"]
    beside = {name: told for name, told in schema.items() if name not in KINDS}
    if place.given - beside.keys():
        yield from _keys(beside, place)
        return
    for name, block in known.blocks.items():
        needed = [argument for argument, value in block.arguments.items() if value is None]
        yield Suggestion(name, "block", "block", block.about, *_written(name, needed))
    for name, kind in KINDS.items():
        needed = [field.name for field in kind.fields.values() if field.is_required]
        yield Suggestion(name, "kind", kind.family, _doc(kind), *_written(name, needed))


def _written(name: str, needed: list[str]) -> tuple[str, str]:
    """How a kind is written with the fields it needs, without and with blanks."""
    if not needed:
        return name, ""
    if len(needed) == 1:
        return f"{name}: ", f"{name}: $1"
    blanks = ", ".join(f"{field}: ${i}" for i, field in enumerate(needed, 1))
    return f"{name}: ", f"{name}: {{{blanks}}}"


def _fields(name: str, place: Context, known: _Known) -> Iterator[Suggestion]:
    """The fields of a kind, or the arguments of a block, those that it needs first."""
    if name in known.blocks:
        for argument, value in known.blocks[name].arguments.items():
            if argument not in place.given:
                detail = "has to be given" if value is None else ""
                yield Suggestion(argument, "field", detail, "", f"{argument}: ")
    if name not in KINDS:
        return
    kind = KINDS[name]
    fields = sorted(kind.fields.values(), key=lambda field: not field.is_required)
    for field in fields:
        if field.name not in place.given:
            detail = field.type.describe(kind.rank)
            yield Suggestion(field.name, "field", detail, field_doc(field), f"{field.name}: ")
    if kind.joins and "branches" not in place.given:
        doc = "what it joins: a list of layers for each branch"
        yield Suggestion("branches", "field", "lists of layers", doc, "branches: ")


def field_doc(field: Field) -> str:
    """What a field is, and what it is if it is left out."""
    from shapecalc.language.text import shown
    from shapecalc.layers.field import REQUIRED, SameAs

    if field.infer is not None:
        return f"{field.doc}; follows from the input"
    if field.default is REQUIRED:
        return f"{field.doc}; has to be given"
    same = isinstance(field.default, SameAs)
    return f"{field.doc}; {field.default.name if same else shown(field.default)} if left out"


def _values(path: tuple[str, ...], known: _Known) -> Iterator[Suggestion]:
    """A value: the words that its field takes, and names for an expression."""
    field = _field(path)
    if field is not None:
        words = ["true", "false"] if isinstance(field.type, Flag) else sorted(field.type.words)
        yield from (Suggestion(word, "word", "", field_doc(field)) for word in words)
    if path[0] not in ("name", "about", "silence", "require"):
        yield from (Suggestion(name, "name") for name in known.values(path))


def _field(path: tuple[str, ...]) -> Field | None:
    """The field whose value stands at a path: the first where a kind has nothing but a value."""
    steps = path[:-1] if path[-1] == ITEM else path
    if (name := kind_at(steps)) in KINDS:
        return next(iter(KINDS[name].fields.values()), None)
    name = kind_at(steps[:-1])
    return KINDS[name].fields.get(steps[-1]) if name in KINDS else None


def _doc(kind: type[Layer]) -> str:
    return summary(kind).replace("``", "`")
