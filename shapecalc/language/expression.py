"""Expressions: a small checked grammar for arithmetic, nothing more.

A string where a number is expected is parsed into a tree of the few node classes below. There is
no attribute, no subscript, no call but of six functions; nothing is ever handed to Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import NamedTuple, Union

from shapecalc.algebra.decimals import Decimal

LONGEST = 1000
"""The most characters an expression may have."""

SHORTER = "give parts of it names: as symbols, or as arguments of a block"
"""What to do about an expression that is too long."""

MOST_TOKENS = 200
"""The most numbers, names and signs an expression may have."""

DEEPEST = 50
"""The deepest an expression may nest."""


class ExpressionError(ValueError):
    """An expression is wrong at ``column``, counted from 0."""

    def __init__(self, message: str, column: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.hint = hint


class Number(NamedTuple):
    """A number as written."""

    value: int | Fraction


class Name(NamedTuple):
    """A name to be looked up."""

    name: str
    column: int


class Unary(NamedTuple):
    """``-x``, ``+x`` or ``not x``."""

    operator: str
    operand: Expression


class Binary(NamedTuple):
    """Arithmetic on two operands; ``and`` and ``or``."""

    operator: str
    left: Expression
    right: Expression


class Comparison(NamedTuple):
    """A chain of comparisons, as in ``0 < a <= b``."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]


class Conditional(NamedTuple):
    """``then if test else otherwise``."""

    test: Expression
    then: Expression
    otherwise: Expression


class Call(NamedTuple):
    """A function of the few there are."""

    function: str
    arguments: tuple[Expression, ...]


Expression = Union["Number", "Name", "Unary", "Binary", "Comparison", "Conditional", "Call"]


FUNCTIONS: dict[str, int | None] = {
    "min": None,
    "max": None,
    "ceil": 1,
    "floor": 1,
    "round": 1,
    "abs": 1,
}
"""The functions, each with the number of its arguments; None for one or more."""

KEYWORDS = frozenset({"and", "or", "not", "if", "else"})

SIZES = (
    *("channels_of", "length_of", "depth_of", "height_of", "width_of", "features_of"),
    "size_of",
)
"""What asks for a size of another entry, as in ``height_of(encoder3)`` and ``size_of(pool, 1)``.

To whoever evaluates an expression that is a name like any other.
"""

RESERVED = KEYWORDS | frozenset(FUNCTIONS) | frozenset(SIZES)
"""Words that cannot be names of symbols or arguments."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?)"
    rf"|(?P<size>(?:{'|'.join(SIZES)})\([ ]*[A-Za-z_][\w.]*[ ]*(?:,[ ]*-?[0-9]+[ ]*)?\))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<operator>//|\*\*|<=|>=|==|!=|[-+*/%<>(),]))"
)
_FACT = r"|(?P<fact>receptive_field\([ ]*[A-Za-z_][\w.]*[ ]*\)|[A-Za-z_]\w*(?:\.\w+)+)"
"""What conditions on networks have besides: facts of layers, as ``conv5.height``."""
_LEVELS = (("or",), ("and",), ("not",), ("<", "<=", ">", ">=", "==", "!="), ("+", "-"))
_PRODUCTS = ("*", "/", "//", "%")


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


def parse(text: str) -> Expression:
    """Read an expression; raises :class:`ExpressionError`.

    >>> parse("2*n")
    Binary(operator='*', left=Number(value=2), right=Name(name='n', column=2))
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression of more than {LONGEST} characters", hint=SHORTER)
    if text.isascii() and text.isidentifier() and text not in RESERVED:
        return Name(text, 0)  # as most expressions are
    return _read(text, _TOKEN)


