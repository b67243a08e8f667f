"""Which rows of a sweep are told: the least by some column, those that none is better than."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from shapecalc.language.symbols import SettingError

Columns = dict[str, Any]
"""An array for each column; all are as long as there are rows."""

MOST_FRONT = 1_000_000
"""How many rows a front may have, all of which are held."""

_PIVOTS = 8
"""With how many good rows others are compared before all are compared with each other."""


class Selection(NamedTuple):
    """What is kept of the rows: the front in some columns, then the ``first`` so many by one.

    A ``-`` before a column's name wants more of it. ``where`` are conditions.

    >>> chosen = Selection(where=("params <= 5e6",), front=("macs", "-params"))
    >>> chosen.reduces, chosen.looks_at
    (True, ['macs', 'params'])
    """

    where: tuple[str, ...] = ()
    front: tuple[str, ...] = ()
    first: int | None = None
    by: str | None = None

    @property
    def looks_at(self) -> list[str]:
        """The columns that rows are chosen by."""
        asked = [*self.front, *([self.by] if self.by else [])]
        return list(dict.fromkeys(name.removeprefix("-") for name in asked))

    @property
    def reduces(self) -> bool:
        """Whether rows are chosen by others, so that none is known before all are."""
        return bool(self.front) or self.first is not None

    def partly(self, columns: Columns) -> Any:
        """Where rows stand that may be among those of more rows; None for all."""
        if self.front:
            return front([_wanted(columns, name) for name in self.front])
        return self._first(columns) if self.first is not None else None

    def last(self, columns: Columns) -> Any:
        """Where the rows stand that are told at last, in their order; None for all."""
        import numpy as np

        chosen = self.partly(columns)
        if not self.front:
            return chosen
        keys = [_codes(_wanted(columns, name)[chosen]) for name in reversed(self.front)]
        chosen = chosen[np.lexsort(keys)]
        return chosen[self._first(take(columns, chosen))] if self.first is not None else chosen

    def _first(self, columns: Columns) -> Any:
        import numpy as np

        assert self.by is not None
        values = _wanted(columns, self.by)
        if self.first is not None and len(values) > 4 * self.first and values.dtype != object:
            bound = np.partition(values, self.first - 1)[self.first - 1]
            few = np.flatnonzero(values <= bound)
            return few[np.argsort(values[few], kind="stable")[: self.first]]
        return np.argsort(values, kind="stable")[: self.first]


def take(columns: Columns, chosen: Any) -> Columns:
    """Some rows of the columns; all for None."""
    return columns if chosen is None else {name: each[chosen] for name, each in columns.items()}


def joined(tables: Sequence[Columns]) -> Columns:
    """Rows below each other."""
    import numpy as np

    return {name: np.concatenate([each[name] for each in tables]) for name in tables[0]}


def _wanted(columns: Mapping[str, Any], name: str) -> Any:
    return -columns[name[1:]] if name.startswith("-") else columns[name]


def front(objectives: Sequence[Any]) -> Any:
    """Where the rows stand than which none is less in one column and no more in the others.

    Rows that are alike in all columns stay together.

    >>> import numpy
    >>> front([numpy.array([1, 2, 3, 1]), numpy.array([3, 2, 2, 3])]).tolist()
    [0, 1, 3]
    """
    import numpy as np

    left = _without_plainly_worse(objectives)
    codes = np.stack([_codes(each[left]) for each in objectives], axis=1)
    points, places = np.unique(codes, axis=0, return_inverse=True)
    found = left[_undominated(points)[places.reshape(-1)]]
    if len(found) > MOST_FRONT:
        raise SettingError(
            f"more than {MOST_FRONT:,} rows are best; with more columns alike, choose fewer values"
        )
    return found


def _without_plainly_worse(objectives: Sequence[Any]) -> Any:
    """Where the rows stand that are no worse than some good ones: most others are."""
    import numpy as np

    left = np.arange(len(objectives[0]))
    if any(each.dtype == object for each in objectives):
        return left
    for weighed in range(_PIVOTS):
        if len(left) <= 4 * _PIVOTS:
            break
        rest = [each[left] for each in objectives]
        pivot = _good_one(rest, weighed)
        worse = np.ones(len(left), dtype=bool)
        alike = np.ones(len(left), dtype=bool)
        for each in rest:
            worse &= each >= each[pivot]
            alike &= each == each[pivot]
        if not (worse & ~alike).any():
            break
        left = left[~worse | alike]
    return left


def _good_one(objectives: Sequence[Any], weighed: int) -> int:
    """A row that is low in all columns, each as a share of its range, in one of several mixes."""
    score: Any = 0.0
    for i, each in enumerate(objectives):
        low, high = float(each.min()), float(each.max())
        weight = 3.0 if weighed and i == weighed % len(objectives) else 1.0
        score = score + (each - low) * (weight / (high - low or 1.0))
    return int(score.argmin())


def _codes(values: Any) -> Any:
    """Numbers in the order of the values, of whatever type these are."""
    import numpy as np

    return np.unique(values, return_inverse=True)[1].reshape(-1)


def _undominated(points: Any) -> Any:
    """Of different points, sorted, where those stand than which none is better."""
    import numpy as np

    kept = np.zeros(len(points), dtype=bool)
    if points.shape[1] == 1:
        kept[:1] = True
    elif points.shape[1] == 2:
        second = points[:, 1]
        kept[:1] = True
        kept[1:] = second[1:] < np.minimum.accumulate(second)[:-1]
    else:
        left = np.arange(len(points))
        while len(left):  # the first of those left is after none: all others are sorted behind it
            first, left = left[0], left[1:]
            kept[first] = True
            left = left[(points[left] < points[first]).any(axis=1)]
    return kept
