"""Submodules with paths for names, such as ``layers.0``: the lists and dictionaries that hold them.

They are written as attributes that have to be asked for, and get their containers here: items of a
list where all numbers from 0 on are there, of a dictionary else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from shapecalc.emitting import syntax
from shapecalc.emitting.printer import flat
from shapecalc.emitting.syntax import Assign, Attribute, If, Invoke, Item, Statement, Text
from shapecalc.language.expression import Name, Number

_STATE = ("nn.Parameter", "nn.Buffer")

Held = dict[str, Any]
"""What stands below a path, by name: a call that makes a module or tensor, or more of these."""


def contained(
    init: Sequence[Statement], forward: Sequence[Statement]
) -> tuple[list[Statement], list[Statement]]:
    """Statements of a class in which what has a path for its name is in a container."""
    made: dict[str, Held] = {}
    apart: set[str] = set()  # those of which something is made under a condition
    for each in init:
        target = path_of(each.target) if isinstance(each, Assign) else None
        if isinstance(each, Assign) and target is not None:
            head, *names = target
            _hold(made.setdefault(head, {}), names, each.value)
        elif isinstance(each, If):
            for node in syntax.walk(each):
                inner = path_of(node.target) if isinstance(node, Assign) else None
                if inner is not None:
                    apart.add(inner[0])
                    _hold(made.setdefault(inner[0], {}), inner[1:], node.value)
    if not made:
        return [*init], [*forward]
    writer = _Containers(made, apart)
    return [*writer.written(init)], [syntax.changed(each, writer.asked) for each in forward]


def path_of(target: Any) -> list[str] | None:
    """The names on the way to a submodule that has a path for its name; None of all else."""
    text = ""
    if isinstance(target, Invoke) and flat(target.function) == "self.get_submodule":
        (name,) = target.positional
        text = name.value if isinstance(name, Text) else ""
    elif isinstance(target, Name) and target.name.startswith('self.get_submodule("'):
        text = target.name.split('"')[1]
    return text.split(".") if "." in text else None


def _hold(held: Held, names: list[str], value: Any) -> None:
    *outer, last = names
    for name in outer:
        held = held.setdefault(name, {})
    held[last] = value


class _Containers:
    """Writes the containers of one class."""

    def __init__(self, made: dict[str, Held], apart: set[str]) -> None:
        self.made = made
        self.apart = apart
        self.done: set[str] = set()

    def written(self, init: Iterable[Statement]) -> Iterable[Statement]:
        """The statements of the constructor."""
        for each in init:
            heads = [p[0] for node in syntax.walk(each) if (p := path_of(node)) is not None]
            for head in dict.fromkeys(heads):
                if head in self.made and head not in self.done:
                    self.done.add(head)
                    yield from self.begun(head)
            target = path_of(each.target) if isinstance(each, Assign) else None
            if target is None or target[0] not in self.made or self.is_open(target[0]):
                yield syntax.changed(each, self.asked)

    def is_open(self, head: str) -> bool:
        """Whether a container is filled by statements, one by one."""
        return head in self.apart or _is_mixed(self.made[head])

    def begun(self, head: str) -> Iterable[Statement]:
        """The statements that make a container, with what is in it where that is certain."""
        owner = syntax.own(head)
        if not self.is_open(head):
            yield Assign(owner, _call(self.made[head]))
            return
        yield Assign(owner, _empty(self.made[head]))
        yield from self.empty(owner, self.made[head])

    def empty(self, owner: Any, held: Held) -> Iterable[Statement]:
        """The statements that make the containers inside one."""
        for name, each in held.items():
            if isinstance(each, dict):
                inner = self.found(owner, held, name)
                yield Assign(inner, _empty(each))
                yield from self.empty(inner, each)

    def found(self, owner: Any, held: Held, name: str) -> Any:
        """What stands under a name in a container that statements fill."""
        return Attribute(owner, name) if _has_words(held) else Item(owner, Text(name))

    def asked(self, node: Any) -> Any | None:
        """What a submodule with a path is found by."""
        path = path_of(node)
        if path is None or path[0] not in self.made:
            return None
        head, *names = path
        held: Any = self.made[head]
        owner: Any = syntax.own(head)
        for name in names:
            if not self.is_open(head):
                owner = Item(owner, Number(int(name)) if _is_list(held) else Text(name))
            else:
                owner = self.found(owner, held, name)
            held = held[name]
        return owner


def _call(held: Held) -> Any:
    """The call that makes a container with what is in it."""
    items = {name: _call(each) if isinstance(each, dict) else each for name, each in held.items()}
    kind = "Parameter" if any(map(_is_state, held.values())) else "Module"
    if _is_list(held):
        ordered = tuple(items[str(n)] for n in range(len(items)))
        return syntax.call(f"nn.{kind}List", syntax.Sequence(ordered, "[]"))
    keyed = tuple(syntax.Keyed(Text(name), each) for name, each in items.items())
    return syntax.call(f"nn.{kind}Dict", syntax.Sequence(keyed, "{}"))


def _empty(held: Held) -> Any:
    """The call that makes an empty container."""
    return syntax.call("nn.Module" if _has_words(held) else "nn.ModuleDict")


def _has_words(held: Held) -> bool:
    """Whether there are tensors in a container, which are attributes."""
    return any(map(_is_state, held.values()))


def _is_list(held: Held) -> bool:
    return set(held) == {str(n) for n in range(len(held))}


def _is_state(each: Any) -> bool:
    return isinstance(each, Invoke) and flat(each.function) in _STATE


def _is_mixed(held: Held) -> bool:
    """Whether tensors and modules stand in one container, or tensors that are not learned."""
    tensors = [each for each in held.values() if _is_state(each)]
    is_list = _is_list(held) and all(flat(each.function) == _STATE[0] for each in tensors)
    if tensors and not (is_list and len(tensors) == len(held)):
        return True
    return any(_is_mixed(each) for each in held.values() if isinstance(each, dict))
