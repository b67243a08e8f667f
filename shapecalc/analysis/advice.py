"""What would help a network whose sizes do not work: other sizes of its input.

Only when an error is at hand is the network built again, with the sizes of its input as unknowns,
and what its layers need is solved for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.arithmetic import is_symbolic
from shapecalc.analysis.constraints import combine
from shapecalc.graph.build import build
from shapecalc.graph.graph import Need
from shapecalc.graph.layout import FARTHEST, SEQUENCE, Names
from shapecalc.language import expression
from shapecalc.language.expression import Name
from shapecalc.language.opening import fresh, opened, size_symbols, with_sizes_named
from shapecalc.language.problem import Problem, SpecError
from shapecalc.language.symbols import bind, known
from shapecalc.language.tree import Entry, Spec
from shapecalc.layers import KINDS
from shapecalc.layers.axes import behind_batch
from shapecalc.layers.joining import Join
from shapecalc.layers.linear import Linear
from shapecalc.layers.pointwise import KeepsShape
from shapecalc.layers.tensor import times

if TYPE_CHECKING:
    from shapecalc.algebra.solutions import Solutions

MOST_LAYERS = 2000
"""A larger network is not built again."""

MOST_TERMS = 5_000
"""Nor one whose formulas come to more terms: those of large known networks come to 1,300."""


def advised(
    error: SpecError, spec: Spec, settings: Mapping[str, Any], values: Mapping[str, Any]
) -> SpecError:
    """The error with notes on the sizes of the input that would work, where there are such.

    ``settings`` and ``values`` are those that the network was built for. The error is returned as
    it is where sizes are not what is wrong, or where they were unknown anyhow.
    """
    sizes_matter = any(problem.path for problem in error.problems)
    if not sizes_matter or any(is_symbolic(value) for value in values.values()):
        return error
    try:
        return SpecError(error.source, _with_notes(error.problems, spec, settings, values))
    except Exception:  # whatever keeps advice from being found must not hide the error itself
        return error


def _with_notes(
    problems: list[Problem], spec: Spec, settings: Mapping[str, Any], values: Mapping[str, Any]
) -> list[Problem]:
    problems = _with_conditions(problems, _opened(spec, settings, values))
    if any(problem.stated is not None for problem in problems):
        problems = _with_wanted_sizes(problems, spec, settings, values)
    return problems


class _Axis(NamedTuple):
    """One size of an input: its place, its value, and the symbol that it is, if it is one."""

    input: str
    place: int
    size: int
    symbol: str | None


class _Opened(NamedTuple):
    """A network built with sizes of its input unknown, and what these were."""

    needs: list[Need]
    sizes: dict[str, int]


def _axes(spec: Spec, values: Mapping[str, Any]) -> list[_Axis]:
    """The sizes of the inputs that are a symbol, or a number behind the channels."""
    found = []
    for name, given in spec.inputs.items():
        for place, setting in enumerate(given.shape):
            tree = setting.expression
            if isinstance(tree, Name):
                found.append(_Axis(name, place, values[tree.name], tree.name))
            elif place and setting.is_constant:
                found.append(_Axis(name, place, setting.content, None))
    return found


def _opened(spec: Spec, settings: Mapping[str, Any], values: Mapping[str, Any]) -> _Opened:
    """The network with every size of its inputs an unknown of its own."""
    named: dict[tuple[str, int], str] = {}
    sizes = {
        name: values[name] for name in size_symbols(spec) if not _is_tied(spec, settings, name)
    }
    for axis in _axes(spec, values):
        if axis.symbol is None:
            name = fresh(_axis_name(spec, axis), {*known(spec), *named.values()})
            named[axis.input, axis.place] = name
            sizes[name] = axis.size
    spec = with_sizes_named(spec, named)
    return _Opened(opened(spec, settings, {*sizes}, lambda values: _needs(spec, values)), sizes)


def _needs(spec: Spec, values: dict[str, Any]) -> list[Need]:
    """What the layers need."""
    return build(spec, values, MOST_LAYERS, MOST_TERMS).needs


def _symbol(name: str) -> Any:
    from shapecalc.algebra.formula import Formula

    return Formula.symbol(name)


def _is_tied(spec: Spec, settings: Mapping[str, Any], name: str) -> bool:
    """Whether a symbol's value follows from those of others."""
    if name in settings:
        given = settings[name]
        return isinstance(given, str) and bool(expression.names(expression.parse(given)))
    default = spec.symbols.get(name)
    tree = default.expression if default is not None else None
    return tree is not None and bool(expression.names(tree))


def _axis_name(spec: Spec, axis: _Axis) -> str:
    names = _layout(spec, axis.input)
    name = names[axis.place] if names else f"dim{axis.place + 1}"
    return name if len(spec.inputs) == 1 else f"{axis.input}_{name}"


def _layout(spec: Spec, name: str) -> Names | None:
    """What the sizes of an input are, by the first layer that takes it; None if none tells."""
    shape = spec.inputs[name].shape
    fed = [
        index
        for index, entry in enumerate(spec.entries)
        if name in {source for source, _ in entry.sources or ()}
    ]
    entries = spec.entries[fed[0] :] if fed else spec.entries
    for entry in islice(_leaves(entries), FARTHEST):
        kind = KINDS[entry.kind]
        if kind.axes and len(kind.axes) == len(shape):
            return kind.axes
        if kind.rank and kind.rank + 1 == len(shape):
            return behind_batch(kind.rank + 2)
        if issubclass(kind, Linear) and len(shape) == 2:
            return SEQUENCE
        if not issubclass(kind, (KeepsShape, Join)):
            break
    return behind_batch(len(shape) + 1) if len(shape) in (3, 4) else None


