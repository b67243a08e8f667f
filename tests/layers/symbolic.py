"""One rule, two kinds of numbers: what a formula says must be what integers give."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shapecalc.algebra.formula import Formula, evaluate
from shapecalc.algebra.requirement import Condition
from shapecalc.layers.base import Layer
from shapecalc.layers.tensor import Tensor

H = Formula.symbol("H")


def assert_formulas_agree(layer: Layer, shape: tuple[Any, ...], sizes: Iterable[int]) -> None:
    """Requirements, output, weights and work in H equal those of every size put in its place."""
    general = Tensor(shape)
    conditions = []
    refused = False
    for requirement in layer.requirements(general):
        decision = requirement.decide()
        if isinstance(decision, Condition):
            assert decision.solutions is not None, decision
            conditions.append(decision.solutions)
        elif not decision:
            refused = True
            break
    for h in sizes:
        x = Tensor(tuple(evaluate(size, {"H": h}) for size in shape))
        accepted = all(requirement.decide() is True for requirement in layer.requirements(x))
        assert accepted == (not refused and all(h in solutions for solutions in conditions)), h
        if accepted:
            assert _facts(layer, general, h) == _facts(layer, x, h), h


def _facts(layer: Layer, x: Tensor, h: int) -> dict[str, Any]:
    layer = layer.bound(x)
    y = layer.output(x)

    def at(size: Any) -> Any:
        return evaluate(size, {"H": h})

    return {
        "output": tuple(map(at, y.shape)),
        "weights": {name: tuple(map(at, shape)) for name, shape in layer.weights().items()},
        "macs": at(layer.macs(x, y)),
        "elementwise": at(layer.elementwise(x, y)),
    }
