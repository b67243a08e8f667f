"""Comprehensions and generators of the source, evaluated at once."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from shapecalc.reading.values import Frame

Run = Callable[[Frame], Any]


class Comprehensions:
    """The part of the compiler that is concerned with comprehensions."""

    expression: Any
    rt: Any
    target: Any

    def comprehension(
        self, generators: list[ast.comprehension], body: Run
    ) -> Callable[[Frame], list[Any]]:
        """The values of a comprehension's body, in order."""
        loops = [
            (
                self.target(each.target),
                self.expression(each.iter),
                [self.expression(test) for test in each.ifs],
            )
            for each in generators
        ]
        rt = self.rt

        def run(frame: Frame) -> list[Any]:
            found: list[Any] = []
            inner = Frame(frame.module, frame, frame.function)

            def step(level: int) -> None:
                if level == len(loops):
                    found.append(body(inner))
                    return
                assign, items, tests = loops[level]
                for item in rt.iterate(items(inner)):
                    assign(item, inner)
                    if all(rt.truth(test(inner)) for test in tests):
                        step(level + 1)

            step(0)
            return rt.bounded(found)

        return run

    def _ListComp(self, node: ast.ListComp) -> Run:
        return self.comprehension(node.generators, self.expression(node.elt))

    def _GeneratorExp(self, node: ast.GeneratorExp) -> Run:
        run = self.comprehension(node.generators, self.expression(node.elt))
        return lambda frame: self.rt.iterator(run(frame))

    def _SetComp(self, node: ast.SetComp) -> Run:
        run = self.comprehension(node.generators, self.expression(node.elt))
        return lambda frame: set(self.rt.hashable(run(frame)))

    def _DictComp(self, node: ast.DictComp) -> Run:
        key, value, rt = self.expression(node.key), self.expression(node.value), self.rt

        def pair(frame: Frame) -> tuple[Any, Any]:
            rt.step(3)
            return rt.key(key(frame)), value(frame)

        run = self.comprehension(node.generators, pair)
        return lambda frame: dict(run(frame))

    def _Yield(self, node: ast.Yield) -> Run:
        value = self.expression(node.value) if node.value else (lambda frame: None)

        def run(frame: Frame) -> Any:
            inner = frame
            while inner.yielded is None and inner.parent is not None:
                inner = inner.parent
            if inner.yielded is None:
                raise self.rt.error("SyntaxError", "'yield' outside function")
            self.rt.step()
            inner.yielded.append(value(frame))

        return run

    def _YieldFrom(self, node: ast.YieldFrom) -> Run:
        value = self.expression(node.value)

        def run(frame: Frame) -> Any:
            if frame.yielded is None:
                raise self.rt.error("SyntaxError", "'yield' outside function")
            frame.yielded.extend(self.rt.iterate(value(frame)))

        return run
