"""Random questions to ``solve``: small networks in which one number is an unknown.

Each family puts the unknown into another kind of place: the fields of windows, numbers of heads and
groups, sizes, depths, conditions, arguments of blocks, fractions, and whatever number stands in the
example of any kind. A question is made from a source of chance alone. Many draws are no networks.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any, NamedTuple

import shapecalc
from shapecalc.layers import KINDS
from tests.bundled import SMALL
from tests.emitting.specs import spec as structured
from tests.fuzz.cases import Grammar
from tests.test_symbolic_networks import DEFAULTS, Maker

Spec = dict[str, Any]


class Question(NamedTuple):
    """A network, the unknown, and settings in which it may stand as well."""

    family: str
    spec: Spec | str
    symbol: str = "n"
    settings: dict[str, Any] = {}


class Drawn:
    """Draws numbers and entries with the unknown ``n`` in them."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.pick = chance.choice

    def one_in(self, count: int) -> bool:
        return self.chance.randrange(count) == 0

    def unknown(self, near: int = 2) -> str:
        """An expression in the unknown that often is a number near to one."""
        c = self.chance.randint(1, 4)
        forms = [
            *("n", "n", "n", "n", f"n + {c}", f"{c + 1}*n", f"n // {c + 1}", f"n - {c}"),
            *(f"{near + c} - n", f"max({near}, n)", f"min({near}, n)", f"n % {c + 1} + 1", "n**2"),
            *(f"{12 * c} // n", f"ceil(n/{c + 1})", f"round(n/{c + 1})", f"abs(n - {c})"),
            *(f"{near} if n > {c + 2} else n", f"2*n + {c}", f"n*n - {c}", f"{24 * c}/n"),
            *(f"{c}*n//{c + 1}", f"n if n % 2 else {near}", f"max(n - {c}, n // 2)"),
        ]
        return self.pick(forms if self.one_in(3) else forms[:8])

    def number(self, *usual: Any) -> Any:
        """One of the usual numbers, or with the same right an expression in the unknown."""
        value = self.pick(usual)
        if self.one_in(3) and not isinstance(value, (bool, str)):
            return self.unknown(value if isinstance(value, int) else 2)
        return value

    def per_axis(self, rank: int, *usual: Any) -> Any:
        if rank > 1 and self.one_in(6):
            return [self.number(*usual) for _ in range(rank)]
        return self.number(*usual)

    def image(self, rank: int = 2) -> list[Any]:
        sides = [self.number(5, 7, 8, 9, 12, 16) for _ in range(rank)]
        return [self.pick([4, 6, 8, 12, 24]), *(sides if self.one_in(2) else sides[:1] * rank)]

    def question(self, family: str, size: list[Any], *layers: Any, **more: Any) -> Question:
        default = self.pick([1, 2, 3, 4])
        spec = {"symbols": {"n": default}, "input": size, "layers": list(layers), **more}
        return Question(family, spec)

    # -- layers -----------------------------------------------------------------------------------

    def conv(self, rank: int = 2) -> Spec:
        fields: Spec = {
            "out_channels": self.number(4, 8, 12),
            "kernel_size": self.per_axis(rank, 1, 2, 3, 5),
            "stride": self.per_axis(rank, 1, 1, 2, 3),
            "padding": self.per_axis(rank, 0, 1, 2, "same"),
            "dilation": self.per_axis(rank, 1, 1, 2),
            "groups": self.number(1, 1, 2),
        }
        if self.one_in(3):
            fields["bias"] = self.pick([False, True, "n > 3"])
        return {f"Conv{rank}d": fields}

    def transposed(self, rank: int = 2) -> Spec:
        fields = {
            "out_channels": self.number(4, 8),
            "kernel_size": self.per_axis(rank, 2, 3, 4),
            "stride": self.per_axis(rank, 1, 2, 3),
            "padding": self.per_axis(rank, 0, 0, 1),
            "output_padding": self.per_axis(rank, 0, 0, 1),
            "dilation": self.per_axis(rank, 1, 1, 2),
            "groups": self.number(1, 1, 2),
        }
        return {f"ConvTranspose{rank}d": fields}

    def pool(self, rank: int = 2) -> Spec:
        kind = self.pick(["MaxPool", "MaxPool", "AvgPool", "LPPool"])
        fields = {"kernel_size": self.per_axis(rank, 2, 3), "ceil_mode": self.pick([False, True])}
        if self.one_in(2):
            fields["stride"] = self.per_axis(rank, 1, 2, 3)
        if kind == "LPPool":
            fields["norm_type"] = 2
        else:
            fields["padding"] = self.per_axis(rank, 0, 1)
        if kind == "MaxPool":
            fields["dilation"] = self.per_axis(rank, 1, 1, 2)
        return {f"{kind}{rank}d": fields}

    def patches(self) -> Spec:
        fields = {
            "kernel_size": self.per_axis(2, 2, 3),
            "stride": self.per_axis(2, 1, 2),
            "padding": self.per_axis(2, 0, 1),
            "dilation": self.per_axis(2, 1, 1, 2),
        }
        return {"Unfold": fields}

    def resized(self) -> Spec:
        return self.pick(
            [
                {"Upsample": {"scale_factor": self.number(2, 3, "n/2", "n/3", "3/2", "7/n")}},
                {"Upsample": {"size": self.number(7, 12)}},
                {"AdaptiveAvgPool2d": self.per_axis(2, 1, 3, 6)},
                {"AdaptiveMaxPool2d": self.per_axis(2, 1, 4)},
                {"PixelShuffle": self.number(1, 2)},
                {"PixelUnshuffle": self.number(2, 4)},
                {"FractionalMaxPool2d": {"kernel_size": 2, "output_size": self.number(3, 5)}},
                {
                    "FractionalMaxPool2d": {
                        "kernel_size": 2,
                        "output_ratio": self.pick(["1/2", "n/9"]),
                    }
                },
            ]
        )

    def divided(self) -> Spec:
        return self.pick(
            [
                {"GroupNorm": self.number(2, 4)},
                {"ChannelShuffle": self.number(2, 3)},
                {"Unflatten": {"dim": 1, "unflattened_size": [self.number(2, 4), -1]}},
                {"Unflatten": {"dim": 1, "unflattened_size": [self.number(2, 4), self.number(2)]}},
                {"Chunk": {"chunks": self.number(2, 3), "index": self.number(0, 1)}},
                {"Split": {"split_size": self.number(2, 4)}},
                {"RepeatInterleave": {"repeats": self.number(2, 3), "dim": self.pick([1, 2])}},
                {"Tile": [1, self.number(2), 1, self.number(1)]},
            ]
        )

    def cut(self) -> Spec:
        start, end = self.number(0, 1, 2), self.number(None, -1, 5)
        return self.pick(
            [
                {"Slice": {"dim": self.pick([1, 2, 3]), "start": start, "end": end}},
                {"Slice": {"dim": 2, "start": start, "end": end, "step": self.number(1, 2)}},
                {"ZeroPad2d": self.number(1, 2, [1, 2, "n", 0])},
                {"ReflectionPad2d": self.number(1, 2)},
                {"CircularPad2d": self.number(1, 2)},
                {"Pad": [self.number(1, -1), self.number(0, 1, "-n"), 0, self.number(1)]},
                {"TopK": {"k": self.number(1, 3)}},
                {"Select": {"dim": self.pick([1, 2]), "index": self.number(0, 1, -1)}},
            ]
        )

    def any_layer(self) -> Spec:
        makers: list[Callable[[], Spec]] = [
            *[self.conv, self.conv, self.pool, self.transposed, self.resized, self.divided],
            self.cut,
        ]
        return self.pick(makers)()

    def simple(self, channels: Any) -> Spec:
        """A layer that puts out so many channels, and mostly as large a side as it takes in."""
        return {
            "Conv2d": {
                "out_channels": channels,
                "kernel_size": self.pick([1, 3, 3]),
                "padding": self.pick([0, 1, 1, "n", "same"]),
                "stride": self.pick([1, 1, 1, 2, "n"]),
            }
        }


