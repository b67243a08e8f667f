"""Specs to try: bundled ones with bytes changed, and random ones, valid and nearly valid.

A case is made from a seed and its number alone, so that these two reproduce it.
"""

from __future__ import annotations

import json
import random
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from shapecalc.layers import KINDS

SPECS = Path(__file__).parents[2] / "specs"

LARGEST = 3000
"""Longer specs would make a case slow."""

PIECES = [
    "[", "]", "{", "}", ",", ":", "-", "\n", "  ", "\t", "'", '"', "&a ", "*a", "!x ", "#", "|",
    "? ", "%", "\x00", "é", "\u2028", "0", "-1", "1e9", ".inf", "null", "true", "H", "B", "W",
    "index", "in_channels", "in_height", "in_features", "ReLU", "Conv2d", "Concat: ", "Add: ",
    "Flatten", "branches: ", "from: ", "repeat: ", "when: ", "share: ", "name: ", "input",
    "args: ", "same", "H // 0", "1 / H", "2**99", "10**18", "1000000", "(", ")", "if",
    "0 if 1 else ",
]  # fmt: skip

EXPRESSIONS = [
    "H", "W", "H//2", "2*H", "H - 1", "H + P", "P", "2*P + 1", "H % 4", "k", "k*2", "3/4*C", "C",
    "in_channels", "in_height", "in_width", "in_features", "index", "index + 1", "C*2**index",
    "max(1, H//32)", "min(C, 8)", "ceil(H/2)", "floor(H/3)", "abs(-2)", "not H",
    "C if H > 8 else 2*C", "H == W", "1 if 1 else in_height", "H//r", "C/r", "-1",
    "0", "H**2", "x", "2**63", "10**18",
]  # fmt: skip


@lru_cache(maxsize=1)
def texts() -> list[str]:
    """The bundled specs that are short."""
    paths = [path for path in sorted(SPECS.glob("*.yaml")) if path.stat().st_size <= LARGEST]
    return [path.read_text() for path in paths]


def case(seed: int, number: int) -> bytes:
    """The bytes of a case."""
    chance = random.Random(f"{seed} {number}")
    kind = chance.randrange(5)
    if kind == 0:
        return changed_bytes(chance.choice(texts()).encode(), chance)
    if kind == 1:
        return changed(chance.choice(texts()), chance).encode("utf-8", "replace")
    spec = json.dumps(Grammar(chance).spec(), indent=1)
    if kind == 2:
        return changed(spec, chance).encode("utf-8", "replace")
    return spec.encode()


def changed_bytes(data: bytes, chance: random.Random) -> bytes:
    """Bytes with a few of them deleted, replaced or doubled, or bits turned."""
    found = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(found) + 1)
        step = chance.randrange(4)
        if step == 0:
            del found[at : at + chance.randint(1, 8)]
        elif step == 1:
            found[at:at] = chance.randbytes(chance.randint(1, 3))
        elif step == 2:
            found[at:at] = found[at : at + chance.randint(1, 200)]
        elif at < len(found):
            found[at] ^= 1 << chance.randrange(8)
    return bytes(found)


def changed(text: str, chance: random.Random) -> str:
    """A spec with a few characters, words and lines deleted, doubled, replaced or moved."""
    for _ in range(chance.randint(1, 3)):
        lines = text.splitlines(keepends=True) or [""]
        at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.randint(0, 12))
        words = list(re.finditer(r"[0-9]+|[A-Za-z_]\w*", text))
        step = chance.randrange(7)
        if step == 0:
            text = text[:start] + text[end:]
        elif step == 1:
            text = text[:start] + chance.choice(PIECES) + text[end:]
        elif step == 2:
            text = "".join(lines[:at] + lines[at + 1 :])
        elif step == 3:
            lines[at], lines[other] = lines[other], lines[at]
            text = "".join(lines)
        elif words:
            one = chance.choice(words)
            new = chance.choice([chance.choice(words)[0], *PIECES[-20:], *EXPRESSIONS])
            text = text[: one.start()] + new + text[one.end() :]
    return text


SHAPES: list[list[Any]] = [
    ["C", "H", "W"], [3, "H", "H"], ["C", "H"], ["H", "C"], ["H"], [2, "H", "H", "H"], [16],
]  # fmt: skip

