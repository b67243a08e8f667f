"""Entries that are there under a condition: how submodules are made, and asked for in forward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.emitting import syntax
from shapecalc.emitting.classes.empty import condition_at
from shapecalc.emitting.classes.sharing import Shared
from shapecalc.emitting.printer import fits, flat
from shapecalc.emitting.scope.scope import Scope
from shapecalc.emitting.scope.shapes import Shapes
from shapecalc.emitting.syntax import Assign, Attribute, If, Statement
from shapecalc.language.expression import Conditional, Name, Unary
from shapecalc.language.tree import Entry

if TYPE_CHECKING:
    from shapecalc.emitting.classes.body import Body

INDENT = 8
"""How far the statements of a method are indented."""


class Conditions:
    """What is made and asked for where a condition holds."""

    def __init__(self, body: Body) -> None:
        self.body = body

    def tested(
        self, condition: Any, statements: list[Statement], made: list[Any], first: Entry
    ) -> Any:
        """Make submodules where a condition holds; how forward asks whether they are there."""
        if len(made) == 1 and len(statements) == 1 and isinstance(statements[0], Assign):
            only = statements[0]
            if only.target == made[0]:
                self.optionally(only.target, only.value, condition)
                return syntax.is_there(only.target)
        opposite = self.opposite(condition)
        if not self.body.values.is_of_constructor(condition):
            flag = condition
        elif opposite is not None:
            flag = Unary("not", opposite)
        else:
            name = condition.name if isinstance(condition, Name) else f"has_{first.name}"
            asked = self.body.scope.boolean(condition)
            values = self.body.values
            flag = values.computed(name, asked) if statements else values.in_forward(name, asked)
            if statements and flag.name not in self.body.flags:
                self.body.flags.append(flag.name)
        if statements:
            self.body.init.append(If(condition, tuple(statements)))
        return flag

    def opposite(self, condition: Any) -> Any | None:
        """The flag by which forward asks whether a condition does not hold, if there is one."""
        for test, asked in self.body.tests.items():
            if isinstance(test, Attribute) and condition == Unary("not", asked):
                return test
        return None

    def optionally(self, target: Any, value: Any, condition: Any) -> None:
        """Make a submodule where a condition holds, else none."""
        whole = Assign(target, Conditional(condition, value, syntax.NONE))  # type: ignore[arg-type]
        if fits(f"{' ' * INDENT}{flat(target)} = {flat(whole.value)}"):
            self.body.init.append(whole)
        else:
            self.body.init += [Assign(target, syntax.NONE), If(condition, (Assign(target, value),))]

    def hoisted(self, scope: Scope, entry: Entry) -> Any | None:
        """When a use of a block that may be empty is there; None if the block is never empty."""
        if entry.block is None or scope.is_repeated(entry) or len(entry.block.inputs) > 1:
            return None
        written = self.body.classes.block(entry.block)
        if written.condition is None or entry.share is not None:
            return None
        return condition_at(scope, entry, written)

    def is_hoisted(self, scope: Scope, entry: Entry) -> bool:
        """Whether a use of a block is left out where the block would be empty."""
        return self.hoisted(scope, entry) is not None

    def unless_empty(
        self, scope: Scope, entry: Entry, condition: Any, source: str, target: str
    ) -> None:
        """Write a use of a block that passes its input on where its condition does not hold."""
        attribute = self.body.values.home(entry.name)
        self.optionally(attribute, self.body.constructor.inner(scope).use(entry), condition)
        self.body.shared[entry.name] = Shared(attribute, entry, scope)
        if target != source:
            self.body.forward.assign(target, Name(source, 0))
        with self.body.forward.apart() as body:
            called = syntax.call(attribute, Name(target, 0))
            self.body.forward.assign(target, called, Shapes(scope).behind(entry))
        test = syntax.is_there(attribute)
        self.body.forward.body.append(If(test, tuple(body)))
