"""A size times a fraction, rounded down, as torch computes it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from shapecalc.algebra.arithmetic import Dim, is_symbolic, untraced
from shapecalc.layers.base import Layer
from shapecalc.layers.tensor import Tensor

if TYPE_CHECKING:
    from shapecalc.algebra.formula import Formula


class Scaling(Layer, abstract=True):
    """A layer whose output has the spatial sizes of its input times factors, rounded down."""

    def factors(self, x: Tensor) -> tuple[int | Fraction | Formula, ...]:
        """The factor of each spatial axis; none where the output's sizes are given."""
        raise NotImplementedError

    def decisive(self, x: Tensor, *like: Tensor) -> Iterator[Dim]:
        """Sizes at some of which torch's product is not the exact one."""
        for size, factor in zip(x.spatial, self.factors(x)):
            if is_symbolic(size) and not is_symbolic(factor) and _may_part(size, factor):
                yield size


def _may_part(size: Formula, factor: int | Fraction) -> bool:
    """Whether torch's product parts from the exact one somewhere in what is supposed of a size."""
    from shapecalc.algebra.enclosure import supposed  # which numbers have no need of

    found = supposed(size)
    if found is None:
        return False
    least = math.ceil(max(found[0], 1))
    last = math.floor(min(found[1], least + FURTHEST))
    return next(parting(factor, range(least, last + 1)), None) is not None


FURTHEST = 2_000
"""How many sizes are looked at for one at which torch's product is not exact."""


def scaled(size: Dim, factor: int | Fraction | Formula) -> Dim:
    """A size times a factor, rounded down: of a number what torch makes of it, of a formula exact.

    torch multiplies in double precision, ``int(size * factor)`` (``torch.nn.functional`` in
    ``interpolate`` and ``fractional_max_pool2d``, ``upsample_output_size`` in ATen), and a factor
    that is no binary fraction is a little too large or too small: 88 times 120/88 falls short of
    120. A formula says ``n * p // q`` for the factor ``p/q``; where the two part is what
    :func:`parting` tells. A factor that is a formula is whole, and products with it are exact.

    >>> from shapecalc.algebra.formula import Formula
    >>> scaled(88, Fraction(120, 88)), scaled(88, Fraction(3, 2))
    (119, 132)
    >>> scaled(Formula.symbol("H"), Fraction(120, 88))
    Formula('15*H//11')
    """
    if is_symbolic(factor):
        product: Dim = size * factor
        return product
    exact = size * factor.numerator // factor.denominator
    number = untraced(size)
    if type(number) is not int:
        return exact
    less: int = untraced(exact) - _in_torch(number, factor)
    return exact - less


def parting(factor: int | Fraction, sizes: range) -> Iterator[int]:
    """The sizes at which torch's product is another than the exact one.

    >>> list(parting(Fraction(120, 88), range(1, 200)))
    [11, 22, 44, 77, 88, 143, 154, 165, 176, 187]
    >>> list(parting(Fraction(3, 4), range(1, 200)))
    []
    """
    if isinstance(factor, int):
        return iter(())
    double = float(factor)
    if factor.numerator * sizes.stop < 2**51:
        if double.as_integer_ratio() == (factor.numerator, factor.denominator):  # as any product
            return iter(())
        # what is no whole number is further from one than the product of two doubles errs
        step = factor.denominator
        sizes = range(-(-sizes.start // step) * step, sizes.stop, step)
    above, below = factor.numerator, factor.denominator
    return (size for size in sizes if size * above // below != int(size * double))


def _in_torch(size: int, factor: int | Fraction) -> int:
    # a whole number of any size is its own double product, but for digits that no tensor has
    return size * factor if isinstance(factor, int) else int(size * float(factor))
