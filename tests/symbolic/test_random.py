"""Random networks in symbols say of every setting what reports with numbers say."""

from __future__ import annotations

import json
from random import Random

import pytest

from tests.bundled import thorough
from tests.symbolic.run import FINE, TOGETHER, case, ended


@pytest.mark.parametrize("first", [0, *thorough(range(40, 4_000, 40))])
def test_formulas_conditions_and_warnings_are_those_of_numbers(first):
    wrong = {}
    agreed = 0
    for number in range(first, first + 40):
        found = case(5, number)
        if found is None:
            continue
        how = ended(found, Random(f"5 {number} values"), 8)
        agreed += how == "agrees"
        if how not in FINE:
            wrong[f"python -m tests.symbolic.run --seed 5 --case {number}"] = how
    assert wrong == {}
    assert agreed > 10


def test_a_case_is_made_from_its_seed_and_number_alone():
    one = case(3, 5 + TOGETHER)
    case(3, 5)
    assert json.dumps(one) == json.dumps(case(3, 5 + TOGETHER))
    assert one != case(4, 5 + TOGETHER)
