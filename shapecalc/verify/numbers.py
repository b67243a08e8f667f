"""The numbers of two modules compared: in several batches and sizes, evaluating and training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shapecalc.language.problem import SpecError
from shapecalc.layers.tensor import times
from shapecalc.verify import matching, run, telling, weights
from shapecalc.verify.comparing import Comparison, Gap, new_tensors, outcome
from shapecalc.verify.findings import Finding
from shapecalc.verify.making import RunError
from shapecalc.verify.matching import Pairs
from shapecalc.verify.sides import TRAINED, Doing, Spec, Theirs, followed

BATCHES = (1, 2, 3)
"""The batches that are computed."""


HEAVY = 10**9
"""With more multiply-accumulates in a sample, gradients are computed of a single one only."""


class Numbers:
    """The comparison of numbers, of two sides whose weights are paired."""

    def __init__(self, spec: Spec, theirs: Theirs, pairs: Pairs, doing: Doing) -> None:
        self.spec = spec
        self.theirs = theirs
        self.doing = doing
        self.pairs = pairs
        for each in theirs.model.parameters():
            if each.is_floating_point():  # frozen ones, too, have a gradient to compare
                each.requires_grad_(True)
        self.dtype = self._precise()
        spec.called.model.to(self.dtype)

    def findings(self) -> Iterator[Finding]:
        """A finding for each batch, for a second size, and for training, until one differs."""
        first, *others = self.spec.sizes
        is_heavy = self.spec.work > HEAVY
        runs = [(first, batch, False) for batch in BATCHES]
        runs += [(size, 1 if is_heavy else 2, False) for size in others]
        runs.append((first if is_heavy else self.spec.sizes[-1], TRAINED, True))
        for number, each in enumerate(runs):
            for finding in self._at(*each, is_first=number == 0):
                yield finding
                if not finding.agrees:
                    return  # the others would differ in the same way

    def _precise(self) -> Any:
        """float64, in which the least difference shows, or where that fails the module's own."""
        own = {name: each.dtype for name, each in weights.state_of(self.theirs.model).items()}
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
        for name, each in weights.state_of(self.theirs.model).items():
            each.data = each.data.to(own[name])
        return self.theirs.own_dtype

    def _comparison(self, pairs: Pairs, backward: bool = True) -> Comparison:
        spec = self.spec
        called = spec.called, self.theirs.called
        return Comparison(*called, pairs, spec.values, spec.depth, backward)

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

    def _at(
        self, size: Mapping[str, int], batch: int, training: bool, is_first: bool
    ) -> Iterator[Finding]:
        """The finding at a size and in a batch; none where the spec itself does not take them."""
        try:
            report = self.spec.at(size, batch)
        except SpecError:
            return
        given = self.spec.inputs(report, self.dtype, batch)
        shape = " and ".join(times(tuple(x.shape)) for x in given.values())
        what = f"{'training' if training else 'numbers'} at {shape}"
        self.doing(f"computing {what}")
        comparison = self._comparison(self.pairs, backward=is_first or self.spec.work <= HEAVY)
        try:
            gaps = list(comparison.gaps(given, training, self.spec.order))
            if is_first and any(gap.is_too_wide for gap in gaps):
                comparison, gaps = self._otherwise(comparison, given, gaps)
            gaps += self._hidden(comparison, given, training, gaps)
        except RunError as error:
            if comparison.takes(given, training):
                yield Finding(what, 1, (str(error),))
            return
        wrong = [gap for gap in gaps if gap.is_too_wide]
        # a gradient that is nothing but rounding, as that of a bias before a norm, tells nothing
        telling_gaps = [gap for gap in gaps if gap.allowed < 1]
        widest = max(telling_gaps, key=Gap.nearness, default=Gap("", 0.0, 0.0))
        dtype = str(self.dtype).removeprefix("torch.")
        if not wrong:
            rounding = f"{widest.apart:.1g} apart where rounding may do {widest.allowed:.1g}"
            yield Finding(what, len(gaps), (), f"at most {rounding}, in {dtype}")
            return
        told = self._parted(comparison, given, training, gaps)[1]
        told_of = tuple(map(telling.of_gap, wrong))
        yield Finding(what, len(gaps), told_of, "", tuple(told), telling.of_gaps(wrong, gaps))

    def _otherwise(
        self, comparison: Comparison, given: Mapping[str, Any], gaps: list[Gap]
    ) -> tuple[Comparison, list[Gap]]:
        """The comparison with weights paired by gradient, if numbers are equal only with them."""
        try:
            pairs = self._by_gradient(self.pairs, given)
            if pairs != self.pairs:
                other = self._comparison(pairs)
                found = list(other.gaps(given, False, self.spec.order))
                if not any(gap.is_too_wide for gap in found):
                    self.pairs = pairs
                    return other, found
        except RunError:
            pass
        return comparison, gaps

    def _hidden(
        self, comparison: Comparison, given: Mapping[str, Any], training: bool, gaps: list[Gap]
    ) -> list[Gap]:
        """What comes into the layers on which nothing that comes out depends any more.

        In a long chain of narrow layers a signal dies, and nothing of it is seen at the end.
        """
        if not comparison.hidden or any(gap.is_too_wide for gap in gaps):
            return []
        where, _ = self._parted(comparison, given, training, gaps, is_needed=True)
        if where in {name.rpartition(".")[0] for name in comparison.hidden}:
            because = "not the same, though nothing that is returned depends on it any more"
            return [Gap(f"what comes into {where}", float("inf"), 0.0, because)]
        return []

    def _parted(
        self,
        comparison: Comparison,
        given: Mapping[str, Any],
        training: bool,
        gaps: list[Gap],
        is_needed: bool = False,
    ) -> tuple[str, list[str]]:
        """The layer at which numbers first part, if those that come out do, and that in words."""
        if not is_needed and not any(gap.is_too_wide and not gap.is_gradient for gap in gaps):
            return "", []
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
