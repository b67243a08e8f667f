"""The registry of warnings, and how a report is checked against all of them.

A warning says what holds for all values of the symbols that a report leaves open. Where it hangs
on them, nothing is said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from shapecalc.algebra.arithmetic import Dim, is_symbolic
from shapecalc.algebra.requirement import Least, at_least
from shapecalc.analysis.warning import Warning  # noqa: A004 - as where it is declared

if TYPE_CHECKING:
    from shapecalc.analysis.layer import LayerReport
    from shapecalc.analysis.report import Report
    from shapecalc.graph.graph import Node, Part


class Finding(NamedTuple):
    """What a check says of the layer at a path."""

    path: str
    message: str


Check = Callable[["Report"], Iterable[Finding]]

CHECKS: dict[str, Check] = {}
"""All warnings by their codes. A check's docstring says in a sentence what it warns of."""

NEAREST = 20
"""How many layers before one are asked what the dimensions of its input are."""


def check(code: str) -> Callable[[Check], Check]:
    """Declare a warning: what it is known by in specs, reports and the documentation."""

    def register(function: Check) -> Check:
        CHECKS[code] = function
        return function

    return register


def warnings(report: Report) -> list[Warning]:
    """What is legal in a network but probably unwanted, in the order of its layers.

    >>> import shapecalc
    >>> pool = {"input": [1, 7, 7], "layers": [{"MaxPool2d": 2}]}
    >>> [(each.path, each.code) for each in warnings(shapecalc.load(pool).report())]
    [('maxpool1', 'dropped-pixels')]
    >>> warnings(shapecalc.load({**pool, "silence": "dropped-pixels"}).report())
    []
    """
    places = {path: place for place, path in enumerate(report.built.nodes)}
    found = []
    for code, function in CHECKS.items():
        if code in report.silence:
            continue
        for path, message in function(report):
            node = report.built.nodes[path]
            if not _silenced(code, node):
                found.append((places[path], Warning(code, path, message, node.entry.mark)))
    found.sort(key=itemgetter(0))
    return [warning for _, warning in found]


def _silenced(code: str, node: Node) -> bool:
    """Whether the layer's entry, or one that it stands in, does not want this warning."""
    if code in node.entry.silence:
        return True
    part: Part | None = node.part
    while part is not None:
        if part.entry is not None and code in part.entry.silence:
            return True
        part = part.parent
    return False


def of_alike(
    layers: Iterable[LayerReport], tell: Callable[[LayerReport], str]
) -> Iterator[Finding]:
    """What is told of each layer; of the same layer on the same inputs it is found once."""
    known: dict[tuple[int, int], str] = {}
    own = inputs = None
    told = ""
    for layer in layers:
        node = layer.node
        if node.layer is not own or node.inputs is not inputs:  # copies mostly stand in a row
            own, inputs = node.layer, node.inputs
            key = id(own), id(inputs)
            if key not in known:
                known[key] = tell(layer)
            told = known[key]
        if told:
            yield Finding(layer.path, told)


def surely_at_least(a: Dim, b: Dim, least: Least) -> bool:
    """Whether ``a >= b`` for all values of the symbols from their ``least`` ones on.

    A symbol without a least value may have any, as a padding that is taken away may.

    >>> from shapecalc.algebra.formula import Formula
    >>> P = Formula.symbol("P")
    >>> [surely_at_least(2 * P, 2, least) for least in ({"P": 1}, {"P": 0}, {})]
    [True, False, False]
    """
    if not (is_symbolic(a) or is_symbolic(b)):
        return a >= b
    if _is_less_somewhere(a, b):
        return False  # where some values are enough to say no, as they mostly are
    difference: Any = a - b
    if not is_symbolic(difference):
        return bool(difference >= 0)
    own = [(name, least[name]) for name in sorted(difference.symbols) if name in least]
    return _surely_positive(difference, tuple(own))


@lru_cache(maxsize=4096)
def _surely_positive(difference: Dim, least: tuple[tuple[str, int], ...]) -> bool:
    """Whether it is at least 0; many layers ask that of the same sizes."""
    return at_least(difference, 0).decide(dict(least)) is True


def _is_less_somewhere(a: Dim, b: Dim) -> bool:
    """Whether one size is less than another at one of a few settings; a number is looked up."""
    if not is_symbolic(a):
        return bool(a < _between(b)[1])
    if not is_symbolic(b):
        return bool(_between(a)[0] < b)
    return any(_sample(a, seed) < _sample(b, seed) for seed in range(SEEDS))


@lru_cache(maxsize=4096)
def _between(size: Dim) -> tuple[Any, Any]:
    """The least and the greatest value of a size at these settings, where it has any there."""
    found = [_sample(size, seed) for seed in range(SEEDS)]
    values = [each for each in found if not math.isnan(each)]
    return min(values, default=math.inf), max(values, default=-math.inf)


SEEDS = 5
"""At so many settings sizes are compared before it is proven."""


@lru_cache(maxsize=4096)
def _sample(size: Dim, seed: int) -> Any:
    """The size at some values of the symbols; not a number where it has none there."""
    if not is_symbolic(size):
        return size
    try:
        return size.at(**{name: _value(name, seed) for name in size.symbols})
    except ZeroDivisionError:
        return math.nan


def _value(name: str, seed: int) -> int:
    """A value of a symbol: at first the same for all, then in some order, and in that turned round.

    Of two symbols neither is so the larger in all. The last two are those orders among values that
    only the deepest networks have numbers beside.
    """
    own: int = crc32(name.encode()) % 89
    value = 97 + (0, own, 2 * (88 - own), own, 2 * (88 - own))[seed]
    return value if seed < 3 else value << 10
