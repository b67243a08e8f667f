"""Comprehensions of the source; those that are generators are evaluated as they are drawn."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from shapecalc.reading.evaluator.values import Frame

Run = Callable[[Frame], Any]

MOST_YIELDED = 50_000
"""How often a function may yield, whose values are all there before the first is asked for."""


class Comprehensions:
    """The part of the compiler that is concerned with comprehensions."""

    expression: Any
    rt: Any
    target: Any

    def drawn_from(
        self, generators: list[ast.comprehension], body: Run
    ) -> Callable[[Frame], Iterator[Any]]:
        """The values of a comprehension's body, as drawn; the first iterable is known at once."""
        loops = [
            (
                self.target(each.target),
                self.expression(each.iter),
                [self.expression(test) for test in each.ifs],
            )
            for each in generators
        ]
        rt = self.rt

        def values(inner: Frame, items: Iterator[Any], level: int) -> Iterator[Any]:
            assign, _, tests = loops[level]
            for item in items:
                assign(item, inner)
                if level > 3:  # all those around it pass on what is drawn
                    rt.step(level)
                if tests:
                    rt.step(len(tests))
                if not all(rt.truth(test(inner)) for test in tests):
                    continue
                if level + 1 == len(loops):
                    yield body(inner)
                else:
                    more = rt.iterate(loops[level + 1][1](inner))
                    yield from values(inner, more, level + 1)

        def run(frame: Frame) -> Iterator[Any]:
            inner = Frame(frame.module, frame, frame.function)
            return values(inner, rt.iterate(loops[0][1](inner)), 0)

        return run

    def comprehension(
        self, generators: list[ast.comprehension], body: Run
    ) -> Callable[[Frame], list[Any]]:
        """The values of a comprehension's body, as a list."""
        drawn, rt = self.drawn_from(generators, body), self.rt
        return lambda frame: rt.bounded(list(drawn(frame)))

    def _ListComp(self, node: ast.ListComp) -> Run:
        return self.comprehension(node.generators, self.expression(node.elt))

    def _GeneratorExp(self, node: ast.GeneratorExp) -> Run:
        run = self.drawn_from(node.generators, self.expression(node.elt))
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
            if len(inner.yielded) == MOST_YIELDED:
                raise self.rt.cannot(
                    f"a function that yields more than {MOST_YIELDED:,} times",
                    "it is evaluated at once here: a generator expression is as it is drawn",
                )
            inner.yielded.append(value(frame))

        return run

    def _YieldFrom(self, node: ast.YieldFrom) -> Run:
        value = self.expression(node.value)

        def run(frame: Frame) -> Any:
            if frame.yielded is None:
                raise self.rt.error("SyntaxError", "'yield' outside function")
            frame.yielded.extend(self.rt.iterate(value(frame)))

        return run
