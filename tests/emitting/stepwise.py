"""A network run layer by layer along its graph: what its emitted module has to put out, in numbers.

Each layer is made and called by itself, with what the graph says that comes in; so nothing hangs on
how modules are nested, which variables hold what, or what is shared.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from shapecalc.analysis.report import Report
from shapecalc.emitting.classes.constructor import field_literal
from shapecalc.emitting.printer import flat
from shapecalc.graph.graph import Node, Source

Values = dict[tuple[str, str], Any]
"""Tensors by the path of what puts them out, and the name of the output."""


def random_state(model: nn.Module, seed: int) -> None:
    """Draw all weights and buffers of a module at random; variances are positive."""
    random = torch.Generator().manual_seed(seed)
    for name, tensor in model.state_dict(keep_vars=True).items():
        if tensor.is_floating_point():
            drawn = torch.rand(tensor.shape, generator=random, dtype=tensor.dtype) - 0.3
            tensor.data = drawn.abs() + 0.5 if name.endswith("running_var") else drawn


def random_inputs(report: Report, seed: int) -> list[Any]:
    """Tensors for the inputs of a network."""
    random = torch.Generator().manual_seed(seed)
    shapes = [tensor.shape for tensor in report.inputs.values()]
    return [torch.rand(shape, generator=random, dtype=torch.float64) - 0.4 for shape in shapes]


def outputs(report: Report, state: Mapping[str, Any], inputs: list[Any]) -> list[Any]:
    """What a network puts out with some weights."""
    values: Values = {(name, "output"): x for name, x in zip(report.inputs, inputs)}
    nodes = {layer.path: layer.node for layer in report}
    for layer in report:
        values |= _run(layer.node, nodes, state, values)
    return [values[source.path, source.output] for source in _sources(report)]


def _sources(report: Report) -> list[Source]:
    """Where the outputs come from."""
    return [Source(*_apart(str(name), report)) for name, _ in report.outputs]


def _apart(name: str, report: Report) -> tuple[str, str]:
    paths = {layer.path for layer in report} | {*report.inputs}
    if name in paths:
        return name, "output"
    path, _, output = name.rpartition(".")
    return path, output


def _run(node: Node, nodes: Mapping[str, Node], state: Mapping[str, Any], given: Values) -> Values:
    """The outputs of one layer."""
    layer = node.layer
    if layer.is_state:
        return {(node.path, "output"): state[_owner(node, nodes, "")]}
    names = [f"x{i}" for i in range(len(node.sources))]
    space: dict[str, Any] = {"torch": torch, "nn": nn, "math": math}
    space |= {n: given[source.path, source.output] for n, source in zip(names, node.sources)}
    texts = {
        name: flat(field_literal(value, field))
        for name, field in layer.fields.items()
        if (value := getattr(layer, name)) is not None
    }
    wanted = sorted(node.requested)
    if wanted and layer.requested_by:
        texts[layer.requested_by] = "True"
    pattern = layer.returns_on_request if wanted and layer.returns_on_request else layer.returns
    if layer.in_torch:
        module = eval(layer.constructor(texts), space).double().eval()
        tensors = (*layer.weights(), *layer.buffers())
        own = {name: state[_owner(node, nodes, name)] for name in tensors}
        module.load_state_dict(own)
        space["module"] = module
        text = layer.call("module", names, wanted)
    elif wanted and layer.returns_on_request:
        text = layer.requested(names, texts)
    else:
        text = layer.function(names, texts)
    if "1" in node.outputs:  # pieces, of which the function takes the first
        pieces = eval(text.removesuffix("[0]"), space)
        return {(node.path, str(i) if i else "output"): each for i, each in enumerate(pieces)}
    exec(f"{pattern} = {text}", space)
    return {(node.path, name): space[name] for name in node.made}


def _owner(node: Node, nodes: Mapping[str, Node], name: str) -> str:
    """The path of a weight, in the layer whose own it is."""
    while node.shared is not None and name in node.tied:
        node = nodes[node.shared]
    return f"{node.path}.{name}" if name else node.path


def assert_computes(model: nn.Module, report: Report, seed: int = 0) -> None:
    """A module must put out what the network's layers do, one by one, with the same weights."""
    model = model.double().eval()
    random_state(model, seed)
    inputs = random_inputs(report, seed)
    with torch.no_grad():
        wanted = outputs(report, model.state_dict(), inputs)
        found = model(*inputs)
    found = tuple(found.values()) if isinstance(found, dict) else found
    found = found if isinstance(found, tuple) else (found,)
    found = [each for each in found if each is not None]
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9, equal_nan=True)
