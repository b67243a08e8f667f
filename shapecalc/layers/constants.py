"""Tensors that nothing feeds: learned, kept, or made of a rule.

Their shape is the whole one, as torch holds it; the batch is not implied. What follows such an
entry goes on from it; what is to take both it and something else names them with ``from``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from shapecalc.algebra.arithmetic import Dim, Shape, ceildiv
from shapecalc.algebra.requirement import Requirement, at_least
from shapecalc.layers.base import Layer
from shapecalc.layers.calling import function_name
from shapecalc.layers.compound import ListOf
from shapecalc.layers.field import field
from shapecalc.layers.tensor import FLOATS, NUMBERS, Tensor
from shapecalc.layers.types import Choice, Flag, Whole

OWN = ""
"""The name of a weight that is the layer itself, and no attribute of it."""

_SHAPE = ListOf(Whole(), what="sizes")


class _Constant(Layer, abstract=True):
    """What tensors of a given shape have in common."""

    arity: ClassVar[tuple[int, int | None]] = (0, 0)
    in_torch = False

    shape: Shape = field(_SHAPE, "the sizes of all dimensions")

    example: ClassVar[Mapping[str, object]] = {"shape": [1, 197, 768]}
    example_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ()

    dtype: str

    def output(self) -> Tensor:
        return Tensor(self.shape, self.dtype)


class Parameter(_Constant):
    """A learned tensor of its own: a class token, position embeddings, a scale.

    >>> token = Parameter(shape=[1, 1, 768])
    >>> token.output().shape, token.weights()
    ((1, 1, 768), {'': (1, 1, 768)})
    """

    called = ("nn.Parameter",)
    is_state = True
    writes = False

    dtype: str = field(Choice(*FLOATS), "the type of its elements", default="float32")

    def weights(self) -> dict[str, Shape]:
        return {OWN: self.shape}

    @classmethod
    def constructor(cls, settings: Mapping[str, str]) -> str:
        return f"nn.Parameter(torch.zeros({_as_made(settings)}))"


class Buffer(_Constant):
    """A tensor that is kept with the weights but not learned, such as a mask.

    >>> Buffer(shape=[1, 1, 1024, 1024], dtype="bool").buffers()[""].dtype
    'bool'
    """

    called = ("nn.Buffer",)
    is_state = True
    writes = False

    dtype: str = field(Choice(*NUMBERS, "bool"), "the type of its elements", default="float32")
    persistent: bool = field(Flag(), "stored with the weights", default=True)

    def buffers(self) -> dict[str, Tensor]:
        return {OWN: self.output()}

    @classmethod
    def constructor(cls, settings: Mapping[str, str]) -> str:
        kept = ", persistent=False" if settings.get("persistent") == "False" else ""
        return f"nn.Buffer(torch.zeros({_as_made(settings)}){kept})"


def _as_made(settings: Mapping[str, str]) -> str:
    """The arguments of what makes a tensor: its shape, and its type if it is not the usual one."""
    dtype = settings.get("dtype", '"float32"').strip('"')
    return settings["shape"] + ("" if dtype == "float32" else f", dtype=torch.{dtype}")


class _Made(_Constant, abstract=True):
    """A tensor that is made anew in every run."""

    dtype: str = field(Choice(*NUMBERS, "bool"), "the type of its elements", default="float32")

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"{function_name(self)}({_as_made(settings)})"


class Zeros(_Made):
    """A tensor of zeros.

    >>> Zeros(shape=[1, 8]).output().shape
    (1, 8)
    """

    called = ("torch.zeros",)


class Ones(_Made):
    """A tensor of ones.

    >>> Ones(shape=[4, 4], dtype="bool").output()
    Tensor(shape=(4, 4), dtype='bool')
    """

    called = ("torch.ones",)


class Arange(Layer):
    """The numbers from a start up to an end, which is left out, in steps.

    >>> Arange(end=10, step=3).output()
    Tensor(shape=(4,), dtype='int64')
    """

    called = ("torch.arange",)
    signature = ("start", "end", "step")
    arity = (0, 0)
    in_torch = False

    end: Dim = field(Whole(None), "the first number that is not reached")
    start: Dim = field(Whole(None), "the first number", default=0)
    step: Dim = field(Whole(), "distance between numbers", default=1)
    dtype: str = field(Choice("int64", "int32", *FLOATS), "their type", default="int64")

    example: ClassVar[Mapping[str, object]] = {"end": 197}
    example_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ()

    def requires(self) -> Iterator[Requirement]:
        yield at_least(
            self.end,
            self.start + 1,
            "goes from {start} to {left}, which is nothing",
            field="end",
            start=self.start,
        )

    def output(self) -> Tensor:
        return Tensor((ceildiv(self.end - self.start, self.step),), self.dtype)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        ends = [settings["end"]]
        if settings["start"] != "0" or settings["step"] != "1":
            ends.insert(0, settings["start"])
        if settings["step"] != "1":
            ends.append(settings["step"])
        dtype = "" if self.dtype == "int64" else f", dtype=torch.{self.dtype}"
        return f"torch.arange({', '.join(ends)}{dtype})"
