"""Repeating: the same elements several times over, in copies or seen as such."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from shapecalc.algebra.arithmetic import Dim, Shape
from shapecalc.algebra.requirement import Requirement, refuse, stretches
from shapecalc.layers.base import Layer
from shapecalc.layers.compound import ListOf
from shapecalc.layers.field import field
from shapecalc.layers.needs import names_axis
from shapecalc.layers.tensor import Tensor
from shapecalc.layers.types import Dimension, SizeOrRest, Whole

_DIM = Dimension()


class Expand(Layer):
    """Stretch dimensions of size 1 without copying; -1 leaves a dimension as it is.

    Dimensions may be put in before the others.

    >>> Expand(size=[8, -1, -1]).output(Tensor((1, 1, 768))).shape
    (8, 1, 768)
    """

    called = ("Tensor.expand(*size)", "torch.broadcast_to",
              "Tensor.broadcast_to")  # fmt: skip
    writes = False
    in_torch = False

    size: Shape = field(
        ListOf(SizeOrRest(), what="sizes"), "the sizes, the batch B included; -1 for what is there"
    )

    example = {"size": [-1, 4, 8, 8]}
    example_shapes = ((1, 1, 8, 8),)

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        new = len(self.size) - len(x.shape)
        if new < 0 or 0 in self.size or -1 in self.size[:new]:
            yield refuse(
                "has size {size:list} but receives batch x {x}",
                field="size",
                hint="it takes {n} or more positive sizes, -1 for the same",
                size=self.size,
                x=x,
                n=len(x.shape),
            )
        for received, wanted in zip(x.shape, self.size[max(new, 0) :]):
            if received != 1 and wanted != -1:
                yield stretches(
                    received,
                    wanted,
                    "stretches {x.shape:times} to {size:times}, but only 1 can become {right}, "
                    "not {left}",
                    field="size",
                    x=x,
                    size=self.size,
                )

    def output(self, x: Tensor) -> Tensor:
        new = len(self.size) - len(x.shape)
        kept = (*self.size[:new], *x.shape)
        return x.with_shape(a if b == -1 else b for a, b in zip(kept, self.size))

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"{inputs[0]}.expand{settings['size']}"


class Tile(Layer):
    """Put copies one behind the other, so many along each dimension.

    As in torch, numbers for fewer dimensions are those of the last ones, and numbers for more put
    dimensions in before the others.

    >>> Tile(dims=[1, 2, 3]).output(Tensor((1, 4, 5))).shape
    (1, 8, 15)
    """

    keeps = ()

    called = ("torch.tile", "Tensor.tile(*dims)", "Tensor.repeat(*dims)")
    in_torch = False

    dims: Shape = field(
        ListOf(Whole(), what="numbers of copies"), "how many copies along each dimension"
    )

    example = {"dims": [1, 2, 1, 1]}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        if not self.dims:
            yield refuse("has no dims", field="dims")

    def output(self, x: Tensor) -> Tensor:
        n = max(len(x.shape), len(self.dims))
        sizes = (*[1] * (n - len(x.shape)), *x.shape)
        copies = (*[1] * (n - len(self.dims)), *self.dims)
        return x.with_shape(size * count for size, count in zip(sizes, copies))

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"{inputs[0]}.tile({settings['dims']})"


class RepeatInterleave(Layer):
    """Put so many copies of each place of a dimension next to it.

    >>> RepeatInterleave(repeats=4, dim=1).output(Tensor((1, 8, 2048, 128))).shape
    (1, 32, 2048, 128)
    """

    keeps = ()

    called = ("torch.repeat_interleave", "Tensor.repeat_interleave")
    in_torch = False

    repeats: Dim = field(Whole(), "copies of each place")
    dim: int = field(_DIM, "the dimension")

    example = {"repeats": 2, "dim": 1}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield from names_axis(x, self.dim)

    def output(self, x: Tensor) -> Tensor:
        return x.with_size(self.dim, x.shape[self.dim] * self.repeats)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"{inputs[0]}.repeat_interleave({settings['repeats']}, dim={settings['dim']})"
