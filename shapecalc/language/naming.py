"""Names of a repeated entry's copies: text with expressions in braces, ``layer{index + 1}``.

And of what is called by its number in a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from shapecalc.algebra.arithmetic import is_symbolic, untraced
from shapecalc.language.evaluation import Undecided
from shapecalc.language.expression import ExpressionError
from shapecalc.language.problem import Mark
from shapecalc.language.text import shown
from shapecalc.language.tree import Entry, Setting

BRACES = re.compile(r"\{([^{}]*)\}")
"""An expression in a name."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*|[0-9]+")


def is_copy_name(name: str) -> bool:
    """Whether a copy may be called so: like an entry, but for hyphens, which some networks use.

    >>> is_copy_name("block1-0"), is_copy_name("7"), is_copy_name("a.b"), is_copy_name("-a")
    (True, True, False, False)
    """
    return _NAME.fullmatch(name) is not None


def may_be_copy(name: str, text: str) -> bool:
    """Whether a copy may have a name, where the names of the copies are a text with braces.

    >>> may_be_copy("block1-12", "block{stage}-{index}"), may_be_copy("block", "block{index}")
    (True, False)
    """
    texts = BRACES.split(text)[::2]
    return re.fullmatch("[0-9]+".join(map(re.escape, texts)), name) is not None


class CopyNames:
    """What the copies of an entry are called: texts and expressions in turn."""

    def __init__(self, text: str, parts: Iterable[str | Setting], mark: Mark) -> None:
        self.text = text
        self.parts = tuple(parts)
        self.mark = mark

    @property
    def settings(self) -> list[Setting]:
        """The expressions in braces."""
        return [part for part in self.parts if isinstance(part, Setting)]

    @property
    def stem(self) -> str:
        """The letters and digits that all names have, as a word: ``denselayer``."""
        texts = [part for part in self.parts if isinstance(part, str)]
        return re.sub(r"\W+", "_", "_".join(texts)).strip("_")

    def name(self, scope: Mapping[str, Any]) -> str:
        """What a copy is called in a scope; raises :class:`ExpressionError`.

        Raises :class:`Undecided` where that hangs on a formula.
        """
        return "".join(p if isinstance(p, str) else str(_number(p, scope)) for p in self.parts)


class Order:
    """Counts the entries of a list that are called by their numbers, as those of nn.Sequential.

    ``next`` is the number of the next one, None where that hangs on what is there; in an inline
    block it does from the start.
    """

    def __init__(self, is_inline: bool) -> None:
        self.is_inline = is_inline
        self.next: int | None = None if is_inline else 0

    def count(self, entry: Entry) -> None:
        """Count an entry."""
        repeat = entry.repeat
        if self.next is None or entry.is_inline or entry.when is not None:
            self.next = None
        elif repeat is None:
            self.next += 1
        elif repeat.kind == Setting.CONSTANT and type(repeat.content) is int:
            self.next += repeat.content if entry.is_flat else min(repeat.content, 1)
        else:
            self.next = None


def _number(setting: Setting, scope: Mapping[str, Any]) -> int:
    number = untraced(setting.value(scope))
    if is_symbolic(number):
        raise Undecided(number)
    if isinstance(number, Fraction) and number.denominator == 1:
        number = number.numerator
    if type(number) is not int or number < 0:
        message = f"a name expects a whole number of at least 0 in braces, got {shown(number)}"
        raise ExpressionError(message)
    return number
