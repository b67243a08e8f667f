"""torchvision's own networks, on the meta device."""

from __future__ import annotations

import sys
import types
import warnings
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

torch = pytest.importorskip("torch")

HELD: list[Any] = []
"""Libraries of operators, which are there as long as they are held."""

HAS_TORCHVISION = find_spec("torchvision") is not None


@cache
def models() -> types.ModuleType:
    """``torchvision.models``; none of it needs the operators that torchvision has in C++.

    Where these do not load, as those for another build of torch, they are there in name alone.
    """
    try:
        return import_module("torchvision.models")
    except RuntimeError:
        for name in [each for each in sys.modules if each.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        operators = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            operators.define(f"{name}() -> ()")
        HELD.append(operators)
        return import_module("torchvision.models")


def model(name: str, **settings: Any) -> Any:
    """A network by its name, with torchvision's default settings but for these."""
    if name in ("googlenet", "inception_v3"):
        settings.setdefault("init_weights", False)  # takes minutes, and has no effect here
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")
        if name.startswith("regnet"):
            return _regnet(name, settings)
        return models().get_model(name, weights=None, **settings)


def _regnet(name: str, settings: dict[str, Any]) -> Any:
    """A RegNet, whose widths are computed as tensors, which needs a device that computes."""
    blocks = import_module("torchvision.models.regnet").BlockParams
    original = blocks.__dict__["from_init_params"]

    def computed(*given: Any, **named: Any) -> Any:
        with torch.device("cpu"):
            return original.__get__(None, blocks)(*given, **named)

    blocks.from_init_params = computed
    try:
        return models().get_model(name, weights=None, **settings)
    finally:
        blocks.from_init_params = original
