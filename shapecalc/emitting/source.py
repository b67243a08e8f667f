"""What stands around the classes: what the network is, what is imported, and what runs it."""

from __future__ import annotations

from typing import Any

from shapecalc.emitting import syntax
from shapecalc.emitting.names import variable
from shapecalc.emitting.numbers.known import Known
from shapecalc.emitting.numbers.trees import stated
from shapecalc.emitting.printer import docstring
from shapecalc.emitting.syntax import Assign, Do, For, If, Statement, With
from shapecalc.language.expression import Name

_STANDARD = {
    "math": "import math",
    "OrderedDict": "from collections import OrderedDict",
    "Fraction": "from fractions import Fraction",
    "Final": "from typing import Final",
}
"""Where names of the standard library come from."""


def head(known: Known) -> list[str]:
    """What the network is, and its totals."""
    report = known.report
    inputs = " and ".join(str(tensor) for tensor in report.inputs.values())
    counted = (
        f"{report.totals.params:,} parameters and {report.totals.macs:,} multiply-accumulates for "
        f"an input of {inputs}, batch {known.values['B']}."
    )
    return docstring(f"{report.name}.\n\n{known.spec.about}\n\n{counted}", 0)


def imports(nodes: list[Any]) -> list[str]:
    """The imports that definitions and statements need."""
    names = syntax.names(*nodes)
    needed = [line for name, line in _STANDARD.items() if name in names]
    ours = [name for name in ("Tensor", "nn") if name in names]
    return [
        *needed,
        *([""] if needed else []),
        *(["import torch"] if "torch" in names else []),
        f"from torch import {', '.join(ours)}",
    ]


def main(known: Known, name: str, returns: Any) -> list[Statement]:
    """The statements that print the shapes of what a network puts out; ``name`` makes it."""
    inputs = []
    for tensor in known.report.inputs.values():
        sizes = [stated(size) for size in tensor.shape]
        dtype = {} if tensor.dtype == "float32" else {"dtype": syntax.name(f"torch.{tensor.dtype}")}
        inputs.append(syntax.call("torch.zeros", *sizes, **dtype))
    made = syntax.call(syntax.Attribute(syntax.call(name), "eval"))
    output, each = Name("output", 0), Name("each", 0)
    run = Assign(output, syntax.call("model", *inputs))
    if isinstance(returns, syntax.Item):
        is_optional = any(node == syntax.NONE for node in syntax.walk(returns))
        body = _where_there(each) if is_optional else _printed(each)
        is_named = returns.owner == Name("dict", 0)
        every = syntax.call(syntax.Attribute(output, "values")) if is_named else output
        shown: Statement = For(each, every, (body,))
    else:
        shown = _printed(output) if returns == syntax.TENSOR else _where_there(output)
    return [Assign(Name("model", 0), made), With(syntax.call("torch.no_grad"), (run,)), shown]


def _printed(tensor: Any) -> Statement:
    return Do(syntax.call("print", syntax.call("tuple", syntax.Attribute(tensor, "shape"))))


def _where_there(tensor: Any) -> Statement:
    return If(syntax.is_there(tensor), (_printed(tensor),))


def parameter_names(known: Known, taken: set[str]) -> dict[str, str]:
    """Names of parameters that hide no name of the source's own, where they are not the spec's."""
    spec = known.spec
    names = {*spec.symbols, *(n for block in spec.blocks.values() for n in block.arguments)}
    found: dict[str, str] = {}
    others = {*taken, *names}
    for name in sorted(names):
        others -= {name} - taken
        own = variable(name, others)
        others |= {name, own}
        if own != name:
            found[name] = own
    return found