FITTING: dict[int, list[Any]] = {
    1: ["ReLU", {"Linear": "C"}, {"Linear": 10}, "Tanh", {"Dropout": 0.5}, "BatchNorm1d"],
    2: [
        "ReLU", "GELU", {"Linear": "C"}, {"Conv1d": {"out_channels": "C", "kernel_size": "P + 1"}},
        {"LSTM": {"hidden_size": 8}}, "LayerNorm", {"MaxPool1d": 2}, {"Permute": [0, 2, 1]},
        {"Add": {"branches": [["ReLU"], []]}}, {"MultiheadAttention": {"num_heads": 1}},
    ],
    3: [
        "ReLU", "BatchNorm2d", {"Conv2d": {"out_channels": "C", "kernel_size": 3, "padding": 1}},
        {"Conv2d": {"out_channels": "2*C", "kernel_size": 3, "stride": 2, "padding": "P"}},
        {"MaxPool2d": 2}, {"Upsample": {"scale_factor": 2}}, {"Dropout": 0.5}, "GELU",
        {"AvgPool2d": {"kernel_size": 3, "stride": "r", "padding": 1, "ceil_mode": True}},
        {"ConvTranspose2d": {"out_channels": "C", "kernel_size": 2, "stride": 2}},
        {"Add": {"branches": [[{"Conv2d": {"out_channels": "C", "kernel_size": 1}}], []]}},
        {"Concat": {"dim": 1, "branches": {"a": ["ReLU"], "b": []}}},
        {"AdaptiveAvgPool2d": "r"}, {"ReLU": None, "repeat": "r"}, {"ReLU": None, "when": "P > 0"},
    ],
    4: [
        "ReLU", "BatchNorm3d", {"MaxPool3d": 2},
        {"Conv3d": {"out_channels": "C", "kernel_size": 1}},
    ],
}  # fmt: skip
"""Entries that inputs of so many dimensions without the batch take, and leave as many."""

_RELU: dict[str, Any] = {"ReLU": None, "name": "@"}

