"""What a report tells of what is legal but probably unwanted; what finds it reads reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from shapecalc.language.problem import Mark


class Warning(NamedTuple):  # noqa: A001 - nothing here is about Python's own warnings
    """One thing that is probably unwanted: its code, the layer, what it is, and its place."""

    code: str
    path: str
    message: str
    mark: Mark
