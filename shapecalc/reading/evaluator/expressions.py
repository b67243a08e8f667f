"""Expressions of the source, each made into a function of the frame it is evaluated in.

What Python would do is done, on values that are there or on stand-ins for modules and tensors.
Nothing else happens: there is no way from here to a file, a process or the interpreter itself.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from shapecalc.reading.evaluator.comprehensions import Comprehensions, Run
from shapecalc.reading.evaluator.operators import BINARY, COMPARE, FAST
from shapecalc.reading.evaluator.texts import formatted
from shapecalc.reading.evaluator.values import CannotRead, Frame, Function, Place, Quiet, Super


class Expressions(Comprehensions):
    """The part of the compiler that is concerned with expressions."""

    rt: Any
    source: Any

    def place(self, node: ast.AST) -> Place:
        """Where a node stands."""
        return Place.of(node, self.source)

    def expression(self, node: ast.expr) -> Run:
        """A function that evaluates a node."""
        make = getattr(self, f"_{type(node).__name__}", None)
        if make is None:
            return self.refused(node, f"{type(node).__name__} expressions are not read")
        run: Run = make(node)
        return run

    def refused(self, node: ast.AST, message: str) -> Run:
        """What is no part of the Python that is read is an error where it is come to."""
        place = self.place(node)

        def run(frame: Frame) -> Any:
            raise CannotRead(place, message)

        return run

    def _Constant(self, node: ast.Constant) -> Run:
        value = node.value
        return lambda frame: value

    def _Name(self, node: ast.Name) -> Run:
        name, rt = node.id, self.rt

        def run(frame: Frame) -> Any:
            names = frame.names
            if name in names and frame.outer is None:
                return names[name]
            rt.node, rt.source = node, self.source
            return rt.lookup(name, frame)

        return run

    def _NamedExpr(self, node: ast.NamedExpr) -> Run:
        value = self.expression(node.value)
        name = node.target.id

        def run(frame: Frame) -> Any:
            found = value(frame)
            self.rt.bind(name, found, frame)
            return found

        return run

    # -- collections ------------------------------------------------------------------------

    def items(self, nodes: Sequence[ast.expr]) -> Callable[[Frame], list[Any]]:
        """The values of nodes in a row as what a list is made of, which takes steps."""
        values, count, rt = self.values(nodes), 1 + len(nodes) // 4, self.rt

        def run(frame: Frame) -> list[Any]:
            rt.step(count)
            return values(frame)

        return run

    def values(self, nodes: Sequence[ast.expr]) -> Callable[[Frame], list[Any]]:
        """The values of nodes in a row, starred ones spread."""
        runs = [
            (
                isinstance(n, ast.Starred),
                self.expression(n.value if isinstance(n, ast.Starred) else n),
            )
            for n in nodes
        ]
        if not any(starred for starred, _ in runs):
            plain = [run for _, run in runs]
            return lambda frame: [run(frame) for run in plain]

        def spread(frame: Frame) -> list[Any]:
            found: list[Any] = []
            for starred, run in runs:
                if starred:
                    found.extend(self.rt.iterate(run(frame)))
                else:
                    found.append(run(frame))
            return self.rt.bounded(found)

        return spread

    def _Tuple(self, node: ast.Tuple) -> Run:
        items = self.items(node.elts)
        return lambda frame: tuple(items(frame))

    def _List(self, node: ast.List) -> Run:
        return self.items(node.elts)

    def _Set(self, node: ast.Set) -> Run:
        items = self.items(node.elts)

        def run(frame: Frame) -> set[Any]:
            self.rt.step()
            return set(self.rt.hashable(items(frame)))

        return run

    def _Dict(self, node: ast.Dict) -> Run:
        pairs = [
            (None if key is None else self.expression(key), self.expression(value))
            for key, value in zip(node.keys, node.values)
        ]

        def run(frame: Frame) -> dict[Any, Any]:
            self.rt.step(4 + len(pairs))
            found: dict[Any, Any] = {}
            for key, value in pairs:
                if key is None:
                    found.update(self.rt.as_dict(value(frame)))
                else:
                    found[self.rt.key(key(frame))] = value(frame)
            return found

        return run

    def target(self, node: ast.expr) -> Callable[[Any, Frame], None]:
        """A function that assigns; statements tell how."""
        raise NotImplementedError

    # -- operators --------------------------------------------------------------------------

    def _BinOp(self, node: ast.BinOp) -> Run:
        left, right = self.expression(node.left), self.expression(node.right)
        word = BINARY[type(node.op)]
        fast = FAST.get(word)
        rt = self.rt

        def run(frame: Frame) -> Any:
            a, b = left(frame), right(frame)
            if fast is not None and type(a) is int and type(b) is int:
                if -(2**64) < a < 2**64 and -(2**64) < b < 2**64:
                    return fast(a, b)
            rt.node, rt.source = node, self.source
            return rt.binary(word, a, b)

        return run

    def _UnaryOp(self, node: ast.UnaryOp) -> Run:
        value = self.expression(node.operand)
        rt = self.rt
        if isinstance(node.op, ast.Not):
            return lambda frame: not rt.truth(value(frame))
        word = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}[type(node.op)]

        def run(frame: Frame) -> Any:
            found = value(frame)
            if word == "-" and type(found) in (int, float):
                return -found
            rt.node, rt.source = node, self.source
            return rt.unary(word, found)

        return run

    def _BoolOp(self, node: ast.BoolOp) -> Run:
        runs = [self.expression(value) for value in node.values]
        wanted = isinstance(node.op, ast.Or)
        rt = self.rt

        def run(frame: Frame) -> Any:
            value = None
            for each in runs:
                value = each(frame)
                rt.node, rt.source = node, self.source
                if each is not runs[-1] and rt.truth(value) is wanted:
                    return value
            return value

        return run

    def _Compare(self, node: ast.Compare) -> Run:
        first = self.expression(node.left)
        rest = [(COMPARE[type(o)], self.expression(n)) for o, n in zip(node.ops, node.comparators)]
        rt = self.rt

        def run(frame: Frame) -> Any:
            left = first(frame)
            for word, each in rest:
                right = each(frame)
                rt.node, rt.source = node, self.source
                found = rt.compare(word, left, right)
                if len(rest) == 1:
                    return found
                if not rt.truth(found):
                    return False
                left = right
            return True

        return run

    def condition(self, node: ast.expr) -> Run:
        """What a branch is taken by; whether it asks for the training of a module is noted."""
        test, rt = self.expression(node), self.rt
        if not any(_asks_for_training(each) for each in ast.walk(node)):
            return test

        def run(frame: Frame) -> Any:
            value = test(frame)
            rt.node, rt.source = node, self.source
            rt.goes_by_training()
            return value

        return run

    def _IfExp(self, node: ast.IfExp) -> Run:
        then, otherwise = map(self.expression, (node.body, node.orelse))
        test, rt = self.condition(node.test), self.rt

        def run(frame: Frame) -> Any:
            value = test(frame)
            rt.node, rt.source = node.test, self.source
            return then(frame) if rt.truth(value) else otherwise(frame)

        return run

    # -- names behind a dot, in brackets, calls -----------------------------------------------

    def _Attribute(self, node: ast.Attribute) -> Run:
        value, name, rt = self.expression(node.value), node.attr, self.rt

        def run(frame: Frame) -> Any:
            found = value(frame)
            rt.node, rt.source = node, self.source
            return rt.attribute(found, name)

        return run

    def _Subscript(self, node: ast.Subscript) -> Run:
        value, index, rt = self.expression(node.value), self.expression(node.slice), self.rt

        def run(frame: Frame) -> Any:
            found, at = value(frame), index(frame)
            rt.node, rt.source = node, self.source
            return rt.subscript(found, at)

        return run

    def _Slice(self, node: ast.Slice) -> Run:
        def none(frame: Frame) -> Any:
            return None

        parts = [
            none if each is None else self.expression(each)
            for each in (node.lower, node.upper, node.step)
        ]
        return lambda frame: slice(*[part(frame) for part in parts])

    def _Call(self, node: ast.Call) -> Run:
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            return self.super_call(node)
        function, complete = self.calling(node)
        return lambda frame: complete(function(frame), frame)

    def calling(self, node: ast.Call) -> tuple[Run, Callable[[Any, Frame], Any]]:
        """What is called, and a function that calls it."""
        function = self.expression(node.func)
        args = self.values(node.args)
        keywords = [(each.arg, self.expression(each.value)) for each in node.keywords]
        rt = self.rt

        def run(called: Any, frame: Frame) -> Any:
            if isinstance(called, Quiet) and not called.passes:
                return None
            given = args(frame)
            named: dict[str, Any] = {}
            for name, value in keywords:
                if name is None:
                    named.update(rt.as_dict(value(frame)))
                else:
                    named[name] = value(frame)
            rt.node, rt.source = node, self.source
            return rt.call(called, given, named)

        return function, run

    def super_call(self, node: ast.Call) -> Run:
        """``super()`` in both forms."""
        args = [self.expression(each) for each in node.args]
        rt = self.rt

        def run(frame: Frame) -> Any:
            rt.node, rt.source = node, self.source
            if args:
                behind, *self_ = [each(frame) for each in args]
                return Super(behind, self_[0] if self_ else None)
            inner: Frame | None = frame
            while inner is not None:
                function = inner.function
                if isinstance(function, Function) and function.owner is not None:
                    first = next(iter(function.code.positional), None)
                    if first is not None:
                        found: Frame | None = inner
                        while found is not None and first not in found.names:
                            found = found.parent
                        if found is not None:
                            return Super(function.owner, found.names[first])
                inner = inner.parent
            raise rt.error("RuntimeError", "super(): no arguments")

        return run

    def _Lambda(self, node: ast.Lambda) -> Run:
        code = self.code("<lambda>", node.args, node)
        defaults = self.defaults(node.args)

        def run(frame: Frame) -> Function:
            self.rt.step()
            return Function(code, frame, defaults(frame))

        return run

    def code(self, name: str, args: ast.arguments, node: Any) -> Any:
        """The code of a function; statements tell how."""
        raise NotImplementedError

    def defaults(self, args: ast.arguments) -> Callable[[Frame], dict[str, Any]]:
        """The defaults of a function's parameters; statements tell how."""
        raise NotImplementedError

    def _Starred(self, node: ast.Starred) -> Run:
        return self.refused(node, "a starred expression stands where none can")

    def _JoinedStr(self, node: ast.JoinedStr) -> Run:
        parts = [self.expression(value) for value in node.values]
        return lambda frame: self.rt.built("".join([part(frame) for part in parts]))

    def _FormattedValue(self, node: ast.FormattedValue) -> Run:
        value = self.expression(node.value)
        spec = self.expression(node.format_spec) if node.format_spec is not None else None
        conversion = chr(node.conversion) if node.conversion > 0 else ""

        def run(frame: Frame) -> str:
            return formatted(self.rt, value(frame), spec(frame) if spec else "", conversion)

        return run


def _asks_for_training(node: ast.AST) -> bool:
    """Whether it is the mode of a module, or an argument that is called so."""
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name == "training"


__all__ = ["Expressions", "Run"]
