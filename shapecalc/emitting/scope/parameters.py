"""The parameters of a constructor, as the names that are used in it tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from shapecalc.emitting import syntax
from shapecalc.emitting.numbers import python
from shapecalc.emitting.numbers.roles import Role
from shapecalc.emitting.printer import flat
from shapecalc.emitting.scope.owner import is_size
from shapecalc.emitting.scope.scope import Scope, given, in_python
from shapecalc.emitting.syntax import Assign, If, Parameter, Raise, Statement
from shapecalc.emitting.work import WRITTEN
from shapecalc.language.expression import Comparison, Name, Number
from shapecalc.language.tree import Setting


class Signature(NamedTuple):
    """A constructor's parameters with the letters they stand for, and its statements.

    ``defaults`` are the values of letters that need not be given.
    """

    parameters: list[Parameter]
    letters: list[str]
    defaults: dict[str, Any]
    body: list[Statement]


def signature(
    scope: Scope, body: list[Statement], checks: Iterable[Any] = (), *, is_part: bool = False
) -> Signature:
    """What a constructor with some statements takes, and the statements that go before them.

    ``checks`` are numbers of copies that have to be at least 1. ``is_part`` says that it is the
    constructor of a part of a block, which is given all that it uses.
    """
    return _Signature(scope, body, list(checks), is_part).made()


class _Signature:
    def __init__(
        self, scope: Scope, body: list[Statement], checks: list[Any], is_part: bool
    ) -> None:
        self.scope = scope
        self.body = body
        self.checks = checks
        self.is_part = is_part
        self.own = scope.parameters
        self.first: list[Statement] = []
        self.local: set[str] = set()
        self.names = syntax.names(*body, *checks)  # those that are used in what there is so far

    def used(self, letter: str) -> bool:
        """Whether a letter is used in what there is so far."""
        return self.own.get(letter, letter) in self.names

    def begin(self, *statements: Statement) -> None:
        """Put statements before all others."""
        self.first[:0] = statements
        self.names |= syntax.names(*statements)

    def made(self) -> Signature:
        scope = self.scope
        required: list[Parameter] = []
        optional: list[Parameter] = []
        defaults: dict[str, Any] = {}
        arguments = [] if self.is_part else _settling_order(scope.arguments)
        for name in reversed(arguments):
            self.worked_out(name, arguments)
        for name in scope.arguments:
            if not self.used(name) or name in self.local:
                continue
            default = scope.arguments[name]
            if self.is_part or default is None or not default.is_constant:
                required.append(self.parameter(name))
            else:
                value = given(in_python(default.value({})), scope.role(name))
                optional.append(self.parameter(name, value))
                defaults[name] = value
        for name in self.knobs():
            if scope.block is not None or self.is_part:
                required.append(self.parameter(name))
            else:
                optional.append(self.knob(name))
        sizes = [n for n in (*scope.owner.sizes, *scope.owner.further) if self.used(n)]
        whole = [*sizes, *(name for name in scope.owner.extras if self.used(name))]
        if self.is_part and self.used("index"):
            whole.append("index")
        parameters = [
            *(self.parameter(name) for name in whole if is_size(name, scope.block)),
            *required,
            *(self.parameter(name) for name in whole if not is_size(name, scope.block)),
            *optional,
        ]
        back = {own: name for name, own in self.own.items()}
        letters = [back.get(each.name, each.name) for each in parameters]
        statements = [*self.fractions(letters), *self.first, *self.checked(), *self.body]
        return Signature(parameters, letters, defaults, statements)

    def parameter(self, name: str, default: Any = None) -> Parameter:
        """The parameter that a letter is."""
        annotation = syntax.read(self.scope.annotation(name))
        return Parameter(self.own.get(name, name), annotation, default)

    def worked_out(self, name: str, order: list[str]) -> None:
        """Work an argument out of others, where no use gives it and its default is right."""
        scope = self.scope
        default = scope.arguments[name]
        if default is None or default.is_constant or not self.used(name) or self.is_given(name):
            return
        if default.names() & {*order[order.index(name) :]}:
            return  # a ring, which what is given breaks
        tree = scope.default(name)
        if tree is None:
            return
        own = self.own.get(name, name)
        nodes = [*syntax.walk(*self.first, *self.body, *self.checks)]
        scope.known.work.add(len(nodes))
        count = nodes.count(Name(own, 0))
        is_short = isinstance(tree, (Name, Number, syntax.Constant))
        if count == 1 or is_short or not scope.has_value(name):
            meanings = {own: tree}
            self.first = [_put_in(each, meanings) for each in self.first]
            self.body = [_put_in(each, meanings) for each in self.body]
            self.checks = [_put_in(each, meanings) for each in self.checks]
            self.names = (self.names - {own}) | syntax.names(tree)
        else:
            self.begin(Assign(Name(own, 0), tree))
            self.local.add(name)

    def is_given(self, name: str) -> bool:
        """Whether any use gives an argument."""
        block = self.scope.block
        return block is not None and name in self.scope.known.given_to(block)

    def knobs(self) -> list[str]:
        """The symbols that are used, those included that defaults are worked out of."""
        scope = self.scope
        symbols = [name for name in scope.known.spec.symbols if name in scope.known.knobs]
        if scope.block is None and not self.is_part:
            for name in reversed(symbols):
                default = scope.known.derived(name)
                if self.used(name) and default is not None:
                    scope.known.work.add(WRITTEN)
                    own = Name(self.own.get(name, name), 0)
                    missing = syntax.is_missing(own)
                    copies = [scope.known.copy(use, use, None) for use in scope.owner.uses]
                    value = scope.argument(default, scope.role(name), copies)
                    self.begin(If(missing, (Assign(own, value),)), *self.exact(name))
        return [name for name in symbols if name not in scope.arguments and self.used(name)]

    def knob(self, name: str) -> Parameter:
        """A symbol as a parameter of the network, with the value that it has."""
        scope = self.scope
        own = self.own.get(name, name)
        role = scope.role(name)
        if scope.known.derived(name) is not None:
            return Parameter(own, syntax.read(f"{role.value} | None"), syntax.NONE)
        return self.parameter(name, given(scope.known.values[name], role))

    def fractions(self, letters: list[str]) -> list[Statement]:
        """What makes fractions of numbers that need not be whole, where sizes are made of them."""
        found: list[Statement] = []
        for name in letters:
            is_derived = self.scope.block is None and self.is_derived(name)
            if not is_derived:
                found += self.exact(name)
        return found

    def exact(self, name: str) -> list[Statement]:
        """What makes a fraction of a number that need not be whole, if sizes are made of it."""
        if self.scope.role(name) != Role.RATIONAL:
            return []
        own = Name(self.own.get(name, name), 0)
        if not _is_calculated_with(own, [*self.first, *self.body, *self.checks]):
            return []
        exact = syntax.call("Fraction", own)
        return [Assign(own, syntax.call(syntax.Attribute(exact, "limit_denominator")))]

    def is_derived(self, name: str) -> bool:
        """Whether it is a symbol whose default follows from others."""
        is_symbol = name in self.scope.known.knobs
        return is_symbol and self.scope.known.derived(name) is not None

    def checked(self) -> list[Statement]:
        """The statements that refuse numbers of copies at which sizes would be wrong."""
        counts = [*dict.fromkeys(self.checks)]
        if not counts:
            return []
        *others, last = map(flat, counts)
        told = f"{', '.join(others)} and {last}" if others else last
        error = syntax.call("ValueError", syntax.Text(f"{told} must be at least 1"))
        least: Any = syntax.call("min", *counts) if others else counts[0]
        return [If(Comparison(least, (("<", Number(1)),)), (Raise(error),))]


def _put_in(node: Any, meanings: dict[str, Any]) -> Any:
    """A statement or a number with a name replaced; what has no names then is worked out."""
    found = syntax.replaced(node, meanings)
    return found if found == node else syntax.changed(found, python.worked_out)


def _is_calculated_with(own: Any, statements: list[Statement]) -> bool:
    """Whether a name is anything but handed on to a class of ours."""
    everywhere = sum(node == own for node in syntax.walk(*statements))
    handed_on = sum(
        (*node.positional, *(value for _, value in node.named)).count(own)
        for node in syntax.walk(*statements)
        if isinstance(node, syntax.Invoke)
        and isinstance(node.function, Name)
        and node.function.name[:1].isupper()
    )
    return bool(everywhere > handed_on)


def _settling_order(arguments: dict[str, Setting | None]) -> list[str]:
    """The arguments, each behind those that its default uses, but in a ring of defaults."""
    places = {name: place for place, name in enumerate(arguments)}
    order: dict[str, None] = {}
    met: set[str] = set()
    waiting = [*reversed(arguments)]
    while waiting:
        name = waiting[-1]
        if name in met:
            order[waiting.pop()] = None
            continue
        met.add(name)
        default = arguments[name]
        used = default.names() & places.keys() - met if default is not None else ()
        waiting += sorted(used, key=places.__getitem__, reverse=True)
    return [*order]
