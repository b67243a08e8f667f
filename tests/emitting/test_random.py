"""Random networks are emitted, and are what the report says, at other values of their knobs too."""

from __future__ import annotations

import inspect
import json
import warnings
from typing import Any

from hypothesis import HealthCheck, assume, event, given, note, settings
from hypothesis import strategies as st

import shapecalc
from shapecalc.emitting.module import module
from shapecalc.emitting.names import EmitError
from shapecalc.language.problem import SpecError
from shapecalc.network import Network
from tests.emitting.emitted import assert_all_are_clean, assert_is, made, maker
from tests.emitting.specs import specs

REFUSED = (
    "differs from copy to copy in a way that no expression tells",
    "differs from use to use in a way that no expression tells",
    "within a repeated entry cannot be written",
)
"""What is said of networks that are not written: copies within copies."""

TOO_LARGE = 2**50
"""How many elements are more than torch can count the bytes of."""

random = settings(
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    deadline=None,
    database=None,
    derandomize=True,  # the same networks each time; another --hypothesis-seed needs this off
)


def read(spec: dict[str, Any]) -> Network:
    """A spec that is a network; others are passed over."""
    try:
        network = shapecalc.load(spec)
        totals = network.report().totals
    except SpecError:
        assume(False)
    assume(totals.params + totals.activations < TOO_LARGE)
    return network


def emitted(network: Network) -> str:
    """A network's source; one that is refused, for a reason that is known, is passed over."""
    try:
        return module(network)
    except EmitError as error:
        if not error.problems[0].message.endswith(REFUSED):
            raise
        event("refused")
        assume(False)
        raise


@settings(random, max_examples=120)
@given(specs(), st.data())
def test_a_random_network_is_what_its_report_says(spec, data):
    note(json.dumps(spec))
    network = read(spec)
    source = emitted(network)
    note(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # initialising weights of no elements
        assert_is(made(source), network.report())
        knobs = {
            knob: data.draw(st.integers(0, 7), label=knob)
            for knob in inspect.signature(maker(source)).parameters
        }
        try:
            report = network.report(knobs)
        except SpecError:
            return
        assume(report.totals.params + report.totals.activations < TOO_LARGE)
        try:
            model = made(source, **knobs)
        except ValueError as error:
            event("no copies")
            assert str(error).endswith("must be at least 1")  # noqa: PT017
        else:
            event("other knobs")
            assert_is(model, report)


def test_random_source_is_clean(tmp_path):
    sources: list[str] = []

    @settings(random, max_examples=60)
    @given(specs())
    def emit(spec):
        sources.append(emitted(read(spec)))

    emit()
    assert_all_are_clean(sources, tmp_path)
