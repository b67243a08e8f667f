"""Conditions that a spec, or an option, puts on the network: ``params <= 5e6``.

They are expressions that know more names than those of sizes: totals, and facts of entries as in
``conv5.height`` and ``receptive_field(conv5)``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from shapecalc.language.expression import Expression, ExpressionError, names, parse_condition
from shapecalc.language.problem import Mark, Problem, Source, SpecError


class GivenMark(Mark):
    """A place in what an option or a call gave, which is a text of its own."""

    source: Source


class Required(NamedTuple):
    """A condition as it was written, read, and where it stands."""

    text: str
    tree: Expression
    mark: Mark

    @property
    def names(self) -> tuple[str, ...]:
        """The names it looks up, each once."""
        return tuple(dict.fromkeys(name.name for name in names(self.tree)))


def given(conditions: Iterable[str], origin: str) -> list[Required]:
    """Conditions from elsewhere than a spec; raises :class:`SpecError` where one cannot be read.

    >>> given(["params <= 5e6"], "--require")[0].names
    ('params',)
    """
    found = []
    for text in conditions:
        source = Source(origin, text)
        try:
            tree = parse_condition(text)
        except ExpressionError as error:
            place = Mark(1, error.column + 1)
            problem = Problem(place, error.message, (error.hint,))
            raise SpecError(source, [problem]) from None
        mark = GivenMark(1, 1, len(text))
        mark.source = source
        found.append(Required(text, tree, mark))
    return found
