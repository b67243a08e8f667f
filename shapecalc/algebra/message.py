"""Messages as values: a template with named places, written out only when somebody asks for it.

What a place holds is written as Python writes it. A series says how, in the template:

    ``{sizes:times}``    16 x 5 x 5, a single size as it is
    ``{settings:list}``  [1, 2, 3], as in a spec
    ``{names:and}``      a, b and c
    ``{names:or}``       a or b or c
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any


def written(template: str, places: Mapping[str, object]) -> str:
    """The text of a template with its places filled in.

    >>> written("makes {shape:times} of {x.size}, not {wrong:or}",
    ...         {"shape": (3, "H + 1"), "x": type("X", (), {"size": 7}), "wrong": ["a", "b"]})
    'makes 3 x (H + 1) of 7, not a or b'
    """
    if not template:
        return ""
    import string  # only where something is wrong

    class Writer(string.Formatter):
        def format_field(self, value: Any, format_spec: str) -> str:
            way = _WAYS.get(format_spec)
            return format(value, format_spec) if way is None else way(value)

    return Writer().vformat(template, (), places)


def times(sizes: Iterable[object]) -> str:
    """Sizes as people write them, sums in parentheses.

    >>> times((16, 5, 5)), times((16, "H + 1"))
    ('16 x 5 x 5', '16 x (H + 1)')
    """
    return " x ".join(f"({size})" if " " in size else size for size in map(str, sizes))


def series(items: Iterable[object]) -> str:
    """Some things one after the other, the last behind an *and*.

    >>> series("a"), series("abc")
    ('a', 'a, b and c')
    """
    said = [str(item) for item in items]
    return " and ".join(filter(None, (", ".join(said[:-1]), said[-1])))


def _times(value: Any) -> str:
    return times(value) if isinstance(value, tuple) else str(value)


def _alternatives(items: Iterable[object]) -> str:
    return " or ".join(map(str, items))


def _list(items: Iterable[object]) -> str:
    return str(list(items))


_WAYS: dict[str, Callable[[Any], str]] = {
    "times": _times,
    "list": _list,
    "and": series,
    "or": _alternatives,
}
