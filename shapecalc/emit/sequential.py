"""A network that is a chain as one Sequential, with a function for each block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapecalc.emit.emitter import Emitter, emit
from shapecalc.emit.module import source
from shapecalc.emit.names import EmitError, docstring, function_name, variable
from shapecalc.emit.parameters import Written
from shapecalc.emit.shapes import Shapes
from shapecalc.emit.source import Lines, call, fits, lines
from shapecalc.emit.writer import Writer, is_plain
from shapecalc.graph.graph import Part
from shapecalc.language.problem import Mark
from shapecalc.language.tree import Block, Entry
from shapecalc.layers import KINDS
from shapecalc.network import Network

CONTAINER = "layers"
"""The variable that modules are added to where some may be left out."""


def sequential(network: Network, settings: Mapping[str, Any] | None = None) -> str:
    """The source of a function that makes the network as ``nn.Sequential``.

    Raises :class:`~shapecalc.emit.names.EmitError` where the network is no chain. Symbols are its
    parameters as they are the module's.

    >>> import shapecalc
    >>> source = sequential(shapecalc.load("lenet5"))
    >>> "def lenet5(num_classes: int = 10) -> nn.Sequential:" in source
    True
    """
    return emit(network, settings, lambda *known: _SequentialEmitter(*known).source())


class _SequentialEmitter(Emitter):
    """Writes the whole source: the functions of the blocks, and the network's."""

    def source(self) -> str:
        taken = {CONTAINER}
        self.functions: dict[str, str] = {}
        for block in self.spec.blocks:
            self.functions[block] = function_name(block, taken)
            taken.add(self.functions[block])
        name = function_name(self.report.name, taken)
        self.name_parameters({name, *self.functions.values()})
        if len(self.spec.inputs) > 1:
            second = list(self.spec.inputs.values())[1]
            raise no_chain(self, second.mark, "the network has several inputs")
        self.check_joins(self.spec.entries)
        network = FunctionWriter(self, name, self.spec.entries, self.roots, None).write()
        return source(self, [*self.written.values(), network], name, "Tensor")

    def check_joins(self, entries: list[Entry], block: str = "") -> None:
        """Refuse a join, in the network or in a block that it uses."""
        within = f" in block {block!r}" if block else ""
        for entry in entries:
            kind = KINDS.get(entry.kind)
            if entry.branches is not None or len(entry.sources or ()) > 1 or (kind and kind.joins):
                why = f"{entry.kind} {entry.name!r}{within} joins several tensors"
                raise no_chain(self, entry.mark, why)
            if entry.block is not None and entry.block.name in self.uses:
                self.check_joins(entry.block.entries, entry.block.name)

    def block(self, block: Block) -> Written:
        if block.name not in self.written:
            name, uses = self.functions[block.name], self.uses[block.name]
            self.written[block.name] = FunctionWriter(
                self, name, block.entries, uses, block
            ).write()
        return self.written[block.name]


class FunctionWriter(Writer):
    """Writes one function: the network's, or a block's for all its uses at once."""

    def __init__(
        self,
        emitter: Emitter,
        name: str,
        entries: list[Entry],
        uses: list[Part],
        block: Block | None,
    ) -> None:
        super().__init__(emitter, entries, uses, block)
        self.name = name
        self.shapes = Shapes(self)

    def write(self) -> Written:
        """The function, after it was checked that its entries are a chain."""
        self.check_chain()
        made = self.chained(self.entries, self.holders)
        shapes = {
            entry.name: self.shapes.behind(
                entry, list(self.copies(entry, self.holders)), self.holders
            )
            for entry, _, _ in made
        }
        body = Lines()
        body.depth = 4
        if any(condition for _, _, condition in made):
            layers = variable(CONTAINER, self.emitter.parameter_names(self.block))
            body.add_modules(layers, [(e.name, code, condition) for e, code, condition in made])
            body.add(layers, "return ")
        else:
            body.text += _sequential([(e.name, code, shapes[e.name]) for e, code, _ in made])
        parameters, first = self.signature()
        text = [
            *_signature(self.name, parameters),
            *docstring(self.emitter.told(self.block), 4),
            *(f"    {line}" for line in first),
            *body.text,
        ]
        return self.written(self.name, text)

    def check_chain(self) -> None:
        """Refuse an entry that is not fed by the one before it alone, or is no module."""
        before = "input" if self.block else next(iter(self.emitter.spec.inputs))
        for entry in self.entries:
            if not any(True for _ in self.copies(entry, self.holders)):
                continue
            for name, _ in entry.sources or ():
                if name != before:
                    why = f"{entry.name!r} is fed from {name!r}, not from {before!r}"
                    raise no_chain(self.emitter, entry.mark, why)
            if entry.share is not None:
                why = f"{entry.name!r} shares its weights"
                raise no_chain(self.emitter, entry.mark, why)
            if not is_plain(entry):
                why = f"{entry.kind} {entry.name!r} is no module that passes one tensor on"
                raise no_chain(self.emitter, entry.mark, why)
            before = entry.name
        outputs = [] if self.block else self.emitter.spec.outputs
        if [name for name, _ in outputs] not in ([], [before]):
            why = f"the network does not put out {before!r} alone"
            raise no_chain(self.emitter, outputs[0].mark, why)


def no_chain(emitter: Emitter, mark: Mark, why: str) -> EmitError:
    """The error that the network cannot be written as a Sequential."""
    message = f"nn.Sequential holds a chain, and {why}"
    hint = "--style module writes any network"
    return EmitError(emitter.spec.source, mark, message, hint)


def _signature(name: str, parameters: list[str]) -> list[str]:
    """The head of a function; ruff sets a comma behind a single parameter on a line of its own."""
    found = lines(call(f"def {name}", parameters), 0, "", " -> nn.Sequential:")
    if len(found) > 1 and len(parameters) == 1:
        found[1] += ","
    return found


def _sequential(made: list[tuple[str, str, str]]) -> list[str]:
    """The statement that returns the modules, each with its shape behind it."""
    if not made:
        return ["    return nn.Sequential()"]
    body = []
    for name, text, shape in made:
        written = lines(text, 12, f"{name}=", ",")
        if shape and fits(f"{written[-1]}  # {shape}"):
            written[-1] += f"  # {shape}"
        body += written
    head = ["    return nn.Sequential(", "        OrderedDict("]
    return [*head, *body, "        )", "    )"]
