"""The keys of a spec, and what they are called elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from shapecalc.language.problem import did_you_mean, listing, nearest

TOP = (
    *("name", "about", "dtype", "symbols", "members", "input", "inputs", "blocks", "layers"),
    *("numbered", "outputs", "require", "silence"),
)
"""The keys of a spec."""

_CALLED = {
    "input": "inputshape inputsize inputdim inputdims inshape insize shape imagesize",
    "layers": "network model net architecture backbone sequential modules features",
    "symbols": "variables vars parameters params constants config hyperparameters",
    "blocks": "functions definitions defs",
    "name": "title",
    "about": "description desc doc comment comments notes",
}
"""Keys of a spec, and their names elsewhere, without signs and capitals."""


_ASIDE = {
    "the batch size is the symbol B: symbols: {B: 32}, or --set B=32": "batch batchsize",
    "leave it out: a spec describes the network alone": (
        "loss lossfunction losses criterion optimizer optimiser learningrate lr epochs epoch "
        "metrics metric train training scheduler dataset data device seed weightdecay momentum"
    ),
}
"""What to tell of keys that a spec has nothing for, and their names."""

_BESIDE = {
    "from": "input inputs source sources bottom inbound inboundnodes prev previous",
    "repeat": "times count copies number n num repeats",
    "when": "if condition enabled",
    "share": "shared tie tied weights",
}
"""Keys beside a kind, and their names elsewhere."""


def beside(name: str) -> str:
    """A hint on a key beside a kind that is called otherwise here; empty if none is meant.

    >>> beside("inputs"), beside("if"), beside("colour")
    ("called 'from' here", "called 'when' here", '')
    """
    key = _meant(name, _BESIDE)
    return f"called {key!r} here" if key else ""


def _meant(name: str, called: Mapping[str, str]) -> str:
    """The key that has a name elsewhere, without signs and capitals; empty if none has."""
    plain = name.casefold().replace("_", "").replace("-", "")
    return next((key for key, others in called.items() if plain in others.split()), "")


def no_mapping(value: object) -> str:
    """A hint on what stands in place of a spec.

    >>> no_mapping("import torch")
    'PyTorch source is read from a file whose name ends in .py'
    >>> no_mapping(["ReLU"])
    "a spec is a mapping with at least 'input' and 'layers', the list behind 'layers:'"
    """
    usual = "a spec is a mapping with at least 'input' and 'layers'"
    if isinstance(value, list):
        return f"{usual}, the list behind 'layers:'"
    text = str(value)
    if re.match(r"(import|from|class|def)\s", text):
        return "PyTorch source is read from a file whose name ends in .py"
    if re.match(r"\w+\s*=", text):
        return "a key ends in ': ', as in input: [3, 224, 224]"
    return usual


def unknown_key(name: str, inside: object) -> tuple[set[str], str]:
    """The keys that an unknown key of a spec is meant for, by what stands behind it, and a hint.

    >>> unknown_key("input_shape", [3, 32, 32])
    ({'input'}, "called 'input' here")
    >>> sorted(unknown_key("model", {"input": [3], "layers": []})[0])
    ['input', 'layers']
    """
    own = {key for key in TOP if key in inside} if isinstance(inside, dict) else set()
    if own & {"input", "inputs", "layers"}:
        keys = listing([key for key in TOP if key in own])
        return own, f"{keys} stand at the top of a spec, not inside {name!r}"
    if key := _meant(name, _CALLED):
        return {key}, f"called {key!r} here"
    if aside := _meant(name, _ASIDE):
        return set(), aside
    return {*nearest(name, TOP)}, did_you_mean(name, TOP) or f"there are {listing(TOP)}"


_DTYPES = {
    "float32": "float fp32 single f32",
    "float64": "double fp64 f64",
    "float16": "half fp16 f16",
    "bfloat16": "bf16",
    "int64": "long i64 int integer",
    "int32": "i32",
    "uint8": "byte u8",
    "int8": "i8 int",
    "bool": "boolean",
}
"""Element types, and their names elsewhere."""


def unknown_dtype(name: str, known: Collection[str]) -> str:
    """A hint on an element type that there is none of.

    >>> unknown_dtype("torch.long", ["float32", "int64"]), unknown_dtype("x", ["float32", "int64"])
    ("called 'int64' here", 'there are float32, int64')
    """
    bare = name.rpartition(".")[2]
    key = bare if bare in known else _meant(bare, {word: _DTYPES.get(word, "") for word in known})
    if key:
        return f"called {key!r} here"
    return did_you_mean(name, known) or f"there are {listing(known)}"
