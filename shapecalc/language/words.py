"""The words of the spec language: its keys, element types, and names that have a meaning."""

from __future__ import annotations

import keyword
import re
from collections.abc import Container
from functools import lru_cache

from shapecalc.language.expression import RESERVED

BATCH = "B"
"""The symbol that is always there: the batch size."""

TENSOR_NAMES = ("in_channels", "in_height", "in_width", "in_features")
"""Names in expressions for sizes of the incoming tensor."""

MODIFIERS = ("name", "from", "repeat", "when", "share", "dtype", "silence")
"""What may stand beside an entry's kind."""

DTYPES = ("float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool")
"""The element types an input may have."""

WIDTHS = ("float32", "float64", "float16", "bfloat16", "int8")
"""The element types that the floats of a network, or of a layer in it, may have."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONSTANTS = frozenset(("true", "false", "null", "none", "nan", "inf", "yes", "no", "on", "off"))


def has_meaning(name: str) -> bool:
    """Whether a word stands for something already, so that no symbol can have it as its name.

    >>> has_meaning("index"), has_meaning("True"), has_meaning("width")
    (True, True, False)
    """
    own = name in RESERVED or name in TENSOR_NAMES or name == "index"
    return own or keyword.iskeyword(name) or is_constant(name)


def is_constant(name: str) -> bool:
    """Whether a word is true, false, nothing or no number, in YAML, JSON or Python.

    >>> is_constant("True"), is_constant("index")
    (True, False)
    """
    return name.casefold() in _CONSTANTS


def is_identifier(name: str) -> bool:
    """Whether a word can name a symbol, an entry or a block: no word of Python.

    >>> is_identifier("conv1"), is_identifier("1x1"), is_identifier("class")
    (True, False, False)
    """
    return _NAME.fullmatch(name) is not None and not keyword.iskeyword(name)


def is_path(name: str) -> bool:
    """Whether a name is a path of words and numbers, as of what a list of modules holds.

    >>> is_path("layers.0"), is_path("transformer.wte"), is_path("layers."), is_path("conv1")
    (True, True, False, False)
    """
    parts = name.split(".")
    return len(parts) > 1 and all(part.isdigit() or is_identifier(part) for part in parts)


def parted(name: str, known: Container[str]) -> tuple[str, list[str]]:
    """What a reference names, and what of that: the longest beginning that is known.

    >>> parted("layers.0.h_n", {"layers.0"}), parted("lstm1.h_n", {"lstm1"}), parted("a.b", ())
    (('layers.0', ['h_n']), ('lstm1', ['h_n']), ('a', ['b']))
    """
    head = name
    members: list[str] = []
    while "." in head and head not in known:
        head, _, member = head.rpartition(".")
        members.insert(0, member)
    return head, members


@lru_cache(maxsize=1024)
def name_stem(kind: str) -> str:
    """What an unnamed entry of a kind is called, without its number.

    A kind that ends in a number itself keeps it apart.

    >>> name_stem("Conv2d"), name_stem("ReLU6")
    ('conv', 'relu6_')
    """
    stem = re.sub(r"[1-3]d$", "", kind).lower()
    return f"{stem}_" if stem[-1:].isdigit() else stem
