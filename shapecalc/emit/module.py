"""The network as torch modules: a class for each block, used as often as the block is."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from shapecalc.emit.classes import ClassWriter
from shapecalc.emit.emitter import Emitter, emit
from shapecalc.emit.names import EmitError, class_name, docstring, has_meaning
from shapecalc.emit.parameters import Written
from shapecalc.emit.source import call, lines
from shapecalc.language.tree import Block
from shapecalc.network import Network


def module(
    network: Network,
    settings: Mapping[str, Any] | None = None,
    knobs: frozenset[str] | None = None,
) -> str:
    """The source of a module that is the network; raises :class:`EmitError` where it cannot be.

    Symbols that decide anything but the input's size are parameters of its constructor, with the
    values they have here as defaults; of ``knobs`` only, if they are named.

    >>> import shapecalc
    >>> source = module(shapecalc.load("lenet5"))
    >>> "nn.Conv2d(3, 6, kernel_size=5)" in source
    True
    """
    return emit(network, settings, lambda *known: _ModuleEmitter(*known).source(), knobs)


class _ModuleEmitter(Emitter):
    """Writes the whole source: the classes of the blocks, and the network's."""

    def source(self) -> str:
        name = class_name(self.report.name, self.spec.blocks)
        self.name_parameters({name, *self.spec.blocks})
        writer = ClassWriter(self, name, self.spec.entries, self.roots)
        network = writer.write()
        returns, _ = writer.result("")
        return source(self, [*self.written.values(), network], name, returns)

    def block(self, block: Block) -> Written:
        if block.name not in self.written:
            if has_meaning(block.name):
                message = f"a class cannot be called {block.name!r}, which means something else"
                raise EmitError(self.spec.source, block.mark, message, "give it another name")
            writer = ClassWriter(self, block.name, block.entries, self.uses[block.name], block)
            self.written[block.name] = writer.write()
        return self.written[block.name]


def source(emitter: Emitter, written: list[Written], name: str, returns: str) -> str:
    """The whole source of what has been written; the network returns values of a type."""
    body = [line for each in written for line in ["", "", *each.text]]
    text = [*_head(emitter), "", *_imports(body), *body, "", "", *_main(emitter, name, returns)]
    return "\n".join(text) + "\n"


def _head(emitter: Emitter) -> list[str]:
    """What the network is, and its totals."""
    report = emitter.report
    inputs = " and ".join(str(tensor) for tensor in report.inputs.values())
    counted = (
        f"{report.totals.params:,} parameters and {report.totals.macs:,} multiply-accumulates for "
        f"an input of {inputs}, batch {emitter.values['B']}."
    )
    return docstring(f"{report.name}.\n\n{emitter.spec.about}\n\n{counted}", 0)


def _imports(body: list[str]) -> list[str]:
    """The imports that the source needs."""
    names = {node.id for node in ast.walk(ast.parse("\n".join(body))) if isinstance(node, ast.Name)}
    known = {
        "math": "import math",
        "OrderedDict": "from collections import OrderedDict",
        "Fraction": "from fractions import Fraction",
    }
    needed = [line for name, line in known.items() if name in names]
    ours = [name for name in ("Tensor", "nn") if name in names]
    return [
        *needed,
        *([""] if needed else []),
        "import torch",
        f"from torch import {', '.join(ours)}",
    ]


def _main(emitter: Emitter, name: str, returns: str) -> list[str]:
    """What prints the output's shape."""
    inputs = [
        f"torch.zeros({', '.join(map(str, tensor.shape))}{_dtype(tensor.dtype)})"
        for tensor in emitter.report.inputs.values()
    ]
    shown = ["    print(tuple(output.shape))"]
    if returns != "Tensor":
        shown = ["    for each in output:", "        print(tuple(each.shape))"]
    return [
        'if __name__ == "__main__":',
        f"    model = {name}().eval()",
        "    with torch.no_grad():",
        *lines(call("model", inputs), 8, "output = "),
        *shown,
    ]


def _dtype(dtype: str) -> str:
    return "" if dtype == "float32" else f", dtype=torch.{dtype}"