def _windows(draw: Drawn) -> Question:
    rank = draw.pick([1, 2, 2, 2, 3])
    make = draw.pick([draw.conv, draw.conv, draw.pool, draw.transposed])
    last = [draw.pick([draw.conv, draw.pool])(rank)] if draw.one_in(3) else []
    return draw.question("windows", draw.image(rank), make(rank), *last)


def _others(draw: Drawn) -> Question:
    make = draw.pick([draw.patches, draw.resized, draw.resized, draw.divided, draw.cut])
    last = [draw.any_layer()] if draw.one_in(3) else []
    return draw.question("sizes", draw.image(), make(), *last)


def _heads(draw: Drawn) -> Question:
    features, heads = draw.number(12, 16, 24, 60), draw.number(1, 2, 4)
    wide = draw.number(32, 48)
    attention: Spec = {
        "MultiheadAttention": {"num_heads": heads},
        "TransformerEncoderLayer": {"nhead": heads, "dim_feedforward": wide},
        "TransformerEncoder": {
            "nhead": heads,
            "num_layers": draw.number(1, 2),
            "dim_feedforward": wide,
        },
    }
    kind = draw.pick(sorted(attention))
    grouped = [
        {"Linear": f"{draw.number(2, 4)}*(24//({draw.number(4, 6)}))"},
        {"Unflatten": {"dim": 2, "unflattened_size": [draw.number(2, 4), -1]}},
        {"Permute": [0, 2, 1, 3]},
        {"RepeatInterleave": {"repeats": draw.number(2, "8/n", "8//n"), "dim": 1}},
    ]
    patterned = [
        {
            "Rearrange": {
                "pattern": draw.pick(["b t (h d) -> b h t d", "b t (h d) -> b (t h) d"]),
                "sizes": {draw.pick("hd"): draw.number(2, 3)},
            }
        }
    ]
    layers = draw.pick([[{kind: attention[kind]}], grouped, patterned])
    return draw.question("heads", [draw.number(5, 10), features], *layers)


