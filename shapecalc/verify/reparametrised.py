"""Weights that a module makes of others on every run, as ``weight_norm`` and ``spectral_norm`` do.

A spec holds what they are made of, and has no word for how. Numbers are compared with the weights
as they come out, learned as they are.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

from shapecalc.verify import run
from shapecalc.verify.making import guarded


class Made(NamedTuple):
    """A weight that is made on every run: by what, and how to leave it as it is."""

    by: str
    leave: Callable[[], Any]


def made(model: Any) -> list[Made]:
    """The weights of a module that it makes of others."""
    return [each for module in model.modules() for each in (*_hooked(module), *_listed(module))]


def _hooked(module: Any) -> Iterator[Made]:
    """Those that a hook makes ahead of a run."""
    utils = run.torch().nn.utils
    weight_norm = import_module("torch.nn.utils.weight_norm")  # a function of torch.nn.utils, too
    spectral_norm = import_module("torch.nn.utils.spectral_norm")
    ways = (
        (weight_norm.WeightNorm, utils.remove_weight_norm),
        (spectral_norm.SpectralNorm, utils.remove_spectral_norm),
    )
    for hook in list(module._forward_pre_hooks.values()):
        for sort, remove in ways:
            if isinstance(hook, sort):
                yield Made(sort.__name__, partial(remove, module, hook.name))


def _listed(module: Any) -> Iterator[Made]:
    """Those that torch makes when they are asked for."""
    parametrize = run.torch().nn.utils.parametrize
    if not parametrize.is_parametrized(module):
        return
    for name, ways in list(module.parametrizations.items()):
        by = " and ".join(type(way).__name__.lstrip("_") for way in ways)
        yield Made(by, partial(parametrize.remove_parametrizations, module, name))


def told(model: Any) -> str:
    """What makes weights, and how many, in words; empty where nothing does."""
    found = [each.by for each in made(model)]
    every = " and ".join(sorted(set(found)))
    if not found:
        return ""
    one = "1 weight is" if len(found) == 1 else f"{len(found)} weights are"
    return f"{one} made by {every}; numbers are compared with what comes out"


def plain(model: Any) -> Any:
    """A copy of a module that learns its weights as they come out; raises :class:`RunError`."""

    def left() -> Any:
        found = copy.deepcopy(model)
        for each in made(found):
            each.leave()
        return found

    return guarded(left, "taking its weights as they come out")
