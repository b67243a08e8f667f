"""YAML or JSON text into nodes that know their place.

PyYAML turns the text into events; composing them is ours, because of what it has to add: YAML
1.2's core rules for scalars (where ``on`` and ``no`` are words), numbers read exactly, duplicate
keys refused, places remembered, and limits on nesting, size and the growth of aliases.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Union

import yaml

from shapecalc.algebra.decimals import Decimal
from shapecalc.language.problem import Mark, Problem, Source, SpecError
from shapecalc.language.syntax import COMMENT, told
from shapecalc.language.text import shown

MOST_VALUES = 2_000_000
"""The most values a spec may have, aliases written out."""

DEEPEST = 64
"""The deepest that values may nest."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE]([-+]?[0-9]+))?")
_TAGS: dict[type, frozenset[str]] = {
    event: frozenset({"!", *(f"tag:yaml.org,2002:{name}" for name in names)})
    for event, names in {
        yaml.ScalarEvent: ("str", "int", "float", "bool", "null"),
        yaml.SequenceStartEvent: ("seq",),
        yaml.MappingStartEvent: ("map",),
    }.items()
}

_NO_KEYS = {
    "<<": ("keys are not merged with '<<'", "write them out, or define a block with arguments"),
    "//": COMMENT,
    "/*": COMMENT,
}
"""What begins no key, but is meant for something else."""

Value = Union[None, bool, int, Fraction, float, str, "list[Node]", "dict[str, Pair]"]


class Node:
    """A value in the text: a scalar, a list of nodes, or a mapping, and its place."""

    __slots__ = ("column", "length", "line", "size", "value")

    def __init__(self, value: Value, line: int, column: int, length: int, size: int = 1) -> None:
        self.value = value
        self.line = line
        self.column = column
        self.length = length
        self.size = size

    @property
    def mark(self) -> Mark:
        """Where it stands."""
        return Mark(self.line, self.column, self.length)

    @property
    def noun(self) -> str:
        """What it is, for messages."""
        value = self.value
        if isinstance(value, dict):
            return "a mapping"
        if isinstance(value, list):
            return "a list"
        return "nothing" if value is None else shown(value)


class Pair:
    """A key of a mapping and its value."""

    __slots__ = ("key", "value")

    def __init__(self, key: Node, value: Node) -> None:
        self.key = key
        self.value = value


def compose(source: Source) -> Node:
    """The one document in the text, as a node."""
    if found := yaml.reader.Reader.NON_PRINTABLE.search(source.text):
        before = source.text[: found.start()]
        mark = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        message = f"not a text file: character {found[0]!r} has no place in one"
        raise SpecError(source, [Problem(mark, message)])
    try:
        return _Composer(source).document()
    except yaml.MarkedYAMLError as error:
        raise SpecError(source, [told(error, source)]) from None


