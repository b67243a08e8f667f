"""Random networks as people design them, with symbols wherever a person would turn a knob.

Of defaults that make a network none, as where channels are not a multiple of groups, others are
tried; those that are none at any of them are to be passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any

import shapecalc
from shapecalc.language.problem import SpecError

Entry = dict[str, Any]

KNOBS: dict[str, Sequence[Any]] = {
    "H": (8, 12, 16, 17, 20, 32),
    "W": (8, 10, 16, 21),
    "C": (4, 6, 8),
    "K": (1, 3, 3, 5, 2),
    "S": (1, 1, 1, 2, 2, 3),
    "P": (0, 1, 1, 2),
    "D": (1, 1, 2),
    "G": (1, 1, 2, 4),
    "r": (1, 2, 4),
    "n": (1, 2, 3),
    "heads": (1, 2, 4),
    "width": ("1/2", 1, "3/4", 2, "3/2"),
    "p": (0, "1/10", "1/2", 1),
    "on": (0, 1),
    "b": (-2, -1, 0, 0, 1),
}
"""The symbols and their defaults."""


TRIES = 8
"""How many defaults are tried at most."""


def architecture(chance: Random) -> dict[str, Any]:
    """A spec as a mapping."""
    found = Architect(chance).spec()
    for _ in range(TRIES):
        with suppress(SpecError):
            shapecalc.load(found).report()
            break
        found["symbols"] = {name: chance.choice(values) for name, values in KNOBS.items()}
    return found


class Architect:
    """Draws one spec; ``blocks`` are those that it has made by then."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.blocks: dict[str, Any] = {}
        self.names = 0
        self.rank = chance.choice((1, 2, 2, 2))

    def one_of(self, *choices: Any) -> Any:
        return self.chance.choice(choices)

    def one_in(self, count: int) -> bool:
        return self.chance.randrange(count) == 0

    def named(self, entry: Entry) -> str:
        """The name that an entry is given."""
        self.names += 1
        entry["name"] = f"e{self.names}"
        return f"e{self.names}"

    def spec(self) -> dict[str, Any]:
        sides = [self.one_of("H", "H", "2*H", "4*H"), self.one_of("W", "H", "H // 2", "H + b", 12)]
        channels = self.one_of(4, "C", "C", "2*C", "C*G")
        layers: list[Entry] = []
        steps = [
            *(self.conv, self.conv, self.pool, self.residual, self.residual, self.inception),
            *(self.excitation, self.hourglass, self.gated, self.use, self.use, self.resized),
            *(self.norm, self.patches, self.crop, self.moved),
        ]
        for _ in range(self.chance.randint(1, 4)):
            layers += self.one_of(*steps)()
        if self.one_in(2):
            layers += self.one_of(self.head, self.head, self.tokens, self.sequence)()
        found: dict[str, Any] = {
            "symbols": {name: self.one_of(*values) for name, values in KNOBS.items()},
            "blocks": self.blocks,
            "input": [channels, *sides[: self.rank]],
            "layers": layers,
        }
        names = [entry["name"] for entry in layers if "name" in entry and "repeat" not in entry]
        if names and self.one_in(3):
            found["outputs"] = sorted({*self.chance.sample(names, self.one_of(1, len(names)))})
        return found

    # -- settings ---------------------------------------------------------------------------------

    def of_rank(self, kind: str) -> str:
        return f"{kind}{self.rank}d"

    def channels(self) -> Any:
        plain = self.one_of("C", "2*C", "C*G", 8, "in_channels", "2*in_channels")
        scaled = self.one_of(
            "4*round(C*width)", "max(8, round(8*width))", "in_channels*S", "C // r"
        )
        return self.one_of(plain, plain, scaled)

    def per_axis(self, *choices: Any) -> Any:
        """One setting for all axes, or one for each."""
        if self.one_in(5):
            return [self.one_of(*choices) for _ in range(self.rank)]
        return self.one_of(*choices)

    def window(self) -> Entry:
        return {
            "kernel_size": self.per_axis("K", "K", "2*P + 1", 3, 1, "S", "K + S"),
            "stride": self.per_axis("S", "S", 1, 2, "r"),
            "padding": self.per_axis("P", "K // 2", "(K - 1)//2", 1, 0, "D*(K - 1) // 2", "P + b"),
        }

    # -- layers -----------------------------------------------------------------------------------

    def conv(self) -> list[Entry]:
        fields = {"out_channels": self.channels(), **self.window()}
        if self.one_in(3):
            fields["dilation"] = self.one_of("D", 2, "r")
        if self.one_in(3):
            fields["groups"] = self.one_of("G", 2, "in_channels")
        if self.one_in(6):
            fields |= {"padding": "same", "stride": 1}
        elif self.one_in(6):
            fields |= {"padding_mode": self.one_of("reflect", "circular", "replicate")}
        after = [[], [], ["ReLU"], [self.of_rank("BatchNorm"), "ReLU"], [{"Dropout": "p"}]]
        return [{self.of_rank("Conv"): fields}, *self.one_of(*after)]

    def pool(self) -> list[Entry]:
        kind = self.of_rank(self.one_of("MaxPool", "MaxPool", "AvgPool"))
        fields = self.window() | {"ceil_mode": self.one_of(False, True, "on")}
        if self.one_in(3):
            del fields["stride"]
        if self.one_in(8):
            return [{self.of_rank("LPPool"): {"norm_type": 2, "kernel_size": "K", "stride": "S"}}]
        return [{kind: fields}]

    def norm(self) -> list[Entry]:
        groups = {"GroupNorm": {"num_groups": self.one_of("G", "2*G", "C")}}
        shuffle = {"ChannelShuffle": {"groups": self.one_of("G", "r")}}
        return [self.one_of(groups, "LayerNorm", shuffle, {"PReLU": {"num_parameters": "C"}})]

    def keeping(self, channels: Any) -> Entry:
        """A convolution that keeps sizes, for odd kernels."""
        fields = {"out_channels": channels, "kernel_size": "K", "padding": "K // 2"}
        return {self.of_rank("Conv"): fields}

    def residual(self) -> list[Entry]:
        channels = self.one_of("in_channels", "C", "2*C", "in_channels*S")
        first = {"out_channels": channels, **self.window()}
        body = [{self.of_rank("Conv"): first}, "ReLU", self.keeping("in_channels")]
        if self.one_in(2):
            body = body[:1]
        project = {self.of_rank("Conv"): {"out_channels": channels, "kernel_size": 1}}
        project[self.of_rank("Conv")]["stride"] = self.one_of("S", "S", 1, first["stride"])
        shortcut = [project]
        if self.one_in(3):
            shortcut = [project | {"when": self.one_of("S != 1", f"in_channels != {channels}")}]
        elif self.one_in(3):
            shortcut = self.one_of([], self.pool())
        join = self.one_of("Add", "Add", "Maximum", "Concat")
        branches: Any = {"body": body, "shortcut": shortcut}
        return [{join: {"branches": branches if self.one_in(2) else [body, shortcut]}}]

    def inception(self) -> list[Entry]:
        pool = {"kernel_size": "2*P + 1", "stride": 1, "padding": "P"}
        towers = [
            self.conv(),
            [self.keeping(self.channels())],
            [{self.of_rank("MaxPool"): pool}, *self.conv()],
            [self.keeping("C"), self.keeping("round(C*width)")],
        ]
        return [{"Concat": {"branches": self.chance.sample(towers, self.chance.randint(2, 3))}}]

    def excitation(self) -> list[Entry]:
        one = {"kernel_size": 1}
        squeezed = self.one_of(1, 1, "P", "r")
        gate = [
            {self.of_rank("AdaptiveAvgPool"): squeezed},
            {self.of_rank("Conv"): {"out_channels": self.one_of("C", "in_channels // r"), **one}},
            {self.of_rank("Conv"): {"out_channels": self.one_of("C", "2*C", 1), **one}},
            "Sigmoid",
        ]
        before = [self.keeping("C")] if self.one_in(2) else []
        return [*before, {"Mul": {"branches": [[], gate]}}]

    def hourglass(self) -> list[Entry]:
        """Down and up again, with a join across."""
        skip: Entry = {"Identity": None}
        name = self.named(skip)
        factor = self.one_of(2, "S", "r")
        down = {self.of_rank("MaxPool"): {"kernel_size": factor}}
        mode = {"mode": "nearest"} if self.one_in(2) else {}
        up = self.one_of(
            {"Upsample": {"scale_factor": factor, **mode}},
            {"Interpolate": {"scale_factor": factor}},
            {
                self.of_rank("ConvTranspose"): {
                    "out_channels": self.one_of("C", "in_channels"),
                    "kernel_size": self.one_of(factor, "K"),
                    "stride": factor,
                    "padding": self.one_of(0, "P"),
                    "output_padding": self.one_of(0, 0, "P"),
                }
            },
        )
        last = self.named(up)
        join = self.one_of("Concat", "Concat", "Add")
        return [skip, down, *self.one_of([], self.conv()), up, {join: None, "from": [last, name]}]

    def gated(self) -> list[Entry]:
        cut = self.one_of(
            {"Chunk": {"chunks": self.one_of(2, "r", "G")}},
            {
                "Split": {
                    "split_size": self.one_of(["C", "in_channels - C"], ["in_channels // 2"] * 2)
                }
            },
        )
        cut = {kind: {**fields, "dim": 1} for kind, fields in cut.items()}
        name = self.named(cut)
        return [cut, {self.one_of("Mul", "Concat"): None, "from": [name, f"{name}.1"]}]

    def use(self) -> list[Entry]:
        """A block used, mostly repeated."""
        name = f"Block{len(self.blocks)}"
        conv = {
            "out_channels": self.one_of("c", "c", "c*2", "in_channels"),
            "kernel_size": "k",
            "stride": self.one_of("s", 1),
            "padding": self.one_of("k // 2", "(k - 1)//2"),
            "groups": self.one_of(1, 1, "in_channels"),
        }
        inside: list[Entry] = [{self.of_rank("Conv"): conv}]
        if self.one_in(2):
            inside = self.one_of(self.residual, self.inception, self.conv)()
            inside.append({self.of_rank("Conv"): {"out_channels": "c", "kernel_size": 1}})
        if self.one_in(3):
            inside.append({"Dropout": "p", "when": self.one_of("s > 1", "c > k", "on", "p > 0")})
        self.blocks[name] = {"args": {"c": None, "k": 3, "s": 1}, "layers": inside}
        given = {
            "c": self.channels(),
            "k": self.one_of("K", 3, "2*P + 1"),
            "s": self.one_of(1, "S"),
        }
        entry: Entry = {name: given}
        if self.one_in(2):
            entry["repeat"] = self.one_of("n", 2, "r", "n + 1")
            if self.one_in(2):
                given["c"] = self.one_of("C*2**index", "C + 2*index", "C")
                given["s"] = self.one_of("S if index == 0 else 1", 1, "index + 1")
        return [entry]

    def resized(self) -> list[Entry]:
        shuffled = "PixelShuffle" if self.one_in(2) else "PixelUnshuffle"
        return [
            self.one_of(
                {self.of_rank("AdaptiveAvgPool"): self.one_of("P + 1", "K", "H // 4", "S", 7)},
                {self.of_rank("AdaptiveMaxPool"): self.one_of("K", "W // 2")},
                {"Upsample": {"size": self.one_of("H", "2*H", "W")}},
                {"Upsample": {"scale_factor": self.one_of("S", "2*S", "K", "width")}},
                {shuffled: self.one_of("r", "S", 2)},
                {self.of_rank("ZeroPad"): self.one_of("P", "K", "-P", "b", "P + b")},
                {self.of_rank("ReflectionPad"): self.one_of("P", "S")},
            )
        ]

    def crop(self) -> list[Entry]:
        cut = {
            "dim": self.one_of(1, 2, -1),
            "start": self.one_of(0, "P", "S", "-K"),
            "end": self.one_of(None, "H // 2", "-P - 1", 5),
            "step": self.one_of(1, 1, "S"),
        }
        return [self.one_of({"Slice": cut}, {"Flip": {"dims": -1}})]

    def moved(self) -> list[Entry]:
        return [
            self.one_of(
                {"Flatten": {"start_dim": 2}} if self.one_in(3) else {"Roll": {"shifts": "P"}},
                {"Linear": {"out_features": self.one_of("W", "H", "C", "in_features")}},
                {"Transpose": {"dim0": 1, "dim1": 2}},
            )
        ]

    def patches(self) -> list[Entry]:
        """An image cut into patches, and put together again."""
        if self.rank == 1:
            return [{"Rearrange": {"pattern": "b (g c) n -> b c (n g)", "sizes": {"g": "G"}}}]
        side = self.one_of("r", "S", 2)
        unfold = {"kernel_size": side, "stride": self.one_of(side, 1, "S"), "padding": "P"}
        patch = {"pattern": "b c (h p) (w q) -> b (c p q) h w", "sizes": {"p": side, "q": side}}
        return self.one_of(
            [{"Rearrange": patch}],
            [
                {"Unfold": unfold},
                {"Fold": {"output_size": ["H", "W"], **unfold}},
            ],
        )

    # -- ends -------------------------------------------------------------------------------------

    def head(self) -> list[Entry]:
        flat = [{self.of_rank("AdaptiveAvgPool"): self.one_of(1, "P", "K", "S")}, "Flatten"]
        linear = {"Linear": self.one_of(10, "C", "in_features // r", "round(32*width)")}
        return [*self.one_of(flat, flat, ["Flatten"], [{"Mean": {"dim": -1}}]), linear]

    def tokens(self) -> list[Entry]:
        """Attention over places."""
        features = self.one_of("C", "C*heads", 8)
        embed = [
            {"Flatten": {"start_dim": 2}},
            {"Transpose": {"dim0": 1, "dim1": 2}},
            {"Linear": features},
        ]
        one: Entry = self.one_of(
            {"MultiheadAttention": {"num_heads": "heads"}},
            {"TransformerEncoderLayer": {"nhead": "heads", "dim_feedforward": "C*r"}},
        )
        if self.one_in(2):
            one["repeat"] = "n"
        return [*embed, one, *self.one_of([], ["LayerNorm"])]

    def sequence(self) -> list[Entry]:
        recurrent: Entry = {
            self.one_of("LSTM", "GRU", "RNN"): {
                "hidden_size": self.one_of("C", "C // r", "in_features"),
                "num_layers": self.one_of(1, "n", 2),
                "bidirectional": self.one_of(False, "on"),
            }
        }
        name = self.named(recurrent)
        flat = [{"Flatten": {"start_dim": 2}}, {"Transpose": {"dim0": 1, "dim1": 2}}, recurrent]
        return [*flat, *self.one_of([], [{"Linear": "C", "from": f"{name}.h_n"}])]
