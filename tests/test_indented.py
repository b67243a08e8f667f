"""JSON with an indent, against Python's own."""

from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from shapecalc.indented import indented

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from([math.inf, -math.inf])
    | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers() | st.booleans() | st.none(), inner)
    ),
)


@given(PLAIN, st.integers(1, 3), st.booleans())
def test_it_is_what_python_writes(data: object, indent: int, ascii: bool) -> None:
    expected = json.dumps(data, indent=indent, ensure_ascii=ascii)
    assert indented(data, indent, ascii=ascii) == expected
