"""Random specs of convolutional networks that use all of the language's structure.

Layers keep height and width, so that tensors can be joined wherever channels agree. Many draws
are no networks, as where a number of channels is a fraction; those are to be passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from tests.emitting.calling import STYLES, Calling

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


class Drawn:
    """Draws one spec; ``outputs`` are those that blocks name, ``takes`` how many inputs they take.

    ``inputs`` are what those of the network, or block, that is drawn are called.
    """

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.outputs: dict[str, list[str]] = {}
        self.takes: dict[str, int] = {}
        self.inputs = ["input"]
        self.branches = 0
        self.asked: dict[int, str] = {}  # by what entries are asked for

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
        blocks: dict[str, Any] = {"Row": self.row((*names, "n"))} if self.one_in(4) else {}
        for name in BLOCKS[: self.chance.randint(0, 3)]:
            blocks[name] = self.block(names, list(blocks))
            self.outputs[name] = [*blocks[name].get("outputs", ())]
            self.takes[name] = len(blocks[name].get("inputs", [""]))
        found: dict[str, Any] = {"symbols": symbols, "blocks": blocks}
        shape = [self.chance.randint(1, 4), 6, 6]
        if self.one_in(6):
            self.inputs = self.chance.choice([["left", "right"], ["x", "skip"], ["t", "x"]])
            shapes = shape, [self.chance.randint(1, 4), 6, 6]
            found["inputs"] = dict(zip(self.inputs, shapes))
        else:
            found["input"] = shape
        is_numbered = self.one_in(8)
        layers = self.layers(names, list(blocks), 2, is_numbered=is_numbered)
        if len(self.inputs) > 1:
            layers[0].setdefault("from", self.inputs[0])
        found["layers"] = layers
        if is_numbered:
            found["numbered"] = True
        if self.one_in(2) and (outputs := self.named_outputs(layers)):
            found["outputs"] = outputs
        return found

    def block(self, names: tuple[str, ...], blocks: list[str]) -> dict[str, Any]:
        """A block, which may use those before it."""
        arguments = {
            "n": None,
            "m": self.chance.choice([1, 2, "n", "2*n", "n + a", "in_channels", "n // 2 + 1"]),
            "k": self.chance.choice([1, 3]),
            "flag": self.chance.choice([0, 1, "n > 2", "n != in_channels", "on"]),
        }
        self.inputs = self.chance.choice([["input"]] * 3 + [["x", "skip"], ["p", "q", "r"]])
        is_numbered = self.one_in(5)
        layers = self.layers((*names, *ARGUMENTS), blocks, 2, is_numbered=is_numbered)
        found: dict[str, Any] = {"args": arguments, "layers": layers}
        if len(self.inputs) > 1:
            found["inputs"] = self.inputs
        if is_numbered:
            found["numbered"] = True
        elif self.one_in(5):
            called = [entry["name"] for entry in layers if "{" not in entry["name"]]
            found["state_order"] = self.some(called or [layers[0]["name"]])
        if self.one_in(3) and (outputs := self.named_outputs(layers)):
            found["outputs"] = outputs
        self.inputs = ["input"]
        return found

    def row(self, names: tuple[str, ...]) -> dict[str, Any]:
        """An inline block, whose entries are numbered in the list of its use."""
        layers = self.layers(names, [], 0, is_numbered=True, is_chain=True)
        for entry in layers:
            entry.pop("name", None)
        return {"args": {"n": None}, "inline": True, "layers": layers}

    def some(self, names: list[str]) -> list[str]:
        """Some of several names, in any order, and one at least."""
        return self.chance.sample(names, self.chance.randint(1, len(names)))

    def named_outputs(self, layers: list[dict[str, Any]]) -> Any:
        """Some of the entries, the last among them; in a third of all cases under other names."""
        known = [(each, self.asked[id(each)]) for each in layers if id(each) in self.asked]
        chosen = [name for each, name in known if each is layers[-1] or self.one_in(2)]
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
        self,
        names: tuple[str, ...],
        blocks: list[str],
        depth: int,
        outer: Sequence[str] = (),
        *,
        is_numbered: bool = False,
        is_chain: bool = False,
    ) -> list[dict[str, Any]]:
        """A list of layers, mostly with names; references are to names before.

        ``outer`` are the names that lists around it have. Of a numbered list half are chains.
        """
        made: list[dict[str, Any]] = []
        known = [*outer] if outer and self.one_in(3) else []
        letter = "lmn"[2 - depth] if self.one_in(2) else "l"
        style = "numbered" if is_numbered else self.chance.choice(STYLES)
        called = Calling(self.chance, letter, style)
        is_chain = is_chain or (is_numbered and self.one_in(2))
        blocks = [name for name in blocks if is_numbered or name != "Row"]
        if is_chain:
            blocks, depth = [name for name in blocks if self.takes.get(name, 1) == 1], 0
        for _ in range(self.chance.randint(1, 4)):
            repeated = self.one_in(5)
            scope = (*names, "index") if repeated else names
            if self.one_in(15) and not is_chain:
                name = called.plain()
                self.several(made, self.sequence(name), called)
                known += [f"{name}.h_n", made[-1]["name"]]
                continue
            if known and self.one_in(15) and not is_chain:
                self.several(made, self.scaled(called.plain(), known, names), called)
                known.append(made[-1]["name"])
                continue
            there = ([], []) if is_chain else (known, made)
            entry = self.entry(scope, blocks, depth, *there, is_chain)
            if repeated and "share" not in entry and not isinstance(entry.get("from"), list):
                entry["repeat"] = self.chance.choice([1, 2, 3, "a", "b", "b + 1"])
                if self.one_in(2):
                    entry["when"] = self.chance.choice(["index != 1", "on", "index % 2 == 0"])
            elif self.one_in(6):
                entry["when"] = self.condition(names)
            if "from" not in entry and self.one_in(7) and known and not is_chain:
                entry["from"] = self.chance.choice([*known, *self.inputs])
            numbers = [name for name in names if name not in NO_NUMBERS]
            asked = called.name(entry, numbers)
            made.append(entry)
            self.asked |= {id(entry): name for name in asked}
            known += self.references(entry, asked)
        return made

    def several(
        self, made: list[dict[str, Any]], entries: list[dict[str, Any]], called: Calling
    ) -> None:
        """Add entries that belong together, under plain names."""
        for entry in entries:
            made.append(entry)
            self.asked[id(entry)] = entry["name"]
            called.count(entry)

    def references(self, entry: dict[str, Any], asked: list[str]) -> list[str]:
        """The names by which what an entry puts out can be asked for; what is rare is seldom."""
        if not asked or "{" in entry.get("name", ""):
            return asked
        (name,) = asked
        found = [name] * 3
        if "Chunk" in entry and "repeat" not in entry:
            found += [f"{name}.{i}" for i in range(entry["Chunk"]["chunks"])]
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
        """A tensor of weights, by which what came before is multiplied, or what is added to it."""
        channels = self.chance.choice([1, self.number(names), f"channels_of({known[-1]})"])
        held = {"Parameter": [1, channels, 1, 1], "name": f"{name}p"}
        if self.one_in(2):
            return [held, {"Mul": None, "from": [known[-1], f"{name}p"], "name": name}]
        other = self.chance.choice([*known, *self.inputs])
        return [
            held,
            {"Mul": None, "from": [other, f"{name}p"], "name": f"{name}m"},
            {"Add": None, "from": [known[-1], f"{name}m"], "name": name},
        ]

    def entry(
        self,
        names: tuple[str, ...],
        blocks: list[str],
        depth: int,
        known: list[str],
        made: list[dict[str, Any]],
        is_chain: bool,
    ) -> dict[str, Any]:
        kinds = ["conv", "conv", "plain", "plain"]
        kinds += [] if is_chain else ["function", "reference"]
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
            chunk = {"chunks": self.chance.choice([1, 2, 2, 3, 4])}
            return dict(self.chance.choice([{"Permute": [0, 1, 3, 2]}, {"Chunk": chunk}]))
        if kind == "reference":
            count = self.chance.randint(1, 3)
            sources = [self.chance.choice([*known, *self.inputs]) for _ in range(count)]
            return {self.chance.choice(["Concat", "Concat", "Add", "Mul"]): None, "from": sources}
        if kind == "block":
            return self.use(names, blocks, made, known)
        return self.join(names, blocks, depth, known)

    def conv(
        self, names: tuple[str, ...], known: list[str], made: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """A convolution, which may use the weights of an earlier one."""
        channels = self.number(names, [name for name in known if "." not in name])
        fields = {"out_channels": channels, "kernel_size": 1}
        convs = [each["name"] for each in made if "Conv2d" in each and self.is_one(each)]
        if convs and self.one_in(4):
            return {"Conv2d": fields, "share": self.chance.choice(convs)}
        form = self.chance.randrange(4)
        if form < 2:
            fields |= {"kernel_size": 3, "padding": 1, "bias": self.one_in(2)}
        elif form == 2 and "k" in names:
            fields |= {"kernel_size": "k", "padding": "same"}
        return {"Conv2d": fields}

    def is_one(self, entry: dict[str, Any]) -> bool:
        """Whether others may share the weights of an entry, by its name."""
        return "repeat" not in entry and "name" in entry

    def use(
        self,
        names: tuple[str, ...],
        blocks: list[str],
        made: list[dict[str, Any]],
        known: list[str],
    ) -> dict[str, Any]:
        """A use of a block, which may use the weights of an earlier one."""
        arguments: dict[str, Any] = {"n": self.number(names)}
        block = self.chance.choice(blocks)
        if block == "Row":
            return {block: arguments}
        count = self.takes.get(block, 1)
        fed = [self.chance.choice([*known, *self.inputs]) for _ in range(count)]
        sources: dict[str, Any] = {"from": fed} if count > 1 else {}
        if self.one_in(3):
            arguments["m"] = self.number(names)
        if self.one_in(3):
            arguments["flag"] = self.condition(names)
        if self.one_in(3):
            arguments["k"] = self.chance.choice([1, 3, "k" if "k" in names else 3])
        earlier = [each for each in made if block in each and self.is_one(each)]
        if earlier and self.one_in(6):
            other = self.chance.choice(earlier)
            return {block: dict(other[block]), "share": other["name"], **sources}
        return {block: arguments, **sources}

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
