"""A kind that there is none of: what was probably meant, and how it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from shapecalc.language.calls import as_entry, called, entry_of, is_call, settings_of, sketch
from shapecalc.language.fields import elsewhere
from shapecalc.language.synonyms import meant
from shapecalc.language.text import shown
from shapecalc.layers import KINDS, Layer

_NOWHERE_NEAR = (
    "'shapecalc layers' lists the kinds there are; one of one's own is defined under 'blocks'"
)


def unknown_kind(
    kind: str, known: Iterable[str], settings: Mapping[str, Any] = {}
) -> tuple[str, tuple[str, ...]]:
    """The kind that a text was probably meant to name, if there is one, and hints.

    >>> unknown_kind("nn.Linear(10, 5)", KINDS)
    ('Linear', ('written here: Linear: 5',))
    >>> unknown_kind("Dense", KINDS, {"units": 5})
    ('Linear', ('called Linear here', 'written here: Linear: 5'))
    >>> unknown_kind("Custom", KINDS)[0]
    ''
    """
    if kind.rstrip().endswith((",", ";")):
        first, hints = unknown_kind(kind.rstrip(" ,;"), known, settings)
        return first or kind.rstrip(" ,;"), (f"entries end without {kind.rstrip()[-1]!r}", *hints)
    if is_call(kind):
        return _of_call(kind, known)
    if kind.startswith("self."):
        return "", ("an entry begins with its kind; what it is called stands beside: name: ...",)
    name, separator, value = _split(kind)
    found = meant(name, known)
    first = found.kinds[0] if found.kinds else ""
    if separator == ":":
        is_quoted = re.match(r"\s*[\w.]+:\s", kind) is not None
        hint = "an entry stands without quotes" if is_quoted else "a ':' needs a space behind it"
        return first, (hint,)
    if value and name in KINDS:
        plain = value.isidentifier() or value.isdecimal()
        entry = f"{name}: {value}" if plain else sketch(KINDS[name])
        return name, (f"written here: {entry}",)
    hint = found.hint or _NOWHERE_NEAR
    declared = KINDS.get(first) if len(found.kinds) == 1 else None
    if declared is None or found.takes_more or settings.keys() <= declared.fields.keys():
        return first, (hint,)
    entry = _entry(declared, settings)
    beside = _beside(declared, settings)
    return first, (hint, f"written here: {entry}", *beside) if entry else (hint,)


def _beside(kind: type[Layer], settings: Mapping[str, Any]) -> Iterable[str]:
    """What to tell of settings by any names that a kind has no field for."""
    others = [elsewhere(name, [*kind.fields]) for name in settings if name not in kind.fields]
    return dict.fromkeys(hint for field, hint in others if not field and hint)


def by_key(kind: str, settings: dict[str, Any], known: Iterable[str]) -> str:
    """A hint on an entry that tells its kind behind a key, and its settings beside it.

    >>> by_key("Conv2d", {"out_channels": 8, "kernel_size": 3}, KINDS)
    'written here: Conv2d: {out_channels: 8, kernel_size: 3}'
    >>> by_key("Dense", {"units": 10}, KINDS)
    'written here: Linear: 10'
    """
    found = meant(kind, known).kinds
    declared = KINDS.get(found[0] if found else kind)
    if declared is None:
        return f"such as {kind}: {{...}}"
    return f"written here: {_entry(declared, settings) or sketch(declared)}"


def _entry(kind: type[Layer], settings: Mapping[str, Any]) -> str:
    """The entry of a kind with settings by any names; empty where one of them is not understood.

    What is no setting here, as an activation, is left out.
    """
    said: dict[str, str] = {}
    for name, value in settings.items():
        field, hint = (name, "") if name in kind.fields else elsewhere(name, [*kind.fields])
        items = value if isinstance(value, list) else [value]
        if field and all(isinstance(item, (int, str, Fraction)) for item in items):
            said[field] = shown(value).replace("'", "")
        elif not hint:
            return ""
    return entry_of(kind, said) if {*kind.required} <= said.keys() else ""


def no_kind(kind: str) -> str:
    """What to tell of a kind that there is none of, where no spec is read.

    >>> no_kind("Dense")
    "unknown kind 'Dense'; called Linear here"
    """
    hint = meant(called(kind), KINDS).hint or "'shapecalc layers' lists the kinds there are"
    return f"unknown kind {kind!r}; {hint}"


def _split(text: str) -> tuple[str, str, str]:
    """What stands before a colon or a space, which of them it is, and what stands behind it."""
    match = re.match(r"\s*([\w.]+)(:|\s+)(.*)", text, re.DOTALL)
    return (match[1], match[2], match[3].strip()) if match else (text, "", "")


def _of_call(text: str, known: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """Of a class's call its entry; a function's first argument is what an entry is fed with."""
    name = called(text)
    found = meant(name, known)
    first = found.kinds[0] if found.kinds else ""
    own = name.rpartition(".")[2]
    if first in KINDS and own.casefold() == first.casefold() and not own.islower():
        said = settings_of(text, KINDS[first])
        entry = _entry(KINDS[first], said) if said else ""
        written = entry or as_entry(text, KINDS[first])
        return first, (f"written here: {written}", *_beside(KINDS[first], said or {}))
    hint = found.hint or _NOWHERE_NEAR
    return first, (hint, "an entry is a kind and its fields, fed by the entry before it")