def _recurrent(draw: Drawn) -> Question:
    kind = draw.pick(["LSTM", "GRU", "RNN"])
    fields = {
        "hidden_size": draw.number(8, 16),
        "num_layers": draw.number(1, 2),
        "bidirectional": draw.pick([False, True, "n % 2"]),
    }
    if kind == "LSTM" and draw.one_in(3):
        fields["proj_size"] = draw.number(4)
    size = [draw.number(5, 8), draw.number(6, 10)]
    return draw.question("recurrent", size, {kind: fields}, {"Linear": draw.number(3, 10)})


def _chain(draw: Drawn) -> Question:
    spec = Maker(draw.chance).spec()
    text = json.dumps(spec["layers"])
    used = [name for name in DEFAULTS if f'"{name}' in text or f"{name}" in str(spec["input"])]
    return Question("chains", spec, draw.pick(used or ["H"]))


def _depth(draw: Drawn) -> Question:
    size = [draw.pick([4, 8, "n"]), *[draw.number(8, 16, 32)] * 2]
    first = draw.pick(
        [
            draw.simple(size[0]),
            draw.simple("4 + 2*index"),
            {"MaxPool2d": draw.pick([2, 3])},
            {"ConvTranspose2d": {"out_channels": 4, "kernel_size": 2, "stride": 2}},
            {"Concat": {"dim": 1, "branches": [[], [draw.simple(4)]]}},
            {"Add": {"branches": [[], [draw.simple(size[0])]]}},
            {"Cell": {"width": draw.pick(["4", "n", "4*(index + 1)", "2**index"])}},
            {"Cell": {"width": "in_channels"}},
        ]
    )
    entry: Spec = {**first, "name": "body"}
    if draw.one_in(4):
        entry["when"] = draw.pick(["n >= 5", "n == 7", "n", "not n", "n > 20", "n % 3 == 1"])
    else:
        entry["repeat"] = draw.pick(
            ["n", "n", "n + 1", "2*n", "n - 1", "n//2", "min(n, 5)", "6//n"]
        )
        if draw.one_in(4):
            entry["when"] = draw.pick(["index != 1", "index % 2 == 0", "index < n - 1", "n > 3"])
    cell = {
        "args": {"width": None, "depth": draw.pick([1, "n", "2"])},
        "layers": [
            draw.simple("width"),
            {**draw.simple("width"), "repeat": "depth", "name": "inner"},
        ],
    }
    last = draw.simple(draw.pick([8, "n"]))
    return draw.question("depth", size, entry, last, blocks={"Cell": cell})


