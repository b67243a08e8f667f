"""Statements of the source, each made into a function of the frame it runs in.

It returns None where the next statement follows, or what ends the block: a loop's break or
continue, or a function's return.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

from shapecalc.reading.expressions import Expressions, Run
from shapecalc.reading.operators import BINARY
from shapecalc.reading.values import (
    CannotRead,
    Class,
    Frame,
    Function,
    Place,
    Quiet,
    Raised,
    Suppressed,
    Unknown,
)

BREAK, CONTINUE, RETURN = "break", "continue", "return"
Signal = "tuple[str, Any] | None"


class Code:
    """A function's parameters and its body, which is made ready when it is first called."""

    def __init__(self, compiler: Compiler, name: str, args: ast.arguments, node: Any) -> None:
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
        return not self.is_lambda and any(map(_yields, self.node.body))

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


class Compiler(Expressions):
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

    # -- assignment -----------------------------------------------------------------------------

    def target(self, node: ast.expr) -> Callable[[Any, Frame], None]:
        """A function that assigns a value to a name, a place in something, or several."""
        rt = self.rt
        if isinstance(node, ast.Name):
            name = node.id

            def to_name(value: Any, frame: Frame) -> None:
                if frame.outer is None:
                    frame.names[name] = value
                else:
                    rt.bind(name, value, frame)

            return to_name
        if isinstance(node, ast.Attribute):
            owner, attr = self.expression(node.value), node.attr

            def to_attribute(value: Any, frame: Frame) -> None:
                found = owner(frame)
                rt.node, rt.source = node, self.source
                rt.set_attribute(found, attr, value)

            return to_attribute
        if isinstance(node, ast.Subscript):
            value_, index = self.expression(node.value), self.expression(node.slice)

            def to_item(value: Any, frame: Frame) -> None:
                found, at = value_(frame), index(frame)
                rt.node, rt.source = node, self.source
                rt.set_item(found, at, value)

            return to_item
        if isinstance(node, ast.Starred):
            return self.target(node.value)
        if isinstance(node, (ast.Tuple, ast.List)):
            return self.unpacking(node)
        raise CannotRead(self.place(node), "nothing can be assigned to this")

    def unpacking(self, node: ast.Tuple | ast.List) -> Callable[[Any, Frame], None]:
        """Assign the items of a value to targets in a row."""
        targets = [self.target(each) for each in node.elts]
        starred = [n for n, each in enumerate(node.elts) if isinstance(each, ast.Starred)]
        rt, count = self.rt, len(targets)

        def assign(value: Any, frame: Frame) -> None:
            rt.node, rt.source = node, self.source
            items = list(rt.iterate(value))
            if starred:
                at, behind = starred[0], count - starred[0] - 1
                if len(items) >= count - 1:
                    middle = items[at : len(items) - behind]
                    items = [*items[:at], middle, *items[len(items) - behind :]]
            if len(items) != count:
                few = len(items) < count
                said = "not enough" if few else "too many"
                message = f"{said} values to unpack (expected {count}, got {len(items)})"
                raise rt.error("ValueError", message)
            for each, item in zip(targets, items):
                each(item, frame)

        return assign

    def _Assign(self, node: ast.Assign) -> Run:
        value = self.expression(node.value)
        targets = [self.target(each) for each in node.targets]
        if len(targets) == 1:
            (only,) = targets

            def one(frame: Frame) -> None:
                only(value(frame), frame)

            return one

        def run(frame: Frame) -> None:
            found = value(frame)
            for each in targets:
                each(found, frame)

        return run

    def _AnnAssign(self, node: ast.AnnAssign) -> Run:
        target = node.target

        def declare(frame: Frame) -> None:
            if isinstance(target, ast.Name):
                frame.names.setdefault("__annotations__", {})[target.id] = node.annotation

        if node.value is None:
            return declare
        value, assign = self.expression(node.value), self.target(target)

        def run(frame: Frame) -> None:
            declare(frame)
            assign(value(frame), frame)

        return run

    def _AugAssign(self, node: ast.AugAssign) -> Run:
        load: Any = ast.copy_location(_loaded(node.target), node.target)
        current, value = self.expression(load), self.expression(node.value)
        assign, word, rt = self.target(node.target), BINARY[type(node.op)], self.rt

        def run(frame: Frame) -> None:
            before, found = current(frame), value(frame)
            rt.node, rt.source = node, self.source
            assign(rt.in_place(word, before, found), frame)

        return run

    def _Delete(self, node: ast.Delete) -> Run:
        runs = [self.deletion(each) for each in node.targets]

        def run(frame: Frame) -> None:
            for each in runs:
                each(frame)

        return run

    def deletion(self, node: ast.expr) -> Run:
        """``del`` of a name, an attribute or an item."""
        rt = self.rt
        if isinstance(node, ast.Name):
            return lambda frame: frame.names.pop(node.id, None)
        if isinstance(node, ast.Attribute):
            owner = self.expression(node.value)
            return lambda frame: rt.delete_attribute(owner(frame), node.attr)
        if isinstance(node, ast.Subscript):
            value, index = self.expression(node.value), self.expression(node.slice)
            return lambda frame: rt.delete_item(value(frame), index(frame))
        return self.refused(node, "this cannot be deleted")

    # -- branches and loops -----------------------------------------------------------------------

    def _If(self, node: ast.If) -> Run:
        test, rt = self.expression(node.test), self.rt
        then, otherwise = self.block(node.body), self.block(node.orelse)

        def run(frame: Frame) -> Any:
            value = test(frame)
            if value is True:
                return then(frame)
            rt.node, rt.source = node.test, self.source
            return then(frame) if rt.truth(value) else otherwise(frame)

        return run

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

    def _Match(self, node: ast.Match) -> Run:
        return self.refused(node, "match statements are not read")

    # -- definitions --------------------------------------------------------------------------

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
            frame.names[node.name] = decorators(made, frame)

        return run


def _loaded(node: ast.expr) -> ast.expr:
    """The same place, to be read."""
    if isinstance(node, ast.Name):
        return ast.Name(node.id, ast.Load())
    if isinstance(node, ast.Attribute):
        return ast.Attribute(node.value, node.attr, ast.Load())
    assert isinstance(node, ast.Subscript)
    return ast.Subscript(node.value, node.slice, ast.Load())
