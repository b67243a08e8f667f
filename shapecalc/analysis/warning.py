"""What a report tells of what is legal but probably unwanted; what finds it reads reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from shapecalc.language.problem import Mark


class Warning(NamedTuple):  # noqa: A001 - nothing here is about Python's own warnings
    """One thing that is probably unwanted: its code, the layer, what it is, and its place.

    >>> import shapecalc
    >>> pool = {"input": [1, 7, 7], "layers": [{"MaxPool2d": 2}]}
    >>> (found,) = shapecalc.load(pool).report().warnings
    >>> found.code, found.path, found.mark.line
    ('dropped-pixels', 'maxpool1', 9)
    """

    code: str
    path: str
    message: str
    mark: Mark
