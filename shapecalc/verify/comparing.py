"""Running two modules with the same weights on the same inputs, and how far apart they come out.

What rounding may do is measured, not guessed: the spec's module is run a second time with
weights and inputs changed in their last digits, and what that changes is what may differ, beside
the rounding of every layer on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from shapecalc.layers.tensor import times
from shapecalc.verify import run
from shapecalc.verify.making import Called, RunError, guarded
from shapecalc.verify.matching import Pairs
from shapecalc.verify.tracing import Trace
from shapecalc.verify.weights import put, state_of

DIGITS = 32
"""By how many units of their last place weights and inputs are changed to measure rounding."""

SLACK = 16
"""How many times what rounding does, as measured and as reckoned, may differ."""

COARSEST = 1e-3
"""No output may differ by more than this part of its largest number, however rounding grows."""


Order = Callable[[Sequence[str]], list[int]]
"""The numbers of the outputs that are wanted, of outputs of these names."""


class Outcome(NamedTuple):
    """What a run gave: outputs, gradients by the names of weights and inputs, buffers after.

    ``parameters`` are the names of the weights.
    """

    outputs: tuple[Any, ...]
    gradients: dict[str, Any]
    buffers: dict[str, Any]
    parameters: frozenset[str]


class Gap(NamedTuple):
    """How far something is apart, relative to its largest number, and how far it may be.

    ``because`` tells what is apart, where that is not told by a number.
    """

    what: str
    apart: float
    allowed: float
    because: str = ""

    @property
    def is_gradient(self) -> bool:
        """Whether it is one of gradients."""
        return self.what.startswith("the gradient")

    def nearness(self) -> float:
        """How near it is to being too wide, which it is beyond 1."""
        return self.apart / self.allowed if self.allowed else self.apart

    @property
    def is_too_wide(self) -> bool:
        """Whether it is no matter of rounding; what is no number is never."""
        return not self.apart <= self.allowed


def outcome(
    called: Called,
    given: Mapping[str, Any],
    training: bool = False,
    order: Order = lambda names: list(range(len(names))),
    backward: bool = True,
) -> Outcome:
    """Run a module and backward from its outputs, as ``order`` picks them; :class:`RunError`.

    The gradient is that of the outputs' sum, each number in it with a random weight.
    """
    torch = run.torch()
    model = called.model
    called.set(training)
    leaves = {
        name: x.detach().clone().requires_grad_(x.is_floating_point()) for name, x in given.items()
    }
    tensors = [*given.values(), *model.parameters()]  # indices do not tell what is computed in
    dtype = next((x.dtype for x in tensors if x.is_floating_point()), None)
    with new_tensors(dtype), Trace({}, is_seeded=True), torch.set_grad_enabled(backward):
        found = called({name: leaf.clone() for name, leaf in leaves.items()})
    chosen = [found.tensors[i][1] for i in order([name for name, _ in found.tensors])]
    wanted = {**dict(model.named_parameters()), **leaves}
    wanted = {name: each for name, each in wanted.items() if each.requires_grad}
    gradients: dict[str, Any] = {}
    if backward:
        gradients = guarded(lambda: _gradients(chosen, wanted), "its backward run")
    buffers = {name: each.detach().clone() for name, each in model.named_buffers()}
    names = frozenset(name for name, _ in model.named_parameters())
    return Outcome(tuple(each.detach() for each in chosen), gradients, buffers, names)


@contextmanager
def new_tensors(dtype: Any) -> Iterator[None]:
    """Inside, tensors that are made without a type are of this one; None leaves all as it is."""
    before = run.torch().get_default_dtype()
    run.torch().set_default_dtype(dtype or before)
    try:
        yield
    finally:
        run.torch().set_default_dtype(before)


def _gradients(outputs: Sequence[Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    torch = run.torch()
    total: Any = 0
    for number, each in enumerate(outputs):
        if each.requires_grad:
            source = torch.Generator().manual_seed(number)
            real = torch.view_as_real(each) if each.is_complex() else each
            factors = torch.randn(real.shape, generator=source, dtype=torch.float64)
            total = total + (real * factors.to(real.dtype)).sum()
    if not hasattr(total, "backward") or not wanted:
        return {}
    found = torch.autograd.grad(total, list(wanted.values()), allow_unused=True)
    return {name: each for name, each in zip(wanted, found) if each is not None}


class Comparison:
    """The spec's module and the user's, with the same weights, on the same inputs."""

    def __init__(
        self,
        ours: Called,
        theirs: Called,
        pairs: Pairs,
        values: Mapping[str, Any],
        depth: int,
        backward: bool = True,
    ) -> None:
        self.ours = ours
        self.theirs = theirs
        self.pairs = pairs
        self.values = values
        self.depth = depth
        self.backward = backward
        self.hidden: list[str] = []
        """The spec's weights on which nothing depends that came out of the last run."""

    def takes(self, given: Mapping[str, Any], training: bool) -> bool:
        """Whether the spec's own module takes the inputs."""
        put(state_of(self.ours.model), self.values)
        try:
            outcome(self.ours, given, training)
        except RunError:
            return False
        return True

    def load(self) -> None:
        """Give both modules the same weights, running statistics and counts."""
        put(state_of(self.ours.model), self.values)
        theirs = state_of(self.theirs.model)
        put(theirs, {b: self.values[a] for a, b in self.pairs.items() if a in self.values})

    def gaps(self, given: Mapping[str, Any], training: bool, order: Order) -> Iterator[Gap]:
        """All that came out: outputs, then gradients, then buffers; raises :class:`RunError`.

        ``order`` picks those of the user's outputs that are the spec's first, second, ...
        """
        self.load()
        theirs = outcome(self.theirs, given, training, order, self.backward)
        count = len(theirs.outputs)
        ours = outcome(self.ours, given, training, _first(count), self.backward)
        self.hidden = [
            name
            for name in self.pairs
            if self.backward
            and name in ours.parameters
            and not (name in ours.gradients and bool(ours.gradients[name].any()))
        ]
        # without gradients it is large, and a third run would only tell what the first one told
        near = self._nearby(given, training, count) if self.backward else ours
        base = SLACK * self._eps(given) * (self.depth + 8) * (1 if self.backward else 4)
        for number, (a, b, c) in enumerate(zip(ours.outputs, theirs.outputs, near.outputs)):
            allowed = min(base + SLACK * relative(a, c), max(COARSEST, base))
            yield (Gap(f"output {number + 1}", relative(a, b), allowed, _odd(a, b)))
        yield from self._of_gradients(ours, theirs, near, given, base)
        if training:
            yield from self._of_buffers(ours, theirs, near, base)

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
            rounding = SLACK * relative(gradient, nearby) if nearby is not None else 0.0
            is_nothing = not bool(gradient.any())
            because = "the spec has one, the module none" if other is None else ""
            if other is None:
                apart = 0.0 if is_nothing or rounding >= 1 else float("inf")
            elif is_nothing and float(other.abs().max()) <= base * largest:
                apart = 0.0
            else:
                apart = relative(gradient, other)
            yield (Gap(f"the gradient of {name}", apart, 16 * base + rounding, because))

    def _of_buffers(
        self, ours: Outcome, theirs: Outcome, near: Outcome, base: float
    ) -> Iterator[Gap]:
        for name, buffer in ours.buffers.items():
            other = theirs.buffers.get(self.pairs.get(name, ""))
            if other is not None:
                allowed = 16 * base + SLACK * relative(buffer, near.buffers[name])
                yield (Gap(f"{name} after a step", relative(buffer, other), allowed))

    def _nearby(self, given: Mapping[str, Any], training: bool, count: int) -> Outcome:
        """What the spec's module gives if everything is changed in its last digits."""
        source = run.torch().Generator().manual_seed(1)

        def changed(x: Any) -> Any:
            if not x.is_floating_point():
                return x
            step = DIGITS * run.torch().finfo(x.dtype).eps
            noise = run.torch().randn(x.shape, generator=source, dtype=run.torch().float64)
            return x * (1 + step * noise.to(x.dtype))

        state = state_of(self.ours.model)
        put(state, {name: changed(value) for name, value in self.values.items()})
        other = {name: changed(x) for name, x in given.items()}
        found = outcome(self.ours, other, training, _first(count), self.backward)
        put(state, self.values)
        return found

    def _eps(self, given: Mapping[str, Any]) -> float:
        floats = [
            each.dtype
            for each in (*given.values(), *state_of(self.ours.model).values())
            if each.is_floating_point()
        ]
        return max((float(run.torch().finfo(each).eps) for each in floats), default=0.0)


def _first(count: int) -> Order:
    """The first outputs."""
    return lambda names: list(range(count))


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


def relative(a: Any, b: Any) -> float:
    """The largest difference, relative to the largest number of ``a``; infinite if no like."""
    if a.shape != b.shape:
        return float("inf")
    if not a.is_floating_point() and not a.is_complex():
        return 0.0 if bool((a == b).all()) else float("inf")
    if a.numel() == 0:
        return 0.0
    b = b.to(a.dtype)
    same = (a == b) | (a.isnan() & b.isnan())
    if bool(same.all()):
        return 0.0
    rest_a, rest_b = a[~same], b[~same]
    gap = float((rest_a - rest_b).abs().max())
    finite = a[a.isfinite()]
    scale = float(finite.abs().max()) if finite.numel() else 0.0
    return gap / scale if scale else gap / max(float(rest_b.abs().max()), 1e-300)
