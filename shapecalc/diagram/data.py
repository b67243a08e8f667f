"""A report as the data of its page: every number as a formula that the page can run.

The numbers are places in one program, see :class:`shapecalc.algebra.program.Program`; what depends
on no symbol is a number there. A page can so follow every change of a symbol by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shapecalc.algebra.arithmetic import is_symbolic
from shapecalc.algebra.program import Program
from shapecalc.analysis.constraints import Constraint
from shapecalc.analysis.layer import LayerReport
from shapecalc.analysis.measures import alike
from shapecalc.analysis.measures import labels as labels_of_totals
from shapecalc.analysis.report import Report
from shapecalc.derivation.closed import open_report
from shapecalc.diagram import labels
from shapecalc.diagram.colours import GROUPS
from shapecalc.diagram.derivations import Derivations
from shapecalc.diagram.layout import main_path
from shapecalc.diagram.plan import Frame, Vertex, plan
from shapecalc.language import evaluation, expression
from shapecalc.layers import Tensor
from shapecalc.network import Network
from shapecalc.pace import now
from shapecalc.table import Writer

COLUMNS = ("params", "macs", "activations", "elementwise")
"""The measures that the page's table has."""

MOST_EXPLAINED = 3000
"""A network of more layers than this is drawn and counted, but not explained."""

MOST_UNLIKE = 1000
"""Nor is one of which more layers than this are unlike, or take unlike inputs."""

MOST_TAKEN = 10_000
"""Nor is one whose layers take more inputs than this together."""


def page_data(
    network: Network,
    settings: Mapping[str, Any],
    symbolic: bool | Iterable[str] = (),
    depth: int | None = None,
) -> dict[str, Any]:
    """All that a network's page shows, as plain data.

    What symbols are at first is set; those of ``symbolic`` have no value. ``depth`` says what is
    folded at first.

    >>> import shapecalc
    >>> data = page_data(shapecalc.load("lenet5"), {"H": 36})
    >>> [(each["name"], each["value"]) for each in data["symbols"]]
    [('B', '1'), ('H', '36'), ('W', '32'), ('num_classes', '10')]
    """
    own = network.report(settings, symbolic=symbolic)
    report, found = open_report(network, own, settings) or (own, own)
    return _Writer(own, report, found, network.about, depth).data()


def _is_small(found: Report) -> bool:
    """Whether all layers of a network are explained."""
    taken = sum(len(layer.node.inputs) for layer in found)
    is_small = len(found) <= MOST_EXPLAINED and taken <= MOST_TAKEN
    return is_small and len(alike(found)) <= MOST_UNLIKE


class _Marker(Writer):
    """Writes formulas as their places in a program, between two marks."""

    MARK = "\0"  # which no text in a spec can hold

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.program = program

    def __call__(self, value: Any) -> str:
        if isinstance(value, int):
            return super().__call__(value)
        return f"{self.MARK}{self.program.add(value)}{self.MARK}"


