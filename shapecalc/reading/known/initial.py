"""What ``torch.nn.init`` tells of weights before they are filled: numbers to go on with.

The functions that fill a weight give it back, whatever stands in it.
"""

from __future__ import annotations

import math
from typing import Any

from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.functions.base import prod, tensor
from shapecalc.reading.known.base import NAMES

KNOWN = NAMES.part(__name__)
known = KNOWN.function


@known("nn.init._calculate_fan_in_and_fan_out")
def _fans(rt: Any, given: Any) -> tuple[Any, Any]:
    """How many inputs each output of a weight has, and the other way round."""
    shape = tensor(rt, given).shape
    if len(shape) < 2:
        told = "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
        raise rt.error("ValueError", told)
    outputs, inputs, *window = shape
    return inputs * prod(window), outputs * prod(window)


@known("nn.init._calculate_correct_fan")
def _fan(rt: Any, given: Any, mode: Any) -> Any:
    fans = dict(zip(("fan_in", "fan_out"), _fans(rt, given)))
    named = str(plain(mode)).lower()
    if named not in fans:
        told = f"Mode {rt.shown(mode)} not supported, please use one of {[*fans]}"
        raise rt.error("ValueError", told)
    return fans[named]


_GAINS = {"tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 0.75}


@known("nn.init.calculate_gain")
def _gain(rt: Any, nonlinearity: Any, param: Any = None) -> Any:
    """How much larger weights are for what an activation takes away."""
    if plain(nonlinearity) == "leaky_relu":
        slope = 0.01 if param is None else plain(param)
        return math.sqrt(2.0 / (1 + slope**2))
    return _GAINS.get(plain(nonlinearity), 1.0)
