"""The tools themselves, run on emitted modules in a process of their own: prints their figures.

    python tests/analysis/peers.py < specs.json

Each spec is a name or the spec itself, and settings of its symbols; a line is printed for each. A
tool that is not installed is left out. What tools import for other purposes, networks of hubs above
all, is replaced by empty modules.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import inspect
import io
import json
import logging
import sys
import types
import warnings
from typing import Any

import torch

import shapecalc

EMPTY = (
    *("transformers", "accelerate", "accelerate.utils"),
    *("huggingface_hub", "huggingface_hub.utils"),
)


def stand_in(name: str) -> None:
    """A module in which every name is a class of its own."""
    module: Any = types.ModuleType(name)
    module.__path__ = []
    module.__spec__ = importlib.machinery.ModuleSpec(name, None)

    def one(key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        return (lambda: False) if key.startswith("is_") else type(key, (Exception,), {})

    module.__getattr__ = one
    sys.modules[name] = module


def fvcore(module: Any, inputs: list[Any]) -> int:
    from fvcore.nn import FlopCountAnalysis

    logging.getLogger("fvcore").setLevel(logging.CRITICAL)
    found = FlopCountAnalysis(module, tuple(inputs))
    found.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    return int(found.total())


def ptflops(module: Any, inputs: list[Any], backend: str = "pytorch") -> int:
    from ptflops import get_model_complexity_info

    named = dict(zip(inspect.signature(module.forward).parameters, inputs))
    found, _ = get_model_complexity_info(
        module,
        tuple(inputs[0].shape[1:]),
        as_strings=False,
        print_per_layer_stat=False,
        backend=backend,
        input_constructor=lambda _: named,
    )
    return int(found)


def thop(module: Any, inputs: list[Any]) -> int:
    from thop import profile

    return int(profile(module, tuple(inputs), verbose=False)[0])


def torchinfo(module: Any, inputs: list[Any]) -> int:
    from torchinfo import summary

    return int(summary(module, input_data=inputs, verbose=0).total_mult_adds)


def calflops(module: Any, inputs: list[Any]) -> int:
    from calflops import calculate_flops

    return int(
        calculate_flops(
            module, args=inputs, output_as_string=False, print_results=False, print_detailed=False
        )[0]
    )


def counter(module: Any, inputs: list[Any]) -> int:
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counted:
        module.to("meta")(*[each.to("meta") for each in inputs])
    return counted.get_total_flops()


TOOLS: dict[str, tuple[str, Any]] = {
    "torch": ("torch", counter),
    "fvcore": ("fvcore", fvcore),
    "ptflops": ("ptflops", ptflops),
    "ptflops-aten": ("ptflops", lambda m, x: ptflops(m, x, "aten")),
    "thop": ("thop", thop),
    "torchinfo": ("torchinfo", torchinfo),
    "calflops": ("calflops", calflops),
}


def figures(spec: Any, settings: dict[str, int]) -> dict[str, Any]:
    """What each tool says of a network; what it says where it fails."""
    network = shapecalc.load(spec)
    report = network.report(settings)
    names: dict[str, Any] = {}
    exec(shapecalc.emit(network, settings=settings), names)
    classes = [each for each in names.values() if isinstance(each, type)]
    make = [each for each in classes if issubclass(each, torch.nn.Module)][-1]
    found: dict[str, Any] = {}
    for tool, (package, count) in TOOLS.items():
        if importlib.util.find_spec(package) is None:
            continue
        inputs = [
            torch.zeros(tensor.shape, dtype=getattr(torch, tensor.dtype))
            for tensor in report.inputs.values()
        ]
        module = make().eval()
        if not list(module.parameters()):  # which tools ask for its type
            module.unused = torch.nn.Parameter(torch.zeros(1))
        with contextlib.redirect_stdout(io.StringIO()):
            found[tool] = count(module, inputs)
    return found


def main() -> None:
    warnings.simplefilter("ignore")
    for each in EMPTY:
        stand_in(each)
    sys.modules["torchvision"] = sys.modules["torchvision.ops"] = None  # type: ignore[assignment]
    for spec, settings in json.load(sys.stdin):
        print(json.dumps(figures(spec, settings)), flush=True)


if __name__ == "__main__":
    main()
