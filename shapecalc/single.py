"""A network of one layer, made of what is typed at the command line.

The words become a spec, which is read as every spec is. Where something is wrong with it, the error
is told of the word that the place in the spec comes of: nobody has seen the spec.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

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
        words = [kind, *settings, *(word for each in inputs for word in ("--input", each))]
        quoted = [shlex.quote(word) for word in words]
        self.command = Source(TYPED, " ".join(["layer", *quoted]))
        self._marks: list[Mark] = []
        column = len("layer ") + 1
        for word in quoted:
            self._marks.append(Mark(1, column, len(word)))
            column += len(word) + 1
        self.text = ""
        self._places: list[tuple[Mark, Mark]] = []
        if kind not in KINDS:
            raise KindError(_no_kind(kind))
        given = self._given(KINDS[kind], settings)
        shapes = [read_input(each).meant(None) for each in inputs]
        self._write(kind, given, shapes, self._marks[len(settings) + 2 :: 2])

    def told(self, error: SpecError) -> SpecError:
        """The error of the spec as one of the words that it was made of.

        >>> single = Single("ReLU6", ["inplace=2"], ["3"])
        >>> from shapecalc.network import load
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

    def _given(self, kind: type[Layer], settings: Sequence[str]) -> list[tuple[str, str, Mark]]:
        """The settings by name; raises :class:`SpecError` where it is not sure what is meant."""
        marks = self._marks[1:]
        split = [_split(each) for each in settings]
        alone = [(value, mark) for (name, value), mark in zip(split, marks) if not name]
        first = next(iter(kind.fields), "")
        names = [name or first for name, _ in split]
        named = {name: value for name, value in split if name}
        required = [name for name, field in kind.fields.items() if field.is_required]
        if first and len(alone) > 1:
            message = f"{kind.kind} takes one value without a name, {first}, but {len(alone)} stand"
            meant = in_order(kind, [value for value, _ in alone]) or dict.fromkeys(required)
            raise self._problem(alone[1][1], message, _as_words(kind.kind, {**meant, **named}))
        for i, name in enumerate(names):
            if name in names[:i]:
                other = settings[names.index(name)]
                raise self._problem(marks[i], f"{name} is given twice", f"first as {other}")
        given = [(name, value, mark) for name, (_, value), mark in zip(names, split, marks)]
        missing = [name for name in required if name not in names]
        if missing and all(name in kind.fields for name in names):
            message = f"{kind.kind} needs {', '.join(missing)}"
            said = {name: value for name, value, _ in given}
            hint = _as_words(kind.kind, {name: said.get(name) for name in required} | said)
            raise self._problem(self._marks[0], message, hint)
        return given

    def _problem(self, mark: Mark, message: str, *notes: str) -> SpecError:
        return SpecError(self.command, [Problem(mark, message, notes)])

    def _write(
        self,
        kind: str,
        given: list[tuple[str, str, Mark]],
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
        for i, (name, value, mark) in enumerate(given):
            self._add(f"{', ' if i else ''}{name}: {value}", mark)
        self._add(f"}}\n    name: {NAME}", self._marks[0])
        if len(shapes) > 1:
            self._add(f"\n    from: [{', '.join(names)}]", self._marks[0])

    def _add(self, text: str, word: Mark) -> None:
        """Go on with the spec, by what a word says."""
        before = self.text
        place = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        self._places.append((place, word))
        self.text += text


def _split(text: str) -> tuple[str, str]:
    """The name and the value of a setting; no name where a value stands alone."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        name, value = "", text
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
