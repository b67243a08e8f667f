"""One rule, two kinds of numbers: what a formula says must be what integers give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shapecalc.algebra.formula import Formula, evaluate
from shapecalc.algebra.requirement import Condition, Requirement
from shapecalc.layers.base import Layer
from shapecalc.layers.tensor import Tensor
from tests.layers.accepting import Inputs, accepts

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
        accepted = accepts(layer, (x,))
        assert accepted == (not refused and all(h in solutions for solutions in conditions)), h
        if accepted:
            assert _facts(layer, (general,), {"H": h}) == _facts(layer, (x,), {"H": h}), h


def assert_symbols_agree(layer: Layer, inputs: Inputs, sizes: Iterable[int]) -> None:
    """The same with a symbol in place of each of these sizes, wherever behind a batch it stands."""
    values = {f"n{size}": size for size in sizes}
    symbols = {size: Formula.symbol(name) for name, size in values.items()}
    general = tuple(
        x.with_shape((x.batch, *(symbols.get(size, size) for size in x.shape[1:]))) for x in inputs
    )
    accepted = accepts(layer, inputs)
    requirements = layer.requirements(*general)
    assert accepted == all(_holds(requirement, values) for requirement in requirements)
    if accepted:
        assert _facts(layer, general, values) == _facts(layer, inputs, values)


def _holds(requirement: Requirement, values: Mapping[str, int]) -> bool:
    """Whether it holds at these values, which its decision has to agree with."""
    left, right = evaluate(requirement.left, values), evaluate(requirement.right, values)
    holds = left == right if requirement.relation == "==" else left >= right
    decision = requirement.decide()
    if isinstance(decision, bool):
        assert decision == holds
    elif decision.symbol is not None and decision.solutions is not None:
        assert (values[decision.symbol] in decision.solutions) == holds, decision
    return bool(holds)


def _facts(layer: Layer, inputs: Inputs, values: Mapping[str, int]) -> dict[str, Any]:
    layer = layer.bound(*inputs)
    y = layer.output(*inputs)

    def at(size: Any) -> Any:
        return evaluate(size, values)

    return {
        "output": tuple(map(at, y.shape)),
        "weights": {name: tuple(map(at, shape)) for name, shape in layer.weights().items()},
        "macs": at(layer.macs(*inputs, y=y)),
        "elementwise": at(layer.elementwise(*inputs, y=y)),
    }
