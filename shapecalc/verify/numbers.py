"""The numbers of two modules compared: in several batches and sizes, evaluating and training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from shapecalc.layers.tensor import times
from shapecalc.verify import matching, parting, run, weights
from shapecalc.verify.comparing import Comparison, Gap, Way
from shapecalc.verify.findings import Finding
from shapecalc.verify.making import RunError
from shapecalc.verify.matching import Pairs
from shapecalc.verify.outcome import new_tensors, outcome
from shapecalc.verify.sides import LOUD, Doing, Spec, Theirs, followed
from shapecalc.verify.sizes import BATCHES

HEAVY = 3 * 10**8
"""With more multiply-accumulates in a sample, gradients are computed once, and in training."""

BRIEF = 2 * 10**9
"""With no more of them the modules are run at the spec's own size, too, and trained backward."""

COARSE = 1e-6
"""What large numbers are for is wider; two ways of writing a softplus differ by less there."""


class Run(NamedTuple):
    """At what size and in what batch both modules are run, and how.

    ``is_loud`` gives them signals so large that layers cut them off where they ever do; ``in_use``
    is as a module is used in the end, in its own element type and without gradients.
    """

    size: Mapping[str, int]
    batch: int
    training: bool = False
    is_loud: bool = False
    in_use: bool = False

    def told(self, given: Mapping[str, Any]) -> str:
        """What is compared in it, in words."""
        shape = " and ".join(times(tuple(x.shape)) for x in given.values())
        if self.training:
            return f"training at {shape}"
        return f"{'large ' * self.is_loud}numbers at {shape}{' without gradients' * self.in_use}"


