"""A network that is a chain as one Sequential, with a function for each block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapecalc.emitting import syntax
from shapecalc.emitting.classes.constructor import (
    Constructor,
    Written,
    is_run_plainly,
    sequential_of,
)
from shapecalc.emitting.classes.forward import asked_for
from shapecalc.emitting.classes.members import MODULES, Members, is_called_anew, listed, returned
from shapecalc.emitting.classes.tidy import without_defaults
from shapecalc.emitting.emission import emit
from shapecalc.emitting.names import EmitError, clash, function_name, variable
from shapecalc.emitting.numbers.known import Holder, Known
from shapecalc.emitting.numbers.roles import Roles
from shapecalc.emitting.printer import definition, fits, flat, statement
from shapecalc.emitting.scope.owner import Owner, owner_of
from shapecalc.emitting.scope.parameters import signature
from shapecalc.emitting.scope.presence import check_left_out, count_of, presence
from shapecalc.emitting.scope.scope import Scope
from shapecalc.emitting.scope.shapes import Shapes
from shapecalc.emitting.source import head, imports, main, parameter_names
from shapecalc.emitting.syntax import Assign, Do, Function, If, Return, Statement
from shapecalc.language.expression import Name
from shapecalc.language.problem import Mark
from shapecalc.language.tree import Block, Entry
from shapecalc.layers import KINDS
from shapecalc.network import Network

CONTAINER = "layers"
"""The variable that modules are added to where some may be left out."""


INDENT = 12
"""How far the modules of a Sequential are indented."""


def sequential(network: Network, settings: Mapping[str, Any] | None = None) -> str:
    """The source of a function that makes the network as ``nn.Sequential``.

    Raises :class:`~shapecalc.emitting.names.EmitError` where the network is no chain. Symbols are
    its parameters as they are the module's.

    >>> import shapecalc
    >>> source = sequential(shapecalc.load("lenet5"))
    >>> "def lenet5(num_classes: int = 10) -> nn.Sequential:" in source
    True
    """
    return emit(network, settings, lambda known, _: Functions(known).source())


class Functions:
    """The functions that have been written of a network."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.spec = known.spec
        self.roles = Roles(known)
        self.written: dict[str, Written] = {}
        self.definitions: list[Function] = []
        self.defaults: dict[str, dict[str, Any]] = {}
        taken = {CONTAINER}
        self.names: dict[str, str] = {}
        for block in self.spec.blocks:
            self.names[block] = function_name(block, taken)
            taken.add(self.names[block])
        self.network_name = function_name(known.report.name, taken)
        self.parameters = parameter_names(known, {self.network_name, *self.names.values()})

    def source(self) -> str:
        """The whole source."""
        if len(self.spec.inputs) > 1:
            second = list(self.spec.inputs.values())[1]
            raise self.no_chain(second.mark, "the network has several inputs")
        self.check_joins(self.spec.entries)
        holders = [Holder(root, root) for root in self.known.roots]
        owner = Owner(None, self.known.roots, [], {}, {}, {}, {}, {})
        scope = Scope(self.known, self.roles, self.parameters, owner, self.spec.entries, holders)
        told = f"{self.known.report.name}."
        self.write(scope, self.network_name, told)
        shown = main(self.known, self.network_name, syntax.TENSOR)
        lines = [*head(self.known), "", *imports([*self.definitions, *shown])]
        for each in self.definitions:
            lines += ["", "", *definition(each)]
        lines += ["", "", 'if __name__ == "__main__":']
        for line in shown:
            lines += statement(line, 4)
        return "\n".join(lines) + "\n"

    def block(self, block: Block) -> Written:
        """What makes a block, written when it is first asked for."""
        if block.name not in self.written:
            uses = self.known.uses[block.name]
            owner = owner_of(self.known, block, uses)
            holders = [Holder(use, use) for use in uses]
            scope = Scope(self.known, self.roles, self.parameters, owner, block.entries, holders)
            self.written[block.name] = self.write(scope, self.names[block.name], block.about)
        return self.written[block.name]

    def write(self, scope: Scope, name: str, told: str) -> Written:
        """Write a function."""
        self.check_chain(scope)
        if scope.block is not None and scope.block.state_order:
            mark = scope.block.state_order[0].mark
            raise self.no_chain(mark, f"{scope.block.name} has a state in another order")
        built = [each for each in scope.entries if scope.is_built(each)]
        check_left_out(scope, built)
        constructor = Constructor(scope, self.block)
        if any(map(is_called_anew, built)):
            return self.numbered(scope, constructor, name, told)
        made: list[tuple[Any, str, Any, str]] = []
        checks: list[Any] = []
        for entry in built:
            if why := clash(entry.name):
                raise scope.error(entry.mark, why, "choose another name")
            condition = presence(scope, entry, is_missed=False)
            module = constructor.one(entry)
            if scope.is_repeated(entry):
                if entry in scope.known.required:
                    checks.append(count_of(scope, entry))
                module = constructor.copies(entry, module)
            made.append((condition, entry.name, module, Shapes(scope).behind(entry)))
        statements = self.statements(scope, made)
        return self.defined(scope, name, told, syntax.name("nn.Sequential"), statements, checks)

    def defined(
        self,
        scope: Scope,
        name: str,
        told: str,
        returns: Any,
        statements: list[Statement],
        checks: list[Any],
    ) -> Written:
        """Note the function with some statements, and what its uses have to give."""
        body = without_defaults(statements, self.defaults)
        signed = signature(scope, body, checks)
        found = Function(name, tuple(signed.parameters), returns, tuple(signed.body), told)
        self.definitions.append(found)
        self.defaults[name] = {
            self.parameters.get(each, each): value for each, value in signed.defaults.items()
        }
        return Written(name, signed.letters, signed.defaults, scope.owner.extras)

    def numbered(self, scope: Scope, constructor: Constructor, name: str, told: str) -> Written:
        """Write a function for a list whose entries are called by their numbers, or each anew."""
        checks: list[Any] = []
        members = Members(constructor, checks).of(scope) or []
        is_list = scope.block is not None and scope.block.inline
        taken = {self.parameters.get(each, each) for each in scope.allowed}
        statements = (listed if is_list else returned)(members, taken)
        returns = MODULES if is_list else syntax.name("nn.Sequential")
        return self.defined(scope, name, told, returns, statements, checks)

    def statements(self, scope: Scope, made: list[tuple[Any, str, Any, str]]) -> list[Statement]:
        """The statements that return the modules in a Sequential."""
        if all(condition is None for condition, *_ in made):
            noted = [(name, noted_if_fits(name, tree, shape)) for _, name, tree, shape in made]
            return [Return(sequential_of(noted))]
        taken = {self.parameters.get(name, name) for name in scope.allowed}
        layers = Name(variable(CONTAINER, taken), 0)
        found: list[Statement] = [Assign(layers, syntax.call("nn.Sequential"))]
        for condition, name, tree, _ in made:
            added = Do(syntax.call(syntax.Attribute(layers, "add_module"), syntax.Text(name), tree))
            found.append(added if condition is None else If(condition, (added,)))
        return [*found, Return(layers)]

    # -- what is no chain -------------------------------------------------------------------------

    def check_joins(self, entries: list[Entry], block: str = "") -> None:
        """Refuse a join, in the network or in a block that it uses."""
        within = f" in block {block!r}" if block else ""
        for entry in entries:
            kind = KINDS.get(entry.kind)
            joins = kind is not None and entry.block is None and kind.joins and not kind.states
            if entry.branches is not None or len(entry.sources or ()) > 1 or joins:
                why = f"{entry.kind} {entry.name!r}{within} joins several tensors"
                raise self.no_chain(entry.mark, why)
            if entry.block is not None and entry.block.name in self.known.uses:
                self.check_joins(entry.block.entries, entry.block.name)

    def check_chain(self, scope: Scope) -> None:
        """Refuse an entry that is not fed by the one before it alone, or is no module."""
        before = "input" if scope.block else next(iter(self.spec.inputs))
        for entry in scope.entries:
            if not scope.is_built(entry):
                continue
            for name, _ in entry.sources or ():
                if asked_for(name) != before:
                    why = f"{entry.name!r} is fed from {name!r}, not from {before!r}"
                    raise self.no_chain(entry.mark, why)
            if entry.share is not None:
                why = f"{entry.name!r} shares its weights"
                raise self.no_chain(entry.mark, why)
            if not is_run_plainly(entry):
                why = f"{entry.kind} {entry.name!r} is no module that passes one tensor on"
                raise self.no_chain(entry.mark, why)
            before = entry.name
        outputs = [] if scope.block else self.spec.outputs
        if [asked_for(name) for name, _ in outputs] not in ([], [before]):
            why = f"the network does not put out {before!r} alone"
            raise self.no_chain(outputs[0].mark, why)

    def no_chain(self, mark: Mark, why: str) -> EmitError:
        """The error that the network cannot be written as a Sequential."""
        message = f"nn.Sequential holds a chain, and {why}"
        return self.known.error(mark, message, "--style module writes any network")


def noted_if_fits(name: str, tree: Any, shape: str) -> Any:
    """A module with the shape that it puts out, where that fits behind it."""
    line = f"{' ' * INDENT}{name}={flat(tree)},"
    return syntax.Noted(tree, shape) if fits(f"{line}  # {shape}") or not fits(line) else tree
