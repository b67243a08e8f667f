"""Rearranging by a pattern of axes, as einops does: split, reorder, merge, reduce, repeat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from shapecalc.algebra.arithmetic import Dim, exactdiv, is_symbolic, prod
from shapecalc.algebra.requirement import Requirement, at_least, divides, equal, refuse, whole
from shapecalc.layers import pattern as patterns
from shapecalc.layers.base import Layer
from shapecalc.layers.compound import ByName
from shapecalc.layers.field import field
from shapecalc.layers.pattern import Pattern, PatternError, spread, unknown
from shapecalc.layers.tensor import FLOATS, Tensor
from shapecalc.layers.types import Choice, Text, Whole


class _ByPattern(Layer, abstract=True):
    """What the kinds that read a pattern have in common."""

    in_torch = False

    ndim: int
    """The number of dimensions of the input, once it is known."""

    pattern: str = field(
        Text("a pattern such as 'b c h w -> b h w c'", patterns.read),
        "the axes of the input and of the output, as einops writes them",
    )
    sizes: tuple[tuple[str, Dim], ...] = field(
        ByName(Whole(), "sizes of axes"), "sizes of axes that the input does not tell", default={}
    )

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        try:
            pattern = spread(patterns.read(self.pattern), len(x.shape))
        except PatternError as error:
            yield refuse(
                "has pattern {pattern!r} but receives batch x {x}: {error}",
                field="pattern",
                pattern=self.pattern,
                x=x,
                error=error,
            )
            return
        sizes = dict(self.sizes)
        yield from self._names_fit(pattern, sizes)
        for name, size in self.sizes:
            if is_symbolic(size):
                yield from whole(
                    size,
                    1,
                    "has a size {size} of {name}",
                    field="sizes",
                    name=name,
                )
        for axis, size in zip(pattern.left, x.shape):
            yield from self._axis_fits(axis, sizes, size, x)

    def _names_fit(self, pattern: Pattern, sizes: Mapping[str, Dim]) -> Iterator[Requirement]:
        left = {name for axis in pattern.left for name in axis}
        right = {name for axis in pattern.right for name in axis}
        problems = [f"{name!r} is given a size but stands nowhere" for name in sizes]
        problems = [text for text, name in zip(problems, sizes) if name not in left | right]
        problems += [
            f"{name!r} stands on the right alone" for name in sorted(right - left - {*self._new()})
        ]
        problems += [
            f"{name!r} stands on the left alone"
            for name in sorted(left - right)
            if not self._drops()
        ]
        problems += [
            f"the sizes of {' and '.join(unknown(axis, sizes))} are not told"
            for axis in pattern.left
            if len(unknown(axis, sizes)) > 1
        ]
        for problem in problems:
            yield refuse(
                "has pattern {pattern!r}: {problem}",
                field="pattern",
                pattern=self.pattern,
                problem=problem,
            )

    def _new(self) -> Sequence[str]:
        """The names that may stand on the right alone."""
        return ()

    def _drops(self) -> bool:
        """Whether names may stand on the left alone."""
        return False

    def _axis_fits(
        self, axis: tuple[str, ...], sizes: Mapping[str, Dim], size: Dim, x: Tensor
    ) -> Iterator[Requirement]:
        known = prod(sizes[name] for name in axis if name in sizes)
        said = axis[0] if len(axis) == 1 else f"({' '.join(axis)})" if axis else "1"
        if not unknown(axis, sizes):
            yield equal(
                size,
                known,
                "has pattern {pattern!r}, but receives batch x {x}: {axis} is {left}, not {right}",
                field="pattern",
                pattern=self.pattern,
                x=x,
                axis=said,
            )
            return
        for rule, a, b in ((divides, known, size), (at_least, size, known)):
            yield rule(
                a,
                b,
                "has pattern {pattern!r}, but receives batch x {x}: "
                "{axis} is {left}, not a multiple of {right}",
                field="pattern",
                pattern=self.pattern,
                x=x,
                axis=said,
            )

    def _axes(self, x: Tensor) -> tuple[Pattern, dict[str, Dim]]:
        """The pattern, and the size of each of its names."""
        pattern = spread(patterns.read(self.pattern), len(x.shape))
        sizes = dict(self.sizes)
        for axis, size in zip(pattern.left, x.shape):
            for name in unknown(axis, sizes):
                known = prod(sizes[n] for n in axis if n in sizes)
                # what is divided by a symbol stays a whole number only behind a floor
                sizes[name] = size // known if is_symbolic(known) else exactdiv(size, known)
        return pattern, sizes

    def infers(self, name: str) -> bool:
        """Whether the size of a name follows from the input and the other sizes.

        >>> Rearrange(pattern="(b n) c -> b n c", sizes={"b": 1, "n": 4}).infers("b")
        True
        """
        others = {other: size for other, size in self.sizes if other != name}
        left = patterns.read(self.pattern).left
        return any(unknown(axis, others) == [name] for axis in left)

    def output(self, x: Tensor) -> Tensor:
        pattern, sizes = self._axes(x)
        return x.with_shape(prod(sizes[name] for name in axis) for axis in pattern.right)

    def bound(self, *x: Tensor) -> Layer:
        """This layer for inputs of as many dimensions, which the dots of its pattern stand for."""
        layer = object.__new__(type(self))
        layer.__dict__.update(self.__dict__, ndim=len(x[0].shape))
        return layer

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        """The steps one after another: split, reduce, reorder, repeat, merge."""
        left, right = spread(patterns.read(self.pattern), self.ndim)
        given = {name: settings[f"sizes.{name}"] for name, _ in self.sizes}
        names = [name for axis in left for name in axis]
        kept = [name for axis in right for name in axis if name in names]
        new = [name for axis in right for name in axis if name not in names]
        made = [name for axis in right for name in axis]
        return "".join(
            [
                _split(inputs[0], left, given),
                *self._reduced([i for i, name in enumerate(names) if name not in kept]),
                *_reordered([name for name in names if name in kept], kept),
                *_repeated(made, new, given),
                *_merged(right),
            ]
        )

    def _reduced(self, places: list[int]) -> list[str]:
        """The step that does away with dimensions."""
        return []


def _split(text: str, left: Sequence[tuple[str, ...]], given: Mapping[str, str]) -> str:
    """The steps that split axes, the last first; the method of a tensor has no types in torch."""
    for i, axis in reversed(list(enumerate(left))):
        if not axis:
            text = f"{text}.squeeze({i})"
        elif len(axis) > 1:
            sizes = ", ".join(given.get(name, "-1") for name in axis)
            text = f"torch.unflatten({text}, {i}, ({sizes}))"
    return text


def _reordered(before: list[str], after: list[str]) -> Iterator[str]:
    if before != after:
        yield f".permute({', '.join(str(before.index(name)) for name in after)})"


def _repeated(made: list[str], new: list[str], given: Mapping[str, str]) -> Iterator[str]:
    yield from (f".unsqueeze({i})" for i, name in enumerate(made) if name in new)
    if new:
        yield f".expand({', '.join(given[name] if name in new else '-1' for name in made)})"


def _merged(right: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """The steps that merge axes, the last first, and put in those of size 1."""
    place = sum(map(len, right))
    for axis in reversed(right):
        place -= len(axis)
        if not axis:
            yield f".unsqueeze({place})"
        elif len(axis) > 1:
            yield f".flatten({place}, {place + len(axis) - 1})"


class Rearrange(_ByPattern):
    """Split axes, put them into another order, and merge them, as a pattern says.

    >>> patches = Rearrange(
    ...     pattern="b c (h p) (w q) -> b (h w) (p q c)", sizes={"p": 16, "q": 16}
    ... )
    >>> patches.output(Tensor((1, 3, 224, 224))).shape
    (1, 196, 768)
    """

    called = ("einops.rearrange(pattern, **sizes)",)
    writes = False

    example: ClassVar[Mapping[str, object]] = {"pattern": "b c h w -> b (h w) c"}


class Repeat(_ByPattern):
    """Copy along new axes, which stand on the right of a pattern alone.

    >>> Repeat(pattern="1 n c -> b n c", sizes={"b": 8}).output(Tensor((1, 197, 768))).shape
    (8, 197, 768)
    """

    keeps = ()

    called = ("einops.repeat(pattern, **sizes)",)

    example: ClassVar[Mapping[str, object]] = {
        "pattern": "b c h w -> b c (h r) w",
        "sizes": {"r": 2},
    }

    def _new(self) -> Sequence[str]:
        return [name for name, _ in self.sizes]


class Reduce(_ByPattern):
    """Reduce the axes that stand on the left of a pattern alone.

    >>> pool = Reduce(pattern="b c (h r) (w s) -> b c h w", reduction="mean",
    ...     sizes={"r": 2, "s": 2})
    >>> pool.output(Tensor((1, 64, 56, 56))).shape
    (1, 64, 28, 28)
    """

    keeps = ()

    called = ("einops.reduce(pattern, reduction, **sizes)",)
    work = "every element is taken in"

    reduction: str = field(
        Choice("mean", "sum", "max", "min", "prod"), "what is made of the elements"
    )

    example: ClassVar[Mapping[str, object]] = {
        "pattern": "b c h w -> b c",
        "reduction": "mean",
    }

    def _drops(self) -> bool:
        return True

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        if self.reduction == "mean" and x.dtype not in FLOATS:
            yield refuse("averages {x.dtype}, no fractional numbers", field="reduction", x=x)
        yield from super().requires(x)

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return prod(x.shape)

    def _reduced(self, places: list[int]) -> list[str]:
        if not places:
            return []
        if self.reduction == "prod":
            return [f".prod({i})" for i in reversed(places)]
        name = {"max": "amax", "min": "amin"}.get(self.reduction, self.reduction)
        return [f".{name}({places[0] if len(places) == 1 else tuple(places)})"]
