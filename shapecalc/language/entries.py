"""Entries of a list of layers: kinds with their settings, uses of blocks, joins with branches."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Set

from shapecalc.language.composing import Node, Pair
from shapecalc.language.naming import Order, may_be_copy
from shapecalc.language.problem import Mark, did_you_mean, listing
from shapecalc.language.settings import Settings
from shapecalc.language.tree import Block, Branch, Entry, Reference
from shapecalc.language.values import Names, Values, entry_name
from shapecalc.language.words import MODIFIERS, is_path, name_stem, parted
from shapecalc.layers import KINDS, Layer

_KIND_KEYS = ("type", "kind", "layer", "class", "class_name", "op", "op_type", "module")
"""Keys behind which the configurations of other tools tell what kind a layer is."""


class Scope:
    """What is known where an entry stands: entries to refer to, names for expressions."""

    def __init__(
        self,
        entries: ChainMap[str, str],
        names: Set[str],
        block: str | None = None,
        given: ChainMap[str, Node] | None = None,
        is_copy: bool = False,
    ) -> None:
        self.entries = entries  # name -> kind, this list's first, then the enclosing lists'
        self.outside = names  # of the number of a copy
        self.names = Names({"index"}, names) if is_copy else names
        self.is_copy = is_copy
        self.block = block
        self.given = ChainMap() if given is None else given  # all given names, those ahead too

    def inner(self) -> Scope:
        """The scope of a list inside an entry of this one."""
        entries, given = self.entries.new_child(), self.given.new_child()
        return Scope(entries, self.outside, self.block, given, self.is_copy)

    def repeated(self) -> Scope:
        """The same scope with the copy's number."""
        return Scope(self.entries, self.outside, self.block, self.given, is_copy=True)


def is_known(name: str, entries: Iterable[str]) -> bool:
    """Whether a name is one of those of entries, or may be that of a copy."""
    if name in entries:
        return True
    return any(may_be_copy(name, known) for known in entries if "{" in known)


