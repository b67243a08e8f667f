"""JSON, against Python's own."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.as_json import compact, indented

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers() | st.booleans() | st.none(), inner)
    ),
)


@given(PLAIN)
def test_it_is_what_python_writes(data: object) -> None:
    assert indented(data) == json.dumps(data, indent=2, ensure_ascii=False)
    assert json.loads(compact(data)) == json.loads(json.dumps(data))


@pytest.mark.parametrize("number", [2**63 - 1, 2**64, -(2**63) - 1, 10**40])
def test_numbers_of_any_size_are_exact(number: int) -> None:
    data = {"macs": number, "layers": [1]}
    assert json.loads(indented(data)) == json.loads(compact(data)) == data


def test_half_a_pair_of_surrogates_is_written_as_it_came() -> None:
    assert json.loads(indented(["\udc80"])) == json.loads(compact(["\udc80"])) == ["\udc80"]
