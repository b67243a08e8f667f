"""What an emitter knows of a network: what is built of it, and what has been written of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from shapecalc.algebra.arithmetic import is_symbolic
from shapecalc.analysis.report import Report
from shapecalc.emit import letters as lettering
from shapecalc.emit.letters import Inside, Lettered
from shapecalc.emit.names import EmitError, refuse_unknown, variable
from shapecalc.emit.parameters import Written
from shapecalc.emit.values import Tied
from shapecalc.emit.variants import candidates, variants
from shapecalc.graph.graph import Node, Part, Role
from shapecalc.language.tree import Block, Entry, Setting, Spec
from shapecalc.layers import KINDS
from shapecalc.layers.field import Number
from shapecalc.network import Network


class Emitter:
    """The network built at its own values and at others, and what has been written of it."""

    def __init__(
        self,
        network: Network,
        settings: Mapping[str, Any],
        report: Report,
        builds: list[Lettered],
        knobs: frozenset[str],
        required: frozenset[Entry],
    ) -> None:
        self.spec: Spec = network.spec
        self.settings = settings
        self.values = report.symbols
        self.report = report
        self.knobs = knobs
        self.required = required
        self.empty = frozenset().union(*(build.empty for build in builds))
        self.roots = [build.built.root for build in builds]
        self._inside = {part: inside for build in builds for part, inside in build.inside.items()}
        self.uses: dict[str, list[Part]] = {}
        for root in self.roots:
            _collect_uses(root, self.uses)
        self._built: dict[int, dict[int, list[Node | Part]]] = {}
        self.written: dict[str, Written] = {}
        self._numbers: dict[str, frozenset[str]] = {}
        self.parameters: dict[str, str] = {}

    def name_parameters(self, taken: Collection[str]) -> None:
        """Choose names of parameters that hide no name of the source's own."""
        blocks = self.spec.blocks.values()
        names = {*self.spec.symbols, *(name for block in blocks for name in block.arguments)}
        for name in sorted(names):
            own = variable(name, {*taken, *(names - {name}), *self.parameters.values()})
            if own != name:
                self.parameters[name] = own

    def parameter_names(self, block: Block | None) -> set[str]:
        """The names of all parameters that a constructor may have."""
        names = {*self.knobs, *lettering.KNOWN, *(block.arguments if block else ())}
        return {self.parameters.get(name, name) for name in names}

    def inside(self, part: Any) -> Inside:
        """What is known inside a use of a block, or inside the network."""
        return self._inside[id(part)]

    def built(self, part: Part, entry: Entry) -> list[Node | Part]:
        """What was built of an entry in a part, but for branches."""
        known = self._built.get(id(part))
        if known is None:
            known = self._built[id(part)] = {}
            for child in part.children:
                if child.entry is not None and not _is_branch(child):
                    known.setdefault(id(child.entry), []).append(child)
        return known.get(id(entry), [])

    def block(self, block: Block) -> Written:
        """What makes a block, written when it is first asked for."""
        raise NotImplementedError

    def told(self, block: Block | None) -> str:
        """What is said of a block, or of the network."""
        if block is None:
            return f"{self.report.name}."
        return block.about or f"A block of {self.report.name}."

    def derived(self, name: str) -> Setting | None:
        """The default of a knob that is worked out of other knobs."""
        default = self.spec.symbols[name]
        if name in self.settings or default.is_constant or not default.names() & self.knobs:
            return None
        return default

    def numbers(self, block: Block | None) -> frozenset[str]:
        """The arguments, or symbols, that end up only where torch takes floats."""
        key = block.name if block else ""
        if key not in self._numbers:
            names = frozenset(block.arguments if block else self.spec.symbols)
            lists = [block.entries] if block else [self.spec.entries]
            defaults = list(block.arguments.values()) if block else []
            if block is None:
                lists += [each.entries for each in self.spec.blocks.values()]
                defaults += [d for b in self.spec.blocks.values() for d in b.arguments.values()]
                defaults += self.spec.symbols.values()
            exact = {name for default in defaults if default for name in default.names()}
            found: set[str] = set()
            for entries in lists:
                for names_used, is_number in self._places(entries):
                    found |= names_used
                    if not is_number:
                        exact |= names_used
            self._numbers[key] = names & found - exact
        return self._numbers[key]

    def _places(self, entries: list[Entry]) -> Iterator[tuple[frozenset[str], bool]]:
        """The names that settings use, and whether torch takes a float there."""
        for entry in entries:
            numbers = self.numbers(entry.block) if entry.block else frozenset()
            fields = {} if entry.block else KINDS[entry.kind].fields
            for name, setting in entry.settings.items():
                is_number = name in numbers or (
                    name in fields and isinstance(fields[name].type, Number)
                )
                yield setting.names(), is_number
            for decisive in (entry.when, entry.repeat):
                if decisive is not None:
                    yield decisive.names(), False
            for branch in entry.branches or ():
                yield from self._places(branch.entries)


def emit(
    network: Network,
    settings: Mapping[str, Any] | None,
    make: Callable[..., str],
    knobs: frozenset[str] | None = None,
) -> str:
    """What ``make`` writes of a network, with as many of the symbols for knobs as can be."""
    settings = settings or {}
    values, built = network.build(settings)
    free = [name for name, value in values.items() if is_symbolic(value)]
    if free:
        mark = network.spec.symbols[free[0]].mark
        hint = f"set it: --set {free[0]}=..."
        raise EmitError(network.spec.source, mark, f"symbol {free[0]!r} has no value", hint)
    refuse_unknown(network.spec.source, built.root.nodes())
    report = Report(network.name, values, built)
    base = lettering.build(network.spec, values, network.most_layers)
    if knobs is None:
        knobs = candidates(network.spec)
    others = variants(network, settings, values, sorted(knobs), base)
    while True:
        known = [each.built for each in others if each.changed.keys() <= knobs]
        # where sizes hang on there being copies of an entry, one has to be there
        copied = [each for each in known if each.empty <= base.empty]
        required = frozenset().union(*(each.empty for each in known)) - base.empty
        for builds, asked in ((known, frozenset[Entry]()), (copied, required)):
            try:
                return make(network, settings, report, [base, *builds], knobs, asked)
            except Tied as tied:
                names = tied.names
        knobs -= _sources(network.spec, max(names))


def _sources(spec: Spec, name: str) -> set[str]:
    """A symbol and those that its default follows from: where it is fixed, so are they."""
    default = spec.symbols[name]
    return {name}.union(*(_sources(spec, each) for each in default.names() & {*spec.symbols}))


def _is_branch(child: Node | Part) -> bool:
    return isinstance(child, Part) and child.role == Role.BRANCH


def _collect_uses(part: Part, uses: dict[str, list[Part]]) -> None:
    for child in part.children:
        if isinstance(child, Part):
            if child.is_use:
                uses.setdefault(child.written, []).append(child)
            _collect_uses(child, uses)
