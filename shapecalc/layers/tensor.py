"""What flows between layers: a shape and an element type, no data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from shapecalc.algebra.arithmetic import Dim, Shape
from shapecalc.algebra.message import times as times

FLOATS = ("float32", "float64", "float16", "bfloat16")
"""The element types of numbers that are no indices or counts."""

BYTES = {
    "float64": 8,
    "int64": 8,
    "float32": 4,
    "int32": 4,
    "float16": 2,
    "bfloat16": 2,
    "uint8": 1,
    "int8": 1,
    "bool": 1,
}
"""The bytes an element takes, by its type."""

NUMBERS = (*FLOATS, "int64", "int32", "uint8")
"""The element types that one can calculate with."""


MOST_DIMENSIONS = 64
"""How many dimensions a tensor may have, the batch among them; most of torch takes no more."""


class Tensor(NamedTuple):
    """A tensor's shape, batch first, and the type of its elements.

    >>> x = Tensor((1, 3, 224, 224))
    >>> x.channels, x.spatial, str(x)
    (3, (224, 224), '3 x 224 x 224')
    """

    shape: Shape
    dtype: str = "float32"

    @property
    def batch(self) -> Dim:
        """The first dimension.

        >>> Tensor((8, 3, 32, 32)).batch
        8
        """
        return self.shape[0]

    @property
    def channels(self) -> Dim:
        """The second dimension, torch's place for channels.

        >>> Tensor((8, 3, 32, 32)).channels
        3
        """
        return self.shape[1]

    @property
    def spatial(self) -> Shape:
        """The dimensions after batch and channels: length, or height and width, or depth too.

        >>> Tensor((8, 3, 32, 48)).spatial, Tensor((8, 3)).spatial
        ((32, 48), ())
        """
        return self.shape[2:]

    def with_channels(self, channels: Dim) -> Tensor:
        """The same tensor with another number of channels.

        >>> Tensor((8, 3, 32, 32)).with_channels(64).shape
        (8, 64, 32, 32)
        """
        return Tensor((self.shape[0], channels, *self.shape[2:]), self.dtype)

    def with_spatial(self, sizes: Iterable[Dim]) -> Tensor:
        """The same tensor with other sizes behind batch and channels.

        >>> Tensor((8, 3, 32, 32)).with_spatial([1, 1]).shape
        (8, 3, 1, 1)
        """
        return Tensor((*self.shape[:2], *sizes), self.dtype)

    def with_size(self, axis: int, size: Dim) -> Tensor:
        """The same tensor with another size along an axis; raises ``IndexError`` without one.

        >>> Tensor((8, 49, 768)).with_size(-1, 64).shape
        (8, 49, 64)
        """
        shape = list(self.shape)
        shape[axis] = size
        return Tensor(tuple(shape), self.dtype)

    def with_shape(self, shape: Iterable[Dim]) -> Tensor:
        """A tensor of the same type with another shape, batch included.

        >>> Tensor((8, 3, 32, 32), "int64").with_shape((8, 3072))
        Tensor(shape=(8, 3072), dtype='int64')
        """
        return Tensor(tuple(shape), self.dtype)

    def __str__(self) -> str:
        return times(self.shape[1:]) if len(self.shape) > 1 else "a single number"


def counted(x: Tensor) -> Tensor:
    """The type that torch adds up in: whole numbers, and truths, as int64.

    >>> counted(Tensor((1, 8), "bool")).dtype, counted(Tensor((1, 8))).dtype
    ('int64', 'float32')
    """
    return x if x.dtype in FLOATS else Tensor(x.shape, "int64")


OUTPUT = "output"
"""What the output of a layer is called, or the first of several."""


def numbered(tensors: Iterable[Tensor]) -> dict[str, Tensor]:
    """The outputs of a layer that have no names in torch: the first, and the others by number.

    >>> list(numbered([Tensor((1, 8)), Tensor((1, 4))]))
    ['output', '1']
    """
    return {str(i) if i else OUTPUT: tensor for i, tensor in enumerate(tensors)}
