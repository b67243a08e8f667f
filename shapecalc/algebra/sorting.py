"""The order in which sympy keeps the terms of a sum and the factors of a product.

Sympy compares two at a time, by the names of their classes, which it looks up in a list, and then
part by part. Here each has a key, found once, that Python compares.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy
from sympy.core.basic import ordering_of_classes

_RANKS = {name: (rank, "") for rank, name in enumerate(ordering_of_classes)}
_LAST = len(ordering_of_classes)


def in_order(args: list[sympy.Expr]) -> None:
    """Put terms of a sum, or factors of a product, in sympy's order, in place.

    >>> x, y = sympy.symbols("x y", integer=True)
    >>> args = [y, x * y, x, y**2]
    >>> in_order(args)
    >>> args == list(sympy.Add(*args, evaluate=False).args)
    True
    """
    args.sort(key=kept_by)


@lru_cache(maxsize=65536)
def kept_by(expr: sympy.Basic) -> tuple[Any, ...]:
    """The key: the rank of its class, then how many parts it has, then these one after another.

    Classes that sympy does not rank stand behind all others, by their names.
    """
    name = type(expr).__name__
    parts = expr._hashable_content()
    keys = [kept_by(part) if isinstance(part, sympy.Basic) else part for part in parts]
    return (_RANKS.get(name) or (_LAST, name), len(keys), *keys)
