"""Dimensions merged, split, put in another order, dropped and added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from shapecalc.algebra.arithmetic import (
    Dim,
    Shape,
    prod,
)
from shapecalc.algebra.requirement import Requirement, divides, equal, refuse
from shapecalc.layers.base import Layer
from shapecalc.layers.compound import ListOf
from shapecalc.layers.field import field
from shapecalc.layers.needs import names_axis
from shapecalc.layers.tensor import Tensor
from shapecalc.layers.types import Dimension, SizeOrRest


class Flatten(Layer):
    """Merge a range of dimensions into one; by default all but the batch.

    >>> Flatten().output(Tensor((1, 16, 5, 5))).shape
    (1, 400)
    """

    called = (
        "torch.flatten(start_dim=0, end_dim)",
        "Tensor.flatten(start_dim=0, end_dim)",
    )

    writes = False
    merges = True

    start_dim: int = field(Dimension(), "first dimension to merge", default=1)
    end_dim: int = field(Dimension(), "last dimension to merge", default=-1)

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_axis(x, self.start_dim, "start_dim")
        yield from names_axis(x, self.end_dim, "end_dim")
        first, last = self._range(x)
        if first > last:
            yield refuse(
                "has start_dim {start} behind end_dim {end} in batch x {x}",
                field="start_dim",
                start=self.start_dim,
                end=self.end_dim,
                x=x,
            )

    def _range(self, x: Tensor) -> tuple[int, int]:
        n = len(x.shape)
        return self.start_dim % n, self.end_dim % n

    def output(self, x: Tensor) -> Tensor:
        first, last = self._range(x)
        merged = prod(x.shape[first : last + 1])
        return x.with_shape((*x.shape[:first], merged, *x.shape[last + 1 :]))


class Unflatten(Layer):
    """Split one dimension into several; one of the sizes may be -1, which is inferred.

    >>> Unflatten(dim=1, unflattened_size=[16, -1, 5]).output(Tensor((1, 400))).shape
    (1, 16, 5, 5)
    """

    called = ("torch.unflatten", "Tensor.unflatten")

    writes = False

    dim: int = field(Dimension(), "dimension to split")
    unflattened_size: Shape = field(ListOf(SizeOrRest(), what="sizes"), "sizes to split it into")

    example = {"dim": 1, "unflattened_size": [2, 2]}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_axis(x, self.dim)
        sizes, size = self.unflattened_size, x.shape[self.dim]
        if not sizes or 0 in sizes or sizes.count(-1) > 1:
            yield refuse(
                "has unflattened_size {sizes:list}",
                field="unflattened_size",
                hint="it takes one or more positive sizes, of which one may be -1",
                sizes=sizes,
            )
        known, is_open = self._known(), -1 in sizes
        verb = "divide" if is_open else "make"
        yield (divides if is_open else equal)(
            known,
            size,
            f"splits {{size}} into {{sizes:times}}, but {{known}} does not {verb} {{size}}",
            field="unflattened_size",
            size=size,
            sizes=sizes,
            known=known,
        )

    def _known(self) -> Dim:
        """The product of the sizes that are given."""
        return prod(size for size in self.unflattened_size if size != -1)

    def output(self, x: Tensor) -> Tensor:
        axis = self.dim % len(x.shape)
        rest = x.shape[axis] // self._known()
        sizes = (rest if size == -1 else size for size in self.unflattened_size)
        return x.with_shape((*x.shape[:axis], *sizes, *x.shape[axis + 1 :]))


class Permute(Layer):
    """Put the dimensions into another order, as ``torch.permute`` does; the batch is dimension 0.

    >>> Permute(dims=[0, 2, 3, 1]).output(Tensor((1, 3, 224, 200))).shape
    (1, 224, 200, 3)
    """

    writes = False
    in_torch = False

    dims: tuple[int, ...] = field(
        ListOf(Dimension(), what="dimensions"), "the dimensions in their new order"
    )

    example = {"dims": [0, 2, 3, 1]}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        for dim in self.dims:
            yield from names_axis(x, dim, "dims")
        n = len(x.shape)
        if sorted(dim % n for dim in self.dims) != list(range(n)):
            yield refuse(
                "has dims {dims:list} but receives {n} dimensions: batch x {x}",
                field="dims",
                hint="dims names each of 0 to {last} once, the batch is 0",
                dims=self.dims,
                n=n,
                x=x,
                last=n - 1,
            )

    def output(self, x: Tensor) -> Tensor:
        return x.with_shape(x.shape[dim] for dim in self.dims)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"{inputs[0]}.permute{settings['dims']}"


class Squeeze(Layer):
    """Take out a dimension of size 1; where torch would pass over another size, it is refused.

    >>> Squeeze(dim=-1).output(Tensor((1, 512, 1))).shape
    (1, 512)
    """

    writes = False
    in_torch = False

    dim: int = field(Dimension(), "dimension to take out")

    example = {"dim": 1}
    example_shapes = ((1, 1, 8, 8),)

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_axis(x, self.dim)
        size = x.shape[self.dim]
        yield equal(
            size,
            1,
            "takes out dim {dim} of batch x {x}, which has size {left} and not 1",
            field="dim",
            dim=self.dim,
            x=x,
        )

    def output(self, x: Tensor) -> Tensor:
        axis = self.dim % len(x.shape)
        return x.with_shape((*x.shape[:axis], *x.shape[axis + 1 :]))

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"{inputs[0]}.squeeze({settings['dim']})"


class Unsqueeze(Layer):
    """Put in a dimension of size 1.

    >>> Unsqueeze(dim=1).output(Tensor((1, 28, 28))).shape
    (1, 1, 28, 28)
    """

    writes = False
    in_torch = False

    dim: int = field(Dimension(), "place of the new dimension in the output")

    example = {"dim": 1}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_new_axis(x, self.dim)

    def output(self, x: Tensor) -> Tensor:
        return with_new_axis(x, self.dim, 1)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"{inputs[0]}.unsqueeze({settings['dim']})"


def names_new_axis(x: Tensor, dim: int) -> Iterator[Requirement]:
    """The requirement that a dimension can be put in at ``dim``, counted in the output."""
    n = len(x.shape)
    if not -n - 1 <= dim <= n:
        yield refuse(
            "has dim {dim} but makes {made} dimensions of batch x {x}",
            field="dim",
            hint="dim counts from 0, before the batch, to {n}, or backwards from -1",
            dim=dim,
            made=n + 1,
            x=x,
            n=n,
        )


def with_new_axis(x: Tensor, dim: int, size: Dim) -> Tensor:
    """The tensor with one more dimension."""
    axis = dim % (len(x.shape) + 1)
    return x.with_shape((*x.shape[:axis], size, *x.shape[axis:]))
