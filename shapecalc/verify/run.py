"""Running torch modules without weights: what passes through each submodule, and what it costs."""

from __future__ import annotations

import sys
import types
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.verify.findings import MissingPackage

if TYPE_CHECKING:
    from torch import nn


PARALLEL = 10**10
"""With fewer multiply-accumulates in a sample several threads take longer than one."""


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


@contextmanager
def threads(work: int) -> Iterator[None]:
    """Inside, no more threads than so many multiply-accumulates in a sample are worth.

    Several threads that have little to do wait for each other, and use up processors meanwhile.
    """
    before = torch().get_num_threads()
    torch().set_num_threads(1 if work < PARALLEL else before)
    try:
        yield
    finally:
        torch().set_num_threads(before)


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


def watched(
    model: nn.Module,
    call: Callable[[], Any],
    passed: dict[str, list[Passed]],
    paths: Collection[str] = (),
) -> Any:
    """What a call gives; what passes through each submodule in its runs is noted meanwhile.

    A module that stands in several places is noted under its names in the order of its runs, of
    ``paths``, those of layers, under these alone.
    """
    names: dict[int, list[str]] = {}
    for name, each in model.named_modules(remove_duplicate=False):
        names.setdefault(id(each), []).append(name)
    names = {key: [name for name in own if name in paths] or own for key, own in names.items()}
    runs: dict[int, int] = {}

    def note(each: nn.Module, ins: tuple[Any, ...], out: Any) -> None:
        own = names[id(each)]
        name = own[min(runs.get(id(each), 0), len(own) - 1)]
        runs[id(each)] = runs.get(id(each), 0) + 1
        tensor = first(out)
        if tensor is not None:
            shapes = tuple(tuple(x.shape) for x in ins if hasattr(x, "shape"))
            passed.setdefault(name, []).append(Passed(shapes, tuple(tensor.shape)))

    modules = {id(each): each for each in model.modules()}.values()
    hooks = [each.register_forward_hook(note) for each in modules]
    try:
        with torch().no_grad():
            return call()
    finally:
        for hook in hooks:
            hook.remove()


def counted(model: nn.Module, call: Callable[[], Any]) -> dict[str, int]:
    """The operations torch's own counter finds in each submodule; ``""`` is the whole."""
    from torch.utils.flop_counter import FlopCounterMode

    learned = [each for each in model.parameters() if each.requires_grad]
    for each in learned:  # the counter hooks into gradients, which views of weights have none of
        each.requires_grad_(False)
    try:
        with FlopCounterMode(display=False) as counter, torch().no_grad():
            call()
    finally:
        for each in learned:
            each.requires_grad_(True)
    root = type(model).__name__
    found = {}
    for name, operations in counter.get_flop_counts().items():
        path = "" if name == "Global" else name.removeprefix(f"{root}.") if name != root else None
        if path is not None:
            found[path] = sum(operations.values())
    return found


def first(output: Any) -> Any:
    """The tensor of an output, the first where a module returns several; None for none."""
    if hasattr(output, "shape"):
        return output
    inside = output.values() if isinstance(output, Mapping) else output
    parts = inside if isinstance(output, (Mapping, list, tuple)) else ()
    return next((found for found in map(first, parts) if found is not None), None)