CHAINS: dict[int, list[list[Any]]] = {
    1: [
        [_RELU, {"Parameter": {"shape": ["C"]}, "name": "@p"}, {"Mul": None, "from": ["@", "@p"]}],
        [
            {"Linear": "2*C"},
            {"Chunk": {"chunks": 2}, "name": "@"},
            {"Mul": None, "from": ["@.0", "@.1"]},
        ],
        [{"Linear": "C"}, {"Linear": "C", "name": "@"}, {"Linear": "C", "share": "@"}],
        [{"Reshape": ["B", -1, 2]}, "GELU", "Flatten"],
    ],
    2: [
        [
            {"Linear": "4*C"},
            {"Rearrange": {"pattern": "b t (s n c) -> s b n t c", "sizes": {"s": 2, "n": "r"}}},
            {"Unbind": 0, "name": "@"},
            {"Einsum": "bntc,bnsc->bnts", "from": ["@.0", "@.1"]},
            {"Softmax": -1},
            {"MatMul": None, "from": ["softmax1", "@.1"]},
            {"Rearrange": "b n t c -> b t (n c)"},
        ],
        [
            {"LSTM": {"hidden_size": "C", "num_layers": "r"}, "name": "@"},
            {"Transpose": {"dim0": 0, "dim1": 1}, "from": "@.h_n"},
        ],
        [
            {"Split": {"split_size": 2, "dim": 1}, "name": "@"},
            {"Concat": 1, "from": ["@.1", "@.0"]},
        ],
        [_RELU, {"Buffer": {"shape": ["C"]}, "name": "@p"}, {"Add": None, "from": ["@", "@p"]}],
        [
            {"Roll": {"shifts": "P", "dims": 1}},
            {"Pad": [1, "P"]},
            {"Transpose": {"dim0": 1, "dim1": 2}},
        ],
        [_RELU, {"Arange": {"end": "r"}, "name": "@i"}, {"Index": 1, "from": ["@", "@i"]}],
    ],
    3: [
        [
            _RELU,
            {"MaxPool2d": 2},
            {"Upsample": {"size": ["height_of(@)", "width_of(@)"]}, "name": "@u"},
            {"Concat": 1, "from": ["@", "@u"]},
        ],
        [
            _RELU,
            {"AvgPool2d": 2},
            {"Interpolate": None, "name": "@u", "from": ["avgpool1", "@"]},
            {"Add": None, "from": ["@", "@u"]},
        ],
        [
            {"Split": {"split_size": ["C - 1", 1]}, "name": "@"},
            {"Concat": 1, "from": ["@.1", "@.0"]},
        ],
        [
            _RELU,
            {"Parameter": {"shape": ["size_of(@, 1)", 1, 1]}, "name": "@p"},
            {"Mul": None, "from": ["@", "@p"]},
        ],
        [
            {"Reshape": ["B", -1, "H*W"]},
            {"Transpose": {"dim0": 1, "dim1": 2}},
            "LayerNorm",
            {"Rearrange": {"pattern": "b (h w) c -> b c h w", "sizes": {"h": "H"}}},
        ],
        [{"Roll": {"shifts": ["-P", "r"], "dims": [2, 3]}}, {"Pad": ["P", 1, "P", 1]}],
        [
            {
                "Rearrange": {
                    "pattern": "b c (h p) (w q) -> b (c p q) h w",
                    "sizes": {"p": "r", "q": 2},
                }
            }
        ],
        [{"Opaque": {"shape": ["C", "H", "in_width"], "params": "C*C", "macs_per_sample": "H*W"}}],
        [
            _RELU,
            {"Einsum": "bchw,bdhw->bcd", "from": ["@", "@"]},
            {"Softmax": -1, "name": "@a"},
            {"Einsum": "bcd,bdhw->bchw", "from": ["@a", "@"]},
        ],
        [
            {"Conv2d": {"out_channels": "C", "kernel_size": 1}},
            {"Conv2d": {"out_channels": "C", "kernel_size": 3, "padding": 1}, "name": "@"},
            {"Conv2d": {"out_channels": "C", "kernel_size": 3, "padding": 1}, "share": "@"},
        ],
        [{"Slice": {"dim": 2, "start": 1}}, {"Flip": [3]}, {"Transpose": {"dim0": 2, "dim1": 3}}],
    ],
    4: [
        [
            {"Rearrange": "b c d h w -> b c (d h) w"},
            {"Unflatten": {"dim": 2, "unflattened_size": ["H", -1]}},
        ]
    ],
}
"""Entries that belong together, under fresh names for ``@``; most leave as many dimensions."""

REQUIRED = ["params <= 5e6", "H >= 8", "macs < 10**9 and C > 2", "params >= C", "H % 4 == 0"]


