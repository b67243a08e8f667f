"""``match`` statements of the source: patterns tried one after the other."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from shapecalc.reading.evaluator.expressions import Expressions, Run
from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.evaluator.types import is_instance
from shapecalc.reading.evaluator.values import Class, Frame, Instance

Fits = Callable[[Any, Frame], bool]
"""Whether a value fits a pattern, whose names are bound on the way."""

_PLAIN = ("int", "float", "str", "bool", "list", "tuple", "dict", "set", "frozenset", "bytes")
"""Types whose one positional pattern is the value itself."""


class Matching(Expressions):
    """The part of the compiler that is concerned with patterns."""

    block: Any

    def _Match(self, node: ast.Match) -> Run:
        subject, rt = self.expression(node.subject), self.rt
        cases = [
            (
                self.pattern(each.pattern),
                None if each.guard is None else self.expression(each.guard),
                self.block(each.body),
            )
            for each in node.cases
        ]

        def run(frame: Frame) -> Any:
            value = subject(frame)
            rt.node, rt.source = node.subject, self.source
            for fits, guard, body in cases:
                if fits(value, frame) and (guard is None or rt.truth(guard(frame))):
                    return body(frame)
            return None

        return run

    def pattern(self, node: ast.pattern) -> Fits:
        """A function that tells whether a value fits."""
        rt = self.rt
        if isinstance(node, ast.MatchValue):
            wanted = self.expression(node.value)
            return lambda value, frame: rt.truth(rt.compare("==", value, wanted(frame)))
        if isinstance(node, ast.MatchSingleton):
            return lambda value, frame: value is node.value
        if isinstance(node, ast.MatchOr):
            ways = [self.pattern(each) for each in node.patterns]
            return lambda value, frame: any(fits(value, frame) for fits in ways)
        if isinstance(node, ast.MatchAs):
            return self.named(node)
        if isinstance(node, ast.MatchSequence):
            return self.in_a_row(node.patterns)
        if isinstance(node, ast.MatchMapping):
            return self.of_mapping(node)
        assert isinstance(node, ast.MatchClass)  # a star stands in sequences alone
        return self.of_class(node)

    def named(self, node: ast.MatchAs) -> Fits:
        """A pattern under a name; any value without one."""
        inner = self.pattern(node.pattern) if node.pattern is not None else None

        def fits(value: Any, frame: Frame) -> bool:
            if inner is not None and not inner(value, frame):
                return False
            if node.name is not None:
                self.rt.bind(node.name, value, frame)
            return True

        return fits

    def in_a_row(self, nodes: Sequence[ast.pattern]) -> Fits:
        """Items of a sequence, one of which may stand for all that are left."""
        star = next((n for n, each in enumerate(nodes) if isinstance(each, ast.MatchStar)), None)
        parts = [None if isinstance(each, ast.MatchStar) else self.pattern(each) for each in nodes]
        rest = next((each.name for each in nodes if isinstance(each, ast.MatchStar)), None)

        def fits(value: Any, frame: Frame) -> bool:
            items = plain(value)
            if not isinstance(items, (list, tuple)):
                return False
            more = len(items) - len(parts) + 1
            if more < 0 if star is not None else more != 1:
                return False
            at = 0
            for part in parts:
                if part is not None:
                    if not part(items[at], frame):
                        return False
                    at += 1
                    continue
                if rest is not None:
                    self.rt.bind(rest, list(items[at : at + more]), frame)
                at += more
            return True

        return fits

    def of_mapping(self, node: ast.MatchMapping) -> Fits:
        """Keys that a dictionary has, and patterns for what they lead to."""
        keys = [self.expression(each) for each in node.keys]
        parts = [self.pattern(each) for each in node.patterns]

        def fits(value: Any, frame: Frame) -> bool:
            found = plain(value)
            if not isinstance(found, dict):
                return False
            wanted = [self.rt.key(key(frame)) for key in keys]
            if not all(key in found for key in wanted):
                return False
            if not all(part(found[key], frame) for key, part in zip(wanted, parts)):
                return False
            if node.rest is not None:
                left = {key: each for key, each in found.items() if key not in wanted}
                self.rt.bind(node.rest, left, frame)
            return True

        return fits

    def of_class(self, node: ast.MatchClass) -> Fits:
        """An instance, and patterns for its attributes."""
        kind, rt = self.expression(node.cls), self.rt
        parts = [self.pattern(each) for each in node.patterns]
        named = list(zip(node.kwd_attrs, map(self.pattern, node.kwd_patterns)))

        def fits(value: Any, frame: Frame) -> bool:
            cls = kind(frame)
            if not is_instance(rt, value, cls):
                return False
            if len(parts) == 1 and getattr(cls, "name", "") in _PLAIN:
                return parts[0](value, frame)
            names = _positions(cls, value)
            if len(parts) > len(names):
                message = f"{cls.name}() accepts {len(names)} positional sub-patterns"
                raise rt.error("TypeError", f"{message} ({len(parts)} given)")
            return all(
                rt.has_attribute(value, name) and part(rt.attribute(value, name), frame)
                for name, part in [*zip(names, parts), *named]
            )

        return fits


def _positions(cls: Any, value: Any) -> list[str]:
    """The names of attributes that positions in a pattern stand for."""
    if not isinstance(cls, Class) or not isinstance(value, Instance):
        return []
    for name in ("__match_args__", "__fields__"):
        if cls.has(name):
            return list(cls.find(name))
    return []
