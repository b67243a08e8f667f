"""Samples with words, lines and signs changed at random are read, or refused with an error."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

import shapecalc
from shapecalc.language.problem import SpecError
from shapecalc.language.symbols import SettingError

CODE = Path(__file__).parents[1] / "data" / "code"
CASES = [
    c for c in json.loads((CODE / "expected.json").read_text())["read"] if "/" not in c["file"]
]
WORDS = [
    *("0", "-1", "None", "x", "self", "[]", "()", "1e9", "10**9", "'a'", "nn.Linear", "torch"),
    *("lambda: 0", "range(10)", "x.shape", "{}", "...", "*x", "**x", "@", "not", "3.5", "x[0]"),
    *("nn.Conv2d(3, 4, 3)", "x[:, None]", "super()", "type(x)", "1/0", "x = x", "del x"),
]
SIGNS = "()[]{}:,.=+*%@ \n0"


def _changed(text: str, rnd: random.Random) -> str:
    for _ in range(rnd.randint(1, 3)):
        way = rnd.random()
        if way < 0.3:
            lines = text.split("\n")
            del lines[rnd.randrange(len(lines))]
            text = "\n".join(lines)
        elif way < 0.8:
            word = rnd.choice(list(re.finditer(r"\b\w+\b", text)))
            text = text[: word.start()] + rnd.choice(WORDS) + text[word.end() :]
        else:
            at = rnd.randrange(len(text))
            text = text[:at] + rnd.choice(SIGNS) + text[at + 1 :]
    return text


@pytest.mark.parametrize("seed", range(200))
def test_whatever_a_file_holds_is_read_or_refused(seed: int, tmp_path: Path) -> None:
    rnd = random.Random(seed)
    case = rnd.choice(CASES)
    path = tmp_path / "net.py"
    path.write_text(_changed((CODE / case["file"]).read_text(), rnd))
    said = ""
    try:
        shapecalc.load(f"{path}:{case['make']}", inputs=case["inputs"]).report()
    except (SpecError, SettingError) as error:
        said = str(error)
    assert "this cannot be read (" not in said
    assert list(tmp_path.iterdir()) == [path]
