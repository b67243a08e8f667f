"""Statements of the source, each made into a function of the frame it runs in.

It returns None where the next statement follows, or what ends the block: a loop's break or
continue, or a function's return.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from shapecalc.reading.evaluator.assigning import Assignments
from shapecalc.reading.evaluator.defining import Definitions
from shapecalc.reading.evaluator.expressions import Run
from shapecalc.reading.evaluator.matching import Matching
from shapecalc.reading.evaluator.operators import EXCEPTION
from shapecalc.reading.evaluator.values import (
    CannotRead,
    Class,
    Frame,
    Quiet,
    Raised,
    Suppressed,
    Unknown,
)

BREAK, CONTINUE, RETURN = "break", "continue", "return"
Signal = "tuple[str, Any] | None"


class Compiler(Assignments, Definitions, Matching):
    """Makes the statements and expressions of one file ready to run."""

    def __init__(self, rt: Any, source: Any) -> None:
        self.rt = rt
        self.source = source

    def block(self, nodes: Sequence[ast.stmt]) -> Callable[[Frame], Any]:
        """Statements one after the other."""
        runs = [self.statement(node) for node in nodes]

        def run(frame: Frame) -> Any:
            for each in runs:
                signal = each(frame)
                if signal is not None:
                    return signal
            return None

        return run

    def statement(self, node: ast.stmt) -> Callable[[Frame], Any]:
        """One statement."""
        make = getattr(self, f"_{type(node).__name__}", None)
        if make is None:
            name = type(node).__name__
            return self.refused(node, f"{name} statements are not read")
        run: Callable[[Frame], Any] = make(node)
        return run

    # -- simple ones --------------------------------------------------------------------------

    def _Expr(self, node: ast.Expr) -> Run:
        if isinstance(node.value, ast.Constant):
            return lambda frame: None
        call, rt = node.value, self.rt
        if not isinstance(call, ast.Call) or (
            isinstance(call.func, ast.Name) and call.func.id == "super"
        ):
            value = self.expression(call)

            def evaluate(frame: Frame) -> None:
                value(frame)

            return evaluate
        function, complete = self.calling(call)

        def run(frame: Frame) -> None:
            called = function(frame)
            if isinstance(called, Quiet):
                return  # it changes nothing, and so nothing has to be known of what it is given
            if isinstance(called, Unknown):
                rt.passed_over(called)
                return
            complete(called, frame)

        return run

    def _Pass(self, node: ast.Pass) -> Run:
        return lambda frame: None

    def _Break(self, node: ast.Break) -> Run:
        return lambda frame: (BREAK, None)

    def _Continue(self, node: ast.Continue) -> Run:
        return lambda frame: (CONTINUE, None)

    def _Return(self, node: ast.Return) -> Run:
        value = self.expression(node.value) if node.value else (lambda frame: None)
        return lambda frame: (RETURN, value(frame))

    def _Assert(self, node: ast.Assert) -> Run:
        test = self.expression(node.test)
        message = self.expression(node.msg) if node.msg else None
        rt = self.rt

        def run(frame: Frame) -> None:
            try:
                value = test(frame)
                rt.node, rt.source = node.test, self.source
                holds = rt.truth(value, asserting=True)
            except CannotRead:
                return  # what is not known is not known to be false
            if not holds:
                said = "" if message is None else str(message(frame))
                rt.node, rt.source = node, self.source
                raise rt.error("AssertionError", said or ast.unparse(node.test))

        return run

    def _Raise(self, node: ast.Raise) -> Run:
        value = self.expression(node.exc) if node.exc else None
        rt = self.rt

        def run(frame: Frame) -> None:
            place = self.place(node)
            rt.step(EXCEPTION)
            if value is None:
                if rt.handled:
                    raise rt.handled[-1]
                raise rt.error("RuntimeError", "No active exception to reraise")
            found = value(frame)
            if isinstance(found, Class):
                found = rt.call(found, [], {})
            if isinstance(found, Unknown):
                raise CannotRead(place, f"raises {found.name}")
            raise Raised(found, place)

        return run

    def _Global(self, node: ast.Global) -> Run:
        def run(frame: Frame) -> None:
            frame.outer = (frame.outer or {}) | dict.fromkeys(node.names)

        return run

    def _Nonlocal(self, node: ast.Nonlocal) -> Run:
        def run(frame: Frame) -> None:
            for name in node.names:
                around = frame.parent
                while around is not None and name not in around.names:
                    around = around.parent
                frame.outer = (frame.outer or {}) | {name: around}

        return run

    def _Import(self, node: ast.Import) -> Run:
        def run(frame: Frame) -> None:
            self.rt.node, self.rt.source = node, self.source
            for each in node.names:
                found = self.rt.imported(each.name, frame.module)
                if each.asname is None:
                    head = each.name.partition(".")[0]
                    found = self.rt.imported(head, frame.module)
                self.rt.bind(each.asname or each.name.partition(".")[0], found, frame)

        return run

    def _ImportFrom(self, node: ast.ImportFrom) -> Run:
        def run(frame: Frame) -> None:
            self.rt.node, self.rt.source = node, self.source
            for each in node.names:
                if each.name == "*":
                    self.rt.import_all(node.module or "", node.level, frame)
                    continue
                found = self.rt.imported_from(
                    node.module or "", node.level, each.name, frame.module
                )
                self.rt.bind(each.asname or each.name, found, frame)

        return run

    # -- branches and loops -----------------------------------------------------------------------

    def _If(self, node: ast.If) -> Run:
        test, rt = self.condition(node.test), self.rt
        then, otherwise = self.block(node.body), self.block(node.orelse)

        def run(frame: Frame) -> Any:
            value = test(frame)
            if value is True:
                return then(frame)
            rt.node, rt.source = node.test, self.source
            return then(frame) if rt.truth(value) else otherwise(frame)

        def check(frame: Frame) -> Any:
            try:
                value = test(frame)
                rt.node, rt.source = node.test, self.source
                fails = rt.truth(value)
            except CannotRead:
                fails = False  # as in an assert: what is not known is not known to be wrong
            return then(frame) if fails else otherwise(frame)

        return check if _only_raises(node.body) else run

    def loop(self, body: Callable[[Frame], Any], otherwise: Callable[[Frame], Any]) -> Any:
        """Runs a loop whose every turn a generator prepares."""
        rt = self.rt

        def run(turns: Iterator[Any], frame: Frame) -> Any:
            for _ in turns:
                rt.step()
                signal = body(frame)
                if signal is not None:
                    if signal[0] == BREAK:
                        return None
                    if signal[0] == RETURN:
                        return signal
            return otherwise(frame)

        return run

    def _For(self, node: ast.For) -> Run:
        items, assign, rt = self.expression(node.iter), self.target(node.target), self.rt
        loop = self.loop(self.block(node.body), self.block(node.orelse))

        def turns(frame: Frame) -> Iterator[None]:
            found = items(frame)
            rt.node, rt.source = node.iter, self.source
            for item in rt.iterate(found):
                assign(item, frame)
                yield

        return lambda frame: loop(turns(frame), frame)

    def _While(self, node: ast.While) -> Run:
        test, rt = self.expression(node.test), self.rt
        loop = self.loop(self.block(node.body), self.block(node.orelse))

        def turns(frame: Frame) -> Iterator[None]:
            while True:
                value = test(frame)
                rt.node, rt.source = node.test, self.source
                if not rt.truth(value):
                    return
                yield

        return lambda frame: loop(turns(frame), frame)

    def _With(self, node: ast.With) -> Run:
        pairs = [
            (
                self.expression(each.context_expr),
                self.target(each.optional_vars) if each.optional_vars is not None else None,
            )
            for each in node.items
        ]
        body, rt = self.block(node.body), self.rt

        def run(frame: Frame) -> Any:
            kinds: tuple[Any, ...] = ()
            for value, assign in pairs:
                with rt.lenient():
                    found = value(frame)
                if isinstance(found, Suppressed):
                    kinds += found.kinds
                entered = rt.entered(found)
                if assign is not None:
                    assign(entered, frame)
            if not kinds:
                return body(frame)
            try:
                with rt.trying(True):
                    return body(frame)
            except Raised as raised:
                if not rt.catches(kinds, raised.instance):
                    raise
                return None

        return run

    def _Try(self, node: ast.Try) -> Run:
        body, otherwise = self.block(node.body), self.block(node.orelse)
        final = self.block(node.finalbody)
        handlers = [
            (
                None if each.type is None else self.expression(each.type),
                each.name,
                self.block(each.body),
            )
            for each in node.handlers
        ]
        rt = self.rt

        def attempt(frame: Frame) -> Any:
            try:
                with rt.trying(bool(handlers)):
                    signal = body(frame)
            except Raised as raised:
                for kind, name, handler in handlers:
                    if kind is not None and not rt.catches(kind(frame), raised.instance):
                        continue
                    if name is not None:
                        frame.names[name] = raised.instance
                    rt.handled.append(raised)
                    try:
                        return handler(frame)
                    finally:
                        rt.handled.pop()
                raise
            return otherwise(frame) if signal is None else signal

        def run(frame: Frame) -> Any:
            try:
                signal = attempt(frame)
            except Raised:
                last = final(frame)
                if last is not None:
                    return last
                raise
            return final(frame) or signal

        return run


def _only_raises(body: Sequence[ast.stmt]) -> bool:
    """Whether statements do nothing but raise, with what they say of it."""
    *before, last = body
    return isinstance(last, ast.Raise) and all(
        isinstance(e, (ast.Expr, ast.Assign)) for e in before
    )
