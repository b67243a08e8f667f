"""Dropout, which is at work only while training: shapes and costs are those of evaluation.

A trained network's dropout passes its input on: it writes nothing and computes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from shapecalc.layers.field import field
from shapecalc.layers.pointwise import Pointwise
from shapecalc.layers.tensor import Tensor
from shapecalc.layers.types import Flag, Number


class _AnyDropout(Pointwise, abstract=True):
    """What all dropouts have in common: in evaluation nothing is written and nothing computed.

    >>> x = Tensor((1, 64, 56, 56))
    >>> drop = Dropout2d(p=Fraction(1, 4))
    >>> drop.output(x) == x, drop.elementwise(x, x)
    (True, 0)
    """

    writes_in_training = True

    writes = False

    p: int | Fraction = field(
        Number(0, 1, formulas="any"), "probability of dropping out", default=Fraction(1, 2)
    )
    inplace: bool = field(Flag(), "overwrite the input", default=False)


class Dropout(_AnyDropout):
    """Set single elements to zero at random while training."""

    def kept(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"mask": Tensor(y.shape, y.dtype)}

    called = ("nn.functional.dropout(p, training, inplace)", "torch.dropout(p, training)")


class Dropout1d(_AnyDropout, rank=1):
    """Set whole channels of a length to zero at random while training.

    Of features it takes one sample for channels of a length, and passes them on in evaluation.
    """

    def kept(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"mask": Tensor(y.shape[:2], y.dtype)}

    ndims = (2, 3)

    called = ("nn.functional.dropout1d(p, training, inplace)",)


class Dropout2d(_AnyDropout, rank=2):
    """Set whole channels to zero at random while training.

    Besides height and width it takes other dimensions, as torch does to this day.
    """

    def kept(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"mask": Tensor(y.shape[:2], y.dtype)}

    called = ("nn.functional.dropout2d(p, training, inplace)",)

    ndims = range(2, 65)


class Dropout3d(_AnyDropout, rank=3):
    """Set whole channels of a volume to zero at random while training.

    Besides volumes it takes other dimensions, as torch does to this day.
    """

    def kept(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"mask": Tensor(y.shape[:2], y.dtype)}

    ndims = range(2, 65)

    called = ("nn.functional.dropout3d(p, training, inplace)",)


class AlphaDropout(_AnyDropout):
    """Drop single elements at random while training, keeping mean and variance: made for SELU."""

    def kept(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"mask": Tensor(y.shape, y.dtype)}

    called = ("nn.functional.alpha_dropout(p, training, inplace)",)


class FeatureAlphaDropout(_AnyDropout):
    """Drop whole channels at random while training, keeping mean and variance."""

    def kept(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"mask": Tensor(y.shape[:2], y.dtype)}

    called = ("nn.functional.feature_alpha_dropout(p, training, inplace)",)

    ndims = range(2, 99)


class DropPath(Pointwise):
    """Set whole samples to zero at random while training: stochastic depth.

    It stands at the end of a branch, which is so left out for some samples. Huang et al., "Deep
    networks with stochastic depth" (2016).

    >>> x = Tensor((8, 64, 56, 56))
    >>> DropPath(p=Fraction(1, 5)).output(x) == x, DropPath().kept(x, x)["mask"].shape
    (True, (8,))
    """

    writes_in_training = True

    def kept(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"mask": Tensor(y.shape[:1], y.dtype)}

    writes = False
    in_torch = False

    p: int | Fraction = field(
        Number(0, 1, formulas="any"), "probability of dropping a sample", default=0
    )

    example = {"p": Fraction(1, 10)}

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        rows = f"{inputs[0]}.reshape(1, len({inputs[0]}), -1)"  # a sample is what a channel was
        dropped = f"nn.functional.dropout1d({rows}, {settings['p']}, self.training)"
        return f"{dropped}.view_as({inputs[0]})"
