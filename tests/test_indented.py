"""JSON with an indent, against Python's own."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.indented import indented

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


@pytest.mark.parametrize("number", [2**63 - 1, 2**64, -(2**63) - 1, 10**40])
def test_numbers_of_any_size_are_exact(number: int) -> None:
    assert json.loads(indented({"macs": number, "layers": [1]})) == {"macs": number, "layers": [1]}
