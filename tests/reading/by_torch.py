"""Sources of networks, what torch says of one, which it runs, and what is read of it."""

from __future__ import annotations

import sys
import types
from inspect import cleandoc
from pathlib import Path
from textwrap import indent
from typing import Any

import shapecalc


def by_torch(source: str, make: str, inputs: list[list[int]]) -> dict[str, Any]:
    """Parameters, the shape that comes out, and multiplications by torch's counter."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    module = types.ModuleType("constructs_by_torch")
    sys.modules[module.__name__] = module
    exec(compile(source, module.__name__, "exec"), vars(module))
    network = eval(make, vars(module))
    network.eval()
    params = sum(each.numel() for each in network.parameters())
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        output = network(*[torch.zeros(1, *shape) for shape in inputs])
    return {
        "params": params,
        "output": list(output.shape),
        "macs": counter.get_total_flops() // 2,
    }


def as_read(folder: Path, source: str, make: str, inputs: list[list[int]]) -> dict[str, Any]:
    """The same of a network as its source is read."""
    path = folder / "net.py"
    path.write_text(source)
    report = shapecalc.load(f"{path}:{make}", inputs=inputs).report()
    return {
        "params": report.totals.params,
        "output": report.to_dict()["outputs"][0]["shape"],
        "macs": report.totals.macs,
    }


def network(layers: str, forward: str, inputs: str = "x") -> str:
    """A network of layers, each an attribute and its value, and of what forward does."""
    made = [f"self.{each.strip()}" for each in layers.strip().splitlines()]
    return "\n".join(
        [
            "import torch",
            "import torch.nn as nn",
            "class Net(nn.Module):",
            "    def __init__(self):",
            "        super().__init__()",
            *(f"        {each}" for each in made),
            f"    def forward(self, {inputs}):",
            indent(cleandoc(forward), " " * 8),
        ]
    )
