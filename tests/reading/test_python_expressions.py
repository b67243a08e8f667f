"""Expressions of Python, its library and numpy have the values that Python gives them."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc

HEAD = """import collections, copy, functools, itertools, json, math, operator, re, string, yaml
import numpy as np
import torch
import torch.nn as nn
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from functools import partial, reduce
from types import SimpleNamespace
"""

EXPRESSIONS = r"""
sum(i for i, _ in enumerate("abc", start=2))
sum(enumerate([1, 2], 1), ())[2]
sorted([3, 1, 2], reverse=True)[0]
sorted(["bb", "a"], key=len)[0].count("a")
max([1, 5, 3], key=lambda v: -v)
max((), default=7)
min([4, 2], default=1)
sum([1, 2], start=3)
sum([[1], [2]], [])[1]
int("101", base=2)
int("ff", 16)
round(2.567, ndigits=1) * 10
round(7 / 2)
round(-2.5) + 10
divmod(17, 5)[1]
pow(2, 5, 7)
pow(base=2, exp=3)
abs(-3)
len("a,b,c".split(","))
len(str.split("a,b,c", ","))
dict.get({"a": 4}, "a")
int.bit_length(5)
len("a b  c".split())
len("a,b,c".split(sep=",", maxsplit=1))
len("a,b,c".rsplit(",", 1)[0])
"abc".index("c")
"abcabc".find("c", 3)
"abcabc".rfind("b")
len("{:>10}".format("x"))
len("{:03d}-{name}".format(7, name="ab"))
len(f"{3.14159:.2f}")
len(f"{255:#x}{7:>5}{'s'!r}")
len("%s_%d" % ("a", 3))
len("%(a)s" % {"a": "xyz"})
len("-".join(map(str, range(4))))
int("block3_conv2".split("_")[0][-1])
int("7".zfill(3))
len("abc".center(9, "*"))
len("  abc ".strip())
len("xxabcxx".strip("x"))
len("abc".replace("b", "", 1))
"a1b2".isalnum() + 1
ord("a") % 50
len(chr(97))
len("abc".partition("b"))
len("Hello".lower().upper().title().capitalize().swapcase())
len("abc".removeprefix("a").removesuffix("c"))
"abc".startswith(("x", "a")) + 1
len("a\nb".splitlines())
len("abc".encode("utf-8"))
len(list(range(2, 20, 3)))
range(10)[3]
len(range(0, 10, 4))
list(reversed([1, 2, 3]))[0]
[1, 2, 3, 4][::-1][1]
[1, 2, 3, 4][-3:-1][0]
len([1, 2, 3] * 2 + [4])
[*range(3), *[7]][3]
(lambda *a, **k: len(a) + k["z"])(1, 2, z=3)
{**{"a": 1}, "b": 2}["b"]
dict(a=1, **{"b": 5})["b"]
dict([("a", 2)])["a"]
dict(zip("ab", [3, 4]))["b"]
{k: v for k, v in {"a": 3}.items()}["a"]
{"a": 1}.get("b", 6)
{"a": 1}.setdefault("b", 6)
{"a": 4}.pop("a", 1)
len({1, 2} | {3})
len({1, 2, 3} - {1})
len({1, 2} & {2, 3})
len({1} ^ {1, 2})
len(set([1, 1, 2]).union([5]))
{1, 2}.issubset({1, 2, 3}) + 1
len(frozenset("aab"))
next(iter([5]))
next(iter([]), 4)
list(zip([1, 2], [3, 4], strict=True))[1][0]
list(map(lambda a, b: a * b, [1, 2], [3, 4]))[1]
list(filter(None, [0, 3]))[0]
list(filter(lambda v: v > 2, range(5)))[0]
any([0, 3]) + all([1, 0]) + 1
isinstance(3, (int, str)) + 1
issubclass(bool, int) + 1
type(3)(4)
bool([]) + 1
callable(len) + 1
hash(3)
getattr(SimpleNamespace(a=4), "a")
getattr(SimpleNamespace(a=4), "b", 6)
SimpleNamespace(**{"w": 9}).w
len(vars(SimpleNamespace(a=1, b=2)))
math.ceil(7 / 2)
math.floor(3.9)
math.isqrt(50)
math.gcd(12, 18, 8)
math.lcm(4, 6)
math.prod([2, 3, 4])
math.prod([2, 3], start=5)
int(math.log2(64))
int(math.log(8, 2))
int(math.log10(1000))
int(math.sqrt(49))
int(math.pow(2, 5))
math.comb(5, 2)
math.factorial(4)
int(math.hypot(3, 4))
int(math.exp(2))
int(math.copysign(3, 1))
math.trunc(5.7)
int(math.fmod(7, 4))
int(math.inf > 3) + 1
math.isclose(1.0, 1.0 + 1e-12) + 1
len(list(itertools.product([1, 2], repeat=2)))
len(list(itertools.product([1, 2], "abc")))
list(itertools.chain([1], [2, 3]))[2]
list(itertools.chain.from_iterable([[1], [4]]))[1]
list(itertools.accumulate([1, 2, 3]))[2]
list(itertools.accumulate([1, 2, 3], operator.mul))[2]
list(itertools.accumulate([1, 2], initial=10))[2]
list(itertools.islice(itertools.count(5, 2), 3))[2]
list(itertools.islice(itertools.cycle([1, 2]), 3))[2]
list(itertools.repeat(4, 3))[2]
len(list(itertools.combinations(range(4), 2)))
len(list(itertools.permutations([1, 2, 3], 2)))
list(itertools.zip_longest([1], [2, 3], fillvalue=9))[1][0]
[len(list(g)) for _, g in itertools.groupby("aab")][0]
list(itertools.starmap(pow, [(2, 3)]))[0]
list(itertools.takewhile(lambda v: v < 3, range(9)))[-1]
list(itertools.dropwhile(lambda v: v < 3, range(9)))[0]
list(itertools.pairwise([1, 4, 9]))[1][1]
list(itertools.compress([5, 6], [0, 1]))[0]
reduce(lambda a, b: a * b, [2, 3, 4], 1)
reduce(operator.add, [1, 2])
partial(pow, 2)(5)
partial(int, base=2)("11")
operator.itemgetter(1)([3, 8])
operator.attrgetter("a")(SimpleNamespace(a=3))
operator.floordiv(7, 2)
Counter("aab")["a"]
Counter([1, 1]).most_common(1)[0][1]
defaultdict(int)["x"] + 1
defaultdict(list, a=[1])["a"][0]
OrderedDict([("a", 2), ("b", 3)]).popitem(last=False)[1]
list(OrderedDict(a=4).values())[0]
deque([1, 2, 3], maxlen=2)[0]
namedtuple("P", "x y")(1, 2).y
namedtuple("P", ["x", "y"], defaults=[7])(1).y
namedtuple("P", "x y")(1, 2)._replace(x=5).x
namedtuple("P", "x y")(1, 2)._asdict()["y"]
copy.deepcopy({"a": [3]})["a"][0]
len(re.findall(r"\d+", "a1b22"))
int(re.match(r"(\d+)x(\d+)", "12x34").group(2))
int(re.search(r"_(\d+)$", "conv_7")[1])
len(re.split(r"[_-]", "a_b-c"))
len(re.sub(r"\d", "", "a1b2"))
json.loads('{"w": 5}')["w"]
json.loads("[1, 6]")[1]
yaml.safe_load("{w: [5, 6]}")["w"][1]
yaml.load("depth: 3", Loader=yaml.FullLoader)["depth"]
len(json.dumps({"a": 1}))
len(string.ascii_lowercase)
int(np.ceil(2.1))
int(np.prod([2, 3]))
int(np.floor(7 / 2))
int(np.log2(16))
int(np.sqrt(16))
int(np.round(3.6))
np.cumsum([1, 2, 3])[2]
np.arange(5)[3]
np.linspace(0, 8, 5)[1]
int(np.linspace(0.0, 1.0, num=5)[-1] * 9)
len(np.zeros((3, 4)))
np.zeros((3, 4)).shape[1]
np.array([1, 5, 3]).max()
int(np.clip(9, 0, 4))
np.maximum(3, 5)
int(np.mean([2, 4]))
np.array([4, 8]).tolist()[1]
np.array([4, 8]).astype(int)[0]
(np.array([4, 8]) // 2)[1]
np.repeat([1, 2], 2)[1]
len(np.concatenate([[1], [2, 3]]))
np.full(3, 7)[0]
int(torch.linspace(0, 1, 5)[1] * 8)
[x.item() for x in torch.linspace(0, 4, 5)][3]
torch.arange(4).tolist()[2]
torch.tensor([3, 4]).sum().item()
int(torch.tensor(5))
torch.Size([2, 3]).numel()
len(torch.Size([2, 3]))
torch.zeros(2, 3).numel()
torch.zeros(2, 3).shape[-1]
torch.zeros(2, 3).size(0)
torch.Size([2, 3])[1]
int(torch.prod(torch.tensor([2, 3])))
torch.tensor([1.5, 2.5]).mean().item() * 2
(3 if "a" in {"a": 1} else 4)
[i for i in range(5) if i % 2 if i > 1][0]
[(a, b) for a in range(2) for b in range(a, 2)][2][1]
(y := 5) + y
not None + 0 if False else 3
1 < 2 < 3 and 4
0 or 5
2 ** 3 ** 1
7 // -2 + 10
-7 % 3 + 1
5 & 3 | 8 ^ 1
1 << 4 >> 1
~-5
0x1F + 0b11 + 0o7
1_000 // 100
int(1e3)
int(3.7)
int("  12 ")
int(True) + 1
float("2.5") * 2
len(str(3.0))
len(repr("a"))
len(str([1, 2]))
len(str((1,)))
len(str({"a": 1}))
"abc"[1:].index("c") + 1
len("a" "b")
(1, 2, 3).index(3)
(1, 2, 2).count(2)
[3, 1, 2].index(2)
len(list({"a": 1, "b": 2}.keys()))
list({"a": 1, "b": 2}.items())[1][1]
"b" in {"a": 1} or 3
slice(1, 5).stop
list(range(9))[slice(2, None, 3)][1]
functools.reduce(max, [3, 9, 2])
int(bool("False")) + 1
len("abc".join(["x", "y"]))
sum(map(int, "123"))
sum(v for v in (1, 2, 3) if v != 2)
max(map(len, ["a", "bbb"]))
max(3, 9, 4)
min("abc", key=ord) == "a" or 5
[[0] * 3 for _ in range(2)][1][2] + 2
(lambda n=3: n)()
(lambda a, /, b, *, c=2: a + b + c)(1, b=2)
tuple(i ** 2 for i in range(4))[3]
list(dict.fromkeys([3, 3, 4]))[1]
dict.fromkeys("ab", 7)["b"]
str.upper("ab").count("A")
list.index([4, 5], 5) + 1
np.newaxis is None
np.vstack([np.zeros(3), np.zeros(3)]).shape[1]
np.meshgrid(np.arange(3), np.arange(4))[0].shape[0]
np.sum(np.ones((2, 3)), axis=0).shape[0]
np.mean(np.ones((2, 3)), axis=1, keepdims=True).shape[1]
np.max(np.ones((2, 5)), axis=0).shape[0]
np.sum(3)
np.prod([2, 3])
np.median([1, 5, 3])
np.std([1, 5]) * 2
np.transpose(np.zeros((2, 3, 4))).shape[0]
np.transpose(np.zeros((2, 3, 4)), (1, 0, 2)).shape[0]
np.array_split(np.arange(7), 3)[0].shape[0]
np.split(np.arange(6), 3)[2].tolist()[1]
np.repeat(3, 4).tolist()[3]
np.ceil(7 / 2).astype(int)
np.floor_divide(7, 2) + np.mod(7, 4) + np.lcm(4, 6)
np.square(3) + np.sign(-2)
np.sort([3, 1, 2]).tolist()[0]
np.random.permutation(5).shape[0]
np.array([1, 2]).copy().tolist()[1]
np.nan != np.nan
torch.tensor([3, 1, 2]).sort()[0].tolist()[0]
torch.tensor([3, 1, 2]).sort(descending=True)[1].tolist()[0]
torch.tensor([3, 1, 2]).argsort().tolist()[0]
torch.tensor([3, 1, 2]).add(torch.tensor([1, 1, 1]), alpha=2).tolist()[0]
torch.tensor([3, 0, 2]).bool().tolist()[0]
torch.tensor([3, 1, 2]).repeat_interleave(2).tolist()[1]
(torch.tensor([3, 1]) & 2).tolist()[0]
torch.vstack([torch.ones(3), torch.ones(3)]).shape[1]
torch.dstack([torch.ones(2, 3), torch.ones(2, 3)]).shape[2]
torch.dstack([torch.ones(3), torch.ones(3)]).shape[1]
torch.zeros(1, 3, 8, 8).shape[1:].numel()
len(str(torch.zeros(2, 3).shape))
torch.zeros(2, 3).half().element_size() + torch.zeros(2, 3).long().itemsize
torch.zeros(2, 3).stride()[0] + torch.zeros(2, 3, 5).stride(0)
torch.zeros(2, 3).nbytes
torch.iinfo(torch.int32).max % 1000
str(torch.zeros(1).device).count("p")
len(repr(torch.float16))
torch.zeros(3).__len__()
(255).bit_length()
[1, 2].__len__()
len("é")
"{0}{1}{0}".format(1, 2).count("1")
"a{}c".format(5).index("5")
f"{'a':<5}|".index("|")
f"{1234567:,}".count(",")
f"{0.256:.1%}".index("%")
f"{[1, 2]}".count(",")
f"{3=}".index("3")
""".strip().splitlines()


def test_expressions_have_the_values_that_python_gives_them(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("numpy")
    known: dict[str, object] = {}
    exec(HEAD, known)
    expected = {each: int(eval(each, dict(known))) + 1 for each in EXPRESSIONS}
    widths = "".join(f"    int({each}) + 1,\n" for each in EXPRESSIONS)
    path = tmp_path / "net.py"
    path.write_text(
        f"{HEAD}WIDTHS = [\n{widths}]\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.each = nn.ModuleList(nn.Linear(1, width, bias=False) for width in WIDTHS)\n"
        "    def forward(self, x):\n"
        "        return [layer(x) for layer in self.each]\n"
    )
    outputs = shapecalc.load(str(path), inputs=["1"]).report().to_dict()["outputs"]
    found = {each: output["shape"][-1] for each, output in zip(EXPRESSIONS, outputs)}
    assert found == expected
