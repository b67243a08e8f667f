"""The emitted module against the report: shapes, weights, work, and a real run."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from shapecalc.algebra.formula import evaluate
from shapecalc.emit.module import module
from shapecalc.network import Network
from shapecalc.report import LayerReport, Report
from shapecalc.verify import run, sizes
from shapecalc.verify.findings import Finding, differences

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

    Needs torch; raises :class:`TorchMissing`. ``progress`` is told before each comparison what it
    is, and how many there are of its sort.
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

    def findings(self) -> Iterator[Finding]:
        with run.on_meta():
            model = self.model(self.settings)
            yield self.shapes("shapes at the default sizes", self.report, model)
            yield from self.other_sizes(model)
            yield self.weights(model)
            yield from self.work(model)
        yield self.real_run()

    def model(self, settings: dict[str, Any]) -> Any:
        """The emitted module, made with the settings as its defaults."""
        names = run.imported(module(self.network, settings), "emitted")
        return run.last_class(names)().eval()

    # -- shapes -------------------------------------------------------------------------------

    def shapes(self, what: str, report: Report, model: Any) -> Finding:
        self.progress(what, 1)
        passed, output = run.watched(model, run.inputs(report.inputs, "meta"))
        count, found = differences([*_passed(report, passed), *_returned(report, output)])
        return Finding(what, count, found)

    def other_sizes(self, model: Any) -> Iterator[Finding]:
        """The same at random sizes, where the formulas must give the same numbers too."""
        drawn = list(sizes.draw(self.network, self.settings, self.formulas, SIZES, self.seed))
        if not drawn:
            return
        compared, found = 0, []
        for values in drawn:
            at = " and ".join(f"{name} = {value}" for name, value in values.items())
            self.progress(f"shapes at {at}", len(drawn))
            settings = {**self.settings, **values}
            report = self.network.report(settings)
            same = [layer.weights for layer in report] == [layer.weights for layer in self.report]
            one = self.shapes("", report, model if same else self.model(settings))
            count, wrong = differences(self.evaluated(report, values))
            compared += one.compared + count
            found += [f"at {at}, {each}" for each in (*one.differences, *wrong)]
        yield Finding(
            f"shapes and formulas at {len(drawn)} random sizes",
            compared,
            tuple(found),
            note=f"seed {self.seed}",
        )

    def evaluated(self, report: Report, values: dict[str, int]) -> Iterator[tuple[str, Any, Any]]:
        """The formulas at the given sizes against the numbers there."""
        numbers = {layer.path: layer for layer in report}
        for layer in self.formulas:
            shape = tuple(evaluate(size, values) for size in layer.output_shape)
            yield f"formula of {layer.path}", shape, numbers[layer.path].output_shape
        for name, value in self.formulas.totals._asdict().items():
            yield f"formula of total {name}", evaluate(value, values), getattr(report.totals, name)

    # -- weights and work ---------------------------------------------------------------------

    def weights(self, model: Any) -> Finding:
        self.progress("weights and buffers", 1)
        theirs = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
        ours = {
            f"{layer.path}.{name}": shape
            for layer in self.report
            for name, shape in [
                *layer.weights.items(),
                *((name, tensor.shape) for name, tensor in layer.buffers_of.items()),
            ]
        }
        names = dict.fromkeys([*ours, *theirs])
        params = sum(each.numel() for each in model.parameters())
        buffers = sum(each.numel() for each in model.buffers())
        count, found = differences(
            [
                *((name, ours.get(name), theirs.get(name)) for name in names),
                ("total params", self.report.totals.params, params),
                ("total buffers", self.report.totals.buffers, buffers),
            ]
        )
        return Finding("weights and buffers by name, and their totals", count, found)

    def work(self, model: Any) -> Iterator[Finding]:
        """Twice the multiply-accumulates against torch's counter, module by module."""
        self.progress("operations", 1)
        theirs = run.counted(model, run.inputs(self.report.inputs, "meta"))
        uncounted = [layer for layer in self.report if not layer.node.layer.counted_by_torch]
        modules = [
            layer
            for layer in self.report
            if layer.node.layer.in_torch
            and layer.node.layer.counted_by_torch
            and layer.node.shared is None
        ]
        pairs: list[tuple[str, Any, Any]] = [
            (f"operations of {layer.path}", layer.flops, theirs.get(layer.path, 0))
            for layer in modules
            if not _is_target(self.report, layer)
        ]
        ours: Any = self.report.totals.flops
        for layer in uncounted:
            ours -= layer.flops
        pairs.append(("operations in all", ours, theirs.get("", 0)))
        count, found = differences(pairs)
        kinds = ", ".join(sorted({layer.kind for layer in uncounted}))
        note = f"torch's counter leaves out {kinds}" if kinds else ""
        yield Finding("operations (2 x MACs) against torch's counter", count, found, note)

    # -- a real run ---------------------------------------------------------------------------

    def real_run(self) -> Finding:
        """A forward pass with random weights at the smallest legal size."""
        self.progress("a forward pass on the CPU", 1)
        values = sizes.smallest(self.network, self.settings, self.formulas)
        settings = {**self.settings, **values}
        report = self.network.report(settings)
        with run.torch().no_grad():
            output = self.model(settings)(*run.inputs(report.inputs, "cpu"))
        count, found = differences(_returned(report, output))
        if not bool(run.torch().isfinite(run.first(output)).all()):
            found = (*found, "the result is not finite")
        shape = " and ".join(str(tensor) for tensor in report.inputs.values())
        return Finding(f"a forward pass on the CPU at {shape}", count + 1, found)


def _passed(report: Report, passed: dict[str, run.Passed]) -> Iterator[tuple[str, Any, Any]]:
    """What passed through every module that is a layer of the report."""
    for layer in report:
        if not layer.node.layer.in_torch:
            continue  # a function: what it puts out is some module's input, or returned
        seen = passed.get(layer.path)
        yield f"output of {layer.path}", layer.output_shape, seen and seen.output
        if seen is not None and not layer.node.layer.joins:
            yield f"input of {layer.path}", layer.input_shapes[:1], seen.inputs[:1]


def _returned(report: Report, output: Any) -> list[tuple[str, Any, Any]]:
    ours = [tensor.shape for _, tensor in report.outputs]
    theirs = run.returned(output)
    names = [path for path, _ in report.outputs]
    if len(ours) != len(theirs):
        return [("number of outputs", len(ours), len(theirs))]
    return [(f"returned {name}", a, b) for name, a, b in zip(names, ours, theirs)]


def _is_target(report: Report, layer: LayerReport) -> bool:
    """Whether other layers use this one's weights, and so its module, too."""
    return any(other.node.shared == layer.path for other in report)
