"""Fourier transforms, and complex numbers.

There are no complex element types in a spec: a complex number stands as a float64, whose size it
has. No kind tells what a transform costs, so that it is known of constants alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.functions.base import OPERATIONS, number, of_constants, tensor
from shapecalc.reading.tensors.traced import TensorValue, same_source

OWN = OPERATIONS.part(__name__)
operation = OWN.function

COMPLEX = "float64"
"""What stands for a complex number of two float32."""


def _axes(rt: Any, x: TensorValue, dim: Any, sizes: Any, count: int | None) -> list[int]:
    """The dimensions that are transformed, the last of them last."""
    rank = len(x.shape)
    given = plain(dim)
    if given is None:
        sizes = plain(sizes)
        many = count or (len(sizes) if isinstance(sizes, (list, tuple)) else rank)
        return list(range(rank - many, rank))
    axes = list(given) if isinstance(given, (list, tuple)) else [given]
    for axis in axes:
        if not isinstance(axis, int) or not -rank <= axis < rank:
            message = f"Dimension out of range (expected to be in range of [{-rank}, {rank - 1}]"
            raise rt.error("IndexError", f"{message}, but got {rt.shown(axis)})")
    return [axis % rank for axis in axes]


def _transform(name: str, count: int | None, change: str) -> None:
    """A transform of one, two or all dimensions; ``change`` tells what the last becomes."""

    def run(
        rt: Any, x: Any, s: Any = None, dim: Any = None, norm: Any = None, **kwargs: Any
    ) -> Any:
        x = tensor(rt, x)
        s = kwargs.get("n", s)
        dim = -1 if dim is None and count == 1 else dim
        axes = _axes(rt, x, dim, s, count)
        shape = list(x.shape)
        sizes = plain(s)
        if sizes is not None:
            several: Sequence[Any] = sizes if isinstance(sizes, (list, tuple)) else [sizes]
            for axis, size in zip(axes, several):
                shape[axis] = number(rt, size)
        if change == "half":
            shape[axes[-1]] = shape[axes[-1]] // 2 + 1
        if change == "whole" and sizes is None:
            shape[axes[-1]] = 2 * (shape[axes[-1]] - 1)
        return of_constants(
            rt, f"torch.fft.{name}", [x], shape, "float32" if change == "whole" else COMPLEX
        )

    operation(f"torch.fft.{name}")(run)


for _end, _count in (("", 1), ("2", 2), ("n", None)):
    for _start, _change in (("fft", ""), ("ifft", ""), ("rfft", "half"), ("irfft", "whole")):
        _transform(_start + _end, _count, _change)
_transform("hfft", 1, "whole")
_transform("ihfft", 1, "half")

operation("torch.fft.fftshift", "torch.fft.ifftshift")(lambda rt, x, dim=None: x)

operation("torch.fft.fftfreq")(lambda rt, n, d=1.0, **kwargs: TensorValue((n,)))

operation("torch.fft.rfftfreq")(lambda rt, n, d=1.0, **kwargs: TensorValue((n // 2 + 1,)))


@operation("torch.stft", "Tensor.stft")
def _stft(
    rt: Any,
    x: Any,
    n_fft: Any,
    hop_length: Any = None,
    win_length: Any = None,
    window: Any = None,
    center: Any = True,
    pad_mode: Any = "reflect",
    normalized: Any = False,
    onesided: Any = None,
    return_complex: Any = None,
    **kwargs: Any,
) -> Any:
    x = tensor(rt, x)
    hop = hop_length if hop_length is not None else n_fft // 4
    length = x.shape[-1] + (2 * (n_fft // 2) if center else 0)
    if length < n_fft:
        message = f"stft: expected n_fft to be at most {length}, the length of the signal"
        raise rt.error("RuntimeError", f"{message}, but got {n_fft}")
    bins = n_fft if onesided is False else n_fft // 2 + 1
    shape = [*x.shape[:-1], bins, (length - n_fft) // hop + 1]
    if return_complex:
        return of_constants(rt, "torch.stft", [x], shape, COMPLEX)
    return of_constants(rt, "torch.stft", [x], [*shape, 2], "float32")


@operation("torch.istft", "Tensor.istft")
def _istft(
    rt: Any,
    x: Any,
    n_fft: Any,
    hop_length: Any = None,
    win_length: Any = None,
    window: Any = None,
    center: Any = True,
    normalized: Any = False,
    onesided: Any = None,
    length: Any = None,
    return_complex: Any = False,
) -> Any:
    x = tensor(rt, x)
    hop = hop_length if hop_length is not None else n_fft // 4
    if length is None:
        length = n_fft + hop * (x.shape[-1] - 1) - (2 * (n_fft // 2) if center else 0)
    return of_constants(rt, "torch.istft", [x], [*x.shape[:-2], length], "float32")


@operation("torch.view_as_complex")
def _view_as_complex(rt: Any, x: Any) -> Any:
    x = tensor(rt, x)
    if not x.shape or x.shape[-1] != 2:
        last = x.shape[-1] if x.shape else "no dimension"
        raise rt.error("RuntimeError", f"Tensor must have a last dimension of size 2, got {last}")
    return rt.opaque([x], x.shape[:-1], COMPLEX, "view_as_complex")


@operation("torch.view_as_real")
def _view_as_real(rt: Any, x: Any) -> Any:
    x = tensor(rt, x)
    return rt.opaque([x], [*x.shape, 2], "float32", "view_as_real")


@operation("torch.complex", "torch.polar")
def _of_two(rt: Any, a: Any, b: Any) -> Any:
    return rt.elementwise([tensor(rt, a), tensor(rt, b)], COMPLEX, "complex")


@operation("torch.real", "torch.imag", "Tensor.imag", "torch.angle", "Tensor.angle")
def _part(rt: Any, x: Any) -> Any:
    x = tensor(rt, x)
    return same_source(x, x.shape, "float32") if x.dtype == COMPLEX else x


@operation("torch.conj", "Tensor.conj", "Tensor.conj_physical", "torch.conj_physical")
def _conjugate(rt: Any, x: Any) -> Any:
    return tensor(rt, x)


operation("torch.is_complex", "Tensor.is_complex")(lambda rt, x: tensor(rt, x).dtype == COMPLEX)