class Grammar:
    """Random specs in which most is right."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.names: list[str] = []
        self.blocks: dict[str, Any] = {}
        self.rank = 3
        self.wild = chance.choice([0.0, 0.1, 0.5])
        self.chains = 0

    def spec(self) -> dict[str, Any]:
        chance = self.chance
        found: dict[str, Any] = {
            "symbols": {
                "H": chance.choice([8, 16, 17, 32, 224, None]),
                "W": chance.choice([8, 15, 32, "H"]),
                "C": chance.choice([4, 8, 12]),
                "P": chance.choice([0, 1, 2]),
                "r": chance.choice([1, 2, 3]),
            }
        }
        shape = chance.choice(SHAPES)
        self.rank = len(shape)
        if chance.random() < 0.15:
            found["inputs"] = {"a": shape, "b": chance.choice([shape, ["H", "C"], [3, 8, 8]])}
            self.names = ["a", "b"]
            first = {chance.choice(["Add", "Concat", "Mul"]): None, "from": ["a", "b"]}
        else:
            found["input"] = shape
            self.names = ["input"]
            first = "ReLU"
        for level in range(chance.choice([0, 0, 1, 2])):
            arguments = {"k": chance.choice([None, 3, "H//4"]), "m": 1}
            body = self.entries(1, 3)
            unit: dict[str, Any] = {"args": arguments, "layers": body}
            own = [each["name"] for each in body if isinstance(each, dict) and "name" in each]
            if own and chance.random() < 0.5:
                unit["outputs"] = {"main": own[-1], "side": own[0]}
            self.blocks[f"Unit{level}"] = unit
        if self.blocks:
            found["blocks"] = self.blocks
        layers = found["layers"] = [first, *self.entries(0, chance.randint(1, 6))]
        named = [each["name"] for each in layers if isinstance(each, dict) and "name" in each]
        if chance.random() < 0.1:
            found["require"] = chance.sample(REQUIRED, chance.randint(1, 2))
        if chance.random() < 0.1:
            found["members"] = {"small": {"C": 4}, "large": {"C": "3*H", "r": 3}}
        if named and chance.random() < 0.3:
            found["outputs"] = chance.sample(named, chance.randint(1, len(named)))
        return found

    def entries(self, depth: int, most: int) -> list[Any]:
        found = []
        for _ in range(self.chance.randint(1, most)):
            if self.chance.random() < 0.15:
                found += self.chain()
            else:
                found.append(self.entry(depth))
        return found

    def chain(self) -> list[Any]:
        """Entries that belong together, some of them with a setting changed."""
        self.chains += 1
        name = f"m{self.chains}"
        self.names.append(name)
        chain = self.chance.choice(CHAINS[self.rank])
        found: list[Any] = json.loads(json.dumps(chain).replace("@", name))
        for entry in found:
            kind = next(iter(entry)) if isinstance(entry, dict) else ""
            inside = entry[kind] if kind else None
            if isinstance(inside, dict) and inside and self.chance.random() < self.wild:
                inside[self.chance.choice(list(inside))] = self.value()
        return found

    def entry(self, depth: int) -> Any:
        chance = self.chance
        if chance.random() >= self.wild:
            return chance.choice(FITTING[self.rank])
        draw = chance.random()
        if self.blocks and draw < 0.15:
            name = chance.choice(list(self.blocks))
            entry = {name: chance.choice([{"k": 3}, {"k": "C"}, 3, {"k": "H", "m": 2}, None])}
        elif depth < 2 and draw < 0.3:
            branches = [
                self.entries(depth + 1, 2) if chance.random() < 0.8 else [] for _ in range(2)
            ]
            join = chance.choice(["Add", "Concat", "Mul", "Stack", "MatMul"])
            inside: dict[str, Any] = {"branches": branches}
            if chance.random() < 0.5:
                inside["branches"] = dict(zip(chance.sample("pqrs", 2), branches))
            if join in ("Concat", "Stack"):
                inside["dim"] = chance.choice([1, 1, 2, -1])
            entry = {join: inside}
        else:
            kind = chance.choice(list(KINDS))
            entry = {kind: self.settings(kind)}
        for key, value in (
            ("repeat", chance.choice([2, 3, "r", "C", 0, 1000])),
            ("when", chance.choice([1, "H > 8", "P", "index", "in_channels > 2"])),
            ("from", chance.choice([self.names[-1], self.names[-2:], chance.choice(self.names)])),
        ):
            if chance.random() < 0.1:
                entry[key] = value
        if chance.random() < 0.3:
            entry["name"] = f"n{chance.randrange(30)}"
            self.names.append(entry["name"])
        return entry

    def settings(self, kind: str) -> Any:
        """The example's settings, some of them with other values."""
        chance = self.chance
        found = dict(KINDS[kind].example)
        for name in KINDS[kind].fields:
            if chance.random() < (0.1 if name in found else 0.05):
                found[name] = self.value()
        return {name: self.plain(value) for name, value in found.items()} or None

    def value(self) -> Any:
        plain = [0, 1, 2, 3, 5, 7, 64, -1, 10**6, 10**18, True, None, "same", "1/2"]
        lists = [[1, 2], [3, 3], [2, [1, 1]]]
        return self.chance.choice(plain + lists + [self.chance.choice(EXPRESSIONS)] * 8)

    def plain(self, value: Any) -> Any:
        """A value as JSON has it."""
        if isinstance(value, (list, tuple)):
            return [self.plain(each) for each in value]
        if isinstance(value, dict):
            return {name: self.plain(each) for name, each in value.items()}
        return value if isinstance(value, (int, str, bool)) or value is None else str(value)
