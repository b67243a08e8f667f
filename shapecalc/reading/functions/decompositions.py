"""Decompositions of matrices and what solves systems with them.

No kind tells what they cost, so that they are known of constants alone.
"""

from __future__ import annotations

from typing import Any

from shapecalc.reading.evaluator.classes import OBJECT
from shapecalc.reading.evaluator.values import Class, Instance
from shapecalc.reading.functions.base import OPERATIONS, of_constants, tensor
from shapecalc.reading.tensors.traced import TensorValue

OWN = OPERATIONS.part(__name__)
operation = OWN.function


def _made(rt: Any, name: str, inputs: list[TensorValue], shape: Any, dtype: str) -> Any:
    return of_constants(rt, f"torch.linalg.{name}", inputs, shape, dtype)


def _named(name: str, **parts: Any) -> Instance:
    """Torch's named tuple of results."""
    found = Instance(Class(name, (OBJECT,)))
    found.attributes.update(parts)
    found.data = tuple(parts.values())
    return found


def _matrix(rt: Any, x: Any, what: str) -> TensorValue:
    x = tensor(rt, x)
    if len(x.shape) < 2:
        message = f"linalg.{what}: The input tensor A must have at least 2 dimensions."
        raise rt.error("RuntimeError", message)
    return x


@operation("torch.linalg.lstsq")
def _lstsq(rt: Any, a: Any, b: Any, *more: Any, **kwargs: Any) -> Any:
    a, b = _matrix(rt, a, "lstsq"), tensor(rt, b)
    if a.shape[-2] != b.shape[-2]:
        message = f"linalg.lstsq: A has {a.shape[-2]} rows and B has {b.shape[-2]}"
        raise rt.error("RuntimeError", message)
    shape = [*a.shape[:-2], a.shape[-1], b.shape[-1]]
    return _named("linalg_lstsq", solution=_made(rt, "lstsq", [a, b], shape, a.dtype))


@operation("torch.linalg.solve", "torch.linalg.solve_triangular", "torch.triangular_solve")
def _solve(rt: Any, a: Any, b: Any, *more: Any, **kwargs: Any) -> Any:
    a, b = _matrix(rt, a, "solve"), tensor(rt, b)
    return _made(rt, "solve", [a, b], b.shape, b.dtype)


@operation("torch.linalg.qr", "torch.qr", "Tensor.qr")
def _qr(rt: Any, a: Any, mode: Any = "reduced", *more: Any, **kwargs: Any) -> Any:
    a = _matrix(rt, a, "qr")
    *batch, rows, columns = a.shape
    inner = rows if mode == "complete" else min(rows, columns)
    q = _made(rt, "qr", [a], [*batch, rows, inner], a.dtype)
    return _named(
        "linalg_qr",
        Q=q,
        R=_made(rt, "qr", [a], [*batch, inner, columns], a.dtype),
    )


@operation("torch.linalg.svd", "torch.svd", "Tensor.svd")
def _svd(rt: Any, a: Any, full_matrices: Any = True, **kwargs: Any) -> Any:
    a = _matrix(rt, a, "svd")
    *batch, rows, columns = a.shape
    least = min(rows, columns)
    left, right = (rows, columns) if full_matrices else (least, least)
    shapes = {"U": [rows, left], "S": [least], "Vh": [right, columns]}
    parts = {n: _made(rt, "svd", [a], [*batch, *s], a.dtype) for n, s in shapes.items()}
    return _named("linalg_svd", **parts)


@operation("torch.linalg.svdvals", "torch.linalg.eigvalsh", "torch.linalg.eigvals")
def _values(rt: Any, a: Any, *more: Any, **kwargs: Any) -> Any:
    a = _matrix(rt, a, "svdvals")
    return of_constants(
        rt, "torch.linalg.svdvals", [a], [*a.shape[:-2], min(a.shape[-2:])], a.dtype
    )


@operation("torch.linalg.eigh", "torch.linalg.eig")
def _eigh(rt: Any, a: Any, *more: Any, **kwargs: Any) -> Any:
    a = _matrix(rt, a, "eigh")
    values = _made(rt, "eigh", [a], a.shape[:-1], a.dtype)
    vectors = _made(rt, "eigh", [a], a.shape, a.dtype)
    return _named("linalg_eigh", eigenvalues=values, eigenvectors=vectors)
