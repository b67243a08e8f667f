"""The network as torch modules: a class for each block, used as often as the block is."""

from __future__ import annotations

from typing import Any

from shapecalc.graph import Part
from shapecalc.emit import letters as lettering
from shapecalc.emit.classes import ClassSource, ClassWriter
from shapecalc.emit.names import SOURCE_NAMES, EmitError, class_name, plain_text
from shapecalc.emit.source import Make, lines
from shapecalc.network import Network
from shapecalc.report import Report
from shapecalc.spec.tree import Block, Spec


def module(network: Network, settings: dict[str, Any] | None = None) -> str:
    """The source of a module that is the network; raises :class:`EmitError` where it cannot be.

    Symbols that decide anything but the input's size are parameters of its constructor, with the
    values they have here as defaults.

    >>> import shapecalc
    >>> source = module(shapecalc.load("lenet5"))
    >>> "nn.Conv2d(3, 6, kernel_size=5)" in source
    True
    """
    values, built = network.build(settings or {})
    emitter = _Emitter(network.spec, values, Report(network.name, values, built))
    return emitter.source()


class _Emitter:
    """Writes the whole source: the classes of the blocks, and the network's."""

    def __init__(self, spec: Spec, values: dict[str, Any], report: Report) -> None:
        self.spec = spec
        self.values = values
        self.report = report
        self.lettered = lettering.build(spec, values)
        self.classes: dict[str, ClassSource] = {}
        self.uses: dict[str, list[Part]] = {}
        _collect_uses(self.lettered.built.root, self.uses)

    def source(self) -> str:
        name = class_name(self.report.name, frozenset(self.spec.blocks))
        network = ClassWriter(self, name, self.spec.entries, [self.lettered.built.root]).write()
        body = [
            line for each in [*self.classes.values(), network] for line in ["", "", *each.text]
        ]
        main = self.main(name)
        text = [*self.head(), *_imports(body), *body, "", "", *main]
        return "\n".join(text) + "\n"

    def head(self) -> list[str]:
        inputs = " and ".join(str(tensor) for tensor in self.report.inputs.values())
        totals = self.report.totals
        counted = f"{totals.params:,} parameters and {totals.macs:,} multiply-accumulates"
        return [
            f'"""{plain_text(self.report.name)}.',
            "",
            counted,
            f"for an input of {inputs}, batch {self.values['B']}.",
            '"""',
            "",
        ]

    def main(self, name: str) -> list[str]:
        inputs = [
            f"torch.zeros({', '.join(map(str, tensor.shape))}{_dtype(tensor.dtype)})"
            for tensor in self.report.inputs.values()
        ]
        shown = ["    print(tuple(output.shape))"]
        if len(self.report.outputs) > 1:
            shown = ["    for each in output:", "        print(tuple(each.shape))"]
        return [
            'if __name__ == "__main__":',
            f"    model = {name}().eval()",
            "    with torch.no_grad():",
            *lines(Make("model", inputs), 8, "output = "),
            *shown,
        ]

    def block(self, block: Block) -> ClassSource:
        """The class of a block, written when it is first asked for."""
        if block.name not in self.classes:
            if block.name in SOURCE_NAMES:
                message = f"a class cannot be called {block.name!r} beside torch's names"
                raise EmitError(self.spec.source, block.mark, message)
            writer = ClassWriter(self, block.name, block.entries, self.uses[block.name], block)
            self.classes[block.name] = writer.write()
        return self.classes[block.name]


def _collect_uses(part: Part, uses: dict[str, list[Part]]) -> None:
    for child in part.children:
        if isinstance(child, Part):
            if child.is_use:
                uses.setdefault(child.kind, []).append(child)
            _collect_uses(child, uses)


def _imports(body: list[str]) -> list[str]:
    text = "\n".join(body)
    first = ["import math"] if "math." in text else []
    first += ["from collections import OrderedDict"] if "OrderedDict(" in text else []
    first += ["from fractions import Fraction"] if "Fraction" in text else []
    return [*first, *([""] if first else []), "import torch", "from torch import Tensor, nn"]


def _dtype(dtype: str) -> str:
    return "" if dtype == "float32" else f", dtype=torch.{dtype}"
