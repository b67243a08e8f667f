"""Layers that make one tensor as large as another, whatever sizes come in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from shapecalc.algebra.arithmetic import Dim, Shape
from shapecalc.algebra.phases import Phases
from shapecalc.algebra.requirement import Requirement, at_least, refuse
from shapecalc.algebra.window import Window
from shapecalc.layers.base import Layer
from shapecalc.layers.compound import Maybe, PerInputAxis
from shapecalc.layers.field import field
from shapecalc.layers.resampling.interpolation import Upsample
from shapecalc.layers.tensor import Tensor
from shapecalc.layers.types import Whole


def _same_axes(x: Tensor, like: Tensor) -> Iterator[Requirement]:
    """The requirement that there is a size for every axis."""
    if len(x.shape) != len(like.shape):
        yield refuse(
            "makes batch x {x} as large as batch x {like}, which has other dimensions",
            x=x,
            like=like,
        )


class Interpolate(Upsample):
    """Interpolate to the size of a second input, to a given size, or by a factor.

    >>> Interpolate(mode="bilinear").output(Tensor((1, 8, 7, 10)), Tensor((1, 64, 13, 20))).shape
    (1, 8, 13, 20)
    """

    arity = (1, 2)
    promotes = True  # of the second only the size is looked at
    in_torch = False
    called = ()
    near = "; an Upsample does the same, and Interpolate that with a second input's size"

    example: ClassVar[dict[str, Any]] = {}
    example_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((1, 4, 4, 4), (1, 8, 8, 8))

    def _sized(self, like: Sequence[Tensor]) -> Upsample:
        """The layer that does the same with the size written down."""
        settings = {name: getattr(self, name) for name in self.fields}
        return Upsample(**settings | ({"size": like[0].spatial} if like else {}))

    def requires(self, x: Tensor, *like: Tensor) -> Iterator[Requirement]:
        for tensor in like:
            yield from _same_axes(x, tensor)
        name = "size" if self.size is not None else "scale_factor"
        if like and getattr(self, name) is not None:
            yield refuse(
                "has {field}, but takes the size of its second input",
                field=name,
                hint="leave it out, or the second input",
            )
            return
        yield from self._sized(like).requires(x)

    def output(self, x: Tensor, *like: Tensor) -> Tensor:
        return self._sized(like).output(x)

    def factors(self, x: Tensor, *like: Tensor) -> tuple[Any, ...]:
        return self._sized(like).factors(x)

    def sees(self, *x: Tensor) -> tuple[Phases | None, ...] | None:
        return self._sized(x[1:]).sees(x[0])

    def elementwise(self, *x: Tensor, y: Tensor) -> Dim:  # type: ignore[override]
        return super().elementwise(x[0], y)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        sizes = [f"size={inputs[1]}.shape[2:]"] if len(inputs) > 1 else []
        given = [f"{n}={text}" for n, text in settings.items() if text not in ("None", '"nearest"')]
        return f"nn.functional.interpolate({', '.join([inputs[0], *sizes, *given])})"


class CropTo(Layer):
    """Cut the first input to the size of the second, out of its middle unless a start is given.

    In the middle means that the same is cut off on both sides, and one cell more at the end where
    that is not possible. Ronneberger et al., "U-Net: convolutional networks for biomedical image
    segmentation" (2015).

    >>> CropTo().output(Tensor((1, 64, 568, 568)), Tensor((1, 64, 392, 392))).shape
    (1, 64, 392, 392)
    """

    arity = (2, 2)
    promotes = True  # of the second only the size is looked at
    ndims = (3, 4, 5)
    writes = False
    in_torch = False

    start: Dim | tuple[Dim, ...] | None = field(
        Maybe(PerInputAxis(Whole(0)), "the middle"),
        "the first cell that is kept, along every axis",
        default=None,
    )

    example_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((1, 4, 12, 12), (1, 8, 8, 8))

    ndim: int
    """The number of dimensions of the inputs, once they are known."""

    def bound(self, *x: Tensor) -> Layer:
        layer = object.__new__(type(self))
        layer.__dict__.update(self.__dict__, ndim=len(x[0].shape))
        return layer

    def _starts(self, x: Tensor, like: Tensor) -> Shape:
        if self.start is None:
            return tuple([(n - m) // 2 for n, m in zip(x.spatial, like.spatial)])
        return self.start if isinstance(self.start, tuple) else (self.start,) * len(x.spatial)

    def requires(self, x: Tensor, like: Tensor) -> Iterator[Requirement]:
        yield from _same_axes(x, like)
        axes = len(x.spatial)
        given = len(self.start) if isinstance(self.start, tuple) else axes
        if given != axes:
            yield refuse(
                "has a start for {given} of {axes} axes", field="start", given=given, axes=axes
            )
        for start, size, kept in zip(self._starts(x, like), x.spatial, like.spatial):
            yield at_least(
                size,
                kept if self.start is None else start + kept,
                "cuts {kept} out of {left}: {x} is to become as large as {like}",
                field="start",
                kept=kept,
                x=x,
                like=like,
            )

    def output(self, x: Tensor, like: Tensor) -> Tensor:
        return x.with_spatial(like.spatial)

    def windows(self, *x: Tensor) -> tuple[Window, ...] | None:
        if len(x) < 2:
            return None
        starts = self._starts(*x)
        sizes = zip(starts, x[0].spatial, x[1].spatial)
        return tuple(Window(1, 1, -start, start + kept - size) for start, size, kept in sizes)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        x, like = inputs
        steps = ""
        for axis in range(2, self.ndim):
            start = f"({x}.shape[{axis}] - {like}.shape[{axis}]) // 2"
            if self.start is not None:
                each = self.start if isinstance(self.start, tuple) else (self.start,) * self.ndim
                start = str(each[axis - 2])
            steps += f".narrow({axis}, {start}, {like}.shape[{axis}])"
        return x + steps
