"""Inputs as they are given: ``3,H=224,W=224``, with element types and names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from shapecalc.language.problem import did_you_mean, listing
from shapecalc.language.symbols import SettingError
from shapecalc.language.words import DTYPES


class Shape(NamedTuple):
    """An input as it is given: sizes without the batch, of which some may be named."""

    name: str | None
    sizes: list[tuple[str | None, int]]
    dtype: str

    def meant(self, parameters: Sequence[str] | None, takes_others: bool = False) -> Shape:
        """What a name in front means: the input, where forward takes one of that name, else a size.

        Where nothing tells what is taken, a word of several letters is the input's; as it is
        where forward ``takes_others`` than its parameters.

        >>> read_input("x=3,32,32").meant(["x"])
        Shape(name='x', sizes=[(None, 3), (None, 32), (None, 32)], dtype='float32')
        >>> read_input("x=3,32,32").meant(["image"]).sizes[0]
        ('x', 3)
        """
        first = self.sizes[0][0] if self.sizes and self.name is None else None
        if first is None:
            return self
        is_word = len(first) > 1 and not first.isupper()
        if parameters is None:
            is_input = is_word and len(self.sizes) > 1
        else:
            is_input = first in parameters or (is_word and takes_others)
        if is_input:
            return Shape(first, [(None, self.sizes[0][1]), *self.sizes[1:]], self.dtype)
        return self

    def doubt(self, parameters: Sequence[str]) -> str:
        """A hint, where a name is meant for what it does not look like."""
        first = self.sizes[0][0] if self.sizes else None
        if self.name is None and first is not None and not first.isupper() and parameters:
            return (
                f"{first} is taken for a size: forward has no parameter {first!r}, "
                f"but {listing(parameters)}"
            )
        if self.name is not None and self.name.isupper() and len(self.sizes) > 0 and not first:
            return f"{self.name} is taken for the input that forward calls so, and not for a size"
        return ""


class InputError(SettingError):
    """An input is not given as one can be."""


def read_input(given: Any) -> Shape:
    """Read ``3,H=224,W=224``, ``128:int64`` or ``image=3,32,32``; or a list of sizes, or a mapping.

    Whether a name in front is the input's or a size's is told by :meth:`Shape.meant`.

    >>> read_input("image=3,H=32,32")
    Shape(name=None, sizes=[('image', 3), ('H', 32), (None, 32)], dtype='float32')
    >>> read_input("image=(3, 32, 32)") == read_input("image=3,32,32")
    True
    >>> read_input("time=")  # a number for each of the batch
    Shape(name='time', sizes=[], dtype='float32')
    """
    if isinstance(given, Mapping):
        shape = read_input(list(given["shape"]))
        return shape._replace(dtype=str(given.get("dtype", "float32")))
    if not isinstance(given, str):
        return Shape(None, [_size(str(each)) for each in given], "float32")
    bare = re.sub(_BRACKETS, r"\1\2", given) if "(" in given or "[" in given else given
    text, colon, dtype = bare.partition(":")
    dtype = dtype.strip() if colon else "float32"
    if dtype not in DTYPES:
        hint = did_you_mean(dtype, DTYPES) or f"there are {listing(DTYPES)}"
        raise InputError(f"unknown element type {dtype!r}; {hint}")
    name, equals, rest = map(str.strip, text.partition("="))
    inner, again, _ = rest.partition("=")
    is_named = bool(equals) and name.isidentifier()
    if is_named and rest.replace(" ", "") in ("", "()"):
        return Shape(name, [], dtype)
    if text.replace(" ", "") == "()":
        return Shape(None, [], dtype)
    if is_named and again and inner.strip().isidentifier():
        return Shape(name, _sizes(rest), dtype)
    return Shape(None, _sizes(text), dtype)


def _sizes(text: str) -> list[tuple[str | None, int]]:
    return [_size(part) for part in text.split(",") if part.strip()]


_BRACKETS = r"^(\s*[A-Za-z_]\w*\s*=)?\s*[\[(]([^()\[\]]*\w[^()\[\]]*)[\])]"
"""Brackets around sizes, as a list or a tuple has them."""


def _size(text: str) -> tuple[str | None, int]:
    name, equals, value = text.rpartition("=")
    if equals and not name.strip().isidentifier():
        raise InputError(f"{name!r} is no name of a size")
    if not value.strip().isdigit() or not 0 < int(value) < 2**63:
        usual = "an input is given as 3,224,224, or with names as 3,H=224,W=224"
        if re.fullmatch(r"\s*\d+(\s*[ x×*X;]\s*\d+)+\s*", text):
            usual = f"commas stand between sizes: {','.join(re.findall('[0-9]+', text))}"
        raise InputError(f"{text!r} is no size: {usual}")
    return (name.strip() or None, int(value))
