"""Sources that would never end, or take all memory, are refused in words, or harmless."""

from __future__ import annotations

import pytest

from tests.fuzz.sources import Case, ends

HEAD = """import collections, copy, functools, itertools, math
import torch
from torch import nn
import torch.nn.functional as F
"""

NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        {made}
    def forward(self, x):
        {run}
        return self.conv(x)
"""

ENDLESS = [
    "for i in itertools.count(): pass",
    "for i in itertools.cycle([1]): pass",
    "a = [1]\nfor i in a: a.append(i)",
    "d = {0: 0}\nfor k in list(d): d[k] = [d[k] for _ in itertools.count()]",
    "def g():\n    while True: yield 1\nnext(g())",
    "def g(n):\n    yield n\n    yield from g(n + 1)\nlist(g(0))",
    "while True:\n    try:\n        raise ValueError\n    except Exception:\n        continue",
    "while True:\n    try:\n        while True: pass\n    except BaseException:\n        pass",
    "[1 for _ in itertools.count() if False]",
    "next(1 for _ in itertools.count() if False)",
    "any(False for _ in itertools.count())",
    "sum(itertools.count())",
    "max(itertools.count())",
    "','.join('a' for _ in itertools.count())",
    "dict(enumerate(itertools.count()))",
    "for x in iter(lambda: 1, 2): pass",
    "5.5 in itertools.count()",
    "a, *b = itertools.count()",
    "list(itertools.accumulate(itertools.count()))",
    "list(itertools.takewhile(lambda v: True, itertools.count()))",
    "list(itertools.dropwhile(lambda v: True, itertools.count()))",
    "list(itertools.compress(itertools.count(), itertools.repeat(0)))",
    "list(itertools.groupby(itertools.count()))",
    "list(itertools.permutations(range(50), 9))",
    "torch.Size(itertools.count())",
    "import json\njson.dumps(['x' * 100_000] * 100_000)",
    "import json\njson.dumps({'a': 1}, indent=10**9)",
    "torch.arange(10).tensor_split(10**9)",
    "import numpy as np\nnp.split(np.zeros(10**9), 10**9)",
    "functools.reduce(lambda a, b: a, itertools.count())",
    "collections.Counter(itertools.count())",
    "sorted(itertools.count())",
    "nn.ModuleList(nn.Identity() for _ in itertools.count())",
    "class I:\n    def __iter__(self): return self\n    def __next__(self): return 1\nlist(I())",
    "class I:\n    def __iter__(self): return I()\nlist(I())",
    "class A:\n    def __lt__(s, o):\n        while True: pass\nsorted([A(), A()])",
    "class E:\n    def __eq__(s, o):\n        while True: pass\n[E()].index(1)",
    "def f(n): return 1 if n < 2 else f(n - 1) + f(n - 2)\nf(60)",
    "for i in range(10**18): pass",
    "sum(range(10**12))",
]

DEEP = [
    "class A:\n    def __getattr__(self, n): return getattr(self, n + 'x')\nA().foo",
    "class A:\n    def __call__(self): return self()\nA()()",
    "class A:\n    @property\n    def p(self): return self.p\nA().p",
    "class A:\n    def __init__(self): self.a = A()\nA()",
    "class A:\n    def __bool__(self): return bool(self)\nif A(): pass",
    "class A:\n    def __repr__(self): return repr(self)\nstr(A())",
    "class A:\n    def __add__(self, o): return self + o\nA() + A()",
    "class A:\n    def __getitem__(self, i): return self[i]\nA()[0]",
    "class A:\n    def __init_subclass__(cls):\n        class B(A): pass\nclass C(A): pass",
    "def d(f):\n    @d\n    def g(): pass\n    return g\n@d\ndef h(): pass",
    "a = []\nfor _ in range(10**4): a = [a]\ncopy.deepcopy(a)",
    "m = nn.Identity()\nfor _ in range(2000): m = nn.Sequential(m)\nself.m = m",
    "B = [type(f'A{i}', (), {}) for i in range(2000)]\nclass C(*B): pass",
    "g = iter([1])\nfor _ in range(10**4): g = (x for x in g)\nnext(g)",
]

LARGE = [
    "import yaml\nyaml.safe_load('\\n'.join("
    "f'a{i}: &a{i} [' + ', '.join([f'*a{i - 1}' if i else '1'] * 9) + ']' for i in range(30)))",
    "10**10**10",
    "n = 2\nwhile True: n = n * n",
    "1 << 10**10",
    "math.factorial(10**7)",
    "math.comb(10**9, 5 * 10**8)",
    "'a' * 10**9",
    "b'a' * 10**9",
    "s = 'a'\nfor i in range(100): s = s + s",
    "[0] * 10**9",
    "l = [0]\nfor i in range(100): l = l * 10",
    "l = []\nfor i in range(100): l = [l, l]\nstr(l)",
    "l, m = [], []\nfor i in range(100): l, m = [l, l], [m, m]\nl == m",
    "l = ()\nfor i in range(100): l = (l, l)\nhash(l)\n{l: 1}",
    "list(range(10**12))",
    "f'{1:1000000000}'",
    "'{:1000000000}'.format(1)",
    "'%1000000000d' % 1",
    "('a' * 10**6).replace('a', 'b' * 10**6)",
    "('a' * 10**6).join(['b'] * 10**6)",
    "[[[0 for a in range(1000)] for b in range(1000)] for c in range(1000)]",
    "list(itertools.product(range(10**3), repeat=100))",
    f"[0 {'for a in [1, 2] ' * 500}]",
    "list(itertools.combinations(range(100), 50))",
    "l = [0]\nwhile True: l[0:0] = l",
    "l = [0] * 10**6\nwhile True: del l[0:1]",
    "k = []\nwhile True: k.append([0] * 1000)",
    "k = []\nwhile True: k.append(nn.Linear(1, 1))",
    "k = []\nwhile True: k.append(lambda: 0)",
    "k = []\nwhile True:\n    class A: pass\n    k.append(A)",
    "while True: collections.namedtuple('P', [f'f{i}' for i in range(100)])",
    "t = torch.zeros(1)\nwhile True: t = t[None]",
    "s, t = 'a' * 10**6, 'a' * 10**6\nwhile True: s == t",
    "self.t = nn.TransformerEncoder(nn.TransformerEncoderLayer(64, 8), 10**9)",
]

RUN = [
    "while x.sum() > 0: x = x - 1",
    "while True: x = torch.relu(x)",
    "x = self.forward(x)",
    "for i in x.expand(10**9, 3, 8, 8): x = x + i",
    "for i in range(1000): x = torch.cat([x, x], 1)",
    "x = torch.cat([x] * 10**6, 1)",
    "x = x.expand(10**6, 3, 8, 8).split(1)[0]",
    "x = torch.einsum('a' * 10**5, x)",
]

HARMLESS = [
    "torch.tensor([10]) ** 10**9",
    "t = torch.tensor([3])\nfor i in range(99): t = t * t",
    "torch.tensor([1]).repeat_interleave(10**12)",
    "5.5 in range(10**12), None in range(10**12)",
    "'a'.center(10**9), 'a'.zfill(10**9)",
    "self.register_buffer('b', torch.zeros(10**12), persistent=False)",
    "a = []\na.append(a)",
    "print(*itertools.count())",
    "m = nn.Identity()\nfor _ in range(300): m = nn.Sequential(m)\nself.m = m",
    "class A:\n    def __hash__(self): return hash(self)\n",
]


def source(made: str = "pass", run: str = "pass") -> Case:
    """A network whose constructor, or forward, does more than it needs to."""
    made, run = (text.replace("\n", "\n        ") for text in (made, run))
    return Case(HEAD + NET.format(made=made, run=run), "Net()", [[3, 8, 8]])


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer steps than are given by default, so that what never ends is told at once."""
    monkeypatch.setattr("shapecalc.reading.runtime.MOST_STEPS", 30_000)