class _Writer:
    """Writes a report, found for the values of its symbols and again without them."""

    def __init__(
        self, given: Report, report: Report, found: Report, about: str, depth: int | None
    ) -> None:
        self.given = given
        self.report = report
        self.found = found
        self.about = about
        self.depth = depth
        self.program = Program()
        self._marked = _Marker(self.program)
        self._settings: dict[int, list[Any]] = {}  # of layers that many places may share
        self._figures: dict[int, dict[str, Any]] = {}

    def data(self) -> dict[str, Any]:
        found = self.found
        derivations = Derivations(self.program, self.report, found)
        explained = now.through("explaining", found.layers if _is_small(found) else [])
        told = {
            "name": found.name,
            "about": self.about,
            "symbols": list(self.symbols()),
            "inputs": [
                {"name": name, "dtype": tensor.dtype, "shape": self.places(tensor.shape)}
                for name, tensor in found.inputs.items()
            ],
            "layers": [self.layer(layer) for layer in found],
            "labels": labels_of_totals()
            | ({"active_params": "active params"} if found.passed_by else {}),
            "columns": COLUMNS,
            "totals": {name: self.add(n) for name, n in found.totals.by_name.items()},
            "memory": list(self.memory()),
            "constraints": [self.constraint(each) for each in found.constraints],
            "warnings": [
                {"code": each.code, "path": each.path, "message": each.message}
                for each in self.given.warnings
            ],
            "diagram": self.diagram(),
            "derivations": [derivations.of(layer.path) for layer in explained],
        }
        return {**told, "steps": self.program.steps}

    def add(self, value: Any) -> int:
        return self.program.add(value)

    def places(self, values: Iterable[Any]) -> list[int]:
        return [self.program.add(value) for value in values]

    def symbols(self) -> Iterator[dict[str, Any]]:
        """The symbols that a page asks for, and those that have to stay as they are."""
        found = dict(self.found.symbols)
        for formula in filter(is_symbolic, self.found.symbols.values()):
            from shapecalc.algebra.formula import Formula  # only where sizes are formulas

            for name in sorted(formula.symbols):  # what a symbol is set to may bring in others
                found.setdefault(name, Formula.symbol(name))
        for name, value in found.items():
            own = self.report.symbols.get(name)
            is_free = is_symbolic(value) and str(value) == name
            yield {
                "name": name,
                "value": None if is_free and (own is None or is_symbolic(own)) else str(own),
                "free": is_free,
                "whole": not is_symbolic(value) or value.is_whole,
            }

    def layer(self, layer: LayerReport) -> dict[str, Any]:
        told = {
            "path": layer.path,
            "kind": layer.kind,
            "colour": GROUPS.get(layer.node.layer.family, "other"),
            "settings": self.settings(layer),
            "inputs": list(layer.inputs),
            **self.figures(layer),
        }
        if layer.node.shared is not None:
            told["shares"] = layer.node.shared
        return told

    def figures(self, layer: LayerReport) -> dict[str, Any]:
        """The output's shape and the counts; layers that are alike have the same."""
        known = self._figures.get(id(layer.counts))
        if known is None:
            known = self._figures[id(layer.counts)] = {
                "shape": self.places(layer.output_shape),
                **{name: self.add(count) for name, count in layer.counts.items()},
            }
        return known

    def memory(self) -> Iterator[list[int]]:
        """What each step holds, and how much of that waits; steps that are alike have the same."""
        known: dict[tuple[int, int], list[int]] = {}
        for _, live, waiting in self.found.memory.steps:
            key = id(live), id(waiting)
            if key not in known:
                known[key] = self.places([live, waiting])
            yield known[key]

    def settings(self, layer: LayerReport) -> list[Any]:
        """The settings of a layer as pieces: text, and the places of what depends on a symbol."""
        known = self._settings.get(id(layer.node.layer))
        if known is None:
            pieces = labels.settings(layer.node, self._marked).split(_Marker.MARK)
            known = [int(piece) if i % 2 else piece for i, piece in enumerate(pieces)]
            self._settings[id(layer.node.layer)] = known
        return known

    # -- constraints --------------------------------------------------------------------------

    def constraint(self, constraint: Constraint) -> dict[str, Any]:
        """What must hold: a set of values of one symbol, or any of some comparisons."""
        told: dict[str, Any] = {"text": constraint.condition, "layers": list(constraint.layers)}
        solutions = constraint.solutions
        if constraint.symbol is not None and solutions is not None:
            intervals = {
                r: [[first, last] for first, last in own]
                for r, own in enumerate(solutions.classes)
                if own
            }
            told |= {"symbol": constraint.symbol, "modulus": solutions.modulus, "in": intervals}
        else:
            told["any"] = self.alternatives(constraint.condition)
        return told

    def alternatives(self, equation: str) -> list[Any] | None:
        """The comparisons of which one has to hold; None where they cannot be read again."""
        from shapecalc.algebra.formula import Formula

        try:
            tree = expression.parse(equation)
            scope = {name.name: Formula.symbol(name.name) for name in expression.names(tree)}
            return [self.comparison(each, scope) for each in _alternatives(tree)]
        except (expression.ExpressionError, ValueError):  # it is too long, or of another form
            return None

    def comparison(self, tree: expression.Expression, scope: Mapping[str, Any]) -> list[Any]:
        """``==`` or ``>=``, and the places of its two sides."""
        if not (isinstance(tree, expression.Comparison) and len(tree.rest) == 1):
            raise ValueError("expected a comparison of two sides")
        ((relation, right),) = tree.rest
        sides = [self.add(evaluation.evaluate(side, scope)) for side in (tree.first, right)]
        if relation == "<=":
            relation = ">="
            sides.reverse()
        if relation not in ("==", ">="):
            raise ValueError(f"{relation} is no relation of conditions")
        return [relation, *sides]

    # -- diagram ------------------------------------------------------------------------------

    def diagram(self) -> dict[str, Any]:
        """The diagram with everything unfolded; the page folds it."""
        drawn = plan(self.found)
        main = set(main_path(drawn))
        places = {layer.path: i for i, layer in enumerate(self.found)}
        shapes: dict[int, list[int]] = {}  # of tensors that many boxes and edges may have

        def shape(tensor: Tensor) -> list[int]:
            if id(tensor) not in shapes:
                shapes[id(tensor)] = self.places(tensor.shape)
            return shapes[id(tensor)]

        def item(each: Vertex | Frame) -> dict[str, Any]:
            told: dict[str, Any] = {"id": each.id, "name": each.name, "copies": each.copies}
            if isinstance(each, Frame):
                told["what"] = each.part.written
                return {**told, "items": [item(inner) for inner in each.items]}
            return {
                **told,
                "role": each.role,
                "nodes": [places[node.path] for node in each.nodes],
                "layers": [places[node.path] for node in each.layers],
                "shape": shape(each.tensor) if each.tensor else [],
            }

        return {
            "depth": self.depth,
            "items": [item(each) for each in drawn.root.items],
            "edges": [
                [edge.source, edge.target, shape(edge.tensor), i in main]
                for i, edge in enumerate(drawn.edges)
            ],
        }


def _alternatives(tree: expression.Expression) -> Iterator[expression.Expression]:
    if isinstance(tree, expression.Binary) and tree.operator == "or":
        yield from _alternatives(tree.left)
        yield from _alternatives(tree.right)
    else:
        yield tree