class _Composer:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.anchors: dict[str, Node | None] = {}
        self.plain = dict(_WORDS)  # what plain scalars stand for, of which most come many times
        self.event: Callable[[], Any] = _Loader(_paired(source.text)).get_event  # the next one
        self.depth = 0

    def fail(self, event: Any, message: str, *notes: str) -> SpecError:
        """The error at an event, to be raised."""
        mark = Mark(event.start_mark.line + 1, event.start_mark.column + 1, _length(event))
        return SpecError(self.source, [Problem(mark, message, notes)])

    def document(self) -> Node:
        event = self.event()  # the stream's start
        event = self.event()
        if isinstance(event, yaml.StreamEndEvent):
            hint = "a spec is a mapping with at least 'input' and 'layers'"
            raise self.fail(event, "the file is empty", hint)
        root = self.node(self.event())
        self.event()  # the document's end
        event = self.event()
        if not isinstance(event, yaml.StreamEndEvent):
            raise self.fail(event, "a second document starts here", "a spec is one document")
        return root

    def node(self, event: Any) -> Node:
        kind = event.__class__
        if kind is yaml.AliasEvent:
            return self.alias(event)
        tag, anchor = event.tag, event.anchor
        if tag is not None and tag not in _TAGS[kind]:
            raise self.fail(event, f"tags are not used in specs, but here is {tag!r}")
        if anchor is not None:
            self.anchors[anchor] = None
        node = self.scalar(event) if kind is yaml.ScalarEvent else self.collection(event)
        if anchor is not None:
            self.anchors[anchor] = node
        return node

    def alias(self, event: Any) -> Node:
        if event.anchor not in self.anchors:
            raise self.fail(event, f"alias *{event.anchor} has no anchor &{event.anchor} before it")
        node = self.anchors[event.anchor]
        if node is None:
            raise self.fail(event, f"alias *{event.anchor} stands inside what it stands for")
        return node

    def collection(self, event: Any) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail(event, f"values nest deeper than {DEEPEST} levels")
        is_list = event.__class__ is yaml.SequenceStartEvent
        value, size = self.items(event) if is_list else self.pairs(event)
        self.depth -= 1
        start = event.start_mark
        return Node(value, start.line + 1, start.column + 1, 1, size)

    def items(self, event: Any) -> tuple[list[Node], int]:
        items = []
        size = 1
        while (event := self.event()).__class__ is not yaml.SequenceEndEvent:
            item = self.node(event)
            size += item.size
            if size > MOST_VALUES:
                raise self.too_large(event)
            items.append(item)
        return items, size

    def pairs(self, event: Any) -> tuple[dict[str, Pair], int]:
        pairs: dict[str, Pair] = {}
        size = 1
        while (event := self.event()).__class__ is not yaml.MappingEndEvent:
            if event.__class__ is not yaml.ScalarEvent:
                raise self.fail(event, "a key must be a word, not a list or a mapping")
            name = event.value
            if name[:2] in _NO_KEYS:
                raise self.fail(event, *_NO_KEYS[name[:2]])
            key = self.node(event)
            value = self.node(self.event())
            if name in pairs:
                where = f"it stands first in line {pairs[name].key.line}"
                raise self.fail(event, f"key {name!r} stands here again", where)
            size += value.size + 1
            if size > MOST_VALUES:
                raise self.too_large(event)
            pairs[name] = Pair(key, value)
        return pairs, size

    def too_large(self, event: Any) -> SpecError:
        return self.fail(event, f"more than {MOST_VALUES:,} values, aliases written out")

    def scalar(self, event: Any) -> Node:
        start, value, tag = event.start_mark, event.value, event.tag
        if event.implicit[0] or (tag and tag != "!" and not tag.endswith(":str")):
            if value not in self.plain:
                self.plain[value] = self.resolve(event, value)
            value = self.plain[value]
        return Node(value, start.line + 1, start.column + 1, _length(event))

    def resolve(self, event: Any, text: str) -> Value:
        """A plain scalar by YAML 1.2's core schema, numbers exactly; no word of it."""
        if _INTEGER.fullmatch(text):
            if len(text) > 100:
                raise self.fail(event, "a number of more than 100 digits")
            base = {"0o": 8, "0x": 16}.get(text[:2], 10)
            return int(text[2:] if base != 10 else text, base)
        if found := _FLOAT.fullmatch(text):
            exponent = found[1] or "0"
            if len(text) > 100 or len(exponent) > 5 or abs(int(exponent)) > 1000:
                raise self.fail(event, "a number too large or too small to be of use")
            value = Decimal(text)
            return value.numerator if value.denominator == 1 else value
        return text


def _length(event: Any) -> int:
    """How many characters an event takes on its first line."""
    start, end = event.start_mark, event.end_mark
    return (end.column - start.column or 1) if end.line == start.line else 1


def _paired(text: str) -> str:
    r"""JSON writes a character beyond U+FFFF as two escapes, which YAML knows as one of ``\U``."""
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return re.sub(
        r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})",
        lambda m: f"\\U{0x10000 + ((int(m[1], 16) & 0x3FF) << 10) + (int(m[2], 16) & 0x3FF):08x}",
        text,
    )
