"""The branches of a join: chains as Sequentials, functions written out, others as classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.emitting import syntax
from shapecalc.emitting.classes.constructor import sequential_of
from shapecalc.emitting.classes.order import (
    functions_ahead,
    has_modules,
    is_named_chain,
)
from shapecalc.emitting.classes.sharing import Tie
from shapecalc.emitting.scope.presence import check_left_out, presence
from shapecalc.emitting.scope.scope import Scope
from shapecalc.emitting.scope.shapes import Shapes
from shapecalc.emitting.syntax import Assign, Attribute, Do, If
from shapecalc.language.expression import Name, Number
from shapecalc.language.tree import Branch, Entry

if TYPE_CHECKING:
    from shapecalc.emitting.classes.body import Body


class Branches:
    """Writes what stands in branches."""

    def __init__(self, body: Body) -> None:
        self.body = body

    def outputs(self, scope: Scope, entry: Entry, branches: list[Branch], source: str) -> list[Any]:
        """Write the branches of a join; what holds what they put out."""
        insides = self.body.scope.known.branches(entry, scope.holders)
        inner = [scope.inner(b.entries, holders) for b, holders in zip(branches, insides)]
        if branches[0].name is None:
            return self.listed(scope, entry, inner, source)
        found: list[Any] = []
        for branch, own in zip(branches, inner):
            assert branch.name is not None
            self.body.check_name(branch.name, branch.mark)
            variable = self.named_branch(branch.name, own, source)
            self.body.forward.variables[branch.name] = variable
            found.append(Name(variable, 0))
        return found

    def named_branch(self, name: str, scope: Scope, source: str) -> str:
        """Write one branch with a name; the variable that holds what it puts out."""
        if not any(holder.part.children for holder in scope.holders):
            check_left_out(scope, [])
            return source
        if not any(has_modules(holder.part) for holder in scope.holders):
            return self.inline(scope, source, self.body.forward.variable(name))
        attribute = self.body.values.home(name)
        variable = self.body.forward.variable(name)
        ahead, scope = functions_ahead(scope)
        if ahead is not None:
            source = self.inline(ahead, source, variable)
        called = self.branch_module(scope, attribute, name, source)
        self.body.forward.assign(variable, called, Shapes(scope).of_lists())
        return variable

    def inline(self, scope: Scope, source: str, variable: str) -> str:
        """Write a list of functions, which needs no class; the variable that holds its output."""
        with self.body.forward.inner():
            self.body.shared = self.body.shared.new_child()
            found = self.body.chain(scope, source, variable, frozenset())
            self.body.shared = self.body.shared.parents
        return found

    def branch_module(self, scope: Scope, attribute: Any, name: str, source: str) -> Any:
        """Make the module of a branch; its call."""
        if is_named_chain(scope):
            members, optional = self.members(scope)
            self.body.init.append(Assign(attribute, members))
            for condition, member, made in optional:
                added = syntax.call(Attribute(attribute, "add_module"), syntax.Text(member), made)
                self.body.init.append(
                    Do(added) if condition is None else If(condition, (Do(added),))
                )
            return syntax.call(attribute, Name(source, 0))
        part = self.body.classes.part(self.body, scope, name)
        self.body.init.append(Assign(attribute, part.made))
        self.body.sharing.tie_inside(attribute, part.ties, is_repeated=False)
        return syntax.call(attribute, Name(source, 0), *self.free(part.free))

    def free(self, names: list[str]) -> list[Any]:
        """The variables that a part is given besides its input."""
        missing = [name for name in names if name not in self.body.forward.variables]
        assert not missing, missing
        return [Name(self.body.forward.variables[name], 0) for name in names]

    def members(self, scope: Scope) -> tuple[Any, list[tuple[Any, str, Any]]]:
        """The Sequential of a chain, and what is added to it, with conditions, where some are."""
        built = [each for each in scope.entries if scope.is_built(each)]
        check_left_out(scope, built)
        made: list[tuple[Any, str, Any]] = []
        for entry in built:
            self.body.check_name(entry.name, entry.mark)
            condition = presence(scope, entry, is_missed=False)
            made.append((condition, entry.name, self.module(scope, entry)))
        if all(condition is None for condition, _, _ in made):
            return sequential_of([(name, tree) for _, name, tree in made]), []
        return syntax.call("nn.Sequential"), made

    def module(self, scope: Scope, entry: Entry) -> Any:
        """The call that makes an entry, in a Sequential if it is repeated."""
        constructor = self.body.constructor.inner(scope)
        one = constructor.one(entry)
        if not scope.is_repeated(entry):
            return one
        self.body.copies.require(scope, entry)
        return constructor.copies(entry, one)

    def listed(self, scope: Scope, entry: Entry, inner: list[Scope], source: str) -> list[Any]:
        """Branches without names, which are items of a list in the join's name."""
        attribute: Any = syntax.SELF if self.body.is_list else self.body.values.home(entry.name)
        made: list[Any] = []
        found: list[Any] = []
        ties: list[tuple[Any, list[Tie]]] = []
        for i, each in enumerate(inner):
            item = syntax.Item(attribute, Number(i))
            module: Any = syntax.call("nn.Identity")
            if not any(holder.part.children for holder in each.holders):
                check_left_out(each, [])
                found.append(Name(source, 0))
            elif not any(has_modules(holder.part) for holder in each.holders):
                variable = self.body.forward.variable(f"{entry.stem}_{i}")
                found.append(Name(self.inline(each, source, variable), 0))
            elif is_named_chain(each) and all(e.when is None for e in each.entries):
                module = self.members(each)[0]
                found.append(syntax.call(item, Name(source, 0)))
            else:
                part = self.body.classes.part(self.body, each, f"{entry.stem}_branch{i}")
                module = part.made
                ties.append((item, part.ties))
                found.append(syntax.call(item, Name(source, 0), *self.free(part.free)))
            made.append(module)
        if any(module != syntax.call("nn.Identity") for module in made):
            items = syntax.Sequence(tuple(made), "[]")
            if self.body.is_list:
                self.body.init.append(
                    Do(syntax.call(Attribute(syntax.call("super"), "__init__"), items))
                )
            else:
                self.body.init.append(Assign(attribute, syntax.call("nn.ModuleList", items)))
        for item, own in ties:
            self.body.sharing.tie_inside(item, own, is_repeated=False)
        return found
