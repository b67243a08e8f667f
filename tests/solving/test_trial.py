"""What ``solve`` says of random questions is what a search through reports finds."""

from __future__ import annotations

import pytest

from tests.bundled import thorough
from tests.solving.judged import FINE, ended
from tests.solving.run import case


@pytest.mark.parametrize("first", [0, *thorough(range(20, 400, 20))])
def test_a_random_question_is_answered_as_trying_answers_it(first):
    ends = {number: ended(*case(1, number)) for number in range(first, first + 20)}
    wrong = {f"--seed 1 --case {n}": how for n, how in ends.items() if how not in FINE}
    assert wrong == {}
    assert sum(how == "agrees" for how in ends.values()) > 5


def test_a_case_is_made_from_its_seed_and_number_alone():
    assert case(3, 5)[0] == case(3, 5)[0]
    assert case(3, 5)[0] != case(3, 6)[0]
