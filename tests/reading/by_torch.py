"""What torch says of a source, which it runs."""

from __future__ import annotations

import sys
import types
from typing import Any


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
