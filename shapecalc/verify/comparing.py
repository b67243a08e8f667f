"""Running two modules with the same weights on the same inputs, and how far apart they come out.

What rounding may do is measured, not guessed: the spec's module is run a second time with
weights and inputs changed in their last digits, and what that changes is what may differ, beside
the rounding of every layer on the way.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from shapecalc.layers.tensor import times
from shapecalc.verify import run
from shapecalc.verify.drawing import Elsewhere
from shapecalc.verify.making import Called, RunError
from shapecalc.verify.matching import Pairs
from shapecalc.verify.outcome import Order, Outcome, first, outcome
from shapecalc.verify.weights import put, state_of

DIGITS = 32
"""By how many units of their last place weights and inputs are changed to measure rounding."""

SMALLEST = 2**-8
"""By no more than this part, if a unit is less; a bfloat16 has eight digits only."""

SLACK = 16
"""How many times what rounding does, as measured and as reckoned, may differ."""

COARSEST = 1e-3
"""No output may differ by more than this part of its largest number, however rounding grows."""

CHANCES = 33
"""How often a module that draws random numbers while it evaluates is run to see what they do."""


class Gap(NamedTuple):
    """How far something is apart, relative to its largest number, and how far it may be.

    ``because`` tells what is apart, where that is not told by a number, and ``of`` is the spec's
    weight or buffer that it is about.
    """

    what: str
    apart: float
    allowed: float
    because: str = ""
    of: str = ""

    @property
    def is_output(self) -> bool:
        """Whether it is one of outputs."""
        return self.what.startswith("output ")

    def nearness(self) -> float:
        """How near it is to being too wide, which it is beyond 1."""
        return self.apart / self.allowed if self.allowed else self.apart

    @property
    def is_too_wide(self) -> bool:
        """Whether it is no matter of rounding; what is no number is never."""
        return not self.apart <= self.allowed


class Way(NamedTuple):
    """How both modules are run: with which weights, and whether in training and backward.

    What differs by less than ``coarse`` is not looked at, where something coarse is looked for.
    Where it is not ``measured``, a third run is spared that would tell what rounding does.
    """

    values: Mapping[str, Any]
    training: bool = False
    backward: bool = True
    coarse: float = 0.0
    measured: bool = True


class Comparison:
    """The spec's module and the user's, with the same weights, on the same inputs.

    ``pairs`` are the user's names of the spec's weights; ``depth`` is the number of layers on the
    longest way through, and ``count`` that of the spec's outputs.
    """

    def __init__(self, ours: Called, theirs: Called, pairs: Pairs, depth: int, count: int) -> None:
        self.ours = ours
        self.theirs = theirs
        self.pairs = pairs
        self.depth = depth
        self.count = count
        self.hidden: list[str] = []
        """The spec's weights on which nothing depends that came out of the last run."""

    def failure(self, given: Mapping[str, Any], way: Way) -> str:
        """Why the spec's own module does not take the inputs, empty if it does."""
        put(state_of(self.ours.model), way.values)
        try:
            outcome(self.ours, given, way.training, backward=way.backward)
        except RunError as error:
            return str(error)
        return ""

    def load(self, way: Way) -> None:
        """Give both modules the same weights, running statistics and counts."""
        put(state_of(self.ours.model), way.values)
        theirs = state_of(self.theirs.model)
        put(theirs, {b: way.values[a] for a, b in self.pairs.items() if a in way.values})

    def gaps(self, given: Mapping[str, Any], way: Way, order: Order) -> Iterator[Gap]:
        """All that came out: outputs, gradients, buffers, what changed; raises :class:`RunError`.

        ``order`` picks those of the user's outputs that are the spec's first, second, ...
        """
        self.load(way)
        theirs = outcome(self.theirs, given, way.training, order, way.backward)
        count = len(theirs.outputs)
        ours = outcome(self.ours, given, way.training, first(count), way.backward)
        self.hidden = [
            name
            for name in self.pairs
            if way.backward
            and name in ours.parameters
            and not (name in ours.gradients and bool(ours.gradients[name].any()))
        ]
        yield from self._of_changes(ours, theirs, way)
        near = self._nearby(given, way, count) if way.measured else ours
        base = SLACK * self._eps(given) * (self.depth + 8) * (1 if way.measured else 4)
        for number, (a, b, c) in enumerate(zip(ours.outputs, theirs.outputs, near.outputs)):
            allowed = min(base + SLACK * _rounding(a, c), max(COARSEST, base))
            allowed = max(allowed, way.coarse)
            yield Gap(f"output {number + 1}", relative(a, b), allowed, _odd(a, b))
        if way.training and count < self.count:
            told = f"{self.count} in the spec, {count} in the module"
            yield Gap("number of outputs", float("inf"), 0.0, told)
        yield from self._of_gradients(ours, theirs, near, given, max(base, way.coarse))
        after = "step" if way.training else "run"
        yield from self._of_buffers(ours, theirs, near, max(base, way.coarse), after)
        if theirs.drew and not ours.drew and not way.training:
            yield from self._of_chance(given, way, order, theirs)

    def _of_changes(self, ours: Outcome, theirs: Outcome, way: Way) -> Iterator[Gap]:
        """Inputs and weights that a run of the user's module changes, and none of the spec's."""
        mine, yours = state_of(self.ours.model), state_of(self.theirs.model)
        weights = [
            name
            for name, other in self.pairs.items()
            if name in ours.parameters
            and not _is_still(yours[other], way.values[name])
            and _is_still(mine[name], way.values[name])
        ]
        for name in (*sorted(theirs.changed - ours.changed), *weights):
            yield Gap(name, float("inf"), 0.0, "changed in place by the module, not by the spec")

    def _of_chance(
        self, given: Mapping[str, Any], way: Way, order: Order, theirs: Outcome
    ) -> Iterator[Gap]:
        """Outputs that hang on random numbers."""
        for salt in range(1, CHANCES):
            Elsewhere.seed(salt)
            self.load(way)
            again = outcome(self.theirs, given, way.training, order, backward=False, salt=salt)
            for number, (a, b) in enumerate(zip(theirs.outputs, again.outputs)):
                if relative(a, b) > way.coarse:
                    because = "hangs on random numbers in the module, evaluating too"
                    yield Gap(f"output {number + 1}", float("inf"), 0.0, because)
                    return

    def _of_gradients(
        self, ours: Outcome, theirs: Outcome, near: Outcome, given: Mapping[str, Any], base: float
    ) -> Iterator[Gap]:
        named = {**self.pairs, **{name: name for name in given}}
        every = [each for each in ours.gradients.values() if each.numel()]
        largest = max((float(each.abs().max()) for each in every), default=0.0)
        for name, gradient in ours.gradients.items():
            if name not in named:
                continue
            other, nearby = theirs.gradients.get(named[name]), near.gradients.get(name)
            rounding = SLACK * _rounding(gradient, nearby) if nearby is not None else 0.0
            # as of a key's bias, which a softmax takes away
            is_nothing = rounding >= 1 or not bool(gradient.any())
            because = "the spec has one, the module none" if other is None else ""
            if other is None:
                apart = 0.0 if is_nothing else float("inf")
            elif is_nothing and float(other.abs().max()) <= base * largest:
                apart = 0.0
            else:
                apart = relative(gradient, other)
            yield Gap(f"the gradient of {name}", apart, 16 * base + rounding, because, name)

    def _of_buffers(
        self, ours: Outcome, theirs: Outcome, near: Outcome, base: float, after: str
    ) -> Iterator[Gap]:
        for name, buffer in ours.buffers.items():
            other = theirs.buffers.get(self.pairs.get(name, ""))
            if other is not None:
                allowed = 16 * base + SLACK * _rounding(buffer, near.buffers[name])
                yield Gap(f"{name} after a {after}", relative(buffer, other), allowed, "", name)

    def _nearby(self, given: Mapping[str, Any], way: Way, count: int) -> Outcome:
        """What the spec's module gives if everything is changed in its last digits."""
        source = run.torch().Generator().manual_seed(1)

        def noise(count: int) -> Any:
            return run.torch().randn(count, generator=source, dtype=run.torch().float64)

        def changed(x: Any) -> Any:
            """Every row by a part of its own, and every column, which many numbers have few of."""
            if not x.is_floating_point() or not x.numel():
                return x
            flat = x.reshape(len(x), -1) if x.dim() else x.reshape(1, 1)
            eps = run.torch().finfo(x.dtype).eps
            step = min(DIGITS * eps, max(eps, SMALLEST))
            parts = noise(flat.shape[0])[:, None] + noise(flat.shape[1])
            return (flat * (1 + step * parts).to(x.dtype)).reshape(x.shape)

        state = state_of(self.ours.model)
        put(state, {name: changed(way.values[name].to(each.dtype)) for name, each in state.items()})
        other = {name: changed(x) for name, x in given.items()}
        return outcome(self.ours, other, way.training, first(count), way.backward)

    def _eps(self, given: Mapping[str, Any]) -> float:
        floats = [
            each.dtype
            for each in (*given.values(), *state_of(self.ours.model).values())
            if each.is_floating_point()
        ]
        return max((float(run.torch().finfo(each).eps) for each in floats), default=0.0)


