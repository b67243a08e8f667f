"""The expressions that a class's own code writes in the parameters of its constructor.

They are candidates and no more: which one says a number of a block is decided by its value in
every use. So what the code does between its lines need not be followed.
"""

from __future__ import annotations

import ast
from typing import Any

from shapecalc.language.expression import (
    Binary,
    Call,
    Comparison,
    Conditional,
    Expression,
    Name,
    Number,
    Unary,
    names,
)
from shapecalc.language.operators import ARITHMETIC, RELATIONS
from shapecalc.reading.blocks.draft import Made
from shapecalc.reading.values import Function

MOST = 400
"""How many expressions of a class are looked at."""

LARGEST = 12
"""How many parts an expression may have."""


class Formulas:
    """The expressions in the constructor of a class.

    ``known`` are the parameters that are numbers, ``flags`` those that are a thing or None;
    ``records`` hold others.
    """

    def __init__(
        self, made: Made, known: set[str], flags: set[str], records: set[str] | None = None
    ) -> None:
        self.records = records or set()
        self.cls = made.cls
        self.known = known
        self.flags = flags
        self.bound: dict[str, ast.expr | None] = {}
        trees: list[ast.AST] = []
        for name in ("__init__", "forward"):
            for cls in getattr(made.cls, "mro", ()):
                function = cls.names.get(name)
                if isinstance(function, Function) and isinstance(
                    function.code.node, ast.FunctionDef
                ):
                    trees.append(function.code.node)
        self.nodes = [node for tree in trees for node in _inside(tree)]
        for node in self.nodes:
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                self.note(node.targets[0], node.value)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self.note(node.target, node.value)
            elif isinstance(node, (ast.For, ast.AugAssign, ast.comprehension)):
                for each in ast.walk(node.target):
                    self.note(each, None)

    def note(self, target: ast.AST, value: ast.expr | None) -> None:
        """Note what a name stands for, where that is said once."""
        name = _name(target)
        if name:
            self.bound[name] = None if name in self.bound else value

    def all(self) -> list[tuple[Expression, str]]:
        """The expressions, the shortest first, each with the name that the code gives it."""
        found: dict[Expression, str] = {}
        for name, value in self.bound.items():
            if value is not None and (made := self.read(value)) is not None:
                found.setdefault(made, name.removeprefix("self."))
        for node in self.nodes:
            if len(found) > MOST:
                break
            if isinstance(node, ast.expr) and (made := self.read(node)) is not None:
                found.setdefault(made, "")
        kept = [
            (each, name) for each, name in found.items() if names(each) and size(each) <= LARGEST
        ]
        return sorted(kept, key=lambda pair: size(pair[0]))

    def tests(self) -> list[tuple[Expression, str]]:
        """The conditions that the code decides by, each with the name that it has there."""
        found: dict[Expression, str] = {}
        for name, value in self.bound.items():
            if isinstance(value, (ast.Compare, ast.BoolOp)):
                if (made := self.read(value)) is not None:
                    found.setdefault(made, name.removeprefix("self."))
        for node in self.nodes:
            if isinstance(node, (ast.If, ast.IfExp)):
                if (made := self.read(node.test)) is not None:
                    found.setdefault(made, "")
        kept = [(each, name) for each, name in found.items() if names(each)]
        return sorted(kept, key=lambda pair: size(pair[0]))

    def read(self, node: ast.expr, depth: int = 0) -> Expression | None:
        """A node of the syntax tree as an expression in parameters, if it is one."""
        if depth > 8:
            return None
        if isinstance(node, ast.Constant):
            return Number(node.value) if type(node.value) is int else None
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self.named(node, depth)
        if isinstance(node, ast.BinOp):
            operator = ARITHMETIC.get(type(node.op))
            left, right = self.read(node.left, depth + 1), self.read(node.right, depth + 1)
            if operator is None or left is None or right is None:
                return None
            return _simple(operator, left, right)
        if isinstance(node, ast.UnaryOp):
            return self.unary(node, depth)
        if isinstance(node, ast.Compare):
            return self.comparison(node, depth)
        if isinstance(node, ast.BoolOp):
            return self.both(node, depth)
        if isinstance(node, ast.IfExp):
            parts = [self.read(each, depth + 1) for each in (node.test, node.body, node.orelse)]
            test, then, otherwise = parts
            if test is None or then is None or otherwise is None:
                return None
            return Conditional(test, then, otherwise)
        return self.called(node, depth) if isinstance(node, ast.Call) else None

    def named(self, node: ast.expr, depth: int) -> Expression | None:
        """What a name or an attribute of the instance stands for."""
        name = _name(node)
        if isinstance(node, ast.Attribute) and _name(node.value) in self.records:
            return Name(node.attr, 0) if node.attr in self.known | self.flags else None
        plain = name.removeprefix("self.")
        if not name:
            return None
        if name == plain and name in self.known | self.flags and name not in self.bound:
            return Name(name, 0)
        value = self.bound.get(name)
        if value is not None:
            return self.read(value, depth + 1)
        if name in self.bound:
            return None
        number = next((c.names[plain] for c in self.cls.mro if plain in c.names), None)
        if name != plain and type(number) is int:
            return Number(number)
        return None

    def unary(self, node: ast.UnaryOp, depth: int) -> Expression | None:
        """A negation."""
        operand = self.read(node.operand, depth + 1)
        if operand is None:
            return None
        if isinstance(node.op, ast.Not):
            return Unary("not", operand)
        return Unary("-", operand) if isinstance(node.op, ast.USub) else None

    def comparison(self, node: ast.Compare, depth: int) -> Expression | None:
        """A comparison of numbers, or whether something is there."""
        operator, right = node.ops[0], node.comparators[0]
        if isinstance(operator, (ast.Is, ast.IsNot)) and len(node.ops) == 1:
            name = _name(node.left)
            value = self.bound.get(name)
            if value is not None and name.startswith("self."):
                name = _name(value)
            is_none = isinstance(right, ast.Constant) and right.value is None
            if name not in self.flags or not is_none:
                return None
            flag = Name(name, 0)
            return flag if isinstance(operator, ast.IsNot) else Unary("not", flag)
        first = self.read(node.left, depth + 1)
        rest = []
        for each, part in zip(node.ops, node.comparators):
            relation, side = RELATIONS.get(type(each)), self.read(part, depth + 1)
            if relation is None or side is None:
                return None
            rest.append((relation, side))
        return None if first is None else Comparison(first, tuple(rest))

    def both(self, node: ast.BoolOp, depth: int) -> Expression | None:
        """What ``and`` and ``or`` join."""
        parts = [self.read(each, depth + 1) for each in node.values]
        operator = "and" if isinstance(node.op, ast.And) else "or"
        found = parts[0]
        for part in parts[1:]:
            if found is None or part is None:
                return None
            found = Binary(operator, found, part)
        return found

    def called(self, node: ast.Call, depth: int) -> Expression | None:
        """A function that expressions have; a number of numbers made whole."""
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else _name(function)
        parts = [self.read(each, depth + 1) for each in node.args]
        if node.keywords or not parts or any(part is None for part in parts):
            return None
        arguments = tuple([part for part in parts if part is not None])
        if name == "int" and len(parts) == 1:
            first = arguments[0]
            is_whole = not _divides(first)
            return first if is_whole else Call("floor", arguments)
        if name in ("min", "max", "round", "abs", "ceil", "floor"):
            return Call(name, arguments) if len(parts) == 1 or name in ("min", "max") else None
        return None


