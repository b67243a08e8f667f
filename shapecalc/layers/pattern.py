"""Patterns of axes: the notation of einops, and the sizes that follow from it.

A pattern names every axis of a tensor, as in ``b c (h p) w``: what stands in parentheses is one
axis made of several, the last of them running fastest; ``...`` stands for any axes and ``1`` for
one of size 1. Rogozhnikov, "Einops: clear and reliable tensor manipulations with Einstein-like
notation" (2022).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

_TOKEN = re.compile(r"\s*(\.\.\.|…|\(|\)|[A-Za-z][A-Za-z0-9_]*|[0-9]+|\S)")

ELLIPSIS = "..."
MERGED = "(...)"
"""Dots in parentheses, which make one axis of any number."""


class PatternError(ValueError):
    """A pattern cannot be read; the message says why."""


class Pattern(NamedTuple):
    """Both sides of a pattern: for each axis of the tensor, the names that it is made of."""

    left: tuple[tuple[str, ...], ...]
    right: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=1024)
def read(text: str) -> Pattern:
    """Read a pattern; raises :class:`PatternError`.

    >>> read("b c (h p) -> b (c p) h").left
    (('b',), ('c',), ('h', 'p'))
    """
    sides = text.split("->")
    if len(sides) != 2:
        raise PatternError("a pattern has two sides with '->' between them")
    return Pattern(*map(_side, sides))


def _side(text: str) -> tuple[tuple[str, ...], ...]:
    axes: list[tuple[str, ...]] = []
    group: list[str] | None = None
    for word in _TOKEN.findall(text):
        if word == "(":
            if group is not None:
                raise PatternError("parentheses stand within parentheses")
            group = []
        elif word == ")":
            if group is None:
                raise PatternError("')' closes nothing")
            axes.append(tuple(group))
            group = None
        else:
            name = _name(word)
            if group is not None:
                group += [MERGED if each == ELLIPSIS else each for each in name]
            else:
                axes.append(tuple(name))
    if group is not None:
        raise PatternError("'(' is not closed")
    twice = [n for n, count in Counter(n for axis in axes for n in axis).items() if count > 1]
    if twice:
        raise PatternError(f"{twice[0]!r} stands twice on one side")
    return tuple(axes)


def _name(word: str) -> list[str]:
    """The names a word of a pattern stands for: none for a 1."""
    if word in (ELLIPSIS, "…"):
        return [ELLIPSIS]
    if word == "1":
        return []
    if word.isdigit():
        raise PatternError(f"{word} is no name: of numbers only 1 stands in a pattern")
    if not word.isidentifier() or word.endswith("_"):
        raise PatternError(f"{word!r} has no meaning in a pattern")
    return [word]


def spread(pattern: Pattern, count: int) -> Pattern:
    """The pattern with names in place of the dots, for a tensor of so many axes.

    Raises :class:`PatternError` where the numbers of axes differ.

    >>> spread(read("b ... c -> b (...) c"), 4).right
    (('b',), ('...0', '...1'), ('c',))
    """
    left, right = pattern
    if any(MERGED in axis for axis in left):
        raise PatternError("'...' stands in parentheses on the left")
    has_dots = (ELLIPSIS,) in left
    named = len(left) - has_dots
    if count < named or (count > named and not has_dots):
        wanted = f"{named} or more" if has_dots else f"{named}"
        raise PatternError(f"it names {wanted} dimensions")
    dots = [f"{ELLIPSIS}{i}" for i in range(count - named)]
    opened = [[(dot,) for dot in dots] if axis == (ELLIPSIS,) else [axis] for axis in left]
    before = tuple(axis for axes in opened for axis in axes)
    after: list[tuple[str, ...]] = []
    for axis in right:
        if axis == (ELLIPSIS,):
            after += [(dot,) for dot in dots]
        else:
            after.append(tuple(n for name in axis for n in (dots if name == MERGED else [name])))
    return Pattern(before, tuple(after))


def unknown(axis: tuple[str, ...], sizes: Mapping[str, object]) -> list[str]:
    """The names of an axis whose sizes are not given.

    >>> unknown(("h", "p"), {"p": 16})
    ['h']
    """
    return [name for name in axis if name not in sizes]
