"""A network of one layer, made of what is typed at the command line.

The words become a spec, which is read as every spec is. Where something is wrong with it, the error
is told of the word that the place in the spec comes of: nobody has seen the spec.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shapecalc.language.calls import called, is_call, settings_of
from shapecalc.language.fields import in_order
from shapecalc.language.problem import Mark, Problem, Source, SpecError
from shapecalc.language.unknown import no_kind
from shapecalc.layers import KINDS, Layer
from shapecalc.reading.inputs import Shape, read_input

NAME = "layer"
"""What the layer is called."""

TYPED = "<command line>"
"""What the source of errors is called."""


class KindError(ValueError):
    """There is no kind of the name."""


class _Word(NamedTuple):
    """A setting as it is typed: a name, empty where there is none, a value, and its place."""

    name: str
    value: str
    text: str
    mark: Mark


class Single:
    """One layer as it is typed: its kind, its settings and the shapes of its inputs.

    Settings are ``kernel_size=3`` or, for the first field, a value alone; several values are
    separated by commas. Inputs are ``3,224,224`` or ``3,H=224,W=224``, without the batch.

    Raises :class:`KindError` where there is no such kind, and :class:`SpecError` where settings
    are given twice.

    >>> print(Single("Conv2d", ["64", "kernel_size=7"], ["3,H=224,224"]).text)
    symbols: {H: 224}
    inputs:
      input: {shape: [3, H, 224], dtype: float32}
    layers:
      - Conv2d: {out_channels: 64, kernel_size: 7}
        name: layer
    """

    def __init__(self, kind: str, settings: Sequence[str], inputs: Sequence[str]) -> None:
        typed = [kind, *settings, *(word for each in inputs for word in ("--input", each))]
        quoted = [shlex.quote(word) for word in typed]
        self.command = Source(TYPED, " ".join(["layer", *quoted]))
        self._marks: list[Mark] = []
        column = len("layer ") + 1
        for word in quoted:
            self._marks.append(Mark(1, column, len(word)))
            column += len(word) + 1
        self.text = ""
        self._places: list[tuple[Mark, Mark]] = []
        if KINDS.get(kind) is None:
            raise KindError(_no_kind(kind))
        words = [_Word(*_split(text), text, mark) for text, mark in zip(settings, self._marks[1:])]
        given = self._given(KINDS[kind], words)
        shapes = [read_input(each).meant(None) for each in inputs]
        self._write(kind, given, shapes, self._marks[len(settings) + 2 :: 2])

    def told(self, error: SpecError) -> SpecError:
        """The error of the spec as one of the words that it was made of.

        >>> single = Single("ReLU6", ["inplace=2"], ["3"])
        >>> from shapecalc.loading import load
        >>> try:
        ...     load(single.text)
        ... except SpecError as error:
        ...     print(str(single.told(error)).splitlines()[1])
            1 | layer ReLU6 inplace=2 --input 3
        """
        told = [each._replace(mark=self._word_at(each.mark)) for each in error.problems]
        return SpecError(self.command, told)

    def _word_at(self, mark: Mark) -> Mark:
        """The word that a place in the spec comes of: the last one that begins before it."""
        before = [word for place, word in self._places if place[:2] <= mark[:2]]
        return before[-1] if before else self._marks[0]

    def _given(self, kind: type[Layer], words: Sequence[_Word]) -> dict[str, _Word]:
        """The settings by name; raises :class:`SpecError` where it is not sure what is meant."""
        self._check_alone(kind, words)
        given: dict[str, _Word] = {}
        for word in words:
            name = word.name or next(iter(kind.fields), "")
            if name in given:
                message = f"{name} is given twice"
                raise self._problem(word.mark, message, f"first as {given[name].text}")
            given[name] = word
        self._check_missing(kind, given)
        return given

    def _check_alone(self, kind: type[Layer], words: Sequence[_Word]) -> None:
        """Refuse more than one value without a name, and a name without its value."""
        alone = [word for word in words if not word.name]
        for word, after in zip(words, [*(word.text for word in words[1:]), "..."]):
            if not word.name and word.value in kind.fields:
                message = "a field and its value are one word"
                raise self._problem(word.mark, message, f"{word.value}={after}")
        if kind.fields and len(alone) > 1:
            first, required = next(iter(kind.fields)), dict.fromkeys(_required(kind))
            message = f"{kind.kind} takes one value without a name, {first}, but {len(alone)} stand"
            meant = in_order(kind, [word.value for word in alone]) or required
            named = {word.name: word.value for word in words if word.name}
            raise self._problem(alone[1].mark, message, _as_words(kind.kind, {**meant, **named}))

    def _check_missing(self, kind: type[Layer], given: dict[str, _Word]) -> None:
        """Refuse a layer without a field that it needs; names that are none come first."""
        missing = [name for name in _required(kind) if name not in given]
        if missing and given.keys() <= kind.fields.keys():
            said = {name: word.value for name, word in given.items()}
            hint = _as_words(kind.kind, dict.fromkeys(_required(kind)) | said)
            raise self._problem(self._marks[0], f"{kind.kind} needs {', '.join(missing)}", hint)

    def _problem(self, mark: Mark, message: str, *notes: str) -> SpecError:
        return SpecError(self.command, [Problem(mark, message, notes)])

    def _write(
        self,
        kind: str,
        given: dict[str, _Word],
        shapes: list[Shape],
        marks: Sequence[Mark],
    ) -> None:
        names = [shape.name or ("input" if len(shapes) == 1 else f"input{i}")
                 for i, shape in enumerate(shapes, start=1)]  # fmt: skip
        symbols = {name: size for shape in shapes for name, size in shape.sizes if name}
        if symbols:
            listed = ", ".join(f"{name}: {size}" for name, size in symbols.items())
            self._add(f"symbols: {{{listed}}}\n", marks[0])
        self._add("inputs:\n", self._marks[0])
        for name, shape, mark in zip(names, shapes, marks):
            sizes = ", ".join(each or str(size) for each, size in shape.sizes)
            self._add(f"  {name}: {{shape: [{sizes}], dtype: {shape.dtype}}}\n", mark)
        if not shapes:
            self._add("  input: [1]\n", self._marks[0])
        self._add(f"layers:\n  - {kind}: {{", self._marks[0])
        for i, (name, word) in enumerate(given.items()):
            self._add(f"{', ' if i else ''}{name}: {word.value}", word.mark)
        self._add(f"}}\n    name: {NAME}", self._marks[0])
        if len(shapes) > 1:
            self._add(f"\n    from: [{', '.join(names)}]", self._marks[0])

    def _add(self, text: str, word: Mark) -> None:
        """Go on with the spec, by what a word says."""
        before = self.text
        place = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        self._places.append((place, word))
        self.text += text


def _required(kind: type[Layer]) -> list[str]:
    return [name for name, field in kind.fields.items() if field.is_required]


def _split(text: str) -> tuple[str, str]:
    """The name and the value of a setting; no name where a value stands alone."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        name, value = "", text
    if found := re.fullmatch(r"\s*\(([^()]*,[^()]*)\)\s*", value):
        value = found[1]  # a tuple
    is_several = "," in value and value.strip()[:1] not in ("[", "'", '"', "{")
    return name.strip(), f"[{value}]" if is_several else value


def _as_words(kind: str, settings: Mapping[str, str | None]) -> str:
    """How a layer is typed."""
    words = [f"{name}={value or '...'}" for name, value in settings.items()]
    return f"by their names: layer {shlex.join([kind, *words])}"


def _no_kind(text: str) -> str:
    """What to tell of a kind that there is none of; of a call, how it is typed."""
    kind = KINDS.get(called(text).rpartition(".")[2])
    said = settings_of(text, kind) if is_call(text) and kind is not None else None
    if kind is None or said is None:
        return no_kind(text)
    return f"a kind and its settings are words: {_as_words(kind.kind, said)}"