class Numbers:
    """The comparison of numbers, of two sides whose weights are paired."""

    def __init__(self, spec: Spec, theirs: Theirs, pairs: Pairs, doing: Doing) -> None:
        self.spec = spec
        self.theirs = theirs
        self.doing = doing
        self.pairs = pairs
        self.own = {name: x.dtype for name, x in weights.state_of(theirs.model).items()}
        self.dtype = self._precise()
        spec.called.model.to(self.dtype)

    def findings(self) -> Iterator[Finding]:
        """A finding for each run, until one differs: the others would differ in the same way."""
        for number, each in enumerate(self._runs()):
            found = self._of(each, is_first=number == 0)
            yield found
            if not found.agrees or not (found.compared or each.training):
                return

    def _runs(self) -> Iterator[Run]:
        """One for each batch, with large numbers, at a second size, in training, and in use."""
        spec = self.spec
        first, *others = spec.sizes
        is_heavy = spec.work > HEAVY
        yield from (Run(first, batch) for batch in spec.batches)
        yield Run(first, spec.batches[0], is_loud=True)
        for size in others:
            yield Run(size, spec.batches[0 if is_heavy else len(spec.batches) // 2])
        yield Run(first if is_heavy else spec.sizes[-1], spec.batches[-1], training=True)
        macs = spec.report.totals.macs
        is_brief = isinstance(macs, int) and macs <= BRIEF and spec.is_alike(spec.report)
        yield Run({} if is_brief else first, spec.batches[0], in_use=True)

    def _of(self, each: Run, is_first: bool) -> Finding:
        """The finding of a run."""
        spec = self.spec
        if each.in_use:
            self._restore()
            self.dtype = self.theirs.own_dtype
            spec.called.model.to(self.dtype)
        report = spec.at(each.size, each.batch)
        given = spec.inputs(report, self.dtype, each.batch, LOUD if each.is_loud else 1.0)
        what = each.told(given)
        self.doing(f"computing {what}")
        is_light = spec.work <= HEAVY or (each.training and spec.work <= BRIEF)
        way = Way(
            spec.loud if each.is_loud else spec.values,
            each.training,
            backward=(is_first or is_light) and not each.in_use,
            coarse=COARSE if each.is_loud else 0.0,
            measured=is_first or is_light or each.in_use,
        )
        comparison = self._comparison(self.pairs)
        try:
            gaps = list(comparison.gaps(given, way, spec.order))
            if is_first and any(gap.is_too_wide for gap in gaps):
                comparison, gaps = self._otherwise(comparison, given, way, gaps)
            gaps += self._hidden(comparison, given, way, gaps)
        except RunError as error:
            return _failed(what, str(error), comparison.failure(given, way), each.training)
        if any(gap.is_too_wide for gap in gaps):
            if places := self._approximated(each):
                return Finding(what, 0, (), parting.of_approximated(places))
            _, parted = self._parted(comparison, given, way, gaps)
            models = spec.called.model, self.theirs.model
            return parting.of_apart(what, gaps, parted, comparison.pairs, models)
        return parting.of_alike(what, gaps, self._note(each, is_first))

    def _approximated(self, each: Run) -> tuple[str, ...]:
        """Where the source that the spec was read of may give other numbers in a run."""
        source = self.spec.network.spec
        return (*source.approximated, *(source.by_training if each.training else ()))

    def _note(self, each: Run, is_first: bool) -> str:
        """In what it was computed; with the first of all, what was not computed."""
        note = f"in {str(self.dtype).removeprefix('torch.')}"
        left = [str(batch) for batch in BATCHES if batch not in self.spec.batches]
        if is_first and left:
            note += f"; the spec is another network, or none, in a batch of {' or '.join(left)}"
        return note

    # -- the sides ------------------------------------------------------------------------------

    def _precise(self) -> Any:
        """float64, in which the least difference shows, or where that fails the module's own."""
        double = run.torch().float64
        if self.spec.dtype != double:
            return self.theirs.own_dtype
        try:
            self.theirs.use(double)
            with new_tensors(double):
                trace = followed(self.theirs.called, self.spec.inputs(self.spec.small, double))
            if trace.dtypes <= {double}:  # nothing is rounded to less on the way
                return double
        except RunError:
            pass
        self._restore()
        return self.theirs.own_dtype

    def _restore(self) -> None:
        """Give the module's weights their own element types back."""
        for name, each in weights.state_of(self.theirs.model).items():
            each.data = each.data.to(self.own.get(name, each.dtype))

    def _comparison(self, pairs: Pairs) -> Comparison:
        called = self.spec.called, self.theirs.called
        return Comparison(*called, pairs, self.spec.depth, len(self.spec.report.outputs))

    # -- other pairs ----------------------------------------------------------------------------

    def _otherwise(
        self, comparison: Comparison, given: Mapping[str, Any], way: Way, gaps: list[Gap]
    ) -> tuple[Comparison, list[Gap]]:
        """The comparison with weights paired by gradient, if numbers are equal only with them."""
        try:
            pairs = self._by_gradient(self.pairs, given)
            if pairs != self.pairs:
                other = self._comparison(pairs)
                found = list(other.gaps(given, way, self.spec.order))
                if not any(gap.is_too_wide for gap in found):
                    self.pairs = pairs
                    return other, found
        except RunError:
            pass
        return comparison, gaps

    def _by_gradient(self, pairs: Pairs, given: Mapping[str, Any]) -> Pairs:
        """Pairs by the gradients that weights have where all of a shape have the same values."""
        theirs = self.theirs.model
        state = weights.state_of(self.spec.called.model)
        other = weights.state_of(theirs)
        weights.put(state, {name: weights.by_shape(each) for name, each in state.items()})
        paired = {name: weights.by_shape(other[name]) for name in pairs.values()}
        weights.put(other, paired)
        ours = outcome(self.spec.called, given)
        yours = outcome(self.theirs.called, given, order=self.spec.order)
        return matching.by_gradient(
            self.spec.states, self.theirs.states, ours.gradients, yours.gradients, pairs
        )

    # -- where numbers part ---------------------------------------------------------------------

    def _hidden(
        self, comparison: Comparison, given: Mapping[str, Any], way: Way, gaps: list[Gap]
    ) -> list[Gap]:
        """What comes into the layers on which nothing that comes out depends any more.

        In a long chain of narrow layers a signal dies, and nothing of it is seen at the end.
        """
        if not comparison.hidden or any(gap.is_too_wide for gap in gaps):
            return []
        where, _ = self._parted(comparison, given, way, gaps, is_needed=True)
        hidden = comparison.hidden
        if where and where in {*hidden, *(name.rpartition(".")[0] for name in hidden)}:
            because = "not the same, though nothing that is returned depends on it any more"
            return [Gap(f"what comes into {where}", float("inf"), 0.0, because)]
        return []

    def _parted(
        self,
        comparison: Comparison,
        given: Mapping[str, Any],
        way: Way,
        gaps: list[Gap],
        is_needed: bool = False,
    ) -> tuple[str, list[str]]:
        """The layer at which numbers first part, if those that come out do, and that in words."""
        if not is_needed and not any(gap.is_too_wide and gap.is_output for gap in gaps):
            return "", []
        comparison.load(way)
        traces = []
        for called in (self.spec.called, self.theirs.called):
            called.set(way.training)
            with new_tensors(self.dtype):
                traces.append(followed(called, given, values=True))
            called.set(False)
        allowed = max((gap.allowed for gap in gaps if gap.is_output), default=0.0)
        models = self.spec.called.model, self.theirs.model
        return parting.where_numbers_part(
            traces[0], traces[1], self.pairs, self.spec.report, models, allowed
        )


def _failed(what: str, reason: str, own: str, training: bool) -> Finding:
    """The finding of a run that failed, for the reason ``own`` if the spec's own module does so."""
    if not own:
        return Finding(what, 1, (reason,))
    if training:  # as where a norm has a single number to take the mean of
        return Finding(what, 0, (), f"none, since the spec's own module cannot be trained: {own}")
    return Finding(what, 1, (f"the module that is emitted from the spec cannot be run: {own}",))
