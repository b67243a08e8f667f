"""What symbols and arguments stand for, as the places tell in which they end up.

``aux_logits: 1`` that only conditions ask for is a flag; ``width: 1.0`` that ``ceil`` makes sizes
of is a number that need not be whole; a probability is one that torch takes as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from fractions import Fraction
from typing import Any

from shapecalc.emitting.numbers.behind import Key, key_of
from shapecalc.emitting.numbers.entries import lists
from shapecalc.emitting.numbers.known import Known
from shapecalc.emitting.numbers.tried import divides, has_point
from shapecalc.language.expression import (
    Binary,
    Call,
    Comparison,
    Conditional,
    Name,
    Unary,
    parts,
)
from shapecalc.language.tree import Block, Entry, Setting
from shapecalc.layers import KINDS
from shapecalc.layers.compound import not_null
from shapecalc.layers.types import Flag, Number


class Role(Enum):
    """What a name stands for; its value is the name's annotation."""

    WHOLE = "int"
    FLAG = "bool"
    FLOAT = "float"
    RATIONAL = "float | Fraction"
    WORD = "str"
    LIST = "tuple[int, ...]"


class _Place(Enum):
    """Where a name ends up: as a condition, as a float, in a size, or in a size that is rounded."""

    TRUTH, FLOAT, SIZE, ROUNDED, COMPARED = range(5)


