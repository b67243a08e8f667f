"""The network as torch modules: a class for each block, used as often as the block is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from shapecalc.emitting import syntax
from shapecalc.emitting.classes.asked import members_asked_for
from shapecalc.emitting.classes.body import Body, named_results, results
from shapecalc.emitting.classes.constructor import Written
from shapecalc.emitting.classes.containers import contained
from shapecalc.emitting.classes.empty import common_condition
from shapecalc.emitting.classes.forward import (
    RUNNING,
    asked_for,
    of_running,
    parts_together,
    referenced,
    referenced_inside,
    returned,
    without_alias,
)
from shapecalc.emitting.classes.implied import without_implied
from shapecalc.emitting.classes.joined import either_or, is_asked, joined
from shapecalc.emitting.classes.members import MODULES, Member, initialised, listed, only_loop
from shapecalc.emitting.classes.sharing import Tie
from shapecalc.emitting.classes.tidy import (
    in_order,
    items_of,
    with_items,
    with_locals,
    with_numbered,
    without_defaults,
    without_echoes,
    without_renaming,
)
from shapecalc.emitting.classes.unasked import without_unasked
from shapecalc.emitting.emission import emit
from shapecalc.emitting.names import block_class_name, class_name, list_name, variable, word
from shapecalc.emitting.numbers.entries import every
from shapecalc.emitting.numbers.known import Holder, Known
from shapecalc.emitting.numbers.roles import Roles
from shapecalc.emitting.printer import definition, statement
from shapecalc.emitting.scope.owner import Owner, owner_of
from shapecalc.emitting.scope.parameters import Signature, signature
from shapecalc.emitting.scope.scope import Scope
from shapecalc.emitting.sizes import with_functions
from shapecalc.emitting.source import head, imports, main, parameter_names
from shapecalc.emitting.syntax import Assign, Class, Do, Function, Parameter
from shapecalc.emitting.work import SIGNED
from shapecalc.language.expression import Name
from shapecalc.language.naming import may_be_copy
from shapecalc.language.tree import Block, Entry
from shapecalc.network import Network

MODULE = syntax.name("nn.Module")
SEQUENTIAL = syntax.name("nn.Sequential")
LIST = syntax.name("nn.ModuleList")


def module(
    network: Network,
    settings: Mapping[str, Any] | None = None,
    knobs: frozenset[str] | None = None,
) -> str:
    """The source of a module that is the network; raises ``EmitError`` where it cannot be written.

    Symbols that decide anything but the input's size are parameters of its constructor, with the
    values they have here as defaults; of ``knobs`` only, if they are named.

    >>> import shapecalc
    >>> source = module(shapecalc.load("lenet5"))
    >>> "nn.Conv2d(3, 6, kernel_size=5)" in source
    True
    """
    return emit(network, settings, lambda *known: Classes(*known).source(), knobs)


class PartWritten(NamedTuple):
    """A part of a class that has a class of its own: what makes it, and what it is given.

    ``free`` are the names of the outputs outside of it that it is fed from, and ``ties`` the
    weights in it that are outer ones'.
    """

    made: Any
    free: list[str]
    ties: list[Tie]


class Classes:
    """The classes that have been written of a network.

    ``unlike`` are the blocks that have to tell themselves when they are empty.
    """

    def __init__(self, known: Known, unlike: frozenset[str]) -> None:
        self.known = known
        self.unlike = unlike
        self.spec = known.spec
        self.roles = Roles(known)
        self.written: dict[str, Written] = {}
        self.definitions: list[Class | Function] = []
        self.defaults: dict[str, dict[str, Any]] = {}
        self.owners: dict[str, Owner] = {}
        self.references: dict[str, dict[Entry, set[str]]] = {}
        self.names: dict[str, str] = {}
        taken: set[str] = set()
        for name, block in self.spec.blocks.items():
            called = list_name if block.inline else block_class_name
            self.names[name] = called(name, taken)
            taken.add(self.names[name])
        self.network_name = class_name(known.report.name, taken)
        self.taken = taken | {self.network_name}
        self.parameters = parameter_names(known, self.taken)

    def source(self) -> str:
        """The whole source."""
        network = self.network()
        written = with_functions([*self.definitions, network], self.taken)
        written = [with_locals(each) for each in written]
        returns = syntax.TENSOR if network.base == SEQUENTIAL else network.methods[-1].returns
        shown = main(self.known, network.name, returns)
        lines = head(self.known)
        lines += ["", *imports([*written, *shown])]
        for each in written:
            lines += ["", "", *definition(each)]
        lines += ["", "", 'if __name__ == "__main__":']
        for line in shown:
            lines += statement(line, 4)
        return "\n".join(lines) + "\n"

    # -- classes ----------------------------------------------------------------------------------

    def network(self) -> Class:
        """The network's own class."""
        owner = Owner(None, self.known.roots, [], {}, {}, {}, {}, {})
        holders = [Holder(root, root) for root in self.known.roots]
        scope = self.scope(owner, self.spec.entries, holders)
        outputs = [asked_for(reference.name) for reference in self.spec.outputs]
        inputs = {name: variable("x" if name == "input" else name, ()) for name in self.spec.inputs}
        parameters = tuple(Parameter(own, syntax.TENSOR) for own in inputs.values())
        body = Body(self, scope, dict(inputs))
        told = f"{self.known.report.name}."
        members = body.members.of(scope) if len(inputs) == 1 and not outputs else None
        if members is not None:
            return self.sequential(body, self.network_name, told, members)[0]
        given, first = next(iter(inputs.items()))
        alias = self.alias(body, scope.entries, given) if first == RUNNING else ""
        running = RUNNING if first == RUNNING or RUNNING not in inputs.values() else "out"
        last = body.chain(scope, first, running, frozenset(outputs))
        present = [name for name in outputs if self.is_there(body, name)]
        result, returns = results(body, present) if present else (Name(last, 0), syntax.TENSOR)
        if present and self.spec.output_names:
            there = {*present}
            named = zip(outputs, self.spec.output_names)
            names = [own for output, own in named if output in there]
            result, returns = named_results(body, present, names)
        found = self.made(body, scope, self.network_name, told, parameters, returns, result, alias)
        return found[0]

    def is_there(self, body: Body, output: str) -> bool:
        """Whether an output of the network is not left out; there is a variable then."""
        if output in body.forward.variables:
            return True
        called = output.split(".")
        paths = {".".join(called[:count]) for count in range(1, len(called) + 1)}
        for entry in body.scope.entries:
            is_it = entry.name in paths or may_be_copy(called[0], entry.name)
            if is_it and body.scope.is_built(entry):
                message = f"output {output!r} cannot be asked for in what is emitted"
                raise self.known.error(entry.mark, message, "write the copies one by one")
        return False

    def block(self, block: Block) -> Written:
        """What makes a block, written when it is first asked for."""
        if block.name in self.written:
            return self.written[block.name]
        self.known.work.add(SIGNED)
        uses = self.known.uses[block.name]
        owner = owner_of(self.known, block, uses)
        self.owners[block.name] = owner
        condition = common_condition(self.spec, block, self.unlike)
        assumed = frozenset() if condition is None else frozenset(block.entries)
        holders = [Holder(use, use) for use in uses]
        if condition is not None:
            holders = [holder for holder in holders if holder.part.children]
        scope = self.scope(owner, block.entries, holders, assumed)
        first, *others = block.inputs
        inputs = {first: RUNNING} | {name: variable(name, {RUNNING}) for name in others}
        body = Body(self, scope, inputs)
        members = None if block.outputs or others else body.members.of(scope)
        if block.inline:
            return self.noted(block, *self.listed(body, block, members), condition)
        if members is not None:
            found, signed = self.sequential(body, self.names[block.name], block.about, members)
            return self.noted(block, found, signed, condition)
        alias = self.alias(body, block.entries, first)
        outputs = [asked_for(reference.name) for reference in block.outputs.values()]
        last = body.chain(scope, RUNNING, RUNNING, frozenset(outputs))
        result, returns = results(body, outputs) if outputs else (Name(last, 0), syntax.TENSOR)
        given = tuple(Parameter(own, syntax.TENSOR) for own in inputs.values())
        name = self.names[block.name]
        found, signed = self.made(body, scope, name, block.about, given, returns, result, alias)
        return self.noted(block, found, signed, condition)

    def noted(
        self, block: Block, found: Class | Function, signed: Signature, condition: Any
    ) -> Written:
        """Note the class of a block, and what its uses have to give."""
        self.definitions.append(found)
        self.defaults[found.name] = {
            self.parameters.get(name, name): value for name, value in signed.defaults.items()
        }
        written = Written(
            found.name, signed.letters, signed.defaults, self.owners[block.name].extras, condition
        )
        self.written[block.name] = written
        return written

    def sequential(
        self, body: Body, name: str, told: str, members: list[Member], *, is_part: bool = False
    ) -> tuple[Class, Signature]:
        """A class that is a Sequential of its modules."""
        statements = initialised(members, self.names_in(body))
        made = without_implied(without_defaults(statements, self.defaults))
        signed = signature(body.scope, made, body.checks, is_part=is_part)
        constructor = Function(
            "__init__", tuple(signed.parameters), syntax.NONE, tuple(signed.body), "", True
        )
        return Class(name, SEQUENTIAL, (constructor,), told), signed

    def listed(
        self, body: Body, block: Block, members: list[Member] | None
    ) -> tuple[Function, Signature]:
        """A function that makes the modules of an inline block, for the list of its use."""
        if members is None:
            message = f"block {block.name!r} is inline, but its entries are no chain of modules"
            raise self.known.error(block.mark, message, "leave 'inline' out, and give them names")
        statements = listed(members, self.names_in(body))
        whole = without_implied(without_defaults(statements, self.defaults))
        signed = signature(body.scope, whole, body.checks)
        parameters, name = tuple(signed.parameters), self.names[block.name]
        return Function(name, parameters, MODULES, tuple(signed.body), block.about), signed

    def names_in(self, body: Body) -> set[str]:
        """The names of parameters that a constructor may have."""
        return {self.parameters.get(name, name) for name in body.scope.allowed}

    def part(self, outer: Body, scope: Scope, label: str) -> PartWritten:
        """What makes a part of a class that cannot be written in it."""
        single = scope.single
        if single is None:
            free = referenced_inside(scope.entries)
        else:
            free = set()
            for branch in single.branches or ():
                free |= referenced_inside(branch.entries)
        names = sorted(name for name in free if name in outer.forward.variables)
        inputs = {
            name: variable("identity" if name == "input" else word(name), {RUNNING})
            for name in names
        }
        body = Body(self, scope, inputs)
        body.forward.taken.add(RUNNING)
        body.is_list = (
            single is not None
            and bool(single.branches)
            and ((single.branches or [])[0].name is None)
        )
        members = body.members.of(scope) if single is None else None
        if members is not None and (only := only_loop(members)) is not None:
            outer.checks += body.checks
            return PartWritten(syntax.call("nn.Sequential", only), [], [])
        last = "" if members else body.chain(scope, RUNNING, RUNNING, frozenset())
        owner = scope.block.name if scope.block is not None else ""
        prefix = self.names[owner] if owner else ""
        name = prefix + block_class_name(label, ())
        while name in self.taken:
            name += "Part"
        if members is not None:
            found, signed = self.sequential(body, name, "", members, is_part=True)
        else:
            given = tuple(Parameter(own, syntax.TENSOR) for own in (RUNNING, *inputs.values()))
            found, signed = self.made(
                body, scope, name, "", given, syntax.TENSOR, Name(last, 0), "", is_part=True
            )
        for other in self.definitions:
            if not isinstance(other, Class):
                continue
            if (other.base, other.methods) == (found.base, found.methods):
                found = other
                break
        else:
            self.taken.add(name)
            self.definitions.append(found)
        arguments = tuple(Name(each.name, 0) for each in signed.parameters)
        made = syntax.Invoke(Name(found.name, 0), arguments)
        return PartWritten(made, names, body.ties)

    def scope(
        self,
        owner: Owner,
        entries: list[Entry],
        holders: list[Holder],
        assumed: frozenset[Entry] = frozenset(),
    ) -> Scope:
        """The scope of a block, or of the network."""
        return Scope(
            self.known, self.roles, self.parameters, owner, entries, holders, None, assumed
        )

    def alias(self, body: Body, entries: list[Entry], given: str) -> str:
        """Keep the input under a name of its own, where an entry asks for it by its name."""
        if given not in referenced(entries):
            return ""
        taken = {each.name for each in every(entries)}
        name = next(n for n in ("identity", "shortcut", "given", "input_") if n not in taken)
        alias = body.forward.variable(name)
        body.forward.variables[given] = alias
        body.forward.body.append(Assign(Name(alias, 0), Name(RUNNING, 0)))
        return alias

    def made(
        self,
        body: Body,
        scope: Scope,
        name: str,
        told: str,
        inputs: tuple[Parameter, ...],
        returns: Any,
        result: Any,
        alias: str,
        *,
        is_part: bool = False,
    ) -> tuple[Class, Any]:
        """A class of the statements that have been written, and its constructor's signature."""
        forward = parts_together(body.forward.body)
        forward = either_or(joined(forward, body.tests, syntax.names(result)))
        if alias:
            forward = of_running(forward, alias, RUNNING)
            forward = parts_together(without_alias(forward, alias, RUNNING))
            if Name(alias, 0) == result and alias not in syntax.names(*forward):
                result = Name(RUNNING, 0)
        forward = without_unasked([*body.forward.first, *forward], result)
        forward = returned(forward, result, [each.name for each in inputs])
        forward = [*without_echoes(without_renaming(forward))]
        base = LIST if body.is_list else MODULE
        parent = syntax.Attribute(syntax.call("super"), "__init__")
        order = scope.block.state_order if scope.block is not None and not is_part else []
        made = in_order(body.init, [each.name for each in order])
        made, forward = contained(made, forward)
        settings = [each for each in body.settings if is_asked(each, forward)]
        init = [*settings, *with_numbered(made)]
        if (items := items_of(made)) is not None:
            base, forward = SEQUENTIAL, with_items(forward)
            init = [Do(syntax.call(parent, *items)), *settings]
        init = without_implied(without_defaults(init, self.defaults))
        signed = signature(scope, init, body.checks, is_part=is_part)
        plain = syntax.call(parent)
        statements = [Do(plain), *signed.body] if base == MODULE else signed.body
        constructor = Function(
            "__init__", tuple(signed.parameters), syntax.NONE, tuple(statements), "", True
        )
        run = Function("forward", inputs, returns, tuple(forward), "", True)
        is_bare = scope.block is not None and not signed.parameters and statements == [Do(plain)]
        methods = (run,) if is_bare else (constructor, run)
        flags = [flag for flag in body.flags if syntax.own(flag) in syntax.walk(*init)]
        declared = tuple(Parameter(flag, syntax.read("Final[bool]")) for flag in flags)
        return Class(name, base, methods, told, declared), signed

    def asked(self, scope: Scope) -> dict[Entry, set[str]]:
        """The outputs and copies of entries that are asked for by a name with a dot."""
        owner = scope.block.name if scope.block is not None else ""
        if owner not in self.references:
            entries = scope.block.entries if scope.block is not None else self.spec.entries
            own = self.spec.outputs if scope.block is None else scope.block.outputs.values()
            self.references[owner] = members_asked_for(entries, own)
        return self.references[owner]
