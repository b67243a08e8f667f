"""``math``, ``operator`` and ``itertools``."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

from shapecalc.reading.evaluator.classes import (
    OBJECT,
)
from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.evaluator.sizes import Ratio, Size
from shapecalc.reading.evaluator.values import (
    Builtin,
    Class,
    Instance,
    Unknown,
)
from shapecalc.reading.functions import listed, prod
from shapecalc.reading.known.base import NAMES
from shapecalc.reading.tensors.traced import TensorValue, same_source

KNOWN = NAMES.part(__name__)
known = KNOWN.function


def _real(function: Any) -> Any:
    def run(rt: Any, *args: Any) -> Any:
        given = [rt.tensor_number(a) if isinstance(a, TensorValue) else plain(a) for a in args]
        for each in given:
            if isinstance(each, Unknown):
                raise rt.not_known(each)
        try:
            return function(*given)
        except (ValueError, OverflowError, TypeError) as wrong:
            raise rt.error(type(wrong).__name__, str(wrong)) from None

    return run


def elementwise(function: Any) -> Any:
    """A function of a number, or of each number of an array."""
    real = _real(function)

    def run(rt: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, TensorValue) and value.data is not None and len(value.shape) == 1:
            return listed([real(rt, each, *args) for each in value.data], "float32")
        if isinstance(value, TensorValue) and (value.data is None or len(value.shape) > 1):
            return same_source(value, value.shape, "float32")
        return real(rt, value, *args)

    return run


for _name in [
    "sqrt",
    "exp",
    "log",
    "log2",
    "log10",
    "log1p",
    "expm1",
    "sinh",
    "cosh",
    "sin",
    "cos",
    "tan",
    "tanh",
    "atan",
    "atan2",
    "pow",
    "fabs",
    "floor",
    "ceil",
    "trunc",
    "isclose",
    "isnan",
    "isinf",
    "hypot",
    "erf",
    "degrees",
    "radians",
    "copysign",
    "fmod",
]:
    known(f"math.{_name}")(_real(getattr(math, _name)))
    if _name not in ("isclose", "fabs", "copysign"):
        known(f"numpy.{_name}")(elementwise(getattr(math, _name)))

known("math.modf")(lambda rt, value: math.modf(rt.binary("+", plain(value), 0.0)))

for _name in ("comb", "factorial", "perm", "isqrt"):

    def _bounded(*args: Any, _name: str = _name) -> Any:
        _function = getattr(math, _name)
        if any(abs(each) > 2**64 for each in args) or (
            _function in (math.factorial, math.comb, math.perm) and args[0] > 500
        ):
            raise ValueError("the number is larger than any network needs")
        return _function(*args)

    known(f"math.{_name}")(_real(_bounded))

for _name in ("gcd", "lcm"):

    def _folded(rt: Any, *args: Any, _name: str = _name) -> Any:
        both = _real(getattr(math, _name))
        found = both(rt)
        for each in args:
            found = both(rt, found, each)
            if found > 2**64:
                raise rt.error("ValueError", "the number is larger than any network needs")
        return found

    known(f"math.{_name}", f"numpy.{_name}")(_folded)

KNOWN.update(
    {
        "math.pi": math.pi,
        "math.e": math.e,
        "math.inf": math.inf,
        "math.nan": math.nan,
        "math.tau": math.tau,
    }
)


@known("math.prod")
def _prod(rt: Any, values: Any, *more: Any, start: Any = 1, **kwargs: Any) -> Any:
    if isinstance(values, (int, float)):  # which numpy takes for an array of one
        return values
    found = start
    for value in rt.iterate(values):
        found = rt.binary("*", found, value)
    return found


@known("math.ceil")
def _ceil(rt: Any, value: Any) -> Any:
    if isinstance(value, Ratio):
        return value.above
    return value if isinstance(value, Size) else _real(math.ceil)(rt, value)


@known("math.floor", "math.trunc")
def _floor(rt: Any, value: Any) -> Any:
    if isinstance(value, Ratio) and value >= 0:
        return value.below
    return value if isinstance(value, Size) else _real(math.floor)(rt, value)


def binary(word: str) -> Any:
    """The function that an operator between two values is."""
    return lambda rt, a, b: rt.binary(word, a, b)


def _comparing(word: str) -> Any:
    return lambda rt, a, b: rt.compare(word, a, b)


for _word, _name in (
    ("+", "add"),
    ("-", "sub"),
    ("*", "mul"),
    ("/", "truediv"),
    ("//", "floordiv"),
    ("%", "mod"),
    ("**", "pow"),
    ("@", "matmul"),
):
    known(f"operator.{_name}")(binary(_word))

for _word, _name in (
    ("==", "eq"),
    ("!=", "ne"),
    ("<", "lt"),
    ("<=", "le"),
    (">", "gt"),
    (">=", "ge"),
):
    known(f"operator.{_name}")(_comparing(_word))


@known("operator.itemgetter")
def _itemgetter(rt: Any, *keys: Any) -> Any:
    def get(rt: Any, value: Any) -> Any:
        found = [rt.subscript(value, key) for key in keys]
        return found[0] if len(found) == 1 else tuple(found)

    return Builtin("itemgetter", get)


@known("operator.attrgetter")
def _attrgetter(rt: Any, name: str) -> Any:
    def get(rt: Any, value: Any) -> Any:
        for part in name.split("."):
            value = rt.attribute(value, part)
        return value

    return Builtin("attrgetter", get)


@known("itertools.chain")
def _chain(rt: Any, *values: Any) -> Any:
    return rt.iterator(item for value in values for item in rt.iterate(value))


@known("itertools.chain.from_iterable")
def _chain_all(rt: Any, values: Any) -> Any:
    return _chain(rt, *rt.drawn_all(values))


KNOWN["itertools.chain"] = Instance(
    Class(
        "chain",
        (OBJECT,),
        {"__call__": Builtin("chain", lambda rt, self, *values: _chain(rt, *values))},
    )
)

KNOWN["itertools.chain"].attributes["from_iterable"] = KNOWN["itertools.chain.from_iterable"]


@known("itertools.repeat")
def _repeat(rt: Any, value: Any, times: Any = None) -> Any:
    return rt.iterator(
        itertools.repeat(value) if times is None else iter([value] * min(times, 1_000_000))
    )


@known("itertools.count")
def _count(rt: Any, start: Any = 0, step: Any = 1) -> Any:
    return rt.iterator(itertools.count(start, step))


@known("itertools.cycle")
def _cycle(rt: Any, values: Any) -> Any:
    return rt.iterator(itertools.cycle(rt.drawn_all(values)))


@known("itertools.accumulate")
def _accumulate(rt: Any, values: Any, function: Any = None, *, initial: Any = None) -> Any:
    def sums() -> Iterator[Any]:
        found, is_first = initial, initial is None
        if not is_first:
            yield found
        for value in rt.iterate(values):
            if is_first:
                found, is_first = value, False
            elif function is None:
                rt.step(2)
                found = rt.binary("+", found, value)
            else:
                found = rt.call(function, [found, value], {})
            yield found

    return rt.iterator(sums())


@known("itertools.product")
def _product(rt: Any, *values: Any, repeat: int = 1) -> Any:
    pools = [rt.drawn_all(value) for value in values] * min(repeat, 8)
    if prod(len(pool) for pool in pools) > 1_000_000:
        raise rt.cannot("this would be larger than any network needs")
    return rt.iterator(itertools.product(*pools))


@known("itertools.islice")
def _islice(rt: Any, values: Any, *args: Any) -> Any:
    return rt.iterator(itertools.islice(iter(rt.iterate(values)), *args))


@known("itertools.zip_longest")
def _zip_longest(rt: Any, *values: Any, fillvalue: Any = None) -> Any:
    return rt.iterator(itertools.zip_longest(*[rt.iterate(v) for v in values], fillvalue=fillvalue))


@known("itertools.pairwise")
def _pairwise(rt: Any, values: Any) -> Any:
    return rt.iterator(itertools.pairwise(rt.iterate(values)))


@known("itertools.combinations")
def _combinations(rt: Any, values: Any, r: int) -> Any:
    found = rt.drawn_all(values)
    if math.comb(min(len(found), 100), min(r, 100)) > 1_000_000:
        raise rt.cannot("this would be larger than any network needs")
    return rt.iterator(itertools.combinations(found, r))


@known("itertools.permutations")
def _permutations(rt: Any, values: Any, r: Any = None) -> Any:
    found = rt.drawn_all(values)
    count = len(found) if r is None else r
    if math.perm(min(len(found), 100), min(count, 100)) > 1_000_000:
        raise rt.cannot("this would be larger than any network needs")
    return rt.iterator(itertools.permutations(found, count))


@known("itertools.starmap")
def _starmap(rt: Any, function: Any, rows: Any) -> Any:
    return rt.iterator(rt.call(function, list(rt.iterate(row)), {}) for row in rt.iterate(rows))


def _while(taken: Any) -> Any:
    def run(rt: Any, test: Any, values: Any) -> Any:
        def holds(value: Any) -> bool:
            return bool(rt.truth(rt.call(test, [value], {})))

        return rt.iterator(taken(holds, rt.iterate(values)))

    return run


known("itertools.takewhile")(_while(itertools.takewhile))
known("itertools.dropwhile")(_while(itertools.dropwhile))


@known("itertools.compress")
def _compress(rt: Any, data: Any, selectors: Any) -> Any:
    pairs = zip(rt.iterate(data), rt.iterate(selectors))
    return rt.iterator(value for value, test in pairs if rt.truth(test))


@known("itertools.groupby")
def _groupby(rt: Any, values: Any, key: Any = None) -> Any:
    """Groups are lists here, which each of them is drawn as."""
    groups: list[tuple[Any, list[Any]]] = []
    for value in rt.drawn_all(values):
        of = value if key is None else rt.call(key, [value], {})
        if not groups or not rt.truth(rt.compare("==", groups[-1][0], of)):
            groups.append((of, []))
        groups[-1][1].append(value)
    return rt.iterator((of, rt.iterator(group)) for of, group in groups)
