"""One run of a module, forward and backward, and all that can be seen of it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from shapecalc.verify import run
from shapecalc.verify.drawing import Elsewhere
from shapecalc.verify.making import Called, guarded
from shapecalc.verify.tracing import Trace

Order = Callable[[Sequence[str]], list[int]]
"""The numbers of the outputs that are wanted, of outputs of these names."""


class Outcome(NamedTuple):
    """What a run gave: outputs, gradients by the names of weights and inputs, buffers after.

    ``parameters`` are the names of the weights, and ``changed`` those of the inputs that were
    changed in place; ``drew`` tells whether random numbers were drawn.
    """

    outputs: tuple[Any, ...]
    gradients: dict[str, Any]
    buffers: dict[str, Any]
    parameters: frozenset[str]
    changed: frozenset[str]
    drew: bool


def first(count: int) -> Order:
    """The first outputs."""
    return lambda names: list(range(min(count, len(names))))


def outcome(
    called: Called,
    given: Mapping[str, Any],
    training: bool = False,
    order: Order = lambda names: list(range(len(names))),
    backward: bool = True,
    salt: int = 0,
) -> Outcome:
    """Run a module and backward from its outputs, as ``order`` picks them; :class:`RunError`.

    The gradient is that of the outputs' sum, each number in it with a random weight. Random
    numbers are others with another ``salt``.
    """
    torch = run.torch()
    model = called.model
    called.set(training)
    for each in model.parameters():
        if each.is_floating_point():  # frozen ones, too, have a gradient to compare
            each.requires_grad_(True)
    leaves = {
        name: x.detach().clone().requires_grad_(x.is_floating_point()) for name, x in given.items()
    }
    handed = {name: leaf.clone() for name, leaf in leaves.items()}
    elsewhere = Elsewhere()
    with (
        new_tensors(_element_type([*given.values(), *model.parameters()])),
        Trace({}, is_seeded=True, salt=salt) as trace,
        torch.set_grad_enabled(backward),
    ):
        found = called(dict(handed))
    chosen = [found.tensors[i][1] for i in order([name for name, _ in found.tensors])]
    wanted = {**dict(model.named_parameters()), **leaves}
    wanted = {name: each for name, each in wanted.items() if each.requires_grad}
    gradients: dict[str, Any] = {}
    if backward:
        gradients = guarded(lambda: _gradients(chosen, wanted), "its backward run")
    return Outcome(
        tuple(each.detach() for each in chosen),
        gradients,
        {name: _dense(each.detach()).clone() for name, each in model.named_buffers()},
        frozenset(name for name, _ in model.named_parameters()),
        frozenset(name for name, x in given.items() if not torch.equal(handed[name].detach(), x)),
        trace.drew or elsewhere.drew,
    )


def _element_type(tensors: Sequence[Any]) -> Any:
    """The first that computes; indices do not tell what is computed in."""
    return next((x.dtype for x in tensors if x.is_floating_point()), None)


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
    """By a plain backward run, which is the only one that some checkpoints take part in."""
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
    for each in wanted.values():
        each.grad = None
    total.backward()
    found = {name: each.grad for name, each in wanted.items() if each.grad is not None}
    for each in wanted.values():
        each.grad = None
    return {name: _dense(each) for name, each in found.items()}


def _dense(tensor: Any) -> Any:
    return tensor.to_dense() if tensor.is_sparse else tensor