def _blocks(draw: Drawn) -> Question:
    spec = structured(draw.chance)
    symbol = draw.pick(["a", "b", "on", "w"])
    if symbol == "w":  # which takes fractions
        return Question("blocks", spec, "n", {"w": f"n/{draw.pick([2, 4, 8])}"})
    return Question("blocks", spec, symbol)


def _grammar(draw: Drawn) -> Question:
    grammar = Grammar(draw.chance)
    grammar.wild = draw.pick([0.0, 0.0, 0.1])
    spec = grammar.spec()
    spec.pop("members", None)
    if spec["symbols"]["H"] is None:
        spec["symbols"]["H"] = 8
    symbol = draw.pick(["H", "W", "C", "P", "r"])
    settings = {"W": draw.pick(["H", "2*H", "H + 1"])} if symbol == "H" and draw.one_in(3) else {}
    return Question("grammar", spec, symbol, settings)


def _any_kind(draw: Drawn) -> Question:
    """The example of any kind, with the unknown in place of one or two of its numbers."""
    name = draw.pick([*KINDS])
    kind = KINDS[name]
    given = {f"x{i}": tensor for i, tensor in enumerate(kind.example_inputs())}
    inputs: Spec = {
        each: {"shape": list(tensor.shape[1:]), "dtype": tensor.dtype}
        for each, tensor in given.items()
        if tensor.batch == 1
    }
    held: list[Spec] = [
        {"Parameter": list(tensor.shape), "name": each}
        for each, tensor in given.items()
        if tensor.batch != 1
    ]
    settings = json.loads(json.dumps(dict(kind.example), default=str))
    for field in kind.fields:
        if field not in settings and draw.one_in(6):
            settings[field] = "n"
    layer: Spec = {name: settings, "from": list(given), "name": "x"}
    if not inputs:
        inputs["x0"] = {"shape": [1]}
        del layer["from"]
    spec: Spec = {"symbols": {"n": 2}, "inputs": inputs, "layers": [*held, layer]}
    places = list(_numbers([spec["inputs"], spec["layers"]]))
    for holder, key in draw.chance.sample(places, min(len(places), draw.pick([0, 1, 1, 2]))):
        holder[key] = draw.unknown(holder[key])
    return Question("any kind", spec)


def _numbers(value: Any) -> Any:
    """The whole numbers in lists and mappings, each as what holds it and its place there."""
    items = enumerate(value) if isinstance(value, list) else value.items()
    for key, item in list(items):
        if isinstance(item, (list, dict)):
            yield from _numbers(item)
        elif isinstance(item, int) and not isinstance(item, bool):
            yield value, key


def _bundled(draw: Drawn) -> Question:
    name = draw.pick(SMALL)
    symbols = shapecalc.load(name).symbols
    symbol = draw.pick([*symbols])
    if isinstance(symbols[symbol], Fraction):
        return Question("bundled", name, "n", {symbol: f"n/{draw.pick([2, 4, 8])}"})
    tied = {"W": "H"} if symbol == "H" and "W" in symbols and draw.one_in(2) else {}
    if symbol == "H" and draw.one_in(4):
        return Question("bundled", name, "h", {"H": draw.pick(["32*h", "h/2", "h - 3"]), **tied})
    return Question("bundled", name, symbol, tied)


FAMILIES: list[Callable[[Drawn], Question]] = [
    *[_windows] * 5,
    *[_others] * 3,
    *[_heads] * 2,
    _recurrent,
    *[_chain] * 3,
    *[_depth] * 3,
    *[_blocks] * 2,
    *[_grammar] * 2,
    *[_any_kind] * 4,
]
"""What is drawn from; a family that stands there more than once is drawn more often."""


def question(chance: Random, *, bundled: bool = False) -> Question:
    """A random question; ``bundled`` asks about bundled specs too, which take longer."""
    families = [*FAMILIES, _bundled] if bundled else FAMILIES
    return chance.choice(families)(Drawn(chance))
