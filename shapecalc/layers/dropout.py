"""Dropout, which is at work only while training: shapes and costs are those of evaluation.

A trained network's dropout passes its input on: it writes nothing and computes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from shapecalc.layers.field import Flag, Number, field
from shapecalc.layers.pointwise import Pointwise


class _AnyDropout(Pointwise, abstract=True):
    """What all dropouts have in common."""

    writes = False

    p: int | Fraction = field(Number(0, 1), "probability of dropping out", default=Fraction(1, 2))
    inplace: bool = field(Flag(), "overwrite the input", default=False)


class Dropout(_AnyDropout):
    """Set single elements to zero at random while training."""


class Dropout1d(_AnyDropout, rank=1):
    """Set whole channels of a length to zero at random while training."""


class Dropout2d(_AnyDropout, rank=2):
    """Set whole channels to zero at random while training.

    Besides height and width it takes a length alone, as torch does to this day.
    """

    ndims = (3, 4)


class Dropout3d(_AnyDropout, rank=3):
    """Set whole channels of a volume to zero at random while training."""


class AlphaDropout(_AnyDropout):
    """Drop single elements at random while training, keeping mean and variance: made for SELU."""


class FeatureAlphaDropout(_AnyDropout):
    """Drop whole channels at random while training, keeping mean and variance."""

    ndims = range(2, 99)


class DropPath(Pointwise):
    """Set whole samples to zero at random while training: stochastic depth.

    It stands at the end of a branch, which is so left out for some samples. Huang et al., "Deep
    networks with stochastic depth" (2016).
    """

    called = ("torchvision.ops.stochastic_depth(input, p, mode, training)",)
    writes = False
    in_torch = False

    p: int | Fraction = field(Number(0, 1), "probability of dropping a sample", default=0)

    example = {"p": Fraction(1, 10)}

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        kept = f"{inputs[0]}.new_ones({inputs[0]}.shape[0], *[1] * ({inputs[0]}.dim() - 1))"
        return f"{inputs[0]} * nn.functional.dropout({kept}, {settings['p']}, self.training)"
