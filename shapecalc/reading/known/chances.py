"""Random numbers: arrays of a shape, and of a single number the middle of what it may be.

So a branch that chance decides goes the way that is taken half of the time or more. What is chosen
among things that are no numbers has no middle, and is not known.
"""

from __future__ import annotations

from typing import Any

from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.functions.base import number, numbers, prod
from shapecalc.reading.known.base import NAMES, resolve
from shapecalc.reading.tensors.numbers import is_small
from shapecalc.reading.tensors.traced import TensorValue

KNOWN = NAMES.part(__name__)
known = KNOWN.function


def _drawn(rt: Any, size: Any, middle: Any, dtype: str = "float32") -> Any:
    """Numbers of a size, each the middle of what it may be; without one, the middle."""
    if size is None:
        return middle
    found = TensorValue(tuple(numbers(rt, [size])), dtype)
    if is_small(found.shape):
        count = int(prod(found.shape))
        rt.step(count // 4)
        found.data = [middle] * count
    return found


known("random.random")(lambda rt: 0.5)

known("random.uniform")(lambda rt, a, b: (plain(a) + plain(b)) / 2)

known("random.gauss", "random.normalvariate")(lambda rt, mean=0.0, sigma=1.0: plain(mean))

known("random.randint")(lambda rt, a, b: (plain(a) + plain(b)) // 2)

known("random.randrange")(
    lambda rt, a, b=None, *step: plain(a) // 2 if b is None else (plain(a) + plain(b)) // 2
)

known("numpy.random.rand", "numpy.random.randn")(
    lambda rt, *sizes: _drawn(rt, list(sizes), 0.5) if sizes else 0.5
)

known("numpy.random.random", "numpy.random.random_sample", "numpy.random.standard_normal")(
    lambda rt, size=None, **kwargs: _drawn(rt, size, 0.5)
)


@known("numpy.random.normal", "numpy.random.laplace")
def _normal(rt: Any, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
    return _drawn(rt, size, number(rt, loc))


@known("numpy.random.uniform")
def _uniform(rt: Any, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
    return _drawn(rt, size, (number(rt, low) + number(rt, high)) / 2)


@known("numpy.random.randint")
def _randint(rt: Any, low: Any, high: Any = None, size: Any = None, **kwargs: Any) -> Any:
    low, high = (0, low) if high is None else (low, high)
    return _drawn(rt, size, int(number(rt, low) + number(rt, high)) // 2, "int64")


def _choice(name: str) -> Any:
    def run(rt: Any, *args: Any, **kwargs: Any) -> Any:
        raise rt.cannot(f"what {name} gives is another each time", "the network would be, too")

    return run


for _name in ("choice", "choices", "sample", "shuffle"):
    known(f"random.{_name}")(_choice(f"random.{_name}"))

for _name in ("choice", "shuffle"):
    known(f"numpy.random.{_name}")(_choice(f"numpy.random.{_name}"))


class Generator:
    """A generator of numpy's: its methods are the functions of ``numpy.random``."""

    def known_attribute(self, rt: Any, name: str) -> Any:
        """A method."""
        return resolve(f"numpy.random.{_SAME.get(name, name)}")


_SAME = {"integers": "randint"}
"""Methods of generators that are called otherwise as functions."""

known("numpy.random.RandomState", "numpy.random.default_rng")(
    lambda rt, *seed, **kwargs: Generator()
)
