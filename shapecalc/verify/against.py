"""A module of the user's own against the spec: weights, shapes, and the numbers that come out.

The reference is the emitted module of the spec. Weights are matched by their use; then both
modules get the same random ones, and have to give the same outputs, gradients and running
statistics for the same random inputs, evaluating and training.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from shapecalc.network import Network
from shapecalc.verify import matching, parting, reparametrised, run, telling
from shapecalc.verify.calling import Returned
from shapecalc.verify.findings import Finding
from shapecalc.verify.making import FactoryError, NoFactory, RunError, factory, made
from shapecalc.verify.matching import Pairs
from shapecalc.verify.numbers import Numbers
from shapecalc.verify.sides import Doing, Spec, Theirs
from shapecalc.verify.telling import Difference

__all__ = ["FactoryError", "NoFactory", "check_against", "check_named"]

RUNS = "a run of the module"


def check_named(
    network: Network,
    target: str,
    arguments: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    doing: Doing = lambda what: None,
) -> Iterator[Finding]:
    """The same of what is at ``package.module:factory``, called with arguments."""
    doing("importing torch")
    run.torch()
    doing(f"importing {target.partition(':')[0]}")
    found = factory(target)
    if not arguments:
        yield from check_against(network, found, settings, seed=seed, doing=doing)
        return
    if isinstance(found, run.torch().nn.Module):
        raise FactoryError(f"{target} is a module already, which takes no arguments")
    make = functools.partial(found, **arguments)
    yield from check_against(network, make, settings, seed=seed, doing=doing)


def check_against(
    network: Network,
    make: Any,
    settings: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    doing: Doing = lambda what: None,
    are_named: bool = False,
) -> Iterator[Finding]:
    """Compare a module, or what ``make`` returns, with a network, one finding after another.

    Raises :class:`FactoryError` if there is no module. ``seed`` draws other weights and inputs;
    ``doing`` is told before each step what is done. Weights of one name are the same where they
    ``are_named`` alike in both.
    """
    torch = run.torch()
    with torch.random.fork_rng(devices=[]):
        spec = Spec(network, dict(settings or {}), seed)
        with run.threads(spec.work):
            doing("making the module")
            theirs = Theirs(made(make), spec, are_named=are_named)
            doing("running the module")
            yield from _findings(spec, theirs, doing)


def _findings(spec: Spec, theirs: Theirs, doing: Doing) -> Iterator[Finding]:
    try:
        ours = spec.states
    except RunError as error:
        told = f"the module that is emitted from the spec cannot be run: {error}"
        yield Finding(RUNS, 1, (told,))
        return
    try:
        theirs.first_run()
    except RunError as error:
        yield from _failed(spec, theirs, str(error))
        return
    pairs = theirs.matched(ours)
    structure = list(_structure(spec, theirs, pairs))
    yield from structure
    try:
        trace, output, note = theirs.full_run()
    except RunError as error:
        yield Finding(RUNS, 1, (str(error),))
        return
    models = spec.called.model, theirs.model
    shapes = parting.of_shapes(spec.full_trace, trace, pairs, spec.report, models)
    if shapes is not None:
        yield shapes
    returned = _returned(spec, theirs, output, note)
    is_told = shapes is not None and not shapes.agrees
    yield returned._replace(explanation=()) if is_told else returned
    if _is_paired(spec, theirs, pairs):
        if reparametrised.made(theirs.model):
            plain = reparametrised.plain(theirs.model)
            theirs = Theirs(plain, spec, are_named=theirs.are_named)
            pairs = theirs.matched(spec.states)
        yield from Numbers(spec, theirs, pairs, doing).findings()
    elif all(each.agrees for each in structure):
        yield Finding("numbers", 0, ("not compared, since weights of the two cannot be matched",))


def _failed(spec: Spec, theirs: Theirs, reason: str) -> Iterator[Finding]:
    """What can be told of a module that does not run: the layers until it fails."""
    trace = theirs.trace
    reached = {name.rpartition(".")[0] for name in trace.uses}
    states = [each for each in matching.states(theirs.model, trace.uses) if each.owner in reached]
    pairs = matching.by_use(spec.states, states)
    models = spec.called.model, theirs.model
    shapes = parting.of_shapes(spec.trace, trace, pairs, spec.small, models)
    if shapes is not None:
        yield shapes
    last = next(reversed(trace.uses), "").rpartition(".")[0]
    yield Finding(RUNS, 1, (f"{reason}{f'; the last layer reached is {last}' if last else ''}",))


def _structure(spec: Spec, theirs: Theirs, pairs: Pairs) -> Iterator[Finding]:
    """The weights and the buffers, and how many elements they have in all."""
    totals, counts = spec.report.totals, matching.counted(theirs.model)
    for what, is_learned, expected, count in (
        ("parameters", True, totals.params, counts[0]),
        ("buffers", False, totals.buffers, counts[1]),
    ):
        ours = [each for each in spec.states if each.is_learned == is_learned]
        late = theirs.only_trained - set(pairs.values())
        beyond = sum(
            each.size
            for each in theirs.states
            if each.is_learned == is_learned and each.name in late
        )
        states = [each for each in theirs.states if each.name not in late]
        found = telling.of_states(spec.states, states, pairs, spec.report, is_learned)
        if expected != count - beyond:
            told = f"{expected:,} {what} in the spec, {count - beyond:,} in the module"
            found.append(Difference(told, told))
        frozen = sum(p.numel() for p in theirs.model.parameters() if not p.requires_grad)
        notes = [
            f"{beyond:,} more of the module are used in training only" if beyond else "",
            f"{frozen:,} of the module are frozen" if frozen and is_learned else "",
            reparametrised.told(theirs.model) if is_learned else "",
        ]
        done = telling.finding(what, len(ours) + 1, found, spec.report, "cost")
        yield done._replace(note="; ".join(filter(None, notes)))


def _is_paired(spec: Spec, theirs: Theirs, pairs: Pairs) -> bool:
    """Whether every weight of the spec has its like in the module, which uses no others."""
    shapes = {each.name: each.shape for each in theirs.states}
    others = theirs.trace.uses.keys() - set(pairs.values())
    return not others & shapes.keys() and all(
        shapes.get(pairs.get(each.name, "")) == each.shape for each in spec.states
    )


def _returned(spec: Spec, theirs: Theirs, got: Returned, note: str) -> Finding:
    """The number, order, shapes and types of what is returned."""
    wanted = spec.report.outputs
    found = []
    lacking = len(wanted) - len(got.tensors)
    comes_late = lacking > 0 and theirs.only_trained and theirs.trained_outputs == len(wanted)
    if lacking and not comes_late:
        told = f"{_outputs(len(wanted))} in the spec, {_outputs(len(got.tensors))} in the module"
        found.append(Difference(told, told))
    numbers = spec.order([name for name, _ in got.tensors])
    for number, (path, tensor) in zip(numbers, wanted):
        output = got.tensors[number][1]
        shape = tuple(output.shape)
        if shape != tensor.shape:
            told = f"{path} is {telling.size(tensor.shape)} in the spec, "
            told += f"{telling.size(shape)} in the module"
            found.append(Difference(told, "output of another shape", path))
        own = _name(theirs.dtype) if theirs.dtype is not None else tensor.dtype
        expected = own if tensor.dtype == "float32" else tensor.dtype
        if _name(output.dtype) != expected:
            told = f"{path} holds {expected} in the spec, {_name(output.dtype)} in the module"
            found.append(Difference(told, "output of another element type", path))
    in_type = theirs.dtype is not None and _name(theirs.dtype) != "float32"
    notes = [
        note,
        f"in {_name(theirs.dtype)}, which the module's weights are" if in_type else "",
        f"besides, the module returns {got.rest}" if got.others else "",
        f"{_outputs(lacking)} of the module come in training only" if comes_late else "",
    ]
    done = telling.finding("what is returned", len(wanted), found, spec.report, "shape")
    return done._replace(note="; ".join(filter(None, notes)))


def _name(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def _outputs(count: int) -> str:
    return f"{count} output{'s' if count != 1 else ''}"
