"""The way from a network to its source, with as many of the symbols for knobs as can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from shapecalc.algebra.arithmetic import is_symbolic
from shapecalc.analysis.report import Report
from shapecalc.emitting.names import EmitError
from shapecalc.emitting.numbers import letters as lettering
from shapecalc.emitting.numbers.behind import candidates
from shapecalc.emitting.numbers.known import Known
from shapecalc.emitting.numbers.letters import Lettered, Memory
from shapecalc.emitting.numbers.variants import Variant, Variants
from shapecalc.emitting.outputs import told_apart
from shapecalc.emitting.scope.presence import Unlike
from shapecalc.emitting.scope.scope import Tied
from shapecalc.emitting.work import BUILT, SIGNED, TRIED, WRITTEN, Work
from shapecalc.graph.graph import Built, Part
from shapecalc.language.tree import Entry, Spec
from shapecalc.network import Network
from shapecalc.pace import now

WIDE = 50
"""How many tensors a join has at least that is too wide for Python to read its expression."""


def emit(
    network: Network,
    settings: Mapping[str, Any] | None,
    make: Callable[[Known, frozenset[str]], str],
    knobs: frozenset[str] | None = None,
) -> str:
    """What ``make`` writes of a network.

    A symbol on which a number hangs in a way that no expression tells is no knob but keeps its
    value. Where sizes hang on there being copies of an entry, one is asked for.
    """
    settings = settings or {}
    network = told_apart(network)
    values, built = network.build(settings)
    _refuse_unwritten(network.spec, values, built)
    report = Report(network.name, values, built)
    if knobs is None:
        knobs = candidates(network.spec)
    work = Work(network.most_work, network.spec)
    work.foresee(_least(built))
    memory = Memory(network.spec, work)
    now.begin("trying other values")
    base = lettering.build(network.spec, values, knobs, network.most_layers, memory)
    layers = len(built.nodes)
    tries = Variants(network, settings, values, sorted(knobs), base, memory, layers)
    others = tries.all()
    work.begin()
    mixed = knobs
    unlike: frozenset[str] = frozenset()
    while True:
        try:
            for builds, asked in _attempts(base, others, knobs):
                try:
                    known = Known(network, settings, report, memory, builds, knobs, asked)
                    now.begin("writing layers")
                    source = make(known, unlike)
                    break
                except Tied as tied:
                    fixed = tied.fixed
            else:
                knobs -= memory.behind.symbols(fixed, None)  # what they follow from is fixed, too
                continue
        except Unlike as different:
            unlike |= {different.block}
            continue
        except RecursionError:
            raise _too_deep(network, built, work) from None
        if knobs == mixed:
            return source
        mixed = knobs  # what stayed knobs is tried together once more, without the others
        others += tries.mixed(knobs, others)


def _least(built: Built) -> int:
    """How many steps it takes at least to write a network: an entry once, whatever its copies."""
    entries: set[Entry] = set()
    parts = [built.root]
    for part in parts:
        entries |= {child.entry for child in part.children if child.entry is not None}
        parts += [child for child in part.children if isinstance(child, Part)]
    blocks = {entry.block.name for entry in entries if entry.block is not None}
    taken = sum(len(entry.sources or ()) for entry in entries)
    return len(entries) * (BUILT + WRITTEN) + len(blocks) * SIGNED + taken * TRIED


def _attempts(
    base: Lettered, others: Iterable[Variant], knobs: frozenset[str]
) -> Iterator[tuple[list[Lettered], frozenset[Entry]]]:
    """The builds that are written as one, and the entries of which a copy is asked for.

    At all values of the knobs first; then without those that leave no copy of some entry.
    """
    tried = sorted(
        (each.built for each in others if each.changed.keys() <= knobs),
        key=lambda build: len(build.changed),
    )
    yield [base, *tried], frozenset()
    copied = [each for each in tried if each.empty <= base.empty]
    yield [base, *copied], frozenset().union(*(each.empty for each in tried)) - base.empty


def _refuse_unwritten(spec: Spec, values: Mapping[str, Any], built: Built) -> None:
    """Tell symbols without a value, and layers that torch does not have."""
    free = [name for name, value in values.items() if is_symbolic(value)]
    if free:
        hint = f"set it: --set {free[0]}=..."
        mark = spec.symbols[free[0]].mark
        raise EmitError(spec.source, mark, f"symbol {free[0]!r} has no value", hint)
    for node in built.root.nodes():
        if node.layer.unknown_to_torch:
            message = f"{node.layer.kind} {node.path!r} cannot be written for torch"
            raise EmitError(spec.source, node.mark, message, node.layer.unknown_to_torch)


def _too_deep(network: Network, built: Built, work: Work) -> EmitError:
    """What to say where an expression is nested deeper than Python reads: a sum of very many.

    Or a size that follows through very many layers, of what is written at the time.
    """
    node = max(built.nodes.values(), key=lambda node: len(node.sources))
    if len(node.sources) < WIDE:
        message = "a size that is asked for here follows through too many layers before it"
        hint = "it is nested deeper than Python reads; write sizes as numbers in between"
        return EmitError(network.spec.source, work.at, message, hint)
    message = (
        f"{node.layer.kind} {node.path!r} joins {len(node.sources):,} tensors in one expression"
    )
    hint = "which is nested deeper than Python reads; join some of them first"
    return EmitError(network.spec.source, node.mark, message, hint)
