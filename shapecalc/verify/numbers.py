"""The numbers of two modules compared: in several batches and sizes, evaluating and training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shapecalc.layers.tensor import times
from shapecalc.verify import matching, run, telling, weights
from shapecalc.verify.comparing import Comparison, Gap, new_tensors, outcome
from shapecalc.verify.findings import Finding
from shapecalc.verify.making import RunError
from shapecalc.verify.matching import Pairs
from shapecalc.verify.sides import TRAINED, Doing, Spec, Theirs, followed

BATCHES = (1, 2, 3)
"""The batches that are computed."""


class Numbers:
    """The comparison of numbers, of two sides whose weights are paired."""

    def __init__(self, spec: Spec, theirs: Theirs, pairs: Pairs, doing: Doing) -> None:
        self.spec = spec
        self.theirs = theirs
        self.doing = doing
        for each in theirs.model.parameters():
            if each.is_floating_point():  # frozen ones, too, have a gradient to compare
                each.requires_grad_(True)
        self.dtype = self._precise()
        spec.called.model.to(self.dtype)
        self.pairs = self._best(pairs)

    def findings(self) -> Iterator[Finding]:
        """A finding for each batch, for a second size, and for training, until one differs."""
        first, *others = self.spec.sizes
        runs = [(first, batch, False) for batch in BATCHES]
        runs += [(size, 2, False) for size in others]
        runs.append((self.spec.sizes[-1], TRAINED, True))
        for each in runs:
            for finding in self._at(*each):
                yield finding
                if not finding.agrees:
                    return  # the others would differ in the same way

    def _precise(self) -> Any:
        """float64, in which the least difference shows, or where that fails the module's own."""
        own = {name: each.dtype for name, each in weights.state_of(self.theirs.model).items()}
        double = run.torch().float64
        try:
            self.theirs.use(double)
            with new_tensors(double):
                trace = followed(self.theirs.called, self.spec.inputs(self.spec.small, double))
            if trace.dtypes <= {double}:  # nothing is rounded to less on the way
                return double
        except RunError:
            pass
        for name, each in weights.state_of(self.theirs.model).items():
            each.data = each.data.to(own[name])
        return self.theirs.own_dtype

    def _comparison(self, pairs: Pairs) -> Comparison:
        spec = self.spec
        return Comparison(spec.called, self.theirs.called, pairs, spec.values, spec.depth)

    def _best(self, pairs: Pairs) -> Pairs:
        """The pairs by order of use, or those by gradient if only with them numbers are equal."""
        given = self.spec.inputs(self.spec.at(self.spec.sizes[0], 2), self.dtype)
        try:
            if self._is_equal(pairs, given):
                return pairs
            other = self._by_gradient(pairs, given)
            if other != pairs and self._is_equal(other, given):
                return other
        except RunError:
            pass
        return pairs

    def _is_equal(self, pairs: Pairs, given: Mapping[str, Any]) -> bool:
        gaps = self._comparison(pairs).gaps(given, False, self.spec.order)
        return not any(gap.is_too_wide for gap in gaps)

    def _by_gradient(self, pairs: Pairs, given: Mapping[str, Any]) -> Pairs:
        """Pairs by the gradients that weights have where all of a shape have the same values."""
        theirs = self.theirs.model
        state = weights.state_of(self.spec.called.model)
        other = weights.state_of(theirs)
        weights.put(state, {name: weights.by_shape(each) for name, each in state.items()})
        paired = {name: weights.by_shape(other[name]) for name in pairs.values()}
        weights.put(other, paired)
        ours = outcome(self.spec.called, given, order=lambda names: list(range(len(names))))
        yours = outcome(self.theirs.called, given, order=self.spec.order)
        return matching.by_gradient(
            self.spec.states, self.theirs.states, ours.gradients, yours.gradients, pairs
        )

    def _at(self, size: Mapping[str, int], batch: int, training: bool) -> Iterator[Finding]:
        """The finding at a size and in a batch; none where the spec itself does not take them."""
        try:
            report = self.spec.at(size, batch)
            given = self.spec.inputs(report, self.dtype, batch)
            weights.put(weights.state_of(self.spec.called.model), self.spec.values)
            outcome(self.spec.called, given, training)
        except Exception:  # a batch or a size for which the spec is no network
            return
        shape = " and ".join(times(tuple(x.shape)) for x in given.values())
        what = f"{'training' if training else 'numbers'} at {shape}"
        self.doing(f"computing {what}")
        comparison = self._comparison(self.pairs)
        try:
            gaps = list(comparison.gaps(given, training, self.spec.order))
        except RunError as error:
            yield Finding(what, 1, (str(error),))
            return
        wrong = [gap for gap in gaps if gap.is_too_wide]
        widest = comparison.widest or Gap("", 0.0, 0.0)
        dtype = str(self.dtype).removeprefix("torch.")
        if not wrong:
            rounding = f"{widest.apart:.1g} apart where rounding may do {widest.allowed:.1g}"
            yield Finding(what, len(gaps), (), f"at most {rounding}, in {dtype}")
            return
        told = self._parted(comparison, given, training, gaps)
        told_of = tuple(map(telling.of_gap, wrong))
        yield Finding(what, len(gaps), told_of, "", tuple(told), telling.of_gaps(wrong, gaps))

    def _parted(
        self, comparison: Comparison, given: Mapping[str, Any], training: bool, gaps: list[Gap]
    ) -> list[str]:
        """Where numbers first part, if those that come out do."""
        if not any(gap.is_too_wide and gap.what.startswith("output") for gap in gaps):
            return []
        comparison.load()
        traces = []
        for called in (self.spec.called, self.theirs.called):
            called.set(training)
            with new_tensors(self.dtype):
                traces.append(followed(called, given, values=True))
            called.set(False)
        allowed = max((gap.allowed for gap in gaps if gap.what.startswith("output")), default=0.0)
        models = self.spec.called.model, self.theirs.model
        return telling.where_numbers_part(
            traces[0], traces[1], self.pairs, self.spec.report, models, allowed
        )
