"""Random networks are emitted, and are what the report says, at other values of their knobs too."""

from __future__ import annotations

import json
import warnings
from random import Random

import pytest
from hypothesis import HealthCheck, assume, event, given, note, settings
from hypothesis import strategies as st

import shapecalc
from shapecalc.emitting.module import module
from shapecalc.language.problem import SpecError
from tests.emitting.emitted import assert_all_are_clean
from tests.emitting.run import FINE, case, ended
from tests.emitting.specs import spec

random = settings(
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    deadline=None,
    database=None,
    derandomize=True,  # the same networks each time; another --hypothesis-seed needs this off
)


@settings(random, max_examples=250)
@given(st.randoms(use_true_random=False))
def test_a_random_network_is_what_its_report_says(chance):
    drawn = spec(chance)
    note(json.dumps(drawn))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # initialising weights of no elements
        how = ended(drawn, chance, 2)
    event(how)
    assume(how != "is no network")
    assert how in FINE


@pytest.mark.thorough
def test_random_source_is_clean(tmp_path):
    sources: list[str] = []
    for number in range(30):
        try:
            sources.append(module(shapecalc.load(case(1, number))))
        except SpecError:
            continue
    assert len(sources) > 10
    assert_all_are_clean(sources, tmp_path)


def test_a_case_is_made_from_its_seed_and_number_alone():
    assert case(3, 5) == spec(Random("3 5"))
    assert case(3, 5) != case(3, 6)
