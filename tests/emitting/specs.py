"""Random specs of convolutional networks that use all of the language's structure.

Layers keep height and width, so that tensors can be joined wherever channels agree. Many draws
are no networks, as where a number of channels is a fraction; those are to be passed over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import Any

SYMBOLS = ("a", "b", "w", "on")
ARGUMENTS = ("n", "m", "k", "flag")
BLOCKS = ("First", "Second", "Third")

NUMBERS = [
    "{i}",
    "{x}",
    "{x}",
    "{i}*{x}",
    "{x} + {y}",
    "{x}*{i} // {j} + 1",
    "{x}*{i}/{j}",
    "{x}*{i}/{j} + {y}*{i}/{j}",
    "max({x}, {i})",
    "min({x}, {y}) + 1",
    "{x} % {i} + 1",
    "ceil({x}/{i})",
    "floor({x}*{i}/{j}) + 1",
    "round({x}/{i}) + 1",
    "abs({x} - {y}) + 1",
    "{i} if {x} > {j} else {y}",
    "{x} if on else {i}",
    "{x} + {i} if {y} == {j} or {x} < {i} else {x}",
    "2**{i}",
    "in_channels",
    "2*in_channels",
    "in_channels + {x}",
]
"""Mostly small positive numbers; x and y are names, i and j numbers."""

POOL = {"MaxPool2d": {"kernel_size": 3, "stride": 1, "padding": 1}}

NO_NUMBERS = ("on", "flag", "k")
"""Names that are not calculated with."""


def spec(chance: Random) -> dict[str, Any]:
    """A spec as a mapping."""
    return Drawn(chance).spec()


def counted(spec: dict[str, Any], chance: Random) -> dict[str, Any]:
    """A spec of which some lists are numbered, or copies named, where nothing refers to them."""
    lists = [spec, *spec.get("blocks", {}).values()]
    for holder in [each for each in lists if chance.random() < 0.7]:
        bare = [{k: v for k, v in entry.items() if k != "name"} for entry in holder["layers"]]
        told = f"{bare}{holder.get('outputs')}"
        is_numbered = chance.random() < 0.5
        if is_numbered:
            holder["numbered"] = True
        for entry in holder["layers"]:
            if re.search(rf"\b{entry['name']}\b", told):
                continue
            if is_numbered:
                del entry["name"]
            elif "repeat" in entry:
                entry["name"] += "_{index + 1}"
    return spec


class Drawn:
    """Draws one spec; ``outputs`` are those that blocks name."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.outputs: dict[str, list[str]] = {}
        self.inputs = ["input"]
        self.branches = 0

    def one_in(self, count: int) -> bool:
        return self.chance.randrange(count) == 0

    def spec(self) -> dict[str, Any]:
        symbols: dict[str, Any] = {
            "a": self.chance.randint(1, 6),
            "b": self.chance.randint(1, 6),
            "w": self.chance.choice([1, "1/2", "3/2", 2]),
            "on": self.chance.randint(0, 1),
        }
        if self.one_in(2):
            symbols["d"] = self.chance.choice(["2*a", "a + b", "max(a, b)", "3"])
        names = tuple(symbols)
        blocks: dict[str, Any] = {}
        for name in BLOCKS[: self.chance.randint(0, 3)]:
            blocks[name] = self.block(names, list(blocks))
            self.outputs[name] = [*blocks[name].get("outputs", ())]
        found: dict[str, Any] = {"symbols": symbols, "blocks": blocks}
        shape = [self.chance.randint(1, 4), 6, 6]
        if self.one_in(6):
            self.inputs = ["left", "right"]
            found["inputs"] = {"left": shape, "right": [self.chance.randint(1, 4), 6, 6]}
        else:
            found["input"] = shape
        layers = self.layers(names, list(blocks), 2)
        if len(self.inputs) > 1:
            layers[0].setdefault("from", "left")
        found["layers"] = layers
        if self.one_in(2):
            found["outputs"] = self.named_outputs(layers)
        return found

    def block(self, names: tuple[str, ...], blocks: list[str]) -> dict[str, Any]:
        """A block, which may use those before it."""
        arguments = {
            "n": None,
            "m": self.chance.choice([1, 2, "n", "2*n", "n + a", "in_channels", "n // 2 + 1"]),
            "k": self.chance.choice([1, 3]),
            "flag": self.chance.choice([0, 1, "n > 2", "n != in_channels", "on"]),
        }
        layers = self.layers((*names, *ARGUMENTS), blocks, 2)
        found = {"args": arguments, "layers": layers}
        return found | ({"outputs": self.named_outputs(layers)} if self.one_in(3) else {})

    def named_outputs(self, layers: list[dict[str, Any]]) -> Any:
        """Some of the entries, the last among them; in a third of all cases under other names."""
        chosen = [each["name"] for each in layers if each is layers[-1] or self.one_in(2)]
        if self.one_in(3):
            return {f"out{i}": name for i, name in enumerate(chosen)}
        return chosen

    # -- numbers and conditions -------------------------------------------------------------------

    def name(self, names: Sequence[str]) -> str:
        return self.chance.choice([name for name in names if name not in NO_NUMBERS])

    def number(self, names: tuple[str, ...], known: Sequence[str] = ()) -> Any:
        """A number as an expression; now and then the channels behind an entry that is known."""
        if known and self.one_in(10):
            return f"channels_of({self.chance.choice(known)})"
        value = self.chance.choice(NUMBERS).format(
            x=self.name(names),
            y=self.name(names),
            i=self.chance.randint(1, 4),
            j=self.chance.randint(1, 4),
        )
        return int(value) if value.isdigit() else value

    def condition(self, names: tuple[str, ...]) -> str:
        flag = "flag" if "flag" in names else "on"
        return self.chance.choice(
            [
                flag,
                f"not {flag}",
                "on",
                f"{self.name(names)} > 2",
                f"{self.name(names)} == {self.chance.randint(1, 6)} or on",
            ]
        )

    # -- entries ----------------------------------------------------------------------------------

    def layers(
        self, names: tuple[str, ...], blocks: list[str], depth: int, outer: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """A list of layers, each with a name; references are to names before.

        ``outer`` are the names that lists around it have.
        """
        made: list[dict[str, Any]] = []
        known = [*outer] if outer and self.one_in(3) else []
        letter = "lmn"[2 - depth] if self.one_in(2) else "l"
        for _ in range(self.chance.randint(1, 4)):
            name = f"{letter}{len(made)}"
            repeated = self.one_in(5)
            scope = (*names, "index") if repeated else names
            if self.one_in(15):
                made += self.sequence(name)
                known += [f"{name}.h_n", made[-1]["name"]]
                continue
            if known and self.one_in(15):
                made += self.scaled(name, known, names)
                known.append(made[-1]["name"])
                continue
            entry = self.entry(scope, blocks, depth, known, made)
            entry["name"] = name
            if repeated and "share" not in entry and not isinstance(entry.get("from"), list):
                entry["repeat"] = self.chance.choice([1, 2, 3, "a", "b", "b + 1"])
                if self.one_in(2):
                    entry["when"] = self.chance.choice(["index != 1", "on", "index % 2 == 0"])
            elif self.one_in(6):
                entry["when"] = self.condition(names)
            if "from" not in entry and self.one_in(7) and known:
                entry["from"] = self.chance.choice([*known, *self.inputs])
            made.append(entry)
            known += self.references(entry)
        return made

    def references(self, entry: dict[str, Any]) -> list[str]:
        """The names by which what an entry puts out can be asked for; what is rare is seldom."""
        name = entry["name"]
        found = [name] * 3
        if "Chunk" in entry and "repeat" not in entry:
            found += [f"{name}.{i}" for i in range(1, entry["Chunk"]["chunks"])]
        if "MaxPool2d" in entry and "repeat" not in entry and self.one_in(3):
            found.append(f"{name}.indices")
        for block in BLOCKS:
            if block in entry:
                prefix = f"{name}.{self.chance.randrange(2)}" if "repeat" in entry else name
                found += [f"{prefix}.{output}" for output in self.outputs[block]]
        if "repeat" in entry and self.one_in(2):
            found.append(f"{name}.{self.chance.randrange(2)}")
        return found

    def sequence(self, name: str) -> list[dict[str, Any]]:
        """A recurrent layer over the pixels, whose state starts another, or is an output."""
        kind = self.chance.choice(["LSTM", "GRU"])
        states = [f"{name}.h_n", f"{name}.c_n"] if kind == "LSTM" else [f"{name}.h_n"]
        back: dict[str, Any] = {"Reshape": ["B", -1, 6, 6], "name": f"{name}r"}
        second = {kind: 36, "name": f"{name}s", "from": [name, *states]}
        return [
            {"Flatten": {"start_dim": 2}, "name": f"{name}f"},
            {kind: 36, "name": name},
            *([second] if self.one_in(2) else []),
            back,
        ]

    def scaled(self, name: str, known: list[str], names: tuple[str, ...]) -> list[dict[str, Any]]:
        """A tensor of weights, by which what came before is multiplied."""
        channels = self.chance.choice([1, self.number(names), f"channels_of({known[-1]})"])
        return [
            {"Parameter": [1, channels, 1, 1], "name": f"{name}p"},
            {"Mul": None, "from": [known[-1], f"{name}p"], "name": name},
        ]

    def entry(
        self,
        names: tuple[str, ...],
        blocks: list[str],
        depth: int,
        known: list[str],
        made: list[dict[str, Any]],
    ) -> dict[str, Any]:
        kinds = ["conv", "conv", "plain", "plain", "function", "reference"]
        kinds += ["block"] * 3 if blocks else []
        kinds += ["branches"] * 2 if depth else []
        kind = self.chance.choice(kinds)
        if kind == "conv":
            return self.conv(names, known, made)
        if kind == "plain":
            plain = [{"ReLU": None}, {"BatchNorm2d": None}, {"LayerNorm": None}, {"Dropout": "1/3"}]
            more = [{"Linear": 6}, {"Dropout": "w/2"}, POOL]
            return dict(self.chance.choice([*plain, *more]))
        if kind == "function":
            chunk = {"chunks": self.chance.choice([1, 1, 2])}
            return dict(self.chance.choice([{"Permute": [0, 1, 3, 2]}, {"Chunk": chunk}]))
        if kind == "reference":
            count = self.chance.randint(1, 3)
            sources = [self.chance.choice([*known, *self.inputs]) for _ in range(count)]
            return {self.chance.choice(["Concat", "Concat", "Add", "Mul"]): None, "from": sources}
        if kind == "block":
            return self.use(names, blocks, made)
        return self.join(names, blocks, depth, known)

    def conv(
        self, names: tuple[str, ...], known: list[str], made: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """A convolution, which may use the weights of an earlier one."""
        channels = self.number(names, [name for name in known if "." not in name])
        fields = {"out_channels": channels, "kernel_size": 1}
        convs = [each["name"] for each in made if "Conv2d" in each and "repeat" not in each]
        if convs and self.one_in(4):
            return {"Conv2d": fields, "share": self.chance.choice(convs)}
        form = self.chance.randrange(4)
        if form < 2:
            fields |= {"kernel_size": 3, "padding": 1, "bias": self.one_in(2)}
        elif form == 2 and "k" in names:
            fields |= {"kernel_size": "k", "padding": "same"}
        return {"Conv2d": fields}

    def use(
        self, names: tuple[str, ...], blocks: list[str], made: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """A use of a block, which may use the weights of an earlier one."""
        arguments: dict[str, Any] = {"n": self.number(names)}
        if self.one_in(3):
            arguments["m"] = self.number(names)
        if self.one_in(3):
            arguments["flag"] = self.condition(names)
        if self.one_in(3):
            arguments["k"] = self.chance.choice([1, 3, "k" if "k" in names else 3])
        block = self.chance.choice(blocks)
        earlier = [each for each in made if block in each and "repeat" not in each]
        if earlier and self.one_in(6):
            other = self.chance.choice(earlier)
            return {block: dict(other[block]), "share": other["name"]}
        return {block: arguments}

    def join(
        self, names: tuple[str, ...], blocks: list[str], depth: int, known: list[str]
    ) -> dict[str, Any]:
        """A join of branches, with names or without."""
        count = self.chance.randint(1, 3)
        branches = [
            [] if self.one_in(4) else self.layers(names, blocks, depth - 1, known)
            for _ in range(count)
        ]
        join = self.chance.choice(["Concat", "Concat", "Add"])
        if self.one_in(2):
            self.branches += count
            named = {f"p{self.branches - i}": each for i, each in enumerate(branches)}
            return {join: {"branches": named}}
        return {join: {"branches": branches}}
