"""Assignments of the source: to names, attributes, items, and several of them at once."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from shapecalc.reading.evaluator.expressions import Expressions, Run
from shapecalc.reading.evaluator.operators import BINARY
from shapecalc.reading.evaluator.values import CannotRead, Frame


class Assignments(Expressions):
    """The part of the compiler that is concerned with assignments."""

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
                raise rt.error("ValueError", message, rt.said_of(value))
            for each, item in zip(targets, items):
                each(item, frame)

        return assign

    def _Assign(self, node: ast.Assign) -> Run:
        value = self.expression(node.value)
        targets = [self.target(each) for each in node.targets]
        if len(targets) == 1:
            (only,) = targets
            if _same_places(node.targets[0], node.value):
                return self.same_places(node.targets[0], node.value, only)

            def one(frame: Frame) -> None:
                only(value(frame), frame)

            return one

        def run(frame: Frame) -> None:
            found = value(frame)
            for each in targets:
                each(found, frame)

        return run

    def same_places(self, target: Any, node: Any, assign: Callable[[Any, Frame], None]) -> Run:
        """``a[places] = b[places]``, which is known of a mask as well, whatever it holds."""
        rt = self.rt
        to, origin, places = map(self.expression, (target.value, node.value, node.slice))
        value = self.expression(node)

        def run(frame: Frame) -> None:
            mask = places(frame)
            if rt.is_mask(mask):
                found, other = to(frame), origin(frame)
                rt.node, rt.source = node, self.source
                rt.masked_store(found, mask, other)
            else:
                assign(value(frame), frame)

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
        if isinstance(node.target, ast.Subscript):
            return self.changed_places(node, node.target, word, assign)

        def run(frame: Frame) -> None:
            before, found = current(frame), value(frame)
            rt.node, rt.source = node, self.source
            assign(rt.in_place(word, before, found), frame)

        return run

    def changed_places(
        self, node: ast.AugAssign, target: ast.Subscript, word: str, assign: Any
    ) -> Run:
        """``a[places] += number``, which is known of a mask as well, whatever it holds."""
        rt, value = self.rt, self.expression(node.value)
        whole, places = self.expression(target.value), self.expression(target.slice)

        def run(frame: Frame) -> None:
            holder, index = whole(frame), places(frame)
            is_masked = rt.is_mask(index)
            before = holder if is_masked else rt.subscript(holder, index)
            found = value(frame)
            rt.node, rt.source = node, self.source
            if is_masked and not isinstance(found, rt.tensor_type):
                rt.masked_store(holder, index, rt.binary(word, before, found))
            else:
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


def _loaded(node: ast.expr) -> ast.expr:
    """The same place, to be read."""
    if isinstance(node, ast.Name):
        return ast.Name(node.id, ast.Load())
    if isinstance(node, ast.Attribute):
        return ast.Attribute(node.value, node.attr, ast.Load())
    assert isinstance(node, ast.Subscript)
    return ast.Subscript(node.value, node.slice, ast.Load())


def _same_places(target: ast.expr, value: ast.expr) -> bool:
    """Whether one item is assigned to another whose index has the same name."""
    if not isinstance(target, ast.Subscript) or not isinstance(value, ast.Subscript):
        return False
    ours, theirs = target.slice, value.slice
    return isinstance(ours, ast.Name) and isinstance(theirs, ast.Name) and ours.id == theirs.id
