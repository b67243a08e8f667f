"""The two sides of a check: the emitted module of the spec, and the module of the user's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from shapecalc.analysis.report import Report
from shapecalc.emitting.module import module
from shapecalc.language.opening import size_symbols
from shapecalc.language.problem import SpecError
from shapecalc.language.words import BATCH
from shapecalc.layers import Layer
from shapecalc.network import Network
from shapecalc.verify import matching, run, sizes, weights
from shapecalc.verify.calling import Returned
from shapecalc.verify.making import Called, RunError, guarded
from shapecalc.verify.matching import Pairs, State
from shapecalc.verify.meta import on_meta
from shapecalc.verify.outcome import new_tensors
from shapecalc.verify.tracing import Trace

LOUD = 30.0
"""How much signals vary where it is looked for bounds at which they are cut off."""

HEAVIEST = 4 * 10**9
"""With more than these, numbers are computed in the module's own element type."""


class Spec:
    """The spec's side: its reports, and its emitted module with random weights."""

    def __init__(self, network: Network, settings: dict[str, Any], seed: int) -> None:
        self.network = network
        self.settings = settings
        self.seed = seed
        self.report = network.report(settings)
        free = [name for name in size_symbols(network.spec) if name not in settings]
        formulas = network.report(settings, symbolic=free)
        first, *others = sizes.alive(network, settings, formulas)
        self.small = self.at(first)
        self.sizes = [first, *(each for each in others if self.is_alike(self.at(each)))]
        self.batches = self._batches()
        macs = self.small.totals.macs
        self.work = macs if isinstance(macs, int) else 0
        self.dtype = run.torch().float32 if self.work > HEAVIEST else run.torch().float64
        self.is_full = list(self.small.inputs.values()) == list(self.report.inputs.values())
        self.depth = weights.depth(self.report)
        self.halved = 0  # how often the ranges of indices were, until all were in range

    def _batches(self) -> list[int]:
        """The batches in which the spec is a network with the same weights."""
        found = []
        for batch in sizes.BATCHES:
            try:
                report = self.at(self.sizes[0], batch)
            except SpecError:
                continue
            if sizes.has_same_weights(self.small, report):
                found.append(batch)
        return found or [int(self.report.symbols[BATCH])]  # type: ignore[arg-type]

    @property
    def names(self) -> list[str]:
        """The names of the inputs."""
        return list(self.report.inputs)

    def at(self, size: Mapping[str, int], batch: int | None = None) -> Report:
        """The report at a size, and in a batch."""
        batched = {} if batch is None else {BATCH: batch}
        return self.network.report({**self.settings, **size, **batched})

    def inputs(
        self, report: Report, dtype: Any, salt: int = 0, spread: float = 1.0
    ) -> dict[str, Any]:
        """Random inputs for a report, numbers among them that vary by so much."""
        found = weights.inputs(report, dtype, self.seed + salt, self.halved)
        return {
            name: x * spread if x.is_floating_point() and spread != 1 else x
            for name, x in found.items()
        }

    @cached_property
    def on_meta(self) -> Called:
        """The module at the full size, without data."""
        with on_meta():
            return Called(run.made(module(self.network, self.settings)), self.names)

    @cached_property
    def called(self) -> Called:
        """The module, its weights such that signals stay alive on their way through it.

        It computes in float64, or in float32 where it makes numbers of that type on the way.
        """
        model = self.on_meta.model
        with on_meta():
            if not self.is_alike(self.report):  # some settings follow from the input's size
                model = run.made(module(self.network, dict(self.small.symbols), frozenset()))
        try:
            return self._alive(model)
        except RunError:
            if self.dtype == run.torch().float32:
                raise
            self.dtype = run.torch().float32
            return self._alive(model)

    def _alive(self, model: Any) -> Called:
        """A copy of a module with weights, in the element type that is computed in."""
        dtype = self.dtype
        model = weights.copied(
            model,
            lambda each: run.torch().empty(
                each.shape, dtype=dtype if each.is_floating_point() else each.dtype
            ),
        )
        called = Called(model, self.names)
        weights.draw(model, self.seed)
        self._keep_in_range(model)
        self._scaled(called, 1.0)
        return called

    def _keep_in_range(self, model: Any) -> None:
        """Find how large indices may be, if there are any among the inputs."""
        if weights.has_indices(self.small):
            report = self.at(self.sizes[0], self.batches[-1])  # of most numbers
            with new_tensors(self.dtype), run.torch().no_grad(), suppress(Exception):
                _, self.halved = weights.in_range(
                    report, self.dtype, self.seed, lambda x: model(*x.values())
                )

    def _scaled(self, called: Called, spread: float) -> dict[str, float]:
        """By what weights were multiplied, so that what comes out of layers varies by so much."""
        state = weights.state_of(called.model)
        dtype = next((x.dtype for x in state.values() if x.is_floating_point()), self.dtype)
        given = self.inputs(self.small, dtype, spread=spread)
        with (
            new_tensors(dtype),
            Trace(state, spread=spread, is_seeded=True) as trace,
            run.torch().no_grad(),
        ):
            called(given)
        return trace.scales

    def is_alike(self, report: Report) -> bool:
        """Whether the layers of a report have the settings that they have at the small size."""
        return _layers(report) == _layers(self.small)

    @cached_property
    def values(self) -> dict[str, Any]:
        """The weights and buffers that both sides get."""
        state = weights.state_of(self.called.model)
        return {name: each.detach().clone() for name, each in state.items()}

    @cached_property
    def loud(self) -> Mapping[str, Any]:
        """The same, but for signals beyond all bounds at which layers begin to cut them off."""
        state = weights.state_of(self.called.model)
        weights.put(state, self.values)
        scales = self._scaled(self.called, LOUD)
        weights.put(state, self.values)
        return weights.Scaled(self.values, scales)

    @cached_property
    def trace(self) -> Trace:
        """What it uses, at the small size."""
        with new_tensors(self.dtype):
            return followed(self.called, self.inputs(self.small, self.dtype))

    @cached_property
    def full_trace(self) -> Trace:
        """What it uses at the full size."""
        if self.is_full:
            return self.trace
        given = {name: x.to("meta") for name, x in self.inputs(self.report, None).items()}
        with on_meta():
            return followed(self.on_meta, given)

    @cached_property
    def states(self) -> list[State]:
        """Its weights and buffers, in the order of their use."""
        return matching.states(self.called.model, self.trace.uses)

    def order(self, names: Sequence[str]) -> list[int]:
        """The numbers of outputs of these names that are the spec's, by name if all are the same.

        Of fewer or more than the spec has, as many as both have.
        """
        paths = [path.rpartition(".")[2] for path, _ in self.report.outputs]
        wanted = list(self.report.built.output_names) or paths
        if sorted(names) == sorted(wanted):
            return [list(names).index(name) for name in wanted]
        return list(range(min(len(wanted), len(names))))


