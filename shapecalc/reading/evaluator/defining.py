"""Definitions of the source: functions, classes, and their decorators."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cached_property
from typing import Any

from shapecalc.reading.evaluator.expressions import Expressions, Run
from shapecalc.reading.evaluator.values import Class, Frame, Function, Place, Unknown


class Code:
    """A function's parameters and its body, which is made ready when it is first called."""

    def __init__(self, compiler: Definitions, name: str, args: ast.arguments, node: Any) -> None:
        self.compiler = compiler
        self.name = name
        self.node = node
        self.source = compiler.source
        self.positional = [a.arg for a in (*args.posonlyargs, *args.args)]
        self.keyword_only = [a.arg for a in args.kwonlyargs]
        self.star = args.vararg.arg if args.vararg else None
        self.double_star = args.kwarg.arg if args.kwarg else None
        self.is_lambda = not isinstance(node.body, list)
        self._run: Any = None

    @cached_property
    def is_generator(self) -> bool:
        """Whether it yields."""
        may = "yield" in self.source.text and not self.is_lambda  # most files have none
        return may and any(map(_yields, self.node.body))

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place.of(self.node, self.source)

    @property
    def run(self) -> Callable[[Frame], Any]:
        """The body: what it returns."""
        if self._run is None:
            if self.is_lambda:
                self._run = self.compiler.expression(self.node.body)
            else:
                body = self.compiler.block(self.node.body)

                def run(frame: Frame) -> Any:
                    signal = body(frame)
                    return signal[1] if signal is not None else None

                self._run = run
        found: Callable[[Frame], Any] = self._run
        return found


def _yields(node: ast.AST) -> bool:
    if isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef, ast.AsyncFunctionDef)):
        return False
    return isinstance(node, (ast.Yield, ast.YieldFrom)) or any(
        _yields(child) for child in ast.iter_child_nodes(node)
    )


class Definitions(Expressions):
    """The part of the compiler that is concerned with definitions."""

    block: Any

    def code(self, name: str, args: ast.arguments, node: Any) -> Code:
        return Code(self, name, args, node)

    def defaults(self, args: ast.arguments) -> Callable[[Frame], dict[str, Any]]:
        positional = [*args.posonlyargs, *args.args]
        pairs = list(zip(positional[len(positional) - len(args.defaults) :], args.defaults))
        pairs += [(a, d) for a, d in zip(args.kwonlyargs, args.kw_defaults) if d is not None]
        runs = [(a.arg, self.expression(d)) for a, d in pairs]

        def run(frame: Frame) -> dict[str, Any]:
            with self.rt.lenient():
                return {name: each(frame) for name, each in runs}

        return run

    def _FunctionDef(self, node: ast.FunctionDef) -> Run:
        code, defaults = self.code(node.name, node.args, node), self.defaults(node.args)
        decorators = self.decorators(node.decorator_list)

        def run(frame: Frame) -> None:
            function: Any = Function(code, frame, defaults(frame))
            frame.names[node.name] = decorators(function, frame)

        return run

    def _AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> Run:
        return lambda frame: frame.names.update(
            {node.name: Unknown(node.name, "it is asynchronous")}
        )

    def decorators(self, nodes: list[ast.expr]) -> Callable[[Any, Frame], Any]:
        """Apply decorators; the arguments of one that changes nothing are not looked at."""
        rt = self.rt
        runs = []
        for node in reversed(nodes):
            maker = node.func if isinstance(node, ast.Call) else node
            runs.append((node, self.expression(maker), self.expression(node)))

        def apply(made: Any, frame: Frame) -> Any:
            for node, maker, run in runs:
                with rt.lenient():
                    found = maker(frame)
                    if rt.is_quiet(found):
                        continue
                    if isinstance(node, ast.Call):
                        found = run(frame)
                    rt.node, rt.source = node, self.source
                    made = rt.decorated(found, made)
            return made

        return apply

    def _ClassDef(self, node: ast.ClassDef) -> Run:
        bases = self.items(node.bases)
        body = self.block(node.body)
        decorators = self.decorators(node.decorator_list)
        keywords = [(each.arg, self.expression(each.value)) for each in node.keywords]
        place = self.place(node)

        def run(frame: Frame) -> None:
            with self.rt.lenient():
                found = bases(frame)
                given = {name: value(frame) for name, value in keywords if name}
                inner = Frame(frame.module, frame, is_class=True)
                body(inner)
            self.rt.node, self.rt.source = node, self.source
            made = self.rt.new_class(node.name, found, inner.names, place, given)
            if isinstance(made, Class):
                made.module = frame.module.name
                for function in inner.functions:
                    function.owner = function.owner or made
            elif isinstance(made, Unknown):
                made.place = self.place(_not_known(node, found))
            frame.names[node.name] = decorators(made, frame)

        return run


def _not_known(node: ast.ClassDef, found: list[Any]) -> ast.AST:
    """The base of a class that is not known."""
    if len(node.bases) == len(found):  # none of them is spread
        for base, each in zip(node.bases, found):
            if isinstance(each, Unknown):
                return base
    return node
