"""The one analysis: what every layer of a network is, holds and costs, and the totals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.arithmetic import Dim, Quantity, Shape, is_symbolic, smallest, total
from shapecalc.analysis.constraints import Constraint, combine
from shapecalc.analysis.data import as_data, copied
from shapecalc.analysis.layer import LayerReport, reports
from shapecalc.analysis.measures import DEFAULT, Totals
from shapecalc.analysis.views import ReceptiveFields
from shapecalc.graph.graph import Built, Need, Part
from shapecalc.layers import Layer, Tensor
from shapecalc.pace import now

if TYPE_CHECKING:
    from shapecalc.analysis.memory import Memory
    from shapecalc.analysis.terms import Meter
    from shapecalc.analysis.warning import Warning  # noqa: A004 - as where it is declared


def _nothing(report: Report) -> None:
    return None


class Readers(NamedTuple):
    """What a report shows of what readers make of it; it knows none, so that is handed to it.

    ``warnings`` finds what may be unwanted, ``view`` is what a notebook shows.
    """

    warnings: Callable[[Report], list[Warning] | None] = _nothing
    view: Callable[[Report], str | None] = _nothing


class Report:
    """The analysis of a network for given values of its symbols.

    ``kept`` are symbols that were to stay symbols, and keep their values for what they decide. A
    ``meter`` bounds how long its formulas may be together, and what is told of it.

    >>> import shapecalc
    >>> report = shapecalc.load("lenet5").report()
    >>> report["conv1"].output_shape, report.totals.params
    ((1, 6, 28, 28), 62006)
    """

    def __init__(
        self,
        name: str,
        symbols: Mapping[str, Quantity],
        built: Built,
        silence: Iterable[str] = (),
        readers: Readers | None = None,
        kept: Iterable[str] = (),
        dtype: str = DEFAULT,
        meter: Meter | None = None,
    ) -> None:
        self.name = name
        self._readers = readers or Readers()
        self.symbols = dict(symbols)
        self.kept = {name: self.symbols[name] for name in kept}
        self.built = built
        self.silence = frozenset(silence)
        self.dtype = dtype
        self.meter = meter
        is_open = any(map(is_symbolic, symbols.values()))
        self.layers = list(reports(built, dtype, meter if is_open else None))
        self.required: list[Need] = []

    @property
    def inputs(self) -> dict[str, Tensor]:
        """The network's inputs by name.

        >>> import shapecalc
        >>> shapecalc.load("lenet5").report().inputs
        {'input': Tensor(shape=(1, 3, 32, 32), dtype='float32')}
        """
        return self.built.inputs

    @property
    def outputs(self) -> list[tuple[str, Tensor]]:
        """What the network returns: where it comes from, as in ``lstm1.h_n``, and the tensor.

        >>> import shapecalc
        >>> shapecalc.load("lenet5").report().outputs
        [('linear3', Tensor(shape=(1, 10), dtype='float32'))]
        """
        return [(str(wire.source), wire.tensor) for wire in self.built.outputs]

    def under(self, symbols: Mapping[str, Quantity]) -> Report:
        """The same analysis with other names for its numbers: symbols that have these values.

        >>> import shapecalc
        >>> report = shapecalc.load("lenet5").report()
        >>> report.under({**report.symbols, "kernel": 5}).symbols["kernel"]
        5
        """
        found = copy(self)
        found.symbols = dict(symbols)
        return found

    def told(self, shape: Shape) -> Shape:
        """A shape as it is told: without the batch, if that is what comes first.

        >>> import shapecalc
        >>> report = shapecalc.load("lenet5").report()
        >>> report.told((1, 6, 28, 28)), report.told((169, 3))
        ((6, 28, 28), (169, 3))
        """
        return shape[self.first(shape) :]

    def first(self, shape: Shape) -> int:
        """The dimension that a shape is told from: the one behind the batch, if that comes first.

        >>> import shapecalc
        >>> report = shapecalc.load("lenet5").report()
        >>> report.first((1, 6, 28, 28)), report.first((169, 3))
        (1, 0)
        """
        return 1 if shape[:1] == (self.symbols["B"],) else 0

    @cached_property
    def _by_path(self) -> dict[str, LayerReport]:
        return {layer.path: layer for layer in self.layers}

    def __getitem__(self, path: str) -> LayerReport:
        """The layer at a path; raises ``KeyError`` with the nearest there is."""
        try:
            return self._by_path[path]
        except KeyError:
            from shapecalc.language.problem import did_you_mean

            inside = next((each for each in self._by_path if each.startswith(f"{path}.")), "")
            hint = f"inside is {inside!r}" if inside else did_you_mean(path, self._by_path)
            raise KeyError(f"no layer at {path!r}" + (f"; {hint}" if hint else "")) from None

    def within(self, part: Part) -> list[LayerReport]:
        """The layers that a part of the network holds, in order.

        >>> import shapecalc
        >>> report = shapecalc.load("resnet18").report()
        >>> len(report.within(report.built.root)) == len(report)
        True
        """
        known = self._by_path
        return [known[node.path] for node in part.nodes()]

    @cached_property
    def _kinds(self) -> frozenset[type[Layer]]:
        return frozenset([type(layer.node.layer) for layer in self.layers])

    def of(self, is_meant: Callable[[type[Layer]], bool]) -> Iterator[LayerReport]:
        """The layers of some kinds, in order: of those that something is true of.

        >>> import shapecalc
        >>> report = shapecalc.load("lenet5").report()
        >>> [layer.path for layer in report.of(lambda kind: kind.slides)]
        ['conv1', 'maxpool1', 'conv2', 'maxpool2']
        """
        kinds = set(filter(is_meant, self._kinds))
        if kinds:  # a network has few, and mostly none of those that are asked for
            yield from (layer for layer in self.layers if type(layer.node.layer) in kinds)

    def __contains__(self, path: object) -> bool:
        return path in self._by_path

    def __iter__(self) -> Iterator[LayerReport]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    @cached_property
    def totals(self) -> Totals:
        """The sums over all layers; of a mixture of experts the ``active_params`` as well.

        >>> import shapecalc
        >>> shapecalc.load("mixtral_8x7b").report().totals.active_params
        12879925248
        """
        found = Totals(self.layers)
        if not self.passed_by:
            return found
        active = found.params - total(list(self.passed_by.values()))
        return Totals(self.layers, {"active_params": active})

    @cached_property
    def passed_by(self) -> dict[str, Dim]:
        """Of layers whose params a token uses in part, how many it does not, by their paths.

        >>> import shapecalc
        >>> sum(shapecalc.load("mixtral_8x7b").report().passed_by.values())
        33822867456
        """
        found: dict[str, Dim] = {}
        for layer in self.of(lambda kind: kind.passed_by is not Layer.passed_by):
            idle = layer.node.layer.passed_by(*layer.node.inputs)
            for place, count in idle.items():
                path = layer.node.sources[place].path
                if path in self and self[path].params != 0:
                    found[path] = smallest(found.get(path, count), count)
        return found

    @cached_property
    def memory(self) -> Memory:
        """What passes through the network hold, and what training keeps.

        >>> import shapecalc
        >>> memory = shapecalc.load("lenet5").report().memory
        >>> memory.weights, memory.peak, memory.peak_at
        (248024, 31104, 'conv1')
        """
        from shapecalc.analysis.memory import Memory

        return Memory(self)

    @cached_property
    def constraints(self) -> list[Constraint]:
        """What must hold of the symbols for the network to be one.

        >>> import shapecalc
        >>> [str(each) for each in shapecalc.load("unet").report(symbolic=["H"]).constraints]
        ['H % 16 == 0']
        """
        return combine([*self.built.needs, *self.required], self.built.least)

    @cached_property
    def needs_of(self) -> dict[str, list[Need]]:
        """What each layer needs of the symbols, by its path; nothing of those that need nothing.

        >>> import shapecalc
        >>> sorted(shapecalc.load("lenet5").report(symbolic=["H"]).needs_of)
        ['conv1', 'conv2', 'maxpool1', 'maxpool2']
        """
        found: dict[str, list[Need]] = {}
        for need in self.built.needs:
            found.setdefault(need.path, []).append(need)
        return found

    @cached_property
    def constraints_of(self) -> dict[str, list[Constraint]]:
        """The constraints that each layer has a part in, by its path.

        >>> import shapecalc
        >>> report = shapecalc.load("lenet5").report(symbolic=["H"])
        >>> [each.condition for each in report.constraints_of["maxpool2"]]
        ['H >= 16']
        """
        found: dict[str, list[Constraint]] = {}
        for each in self.constraints:
            for path in each.paths:
                found.setdefault(path, []).append(each)
        return found

    @cached_property
    def least(self) -> dict[str, int]:
        """The least values of the symbols, as far as any are needed for the network to be one.

        >>> import shapecalc
        >>> shapecalc.load("unet").report(symbolic=["H"]).least
        {'H': 16}
        """
        found = dict(self.built.least)
        for each in self.constraints:
            solutions = each.solutions
            if each.symbol is not None and solutions is not None and not solutions.is_empty:
                found[each.symbol] = max(solutions.least, found.get(each.symbol, solutions.least))
        return found

    @cached_property
    def receptive_fields(self) -> ReceptiveFields:
        """Every layer's view of the input; None where no window describes it.

        That is so behind a layer in which every output sees the whole input, and where branches
        see the input in different steps. Where neighbours see differently much, as behind a
        transposed convolution, a size is a range.

        >>> import shapecalc
        >>> shapecalc.load("lenet5").report().receptive_fields["conv2"].size
        (14, 14)
        """
        return ReceptiveFields(self.built.nodes, self.inputs, self.built.least)

    @cached_property
    def warnings(self) -> list[Warning]:
        """What is legal but probably unwanted, unless the spec silences it.

        >>> import shapecalc
        >>> [(each.path, each.code) for each in shapecalc.load("alexnet").report().warnings]
        [('conv1', 'dropped-pixels')]
        """
        now.begin("looking for what may be unwanted")
        return self._readers.warnings(self) or []

    def __repr__(self) -> str:
        return f"<Report of {self.name!r}: {len(self)} layers, {self.totals.params} params>"

    def _repr_html_(self) -> str | None:
        """The table of the report, as notebooks show it."""
        return self._readers.view(self)

    def to_dict(self, *, memory: bool = False) -> dict[str, Any]:
        """The report as plain data, as ``show --format json`` prints it.

        With ``memory``, every layer tells its own as well.

        >>> import shapecalc
        >>> found = shapecalc.load("lenet5").report(symbolic=["H"]).to_dict()
        >>> found["layers"][0]["output_shape"], found["totals"]["buffers"]
        ([1, 6, 'H - 4', 28], 0)
        """
        found: dict[str, Any] = copied(as_data(self, memory=memory))
        return found

    def to_dataframe(self, *, memory: bool = False) -> Any:
        """The layers as a pandas data frame, a row each, with the path for its index.

        Columns are ``kind``, ``inputs``, ``output_shape`` and every measure; with ``memory`` what
        concerns each layer in bytes as well: ``weights``, ``live``, ``saved_for_backward``.
        Formulas stay formulas. Raises ``ImportError`` where pandas is not installed.

        >>> import shapecalc
        >>> frame = shapecalc.load("lenet5").report().to_dataframe()
        >>> int(frame.params.sum()), frame.macs.idxmax()
        (62006, 'conv1')
        """
        try:
            import pandas
        except ImportError:
            raise ImportError("to_dataframe needs pandas: pip install pandas") from None
        rows: list[dict[str, Any]] = []
        for layer in self.layers:
            shape = tuple(layer.output_shape)
            row = {
                "kind": layer.kind,
                "inputs": layer.inputs,
                "output_shape": shape,
                **layer.counts,
            }
            rows.append({**row, **self.memory.of(layer)} if memory else row)
        paths = [layer.path for layer in self.layers]
        return pandas.DataFrame(rows, index=pandas.Index(paths, name="path"))
