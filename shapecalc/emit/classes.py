"""One class: its constructor makes the submodules, its forward runs them in the spec's order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.emit.forward import Home, referenced
from shapecalc.emit.joins import JoinWriter
from shapecalc.emit.names import docstring
from shapecalc.emit.parameters import Written
from shapecalc.emit.source import call, fits, lines
from shapecalc.graph.graph import Part
from shapecalc.language.tree import Block, Entry

if TYPE_CHECKING:
    from shapecalc.emit.emitter import Emitter


class ClassWriter(JoinWriter):
    """Writes one class: the network's, or a block's for all its uses at once."""

    def __init__(
        self,
        emitter: Emitter,
        name: str,
        entries: list[Entry],
        uses: list[Part],
        block: Block | None = None,
    ) -> None:
        super().__init__(emitter, entries, uses, block)
        self.name = name
        self.inputs = ["input"] if block else list(emitter.spec.inputs)

    def write(self) -> Written:
        """The class with its constructor and its forward."""
        for name in self.inputs:
            self.variables[name] = self.variable("x" if name == "input" else name)
        takes = [f"{self.variables[name]}: Tensor" for name in self.inputs]
        first = self.variables[self.inputs[0]]
        running = "x" if "x" in self.taken else self.variable("x")
        if any(self.variables[name] == "x" for name in referenced(self.entries) & {*self.inputs}):
            running = self.variable("out")
        last = self.chain(self.entries, self.holders, first, Home("self"), running)
        returns, result = self.result(last)
        parameters, prelude = self.signature()
        text = [
            f"class {self.name}(nn.Module):",
            *docstring(self.emitter.told(self.block), 4),
            "",
            *_signature("__init__", parameters, "None"),
            "        super().__init__()",
            *(f"        {line}" for line in prelude),
            *self.init.text,
            "",
            *_signature("forward", takes, returns),
            *_returned(self.forward.text, result),
        ]
        return self.written(self.name, text)

    def result(self, last: str) -> tuple[str, str]:
        """What forward returns: its type, and its expression."""
        present = [name for name in self.outputs if name in self.variables]
        if not present:
            return "Tensor", last
        told = ", ".join(self.variables[name] for name in present)
        if any(name in self.optional for name in present):
            comma = "," if len(present) == 1 else ""
            return "tuple[Tensor, ...]", f"tuple(y for y in ({told}{comma}) if y is not None)"
        return ("Tensor" if len(present) == 1 else "tuple[Tensor, ...]"), told


def _returned(text: list[str], result: str) -> list[str]:
    """The statements of forward; the last is itself returned, if all it does is make the result."""
    for i in range(len(text) - 1, -1, -1):
        line = text[i]
        returned = line.replace(f"{result} = ", "return ", 1)
        if line.startswith(f"        {result} = ") and fits(returned):
            return [*text[:i], returned, *text[i + 1 :]]
        if not line.startswith(("         ", "        )")):
            break
    return [*text, *lines(result, 8, "return ")]


def _signature(name: str, parameters: list[str], returns: str) -> list[str]:
    return lines(call(f"def {name}", ["self", *parameters]), 4, "", f" -> {returns}:")
