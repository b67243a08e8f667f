"""Random specs in symbols that are networks at the defaults of these.

A network is drawn in numbers, layer by layer, each of any kind of the catalogue with settings that
take what comes in. Then numbers are written as expressions that come to them at the defaults, some
of them through the arguments of blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from shapecalc.layers import KINDS, OUTPUT, Layer, Tensor
from shapecalc.layers.types import Number
from tests.layers.accepting import Inputs, accepts
from tests.layers.strategies import draws, layers_on
from tests.symbolic.numbers import numbers_in, symbols, written

Spec = dict[str, Any]
Entry = dict[str, Any]

LARGEST = 10**5
"""Layers that put out more elements are not drawn."""

SHAPE = "@"
"""Under this the shape that comes in stands with a drawn entry."""

SAME = {
    3: [
        {"Conv1d": {"out_channels": 0, "kernel_size": 3, "padding": 1}},
        {"MaxPool1d": {"kernel_size": 3, "stride": 1, "padding": 1}},
        {"Conv1d": {"out_channels": 0, "kernel_size": 3, "padding": "same", "dilation": 2}},
        {"Linear": {"out_features": -1}},
    ],
    4: [
        {"Conv2d": {"out_channels": 0, "kernel_size": 3, "padding": 1}},
        {"AvgPool2d": {"kernel_size": 5, "stride": 1, "padding": 2}},
        {"Conv2d": {"out_channels": 0, "kernel_size": [1, 3], "padding": [0, 1]}},
        {"ConvTranspose2d": {"out_channels": 0, "kernel_size": 3, "padding": 1}},
        {"BatchNorm2d": {}},
    ],
}
"""Entries that keep shapes of so many dimensions; 0 and -1 stand for the size there."""

USUAL = (
    *("Conv1d", "Conv1d", "Conv2d", "Conv2d", "MaxPool1d", "MaxPool2d", "AvgPool1d", "AvgPool2d"),
    *("Linear", "Linear", "LSTM", "GRU", "ConvTranspose1d", "ConvTranspose2d", "Upsample"),
    *("AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "Slice", "Flatten", "LayerNorm", "GroupNorm"),
    *("Rearrange", "Reshape", "Chunk", "Split", "MultiheadAttention", "Permute", "Pad"),
    *("PixelUnshuffle", "PixelShuffle", "Unfold", "Interpolate", "ZeroPad1d", "ZeroPad2d"),
)
"""Kinds that are drawn more often than others."""


@st.composite
def single(draw: st.DrawFn, name: str) -> Spec | None:
    """A network of one layer of a kind; None if no inputs are found."""
    drawn = draw(draws(name))
    settings = drawn.settings
    if drawn.outside or not accepts(drawn.layer, drawn.inputs):
        found = draw(layers_on(name, drawn.inputs))
        if found is None:
            return None
        settings = found[1]
    if len({x.batch for x in drawn.inputs}) > 1:
        return None
    inputs = {f"x{i}": x for i, x in enumerate(drawn.inputs or (Tensor((1, 1)),))}
    entry: Entry = {name: settings, SHAPE: drawn.inputs[0].shape if drawn.inputs else ()}
    if drawn.inputs:
        entry["from"] = list(inputs)
    return draw(in_symbols(inputs, [entry], None))


@st.composite
def networks(draw: st.DrawFn) -> Spec:
    """A network of several layers."""
    ndim = draw(st.sampled_from((2, 3, 3, 3, 4, 4, 4, 5)))
    batch = draw(st.sampled_from((1, 1, 2, 3)))
    channels = draw(st.sampled_from((2, 4, 4, 6, 8)))
    sides = [draw(st.integers(3, 14)) for _ in range(ndim - 2)]
    inputs = {"x0": Tensor((batch, channels, *sides))}
    if draw(st.integers(0, 3)) == 0:
        near = [n + draw(st.sampled_from((0, 0, 1))) for n in (channels, *sides)]
        inputs["x1"] = Tensor((batch, *near))
    known: dict[str, Tensor] = dict(inputs)
    layers: list[Entry] = []
    last = "x0"
    for number in range(draw(st.integers(1, 5))):
        entry = draw(_entry(known, last, number))
        if entry is None:
            continue
        found, outputs = entry
        layers.append(found)
        last = found["name"]
        known |= {last if n == OUTPUT else f"{last}.{n}": y for n, y in outputs.items()}
    outputs = None
    if layers and draw(st.integers(0, 2)) == 0:
        names = [n for n in known if n not in inputs]
        outputs = sorted(set(draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))))
    return draw(in_symbols(inputs, layers or [{"Identity": {}, SHAPE: ()}], outputs))


@st.composite
def _entry(
    draw: st.DrawFn, known: dict[str, Tensor], last: str, number: int
) -> tuple[Entry, dict[str, Tensor]] | None:
    """An entry that takes some of the known tensors, and its outputs; None where none is found."""
    name = f"l{number}"
    x = known[last]
    how = draw(st.integers(0, 9))
    alike = [n for n, y in known.items() if y.dtype == x.dtype and len(y.shape) == len(x.shape)]
    if how < 2:
        found = draw(_branches(x))
    elif how == 2 and len(alike) > 1:
        kind = draw(st.sampled_from(("Add", "Mul", "Concat", "Maximum", "Stack", "MatMul")))
        found = draw(_layer(kind, [draw(st.sampled_from(alike)), last], known))
    elif how == 3:
        found = draw(_repeated(x))
    else:
        kind = draw(st.sampled_from(list(KINDS) if how > 7 else USUAL))
        arity = KINDS[kind].arity
        if arity[0] == 0:
            return None
        others = draw(st.integers(arity[0], arity[1] or 3)) - 1
        sources = [last, *(draw(st.sampled_from(alike)) for _ in range(others))]
        found = draw(_layer(kind, sources, known))
    if found is None:
        return None
    entry, outputs = found
    if any(not 1 <= len(y.shape) <= 6 or _elements(y) > LARGEST for y in outputs.values()):
        return None
    entry |= {"name": name, SHAPE: x.shape}
    if "from" not in entry:
        entry["from"] = last
    may_be_left_out = outputs == {OUTPUT: x} and not isinstance(entry["from"], list)
    if may_be_left_out and draw(st.integers(0, 5)) == 0:
        entry["when"] = "B > 0"
    return entry, outputs


def _elements(x: Tensor) -> int:
    count = 1
    for n in x.shape:
        count *= n
    return count


@st.composite
def _layer(
    draw: st.DrawFn, kind: str, sources: list[str], known: dict[str, Tensor]
) -> tuple[Entry, dict[str, Tensor]] | None:
    inputs: Inputs = tuple(known[name] for name in sources)
    if not all(x.shape for x in inputs):
        return None
    found = draw(layers_on(kind, inputs))
    if found is None:
        return None
    layer, settings = found
    outputs = layer.bound(*inputs).outputs(*inputs)
    return {kind: settings, "from": sources if len(sources) > 1 else sources[0]}, outputs


@st.composite
def _same(draw: st.DrawFn, x: Tensor) -> Entry | None:
    """An entry that keeps a shape."""
    if len(x.shape) not in SAME or x.dtype != "float32" or not draw(st.booleans()):
        return {draw(st.sampled_from(("ReLU", "Dropout", "GELU"))): {}, SHAPE: x.shape}
    drawn = draw(st.sampled_from(SAME[len(x.shape)]))
    kind, settings = next(iter(drawn.items()))
    settings = dict(settings)
    if "out_channels" in settings:
        settings["out_channels"] = x.shape[1]
    if "out_features" in settings:
        settings["out_features"] = x.shape[-1]
    return {kind: settings, SHAPE: x.shape}


@st.composite
def _repeated(draw: st.DrawFn, x: Tensor) -> tuple[Entry, dict[str, Tensor]]:
    entry = draw(_same(x))
    entry["repeat"] = draw(st.integers(1, 3))
    return entry, {OUTPUT: x}


@st.composite
def _branches(draw: st.DrawFn, x: Tensor) -> tuple[Entry, dict[str, Tensor]] | None:
    """A join of branches of one shape."""
    join = draw(st.sampled_from(("Add", "Add", "Concat", "Mul", "Maximum")))
    branches: list[list[Entry]] = []
    ends: list[Tensor] = []
    kind = draw(st.sampled_from(USUAL))
    for _ in range(draw(st.integers(2, 3))):
        branch: list[Entry] = []
        y = x
        for _ in range(draw(st.integers(0, 2))):
            found = draw(_layer(kind, ["x"], {"x": y})) if draw(st.booleans()) else None
            if found is None or len(found[1]) > 1:
                entry = draw(_same(y))
            else:
                entry, outputs = found
                entry[SHAPE] = y.shape
                y = outputs[OUTPUT]
            entry.pop("from", None)
            branch.append(entry)
        branches.append(branch)
        ends.append(y)
    layer = KINDS[join]()
    inputs = tuple(ends)
    if not accepts(layer, inputs):
        branches, ends = [branches[0], branches[0]], [ends[0], ends[0]]
        inputs = tuple(ends)
        if not accepts(layer, inputs):
            return None
    branches = [[dict(entry) for entry in branch] for branch in branches]
    for branch in branches:
        for entry in branch:
            kind = _kind(entry)
            entry[kind] = dict(entry[kind])
    return {join: {"branches": branches}}, layer.bound(*inputs).outputs(*inputs)


def _kind(entry: Entry) -> str:
    return next(iter(entry))


def _every(layers: list[Entry]) -> Iterator[Entry]:
    """All entries, those in branches too."""
    for entry in layers:
        yield entry
        for branch in entry[_kind(entry)].get("branches", ()):
            yield from _every(branch)


@st.composite
def in_symbols(
    draw: st.DrawFn, inputs: dict[str, Tensor], layers: list[Entry], outputs: list[str] | None
) -> Spec:
    """The spec with some of its numbers as expressions, and some entries as blocks."""
    numbers = [n for x in inputs.values() for n in x.shape[1:]]
    for entry in _every(layers):
        numbers += numbers_in({k: v for k, v in entry[_kind(entry)].items() if k != "branches"})
    defaults = draw(symbols([n for n in numbers if n < 1000]))
    batch = next(iter(inputs.values())).batch
    known = {**defaults, "B": batch}
    spec: Spec = {
        "symbols": {"B": batch, **defaults},
        "inputs": {
            n: {"shape": draw(written(x.shape[1:], defaults, True)), "dtype": x.dtype}
            for n, x in inputs.items()
        },
    }
    blocks: dict[str, Any] = {}
    for entry in _every(layers):
        kind = _kind(entry)
        settings = entry[kind]
        local = {**known, **_sizes(entry.pop(SHAPE, ()))}
        for name in settings:
            if name == "branches" or (
                name in ("size", "shape", "unflattened_size") and -1 in numbers_in(settings[name])
            ):
                continue  # -1 is no size
            often = _may_be_formula(KINDS[kind], name)
            settings[name] = draw(written(settings[name], local, often))
        if "repeat" in entry:
            entry["repeat"] = draw(written(entry["repeat"], known, True))
        if "branches" not in settings and settings and draw(st.integers(0, 4)) == 0:
            draw(_as_block(entry, blocks))
    if blocks:
        spec["blocks"] = blocks
    spec["layers"] = layers
    if outputs:
        spec["outputs"] = outputs
    return spec


def _sizes(shape: tuple[int, ...]) -> dict[str, int]:
    """The sizes of what comes in, by the names that expressions have for them."""
    if len(shape) < 2:
        return {}
    sides = {"in_height": shape[2], "in_width": shape[3]} if len(shape) == 4 else {}
    return {"in_channels": shape[1], "in_features": shape[-1], **sides}


@st.composite
def _as_block(draw: st.DrawFn, entry: Entry, blocks: dict[str, Any]) -> None:
    """Put an entry into a block, whose arguments are some of its settings, plain ones first."""
    kind = _kind(entry)
    settings = entry[kind]
    if len(KINDS[kind].example_inputs()) != 1 or KINDS[kind].returns != OUTPUT:
        return
    if isinstance(entry.get("from"), list):
        return
    block = f"Block{len(blocks)}"
    arguments: dict[str, Any] = {}
    given: dict[str, Any] = {}
    inside: dict[str, Any] = {}
    for number, (name, value) in enumerate(settings.items()):
        is_number = isinstance(value, int) and not isinstance(value, bool)
        is_text = isinstance(value, str) and not KINDS[kind].fields[name].type.is_word(value)
        if (is_number or is_text) and draw(st.booleans()):
            argument = f"a{number}"
            if (is_text and "in_" in value) or draw(st.booleans()):
                arguments[argument] = value
            else:
                arguments[argument] = None
                given[argument] = value
            inside[name] = draw(st.sampled_from((argument, argument, f"{argument} + 0")))
        else:
            inside[name] = value
    body: Entry = {kind: inside}
    if arguments and draw(st.integers(0, 3)) == 0 and KINDS[kind].family in ("activation",):
        body["when"] = f"{next(iter(arguments))} > 0"
    blocks[block] = {"args": arguments, "layers": [body]}
    others = {key: entry[key] for key in list(entry) if key != kind}
    entry.clear()
    entry[block] = given
    entry.update(others)


def _may_be_formula(kind: type[Layer], name: str) -> bool:
    item: Any = kind.fields[name].type
    while hasattr(item, "item"):
        item = item.item
    return item.symbolic or (isinstance(item, Number) and item.formulas != "none")
