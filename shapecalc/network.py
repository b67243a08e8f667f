"""A network: what ``load`` returns, and the way to its graph and reports."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.arithmetic import Quantity, is_symbolic
from shapecalc.graph.build import MOST_LAYERS, build
from shapecalc.graph.graph import Built, Need
from shapecalc.graph.place import MOST_TERMS, fewer_symbols
from shapecalc.language.evaluation import Undecided
from shapecalc.language.opening import Made, opened
from shapecalc.language.problem import Mark, Problem, SpecError
from shapecalc.language.symbols import SettingError, known
from shapecalc.language.tree import Spec
from shapecalc.language.words import WIDTHS

if TYPE_CHECKING:
    import networkx as nx

    from shapecalc.analysis.report import Report
    from shapecalc.analysis.terms import Meter
    from shapecalc.analysis.warning import Warning  # noqa: A004 - as where it is declared

MOST_WORK = 1_000_000
"""How many steps it may take to write a module of a network, unless more are asked for.

The largest bundled networks take less than a third of them."""


class _Tried(NamedTuple):
    """What was made of some settings before it was asked for, and which symbols were to be open.

    That is the values with what is built of them, or why nothing can be.
    """

    settings: Mapping[str, Any]
    free: set[str]
    made: tuple[dict[str, Any], Built] | SpecError


class Network:
    """A network read from a spec.

    >>> import shapecalc
    >>> net = shapecalc.load({"input": [3, 32, 32], "layers": [{"Conv2d": [6, 5]}]})
    Traceback (most recent call last):
    shapecalc.language.problem.SpecError: ...
    >>> net = shapecalc.load("lenet5")
    >>> net.name, list(net.symbols)[:3]
    ('LeNet-5', ['B', 'H', 'W'])
    """

    def __init__(
        self,
        spec: Spec,
        most_layers: int = MOST_LAYERS,
        most_terms: int = MOST_TERMS,
        most_work: int = MOST_WORK,
    ) -> None:
        self.spec = spec
        self.most_layers = most_layers
        self.most_terms = most_terms
        self.most_work = most_work
        self._default: Built | None = None
        self._tried: _Tried | None = None

    @property
    def name(self) -> str:
        """The network's name; its file's if it has none.

        >>> import shapecalc
        >>> shapecalc.load("lenet5").name
        'LeNet-5'
        """
        return self.spec.name or Path(self.spec.source.name).stem

    @property
    def about(self) -> str:
        """The spec's own words about the network.

        >>> import shapecalc
        >>> shapecalc.load({"about": "a toy", "input": [3], "layers": ["ReLU"]}).about
        'a toy'
        """
        return self.spec.about

    @property
    def symbols(self) -> dict[str, Any]:
        """The symbols and their values where nothing is set; a formula where there is none.

        >>> import shapecalc
        >>> shapecalc.load("lenet5").symbols
        {'B': 1, 'H': 32, 'W': 32, 'num_classes': 10}
        """
        return self.values()

    def values(
        self, settings: Mapping[str, Any] | None = None, symbolic: Iterable[str] = ()
    ) -> dict[str, Any]:
        """The values of the symbols; one that another is decided by keeps its value.

        >>> import shapecalc
        >>> shapecalc.load("lenet5").values({"H": "2*W"}, symbolic=["W"])["H"]
        Formula('2*W')
        """
        settings = settings or {}
        return self._opened(settings, set(symbolic) - settings.keys(), lambda values: values)

    @property
    def graph(self) -> nx.DiGraph[str]:
        """The graph where nothing is set: a node a layer or join, named by its dotted path.

        A node's ``node`` attribute holds its layer, tensors and place in the spec.

        >>> import shapecalc
        >>> graph = shapecalc.load("lenet5").graph
        >>> list(graph.successors("conv1")), graph.nodes["conv1"]["node"].layer.out_channels
        (['maxpool1'], 6)
        """
        if self._default is None:
            self._default = self.build()[1]
        return self._default.graph

    def build(
        self, settings: Mapping[str, Any] | None = None, symbolic: bool | Iterable[str] = ()
    ) -> tuple[dict[str, Any], Built]:
        """The values of the symbols and the network built for them.

        A symbol that the structure hangs on keeps its value, even where it was to stay a symbol.

        >>> import shapecalc
        >>> values, built = shapecalc.load("lenet5").build({"H": 36})
        >>> values["H"], built.inputs["input"].shape, built.graph.number_of_nodes()
        (36, (1, 3, 36, 32), 10)
        """
        settings = settings or {}
        names = known(self.spec) if symbolic is True else symbolic or ()
        return self._open(settings, set(names) - settings.keys())

    def _open(self, settings: Mapping[str, Any], free: set[str]) -> tuple[dict[str, Any], Built]:
        tried = self._tried
        if tried is not None and tried.settings == settings and tried.free == free:
            if isinstance(tried.made, SpecError):
                raise tried.made
            self._tried = None  # it is large, and seldom asked for again
            return tried.made
        self._tried = None
        return self._opened(settings, free, lambda values: (values, self._built(settings, values)))

    def deciding(
        self, settings: Mapping[str, Any] | None = None, symbolic: Iterable[str] = ()
    ) -> set[str]:
        """The symbols that keep their values, since it depends on them what is built.

        Where the network cannot be built, as far as it could be.

        >>> import shapecalc
        >>> shapecalc.load("resnet").deciding(symbolic=["depth", "H"])
        {'depth'}
        """
        settings = settings or {}
        asked = set(symbolic) - settings.keys()
        free = set(asked)
        try:
            self._tried = _Tried(dict(settings), free, self._open(settings, free))
        except SpecError as error:
            self._tried = _Tried(dict(settings), free, error)
        return asked - free

    def build_ahead(self) -> Built:
        """The network with nothing set, which is kept until it is asked for.

        >>> import shapecalc
        >>> network = shapecalc.load("lenet5")
        >>> network.build_ahead() is network.build()[1]
        True
        """
        self._tried = _Tried({}, set(), made := self.build())
        return made[1]

    def _opened(
        self,
        settings: Mapping[str, Any],
        free: set[str],
        make: Callable[[dict[str, Any]], Made],
    ) -> Made:
        try:
            return opened(self.spec, settings, free, make)
        except Undecided as undecided:
            raise self._undecided(undecided) from None

    def _built(self, settings: Mapping[str, Any], values: dict[str, Any]) -> Built:
        asked: list[Need] = []
        if self.spec.require:
            from shapecalc.analysis.budget import symbol_needs

            asked = symbol_needs(self.spec.require, values, self.spec.source)
        try:
            built = build(self.spec, values, self.most_layers, self.most_terms)
        except SpecError as error:
            from shapecalc.analysis.advice import advised

            raise advised(error, self.spec, settings, values) from None
        built.needs.extend(asked)
        return built

    def requiring(self, conditions: Iterable[str], origin: str = "require") -> Network:
        """The network with conditions added to those of its spec, as in ``"params <= 5e6"``.

        >>> import shapecalc
        >>> shapecalc.load("lenet5").requiring(["params <= 5e4"]).report()
        Traceback (most recent call last):
        shapecalc.language.problem.SpecError: require:1:1: error: requires params <= 5e4, but ...
        """
        from shapecalc.language.required import given

        more = given(conditions, origin)
        if not more:
            return self
        spec = copy.copy(self.spec)
        spec.require = [*spec.require, *more]
        return self.of_spec(spec)

    def of_type(self, dtype: str) -> Network:
        """The network with floats of another type, which memory depends on.

        >>> import shapecalc
        >>> shapecalc.load("lenet5").of_type("float16").report().memory.weights
        124012
        """
        if dtype not in WIDTHS:
            raise SettingError(f"no dtype {dtype!r}; there are {', '.join(WIDTHS)}")
        spec = copy.copy(self.spec)
        spec.dtype = dtype
        return self.of_spec(spec)

    def of_spec(self, spec: Spec) -> Network:
        """The network of another spec, as large at most as this one.

        >>> import shapecalc
        >>> net = shapecalc.load("lenet5", most_layers=20)
        >>> net.of_spec(shapecalc.load("alexnet").spec).most_layers
        20
        """
        return Network(spec, self.most_layers, self.most_terms, self.most_work)

    def _undecided(self, undecided: Undecided) -> SpecError:
        names = " and ".join(sorted(undecided.symbols))
        message = f"what is built here depends on {names}, which has no value"
        hint = f"give it a default in 'symbols', or a value with --set {min(undecided.symbols)}=..."
        mark = undecided.mark or Mark(1, 1)
        return SpecError(self.spec.source, [Problem(mark, message, (hint,))])

    def report(
        self,
        settings: Mapping[str, Any] | None = None,
        /,
        *,
        symbolic: bool | Iterable[str] = (),
        **more: int | Fraction | str,
    ) -> Report:
        """The analysis of every layer, where the symbols have their defaults or are set.

        Settings are numbers, or expressions such as ``"32*h"``, given by keyword or as a mapping.
        ``symbolic`` names the symbols that stay symbols, True for all. Raises :class:`SpecError`
        where the network does not work with these values, and ``ValueError`` for a symbol that
        is not there. A symbol that decides the structure keeps its value, and is in ``kept``.

        >>> import shapecalc
        >>> net = shapecalc.load("lenet5")
        >>> net.report(H=36, W=36)["conv2"].output_shape
        (1, 16, 12, 12)
        >>> net.report(symbolic=["H"])["conv2"].output_shape
        (1, 16, Formula('H//2 - 6'), 10)
        """
        settings = {**(settings or {}), **more}
        asked = known(self.spec) if symbolic is True else list(symbolic or ())
        return self._report(settings, [name for name in asked if name not in settings])

    def opened(self, settings: Mapping[str, Any], symbols: Collection[str]) -> Report:
        """The analysis with symbols left open, even those that the settings give values.

        One that decides the structure has its value after all, and is in ``kept``.

        >>> import shapecalc
        >>> net = shapecalc.load("lenet5")
        >>> net.opened({"H": 36, "W": 36}, ["H"])["conv2"].output_shape
        (1, 16, Formula('H//2 - 6'), 12)
        """
        return self._report(settings, symbols)

    def _report(self, settings: Mapping[str, Any], free: Collection[str]) -> Report:
        from shapecalc.analysis.report import Readers, Report

        values, built = self._open(settings, set(free))
        kept = [name for name in free if not is_symbolic(values[name])]
        dtype = self.spec.dtype or "float32"
        readers = Readers(_warnings, _table)
        meter = self._meter(values)
        report = Report(self.name, values, built, self.spec.silence, readers, kept, dtype, meter)
        if self.spec.require:
            from shapecalc.analysis.budget import needs

            report.required = needs(report, self.spec.require, self.spec.source)
        return report

    def _meter(self, values: Mapping[str, Quantity]) -> Meter:
        """What bounds the formulas of a report, and the derivations that are told of it."""
        from shapecalc.analysis.terms import Meter

        is_open = any(map(is_symbolic, values.values()))
        advice = fewer_symbols(self.spec, values, is_long=True) if is_open else ""
        return Meter(self.most_terms, self.spec.source, advice)

    def _repr_html_(self) -> str:
        """The network where nothing is set, as notebooks show it: drawn, or as a table."""
        from shapecalc.notebook import drawing

        return drawing(self.report())

    def __repr__(self) -> str:
        return f"<Network {self.name!r}>"


# -- what readers make of a report, asked only where it is wanted --------------------------------


def _table(report: Report) -> str:
    """A report as notebooks show it."""
    from shapecalc.notebook import table

    return table(report)


def _warnings(report: Report) -> list[Warning]:
    """What is probably unwanted."""
    from shapecalc.lint import warnings

    return warnings(report)