def _leaves(entries: list[Entry]) -> Iterator[Entry]:
    """The layers of a list in order, those of blocks and branches among them."""
    stack = [iter(entries)]
    while stack and len(stack) < FARTHEST:
        entry = next(stack[-1], None)
        if entry is None:
            stack.pop()
        elif entry.block is not None:
            stack.append(iter(entry.block.entries))
        elif entry.branches:
            stack.append(iter(entry.branches[0].entries))
        else:
            yield entry


# -- conditions on single sizes -------------------------------------------------------------------


def _with_conditions(problems: list[Problem], opened: _Opened) -> list[Problem]:
    """Notes on the sizes that break what the layers need of them."""
    from shapecalc.algebra.solutions import in_words

    stated = {problem.path for problem in problems if problem.stated is not None}
    constraints = combine(need for need in opened.needs if need.path not in stated)
    verb = "works" if all(constraint.symbol for constraint in constraints) else "can work only"
    notes: dict[str, tuple[str, set[str]]] = {}
    for _, paths, symbol, solutions in constraints:
        if symbol is None or solutions is None or opened.sizes[symbol] in solutions:
            continue
        solutions = _near_by(solutions, opened.sizes[symbol], symbol)
        near = _neighbours(solutions, opened.sizes[symbol])
        if near:
            note = f"{verb} where {in_words(solutions, symbol)}: {near}"
            notes.setdefault(symbol, (note, set()))[1].update(paths)
    for note, own in notes.values():
        at = next((i for i, problem in enumerate(problems) if problem.path in own), None)
        if at is None:
            at = next(i for i, problem in enumerate(problems) if problem.path)
        problem = problems[at]
        problems = [*problems]
        problems[at] = problem._replace(notes=(*problem.notes, note))
    return problems


def _near_by(solutions: Solutions, size: int, symbol: str) -> Solutions:
    """The sizes that are not far below, unless it takes more words to leave these out.

    Joins stretch what has shrunk to 1: that a size works for this alone is no advice.
    """
    from shapecalc.algebra.solutions import at_least, in_words

    near = solutions.intersect(at_least(max(1, size // 4)))
    if near.is_empty:
        return near
    return min((solutions, near), key=lambda each: len(in_words(each, symbol)))


def _neighbours(solutions: Solutions, size: int) -> str:
    near = [n for n in (solutions.below(size), solutions.above(size)) if n is not None]
    if len(near) == 2:
        return f"nearest are {near[0]} and {near[1]}"
    return f"the nearest is {near[0]}" if near else ""


# -- the input that a stated size was meant for ---------------------------------------------------


def _with_wanted_sizes(
    problems: list[Problem], spec: Spec, settings: Mapping[str, Any], values: Mapping[str, Any]
) -> list[Problem]:
    """Notes on the input that would make a stated size right.

    Height and width are one unknown where they are equal; else the first of them is.
    """
    axes = [axis for axis in _axes(spec, values) if axis.place]
    shapes = [given.shape for given in spec.inputs.values()]
    if len(shapes) != 1 or not axes or len(axes) != len(shapes[0]) - 1:
        return problems
    sizes = [axis.size for axis in axes]
    square = len(set(sizes)) == 1
    own = axes if square else axes[:1]
    unknown = fresh("n", known(spec))
    tied = {axis.symbol: _symbol(unknown) for axis in own if axis.symbol is not None}
    named = {(axis.input, axis.place): unknown for axis in own if axis.symbol is None}
    spec = with_sizes_named(spec, named)
    needs = _needs(spec, bind(spec, {**settings, **tied}, {*named.values()}))
    stated = {problem.path for problem in problems if problem.stated is not None}
    legal = [need for need in needs if need.path not in stated]
    found = []
    for problem in problems:
        if problem.stated is not None and problem.is_of_input:
            wanted = _common([*legal, *(need for need in needs if need.path == problem.path)])
            if wanted is not None and not wanted.is_empty:
                said = _wanted_input(wanted, sizes, square)
                first, *others = problem.notes
                first += f"; {problem.stated} would need {said}, this one is {times(sizes)}"
                problem = problem._replace(notes=(first, *others))
        found.append(problem)
    return found


def _common(needs: list[Need]) -> Solutions | None:
    """The sizes that all conditions allow; None where one of them is not solved."""
    found: dict[Solutions, None] = {}
    for need in needs:
        if need.condition.solutions is None:
            return None
        found[need.condition.solutions] = None
    return reduce(lambda a, b: a.intersect(b), found) if found else None


def _wanted_input(wanted: Solutions, sizes: list[int], square: bool) -> str:
    """The inputs of the wanted sizes: one, a range, or the one that is nearest."""

    def shape(n: int) -> str:
        return times([n] * len(sizes) if square else [n, *sizes[1:]])

    least, greatest = wanted.least, wanted.greatest
    if greatest is not None and wanted.size == greatest - least + 1 > 1:
        return f"an input of {shape(least)} to {shape(greatest)}"
    near = [n for n in (wanted.below(sizes[0]), wanted.above(sizes[0])) if n is not None]
    nearest = shape(min(near, key=lambda n: abs(n - sizes[0])))
    if wanted.size != 1:
        return f"an input such as {nearest}"
    if len(sizes) == 1:
        return f"an input of {nearest}"
    article = "an" if nearest.startswith("8") or nearest.split(" ")[0] in ("11", "18") else "a"
    return f"{article} {nearest} input"