class Entries:
    """Reads lists of entries; ``blocks`` are those that an entry may use."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.blocks: dict[str, Block] = {}
        self.settings = Settings(values)

    def of(self, node: Node, scope: Scope, order: Order | None = None) -> list[Entry]:
        """The entries of a list, each with a name; scope knows them afterwards.

        ``order`` counts them where they are called by their numbers.
        """
        if not isinstance(node.value, list):
            if node.value is not None:
                message = f"expected a list of layers, got {node.noun}"
                hint = "each entry begins with '- '"
                if isinstance(node.value, str) and node.value.isidentifier():
                    hint = f"a list of one stands in brackets: [{node.value}]"
                self.values.problem(node.mark, message, hint)
            return []
        found: list[Entry] = []
        counts: dict[str, int] = {}
        given = self._given_names(node.value)
        scope.given.update(given)
        taken = {*given, *scope.entries.maps[-1]}  # and the inputs
        for item in node.value:
            entry = self._entry(item, scope)
            if entry is None:
                continue
            if entry.is_inline:
                self._inline(entry, item, order)
            elif order is not None and order.is_inline:
                self._nameless(entry, item)
            if not entry.name:
                entry.name = self._place_of(entry, given, order)
                entry.is_numbered = order is not None
            if not entry.name:
                entry.name = _automatic_name(entry.kind, counts, taken)
            if order is not None:
                order.count(entry)
            if entry.repeat is None:
                for branch in entry.branches or ():
                    if branch.name is not None:
                        scope.entries[branch.name] = "branch"
            if entry.has_name:
                scope.entries[entry.name] = entry.kind
            found.append(entry)
        return found

    def _place_of(self, entry: Entry, given: dict[str, Node], order: Order | None) -> str:
        """The number of an entry where it is certain already."""
        if order is None or order.next is None or entry.repeat is not None or entry.is_inline:
            return ""
        name = str(order.next)
        if name in given:
            message = f"the name {name!r} stands twice in this list"
            where = f"it is the number of the entry in line {entry.mark.line}"
            self.values.problem(given[name].mark, message, where)
        return name

    def _inline(self, entry: Entry, node: Node, order: Order | None) -> None:
        """What stands in the list of its use has no name, and needs numbers."""
        if order is None:
            message = f"block {entry.kind!r} is inline, but the entries of this list have names"
            hint = "use it in a block with 'numbered: true'"
            self.values.problem(entry.mark, message, hint)
        if isinstance(node.value, dict):
            for key in ("name", "share"):
                if key in node.value:
                    message = f"block {entry.kind!r} is inline: a use of it has no {key!r}"
                    self.values.problem(node.value[key].key.mark, message)
        entry.name, entry.copy_names = "", None

    def _nameless(self, entry: Entry, node: Node) -> None:
        """The entries of an inline block are numbered in another list, and have no names."""
        named = [node.value["name"].key] if isinstance(node.value, dict) and entry.name else []
        for each in [*named, *(_branch_names(node.value) if isinstance(node.value, dict) else ())]:
            message = "entries of an inline block are called by their numbers, and have no names"
            self.values.problem(each.mark, message)

    def _given_names(self, nodes: list[Node]) -> dict[str, Node]:
        """The names given in a list, which automatic ones make way for; each may stand once."""
        taken: dict[str, Node] = {}
        for node in nodes:
            if not isinstance(node.value, dict):
                continue
            given = [node.value["name"].value] if "name" in node.value else []
            if "repeat" not in node.value:
                given += _branch_names(node.value)
            for each in given:
                name = entry_name(each)
                if name is None:
                    continue
                if name in taken:
                    message = f"the name {name!r} stands twice in this list"
                    self.values.problem(each.mark, message, f"first in line {taken[name].line}")
                taken.setdefault(name, each)
        return taken

    def _entry(self, node: Node, scope: Scope) -> Entry | None:
        """An entry; a wrong one too, so that what names it is not wrong for that."""
        if isinstance(node.value, str):
            return self._with_kind(node.value, node, None, scope)
        if not isinstance(node.value, dict):
            message = f"expected a layer, got {node.noun}"
            is_list = isinstance(node.value, list)
            alone = "one dash and no brackets for each, " * is_list
            self.values.problem(node.mark, message, f"{alone}such as ReLU, or Linear: 10")
            return None
        pairs = node.value
        kinds = [name for name in pairs if name not in MODIFIERS]
        if "repeat" in pairs:
            scope = scope.repeated()
        if self._is_kind_by_key(pairs, kinds):
            entry = Entry("entry", node.mark)
        elif len(kinds) == 1:
            pair = pairs[kinds[0]]
            entry = self._with_kind(kinds[0], pair.key, pair.value, scope)
        else:
            self._one_kind(node, pairs, kinds)
            entry = Entry(kinds[0] if kinds else "entry", node.mark)
        self._modifiers(entry, pairs, scope)
        return entry

    def _one_kind(self, node: Node, pairs: dict[str, Pair], kinds: list[str]) -> None:
        if not kinds:
            hint = "such as ReLU, or Linear: 10"
            own = next((name for name in pairs if name in self.blocks), None)
            if own is not None:
                hint = f"{own!r} is a key of entries: a block with arguments needs another name"
            self.values.problem(node.mark, "this entry has no kind", hint)
            return
        first, second = kinds[:2]
        named = pairs[first].value.value
        if isinstance(named, str) and (named in KINDS or named in self.blocks):
            self._unknown_kind(first, pairs[first].value, pairs[first].key.mark)
            return
        fields = KINDS[first].fields if first in KINDS else {}
        from shapecalc.language.fields import elsewhere  # only where something is wrong
        from shapecalc.language.keys import beside

        close = beside(second) or did_you_mean(second, MODIFIERS)
        close = close or elsewhere(second, [*fields])[1]
        hint = f"{second!r} is a field of {first}: indent it below, or use {first}: {{...}}"
        if second not in fields:
            hint = close or "each kind is an entry of its own, behind its own dash"
        self.values.problem(
            pairs[second].key.mark, f"{second!r} beside {first!r} in one entry", hint
        )

    def _is_kind_by_key(self, pairs: dict[str, Pair], kinds: list[str]) -> bool:
        """Whether an entry tells its kind behind a key, as configurations of others do."""
        key = next((name for name in kinds if name in _KIND_KEYS), None)
        kind = pairs[key].value.value if key is not None else None
        if key is None or not isinstance(kind, str) or key in self.blocks:
            return False
        from shapecalc.language.unknown import by_key  # only where something is wrong

        own = {name: _plain(pairs[name].value) for name in kinds if name != key}
        message = f"an entry begins with its kind, not with {key!r}"
        hint = by_key(kind, own, [*self.blocks, *KINDS])
        self.values.problem(pairs[key].key.mark, message, hint)
        return True

    def _with_kind(self, kind: str, key: Node, value: Node | None, scope: Scope) -> Entry:
        entry = Entry(kind, key.mark)
        if kind in self.blocks:
            entry.block = self.blocks[kind]
            given, meant = self.settings.given(entry, value, entry.block.arguments)
            self.settings.of_block(entry, given, meant, scope.names)
        elif (declared := KINDS.get(kind)) is not None:
            given, meant = self.settings.given(entry, value, declared.fields, declared.joins)
            if "branches" in given:
                entry.branches = self._branches(given.pop("branches").value, scope)
            self.settings.of_kind(entry, given, meant, scope.names)
        else:
            entry.kind = self._unknown_kind(kind, value, key.mark)
        return entry

    def _unknown_kind(self, kind: str, value: Node | None, mark: Mark) -> str:
        """Tell of a kind that there is none of; the one that was probably meant."""
        from shapecalc.language.unknown import unknown_kind  # only where something is wrong

        own = value.value if value is not None else None
        pairs = own if isinstance(own, dict) else {}
        inner = next(iter(pairs), "") if isinstance(own, dict) else own
        if isinstance(inner, str) and (inner in KINDS or inner in self.blocks):
            hint = f"an entry begins with its kind, and its name stands beside it: name: {kind}"
            self.values.problem(mark, f"unknown kind {kind!r} before {inner}", hint)
            return inner
        settings = {name: _plain(pair.value) for name, pair in pairs.items()}
        found, hints = unknown_kind(kind, [*self.blocks, *KINDS], settings)
        self.values.problem(mark, f"unknown kind {kind!r}", *hints)
        return found or kind

    def _branches(self, node: Node, scope: Scope) -> list[Branch]:
        if isinstance(node.value, dict):
            for name, pair in node.value.items():
                self.values.identifier(name, pair.key.mark, "a branch's name")
            return [
                Branch(name, self.of(pair.value, scope.inner()), pair.key.mark)
                for name, pair in node.value.items()
            ]
        if isinstance(node.value, list):
            return [Branch(None, self.of(item, scope.inner()), item.mark) for item in node.value]
        self.values.problem(node.mark, f"expected branches, a list of layers each, got {node.noun}")
        return []

    def _modifiers(self, entry: Entry, pairs: dict[str, Pair], scope: Scope) -> None:
        if "name" in pairs:
            node = pairs["name"].value
            name = entry_name(node)
            if name is not None:
                if "{" in name:
                    self._copy_names(entry, name, node, pairs, scope)
                elif not name.isdigit() and not is_path(name):
                    self.values.identifier(name, node.mark, "a name")
                entry.name = name
                if entry.name in scope.entries.maps[-1]:
                    self.values.problem(node.mark, f"{entry.name!r} is the name of an input")
            else:
                message = f"a name is a word, or a number as in a Sequential, not {node.noun}"
                self.values.problem(node.mark, message)
        if "from" in pairs:
            entry.sources = self.values.references(pairs["from"].value)
            if entry.branches is not None and len(entry.sources) > 1:
                mark = pairs["from"].value.mark
                self.values.problem(mark, "a join with branches is fed from one place")
            for name, mark in entry.sources:  # behind a dot stands an output, or a copy
                self._known_entry(parted(name, scope.entries)[0], mark, scope, "feeds from")
        if "share" in pairs:
            for name, mark in self.values.references(pairs["share"].value)[:1]:
                entry.share = Reference(name, mark)
                self._shared_kind(entry, scope)
        if "repeat" in pairs:
            entry.repeat = self.values.setting(pairs["repeat"].value, scope.outside)
        if "when" in pairs:
            entry.when = self.values.setting(pairs["when"].value, scope.names)
        if "dtype" in pairs:
            entry.dtype = self.values.width(pairs["dtype"].value)
        if "silence" in pairs:
            entry.silence = self.values.silence(pairs["silence"].value)

    def _copy_names(
        self, entry: Entry, name: str, node: Node, pairs: dict[str, Pair], scope: Scope
    ) -> None:
        """The names of an entry's copies."""
        if "repeat" not in pairs:
            hint = "they tell the copies of an entry with 'repeat' apart"
            self.values.problem(node.mark, f"{name!r} has braces, but there are no copies", hint)
            return
        entry.copy_names = self.values.copy_names(node, name, scope.names)

    def _known_entry(self, name: str, mark: Mark, scope: Scope, does: str) -> bool:
        if is_known(name, scope.entries):
            return True
        hint = did_you_mean(name, scope.entries)
        where = f"block {scope.block!r} before it" if scope.block else "the network before it"
        if name in scope.given:
            line = scope.given[name].line
            hint = f"{name!r} stands in line {line}; only what stands before can be named"
        elif not hint:
            hint = f"known here: {listing(dict.fromkeys(scope.entries))}"
        self.values.problem(mark, f"{does} {name!r}, but no entry of {where} has that name", hint)
        return False

    def _shared_kind(self, entry: Entry, scope: Scope) -> None:
        assert entry.share is not None
        name, mark = entry.share
        if self._known_entry(name, mark, scope, "shares the weights of"):
            kind = scope.entries[name]
            if kind != entry.kind and not (_has_weights(kind) and _has_weights(entry.kind)):
                message = f"a {entry.kind} cannot share the weights of {name!r}, a {kind}"
                self.values.problem(mark, message)


def _automatic_name(kind: str, counts: dict[str, int], taken: Iterable[str]) -> str:
    """The kind in lower case without its rank, and the next number: ``conv1``, ``relu6_1``."""
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


def _plain(node: Node) -> object:
    """A value, or a list of values, without their places."""
    return [each.value for each in node.value] if isinstance(node.value, list) else node.value


def _branch_names(pairs: dict[str, Pair]) -> list[Node]:
    for name, pair in pairs.items():
        if name not in MODIFIERS and isinstance(pair.value.value, dict):
            branches = pair.value.value.get("branches")
            if branches is not None and isinstance(branches.value.value, dict):
                return [each.key for each in branches.value.value.values()]
    return []
