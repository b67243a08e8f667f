"""Another number of places: each is computed from those that lie near it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from shapecalc.algebra.arithmetic import Dim, is_number, known, prod
from shapecalc.algebra.phases import Phases, linear
from shapecalc.algebra.requirement import Requirement, at_least, refuse
from shapecalc.layers.compound import Maybe, PerInputAxis
from shapecalc.layers.field import field
from shapecalc.layers.scaling import Scaling, scaled
from shapecalc.layers.tensor import Tensor
from shapecalc.layers.types import Choice, Flag, Mismatch, Number, Whole

_TAPS = {
    "nearest": 0,
    "nearest-exact": 0,
    "linear": 2,
    "bilinear": 4,
    "trilinear": 8,
    "bicubic": 16,
}
"""How many input values are weighted for one output value; copying one is no arithmetic."""

_AXES = {"linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2}
"""The number of spatial axes of the modes that need a certain one."""


class _OutputSize(Whole[Dim]):
    """The size of an output; a fraction in its place is meant as a factor."""

    def read(self, value: Any, rank: int) -> Dim:
        try:
            return super().read(value, rank)
        except Mismatch as mismatch:
            hint = mismatch.hint and f"a factor has its name before it: scale_factor: {value}"
            raise Mismatch(mismatch.expected, hint=hint) from None


class Resampling(Scaling, abstract=True):
    """Interpolate the input to a given size, or to its own size times a factor, rounded down.

    A size times a factor is what :func:`~shapecalc.layers.scaling.scaled` makes of them.

    >>> from fractions import Fraction
    >>> from shapecalc.layers import KINDS
    >>> up = KINDS["UpsamplingNearest2d"](scale_factor=[2, Fraction(3, 2)])
    >>> up.output(Tensor((1, 8, 7, 7))).shape
    (1, 8, 14, 10)
    """

    keeps = ()

    size: Any = field(
        Maybe(PerInputAxis(_OutputSize()), "a scale_factor"), "size of the output", default=None
    )
    scale_factor: Any = field(
        Maybe(PerInputAxis(Number(0, formulas="whole")), "a size"),
        "output size over input size, in place of size",
        default=None,
    )
    mode: str

    work = "a product for every input value that is weighted"
    example = {"scale_factor": 2}

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        if self.size is not None and self.scale_factor is not None:
            yield refuse(
                "has both size and scale_factor, which say the same",
                field="scale_factor",
                hint="leave one of them out",
            )
        if self.size is None and self.scale_factor is None:
            yield refuse(
                "has neither size nor scale_factor",
                hint="state one of them, as in {layer.kind}: {{scale_factor: 2}}{layer.near}",
                layer=self,
            )
        axes = len(x.spatial)
        for name in ("size", "scale_factor"):
            value = getattr(self, name)
            if isinstance(value, tuple) and len(value) != axes:
                yield refuse(
                    "has {field} with {count} values but receives {axes} spatial axes: {x}",
                    field=name,
                    count=len(value),
                    axes=axes,
                    x=x,
                )
        for size, received in zip(self.output(x).spatial, x.spatial):
            yield at_least(
                size,
                1,
                "has scale_factor {factor:times}, which leaves nothing of a size of {received}",
                field="scale_factor",
                factor=self.scale_factor,
                received=received,
            )

    def factors(self, x: Tensor) -> tuple[Any, ...]:
        if self.scale_factor is None:
            return ()
        return _per_axis(self.scale_factor, len(x.spatial))

    def output(self, x: Tensor) -> Tensor:
        if self.size is not None:
            return x.with_spatial(_per_axis(self.size, len(x.spatial)))
        return x.with_spatial(map(scaled, x.spatial, self.factors(x)))

    def sees(self, *x: Tensor) -> tuple[Phases | None, ...] | None:
        """Known where each axis grows by a whole number of times, corners not aligned."""
        if self.scale_factor is not None:
            factors = _per_axis(self.scale_factor, len(x[0].spatial))
        else:
            sizes = zip(self.output(*x).spatial, x[0].spatial)
            factors = tuple(
                Fraction(known(out), known(n)) if is_number(out + n) else None for out, n in sizes
            )
        if not all(is_number(factor) and factor == int(factor) for factor in factors):
            return None
        if _TAPS[self.mode] == 0:
            return tuple(Phases.spread(int(n), int(n), 0) for n in factors)
        if self.mode == "bicubic" or self._aligns_corners():
            return None
        return tuple(linear(int(n)) for n in factors)

    def _aligns_corners(self) -> bool:
        return bool(getattr(self, "align_corners", False))

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return prod(y.shape) * _TAPS[self.mode]


def _per_axis(value: Any, axes: int) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,) * axes


class Upsample(Resampling):
    """Interpolate along every spatial axis.

    >>> from shapecalc.layers import KINDS
    >>> up = KINDS["Upsample"](scale_factor=2, mode="bilinear")
    >>> up.output(Tensor((1, 64, 28, 28))).shape
    (1, 64, 56, 56)
    """

    mode: str = field(Choice(*_TAPS), "how values in between are found", default="nearest")
    align_corners: bool | None = field(
        Maybe(Flag(), "false"), "map the corner cells' centres to each other", default=None
    )
    recompute_scale_factor: bool | None = field(
        Maybe(Flag(), "false"),
        "interpolate by the ratio of the whole sizes, not by scale_factor",
        default=None,
    )

    ndims = (3, 4, 5)

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        axes = _AXES.get(self.mode)
        if axes is not None and len(x.spatial) != axes:
            yield refuse(
                "has mode {mode}, which takes {wanted} spatial axes, but receives {axes}: {x}",
                field="mode",
                hint="modes for this input: {modes}",
                mode=self.mode,
                wanted=axes,
                axes=len(x.spatial),
                x=x,
                modes=", ".join(_modes(len(x.spatial))),
            )
        if axes is None and self.align_corners is not None:
            yield refuse(
                "has align_corners, which means nothing in mode {mode}",
                field="align_corners",
                hint="leave it out, or choose an interpolating mode",
                mode=self.mode,
            )
        if self.recompute_scale_factor and self.size is not None:
            yield refuse(
                "has recompute_scale_factor and size, but no scale_factor to recompute",
                field="recompute_scale_factor",
                hint="leave it out",
            )
        yield from super().requires(x)


def _modes(axes: int) -> list[str]:
    return [mode for mode in _TAPS if _AXES.get(mode, axes) == axes]


class UpsamplingNearest2d(Resampling, rank=2):
    """Scale height and width by repeating the nearest cell."""

    mode = "nearest"


class UpsamplingBilinear2d(Resampling, rank=2):
    """Scale height and width by bilinear interpolation, corners aligned."""

    mode = "bilinear"

    def _aligns_corners(self) -> bool:
        return True
