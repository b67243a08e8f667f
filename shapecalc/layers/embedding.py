"""Embeddings: whole numbers look up learned vectors in a table.

Looking up copies, which is no arithmetic. ``max_norm`` changes the table itself and not what is
computed from it, and is not counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from shapecalc.algebra.arithmetic import Dim, Shape, prod
from shapecalc.algebra.requirement import Requirement, at_least, refuse
from shapecalc.layers.base import Layer
from shapecalc.layers.compound import Maybe
from shapecalc.layers.field import field
from shapecalc.layers.tensor import Tensor
from shapecalc.layers.types import Choice, Flag, Number, Whole


class _Table(Layer, abstract=True):
    """What the layers with a table of vectors have in common."""

    dtypes = ("int64", "int32")

    num_embeddings: Dim = field(Whole(), "number of vectors; indices are below it", letter="V")
    embedding_dim: Dim = field(Whole(), "size of a vector", letter="E")
    padding_idx: int | None = field(
        Maybe(Whole(None, symbolic=False), "none"),
        "index whose vector is not learned; a negative one counts from the end",
        default=None,
    )
    max_norm: int | Fraction | None = field(
        Maybe(Number(), "no limit"), "norm to which longer vectors are scaled down", default=None
    )
    norm_type: int | Fraction | float = field(
        Number(infinite=True), "the exponent p of that norm", default=2
    )
    scale_grad_by_freq: bool = field(
        Flag(), "divide gradients by how often an index occurs", default=False
    )
    sparse: bool = field(Flag(), "make the gradient a sparse tensor", default=False)

    example = {"num_embeddings": 1000, "embedding_dim": 64}

    @classmethod
    def positional(cls) -> tuple[str, ...]:
        return ("num_embeddings", "embedding_dim")

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        if self.padding_idx is not None:
            yield at_least(
                self.num_embeddings,
                max(self.padding_idx + 1, -self.padding_idx),
                "has padding_idx {index}, but {left} embeddings",
                field="padding_idx",
                hint="it counts from 0, or backwards from -1",
                index=self.padding_idx,
            )

    def weights(self) -> dict[str, Shape]:
        return {"weight": (self.num_embeddings, self.embedding_dim)}


class Embedding(_Table):
    """Replace every index by its vector, along a new last dimension.

    The input holds whole numbers, ``dtype: int64`` in a spec; the output is float32.

    >>> tokens = Tensor((1, 196), "int64")
    >>> Embedding(num_embeddings=30522, embedding_dim=768).output(tokens)
    Tensor(shape=(1, 196, 768), dtype='float32')
    """

    axes = ("length",)
    example_shapes = ((1, 16),)

    def output(self, x: Tensor) -> Tensor:
        return Tensor((*x.shape, self.embedding_dim))


class EmbeddingBag(_Table):
    """Replace every row of indices by the sum, mean or maximum of their vectors.

    The work is one operation per element of a vector that is looked up. Of torch's forms of input
    it takes the one that is a single tensor, rows of equal length.

    >>> bags = Tensor((8, 20), "int64")
    >>> layer = EmbeddingBag(num_embeddings=1000, embedding_dim=64)
    >>> y = layer.output(bags)
    >>> y.shape, layer.elementwise(bags, y) == 8 * 20 * 64
    ((8, 64), True)
    """

    keeps_more = True
    takes_also = ("offsets", "per_sample_weights")

    signature = (
        "num_embeddings",
        "embedding_dim",
        "max_norm",
        "norm_type",
        "scale_grad_by_freq",
        "mode",
        "sparse",
        "include_last_offset",
        "padding_idx",
    )

    ndims = (2,)
    work = "every vector is added once"
    axes = ("length",)
    example_shapes = ((1, 16),)

    mode: str = field(
        Choice("sum", "mean", "max"), "what is made of the vectors of a row", default="mean"
    )

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from super().requires(x)
        for name in ("scale_grad_by_freq", "sparse"):
            if self.mode == "max" and getattr(self, name):
                yield refuse("has {field} and mode max, which torch refuses", field=name)

    def output(self, x: Tensor) -> Tensor:
        return Tensor((x.batch, self.embedding_dim))

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return prod(x.shape) * self.embedding_dim
