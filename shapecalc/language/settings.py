"""The settings of an entry: fields of its kind, or arguments of the block that it uses."""

from __future__ import annotations

from collections.abc import Collection, Set

from shapecalc.language.composing import Node, Pair
from shapecalc.language.problem import Mark, did_you_mean, listing, nearest
from shapecalc.language.text import shown
from shapecalc.language.tree import Entry, Setting
from shapecalc.language.values import NULL, Values
from shapecalc.language.words import MODIFIERS
from shapecalc.layers import KINDS
from shapecalc.layers.compound import not_null


class Settings:
    """Reads what is given to entries, and tells what is unknown, missing or not taken."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self._required: dict[str, list[str]] = {}

    def given(
        self, entry: Entry, value: Node | None, names: Collection[str], joins: bool = False
    ) -> tuple[dict[str, Pair], set[str]]:
        """The settings of an entry by name, and names that were meant but are misspelt.

        A value without a name is the first field's; a list of them a block's arguments in order.
        """
        if value is None or value.value is None:
            return {}, set()
        if not isinstance(value.value, dict):
            if not names:
                message = f"{entry.kind} takes no value, but is given {value.noun}"
                self.values.problem(value.mark, message)
                return {}, set()
            if entry.block is not None and isinstance(value.value, list) and len(names) > 1:
                return self._by_position(entry, value.value, list(names)), set()
            first = next(iter(names))
            if entry.block is None and self._is_positional(entry, value, first):
                return {}, set(names)
            return {first: Pair(value, value)}, set()
        known = [*names, "branches"] if joins else names
        given = {name: pair for name, pair in value.value.items() if name in known}
        if len(given) == len(value.value):
            return given, set()
        return given, self._unknown_settings(entry, value.value, known)

    def _unknown_settings(
        self, entry: Entry, pairs: dict[str, Pair], known: Collection[str]
    ) -> set[str]:
        """Tell of settings that there are none of; the names that were meant."""
        meant: set[str] = set()
        is_cut = any(_is_open(pair.value.value) for pair in pairs.values())
        for name, pair in pairs.items():
            if name in known or (is_cut and pair.value.value is None):
                continue
            if name not in MODIFIERS:
                called = _elsewhere(entry, name, known)[0]
                meant.update([called] if called else nearest(name, known) or known)
            self._unknown_setting(entry, name, pair.key.mark, known)
        return meant

    def _is_positional(self, entry: Entry, value: Node, first: str) -> bool:
        """Whether a kind is given several values as to torch, which is told."""
        text = str(value.value)
        if not (isinstance(value.value, list) or "," in text or "=" in text):
            return False
        from shapecalc.language.fields import by_keyword, by_name, is_several  # where one is wrong

        kind = KINDS[entry.kind]
        if isinstance(value.value, str) and (written := by_keyword(kind, text)):
            message = f"fields are written as a mapping, not {value.noun}"
            self.values.problem(value.mark, message, f"written here: {written}")
            return True
        if not is_several(not_null(kind.fields[first].type), value.value):
            return False
        nodes = (
            value.value
            if isinstance(value.value, list)
            else str(value.value).strip("()").split(",")
        )
        values = [str(getattr(each, "value", each)).strip() for each in nodes]
        message = f"{entry.kind} takes fields by name, but is given {value.noun}"
        hints = by_name(kind, values)
        if kind.arity[1] != 1 and all(each.isidentifier() for each in values):
            given = ", ".join(values)
            hints = (f"what it takes stands beside it: {{{entry.kind}: , from: [{given}]}}",)
        self.values.problem(value.mark, message, *hints)
        return True

    def _by_position(self, entry: Entry, items: list[Node], names: list[str]) -> dict[str, Pair]:
        """The arguments of a block given as a list, in the order in which it declares them."""
        if len(items) > len(names):
            takes = f"{entry.kind} takes {len(names)} arguments but is given {len(items)}"
            hint = f"by name: {{{', '.join(f'{name}: ...' for name in names)}}}"
            self.values.problem(
                items[len(names)].mark, takes, f"in this order: {listing(names)}", hint
            )
        return {name: Pair(item, item) for name, item in zip(names, items)}

    def _unknown_setting(self, entry: Entry, name: str, mark: Mark, known: Collection[str]) -> None:
        what = "argument" if entry.block else "field"
        hint = did_you_mean(name, known)
        if name in MODIFIERS:
            hint = f"{name!r} stands beside {entry.kind}, not inside its settings"
        else:
            hint = _elsewhere(entry, name, known)[1] or hint
        if name.isdigit():
            hint = f"braces hold names and values; a value alone: {entry.kind}: {name}"
        if not hint:
            hint = f"it has {listing(known, 20)}" if known else f"it has no {what}s"
        message = f"{entry.kind} has no {what} {name!r}"
        self.values.problem(mark, message, _space_hint(name) or hint)

    def of_kind(
        self, entry: Entry, given: dict[str, Pair], meant: set[str], names: Set[str]
    ) -> None:
        """Read the fields of an entry's kind into the entry."""
        kind = KINDS[entry.kind]
        fields = kind.fields
        for name, pair in given.items():
            before = len(self.values.problems.found)
            setting = self.values.setting(pair.value, names, fields[name].type)
            if setting.is_constant and len(self.values.problems.found) == before:
                self._constant(entry.kind, name, setting)
            entry.settings[name] = setting
        missing = [name for name in kind.required if name not in given and name not in meant]
        if missing:
            needed = "; ".join(f"{name}: {fields[name].doc}" for name in missing)
            sketch = ", ".join(f"{name}: ..." for name in kind.required)
            hint = f"as in {entry.kind}: {{{sketch}}}" if len(kind.required) > 1 else ""
            self.values.problem(entry.mark, f"{entry.kind} needs {needed}", hint, kind.near)

    def _constant(self, kind: str, name: str, setting: Setting) -> None:
        """Tell at once of a value that its field does not take, whatever becomes of the entry."""
        error = KINDS[kind].misread(name, setting.value({}))
        if error is not None:
            message = f"{kind}: {name} expects {error.expected}, got {shown(error.received)}"
            is_null = error.received is None and not error.hint
            hint = NULL if is_null else error.hint
            self.values.problem(setting.item_mark(error.index), message, hint)

    def of_block(
        self, entry: Entry, given: dict[str, Pair], meant: set[str], names: Set[str]
    ) -> None:
        """Read the arguments of an entry's block into the entry."""
        assert entry.block is not None
        for name, pair in given.items():
            entry.settings[name] = self.values.argument(pair.value, names)
        required = self._required.get(entry.kind)
        if required is None:  # looked for once, since there may be many arguments, and many uses
            arguments = entry.block.arguments.items()
            required = [name for name, default in arguments if default is None]
            self._required[entry.kind] = required
        missing = [name for name in required if name not in given and name not in meant]
        if missing:
            hint = f"block {entry.kind!r} is defined in line {entry.block.mark.line}"
            needed = " and ".join(filter(None, (", ".join(missing[:-1]), missing[-1])))
            self.values.problem(entry.mark, f"{entry.kind} needs {needed}", hint)


def _elsewhere(entry: Entry, name: str, known: Collection[str]) -> tuple[str, str]:
    """Which field of a kind another framework calls so, and a hint; a block has none of those."""
    if entry.block is not None:
        return "", ""
    from shapecalc.language.fields import elsewhere  # only where something is wrong

    return elsewhere(name, known)


def _is_open(value: object) -> bool:
    """Whether it is the first part of an expression that a comma cuts in two."""
    return isinstance(value, str) and value.count("(") > value.count(")")


def _space_hint(name: str) -> str:
    """A hint where what was meant as a key and its value is read as one word."""
    if "=" in name:
        field, _, value = name.partition("=")
        return f"written {field.strip()}: {value.strip()}"
    return "a ':' needs a space behind it" if ":" in name else ""
