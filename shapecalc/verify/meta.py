"""torch's meta device, where tensors have shapes and no data."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from shapecalc.verify.run import torch

COMPILER = "torch._dynamo"


@contextmanager
def on_meta(is_wanted: bool = True) -> Iterator[None]:
    """Modules made inside have no weights, only their shapes, unless that is not wanted."""
    if not is_wanted:
        yield
        return
    with torch().device("meta"), _without_compiler():
        yield


@contextmanager
def _without_compiler() -> Iterator[None]:
    """Keep torch from importing its compiler, which takes as long as importing torch.

    torch's shape functions of ReLU and the like import it on their first call, only to be left
    alone by it. Here that request finds a stand-in; for anything else that is asked of it, the
    stand-in gives way to the compiler itself. What torch has kept of it is taken back at the end.
    """
    if COMPILER in sys.modules:
        yield
        return
    left_alone: list[Any] = []
    stand_in = types.ModuleType(COMPILER)

    def disable(function: Callable[..., Any], *_: Any, **__: Any) -> Callable[..., Any]:
        left_alone.append(function)
        return function

    def withdraw() -> None:
        if sys.modules.get(COMPILER) is stand_in:
            del sys.modules[COMPILER]
            del torch()._dynamo

    def real(name: str) -> Any:
        withdraw()
        return getattr(import_module(COMPILER), name)

    stand_in.__dict__.update(disable=disable, __getattr__=real)
    sys.modules[COMPILER] = torch()._dynamo = stand_in
    try:
        yield
    finally:
        withdraw()
        for function in left_alone:
            function.__dict__.pop("__dynamo_disable", None)
