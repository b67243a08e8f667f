"""Sources to try: samples with words, lines, signs and nodes of their syntax trees changed.

A case is made from a seed and its number alone, so that these two reproduce it.
"""

from __future__ import annotations

import ast
import copy
import json
import random
import re
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import shapecalc
from shapecalc.language.problem import SpecError
from shapecalc.language.symbols import SettingError
from tests.fuzz.readers import SECONDS, TooSlow, bounded

TESTS = Path(__file__).parents[1]

WORDS = [
    *("0", "-1", "None", "x", "self", "[]", "()", "1e9", "10**9", "'a'", "nn.Linear", "torch"),
    *("lambda: 0", "range(10)", "x.shape", "{}", "...", "*x", "**x", "@", "not", "3.5", "x[0]"),
    *("nn.Conv2d(3, 4, 3)", "x[:, None]", "super()", "type(x)", "1/0", "x = x", "del x", "yield"),
    *("x.shape[0]", "x.view(-1)", "(h, c)", "nn.LSTM(8, 8)(x)", "x, _", "next(x)", "iter(x)"),
    *("rearrange(x, 'b ... -> ... b')", "repeat(x, 'b c -> b c r', r=2)", "while True: pass"),
    *(
        "nn.ModuleDict({})",
        "nn.ModuleList([self])",
        "nn.Sequential()",
        "x.t()",
        "x @ x",
        "x[x > 0]",
    ),
    *("nn.utils.spectral_norm(nn.Linear(3, 3))", "F.multi_head_attention_forward(x, x, x)"),
    *("case _:", "match x:", "Output(x)", "x._asdict()", "functools.partial(x)", "True", "-x"),
    *(
        "__import__('os')",
        "open('x')",
        "eval('x')",
        "[x] * 10**6",
        "'a' * 10**7",
        "2 ** x",
        "10**99",
    ),
]
SIGNS = "()[]{}:,.=+*%@ \n0"


class Case(NamedTuple):
    """A source, what makes the network of it, and the shapes that come in."""

    text: str
    make: str
    inputs: list[Any]


@lru_cache(maxsize=1)
def samples() -> list[Case]:
    """The sources that are read in the tests, in one file each."""
    found = []
    code, more = TESTS / "data" / "code", TESTS / "reading" / "samples"
    read = json.loads((code / "expected.json").read_text())["read"]
    cases = [(code, each) for each in read if "/" not in each["file"]]
    cases += [(more, each) for each in json.loads((more / "expected.json").read_text())]
    for folder, each in cases:
        found.append(Case((folder / each["file"]).read_text(), each["make"], each["inputs"]))
    return found


def case(seed: int, number: int) -> Case:
    """A case: a sample with one to three changes."""
    chance = random.Random(f"{seed} {number} source")
    found = chance.choice(samples())
    text = found.text
    for _ in range(chance.randint(1, 3)):
        text = _grown(text, chance) if chance.random() < 0.4 else _changed(text, chance)
    inputs = found.inputs
    if chance.random() < 0.1:
        inputs = json.loads(re.sub(r"\d+", lambda m: str(chance.choice([1, 2, 7, int(m[0])])),
                                   json.dumps(inputs)))  # fmt: skip
    return Case(text, found.make, inputs)


def _changed(text: str, chance: random.Random) -> str:
    """A text with a line, a word or a sign changed."""
    way = chance.random()
    if way < 0.3:
        lines = text.split("\n")
        at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        if chance.random() < 0.7:
            del lines[at]
        else:
            lines[at], lines[other] = lines[other], lines[at]
        return "\n".join(lines)
    words = list(re.finditer(r"\b\w+\b", text))
    if way < 0.8 and words:
        word = chance.choice(words)
        new = chance.choice([*WORDS, chance.choice(words)[0]])
        return text[: word.start()] + new + text[word.end() :]
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(SIGNS) + text[at + 1 :]


def _grown(text: str, chance: random.Random) -> str:
    """A text with an expression or a statement put in the place of another: still Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return text
    kind: type[ast.AST] = chance.choice([ast.expr, ast.stmt])
    places = [
        (holder, name, n, value)
        for holder in ast.walk(tree)
        for name, given in ast.iter_fields(holder)
        for n, value in enumerate(given if isinstance(given, list) else [given])
        if isinstance(value, kind)
    ]
    if len(places) < 2:
        return text
    holder, name, n, _ = chance.choice(places)
    new = copy.deepcopy(chance.choice(places)[3])
    given = getattr(holder, name)
    if isinstance(given, list):
        given[n] = new
    else:
        setattr(holder, name, new)
    try:
        return ast.unparse(tree)
    except (ValueError, AttributeError, TypeError, RecursionError):
        return text


def ends(given: Case) -> str:
    """How a source ended: read, refused, or what is wrong."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "net.py")
        path.write_text(given.text, encoding="utf-8", errors="replace")
        try:
            with bounded(SECONDS):
                shapecalc.load(f"{path}:{given.make}", inputs=given.inputs).report()
            ended = "read"
        except (SpecError, SettingError) as error:
            within = re.search(r"this cannot be read \((.*)\)", str(error))
            ended = "refused" if within is None else f"cannot be read: {within[1][:100]}"
        except TooSlow:
            ended = "too slow"
        except MemoryError:
            ended = "too much memory"
        except Exception as wrong:
            ended = f"{type(wrong).__name__}: {wrong}"[:120]
        if list(Path(folder).iterdir()) != [path]:
            ended = "wrote a file"
    return ended
