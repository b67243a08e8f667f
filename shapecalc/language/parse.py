"""Nodes into the tree: the top of a spec, and an error for every breach of its rules."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Collection, Iterator, Set
from typing import TYPE_CHECKING

from shapecalc.language import expression
from shapecalc.language.composing import Node, Pair, compose
from shapecalc.language.entries import Entries, Scope, is_known
from shapecalc.language.expression import RESERVED
from shapecalc.language.keys import TOP, no_mapping, unknown_dtype, unknown_key
from shapecalc.language.naming import Order
from shapecalc.language.problem import Mark, Source, SpecError, did_you_mean
from shapecalc.language.tree import Block, Entry, Input, Reference, Setting, Spec
from shapecalc.language.values import Codes, Names, Values
from shapecalc.language.words import BATCH, DTYPES, TENSOR_NAMES, parted
from shapecalc.layers import KINDS

if TYPE_CHECKING:
    from shapecalc.language.required import Required

_BLOCK = (
    *("about", "args", "inputs", "numbered", "inline", "layers", "outputs"),
    "state_order",
)


def parse(source: Source, codes: Codes | None = None) -> Spec:
    """Read a spec; raises :class:`SpecError` with everything that is wrong with it.

    ``codes`` tells which warnings there are to be silenced, and is asked only where one is.
    """
    reader = _Reader(source, codes)
    spec = reader.spec(compose(source))
    if reader.values.problems.found:
        raise SpecError(source, reader.values.problems.found)
    return spec


class _Reader:
    def __init__(self, source: Source, codes: Codes | None) -> None:
        self.source = source
        self.values = Values(source, codes)
        self.entries = Entries(self.values)

    def spec(self, root: Node) -> Spec:
        spec = Spec(self.source)
        if not isinstance(root.value, dict):
            message = f"expected a mapping, got {root.noun}"
            self.values.problem(root.mark, message, no_mapping(root.value))
            return spec
        top = root.value
        meant = self.known_keys(top)
        spec.name = self.values.text(top, "name")
        spec.about = self.values.text(top, "about")
        spec.dtype = self.values.width(top["dtype"].value) if "dtype" in top else ""
        spec.symbols = self.symbols(top.get("symbols"))
        spec.members = self.members(top.get("members"), spec)
        names = frozenset({*spec.symbols, BATCH})
        spec.inputs = self.inputs(root, top, names, meant)
        bodies = self.block_names(top.get("blocks"), spec)
        names |= frozenset(TENSOR_NAMES)
        for block, body in bodies:
            known = Names(block.arguments.keys(), names)
            inside = Scope(ChainMap(dict.fromkeys(block.inputs, "input")), known, block.name)
            is_counted = block.numbered or block.inline
            order = Order(block.inline) if is_counted else None
            block.entries = self.entries.of(body["layers"].value, inside.inner(), order)
            outputs = body.get("outputs")
            block.outputs = self.named_outputs(outputs, block.entries, block.inputs)
            block.state_order = self.state_order(body.get("state_order"), block)
        self.recursion(spec.blocks)
        scope = Scope(ChainMap(dict.fromkeys(spec.inputs, "input")), names)
        if "layers" in top:
            spec.numbered = self.values.flag(top, "numbered")
            order = Order(is_inline=False) if spec.numbered else None
            spec.entries = self.entries.of(top["layers"].value, scope.inner(), order)
            if top["layers"].value.value in (None, []):
                self.values.problem(top["layers"].key.mark, "a network needs at least one layer")
        elif "layers" not in meant:
            message = "a spec needs 'layers': the list of the network's layers"
            self.values.problem(root.mark, message)
        spec.outputs = self.outputs(top.get("outputs"), spec)
        if "require" in top:
            spec.require = self.required(top["require"].value)
        if "silence" in top:
            spec.silence = self.values.silence(top["silence"].value)
        return spec

    def known_keys(self, top: dict[str, Pair]) -> set[str]:
        """Tell of keys that a spec does not have; those that they are meant for."""
        meant: set[str] = set()
        for name, pair in top.items():
            if name not in TOP:
                keys, hint = unknown_key(name, pair.value.value)
                meant |= keys
                self.values.problem(pair.key.mark, f"a spec has no key {name!r}", hint)
        return meant

    def symbols(self, pair: Pair | None) -> dict[str, Setting]:
        found: dict[str, Setting] = {}
        known = {BATCH}
        if pair is not None and isinstance(pair.value.value, list):
            return self.symbols_as_a_list(pair, pair.value.value)
        declared = self.values.mapping(pair, "a mapping of symbols to their values")
        if pair is not None and isinstance(pair.value.value, str):  # which has been told
            names = re.findall(r"([A-Za-z_]\w*)\s*=", pair.value.value)
            return {name: Setting(Setting.CONSTANT, 1, pair.value.mark) for name in names}
        self.values.below = frozenset(declared)
        for name, each in declared.items():
            self.values.identifier(name, each.key.mark, "a symbol's name")
            if name in RESERVED | {"index"} or name in TENSOR_NAMES:
                self.values.problem(each.key.mark, f"{name!r} has a meaning in expressions already")
            value = each.value
            if isinstance(value.value, (list, dict, bool, float)):
                message = f"symbol {name!r}: expected a number or null, got {value.noun}"
                self.values.problem(value.mark, message)
                continue
            found[name] = self.values.setting(value, known)
            known.add(name)
        self.values.below = frozenset()
        return found

    def symbols_as_a_list(self, pair: Pair, items: list[Node]) -> dict[str, Setting]:
        """Tell of names without values; they are symbols all the same."""
        names = [item.value for item in items if isinstance(item.value, str)]
        example = ", ".join(f"{name}: 224" for name in names[:4] or ["H"])
        message = "expected a mapping of symbols to their values, got a list"
        self.values.problem(pair.value.mark, message, f"with a value each: {{{example}}}")
        return {name: Setting(Setting.CONSTANT, 1, pair.value.mark) for name in names}

    def members(self, pair: Pair | None, spec: Spec) -> dict[str, dict[str, Setting]]:
        """The members of a family: names, and what each sets the symbols to."""
        found = {}
        known = {BATCH, *spec.symbols}
        for name, each in self.values.mapping(
            pair, "a mapping of names to values of symbols"
        ).items():
            own = self.values.mapping(each, "a mapping of symbols to their values")
            self.values.known_keys(own, spec.symbols, f"member {name!r}")
            found[name] = {
                symbol: self.values.setting(value.value, known)
                for symbol, value in own.items()
                if symbol in spec.symbols
            }
        return found

    def inputs(
        self, root: Node, top: dict[str, Pair], names: frozenset[str], meant: Set[str]
    ) -> dict[str, Input]:
        if "input" in top and "inputs" in top:
            self.values.problem(top["inputs"].key.mark, "both 'input' and 'inputs' are given")
        elif {"input", "inputs"}.isdisjoint({*top, *meant}):
            hint = "for a colour image: input: [3, 224, 224]"
            self.values.problem(root.mark, "a spec needs 'input': the shape of one sample", hint)
        if "input" in top:
            return {"input": self.one_input("input", top["input"], names)}
        if "inputs" in top and isinstance(top["inputs"].value.value, list):
            return self.inputs_as_a_list(top["inputs"], top["inputs"].value.value, names)
        pairs = self.values.mapping(top.get("inputs"), "a mapping of names to shapes")
        for name, pair in pairs.items():
            self.values.identifier(name, pair.key.mark, "an input's name")
        if "inputs" in top and not pairs:
            self.values.problem(top["inputs"].value.mark, "a network needs at least one input")
        return {name: self.one_input(name, pair, names) for name, pair in pairs.items()}

    def inputs_as_a_list(
        self, pair: Pair, items: list[Node], names: frozenset[str]
    ) -> dict[str, Input]:
        """Tell of a list where names are wanted; a list of sizes is read as the one input."""
        hint = "for several: inputs: {image: [3, 32, 32], tokens: {shape: [16], dtype: int64}}"
        if any(isinstance(item.value, (list, dict)) for item in items):
            message = "'inputs' have names: expected a mapping, got a list"
            self.values.problem(pair.value.mark, message, hint)
            return {}
        sizes = ", ".join(str(item.value) for item in items[:8]) or "3, 32, 32"
        message = "'inputs' is for several with names; one is given with 'input'"
        self.values.problem(pair.key.mark, message, f"write 'input: [{sizes}]'", hint)
        return {"input": self.one_input("input", pair, names)}

    def one_input(self, name: str, pair: Pair, names: frozenset[str]) -> Input:
        node, dtype = pair.value, "float32"
        if isinstance(node.value, dict):
            named = [own for own, each in node.value.items() if _is_list(each)]
            if "shape" not in node.value and named:
                message = "an input with a name of its own stands behind 'inputs'"
                hint = f"inputs: {{{named[0]}: [...]}}"
                if "size" in named or "dtype" in node.value:
                    message, hint = "an input needs a 'shape'", "called 'shape' here"
                self.values.problem(node.mark, message, hint)
                return Input(name, [], dtype, node.mark)
            self.values.known_keys(node.value, ("shape", "dtype"), "an input")
            given = node.value.get("dtype")
            if given is not None:
                if given.value.value in DTYPES:
                    dtype = str(given.value.value)
                else:
                    message = f"unknown dtype {given.value.noun}"
                    hint = unknown_dtype(str(given.value.value), DTYPES)
                    self.values.problem(given.value.mark, message, hint)
            if "shape" not in node.value:
                self.values.problem(node.mark, f"input {name!r} needs a shape")
                return Input(name, [], dtype, node.mark)
            node = node.value["shape"].value
        if not isinstance(node.value, list):
            message = f"expected the list of sizes of one sample, got {node.noun}"
            sizes = re.findall("[0-9]+", str(node.value))
            is_whole = len(sizes) > 1 or len("".join(sizes)) > 1  # a digit is a number of channels
            example = ", ".join(sizes if is_whole else ["3", "224", "224"])
            self.values.problem(node.mark, message, f"the batch is left out: [{example}]")
            return Input(name, [], dtype, node.mark)
        return Input(
            name, [self.values.setting(item, names) for item in node.value], dtype, node.mark
        )

    def required(self, node: Node) -> list[Required]:
        """Conditions on the whole; what they name is known when the network is."""
        from shapecalc.language.required import Required  # which few specs have

        found = []
        for each in node.value if isinstance(node.value, list) else [node]:
            if not isinstance(each.value, str):
                what = f"expected a condition such as 'params <= 5e6', got {each.noun}"
                self.values.problem(each.mark, what)
                continue
            setting = self.values.expression(each, each.value, expression.parse_condition)
            if setting.expression:
                mark = Mark(each.line, each.column, len(each.value) + 2 * setting.offset)
                found.append(Required(each.value, setting.expression, mark))
        return found

    def outputs(self, pair: Pair | None, spec: Spec) -> list[Reference]:
        if pair is None or pair.value.value is None:
            return []
        if isinstance(pair.value.value, dict):
            named = self.named_outputs(pair, spec.entries, spec.inputs)
            spec.output_names = list(named)
            return list(named.values())
        return self.of_layers(self.values.references(pair.value), spec.entries, spec.inputs)

    def of_layers(
        self, found: list[Reference], entries: list[Entry], inputs: Collection[str] = ()
    ) -> list[Reference]:
        """References that have to be to entries of a list."""
        return self.known(found, dict.fromkeys(self.names_of(entries)), inputs)

    def known(
        self, found: list[Reference], known: Collection[str], inputs: Collection[str] = ()
    ) -> list[Reference]:
        """References that have to be to one of some names, or to a part of it."""
        for name, mark in found:
            if not is_known(parted(name, known)[0], known):
                hint = did_you_mean(name, known)
                if name in inputs:
                    hint = f"an input is passed on by an entry: {{Identity: , from: {name}}}"
                self.values.problem(mark, f"no entry of 'layers' is named {name!r}", hint)
        return found

    def named_outputs(
        self, pair: Pair | None, entries: list[Entry], inputs: Collection[str] = ()
    ) -> dict[str, Reference]:
        """What is put out: entries under their own names, or names and entries."""
        if pair is None or pair.value.value is None:
            return {}
        names = dict.fromkeys(self.names_of(entries))
        if not isinstance(pair.value.value, dict):
            listed = self.known(self.values.references(pair.value), names, inputs)
            return {each.name.rpartition(".")[2]: each for each in listed}
        found: dict[str, Reference] = {}
        for name, each in pair.value.value.items():
            self.values.identifier(name, each.key.mark, "an output's name")
            references = self.known(self.values.references(each.value), names, inputs)
            if len(references) > 1:
                hint = "each of several has a name of its own"
                self.values.problem(each.value.mark, f"output {name!r} is one entry", hint)
            for reference in references[:1]:
                found[name] = reference
        return found

    def names_of(self, entries: list[Entry]) -> list[str]:
        """The names in a list: its entries', and those of named branches."""
        found = []
        for entry in entries:
            if entry.repeat is None:
                found += [branch.name for branch in entry.branches or () if branch.name]
            if entry.has_name:
                found.append(entry.name)
        return found

    def blocks_as_a_list(self, pair: Pair, items: list[Node]) -> None:
        """Tell of blocks that stand in a list; what has their names is a use all the same."""
        bodies = [item.value for item in items if isinstance(item.value, dict)]
        given = [body["name"].value.value for body in bodies if "name" in body]
        names = [name for name in given if isinstance(name, str)]
        message = "expected a mapping of names to blocks, got a list"
        hint = f"each behind its name: {names[0] if names else 'Name'}: {{layers: [...]}}"
        self.values.problem(pair.value.mark, message, hint)
        for name in names:
            self.entries.blocks[name] = Block(name, pair.value.mark)

    def block_names(self, pair: Pair | None, spec: Spec) -> list[tuple[Block, dict[str, Pair]]]:
        """Make the blocks, without their layers, which may use any of them."""
        symbols = frozenset({*spec.symbols, BATCH})
        bodies = []
        if pair is not None and isinstance(pair.value.value, list):
            self.blocks_as_a_list(pair, pair.value.value)
            return []
        for name, each in self.values.mapping(pair, "a mapping of names to blocks").items():
            self.values.identifier(name, each.key.mark, "a block's name")
            if name in KINDS:
                hint = "choose another name for the block"
                self.values.problem(each.key.mark, f"block {name!r} has the name of a kind", hint)
            if not isinstance(each.value.value, dict):
                message = f"expected a block with 'args' and 'layers', got {each.value.noun}"
                is_list = isinstance(each.value.value, list)
                hint = "its list of layers stands behind 'layers:'" if is_list else ""
                self.values.problem(each.value.mark, message, hint)
                self.entries.blocks[name] = Block(name, each.key.mark)
                continue
            body = each.value.value
            self.values.known_keys(body, _BLOCK, "a block")
            block = self.entries.blocks[name] = spec.blocks[name] = Block(name, each.key.mark)
            block.about = self.values.text(body, "about")
            self.order(block, body)
            self.block_inputs(block, body)
            self.arguments(body.get("args"), block, symbols)
            if "layers" in body:
                bodies.append((block, body))
            else:
                self.values.problem(each.key.mark, f"block {name!r} needs 'layers'")
        return bodies

    def block_inputs(self, block: Block, body: dict[str, Pair]) -> None:
        """The names of what a block is fed with."""
        if "inputs" not in body:
            return
        node = body["inputs"].value
        if not isinstance(node.value, list) or not node.value:
            hint = "as in inputs: [x, skip]"
            self.values.problem(node.mark, f"expected a list of names, got {node.noun}", hint)
            return
        found: list[str] = []
        for each in node.value:
            self.values.identifier(str(each.value), each.mark, "an input's name")
            if each.value in found:
                self.values.problem(each.mark, f"the input {each.value!r} stands twice")
            found.append(str(each.value))
        block.inputs = found

    def order(self, block: Block, body: dict[str, Pair]) -> None:
        """Whether the entries of a block are called by their numbers, and whose these are."""
        block.numbered = self.values.flag(body, "numbered")
        block.inline = self.values.flag(body, "inline")
        for key in ("inputs", "numbered", "outputs") if block.inline else ():
            if key in body:
                message = f"block {block.name!r} is inline: it has no {key!r} of its own"
                hint = "its entries stand in the list of its use, and are numbered there"
                self.values.problem(body[key].key.mark, message, hint)

    def state_order(self, pair: Pair | None, block: Block) -> list[Reference]:
        """The entries that a module makes in another order than it runs them in."""
        if pair is None:
            return []
        if block.numbered or block.inline:
            message = f"block {block.name!r} is made in the order of its numbers"
            self.values.problem(pair.key.mark, message, "leave 'state_order' or 'numbered' out")
        found = self.of_layers(self.values.references(pair.value), block.entries)
        seen: set[str] = set()
        for each in found:
            if each.name in seen:
                self.values.problem(each.mark, f"{each.name!r} stands twice in this order")
            seen.add(each.name)
        return found

    def arguments(self, pair: Pair | None, block: Block, names: Set[str]) -> None:
        if pair is not None and isinstance(pair.value.value, list):
            named = [item for item in pair.value.value if isinstance(item.value, str)]
            example = ", ".join(f"{item.value}: " for item in named[:4]) or "size: 3"
            message = "expected a mapping of arguments to their defaults, got a list"
            hint = f"those without a default have nothing behind them: {{{example}}}"
            self.values.problem(pair.value.mark, message, hint)
            block.arguments = {
                str(item.value): Setting(Setting.CONSTANT, 1, item.mark) for item in named
            }
            return
        pairs = self.values.mapping(pair, "a mapping of arguments to their defaults")
        names = Names({*pairs, *TENSOR_NAMES}, names)
        for name, each in pairs.items():
            self.values.identifier(name, each.key.mark, "an argument's name")
            if name in RESERVED:
                self.values.problem(each.key.mark, f"{name!r} has a meaning in expressions already")
            required = each.value.value is None
            block.arguments[name] = None if required else self.values.argument(each.value, names)

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
                    self.values.problem(entry.mark, f"block {entry.kind!r} uses itself: {ring}")
                elif entry.kind in blocks and entry.kind not in done:
                    path[entry.kind] = None
                    stack.append(_uses(blocks[entry.kind].entries))


def _is_list(pair: Pair) -> bool:
    return isinstance(pair.value.value, list)


def _uses(entries: list[Entry]) -> Iterator[Entry]:
    """All entries of a list, those of branches included."""
    for entry in entries:
        yield entry
        for branch in entry.branches or ():
            yield from _uses(branch.entries)
