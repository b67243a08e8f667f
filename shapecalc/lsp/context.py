"""Where in a spec a place is, told of text that need not be complete: it is being written.

The scanner knows as much of YAML as it takes to tell keys from values and what they stand in:
indentation, ``-``, brackets, quotes, comments. Text that it misjudges costs a completion.
"""

from __future__ import annotations

import re
from typing import NamedTuple

ITEM = "-"
"""What stands for an item of a list in a path."""

_KEY = re.compile(r"""(?P<key>[A-Za-z_][\w]*|"[^"]*"|'[^']*'):(?=\s|$)""")
_BLOCK_SCALAR = re.compile(r"[|>][-+0-9]*\s*(#.*)?$")


class Context(NamedTuple):
    """A place: the keys that lead to it, and what is written there.

    ``path`` are keys from the top, with ``-`` for an item of a list. ``is_key`` says that a key, or
    an item of a list, is being written, and no value behind a key; ``given`` are the keys that
    stand beside it already, and ``word`` is what there is of it up to the place.
    """

    path: tuple[str, ...]
    is_key: bool
    given: frozenset[str]
    word: str


class _Frame:
    """A mapping or list that the place is in: by indentation, or between brackets."""

    __slots__ = ("indent", "is_list", "key", "keys")

    def __init__(self, indent: int, *, is_list: bool) -> None:
        self.indent = indent  # -1 between brackets
        self.is_list = is_list
        self.key: str | None = None
        self.keys: list[str] = []

    def begin(self, key: str) -> None:
        self.key = key
        self.keys.append(key)


class _Scanner:
    def __init__(self) -> None:
        self.blocks: list[_Frame] = []
        self.flows: list[_Frame] = []
        self.token = ""
        self.quote = ""
        self.skipping: int | None = None  # lines of text that are indented deeper than this

    def line(self, text: str) -> None:
        """Take in a whole line."""
        if self.flows:
            self.flow(text)
            self.token += " "
            return
        indent = len(text) - len(text.lstrip(" "))
        if self.skipping is not None:
            if not text.strip() or indent > self.skipping:
                return
            self.skipping = None
        if text.strip() and not text.lstrip().startswith("#"):
            self.block(text, indent)

    def block(self, text: str, at: int) -> str:
        """Take in a line outside of brackets; what is left of it behind the last key."""
        at, rest = self.dashes(text, at)
        found = _KEY.match(rest)
        if found is None:
            self.flow_from(rest)
            return rest
        frame = self.frame(at, is_list=False)
        frame.begin(found["key"].strip("\"'"))
        value = rest[found.end() :].lstrip()
        if _BLOCK_SCALAR.match(value):
            self.skipping = at
        self.flow_from(value)
        return value

    def dashes(self, text: str, at: int) -> tuple[int, str]:
        """Go past the dashes of items; the column behind them, and what stands there."""
        self.leave(at, is_item=text[at:].startswith(("- ", "-\n")) or text[at:] == "-")
        while text[at : at + 1] == "-" and text[at + 1 : at + 2] in ("", " "):
            self.frame(at, is_list=True)
            behind = text[at + 1 :]
            at += 1 + len(behind) - len(behind.lstrip(" "))
        return at, text[at:]

    def leave(self, indent: int, *, is_item: bool) -> None:
        """Close what is indented deeper; a list beside its key ends where no item follows."""
        while self.blocks:
            last = self.blocks[-1]
            if last.indent < indent or (last.indent == indent and last.is_list <= is_item):
                return
            self.blocks.pop()

    def frame(self, indent: int, *, is_list: bool) -> _Frame:
        last = self.blocks[-1] if self.blocks else None
        if last is None or last.indent != indent or last.is_list != is_list:
            self.blocks.append(_Frame(indent, is_list=is_list))
        return self.blocks[-1]

    def flow_from(self, text: str) -> None:
        """Go into brackets where a value begins with one."""
        if text.startswith(("{", "[")):
            self.token = ""
            self.flow(text)

    def flow(self, text: str) -> None:
        """Take in text between brackets."""
        for i, sign in enumerate(text):
            if self.quote:
                self.quote = "" if sign == self.quote else self.quote
                self.token += sign
            elif sign in "\"'" and not self.token.strip():
                self.quote = sign
                self.token += sign
            elif sign == "#" and text[i - 1 : i].isspace():
                return
            elif sign in "{[":
                self.flows.append(_Frame(-1, is_list=sign == "["))
                self.token = ""
            elif sign in "}]":
                self.token = ""
                if self.flows:
                    self.flows.pop()
                if not self.flows:
                    return
            else:
                self.within(sign, text[i + 1 : i + 2])

    def within(self, sign: str, following: str) -> None:
        """Take in a sign of a key or value between brackets."""
        last = self.flows[-1]
        if sign == ",":
            last.key, self.token = None, ""
        elif sign == ":" and not last.is_list and last.key is None and following in ("", " ", "{"):
            last.begin(self.token.strip().strip("\"'"))
            self.token = ""
        else:
            self.token += sign


def context(text: str, line: int, column: int) -> Context | None:
    r"""The place at a line and column, both from 0; None in a comment, and in running text.

    >>> context("layers:\n- Conv2d: {out_channels: 3, ker", 1, 31)
    Context(path=('layers', '-', 'Conv2d'), is_key=True, given=frozenset({'out_channels'}), word='ker')
    """  # noqa: E501 - a result is one line
    lines = text.split("\n")
    scanner = _Scanner()
    for each in lines[:line]:
        scanner.line(each.rstrip("\r"))
    now = lines[line][:column] if line < len(lines) else ""
    if scanner.flows:
        scanner.flow(now)
        return _between_brackets(scanner) if scanner.flows and not _is_comment(now) else None
    indent = len(now) - len(now.lstrip(" "))
    if _is_comment(now) or (scanner.skipping is not None and indent > scanner.skipping):
        return None
    value = scanner.block(now, indent)
    if scanner.flows:
        return _between_brackets(scanner)
    if value.startswith(("{", "[")):
        return None  # behind the last bracket
    found = _KEY.search(now)
    if found is not None and found.start() == len(now) - len(now.lstrip(" -")):
        return Context(_path(scanner.blocks), False, frozenset(), value)
    return _beginning(scanner, len(now) - len(value), value)


def _between_brackets(scanner: _Scanner) -> Context:
    last = scanner.flows[-1]
    frames = [*scanner.blocks, *scanner.flows]
    word = scanner.token.strip("\"' ")
    if last.is_list or last.key is None:
        return Context(_path(frames), True, frozenset(last.keys), word)
    return Context(_path(frames), False, frozenset(), word)


def _beginning(scanner: _Scanner, at: int, word: str) -> Context:
    """A line on which there is no key yet."""
    blocks = scanner.blocks
    last = blocks[-1] if blocks else None
    if last is not None and not last.is_list and last.indent == at:
        return Context(_path(blocks[:-1]), True, frozenset(last.keys), word)
    return Context(_path(blocks), True, frozenset(), word)


def _path(frames: list[_Frame]) -> tuple[str, ...]:
    steps = [ITEM if frame.is_list else frame.key for frame in frames]
    return tuple(step for step in steps if step is not None)


def _is_comment(text: str) -> bool:
    return text.lstrip().startswith("#") or re.search(r"\s#[^\"']*$", text) is not None
