"""Values in a spec: words, names and expressions, each checked where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Set
from functools import lru_cache
from typing import Any

from shapecalc.language import expression
from shapecalc.language.composing import Node, Pair
from shapecalc.language.expression import Expression, ExpressionError, Name
from shapecalc.language.keys import unknown_dtype
from shapecalc.language.naming import BRACES, CopyNames, is_copy_name
from shapecalc.language.problem import Mark, Problem, Problems, Source, did_you_mean, listing
from shapecalc.language.tree import Reference, Setting, Word
from shapecalc.language.words import TENSOR_NAMES, WIDTHS, has_meaning, is_identifier
from shapecalc.layers.compound import ByName, takes_null
from shapecalc.layers.types import FieldType, Flag

Codes = Callable[[], Collection[str]]
"""Tells which warnings there are."""


class Names(Set[str]):
    """Names that expressions can use: some beside others, which may be many and stay as they are.

    >>> names = Names({"index"}, frozenset({"H", "W"}))
    >>> "index" in names, "H" in names, len(names), sorted(names - {"W"})
    (True, True, 3, ['H', 'index'])
    """

    __slots__ = ("others", "own")

    def __init__(self, own: Set[str], others: Set[str]) -> None:
        self.own = own
        self.others = others

    def __contains__(self, name: object) -> bool:
        return name in self.own or name in self.others

    def __iter__(self) -> Iterator[str]:
        return iter({*self.own, *self.others})

    def __len__(self) -> int:
        return len({*self.own, *self.others})

    @classmethod
    def _from_iterable(cls, names: Iterable[Any]) -> frozenset[Any]:
        return frozenset(names)


class Values:
    """Reads what stands behind a key, and notes what is wrong with it."""

    def __init__(self, source: Source, codes: Codes | None = None) -> None:
        self.source = source
        self.codes = codes
        self.problems = Problems(source)
        self.below: Set[str] = frozenset()  # symbols that are declared where one is read

    def problem(self, mark: Mark, message: str, *notes: str) -> None:
        """Note a problem and go on."""
        self.problems.add(Problem(mark, message, notes))

    def text(self, top: dict[str, Pair], key: str) -> str:
        """The text behind a key, empty if there is none."""
        pair = top.get(key)
        if pair is None or pair.value.value is None:
            return ""
        if isinstance(pair.value.value, (list, dict)):
            self.problem(pair.value.mark, f"{key!r} is text, not {pair.value.noun}")
            return ""
        return str(pair.value.value).strip()

    def known_keys(self, pairs: dict[str, Pair], known: Iterable[str], where: str) -> None:
        """Note the keys that are none of those known."""
        for name, pair in pairs.items():
            if name not in known:
                hint = did_you_mean(name, known) or f"there are {listing(known)}"
                self.problem(pair.key.mark, f"{where} has no key {name!r}", hint)

    def mapping(self, pair: Pair | None, what: str) -> dict[str, Pair]:
        """The pairs of a mapping that may be left out."""
        if pair is None or pair.value.value is None:
            return {}
        if isinstance(pair.value.value, dict):
            return pair.value.value
        hint = ""
        if isinstance(pair.value.value, str) and (given := _GIVEN.match(pair.value.value)):
            hint = f"with a colon: {given[1]}: {given[2]}"
        self.problem(pair.value.mark, f"expected {what}, got {pair.value.noun}", hint)
        return {}

    def width(self, node: Node) -> str:
        """The element type of floats."""
        if node.value in WIDTHS:
            return str(node.value)
        hint = unknown_dtype(str(node.value), WIDTHS)
        self.problem(node.mark, f"unknown dtype {node.noun}", hint)
        return ""

    def flag(self, pairs: dict[str, Pair], key: str) -> bool:
        """Whether something is so: true or false, false if it is left out."""
        pair = pairs.get(key)
        if pair is None:
            return False
        if isinstance(pair.value.value, bool):
            return pair.value.value
        self.problem(pair.value.mark, f"{key!r} is true or false, not {pair.value.noun}")
        return False

    def silence(self, node: Node) -> tuple[str, ...]:
        """Codes of warnings."""
        named = self.references(node)
        known = self.codes() if self.codes is not None else [code for code, _ in named]
        for code, mark in named:
            if code not in known:
                hint = did_you_mean(code, known) or f"there are {listing(known)}"
                self.problem(mark, f"there is no warning {code!r}", hint)
        return tuple([code for code, _ in named])

    def references(self, node: Node) -> list[Reference]:
        """A name or a list of names, whether there are such entries or not."""
        nodes = node.value if isinstance(node.value, list) else [node]
        found = []
        for each in nodes:
            name = entry_name(each)
            if name is not None:
                found.append(Reference(name, each.mark))
            else:
                self.problem(each.mark, f"expected a name, got {each.noun}")
        if not nodes:
            self.problem(node.mark, "expected at least one name")
        return found

    def identifier(self, name: str, mark: Mark, what: str) -> None:
        """Note a name that can be none in expressions and in Python."""
        if not is_identifier(name):
            hint = "letters a to z and A to Z, digits and _, no digit first, and no word of Python"
            self.problem(mark, f"{what} must be an identifier, not {name!r}", hint)

    def copy_names(self, node: Node, text: str, names: Set[str]) -> CopyNames:
        """The names of an entry's copies, with expressions in braces."""
        parts: list[str | Setting] = []
        end = 0
        quoted = self.source.line(node.line)[node.column - 1 : node.column] in ("'", '"')
        for found in BRACES.finditer(text):
            start = node.column + quoted + found.start(1)
            inner = Node(found[1], node.line, start, len(found[1]))
            parts += [text[end : found.start()], self.setting(inner, names)]
            end = found.end()
        parts.append(text[end:])
        made = CopyNames(text, (part for part in parts if part != ""), node.mark)
        like = BRACES.sub("0", text)
        if not is_copy_name(like):
            hint = "as in layer{index + 1}: letters, digits, _ and -, and expressions in braces"
            self.problem(node.mark, f"copies cannot be called {text!r}", hint)
        return made

    def setting(self, node: Node, names: Set[str], type: FieldType[Any] | None = None) -> Setting:
        """A value in which a word is an expression, or one of the words of its field's type."""
        value = node.value
        if isinstance(value, list):
            items = [self.setting(item, names, type) for item in value]
            return Setting(Setting.LIST, items, node.mark)
        if isinstance(value, dict) and isinstance(type, ByName):
            named = {name: self.setting(pair.value, names, type) for name, pair in value.items()}
            return Setting(Setting.MAPPING, named, node.mark)
        if isinstance(value, dict):
            self.problem(node.mark, "expected a number, a word or a list, got a mapping")
            return Setting(Setting.CONSTANT, None, node.mark)
        if not isinstance(value, str) or (type is not None and type.is_word(value)):
            return Setting(Setting.CONSTANT, value, node.mark)
        found = self.expression(node, value)
        for name in expression.names(found.content) if found.expression else ():
            if "(" in name.name and TENSOR_NAMES[0] in names:
                continue  # whether there is such an entry is known when the network is built
            if name.name not in names:
                self._unknown_name(name, found, names, type)
        return found

    def argument(self, node: Node, names: Set[str]) -> Setting:
        """A value given to a block: a word unknown here may be meant as a word."""
        if isinstance(node.value, list):
            items = [self.argument(item, names) for item in node.value]
            return Setting(Setting.LIST, items, node.mark)
        if not isinstance(node.value, str):
            return self.setting(node, names)
        found = self.expression(node, node.value)
        used = expression.names(found.content) if found.expression else ()
        if any(each.name not in names and "(" not in each.name for each in used):
            return Setting(Setting.CONSTANT, Word(node.value, node.mark), node.mark)
        return found

    def expression(
        self, node: Node, text: str, read: Callable[[str], Expression] | None = None
    ) -> Setting:
        """A text read as an expression; one that cannot be read is noted, and is 1."""
        quoted = self.source.line(node.line)[node.column - 1 : node.column] in ("'", '"')
        try:
            return Setting(Setting.EXPRESSION, (read or _expression)(text), node.mark, quoted)
        except ExpressionError as error:
            mark = Mark(node.line, node.column + error.column + quoted)
            self.problem(mark, error.message, error.hint)
            return Setting(Setting.CONSTANT, 1, node.mark)

    def _unknown_name(
        self, name: Name, setting: Setting, names: Set[str], type: FieldType[Any] | None
    ) -> None:
        line, column, _ = setting.mark
        mark = Mark(line, column + setting.offset + name.column, len(name.name))
        hints = _in_field(name.name, type) if type is not None else ()
        hints = hints or _hints(name.name, names | type.words if type is not None else names)
        truth = _TRUTHS.get(name.name.casefold(), name.name.casefold())
        if truth in ("true", "false") and not isinstance(setting.content, Name):
            hints = (f"written {int(truth == 'true')} inside an expression",)
        if name.name in self.below:
            hints = (f"{name.name!r} is declared below it, and is known to those after",)
        self.problem(mark, f"unknown name {name.name!r}", *hints)


