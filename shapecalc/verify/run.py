"""Running torch modules without weights: what passes through each submodule, and what it costs."""

from __future__ import annotations

import sys
import types
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.layers import Tensor
from shapecalc.verify.findings import MissingPackage

if TYPE_CHECKING:
    from torch import nn


class Passed(NamedTuple):
    """One run of a submodule: the shapes of its tensors in and out."""

    inputs: tuple[tuple[int, ...], ...]
    output: tuple[int, ...]


def torch() -> Any:
    """The torch module; raises :class:`MissingPackage`."""
    if sys.modules.get("torch") is None:
        _import_torch()
    return sys.modules["torch"]


def _import_torch() -> None:
    with warnings.catch_warnings():
        # torch complains once, where its counter is imported, if NumPy is not there; none is needed
        warnings.filterwarnings("ignore", "Failed to initialize NumPy")
        try:
            import torch
        except ImportError:
            message = "checking needs torch, which the extra 'torch' installs: shapecalc-nn[torch]"
            raise MissingPackage(message) from None
        import torch.utils.flop_counter  # noqa: F401


def made(source: str) -> nn.Module:
    """The module that emitted source defines, imported afresh and made with its defaults."""
    name = "emitted"
    fresh = types.ModuleType(name)
    sys.modules[name] = fresh  # dataclasses and pickling look it up there
    try:
        exec(compile(source, f"<{name}>", "exec"), fresh.__dict__)  # noqa: S102 (our own source)
    finally:
        del sys.modules[name]
    module = torch().nn.Module
    classes = [c for c in vars(fresh).values() if isinstance(c, type) and issubclass(c, module)]
    model: nn.Module = classes[-1]().eval()
    return model


def inputs(tensors: Mapping[str, Tensor], device: str) -> list[Any]:
    """Inputs of the given shapes: nothing but shapes on the meta device, else random numbers."""
    made = []
    for tensor in tensors.values():
        dtype = getattr(torch(), tensor.dtype)
        if device == "meta":
            made.append(torch().empty(tensor.shape, dtype=dtype, device="meta"))
        elif dtype.is_floating_point:
            made.append(torch().randn(tensor.shape, dtype=dtype))
        else:
            made.append(torch().zeros(tensor.shape, dtype=dtype))
    return made


def watched(model: nn.Module, given: Sequence[Any], passed: dict[str, Passed]) -> Any:
    """Run a module and note what passes through each of its submodules; what came out.

    A module that stands in several places is noted under its names in the order of its runs.
    """
    names: dict[int, list[str]] = {}
    for name, each in model.named_modules(remove_duplicate=False):
        names.setdefault(id(each), []).append(name)
    runs: dict[int, int] = {}

    def note(each: nn.Module, ins: tuple[Any, ...], out: Any) -> None:
        own = names[id(each)]
        name = own[min(runs.get(id(each), 0), len(own) - 1)]
        runs[id(each)] = runs.get(id(each), 0) + 1
        shapes = tuple(tuple(x.shape) for x in ins if hasattr(x, "shape"))
        passed[name] = Passed(shapes, tuple(first(out).shape))

    modules = {id(each): each for each in model.modules()}.values()
    hooks = [each.register_forward_hook(note) for each in modules]
    try:
        with torch().no_grad():
            return model(*given)
    finally:
        for hook in hooks:
            hook.remove()


def first(output: Any) -> Any:
    """The tensor of an output, the first where a module returns several."""
    while not hasattr(output, "shape"):
        output = next(iter(output.values())) if isinstance(output, dict) else output[0]
    return output


def returned(output: Any) -> list[tuple[int, ...]]:
    """The shapes of all tensors that a network returns."""
    if hasattr(output, "shape"):
        return [tuple(output.shape)]
    each = output.values() if isinstance(output, dict) else output
    return [shape for one in each for shape in returned(one)]


def counted(model: nn.Module, given: Sequence[Any]) -> dict[str, int]:
    """The operations torch's own counter finds in each submodule; ``""`` is the whole."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch().no_grad():
        model(*given)
    root = type(model).__name__
    found = {}
    for name, operations in counter.get_flop_counts().items():
        path = "" if name == "Global" else name.removeprefix(f"{root}.") if name != root else None
        if path is not None:
            found[path] = sum(operations.values())
    return found
