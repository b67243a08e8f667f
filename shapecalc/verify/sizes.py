"""Input sizes to try a network at: legal ones, drawn from its constraints."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from shapecalc.analysis.layer import LayerReport
from shapecalc.analysis.report import Report
from shapecalc.language.opening import size_symbols
from shapecalc.language.problem import SpecError
from shapecalc.language.words import BATCH
from shapecalc.network import Network

ATTEMPTS = 60
"""How many sizes are drawn for each that is found, before giving up."""

SMALL = (3, 5, 6, 8, 12, 16, 20, 24, 28, 32, 40, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256)
"""Sizes that are tried, the smallest first, where a network is computed."""

BATCHES = (1, 2, 3)
"""The batches that are tried: three are none of a shape's other sizes, nor what they divide."""

STEPS = (1, 2, 3, 4, 8, 16, 32, 64)
"""By how much the second of two sizes may be larger along an axis, the least first."""


def draw(
    network: Network, settings: dict[str, Any], formulas: Report, count: int, seed: int
) -> Iterator[dict[str, int]]:
    """Legal values of the size symbols, and a batch in turn; fewer if few are found.

    The batch is left out where no other is legal, and the sizes where none are found.
    """
    names = [name for name in size_symbols(network.spec) if name not in settings]
    chance = random.Random(seed)  # noqa: S311
    batches = [each for each in BATCHES if is_legal(network, settings, formulas, {BATCH: each})]
    others = batches[1:] + batches[:1] if batches != [1] else []
    found = False
    for number in range(count if names else 0):
        batch = {BATCH: others[number % len(others)]} if others else {}
        for _ in range(ATTEMPTS):
            drawn = {name: chance.randint(1, _reach(network, name)) for name in names} | batch
            if is_legal(network, settings, formulas, drawn):
                yield drawn
                found = True
                break
    if not found:
        yield from ({BATCH: batch} for batch in others[:2])


def smallest(network: Network, settings: dict[str, Any], formulas: Report) -> dict[str, int]:
    """The smallest legal values of the size symbols, found one symbol after another."""
    names = [name for name in size_symbols(network.spec) if name not in settings]
    found = {name: _default(network, name) for name in names}
    for name in names:
        for value in range(1, found[name]):
            if is_legal(network, settings, formulas, {**found, name: value}):
                found[name] = value
                break
    return found


def alive(network: Network, settings: dict[str, Any], formulas: Report) -> list[dict[str, int]]:
    """Small legal sizes to compute at, one or two, under which every weight keeps its shape.

    Where a layer puts out more than one position at the default size it does so at these too:
    at a single position a mean is a maximum. The second size differs from the first along one
    axis only, so that axes are told apart. Without symbols there is the default size alone.
    """
    names = [name for name in size_symbols(network.spec) if name not in settings]
    default = {name: _default(network, name) for name in names}
    model = network.report({**settings, **default})

    def is_good(values: dict[str, int]) -> bool:
        if not is_legal(network, settings, formulas, values):
            return False
        report = network.report({**settings, **values})
        return len(report) == len(model) and all(map(_is_alike, model, report))

    first = default
    for value in SMALL:
        tried = {name: min(value, default[name]) for name in names}
        if tried == default or is_good(tried):
            first = tried
            break
    for name in names:
        for step in STEPS:
            other = {**first, name: first[name] + step}
            if is_good(other):
                return [first, other]
    return [first]


def _is_alike(model: LayerReport, other: LayerReport) -> bool:
    """Whether a layer at another size has the same weights, and more than one position."""
    return model.weights == other.weights and all(
        b != 1 or a == 1 for a, b in zip(model.output_shape[1:], other.output_shape[1:])
    )


def has_same_weights(model: Report, other: Report) -> bool:
    """Whether two reports of a network are of the same layers with weights of the same shapes."""
    return len(model) == len(other) and all(
        a.weights == b.weights and a.buffers_of == b.buffers_of for a, b in zip(model, other)
    )


def is_legal(
    network: Network, settings: dict[str, Any], formulas: Report, values: dict[str, int]
) -> bool:
    """Whether a network can be built with these values."""
    for each in formulas.constraints:
        value = values.get(each.symbol or "")
        if value is not None and each.solutions is not None and value not in each.solutions:
            return False
    try:
        network.build({**settings, **values})
    except SpecError:
        return False
    return True


def _default(network: Network, name: str) -> int:
    value = network.symbols[name]
    return value if isinstance(value, int) else 64


def _reach(network: Network, name: str) -> int:
    return max(8, 2 * _default(network, name))
