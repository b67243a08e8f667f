"""What kinds say of torch's own signatures, held against torch."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from shapecalc.layers import KINDS

torch = pytest.importorskip("torch")

NOT_FIELDS = {"self", "device", "dtype", "args", "kwargs"}
VARIADIC = ("RNN", "LSTM", "GRU")
"""Modules that take ``*args``, so that torch's own documentation is the only signature."""


def _torch(path: str) -> Any:
    if path.startswith("einops."):
        return getattr(pytest.importorskip("einops"), path.removeprefix("einops."))
    owner: Any = torch.Tensor if path.startswith("Tensor.") else torch
    for part in path.removeprefix("Tensor.").removeprefix("torch.").split("."):
        owner = getattr(owner, part)
    return owner


@pytest.mark.parametrize("kind", sorted(k for k in KINDS if KINDS[k].in_torch))
def test_parameters_stand_in_torchs_order(kind: str) -> None:
    if kind in VARIADIC:
        return
    theirs = [
        name
        for name in inspect.signature(getattr(torch.nn, kind).__init__).parameters
        if name not in NOT_FIELDS and not name.startswith("_")
    ]
    ours = list(KINDS[kind].parameters())
    assert ours == theirs[: len(ours)]


@pytest.mark.parametrize("kind", sorted(k for k in KINDS if KINDS[k].in_torch))
def test_what_a_module_is_called_with_stands_in_torchs_order(kind: str) -> None:
    theirs = inspect.signature(getattr(torch.nn, kind).forward).parameters
    given = {name: each.default for name, each in theirs.items() if name != "self"}
    ours = KINDS[kind]
    assert [*ours.takes, *ours.takes_also] == list(given)
    assert list(ours.takes) == [n for n, each in given.items() if each is inspect.Parameter.empty]


@pytest.mark.parametrize("kind", sorted(k for k in KINDS if KINDS[k].called))
def test_calls_of_a_kind_are_there_in_torch(kind: str) -> None:
    for name, _ in KINDS[kind].calls():
        assert callable(_torch(name)), name


def test_no_call_denotes_two_kinds() -> None:
    calls = [name for kind in KINDS.values() for name, _ in kind.calls()]
    assert len(calls) == len(set(calls))