class Roles:
    """The roles of all names."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.spec = known.spec
        self.places: dict[Key, set[_Place]] = {}
        self.waiting: list[tuple[Key, _Place]] = []  # names that are met, and not followed yet
        for block, entries in lists(self.spec):
            self._entries(entries, block)
        self._follow()
        self.values: dict[Key, list[Any]] = {}
        self.own: dict[Key, list[Any]] = {}  # of them those at the symbols' own values
        for name, value in known.values.items():
            self.values["", name] = [value]
        for root in known.roots:
            for name, value in known.inside(root).letters.items():
                self.values.setdefault(("", name), []).append(value)
        for name, block in self.spec.blocks.items():
            self._block_values(name, block)
        self.rationals = self._rationals()
        self.known_roles: dict[Key, Role] = {}

    def of(self, block: Block | None, name: str) -> Role:
        """The role of an argument, or of a symbol that no argument hides."""
        key = key_of(name, block)
        if key not in self.known_roles:
            self.known_roles[key] = self._role(key)
        return self.known_roles[key]

    def _role(self, key: Key) -> Role:
        places = self.places.get(key, set())
        values = self.values.get(key, [])
        if any(isinstance(value, (list, tuple)) for value in values):
            return Role.LIST
        if any(isinstance(value, str) for value in values):
            return Role.WORD
        if _Place.FLOAT in places and places <= {_Place.FLOAT, _Place.COMPARED, _Place.TRUTH}:
            return Role.FLOAT
        if key in self.rationals:
            return Role.RATIONAL
        if all(isinstance(value, bool) for value in values) and values:
            return Role.FLAG
        if places == {_Place.TRUTH} and all(value in (0, 1) for value in self._own(key)):
            return Role.FLAG
        return Role.WHOLE

    def annotation(self, block: Block | None, name: str) -> str:
        """The type of an argument, or of a symbol."""
        role = self.of(block, name)
        if role != Role.LIST:
            return str(role.value)
        forms: dict[str, None] = {}
        for value in self.values.get(key_of(name, block), []):
            is_list = isinstance(value, (list, tuple))
            forms[f"tuple[{', '.join(['int'] * len(value))}]" if is_list else "int"] = None
        return " | ".join(sorted(forms))

    def _own(self, key: Key) -> list[Any]:
        """The values that a spec itself gives: those that were tried are no argument."""
        return list(self.own.get(key, [])) if key[0] else [self.known.values.get(key[1], 0)]

    # -- places -----------------------------------------------------------------------------------

    def _entries(self, entries: Iterable[Entry], block: Block | None) -> None:
        for entry in entries:
            for name, setting in entry.settings.items():
                if entry.block is None:
                    field = not_null(KINDS[entry.kind].fields[name].type)
                    is_float = isinstance(field, Number)
                    place = _Place.FLOAT if is_float else _Place.SIZE
                    self._setting(
                        setting, _Place.TRUTH if isinstance(field, Flag) else place, block
                    )
            if entry.when is not None:
                self._setting(entry.when, _Place.TRUTH, block)
            names = entry.copy_names.settings if entry.copy_names is not None else []
            for whole in (*names, *([] if entry.repeat is None else [entry.repeat])):
                self._setting(whole, _Place.SIZE, block)
            for branch in entry.branches or ():
                self._entries(branch.entries, block)

    def _setting(self, setting: Setting, place: _Place, block: Block | None) -> None:
        if setting.items() is not None:
            for item in setting.items() or ():
                self._setting(item, place, block)
        elif setting.kind == Setting.EXPRESSION:
            self._expression(setting.content, place, block)

    def _expression(self, tree: Any, place: _Place, block: Block | None) -> None:
        if isinstance(tree, Name):
            self.waiting.append((key_of(tree.name, block), place))
        elif isinstance(tree, Conditional):
            self._expression(tree.test, _Place.TRUTH, block)
            self._expression(tree.then, place, block)
            self._expression(tree.otherwise, place, block)
        elif isinstance(tree, Comparison):
            for part in parts(tree):
                self._expression(part, _Place.COMPARED, block)
        elif (isinstance(tree, Binary) and tree.operator in ("and", "or")) or (
            isinstance(tree, Unary) and tree.operator == "not"
        ):
            for part in parts(tree):
                self._expression(part, _Place.TRUTH, block)
        else:
            within = _Place.FLOAT if place == _Place.FLOAT else _Place.SIZE
            if isinstance(tree, Call) and tree.function in ("ceil", "floor", "round"):
                within = _Place.SIZE if divides(tree) else _Place.ROUNDED
            elif place == _Place.ROUNDED:
                within = place
            for part in parts(tree):
                self._expression(part, within, block)

    def _follow(self) -> None:
        """Note where names end up, and with each the names in what it can stand for."""
        while self.waiting:
            key, place = self.waiting.pop()
            met = self.places.setdefault(key, set())
            if place not in met:
                met.add(place)
                for block, setting in self.known.behind.meanings(key):
                    self._setting(setting, place, block)

    # -- numbers that need not be whole -----------------------------------------------------------

    def _block_values(self, name: str, block: Block) -> None:
        for use in self.known.uses.get(name, []):
            letters = self.known.inside(use).letters
            for argument in block.arguments & letters.keys():
                self._value((name, argument), letters[argument], not self.known.changed[id(use)])
        for argument, default in block.arguments.items():
            if default is not None and default.is_constant:
                self._value((name, argument), default.value({}), True)

    def _value(self, key: Key, value: Any, is_own: bool) -> None:
        """Note a value of an argument, which may be the spec's own."""
        self.values.setdefault(key, []).append(value)
        if is_own:
            self.own.setdefault(key, []).append(value)

    def _rationals(self) -> set[Key]:
        """The names that may stand for numbers that need not be whole.

        Their values tell it, or how they are written; what is given one of them by its name is one.
        """
        found = {
            key
            for key, values in self.values.items()
            if _Place.ROUNDED in self.places.get(key, ())
            or any(isinstance(value, Fraction) for value in values)
        }
        arguments = (
            (name, each) for name, own in self.spec.blocks.items() for each in own.arguments
        )
        given: dict[Key, list[Key]] = {}
        for key in (*(("", name) for name in self.spec.symbols), *arguments):
            for block, setting in self.known.behind.meanings(key):
                if has_point(self.spec, setting):
                    found.add(key)
                if isinstance(setting.expression, Name):
                    given.setdefault(key_of(setting.expression.name, block), []).append(key)
        waiting = [*found]
        while waiting:
            more = {*given.get(waiting.pop(), ())} - found
            found |= more
            waiting += more
        return found