@pytest.mark.usefixtures("few_steps")
@pytest.mark.parametrize("text", [*ENDLESS, *DEEP, *LARGE])
def test_what_asks_for_too_much_is_refused(text: str) -> None:
    assert ends(source(made=text)) == "refused"


@pytest.mark.usefixtures("few_steps")
@pytest.mark.parametrize("text", RUN)
def test_a_forward_that_asks_for_too_much_is_refused(text: str) -> None:
    assert ends(source(run=text)) == "refused"


@pytest.mark.parametrize("text", HARMLESS)
def test_what_would_take_python_long_is_known_without(text: str) -> None:
    assert ends(source(made=text)) == "read"


GROWING = [
    "layers = []\nfor i in range(200): layers.append(nn.Conv2d(3, 3, 1))\n"
    "self.f = nn.Sequential(*layers)",
    "self.f = nn.ModuleList()\nfor i in range(200): self.f.append(nn.Conv2d(3, 3, 1))",
]


@pytest.mark.usefixtures("few_steps")
@pytest.mark.parametrize("text", GROWING)
def test_layers_made_one_by_one_take_as_many_steps_each_as_few_do(text: str) -> None:
    """A hundredth of the layers that a network may have, and 1.5 hundredths of the steps."""
    assert ends(source(made=text)) == "read"


@pytest.mark.parametrize(
    "text",
    {
        "brackets": "(" * 200_000 + "1" + ")" * 200_000,
        "signs": "-" * 300_000 + "1",
        "a sum": "+".join(["1"] * 200_000),
        "attributes": "torch" + ".a" * 200_000,
        "calls": "torch" + "()" * 200_000,
        "functions in one another": "lambda: " * 100_000 + "1",
        "conditions": "1 if 0 else " * 100_000 + "1",
        "a number": "9" * 500_000,
        "a null byte": "'\0'",
        "a list": f"[{'0,' * 200_000}]",
        "an f-string": "f'" + "{1}" * 30_000 + "'",
    }.items(),
    ids=lambda pair: pair[0],
)
def test_a_line_that_no_parser_takes_is_refused(text: tuple[str, str]) -> None:
    made = Case(HEAD + f"N = {text[1]}\n" + NET.format(made="self.n = N", run="pass"), "Net()", [])
    assert ends(made) == "refused"


def test_a_file_that_imports_itself_is_read() -> None:
    found = source()
    assert ends(found._replace(text="from net import *\nimport net\n" + found.text)) == "read"


def test_classes_that_are_their_own_bases_are_refused() -> None:
    for text in ("class Net(Net): pass", "class Net(B): pass\nclass B(Net): pass"):
        assert ends(Case(HEAD + text, "Net()", [[3]])) == "refused"
