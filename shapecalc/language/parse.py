"""Nodes into the tree: the spec language's rules, and an error for every breach of them."""

from __future__ import annotations

import keyword
import re
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Set
from functools import lru_cache
from typing import Any

from shapecalc.language import expression
from shapecalc.language.expression import RESERVED, Expression, ExpressionError, Name
from shapecalc.language.problem import (
    Mark,
    Problem,
    Problems,
    Source,
    SpecError,
    did_you_mean,
    listing,
    nearest,
)
from shapecalc.language.required import Required
from shapecalc.language.text import Node, Pair, compose
from shapecalc.language.tree import Block, Branch, Entry, Input, Reference, Setting, Spec, Word
from shapecalc.layers import KINDS, Layer
from shapecalc.layers.field import ByName, FieldType

BATCH = "B"
"""The symbol that is always there: the batch size."""

TENSOR_NAMES = ("in_channels", "in_height", "in_width", "in_features")
"""Names in expressions for sizes of the incoming tensor."""

MODIFIERS = ("name", "from", "repeat", "when", "share", "dtype", "silence")
"""What may stand beside an entry's kind."""

DTYPES = ("float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool")
"""The element types an input may have."""

WIDTHS = ("float32", "float64", "float16", "bfloat16", "int8")
"""The element types that the floats of a network, or of a layer in it, may have."""

