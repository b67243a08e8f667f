"""Whatever is typed, there is an answer: findings, hints, hovers, completions of random texts."""

from __future__ import annotations

import pytest

from shapecalc.lsp.completion import suggestions
from shapecalc.lsp.context import context
from shapecalc.lsp.hints import hints
from shapecalc.lsp.hover import hover
from shapecalc.lsp.places import Places
from shapecalc.lsp.problems import findings
from shapecalc.lsp.reading import of_spec
from tests.bundled import thorough
from tests.fuzz.cases import case

SEED = 31


@pytest.mark.parametrize("first", [0, *thorough(range(10, 120, 10))])
def test_there_is_an_answer_for_every_place_of_every_text(first: int) -> None:
    for number in range(first, first + 10):
        try:
            text = case(SEED, number).decode()
        except UnicodeDecodeError:
            continue
        print(f"case({SEED}, {number})")
        reading = of_spec(text, "case.yaml")
        places = Places(text)
        for each in (*findings(reading), *hints(reading)):
            start, end = places.span(each.mark)
            assert (0, 0) <= start <= end
            assert places.line_end(each.mark) >= (0, 0)
        for line, written in enumerate(text.split("\n")):
            for column in range(0, len(written) + 1, 7):
                at = context(text, line, column)
                assert isinstance(hover(reading, line + 1, column + 1, at), str)
                if at is not None:
                    spec = reading.network.spec if reading.network else None
                    assert isinstance(suggestions(at, spec, text, line + 1), list)
