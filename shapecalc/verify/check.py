"""The emitted module against the report: shapes, weights, work, and a real run."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from shapecalc.algebra.arithmetic import known
from shapecalc.algebra.formula import evaluate
from shapecalc.algebra.message import series
from shapecalc.analysis.report import Report
from shapecalc.emitting.module import module
from shapecalc.language.opening import size_symbols
from shapecalc.language.problem import SpecError
from shapecalc.language.words import BATCH
from shapecalc.layers import Layer
from shapecalc.network import Network
from shapecalc.table import size
from shapecalc.verify import live, run, sizes, weights
from shapecalc.verify.calling import Returned, returned
from shapecalc.verify.findings import Finding, Pair, compare
from shapecalc.verify.meta import on_meta

if TYPE_CHECKING:
    from torch import nn

SIZES = 12
"""How many random sizes are tried, for a small network."""

RUNS = 600
"""For a large one fewer, so that no more layers than these are run at them; but two at least."""

Progress = Callable[[str, int], None]


def check(
    network: Network,
    settings: dict[str, Any] | None = None,
    *,
    seed: int | None = None,
    progress: Progress = lambda what, steps: None,
) -> Iterator[Finding]:
    """Prove the emitted module equal to the report, one comparison after another.

    Needs torch; raises :class:`MissingPackage`. ``progress`` is told before each step what is
    compared in it, and how many steps there are in all.
    """
    run.torch()
    return _Check(network, settings or {}, seed, progress).findings()


NOT_FINITE = "the result is not finite, as where the root of a negative number is taken"
"""What is told of a real run that says nothing but the shapes."""

MOST_BYTES = 4 * 10**9
"""The weights that are drawn for a real run; a network with more is run for its shapes alone."""


class _Check:
    def __init__(
        self, network: Network, settings: dict[str, Any], seed: int | None, progress: Progress
    ) -> None:
        self.network = network
        self.settings = settings
        self.seed = random.randrange(10**6) if seed is None else seed  # noqa: S311
        self.progress = progress
        self.report = network.report(settings)
        self.batch = self.report.symbols[BATCH]
        names = [name for name in size_symbols(network.spec) if name not in settings]
        self.formulas = network.opened(settings, [*names, BATCH])
        count = max(2, min(SIZES, RUNS // max(len(self.report), 1)))
        self.drawn = list(sizes.draw(network, settings, self.formulas, count, self.seed))
        self.steps = len(self.drawn) + 4
        self.is_finite = True  # the result of the real run, as far as it is known

    def findings(self) -> Iterator[Finding]:
        alone = not any(BATCH in values for values in self.drawn)
        note = f"the spec is a network in a batch of {self.batch} only" if alone else ""
        yield self.compared("shapes at the default sizes", self.report, self.shapes, note)
        if self.drawn:
            yield self.at_other_sizes()
        names = "weights and buffers by name, and their totals"
        yield self.compared(names, self.report, self.weights)
        yield self.operations()
        least = sizes.smallest(self.network, self.settings, self.formulas)
        report = self.network.report({**self.settings, **least})
        shape = " and ".join(str(tensor) for tensor in report.inputs.values())
        if known(report.totals.weight_bytes) > MOST_BYTES:
            note = f"without numbers: weights of {size(report.totals.weight_bytes)} are not drawn"
            yield self.compared(f"a forward pass at {shape}", report, self.shapes, note)
            return
        found = self.compared(f"a forward pass on the CPU at {shape}", report, self.real_run)
        yield found if self.is_finite else found._replace(note=NOT_FINITE)

    def compared(
        self, what: str, report: Report, pairs: Callable[[Report], Iterable[Pair]], note: str = ""
    ) -> Finding:
        """A comparison; that torch fails on the emitted module is a difference, too."""
        self.progress(what, self.steps)
        try:
            found = list(pairs(report))
        except SpecError:
            raise
        except Exception as error:
            found = [Pair("the emitted module", "runs", f"{type(error).__name__}: {error}")]
        return compare(what, found, report, note)

    @functools.cached_property
    def model(self) -> nn.Module:
        """The emitted module, without weights."""
        with on_meta():
            return run.made(module(self.network, self.settings))

    def fixed(self, report: Report) -> nn.Module:
        """The module for just the values of a report, none of them a parameter."""
        return run.made(module(self.network, dict(report.symbols), frozenset()))

    def fitting(self, report: Report) -> nn.Module:
        """The module that is to work at the sizes of a report, whatever the batch.

        It is the default one, unless some setting follows from the input's size; made for another
        batch it is only where that batch asks for other weights.
        """
        usual = self.network.report({**self.settings, **report.symbols, BATCH: self.batch})
        if not sizes.has_same_weights(usual, report):
            return self.fixed(report)
        return self.model if _layers(usual) == _layers(self.report) else self.fixed(usual)

    # -- shapes -------------------------------------------------------------------------------

    def shapes(self, report: Report) -> Iterator[Pair]:
        """What passes through every module, and what comes out."""
        passed, output, _ = self.default if report is self.report else self.measured(report)
        yield from live.passing(report, passed)
        yield from live.returning(report, [tuple(each.shape) for _, each in output.tensors])

    @functools.cached_property
    def default(self) -> tuple[dict[str, list[run.Passed]], Returned, dict[str, int]]:
        """A run at the default sizes."""
        return self.measured(self.report, counts=True)

    def measured(
        self, report: Report, counts: bool = False
    ) -> tuple[dict[str, list[run.Passed]], Returned, dict[str, int]]:
        """What passes through the modules in a run, what comes out and what operations it takes."""
        passed: dict[str, list[run.Passed]] = {}
        with on_meta():
            model = self.model if report is self.report else self.fitting(report)
            given = {n: x.to("meta") for n, x in weights.inputs(report, None, 0).items()}

            def call() -> Any:
                return model(*given.values())

            if counts:
                outputs: list[Any] = []
                operations = run.counted(
                    model, lambda: outputs.append(run.watched(model, call, passed))
                )
                return passed, returned(outputs[0]), operations
            return passed, returned(run.watched(model, call, passed)), {}

    def at_other_sizes(self) -> Finding:
        """The same at random sizes and in other batches, where formulas must give the numbers."""
        findings = []
        for values in self.drawn:
            at = " and ".join(f"{name} = {value}" for name, value in values.items())
            report = self.network.report({**self.settings, **values})
            found = self.compared(f"at {at}", report, self.shapes)
            findings += [found, compare(f"at {at}", self.evaluated(report), report)]
        return Finding(
            f"shapes and formulas {self.where()}",
            sum(each.compared for each in findings),
            tuple(f"{each.what}, {told}" for each in findings for told in each.differences),
            f"seed {self.seed}",
            next((each.explanation for each in findings if not each.agrees), ()),
        )

    def where(self) -> str:
        """At what sizes and in what batches, in words."""
        batches = sorted({values[BATCH] for values in self.drawn if BATCH in values})
        told = f"in batches of {series(batches)}" if batches else ""
        if all(values.keys() == {BATCH} for values in self.drawn):
            return told
        return f"at {len(self.drawn)} random sizes{', ' * bool(told)}{told}"

    def evaluated(self, report: Report) -> Iterator[Pair]:
        """The formulas at the sizes of a report, and the numbers there.

        There are none where a symbol that decides the structure has another value.
        """
        if any(report.symbols[name] != value for name, value in self.formulas.kept.items()):
            return
        values = dict(report.symbols)
        for ours, theirs in zip(self.formulas, report):
            shape = tuple(evaluate(size, values) for size in ours.output_shape)
            what = f"formula of the output of {ours.path}"
            yield Pair(what, shape, theirs.output_shape, ours.path, "shape")
        for name, value in self.formulas.totals.by_name.items():
            yield Pair(
                f"formula of the total {name}",
                evaluate(value, values),
                getattr(report.totals, name),
            )

    # -- weights and work ---------------------------------------------------------------------

    def weights(self, report: Report) -> Iterator[Pair]:
        """The names and shapes of weights and buffers, layer by layer, and their totals."""
        yield from live.holding(report, self.model)

    def operations(self) -> Finding:
        """Twice the multiply-accumulates against torch's counter, module by module."""
        uncounted = {layer.kind for layer in self.report if not layer.node.layer.counted_by_torch}
        kinds = ", ".join(sorted(uncounted))
        note = f"torch's counter leaves out {kinds}" if kinds else ""
        what = "operations (2 x MACs) against torch's counter"
        return self.compared(what, self.report, self.work, note)

    def work(self, report: Report) -> Iterator[Pair]:
        """The operations of every module, and of all."""
        yield from live.working(report, self.default[2], dict(self.model.named_modules()))

    # -- a real run ---------------------------------------------------------------------------

    def real_run(self, report: Report) -> Iterator[Pair]:
        """A forward pass with random weights at the smallest legal size."""
        torch = run.torch()
        is_default = report.symbols == self.report.symbols
        with on_meta():
            model = self.model if is_default else self.fixed(report)
        # without the weights that it would begin with, which take as long to draw as these
        model = weights.copied(model, lambda each: torch.empty(each.shape, dtype=each.dtype))
        with run.threads(known(report.totals.macs)), torch.no_grad():
            weights.draw(model, self.seed)
            given, _ = weights.in_range(report, None, self.seed, lambda x: model(*x.values()))
            output = returned(given).tensors
        yield from live.returning(report, [tuple(each.shape) for _, each in output])
        self.is_finite = all(bool(torch.isfinite(each).all()) for _, each in output)
        if self.is_finite:
            yield Pair("the result", "finite", "finite")


def _layers(report: Report) -> list[Layer]:
    return [layer.node.layer for layer in report]
