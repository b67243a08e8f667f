"""The emitted module against the report: shapes, weights, work, and a real run."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from shapecalc.algebra.formula import evaluate
from shapecalc.analysis.report import Report
from shapecalc.emit.module import module
from shapecalc.language.problem import SpecError
from shapecalc.layers import Layer
from shapecalc.network import Network
from shapecalc.verify import run, sizes
from shapecalc.verify.findings import Finding, Pair, compare
from shapecalc.verify.meta import on_meta

if TYPE_CHECKING:
    from torch import nn

SIZES = 12
"""How many random sizes are tried."""

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


class _Check:
    def __init__(
        self, network: Network, settings: dict[str, Any], seed: int | None, progress: Progress
    ) -> None:
        self.network = network
        self.settings = settings
        self.seed = random.randrange(10**6) if seed is None else seed  # noqa: S311
        self.progress = progress
        self.report = network.report(settings)
        names = [name for name in sizes.size_symbols(network) if name not in settings]
        self.formulas = network.report(settings, symbolic=names)
        self.drawn = list(sizes.draw(network, settings, self.formulas, SIZES, self.seed))
        self.steps = len(self.drawn) + 4

    def findings(self) -> Iterator[Finding]:
        yield self.compared("shapes at the default sizes", self.report, self.shapes)
        if self.drawn:
            yield self.at_other_sizes()
        names = "weights and buffers by name, and their totals"
        yield self.compared(names, self.report, self.weights)
        yield self.operations()
        least = sizes.smallest(self.network, self.settings, self.formulas)
        report = self.network.report({**self.settings, **least})
        shape = " and ".join(str(tensor) for tensor in report.inputs.values())
        yield self.compared(f"a forward pass on the CPU at {shape}", report, self.real_run)

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

    # -- shapes -------------------------------------------------------------------------------

    def shapes(self, report: Report) -> Iterator[Pair]:
        """What passes through every module, and what comes out."""
        model = self.model
        with on_meta():
            if _layers(report) != _layers(self.report):
                # some setting follows the input's size
                model = self.fixed(report)
            passed: dict[str, run.Passed] = {}
            output = run.watched(model, run.inputs(report.inputs, "meta"), passed)
        yield from _passed(report, passed)
        yield from _returned(report, output)

    def at_other_sizes(self) -> Finding:
        """The same at random sizes, where the formulas must give the same numbers too."""
        findings = []
        for values in self.drawn:
            at = " and ".join(f"{name} = {value}" for name, value in values.items())
            report = self.network.report({**self.settings, **values})
            found = self.compared(f"at {at}", report, self.shapes)
            findings += [found, compare(f"at {at}", self.evaluated(report, values), report)]
        return Finding(
            f"shapes and formulas at {len(self.drawn)} random sizes",
            sum(each.compared for each in findings),
            tuple(f"{each.what}, {told}" for each in findings for told in each.differences),
            f"seed {self.seed}",
            next((each.explanation for each in findings if not each.agrees), ()),
        )

    def evaluated(self, report: Report, values: dict[str, int]) -> Iterator[Pair]:
        """The formulas at the given sizes, and the numbers there."""
        numbers = {layer.path: layer for layer in report}
        for layer in self.formulas:
            shape = tuple(evaluate(size, values) for size in layer.output_shape)
            what = f"formula of the output of {layer.path}"
            yield Pair(what, shape, numbers[layer.path].output_shape, layer.path, "shape")
        for name, value in self.formulas.totals.by_name.items():
            ours = evaluate(value, values)
            yield Pair(f"formula of the total {name}", ours, getattr(report.totals, name))

    # -- weights and work ---------------------------------------------------------------------

    def weights(self, report: Report) -> Iterator[Pair]:
        """The names and shapes of weights and buffers, layer by layer, and their totals."""
        theirs = {name: tuple(tensor.shape) for name, tensor in self.model.state_dict().items()}
        for layer in report:
            own = {name: tensor.shape for name, tensor in layer.buffers_of.items()}
            for name, shape in {**layer.weights, **own}.items():
                path = f"{layer.path}.{name}"
                yield Pair(path, shape, theirs.pop(path, None), layer.path, "cost")
        for path, shape in theirs.items():
            yield Pair(path, None, shape)
        params = sum(each.numel() for each in self.model.parameters())
        buffers = sum(each.numel() for each in self.model.buffers())
        yield Pair("total params", report.totals.params, params)
        yield Pair("total buffers", report.totals.buffers, buffers)

    def operations(self) -> Finding:
        """Twice the multiply-accumulates against torch's counter, module by module."""
        uncounted = {layer.kind for layer in self.report if not layer.node.layer.counted_by_torch}
        kinds = ", ".join(sorted(uncounted))
        note = f"torch's counter leaves out {kinds}" if kinds else ""
        what = "operations (2 x MACs) against torch's counter"
        return self.compared(what, self.report, self.work, note)

    def work(self, report: Report) -> Iterator[Pair]:
        """The operations of every module, and of all."""
        with on_meta():
            theirs = run.counted(self.model, run.inputs(report.inputs, "meta"))
        counted = [layer for layer in report if layer.node.layer.counted_by_torch]
        sharers = {layer.node.shared for layer in report}
        for layer in counted:
            is_alone = layer.node.shared is None and layer.path not in sharers
            if layer.node.layer.in_torch and is_alone:  # else it has no module of its own
                found = theirs.get(layer.path, 0)
                what = f"operations of {layer.path}"
                yield Pair(what, layer.flops, found, layer.path, "cost")
        yield Pair("operations in all", sum(layer.flops for layer in counted), theirs.get("", 0))

    # -- a real run ---------------------------------------------------------------------------

    def real_run(self, report: Report) -> Iterator[Pair]:
        """A forward pass with random weights at the smallest legal size."""
        model = self.fixed(report)
        with run.torch().no_grad():
            output = model(*run.inputs(report.inputs, "cpu"))
        yield from _returned(report, output)
        is_finite = bool(run.torch().isfinite(run.first(output)).all())
        yield Pair("the result", "finite", "finite" if is_finite else "not finite")


def _layers(report: Report) -> list[Layer]:
    return [layer.node.layer for layer in report]


def _passed(report: Report, passed: dict[str, run.Passed]) -> Iterator[Pair]:
    """What passed through every module that is a layer of the report."""
    for layer in report:
        if not layer.node.layer.in_torch:
            continue  # a function: what it puts out is some module's input, or returned
        seen = passed.get(layer.path)
        if seen is not None and not layer.node.layer.joins:
            yield Pair(f"input of {layer.path}", layer.input_shapes[:1], seen.inputs[:1])
        what = f"output of {layer.path}"
        yield Pair(what, layer.output_shape, seen and seen.output, layer.path, "shape")


def _returned(report: Report, output: Any) -> Iterator[Pair]:
    theirs = run.returned(output)
    yield Pair("number of outputs", len(report.outputs), len(theirs))
    for (path, tensor), shape in zip(report.outputs, theirs):
        yield Pair(f"returned {path}", tensor.shape, shape)
