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

    p: int | Fraction = field(
        Number(0, 1, formulas=True), "probability of dropping out", default=Fraction(1, 2)
    )
    inplace: bool = field(Flag(), "overwrite the input", default=False)


class Dropout(_AnyDropout):
    """Set single elements to zero at random while training."""

    called = ("nn.functional.dropout(p, training, inplace)", "torch.dropout(p, training)")


class Dropout1d(_AnyDropout, rank=1):
    """Set whole channels of a length to zero at random while training.

    Of features it takes one sample for channels of a length, and passes them on in evaluation.
    """

    ndims = (2, 3)

    called = ("nn.functional.dropout1d(p, training, inplace)",)


class Dropout2d(_AnyDropout, rank=2):
    """Set whole channels to zero at random while training.

    Besides height and width it takes other dimensions, as torch does to this day.
    """

    called = ("nn.functional.dropout2d(p, training, inplace)",)

    ndims = range(2, 65)


class Dropout3d(_AnyDropout, rank=3):
    """Set whole channels of a volume to zero at random while training.

    Besides volumes it takes other dimensions, as torch does to this day.
    """

    ndims = range(2, 65)

    called = ("nn.functional.dropout3d(p, training, inplace)",)


class AlphaDropout(_AnyDropout):
    """Drop single elements at random while training, keeping mean and variance: made for SELU."""

    called = ("nn.functional.alpha_dropout(p, training, inplace)",)


class FeatureAlphaDropout(_AnyDropout):
    """Drop whole channels at random while training, keeping mean and variance."""

    called = ("nn.functional.feature_alpha_dropout(p, training, inplace)",)

    ndims = range(2, 99)


class DropPath(Pointwise):
    """Set whole samples to zero at random while training: stochastic depth.

    It stands at the end of a branch, which is so left out for some samples. Huang et al., "Deep
    networks with stochastic depth" (2016).
    """

    writes = False
    in_torch = False

    p: int | Fraction = field(
        Number(0, 1, formulas=True), "probability of dropping a sample", default=0
    )

    example = {"p": Fraction(1, 10)}

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        rows = f"{inputs[0]}.reshape(1, len({inputs[0]}), -1)"  # a sample is what a channel was
        dropped = f"nn.functional.dropout1d({rows}, {settings['p']}, self.training)"
        return f"{dropped}.view_as({inputs[0]})"