_TOP = (
    "name",
    "about",
    "dtype",
    "symbols",
    "members",
    "input",
    "inputs",
    "blocks",
    "layers",
    "outputs",
    "require",
    "silence",
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


_CONSTANTS = frozenset(("true", "false", "null", "none", "nan", "inf", "yes", "no", "on", "off"))


def has_meaning(name: str) -> bool:
    """Whether a word stands for something already, so that no symbol can have it as its name.

    >>> has_meaning("index"), has_meaning("True"), has_meaning("width")
    (True, True, False)
    """
    own = name in RESERVED or name in TENSOR_NAMES or name == "index"
    return own or keyword.iskeyword(name) or name.casefold() in _CONSTANTS


def parse(source: Source) -> Spec:
    """Read a spec; raises :class:`SpecError` with everything that is wrong with it."""
    reader = _Reader(source)
    spec = reader.spec(compose(source))
    if reader.problems.found:
        raise SpecError(source, reader.problems.found)
    return spec


class _Scope:
    """What is known where an entry stands: entries to refer to, names for expressions."""

    def __init__(
        self,
        entries: ChainMap[str, str],
        names: frozenset[str],
        block: str | None = None,
        given: ChainMap[str, Node] | None = None,
    ) -> None:
        self.entries = entries  # name -> kind, this list's first, then the enclosing lists'
        self.names = names
        self.block = block
        self.given = ChainMap() if given is None else given  # all given names, those ahead too

    def inner(self) -> _Scope:
        """The scope of a list inside an entry of this one."""
        return _Scope(self.entries.new_child(), self.names, self.block, self.given.new_child())

    def repeated(self) -> _Scope:
        """The same scope with the copy's number."""
        return _Scope(self.entries, self.names | {"index"}, self.block, self.given)


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems = Problems(source)
        self.blocks: dict[str, Block] = {}

    def problem(self, mark: Mark, message: str, *notes: str) -> None:
        """Note a problem and go on."""
        self.problems.add(Problem(mark, message, notes))

    # -- the top level ----------------------------------------------------------------------

    def spec(self, root: Node) -> Spec:
        spec = Spec(self.source)
        if not isinstance(root.value, dict):
            hint = "a spec is a mapping with at least 'input' and 'layers'"
            self.problem(root.mark, f"expected a mapping, got {root.noun}", hint)
            return spec
        top = root.value
        self.known_keys(top, _TOP, "a spec")
        spec.name = self.text(top, "name")
        spec.about = self.text(top, "about")
        spec.dtype = self.width(top["dtype"].value) if "dtype" in top else ""
        spec.symbols = self.symbols(top.get("symbols"))
        spec.members = self.members(top.get("members"), spec)
        names = frozenset({*spec.symbols, BATCH})
        spec.inputs = self.inputs(root, top, names)
        bodies = self.block_names(top.get("blocks"), spec)
        names |= frozenset(TENSOR_NAMES)
        for block, body, outputs in bodies:
            known = names | block.arguments.keys()
            inside = _Scope(ChainMap({"input": "input"}), known, block.name)
            block.entries = self.entries(body, inside.inner())
            block.outputs = self.named_outputs(outputs, block.entries)
        self.recursion(spec.blocks)
        scope = _Scope(ChainMap(dict.fromkeys(spec.inputs, "input")), names)
        if "layers" in top:
            spec.entries = self.entries(top["layers"].value, scope.inner())
            if top["layers"].value.value in (None, []):
                self.problem(top["layers"].key.mark, "a network needs at least one layer")
        else:
            self.problem(root.mark, "a spec needs 'layers': the list of the network's layers")
        spec.outputs = self.outputs(top.get("outputs"), spec)
        if "require" in top:
            spec.require = self.required(top["require"].value)
        if "silence" in top:
            spec.silence = self.silence(top["silence"].value)
        return spec

    def text(self, top: dict[str, Pair], key: str) -> str:
        pair = top.get(key)
        if pair is None or pair.value.value is None:
            return ""
        if isinstance(pair.value.value, (list, dict)):
            self.problem(pair.value.mark, f"{key!r} is text, not {pair.value.noun}")
            return ""
        return str(pair.value.value).strip()

    def known_keys(self, pairs: dict[str, Pair], known: Iterable[str], where: str) -> None:
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
        self.problem(pair.value.mark, f"expected {what}, got {pair.value.noun}")
        return {}

    def symbols(self, pair: Pair | None) -> dict[str, Setting]:
        found: dict[str, Setting] = {}
        known = {BATCH}
        for name, each in self.mapping(pair, "a mapping of symbols to their values").items():
            self.identifier(name, each.key.mark, "a symbol's name")
            if name in RESERVED | {"index"} or name in TENSOR_NAMES:
                self.problem(each.key.mark, f"{name!r} has a meaning in expressions already")
            value = each.value
            if isinstance(value.value, (list, dict, bool, float)):
                message = f"symbol {name!r}: expected a number or null, got {value.noun}"
                self.problem(value.mark, message)
                continue
            found[name] = self.setting(value, known)
            known.add(name)
        return found

    def members(self, pair: Pair | None, spec: Spec) -> dict[str, dict[str, Setting]]:
        """The members of a family: names, and what each sets the symbols to."""
        found = {}
        for name, each in self.mapping(pair, "a mapping of names to values of symbols").items():
            own = self.mapping(each, "a mapping of symbols to their values")
            self.known_keys(own, spec.symbols, f"member {name!r}")
            known = {BATCH, *spec.symbols}
            found[name] = {
                symbol: self.setting(value.value, known)
                for symbol, value in own.items()
                if symbol in spec.symbols
            }
        return found

    def inputs(self, root: Node, top: dict[str, Pair], names: frozenset[str]) -> dict[str, Input]:
        if "input" in top and "inputs" in top:
            self.problem(top["inputs"].key.mark, "both 'input' and 'inputs' are given")
        elif "input" not in top and "inputs" not in top:
            hint = "for a colour image: input: [3, 224, 224]"
            self.problem(root.mark, "a spec needs 'input': the shape of one sample", hint)
        if "input" in top:
            return {"input": self.one_input("input", top["input"], names)}
        if "inputs" in top and isinstance(top["inputs"].value.value, list):
            return self.inputs_as_a_list(top["inputs"], top["inputs"].value.value, names)
        pairs = self.mapping(top.get("inputs"), "a mapping of names to shapes")
        for name, pair in pairs.items():
            self.identifier(name, pair.key.mark, "an input's name")
        if "inputs" in top and not pairs:
            self.problem(top["inputs"].value.mark, "a network needs at least one input")
        return {name: self.one_input(name, pair, names) for name, pair in pairs.items()}

    def inputs_as_a_list(
        self, pair: Pair, items: list[Node], names: frozenset[str]
    ) -> dict[str, Input]:
        """Tell of a list where names are wanted; a list of sizes is read as the one input."""
        hint = "for several: inputs: {image: [3, 32, 32], tokens: {shape: [16], dtype: int64}}"
        if any(isinstance(item.value, (list, dict)) for item in items):
            message = "'inputs' have names: expected a mapping, got a list"
            self.problem(pair.value.mark, message, hint)
            return {}
        sizes = ", ".join(str(item.value) for item in items[:8]) or "3, 32, 32"
        message = "'inputs' is for several with names; one is given with 'input'"
        self.problem(pair.key.mark, message, f"write 'input: [{sizes}]'", hint)
        return {"input": self.one_input("input", pair, names)}

    def one_input(self, name: str, pair: Pair, names: frozenset[str]) -> Input:
        node, dtype = pair.value, "float32"
        if isinstance(node.value, dict):
            self.known_keys(node.value, ("shape", "dtype"), "an input")
            given = node.value.get("dtype")
            if given is not None:
                if given.value.value in DTYPES:
                    dtype = str(given.value.value)
                else:
                    message = f"unknown dtype {given.value.noun}"
                    hint = did_you_mean(str(given.value.value), DTYPES)
                    hint = hint or f"there are {listing(DTYPES)}"
                    self.problem(given.value.mark, message, hint)
            if "shape" not in node.value:
                self.problem(node.mark, f"input {name!r} needs a shape")
                return Input(name, [], dtype, node.mark)
            node = node.value["shape"].value
        if not isinstance(node.value, list):
            message = f"expected the list of sizes of one sample, got {node.noun}"
            sizes = re.findall("[0-9]+", str(node.value))
            example = ", ".join(sizes if len(sizes) > 1 else ["3", "224", "224"])
            self.problem(node.mark, message, f"the batch is left out: [{example}]")
            return Input(name, [], dtype, node.mark)
        return Input(name, [self.setting(item, names) for item in node.value], dtype, node.mark)

    def width(self, node: Node) -> str:
        """The element type of floats."""
        if node.value in WIDTHS:
            return str(node.value)
        hint = did_you_mean(str(node.value), WIDTHS) or f"there are {listing(WIDTHS)}"
        self.problem(node.mark, f"unknown dtype {node.noun}", hint)
        return ""

    def required(self, node: Node) -> list[Required]:
        """Conditions on the whole; what they name is known when the network is."""
        found = []
        for each in node.value if isinstance(node.value, list) else [node]:
            if not isinstance(each.value, str):
                what = f"expected a condition such as 'params <= 5e6', got {each.noun}"
                self.problem(each.mark, what)
                continue
            setting = self.expression(each, each.value, expression.parse_condition)
            if setting.expression:
                mark = Mark(each.line, each.column, len(each.value) + 2 * setting.offset)
                found.append(Required(each.value, setting.expression, mark))
        return found

    def outputs(self, pair: Pair | None, spec: Spec) -> list[Reference]:
        if pair is None or pair.value.value is None:
            return []
        return self.of_layers(self.references(pair.value), spec.entries)

    def of_layers(self, found: list[Reference], entries: list[Entry]) -> list[Reference]:
        """References that have to be to entries of a list."""
        known = dict.fromkeys(self.names_of(entries))
        for name, mark in found:
            if name.partition(".")[0] not in known:
                hint = did_you_mean(name, known)
                self.problem(mark, f"no entry of 'layers' is named {name!r}", hint)
        return found

    def named_outputs(self, pair: Pair | None, entries: list[Entry]) -> dict[str, Reference]:
        """What a block puts out: entries under their own names, or names and entries."""
        if pair is None or pair.value.value is None:
            return {}
        if not isinstance(pair.value.value, dict):
            listed = self.of_layers(self.references(pair.value), entries)
            return {each.name.rpartition(".")[2]: each for each in listed}
        found: dict[str, Reference] = {}
        for name, each in pair.value.value.items():
            self.identifier(name, each.key.mark, "an output's name")
            for reference in self.of_layers(self.references(each.value)[:1], entries):
                found[name] = reference
        return found

    def names_of(self, entries: list[Entry]) -> list[str]:
        """The names in a list: its entries', and those of named branches."""
        found = []
        for entry in entries:
            if entry.repeat is None:
                found += [branch.name for branch in entry.branches or () if branch.name]
            found.append(entry.name)
        return found

    # -- blocks -----------------------------------------------------------------------------

    def block_names(self, pair: Pair | None, spec: Spec) -> list[tuple[Block, Node, Pair | None]]:
        """Make the blocks, without their layers, which may use any of them."""
        bodies = []
        for name, each in self.mapping(pair, "a mapping of names to blocks").items():
            self.identifier(name, each.key.mark, "a block's name")
            if name in KINDS:
                hint = "choose another name for the block"
                self.problem(each.key.mark, f"block {name!r} has the name of a kind", hint)
            if not isinstance(each.value.value, dict):
                message = f"expected a block with 'args' and 'layers', got {each.value.noun}"
                self.problem(each.value.mark, message)
                self.blocks[name] = Block(name, each.key.mark)
                continue
            body = each.value.value
            self.known_keys(body, ("args", "layers", "outputs", "about"), "a block")
            block = self.blocks[name] = spec.blocks[name] = Block(name, each.key.mark)
            block.about = self.text(body, "about")
            self.arguments(body.get("args"), block, frozenset({*spec.symbols, BATCH}))
            if "layers" in body:
                bodies.append((block, body["layers"].value, body.get("outputs")))
            else:
                self.problem(each.key.mark, f"block {name!r} needs 'layers'")
        return bodies

    def arguments(self, pair: Pair | None, block: Block, names: frozenset[str]) -> None:
        pairs = self.mapping(pair, "a mapping of arguments to their defaults")
        names |= frozenset({*pairs, *TENSOR_NAMES})
        for name, each in pairs.items():
            self.identifier(name, each.key.mark, "an argument's name")
            if name in RESERVED:
                self.problem(each.key.mark, f"{name!r} has a meaning in expressions already")
            required = each.value.value is None
            block.arguments[name] = None if required else self.argument(each.value, names)

    def recursion(self, blocks: dict[str, Block]) -> None:
        """A block that uses itself, directly or through others, has no end."""
        done: set[str] = set()
        for start in blocks:
            path = {start: None}  # in order, and quick to look up
            stack = [_uses(blocks[start].entries)]
            while stack and start not in done:
                entry = next(stack[-1], None)
                if entry is None:
                    done.add(path.popitem()[0])
                    stack.pop()
                elif entry.kind in path:
                    ring = " -> ".join([*list(path)[list(path).index(entry.kind) :], entry.kind])
                    self.problem(entry.mark, f"block {entry.kind!r} uses itself: {ring}")
                elif entry.kind in blocks and entry.kind not in done:
                    path[entry.kind] = None
                    stack.append(_uses(blocks[entry.kind].entries))

    # -- entries ----------------------------------------------------------------------------

    def entries(self, node: Node, scope: _Scope) -> list[Entry]:
        if not isinstance(node.value, list):
            if node.value is not None:
                message = f"expected a list of layers, got {node.noun}"
                self.problem(node.mark, message, "each entry begins with '- '")
            return []
        found: list[Entry] = []
        counts: dict[str, int] = {}
        given = self.given_names(node.value)
        scope.given.update(given)
        taken = {*given, *scope.entries.maps[-1]}  # and the inputs
        for item in node.value:
            entry = self.entry(item, scope)
            if entry is None:
                continue
            if not entry.name:
                entry.name = _automatic_name(entry.kind, counts, taken)
            if entry.repeat is None:
                for branch in entry.branches or ():
                    if branch.name is not None:
                        scope.entries[branch.name] = "branch"
            scope.entries[entry.name] = entry.kind
            found.append(entry)
        return found

    def given_names(self, nodes: list[Node]) -> dict[str, Node]:
        """The names given in a list, which automatic ones make way for; each may stand once."""
        taken: dict[str, Node] = {}
        for node in nodes:
            if not isinstance(node.value, dict):
                continue
            given = [node.value["name"].value] if "name" in node.value else []
            if "repeat" not in node.value:
                given += _branch_names(node.value)
            for each in given:
                name = _entry_name(each)
                if name is None:
                    continue
                if name in taken:
                    message = f"the name {name!r} stands twice in this list"
                    self.problem(each.mark, message, f"first in line {taken[name].line}")
                taken.setdefault(name, each)
        return taken

    def entry(self, node: Node, scope: _Scope) -> Entry | None:
        """An entry; a wrong one too, so that what names it is not wrong for that."""
        if isinstance(node.value, str):
            return self.with_kind(node.value, node, None, scope)
        if not isinstance(node.value, dict):
            message = f"expected a layer, got {node.noun}"
            self.problem(node.mark, message, "such as ReLU, or Linear: 10")
            return None
        pairs = node.value
        kinds = [name for name in pairs if name not in MODIFIERS]
        if "repeat" in pairs:
            scope = scope.repeated()
        if len(kinds) == 1:
            pair = pairs[kinds[0]]
            entry = self.with_kind(kinds[0], pair.key, pair.value, scope)
        else:
            self.one_kind(node, pairs, kinds)
            entry = Entry(kinds[0] if kinds else "entry", node.mark)
        self.modifiers(entry, pairs, scope)
        return entry

    def one_kind(self, node: Node, pairs: dict[str, Pair], kinds: list[str]) -> None:
        if not kinds:
            self.problem(node.mark, "this entry has no kind", "such as ReLU, or Linear: 10")
            return
        first, second = kinds[:2]
        fields = KINDS[first].fields if first in KINDS else {}
        close = did_you_mean(second, MODIFIERS)
        hint = f"{second!r} is a field of {first}: indent it below, or use {first}: {{...}}"
        if second not in fields:
            hint = close or "each kind is an entry of its own, behind its own dash"
        self.problem(pairs[second].key.mark, f"{second!r} beside {first!r} in one entry", hint)

    def with_kind(self, kind: str, key: Node, value: Node | None, scope: _Scope) -> Entry:
        entry = Entry(kind, key.mark)
        if kind in self.blocks:
            entry.block = self.blocks[kind]
            given, meant = self.given(entry, value, list(entry.block.arguments))
            self.block_settings(entry, given, meant, scope)
        elif (declared := KINDS.get(kind)) is not None:
            given, meant = self.given(entry, value, list(declared.fields), declared.joins)
            if "branches" in given:
                entry.branches = self.branches(given.pop("branches").value, scope)
            self.kind_settings(entry, given, meant, scope)
        else:
            entry.kind = self.unknown_kind(kind, key.mark)
        return entry

    def unknown_kind(self, kind: str, mark: Mark) -> str:
        """Tell of a kind that there is none of; the one that was probably meant."""
        from shapecalc.language.unknown import unknown_kind  # only where something is wrong

        found, hints = unknown_kind(kind, [*self.blocks, *KINDS])
        self.problem(mark, f"unknown kind {kind!r}", *hints)
        return found or kind

    def given(
        self, entry: Entry, value: Node | None, names: list[str], joins: bool = False
    ) -> tuple[dict[str, Pair], set[str]]:
        """The settings of an entry by name, and names that were meant but are misspelt.

        A value without a name is the first field's; a list of them a block's arguments in order.
        """
        if value is None or value.value is None:
            return {}, set()
        if not isinstance(value.value, dict):
            if not names:
                message = f"{entry.kind} takes no value, but is given {value.noun}"
                self.problem(value.mark, message)
                return {}, set()
            if entry.block is not None and isinstance(value.value, list) and len(names) > 1:
                return self.by_position(entry, value.value, names), set()
            return {names[0]: Pair(value, value)}, set()
        known = [*names, "branches"] if joins else names
        meant: set[str] = set()
        is_cut = any(_is_open(pair.value.value) for pair in value.value.values())
        for name, pair in value.value.items():
            if name in known or (is_cut and pair.value.value is None):
                continue
            if name not in MODIFIERS:
                meant.update(nearest(name, known) or known)
            self.unknown_setting(entry, name, pair.key.mark, known)
        return {name: pair for name, pair in value.value.items() if name in known}, meant

    def by_position(self, entry: Entry, items: list[Node], names: list[str]) -> dict[str, Pair]:
        """The arguments of a block given as a list, in the order in which it declares them."""
        if len(items) > len(names):
            takes = f"{entry.kind} takes {len(names)} arguments but is given {len(items)}"
            hint = f"by name: {{{', '.join(f'{name}: ...' for name in names)}}}"
            self.problem(items[len(names)].mark, takes, f"in this order: {listing(names)}", hint)
        return {name: Pair(item, item) for name, item in zip(names, items)}

    def unknown_setting(self, entry: Entry, name: str, mark: Mark, known: list[str]) -> None:
        what = "argument" if entry.block else "field"
        hint = did_you_mean(name, known)
        if name in MODIFIERS:
            hint = f"{name!r} stands beside {entry.kind}, not inside its settings"
        elif not hint:
            hint = f"it has {listing(known, 20)}" if known else f"it has no {what}s"
        message = f"{entry.kind} has no {what} {name!r}"
        self.problem(mark, message, _space_hint(name) or hint)

    def kind_settings(
        self, entry: Entry, given: dict[str, Pair], meant: set[str], scope: _Scope
    ) -> None:
        fields = KINDS[entry.kind].fields
        for name, pair in given.items():
            entry.settings[name] = self.setting(pair.value, scope.names, fields[name].type)
        required = [name for name, field in fields.items() if field.is_required]
        missing = [name for name in required if name not in given and name not in meant]
        if missing:
            needed = "; ".join(f"{name}: {fields[name].doc}" for name in missing)
            sketch = ", ".join(f"{name}: ..." for name in required)
            hint = f"as in {entry.kind}: {{{sketch}}}" if len(required) > 1 else ""
            near = KINDS[entry.kind].near
            self.problem(entry.mark, f"{entry.kind} needs {needed}", hint, near)

    def block_settings(
        self, entry: Entry, given: dict[str, Pair], meant: set[str], scope: _Scope
    ) -> None:
        assert entry.block is not None
        for name, pair in given.items():
            entry.settings[name] = self.argument(pair.value, scope.names)
        arguments = entry.block.arguments.items()
        required = [name for name, default in arguments if default is None]
        missing = [name for name in required if name not in given and name not in meant]
        if missing:
            hint = f"block {entry.kind!r} is defined in line {entry.block.mark.line}"
            needed = " and ".join(filter(None, (", ".join(missing[:-1]), missing[-1])))
            self.problem(entry.mark, f"{entry.kind} needs {needed}", hint)

    def branches(self, node: Node, scope: _Scope) -> list[Branch]:
        if isinstance(node.value, dict):
            for name, pair in node.value.items():
                self.identifier(name, pair.key.mark, "a branch's name")
            return [
                Branch(name, self.entries(pair.value, scope.inner()), pair.key.mark)
                for name, pair in node.value.items()
            ]
        if isinstance(node.value, list):
            return [
                Branch(None, self.entries(item, scope.inner()), item.mark) for item in node.value
            ]
        self.problem(node.mark, f"expected branches, a list of layers each, got {node.noun}")
        return []

    def modifiers(self, entry: Entry, pairs: dict[str, Pair], scope: _Scope) -> None:
        if "name" in pairs:
            node = pairs["name"].value
            name = _entry_name(node)
            if name is not None:
                if not name.isdigit():
                    self.identifier(name, node.mark, "a name")
                entry.name = name
                if entry.name in scope.entries.maps[-1]:
                    self.problem(node.mark, f"{entry.name!r} is the name of an input")
            else:
                message = f"a name is a word, or a number as in a Sequential, not {node.noun}"
                self.problem(node.mark, message)
        if "from" in pairs:
            entry.sources = self.references(pairs["from"].value)
            if entry.branches is not None and len(entry.sources) > 1:
                mark = pairs["from"].value.mark
                self.problem(mark, "a join with branches is fed from one place")
            for name, mark in entry.sources:  # behind a dot stands an output, or a copy
                self.known_entry(name.partition(".")[0], mark, scope, "feeds from")
        if "share" in pairs:
            for name, mark in self.references(pairs["share"].value)[:1]:
                entry.share = Reference(name, mark)
                self.shared_kind(entry, scope)
        if "repeat" in pairs:
            entry.repeat = self.setting(pairs["repeat"].value, scope.names - {"index"})
        if "when" in pairs:
            entry.when = self.setting(pairs["when"].value, scope.names)
        if "dtype" in pairs:
            entry.dtype = self.width(pairs["dtype"].value)
        if "silence" in pairs:
            entry.silence = self.silence(pairs["silence"].value)

    def silence(self, node: Node) -> tuple[str, ...]:
        """Codes of warnings; which there are is read from the warnings, only when one is named."""
        from shapecalc.lint import CHECKS

        codes = self.references(node)
        for code, mark in codes:
            if code not in CHECKS:
                hint = did_you_mean(code, CHECKS) or f"there are {listing(CHECKS)}"
                self.problem(mark, f"there is no warning {code!r}", hint)
        return tuple([code for code, _ in codes])

    def known_entry(self, name: str, mark: Mark, scope: _Scope, does: str) -> bool:
        if name in scope.entries:
            return True
        hint = did_you_mean(name, scope.entries)
        where = f"block {scope.block!r} before it" if scope.block else "the network before it"
        if name in scope.given:
            line = scope.given[name].line
            hint = f"{name!r} stands in line {line}; only what stands before can be named"
        elif not hint:
            hint = f"known here: {listing(dict.fromkeys(scope.entries))}"
        self.problem(mark, f"{does} {name!r}, but no entry of {where} has that name", hint)
        return False

    def shared_kind(self, entry: Entry, scope: _Scope) -> None:
        assert entry.share is not None
        name, mark = entry.share
        if self.known_entry(name, mark, scope, "shares the weights of"):
            kind = scope.entries[name]
            if kind != entry.kind and not (_has_weights(kind) and _has_weights(entry.kind)):
                message = f"a {entry.kind} cannot share the weights of {name!r}, a {kind}"
                self.problem(mark, message)

    def references(self, node: Node) -> list[Reference]:
        nodes = node.value if isinstance(node.value, list) else [node]
        found = []
        for each in nodes:
            name = _entry_name(each)
            if name is not None:
                found.append(Reference(name, each.mark))
            else:
                self.problem(each.mark, f"expected a name, got {each.noun}")
        if not nodes:
            self.problem(node.mark, "expected at least one name")
        return found

    def identifier(self, name: str, mark: Mark, what: str) -> None:
        if not _NAME.fullmatch(name) or keyword.iskeyword(name):
            hint = "letters, digits and _, not beginning with a digit, and no word of Python"
            self.problem(mark, f"{what} must be an identifier, not {name!r}", hint)

    # -- values -----------------------------------------------------------------------------

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
                self.unknown_name(name, found, names | type.words if type else names)
        return found

    def argument(self, node: Node, names: frozenset[str]) -> Setting:
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
        quoted = self.source.line(node.line)[node.column - 1 : node.column] in ("'", '"')
        try:
            return Setting(Setting.EXPRESSION, (read or _expression)(text), node.mark, quoted)
        except ExpressionError as error:
            mark = Mark(node.line, node.column + error.column + quoted)
            self.problem(mark, error.message, error.hint)
            return Setting(Setting.CONSTANT, 1, node.mark)

    def unknown_name(self, name: Name, setting: Setting, names: Set[str]) -> None:
        line, column, _ = setting.mark
        mark = Mark(line, column + setting.offset + name.column, len(name.name))
        hint = did_you_mean(name.name, names) or f"known here: {listing(sorted(names))}"
        if "(" in name.name:
            hint = "sizes of entries are known where layers are"
        if name.name == "index":
            hint = "'index' counts the copies of an entry with 'repeat'"
        self.problem(mark, f"unknown name {name.name!r}", hint)


@lru_cache(maxsize=4096)
def _expression(text: str) -> Expression:
    return expression.parse(text)


def name_stem(kind: str) -> str:
    """What an unnamed entry of a kind is called, without its number.

    A kind that has a number itself keeps it apart: ``relu6_1``.

    >>> name_stem("Conv2d"), name_stem("ReLU6")
    ('conv', 'relu6_')
    """
    stem = re.sub(r"[1-3]d$", "", kind).lower()
    return f"{stem}_" if stem[-1:].isdigit() else stem


def _entry_name(node: Node) -> str | None:
    """The name that a node gives to an entry: a word, or a number as in torch's Sequential."""
    if isinstance(node.value, str):
        return node.value
    return str(node.value) if type(node.value) is int and node.value >= 0 else None


def _automatic_name(kind: str, counts: dict[str, int], taken: Iterable[str]) -> str:
    """The kind in lower case without its rank, and the next number: ``conv1``, ``conv2``."""
    stem = name_stem(kind)
    while True:
        counts[stem] = counts.get(stem, 0) + 1
        name = f"{stem}{counts[stem]}"
        if name not in taken:
            return name


def _has_weights(kind: str) -> bool:
    """Whether it is a kind, and no block or branch, that declares weights."""
    declared = KINDS.get(kind)
    return declared is not None and declared.weights is not Layer.weights


def _is_open(value: object) -> bool:
    """Whether it is the first part of an expression that a comma cuts in two."""
    return isinstance(value, str) and value.count("(") > value.count(")")


def _space_hint(name: str) -> str:
    """A hint where what was meant as a key and its value is read as one word."""
    return "a ':' needs a space behind it" if ":" in name else ""


def _branch_names(pairs: dict[str, Pair]) -> list[Node]:
    for name, pair in pairs.items():
        if name not in MODIFIERS and isinstance(pair.value.value, dict):
            branches = pair.value.value.get("branches")
            if branches is not None and isinstance(branches.value.value, dict):
                return [each.key for each in branches.value.value.values()]
    return []


def _uses(entries: list[Entry]) -> Iterator[Entry]:
    """All entries of a list, those of branches included."""
    for entry in entries:
        yield entry
        for branch in entry.branches or ():
            yield from _uses(branch.entries)
