"""Random specs of convolutional networks that use all of the language's structure.

Layers keep height and width, so that tensors can be joined wherever channels agree. Many draws
are no networks, as where a number of channels is a fraction; those are to be passed over.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

SYMBOLS = ("a", "b", "w", "on")
ARGUMENTS = ("n", "m", "flag")
BLOCKS = ("First", "Second", "Third")


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """A spec as a mapping."""
    symbols = {
        "a": draw(st.integers(1, 6)),
        "b": draw(st.integers(1, 6)),
        "w": draw(st.sampled_from([1, "1/2", "3/2", 2])),
        "on": draw(st.integers(0, 1)),
    }
    if draw(st.booleans()):
        symbols["d"] = draw(st.sampled_from(["2*a", "a + b", "max(a, b)", "3"]))
    names = tuple(symbols)
    blocks: dict[str, Any] = {}
    for name in BLOCKS[: draw(st.integers(0, 3))]:
        scope = (*names, *ARGUMENTS)
        blocks[name] = {
            "args": {
                "n": None,
                "m": draw(
                    st.sampled_from([1, 2, "n", "2*n", "n + a", "in_channels", "n // 2 + 1"])
                ),
                "flag": draw(st.sampled_from([0, 1, "n > 2", "n != in_channels", "on"])),
            },
            "layers": draw(_layers(scope, list(blocks), 2)),
        }
    layers = draw(_layers(names, list(blocks), 2))
    outputs = draw(st.booleans()) and [
        layer["name"] for layer in layers if draw(st.booleans()) or layer is layers[-1]
    ]
    spec = {
        "symbols": symbols,
        "input": [draw(st.integers(1, 4)), 6, 6],
        "blocks": blocks,
        "layers": layers,
    }
    return spec | ({"outputs": outputs} if outputs else {})


def _atoms(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.sampled_from([name for name in names if name not in ("on", "flag")])


@st.composite
def _numbers(draw: st.DrawFn, names: tuple[str, ...]) -> Any:
    """A number, mostly a small positive one, as an expression."""
    form = draw(
        st.sampled_from(
            [
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
        )
    )
    value = form.format(
        x=draw(_atoms(names)),
        y=draw(_atoms(names)),
        i=draw(st.integers(1, 4)),
        j=draw(st.integers(1, 4)),
    )
    return int(value) if value.isdigit() else value


def _conditions(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    atoms = _atoms(names)
    flag = "flag" if "flag" in names else "on"
    return st.one_of(
        st.sampled_from([flag, f"not {flag}", "on"]),
        st.builds("{} > 2".format, atoms),
        st.builds("{} == {} or on".format, atoms, st.integers(1, 6)),
    )


@st.composite
def _layers(draw: st.DrawFn, names: tuple[str, ...], blocks: list[str], depth: int) -> list[Any]:
    """A list of layers, each with a name; references are to names before."""
    made: list[dict[str, Any]] = []
    known: list[str] = []
    for i in range(draw(st.integers(1, 4))):
        name = f"l{i}"
        repeated = draw(st.integers(0, 4)) == 0
        scope = (*names, "index") if repeated else names
        entry = draw(_entry(scope, blocks, depth, known, made))
        entry["name"] = name
        if repeated and "share" not in entry and not isinstance(entry.get("from"), list):
            entry["repeat"] = draw(st.sampled_from([1, 2, 3, "a", "b", "b + 1"]))
            if draw(st.booleans()):
                entry["when"] = draw(st.sampled_from(["index != 1", "on", "index % 2 == 0"]))
        elif draw(st.integers(0, 5)) == 0:
            entry["when"] = draw(_conditions(names))
        if "from" not in entry and draw(st.integers(0, 6)) == 0 and known:
            entry["from"] = draw(st.sampled_from([*known, "input"]))
        made.append(entry)
        known.append(name)
    return made


@st.composite
def _entry(
    draw: st.DrawFn,
    names: tuple[str, ...],
    blocks: list[str],
    depth: int,
    known: list[str],
    made: list[dict[str, Any]],
) -> dict[str, Any]:
    numbers = _numbers(names)
    kinds = ["conv", "conv", "plain", "plain", "function", "reference"]
    kinds += ["block"] * 3 if blocks else []
    kinds += ["branches"] * 2 if depth else []
    kind = draw(st.sampled_from(kinds))
    if kind == "conv":
        convs = [each["name"] for each in made if "Conv2d" in each and "repeat" not in each]
        conv = {"Conv2d": {"out_channels": draw(numbers), "kernel_size": 1}}
        if convs and draw(st.integers(0, 3)) == 0:
            return {**conv, "share": draw(st.sampled_from(convs))}
        if draw(st.booleans()):
            conv["Conv2d"] |= {"kernel_size": 3, "padding": 1, "bias": draw(st.booleans())}
        return conv
    if kind == "plain":
        plain = [{"ReLU": None}, {"BatchNorm2d": None}, {"LayerNorm": None}, {"Dropout": "1/3"}]
        return dict(draw(st.sampled_from([*plain, {"Linear": 6}, {"Dropout": "w/2"}])))
    if kind == "function":
        return dict(draw(st.sampled_from([{"Permute": [0, 1, 3, 2]}, {"Chunk": {"chunks": 1}}])))
    if kind == "reference":
        sources = draw(st.lists(st.sampled_from([*known, "input"]), min_size=1, max_size=3))
        join = draw(st.sampled_from(["Concat", "Concat", "Add", "Mul"]))
        return {join: None, "from": sources}
    if kind == "block":
        arguments = {"n": draw(numbers)}
        for name in ("m", "flag"):
            if draw(st.integers(0, 2)) == 0:
                arguments[name] = draw(numbers if name == "m" else _conditions(names))
        return {draw(st.sampled_from(blocks)): arguments}
    branches = draw(
        st.lists(_layers(names, blocks, depth - 1) | st.just([]), min_size=1, max_size=3)
    )
    join = draw(st.sampled_from(["Concat", "Concat", "Add"]))
    if draw(st.booleans()):
        return {join: {"branches": {f"p{depth}{i}": each for i, each in enumerate(branches)}}}
    return {join: {"branches": branches}}
