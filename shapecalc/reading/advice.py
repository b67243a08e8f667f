"""Inputs that would fit: what the first layer takes, or what a stated size was meant for.

The source is read again with the sides of the input as one unknown. What a layer then receives is
a formula of it, and the sides are those at which the formula is the size that the layer states.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from shapecalc.language.problem import Problem, SpecError
from shapecalc.reading import sizes
from shapecalc.reading.traced import Unmet, key_of
from shapecalc.reading.values import Instance

LARGEST = 4096
"""The largest side that is tried."""

UNKNOWN = "?"
"""What the unknown side is called: no symbol of anybody's is."""


def advised(
    error: SpecError, shape: Sequence[tuple[str | None, int]], unmet_of: Callable[[Any], Unmet]
) -> SpecError:
    """The error with notes on the sides of the input that would fit.

    ``shape`` is the input, and ``unmet_of`` reads the source again for another one and gives what
    is not met then.
    """
    places = list(range(1, len(shape))) or [0]
    given = [size for _, size in shape]
    if len({given[n] for n in places}) > 1:
        places = places[:1]  # of sides that differ, the first alone
    side = given[places[0]]
    named = [(UNKNOWN if n in places else name, size) for n, (name, size) in enumerate(shape)]
    unmet = unmet_of(named)
    problems = []
    for problem in error.problems:
        stated, received = unmet.get(key_of(problem.mark), (0, 0))
        found = fitting(stated, received, side) if UNKNOWN in sizes.names(received) else []
        if found:
            first, last = (_input(shape, places, n) for n in (found[0], found[-1]))
            most = f" up to {last}" if len(found) > 1 else ""
            note = f"{stated} would need --input {first}{most}; this one is {_input(shape, (), 0)}"
            problem = problem._replace(notes=_behind_first(problem, note))
        problems.append(problem)
    return SpecError(error.source, problems)


def _behind_first(problem: Problem, note: str) -> tuple[str, ...]:
    """The notes with one more, before the values of the names, which come last."""
    notes = list(problem.notes)
    at = next((n for n, each in enumerate(notes) if each.startswith("where ")), len(notes))
    return (*notes[:at], note, *notes[at:])


def _input(shape: Sequence[tuple[str | None, int]], places: Sequence[int], side: int) -> str:
    """An input as ``--input`` takes it, with other sides at some places."""
    found = []
    for n, (name, size) in enumerate(shape):
        size = side if n in places else size
        found.append(f"{name}={size}" if name else str(size))
    return ",".join(found)


def fitting(stated: int, received: int, side: int) -> list[int]:
    """The sides next to each other at which a size is the stated one, those nearest to ``side``.

    >>> n = sizes.symbol("?", 36)
    >>> fitting(400, 16 * ((n - 12) // 4) ** 2, 36)
    [32, 33, 34, 35]
    """
    tried = [n for n in range(1, LARGEST + 1) if sizes.at(received, {UNKNOWN: n}) == stated]
    if not tried:
        return []
    near = min(tried, key=lambda n: abs(n - side))
    first = last = near
    known = set(tried)
    while first - 1 in known:
        first -= 1
    while last + 1 in known:
        last += 1
    return list(range(first, last + 1))


__all__ = ["UNKNOWN", "Unmet", "advised", "fitting", "key_of"]


def asked(root: Instance, name_of: Callable[[Instance], str]) -> list[str]:
    """What to say where no input is given: what the first layers would take."""
    from shapecalc.layers.convolution import Convolution, TransposedConvolution
    from shapecalc.layers.linear import Linear
    from shapecalc.layers.recurrent import Recurrent
    from shapecalc.reading.modules import Leaf, walk  # what traces imports this file

    convolutions = (Convolution, TransposedConvolution)
    hint = "give its shape without the batch: --input 3,224,224"
    for _, module in walk(root):
        if not isinstance(module.data, Leaf) or module.data.layer is None:
            continue
        leaf, layer = module.data, cast(Any, module.data.layer)
        name = name_of(module)
        rank = layer.rank
        if "in_channels" in leaf.raw or (isinstance(layer, convolutions) and layer.in_channels):
            channels = layer.in_channels
            sides = {1: ["128"], 2: ["224", "224"], 3: ["16", "112", "112"]}[rank]
            shown = ",".join([str(channels), *sides])
            return [f"its first layer {name!r} takes {channels} channels: --input {shown}"]
        if isinstance(layer, Linear) and layer.in_features:
            size = layer.in_features
            return [f"its first layer {name!r} takes {size} features: --input {size}"]
        if layer.dtypes and layer.dtypes[0] == "int64":
            return [f"its first layer {name!r} takes indices: --input 128:int64"]
        if isinstance(layer, Recurrent):
            size = layer.input_size
            return [f"its first layer {name!r} takes {size} features: --input 20,{size}"]
    return [hint]
