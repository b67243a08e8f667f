"""Text that is no YAML: the parser's complaint as a problem, in the words of those who write it."""

from __future__ import annotations

import re

import yaml

from shapecalc.language.problem import Mark, Problem, Source

_UNCLOSED = {"while parsing a flow sequence": "[", "while parsing a flow mapping": "{"}

_CLOSING = {"[": "]", "{": "}"}

_BEGUN = ("could not find expected ':'", "found unexpected end of stream")
"""Complaints that are about what was begun, not about where it is seen to be wrong."""

_TOLD = {
    "could not find expected ':'": (
        "a line without ':' or '- '",
        "a key ends in ': ', and an entry of a list begins with '- '",
    ),
    "mapping values are not allowed in this context": (
        "':' is not expected here",
        "one is missing before it, or its line is indented too far, or its text needs quotes",
    ),
    "did not find expected key": (
        "expected a key of the mapping, or its end",
        "the keys of a mapping begin in one column; brackets and quotes close once",
    ),
    "did not find expected '-' indicator": (
        "expected '- ' in the column of the list's entries",
        "the entries of a list begin in one column",
    ),
    "block sequence entries are not allowed in this context": (
        "a list cannot begin here",
        "its first '- ' stands in a line of its own",
    ),
    "did not find expected <document start>": (
        "something else begins here",
        "a spec is one mapping, which begins in the first column",
    ),
    "did not find expected alphabetic or numeric character": (
        "expected a name behind '*' or '&'",
        "an entry of a list begins with '- '",
    ),
    "found unexpected end of stream": ("a quotation mark that is never closed", ""),
    "did not find expected ',' or ']'": ("expected ',' or ']'", ""),
    "did not find expected ',' or '}'": ("expected ',' or '}'", ""),
    "did not find expected node content": ("expected a value", ""),
}
"""The parser's complaints in other words, and what may be behind them."""

COMMENT = ("JSON has no comments", "delete it, or write it as YAML does, behind '#'")
"""What to tell of a comment as JavaScript has it."""

_COMMENT = r"(?m)^[ \t]*(?://|/\*).*$"

_FIELDS = r"\s*-\s+(\w+)(?::?\s*\{([^{}]*)\}|:\s+([^{}]*))\s*"

_IN_NAME = r"name: *[\w-]+\{[^{}]?$"


def told(error: yaml.MarkedYAMLError, source: Source) -> Problem:
    """The problem that a parser's error tells of."""
    complaint = str(error.problem)
    seen, begun = error.problem_mark, error.context_mark
    message, hint = _TOLD.get(complaint, (complaint, error.context or ""))
    bracket = _UNCLOSED.get(error.context or "")
    if seen and source.line(seen.line + 1)[seen.column : seen.column + 1] == "\t":
        message, hint = "a tab cannot indent", "indent with spaces"
    elif bracket and seen and begun and begun.line != seen.line:
        if _is_end(seen, source):
            message, hint, seen = f"{bracket!r} is never closed", "", begun
        else:
            message = f"the {bracket!r} of line {begun.line + 1} is still open here"
            hint = f"close it with {_CLOSING[bracket]!r}"
    elif complaint in _BEGUN:
        seen = begun or seen
    elif seen and re.search(_IN_NAME, source.line(seen.line + 1)[: seen.column + 1]):
        hint = "inside {} and [] a name with braces stands in quotes"
    elif seen and source.line(seen.line + 1)[seen.column :].startswith("- "):
        hint = "the entries of a list begin in one column"
    elif seen and complaint.startswith("mapping values"):
        hint = _as_entry(source.line(seen.line + 1)) or hint
    if comment := re.search(_COMMENT, source.text):
        return _of_comment(comment, source)
    mark = Mark(seen.line + 1, seen.column + 1) if seen else Mark(1, 1)
    return Problem(mark, f"not YAML: {message}", (hint,))


def _as_entry(line: str) -> str:
    """A hint on a line in which a kind and its fields are not told apart; empty if none helps.

    >>> _as_entry("  - Conv2d {out_channels: 8}"), _as_entry("  - Conv2d: out_channels: 8")
    ('written here: Conv2d: {out_channels: 8}', 'written here: Conv2d: {out_channels: 8}')
    """
    found = re.fullmatch(_FIELDS, line)
    return f"written here: {found[1]}: {{{found[2] or found[3]}}}" if found else ""


def _of_comment(comment: re.Match[str], source: Source) -> Problem:
    text = comment[0].lstrip()
    start = comment.end() - len(text)
    before = source.text[:start]
    mark = Mark(before.count("\n") + 1, start - before.rfind("\n"), len(text))
    return Problem(mark, COMMENT[0], COMMENT[1:])


def _is_end(mark: yaml.Mark, source: Source) -> bool:
    """Whether nothing but space follows a place."""
    first, *rest = source.text.splitlines()[mark.line :] or [""]
    return not first[mark.column :].strip() and not any(line.strip() for line in rest)