def parse_condition(text: str) -> Expression:
    """Read a condition on a network, which names facts of layers as well.

    >>> parse_condition("conv5.height >= 14").first
    Name(name='conv5.height', column=0)
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression of more than {LONGEST} characters", hint=SHORTER)
    return _read(text, _with_facts())


@cache
def _with_facts() -> re.Pattern[str]:
    return re.compile(_TOKEN.pattern.replace("|(?P<name>", f"{_FACT}|(?P<name>"))


def _read(text: str, pattern: re.Pattern[str]) -> Expression:
    try:
        return _Parser(text, pattern).whole()
    except ExpressionError as error:
        from shapecalc.language.slips import meant  # only where something is wrong

        error.hint = error.hint or meant(text, error.column)
        raise


class _Parser:
    def __init__(self, text: str, pattern: re.Pattern[str]) -> None:
        self.tokens: list[_Token] = list(_tokens(text, pattern))
        if len(self.tokens) > MOST_TOKENS:
            message = f"an expression of more than {MOST_TOKENS} numbers, names and signs"
            raise ExpressionError(message, self.tokens[MOST_TOKENS].column, SHORTER)
        self.at = 0
        self.depth = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def take(self, *texts: str) -> str | None:
        """The next token if it is one of these."""
        token = self.token
        if token.kind != "number" and token.text in texts:
            self.at += 1
            return token.text
        return None

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise self.unexpected(f"{text!r}")

    def unexpected(self, wanted: str, hint: str = "") -> ExpressionError:
        got = f"{self.token.text!r}" if self.token.text else "the end"
        message = f"expected {wanted} in an expression, got {got}"
        return ExpressionError(message, self.token.column, hint)

    def whole(self) -> Expression:
        tree = self.conditional()
        if self.token.kind != "end":
            raise self.unexpected("an operator")
        return tree

    def conditional(self) -> Expression:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ExpressionError(f"an expression nested deeper than {DEEPEST}", self.token.column)
        tree = self.level(0)
        if self.take("if"):
            test = self.level(0)
            self.expect("else")
            tree = Conditional(test, tree, self.conditional())
        self.depth -= 1
        return tree

    def level(self, level: int) -> Expression:
        """Operators from the weakest, ``or``, to sums."""
        operators = _LEVELS[level]
        if operators == ("not",):
            return self.negation()
        tree = self.level(level + 1) if level + 1 < len(_LEVELS) else self.product()
        if "<" in operators:
            rest = []
            while operator := self.take(*operators):
                rest.append((operator, self.level(level + 1)))
            return Comparison(tree, tuple(rest)) if rest else tree
        while operator := self.take(*operators):
            right = self.level(level + 1) if level + 1 < len(_LEVELS) else self.product()
            tree = Binary(operator, tree, right)
        return tree

    def negation(self) -> Expression:
        count = 0
        while self.take("not"):
            count += 1
        tree = self.level(_LEVELS.index(("not",)) + 1)
        return tree if count == 0 else _repeated("not", tree, 2 - count % 2)

    def product(self) -> Expression:
        tree = self.signed()
        while operator := self.take(*_PRODUCTS):
            tree = Binary(operator, tree, self.signed())
        return tree

    def signed(self) -> Expression:
        signs = []
        while operator := self.take("-", "+"):
            signs.append(operator)
        tree = self.power()
        return Unary("-", tree) if signs.count("-") % 2 else tree

    def power(self) -> Expression:
        base = self.atom()
        if not self.take("**"):
            return base
        self.depth += 1
        if self.depth > DEEPEST:
            raise ExpressionError(f"an expression nested deeper than {DEEPEST}", self.token.column)
        tree = Binary("**", base, self.signed())
        self.depth -= 1
        return tree

    def atom(self) -> Expression:
        token = self.token
        if token.kind == "number":
            self.at += 1
            value = Decimal(token.text)
            return Number(value.numerator if value.denominator == 1 else value)
        if token.kind in ("size", "fact"):
            self.at += 1
            return Name(token.text.replace(" ", "").replace(",", ", "), token.column)
        if token.kind == "name" and token.text not in KEYWORDS:
            self.at += 1
            if self.take("("):
                return self.call(token)
            return Name(token.text, token.column)
        if self.take("("):
            tree = self.conditional()
            if self.token.kind == "end" or self.token.text == ",":
                raise self.unexpected("')'", "a list is written with brackets: [1, 2]")
            self.expect(")")
            return tree
        raise self.unexpected("a number or a name")

    def call(self, name: _Token) -> Expression:
        if name.text in SIZES:
            more = ", and which dimension" if name.text == "size_of" else ""
            message = f"{name.text} takes the name of an entry{more}"
            raise ExpressionError(
                message, name.column, f"as in {name.text}(encoder3{more and ', 2'})"
            )
        if name.text not in FUNCTIONS:
            raise ExpressionError(
                f"{name.text!r} is not a function of expressions",
                name.column,
                f"there are {', '.join(FUNCTIONS)}",
            )
        arguments = [self.conditional()]
        while self.take(","):
            arguments.append(self.conditional())
        if self.token.kind == "end":
            raise self.unexpected("')'", "inside {} or [] an expression with a comma needs quotes")
        self.expect(")")
        wanted = FUNCTIONS[name.text]
        if wanted not in (None, len(arguments)):
            raise ExpressionError(
                f"{name.text} takes {wanted} number, not {len(arguments)}", name.column
            )
        return Call(name.text, tuple(arguments))


def _repeated(operator: str, tree: Expression, times: int) -> Expression:
    for _ in range(times):
        tree = Unary(operator, tree)
    return tree


def _tokens(text: str, pattern: re.Pattern[str]) -> Iterator[_Token]:
    at = 0
    end = len(text.rstrip())
    while at < end:
        found = pattern.match(text, at)
        if not found:
            column = at + len(text[at:]) - len(text[at:].lstrip())
            raise ExpressionError(f"{text[column]!r} has no meaning in an expression", column)
        kind = found.lastgroup or ""
        yield _Token(kind, found[kind], found.start(kind))
        at = found.end()
    yield _Token("end", "", end)


def parts(tree: Expression) -> tuple[Expression, ...]:
    """The expressions that an expression is made of directly."""
    if isinstance(tree, Unary):
        return (tree.operand,)
    if isinstance(tree, Binary):
        return (tree.left, tree.right)
    if isinstance(tree, Comparison):
        return (tree.first, *(part for _, part in tree.rest))
    if isinstance(tree, Conditional):
        return (tree.test, tree.then, tree.otherwise)
    return tree.arguments if isinstance(tree, Call) else ()


def names(tree: Expression) -> list[Name]:
    """The names an expression looks up, in order."""
    if isinstance(tree, Name):
        return [tree]
    return [name for part in parts(tree) for name in names(part)]
