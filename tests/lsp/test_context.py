"""Where a place is, of texts that are being written; ``|`` stands for the place."""

from __future__ import annotations

import pytest

from shapecalc.lsp.context import Context, context


def at(marked: str) -> Context | None:
    before, _, behind = marked.partition("|")
    return context(before + behind, before.count("\n"), len(before) - (before.rfind("\n") + 1))


ITEM = ("layers", "-")
CONV = (*ITEM, "Conv2d")


@pytest.mark.parametrize(
    ("marked", "path", "given", "word"),
    [
        ("|", (), set(), ""),
        ("name: x\nla|", (), {"name"}, "la"),
        ("layers:\n  - ReLU\nout|", (), {"layers"}, "out"),
        ("about: >\n  running text\nla|", (), {"about"}, "la"),
        ("layers:\n  - Con|", ITEM, set(), "Con"),
        ("layers:\n- Con|\n- ReLU", ITEM, set(), "Con"),
        ("layers:\n- Conv2d: 3\n  na|", ITEM, {"Conv2d"}, "na"),
        ("layers:\n- {Conv2d: {stride: 3}, fr|", ITEM, {"Conv2d"}, "fr"),
        ("layers:\n- Conv2d:\n    ker|", CONV, set(), "ker"),
        ("layers:\n- Conv2d:\n    stride: 3\n    pad|", CONV, {"stride"}, "pad"),
        ("layers:\n- Conv2d: {stride: 3, pad|}", CONV, {"stride"}, "pad"),
        ("layers:\n- Conv2d: {stride: 3, # two of them\n    pad|", CONV, {"stride"}, "pad"),
        ("layers: [ReLU, {Conv2d: {'stride': 3, pad|", CONV, {"stride"}, "pad"),
        ('{"input": [3],\n "layers": [{"Conv2d": {"stride": 3, "pad|', CONV, {"stride"}, "pad"),
        ("layers:\n- Add:\n    branches: [[ReLU], [Ta|",
         (*ITEM, "Add", "branches", "-", "-"), set(), "Ta"),
        ("layers:\n- Add:\n    branches:\n      a: [Re|", (*ITEM, "Add", "branches", "a", "-"),
         set(), "Re"),
        ("blocks:\n  A:\n    layers:\n    - Li|", ("blocks", "A", "layers", "-"), set(), "Li"),
    ],
)  # fmt: skip
def test_a_key_stands_in_what_leads_to_it(
    marked: str, path: tuple[str, ...], given: set[str], word: str
) -> None:
    assert at(marked) == Context(path, True, frozenset(given), word)


@pytest.mark.parametrize(
    ("marked", "path", "word"),
    [
        ("dtype: fl|", ("dtype",), "fl"),
        ("layers:\n- ReLU:\n  from: |", (*ITEM, "from"), ""),
        ("layers:\n- Conv2d: {padding_mode: z|", (*CONV, "padding_mode"), "z"),
        ("layers:\n- Linear: nu|", (*ITEM, "Linear"), "nu"),
    ],
)
def test_a_value_stands_behind_its_key(marked: str, path: tuple[str, ...], word: str) -> None:
    assert at(marked) == Context(path, False, frozenset(), word)


@pytest.mark.parametrize(
    "marked",
    [
        "name: x # a re|",
        "# a re|",
        "about: >\n  running te|",
        "about: >-\n  a\n\n  b|",
        "layers:\n- {ReLU: }|",
        "input: [3, 4]|",
    ],
)
def test_in_comments_and_text_and_behind_brackets_nothing_is_written(marked: str) -> None:
    assert at(marked) is None