class Theirs:
    """The user's side: the module as it was made, and what it was seen to do.

    Its weights may be named as the spec's are, which is of its source.
    """

    def __init__(self, model: Any, spec: Spec, *, are_named: bool = False) -> None:
        self.spec = spec
        self.are_named = are_named
        self.called = Called(model, spec.names)

    @property
    def model(self) -> Any:
        """The module itself."""
        return self.called.model

    @cached_property
    def dtype(self) -> Any:
        """The element type of its weights; None without weights."""
        floats = [each.dtype for each in self.model.parameters() if each.is_floating_point()]
        return floats[0] if floats else None

    @cached_property
    def own_dtype(self) -> Any:
        """The element type that it computes in by itself."""
        return self.dtype or run.torch().float32

    def first_run(self) -> None:
        """Run it, by which lazy layers come to their sizes; raises :class:`RunError`.

        Of source, in which constants stand as zeros, only this tells how large indices may be.
        """
        self.called.set(False)
        spec = self.spec
        with run.torch().no_grad():
            if self.are_named:
                known = spec.small, self.dtype, spec.seed, self.called, spec.halved
                _, spec.halved = weights.in_range(*known)
            else:
                self.called(spec.inputs(spec.small, self.dtype))

    @cached_property
    def trace(self) -> Trace:
        """What it uses, evaluating at the small size; until it fails, if it does."""
        trace = Trace(weights.state_of(self.model), is_seeded=True)
        try:
            with trace, run.torch().no_grad():
                self.called(self.spec.inputs(self.spec.small, self.dtype))
        except RunError:
            pass
        return trace

    @cached_property
    def trained_trace(self) -> Trace:
        """What it uses in training; as evaluating, if it cannot be trained so."""
        kept = {name: each.detach().clone() for name, each in self.model.named_buffers()}
        try:
            self.called.set(True)
            report = self.spec.at(self.spec.sizes[0], self.spec.batches[-1])
            trace = followed(self.called, self.spec.inputs(report, self.dtype))
            self.trained_outputs = len(trace.outputs)
        except Exception:  # in this batch the spec, too, may not be a network
            return self.trace
        else:
            return trace
        finally:
            self.called.set(False)
            weights.put(dict(self.model.named_buffers()), kept)

    trained_outputs: int = 0
    """How many outputs it has in training."""

    @cached_property
    def only_trained(self) -> set[str]:
        """The names of the weights and buffers of layers that are used in training only."""
        used = {name.rpartition(".")[0] for name in self.trace.uses}
        late = {name.rpartition(".")[0] for name in self.trained_trace.uses} - used
        return {name for name in weights.state_of(self.model) if name.rpartition(".")[0] in late}

    @cached_property
    def states(self) -> list[State]:
        """Its weights and buffers, in the order of their use."""
        uses = self.trace.uses
        if self.only_trained:
            uses = {**self.trained_trace.uses, **uses}
        return matching.states(self.model, uses)

    def full_run(self) -> tuple[Trace, Returned, str]:
        """A run at the full size, on the meta device or else on the CPU, and a note of that."""
        given = self.spec.inputs(self.spec.report, self.dtype)
        note = ""
        if not self.spec.is_full:
            try:
                trace, output = self._on_meta(given)
            except RunError as error:
                note = f"on the CPU, since on the meta device {error}"
            else:
                return trace, output, ""
        trace = Trace(weights.state_of(self.model), is_seeded=True)
        with trace, run.torch().no_grad():
            return trace, self.called(given), note

    def _on_meta(self, given: Mapping[str, Any]) -> tuple[Trace, Returned]:
        """A run of a copy that has shapes and no data."""
        model = guarded(
            lambda: weights.copied(self.model, lambda each: each.to("meta")), "copying it"
        )
        trace = Trace(weights.state_of(model))
        with on_meta(), trace, run.torch().no_grad():
            return trace, self.called({n: x.to("meta") for n, x in given.items()}, model)

    def use(self, dtype: Any) -> None:
        """Compute in an element type; raises :class:`RunError` where that fails."""
        guarded(lambda: self.model.to(dtype), "its to()")

    def matched(self, ours: list[State]) -> Pairs:
        """The module's names of the spec's weights and buffers, by their use and their layers."""
        pairs = matching.by_use(ours, self.states, are_named=self.are_named)
        layers = {a.rpartition(".")[0]: b.rpartition(".")[0] for a, b in pairs.items()}
        left = {each.name for each in self.states} - set(pairs.values())
        for each in ours:
            at = f"{layers.get(each.owner, '?')}.{each.leaf}".lstrip(".")
            if each.name not in pairs and at in left:
                pairs[each.name] = at
        return pairs


def followed(called: Called, given: Mapping[str, Any], **how: Any) -> Trace:
    """The trace of a run without gradients."""
    trace = Trace(weights.state_of(called.model), is_seeded=True, **how)
    with trace, run.torch().no_grad():
        trace.outputs = called(given).tensors
    return trace


def _layers(report: Report) -> list[Layer]:
    return [layer.node.layer for layer in report]


Doing = Callable[[str], None]
"""Told before each step what is done."""