def _is_still(tensor: Any, value: Any) -> bool:
    """Whether a weight has the value that it was given."""
    return bool(run.torch().equal(tensor.detach(), value.to(tensor.dtype)))


def _odd(a: Any, b: Any) -> str:
    """What no number tells: other shapes, and what is not finite on one side only."""
    if a.shape != b.shape:
        theirs = times(tuple(b.shape)) or "a single number"
        return f"{times(tuple(a.shape)) or 'a single number'} in the spec, {theirs} in the module"
    finite, other = bool(a.isfinite().all()), bool(b.isfinite().all())
    if finite != other:
        words = "finite numbers", "infinite ones or NaN"
        ours, theirs = words if finite else words[::-1]
        return f"{ours} in the spec, {theirs} in the module"
    if not a.is_floating_point():
        return "other whole numbers in the module" if bool((a != b).any()) else ""
    return ""


def _rounding(a: Any, nearby: Any) -> float:
    """How far the same is apart when it is computed of nearly the same; infinite if it fails."""
    found = relative(a, nearby)
    return float("inf") if math.isnan(found) else found


def relative(a: Any, b: Any) -> float:
    """The largest difference, relative to the largest number of ``a``; infinite if no like."""
    if a.shape != b.shape:
        return float("inf")
    if not a.is_floating_point() and not a.is_complex():
        return 0.0 if bool((a == b).all()) else float("inf")
    if a.numel() == 0:
        return 0.0
    b = b.to(a.dtype)
    gap, largest = float((a - b).abs().max()), float(a.abs().max())
    if math.isfinite(gap) and math.isfinite(largest):
        return gap / (largest or gap or 1.0)
    same = (a == b) | (a.isnan() & b.isnan())
    if bool(same.all()):
        return 0.0
    rest_a, rest_b = a[~same], b[~same]
    gap = float((rest_a - rest_b).abs().max())
    finite = a[a.isfinite()]
    scale = float(finite.abs().max()) if finite.numel() else 0.0
    return gap / scale if scale else gap / max(float(rest_b.abs().max()), 1e-300)
