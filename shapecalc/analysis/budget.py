"""Whether a network is what it is required to be: budgets, sizes and conditions on symbols.

On numbers a requirement holds or is an error, told with both numbers and the layers that weigh
most. Where symbols stay, it is decided if it can be, and else one of the network's constraints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from shapecalc.algebra.arithmetic import Quantity, is_number, is_symbolic, smallest, total
from shapecalc.algebra.requirement import Claim, Condition, decide
from shapecalc.analysis.constraints import REQUIRED
from shapecalc.analysis.measures import MEASURES, labels
from shapecalc.graph.graph import Need, Part
from shapecalc.language.evaluation import Undecided, evaluate, truth
from shapecalc.language.expression import Binary, Comparison, Expression, ExpressionError, Number
from shapecalc.language.problem import Problem, Source, SpecError, did_you_mean, listing
from shapecalc.language.required import Required
from shapecalc.language.writer import written
from shapecalc.layers import axes

if TYPE_CHECKING:
    from shapecalc.analysis.layer import LayerReport
    from shapecalc.analysis.report import Report

RECEPTIVE_FIELD = "receptive_field"
PEAK = "peak_memory"
CACHE = "kv_cache"
ACTIVE = "active_params"

_HEAVIEST = 3
"""How many of the layers that weigh most are told."""

_TURNED = {"<=": ">=", "<": ">"}


def symbol_needs(
    required: Iterable[Required], values: Mapping[str, Any], source: Source
) -> list[Need]:
    """What conditions on symbols alone ask of them; raises :class:`SpecError` for a broken one."""
    found: list[Need] = []
    problems: list[Problem] = []
    for each in required:
        if not all(name in values for name in each.names):
            continue
        decided = _claims(each.tree, values)
        if decided is False:
            problems.append(_problem(each, values, ()))
        elif decided is not True:
            found += [Need(condition, REQUIRED) for condition in decided]
    if problems:
        raise SpecError(source, problems)
    return found


def needs(report: Report, required: Iterable[Required], source: Source) -> list[Need]:
    """What conditions on more than symbols ask of these; raises :class:`SpecError` likewise."""
    facts = Facts(report)
    found: list[Need] = []
    problems: list[Problem] = []
    for each in required:
        if all(name in report.symbols for name in each.names):
            continue
        try:
            decided = _claims(each.tree, facts, report.built.least)
        except UnknownFact as unknown:
            problems.append(Problem(each.mark, *unknown.args))
            continue
        except ExpressionError as error:
            problems.append(Problem(each.mark, error.message, (error.hint,)))
            continue
        if decided is False:
            problems.append(_problem(each, facts, tuple(_heaviest(report, each))))
        elif decided is not True:
            found += [Need(condition, REQUIRED) for condition in decided]
    if problems:
        raise SpecError(source, problems)
    return found


# -- what holds -----------------------------------------------------------------------------------


def _claims(
    tree: Expression, scope: Mapping[str, Any], least: Mapping[str, int] | None = None
) -> bool | list[Condition]:
    """Whether a condition holds, or on what of its symbols that depends."""
    if isinstance(tree, Binary) and tree.operator == "and":
        return _both(_claims(tree.left, scope, least), _claims(tree.right, scope, least))
    if isinstance(tree, Comparison):
        sides = [tree.first, *(part for _, part in tree.rest)]
        found: bool | list[Condition] = True
        for (operator, _), left, right in zip(tree.rest, sides, sides[1:]):
            found = _both(found, _compared(operator, left, right, scope, least))
        return found
    try:
        return truth(evaluate(tree, scope))
    except Undecided:
        return [Condition(written(tree))]


def _both(one: bool | list[Condition], other: bool | list[Condition]) -> bool | list[Condition]:
    if one is False or other is False:
        return False
    open_ones = [each for part in (one, other) if isinstance(part, list) for each in part]
    return open_ones or True


def _compared(
    operator: str,
    left: Expression,
    right: Expression,
    scope: Mapping[str, Any],
    least: Mapping[str, int] | None,
) -> bool | list[Condition]:
    is_remainder = isinstance(left, Binary) and left.operator == "%"
    if operator == "==" and right == Number(0) and is_remainder:
        assert isinstance(left, Binary)
        number, divisor = evaluate(left.left, scope), evaluate(left.right, scope)
        if is_symbolic(number) or is_symbolic(divisor):
            return _decided(Claim(number, "%", divisor), least)
    a, b = evaluate(left, scope), evaluate(right, scope)
    if not (is_symbolic(a) or is_symbolic(b)):
        return truth(evaluate(Comparison(Number(a), ((operator, Number(b)),)), {}))
    if operator == "!=":
        return [Condition(f"{a} != {b}")]
    if operator in ("<", "<="):
        a, b = b, a
    return _decided(Claim(a, "==" if operator == "==" else ">=", _beyond(operator, b)), least)


def _beyond(operator: str, least: Any) -> Any:
    """What has to be reached to be more, of whole numbers."""
    return least + 1 if operator in ("<", ">") else least


def _decided(claim: Claim, least: Mapping[str, int] | None) -> bool | list[Condition]:
    decided = decide([claim], least)
    return decided if isinstance(decided, bool) else [decided]


# -- what a condition can name --------------------------------------------------------------------


class UnknownFact(Exception):
    """A condition names what is not there: a message, and notes on what is."""


class Facts(dict[str, Any]):
    """The values of the names in conditions: symbols, totals, and facts of layers and parts."""

    def __init__(self, report: Report) -> None:
        super().__init__(report.symbols)
        self.report = report

    def __missing__(self, name: str) -> Any:
        value = self._fact(name)
        self[name] = value
        return value

    def _fact(self, name: str) -> Any:
        if "(" in name:
            function, _, path = name.rstrip(")").partition("(")
            return self._field(function, path)
        if "." in name:
            path, _, fact = name.rpartition(".")
            return self._of(path, fact)
        by_name = self.report.totals.by_name
        if name in by_name:
            return by_name[name]
        if name == ACTIVE:
            return self.report.totals.active_params
        if name == PEAK:
            return self.report.memory.peak
        if name == CACHE:
            return self.report.memory.kv_cache
        known = [*self.report.symbols, *by_name, PEAK, CACHE, ACTIVE]
        near = did_you_mean(name, known)
        hints = (f"known here: {listing(known, 30)}", "and of entries, as in conv1.height")
        raise UnknownFact(f"unknown name {name!r}", (near,) if near else hints)

    def _field(self, function: str, path: str) -> Any:
        """The least that a layer sees of the input along its axes."""
        if function != RECEPTIVE_FIELD:
            hint = f"sizes are written as in {path}.height"
            raise UnknownFact(f"{function}({path}) is no fact of a layer", (hint,))
        part = self._place(path)
        last = part if not isinstance(part, Part) else list(part.nodes())[-1]
        field = self.report.receptive_fields[last.path]
        if field is None or not field.least:
            raise UnknownFact(f"no window describes what {path!r} sees of the input", ())
        return smallest(*field.least)

    def _of(self, path: str, fact: str) -> Any:
        place = self._place(path)
        if fact in MEASURES:
            nodes = place.nodes() if isinstance(place, Part) else [place]
            return total([self.report[node.path].counts[fact] for node in nodes])
        output = place.output.tensor if isinstance(place, Part) and place.output else None
        tensor = output if isinstance(place, Part) else place.output
        sizes: dict[str, Any] = {}
        if tensor is not None:
            names = axes.behind_batch(len(tensor.shape))
            sizes = dict(zip(("batch", *names), tensor.shape))
            sizes["features"] = tensor.shape[-1]
        if fact in sizes:
            return sizes[fact]
        known = [*sizes, *MEASURES]
        hint = did_you_mean(fact, known) or f"there are {listing(known, 20)}"
        raise UnknownFact(f"{path!r} has no {fact!r}", (hint,))

    def _place(self, path: str) -> Any:
        """The layer or part at a path."""
        if path in self.report:
            return self.report[path].node
        parts = list(_parts(self.report.built.root))
        for part in parts:
            if part.path == path:
                return part
        known = [*(layer.path for layer in self.report), *(part.path for part in parts)]
        hint = did_you_mean(path, known)
        raise UnknownFact(f"there is no layer, block or branch {path!r}", (hint,) if hint else ())


def _parts(part: Part) -> Iterator[Part]:
    for child in part.children:
        if isinstance(child, Part):
            yield child
            yield from _parts(child)


# -- what is told ---------------------------------------------------------------------------------


def _problem(each: Required, scope: Mapping[str, Any], notes: tuple[str, ...]) -> Problem:
    """A broken condition: what was asked for, and what is."""
    said = [f"{name} is {_number(scope[name])}" for name in each.names]
    told = f"requires {each.text}, but {' and '.join(said)}" if said else f"{each.text} is not so"
    return Problem(each.mark, told, (*_distance(each.tree, scope), *notes))


def _distance(tree: Expression, scope: Mapping[str, Any]) -> tuple[str, ...]:
    """By how much a comparison fails."""
    if not isinstance(tree, Comparison) or len(tree.rest) != 1:
        return ()
    operator, right = tree.rest[0]
    a, b = evaluate(tree.first, scope), evaluate(right, scope)
    if not (is_number(a) and is_number(b)):
        return ()
    if not isinstance(tree.first, Number) and isinstance(tree.first, Binary):
        return (f"{written(tree.first)} is {_number(a)}",)
    if operator in ("<", "<=", ">", ">=") and b:
        more = "more" if operator in ("<", "<=") else "less"
        share = float(abs(Fraction(a) - b) / abs(b))
        return (f"{_number(a)} is {_number(abs(a - b))}, or {share:.1%}, {more} than {_number(b)}",)
    return ()


def _number(value: Quantity | Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _heaviest(report: Report, each: Required) -> Iterator[str]:
    """The layers that weigh most in a total that a condition names."""
    for name in each.names:
        if name == PEAK:
            yield f"the most is held while {report.memory.peak_at} runs"
        weight = _weights(name)
        if weight is None:
            continue
        weighed = {layer.path: weight(layer) for layer in report}
        if not all(isinstance(value, int) for value in weighed.values()):
            continue
        whole = sum(weighed.values())
        heaviest = sorted(weighed, key=lambda path: -weighed[path])[:_HEAVIEST]
        told = [
            f"{path} with {weighed[path]:,} ({weighed[path] / whole:.1%})"
            for path in heaviest
            if weighed[path]
        ]
        if told:
            yield f"most {labels().get(name, name)}: {', '.join(told)}"


def _weights(name: str) -> Callable[[LayerReport], Any] | None:
    """How a total is read off a layer, if it is a sum over layers."""
    if name == "trainable":
        name = "params"
    if name in MEASURES:
        return MEASURES[name].of
    in_bytes = [each.bytes for each in MEASURES.values() if each.bytes]
    return next((each.of for each in in_bytes if each.name == name), None)