def _in_field(name: str, type: FieldType[Any]) -> tuple[str, ...]:
    """What to tell of a word that a field of a kind does not take, though others might."""
    if name == "None" and takes_null(type):
        return ("written null here",)
    if name == "None":
        off = "false switches it off; " * isinstance(type, Flag)
        return (f"{off}{NULL}",)
    if name.casefold() in ("same", "valid") and not type.words:
        return ("a number here: valid is 0, same of an odd kernel kernel_size // 2 at stride 1",)
    return ()


def _hints(name: str, names: Set[str]) -> tuple[str, ...]:
    """What to tell of a name in an expression that stands for nothing."""
    if name == "None":
        return ("nothing is written null here; an input's shape leaves the batch out",)
    if name.casefold() in _TRUTHS:
        return (f"written {_TRUTHS[name.casefold()]} here",)
    if "(" in name:
        return ("sizes of entries are known where layers are",)
    if name.casefold() in ("true", "false"):
        return (f"written {name.casefold()}, without quotes",)
    if name == "input":
        return ("what an entry takes stands beside its kind: from: input",)
    if name in names:
        return (f"written {name}, without spaces around it",)
    if name == "index":
        return ("'index' counts the copies of an entry with 'repeat'",)
    if hint := did_you_mean(name, names):
        return (hint,)
    known = f"known here: {listing(sorted(names))}"
    if has_meaning(name):
        return known, f"{name!r} has a meaning already, and can be no symbol"
    return known, f"a symbol is declared at the top, as in symbols: {{{name}: 10}}"


NULL = "what torch has a default for can be left out"
"""What to tell of nothing in the place of a value."""

_GIVEN = re.compile(r"([A-Za-z_]\w*)\s*=\s*(\S+)")
"""What other languages write for a name and its value."""

_TRUTHS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
"""What YAML 1.1 had for true and false, and 1.2 has no more."""


@lru_cache(maxsize=4096)
def _expression(text: str) -> Expression:
    return expression.parse(text)


def entry_name(node: Node) -> str | None:
    """The name that a node gives to an entry: a word, or a number as in torch's Sequential."""
    if isinstance(node.value, str):
        return node.value
    return str(node.value) if type(node.value) is int and node.value >= 0 else None