def _inside(tree: ast.AST) -> list[ast.AST]:
    """A node and all below it, row by row, as ``ast.walk`` gives them; not how a name is used."""
    found = [tree]
    for node in found:
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, list):
                found += [each for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
                found.append(value)
    return found


def size(tree: Any) -> int:
    """How many names, numbers and operators an expression has."""
    if isinstance(tree, (Name, Number)):
        return 1
    if isinstance(tree, tuple):
        return sum(size(part) for part in tree if isinstance(part, tuple)) + (
            hasattr(tree, "_fields")
        )
    return 0


def _divides(tree: Expression) -> bool:
    """Whether a quotient, or a function, is in it, so that it need not be whole."""
    if isinstance(tree, Binary):
        return tree.operator in ("/", "**") or _divides(tree.left) or _divides(tree.right)
    return isinstance(tree, Conditional)


def _simple(operator: str, left: Expression, right: Expression) -> Expression:
    """A calculation without its multiplication by one, or addition of nothing."""
    one, none = Number(1), Number(0)
    if operator in ("*", "/", "//") and right == one:
        return left
    if (operator == "*" and left == one) or (operator == "+" and left == none):
        return right
    if operator in ("+", "-") and right == none:
        return left
    if isinstance(left, Number) and isinstance(right, Number) and operator in ("*", "+", "-"):
        whole = {"*": left.value * right.value, "+": left.value + right.value}
        return Number(whole.get(operator, left.value - right.value))
    return Binary(operator, left, right)


def _name(node: ast.AST) -> str:
    """A name, or ``self.`` and an attribute; nothing of all else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"self.{node.attr}" if node.value.id == "self" else ""
    return ""
