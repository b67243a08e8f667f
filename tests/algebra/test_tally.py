"""What is held is what has come and has not gone again, at all values of the symbols."""

from __future__ import annotations

from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from shapecalc.algebra.arithmetic import Dim
from shapecalc.algebra.formula import Formula, evaluate
from shapecalc.algebra.tally import Tally

B, H = map(Formula.symbol, "BH")
SIZES: list[Dim] = [
    7,
    B,
    4 * B,
    6 * B * (H // 2),
    3 * B * (H // 2),
    B * (H + 1),
    (B / 2).known_whole(),
]
"""Among them a sum, what differs by a number, and a quotient that is known to be whole."""

places = st.integers(0, len(SIZES) - 1)


@given(st.lists(places, max_size=20), st.lists(places, max_size=5), st.data())
@tried(max_examples=200, deadline=None)
def test_a_tally_has_what_came_and_did_not_go(
    came: list[int], apart: list[int], data: st.DataObject
) -> None:
    gone = (
        data.draw(st.lists(st.sampled_from(came), max_size=len(came), unique=True)) if came else []
    )
    tally = Tally([SIZES[place] for place in came])
    for place in gone:
        tally.add(SIZES[place], -1)
    setting = {"B": data.draw(st.sampled_from([2, 6, 40])), "H": data.draw(st.integers(1, 9))}
    numbers = [evaluate(size, setting) for size in SIZES]
    left = sum(numbers[place] for place in came) - sum(numbers[place] for place in gone)
    assert evaluate(tally.total, setting) == left
    other = tally.without([SIZES[place] for place in apart])
    assert evaluate(other.total, setting) == left - sum(numbers[place] for place in apart)
    assert evaluate(tally.total, setting) == left  # which the other has nothing to do with
