"""What is wrong with a network, and what is probably unwanted, as an editor marks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shapecalc.language.problem import Mark, Problem
from shapecalc.lsp.reading import Reading


class Finding(NamedTuple):
    """Something to mark: an error, or a warning with its code.

    ``uses`` are uses of blocks that lead there, each with its place and words.
    """

    mark: Mark
    message: str
    code: str = ""
    uses: tuple[tuple[Mark, str], ...] = ()


def findings(reading: Reading) -> Iterator[Finding]:
    """Everything to mark: errors, or, where there is none, warnings, one for all copies."""
    for problem in reading.problems:
        yield _error(reading, problem)
    if reading.report is None or reading.problems:
        return
    seen: dict[tuple[str, Mark], list[str]] = {}
    for each in reading.report.warnings:
        seen.setdefault((each.code, each.mark), []).append(f"{each.path}: {each.message}")
    for (code, mark), told in seen.items():
        more = f", and {len(told) - 1} more like it" if len(told) > 1 else ""
        yield Finding(mark, told[0] + more, code)


def _error(reading: Reading, problem: Problem) -> Finding:
    """An error with its notes; one in a file that this one imports is told where that is."""
    message = "\n".join([problem.message, *filter(None, problem.notes)])
    source = getattr(problem.mark, "source", reading.source)
    if source.name != reading.source.name:
        line, column, _ = problem.mark
        return Finding(Mark(1, 1), f"{source.name}:{line}:{column}: {message}")
    uses = tuple((mark, f"in block {block!r}, used here") for block, mark in problem.uses)
    return Finding(problem.mark, message, "", uses)
