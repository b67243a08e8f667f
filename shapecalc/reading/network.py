"""A network in a file of source: what is asked for, what comes in, and the spec that it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from keyword import iskeyword
from pathlib import Path
from typing import Any, NamedTuple, cast

from shapecalc.language.problem import Mark, Problem, Source, SpecError, did_you_mean, listing
from shapecalc.language.symbols import SettingError
from shapecalc.language.tree import Input, Setting, Spec
from shapecalc.language.words import DTYPES
from shapecalc.reading import sizes
from shapecalc.reading.blocks.naming import identifier
from shapecalc.reading.files import read_text
from shapecalc.reading.lower import Lowering, setting
from shapecalc.reading.modules import MODULE, every_tensor, is_module, walk
from shapecalc.reading.operators import plain, type_name
from shapecalc.reading.reader import Reader, _deep, evaluated, networks_in
from shapecalc.reading.trace import Call, Given, Stored, TensorValue
from shapecalc.reading.values import (
    CannotRead,
    Class,
    Function,
    Instance,
    Place,
    Raised,
    Unknown,
)

_CODE = re.compile(r"(?P<file>.+?\.py)(?::(?P<make>.*))?", re.DOTALL)


def parts_of(text: str) -> tuple[Path, str]:
    """The file and the expression of ``FILE.py:EXPR``; the file's only network without one.

    Raises :class:`SpecError` where there is none, or there are several.
    """
    found = _CODE.fullmatch(text)
    assert found is not None
    path = Path(found["file"])
    make = (found["make"] or "").strip()
    if not make:
        reading = _Reading(path, "", [], False, {}, set())
        make = reading.only(reading.reader.main(reading.source.text))
    return path, make


class Shape(NamedTuple):
    """An input as it is given: sizes without the batch, of which some may be named."""

    name: str | None
    sizes: list[tuple[str | None, int]]
    dtype: str


class InputError(SettingError):
    """An input is not given as one can be."""


def read_input(given: Any) -> Shape:
    """Read ``3,H=224,W=224``, ``128:int64`` or ``image=3,32,32``; or a list of sizes, or a mapping.

    >>> read_input("image=3,H=32,32")
    Shape(name='image', sizes=[(None, 3), ('H', 32), (None, 32)], dtype='float32')
    >>> read_input("time=")  # a number for each of the batch
    Shape(name='time', sizes=[], dtype='float32')
    """
    if isinstance(given, Mapping):
        shape = read_input(list(given["shape"]))
        return shape._replace(dtype=str(given.get("dtype", "float32")))
    if not isinstance(given, str):
        return Shape(None, [_size(str(each)) for each in given], "float32")
    text, colon, dtype = given.partition(":")
    dtype = dtype.strip() if colon else "float32"
    if dtype not in DTYPES:
        hint = did_you_mean(dtype, DTYPES) or f"there are {listing(DTYPES)}"
        raise InputError(f"unknown element type {dtype!r}; {hint}")
    name = None
    if alone := re.fullmatch(r"\s*(?:([A-Za-z_]\w*)\s*=)?\s*(\(\s*\))?\s*", text):
        if alone[1] or alone[2]:
            return Shape(alone[1], [], dtype)
    named = re.match(r"\s*([A-Za-z_]\w*)\s*=\s*(?=[\d(]*[^=]*,|[A-Za-z_]\w*\s*=|\d+\s*$)", text)
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if named and len(parts) > 1 and parts[0].count("=") >= 1 and _names_input(parts):
        name = named[1]
        text = text[named.end() :]
        parts = [part.strip() for part in text.split(",") if part.strip()]
    return Shape(name, [_size(part) for part in parts], dtype)


def _names_input(parts: Sequence[str]) -> bool:
    """Whether the first ``name=`` is the input's, and not a size's."""
    first = parts[0]
    if first.count("=") > 1:
        return True
    name = first.partition("=")[0].strip()
    return len(name) > 1 and not name.isupper()


def _size(text: str) -> tuple[str | None, int]:
    name, equals, value = text.rpartition("=")
    if equals and not name.strip().isidentifier():
        raise InputError(f"{name!r} is no name of a size")
    if not value.strip().isdigit() or not 0 < int(value) < 2**63:
        raise InputError(
            f"{text!r} is no size: an input is given as 3,224,224, or with names as 3,H=224,W=224"
        )
    return (name.strip() or None, int(value))


def read_network(
    text: str,
    inputs: Sequence[Any] = (),
    training: bool = False,
    assume: Mapping[str, Any] | None = None,
    symbols: Iterable[str] = (),
) -> Spec:
    """The spec of a network in source.

    Raises :class:`SpecError` with everything that is wrong, and ``OSError`` without a file.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "net.py")
    ...     _ = file.write_text("from torch import nn; net = nn.Sequential(nn.Linear(4, 2))")
    ...     spec = read_network(f"{file}:net", ["4"])
    >>> [entry.kind for entry in spec.entries]
    ['Linear']
    """
    found = _CODE.fullmatch(text)
    assert found is not None
    path = Path(found["file"])
    if not path.is_file():
        raise FileNotFoundError(2, "no such file", str(path))
    shapes = [read_input(each) for each in inputs]
    pinned: set[str] = set()
    while True:
        reading = _Reading(path, found["make"] or "", shapes, training, assume or {}, pinned)
        try:
            spec = reading.spec()
        except SpecError as error:
            if len(shapes) == 1:
                raise with_advice(error, text, shapes[0], training, assume or {}) from None
            raise
        more = reading.reader.pinned - pinned
        if not more:
            return spec
        pinned |= more


def with_advice(
    error: SpecError, text: str, shape: Shape, training: bool, assume: Mapping[str, Any]
) -> SpecError:
    """An error with the inputs that would fit, where a stated size disagrees with what comes."""
    from shapecalc.reading.advice import Unmet, advised

    found = _CODE.fullmatch(text)
    assert found is not None

    def unmet(sizes: list[tuple[str | None, int]]) -> Unmet:
        path, make = Path(found["file"]), found["make"] or ""
        own = {name for name, _ in shape.sizes if name} | {"B"}
        reading = _Reading(path, make, [shape._replace(sizes=sizes)], training, assume, own)
        with suppress(SpecError):
            reading.spec()
        return reading.reader.unmet

    try:
        return advised(error, shape.sizes, unmet)
    except Exception:  # whatever keeps advice from being found must not hide the error itself
        return error


class _Reading:
    """One reading; ``pinned`` symbols are numbers, for the code decides by them."""

    def __init__(
        self,
        path: Path,
        make: str,
        shapes: list[Shape],
        training: bool,
        assume: Mapping[str, Any],
        pinned: set[str],
    ) -> None:
        self.make = make
        self.shapes = shapes
        self.pinned = pinned
        self.reader = Reader(path, training)
        self.reader.shown_name = str(path)
        self.reader.assumed = assume
        self.reader.relatives = {}
        self.reader.stored_names = {}
        self.reader.made_with = {}
        self.source = Source(str(path), "")
        try:
            self.source = Source(str(path), read_text(path))
        except CannotRead as wrong:
            raise SpecError(self.source, [Problem(Mark(1, 1), wrong.message)]) from None
        self.symbols = self.reader.symbols
        self.reader.decided = pinned

    def spec(self) -> Spec:
        """Read, and tell everything that is wrong."""
        reader = self.reader
        try:
            with _deep():
                spec = self.read()
        except CannotRead as wrong:
            if wrong.message:
                place = wrong.place or reader.here() or Mark(1, 1)
                reader.problems.append(Problem(place, wrong.message, self.notes(wrong.notes)))
        except Raised as raised:
            place = raised.place or reader.here() or Mark(1, 1)
            reader.problems.append(Problem(place, self.said(raised), raised.notes))
        except RecursionError:
            place = reader.here() or Mark(1, 1)
            reader.problems.append(Problem(place, "this nests deeper than can be read"))
        except SpecError:
            raise
        except Exception as wrong:  # whatever a source may hold, it is told at its place
            place = reader.here() or Mark(1, 1)
            said = f"{type(wrong).__name__}: {wrong}"
            is_theirs = isinstance(wrong, (TypeError, ValueError, LookupError, ArithmeticError))
            message = said if is_theirs else f"this cannot be read ({said})"
            reader.problems.append(Problem(place, message, tuple(reader.values_here())))
        if reader.problems:
            raise SpecError(self.source, reader.problems)
        return spec

    def notes(self, notes: tuple[str, ...]) -> tuple[str, ...]:
        """Notes that say something."""
        return tuple([note for note in notes if note])

    def said(self, raised: Raised) -> str:
        """An exception of the source's, as Python would tell it."""
        try:
            text = self.reader.text(raised.instance)
        except (Raised, CannotRead):
            text = ""
        name = raised.instance.cls.name
        return f"{name}: {text}" if text else name

    def read(self) -> Spec:
        """The spec of what the expression makes."""
        reader = self.reader
        module = reader.main(self.source.text)
        make = self.make.strip() or self.only(module)
        try:
            value = evaluated(reader, module, make)
        except Raised as raised:
            if raised.instance.cls.name != "NameError" or not module.as_script(make):
                raise
            value = evaluated(reader, module, make)
        if isinstance(value, (Class, Function)):
            value = reader.call(value, [], {})
        root = self.network_of(value, make)
        for path, each in walk(root):
            reader.paths[id(each)] = path
        spec = Spec(self.source)
        spec.name = re.sub(r"\(.*", "", make, flags=re.DOTALL).strip() or root.cls.name
        spec.name = (
            root.cls.name if spec.name.islower() and root.cls.name != "Sequential" else spec.name
        )
        trace, results, given = self.run(root, spec)
        lowering = Lowering(spec, trace, results)
        lowering.spec_inputs = given
        lowering.made_with = reader.made_with
        lowering.network()
        self.unused(root, lowering)
        lowering.tidy()
        return spec

    def only(self, module: Any) -> str:
        """The file's only network."""
        names = networks_in(module)
        if len(names) == 1:
            return names[0]
        message = (
            "this file has no network" if not names else f"this file has {len(names)} networks"
        )
        hint = (
            f"name one behind the file: {self.source.name}:{names[0]}"
            if names
            else ("a network is a class with a forward, or a variable that holds a module")
        )
        more = f"there are {listing(names)}" if names else ""
        raise CannotRead(Mark(1, 1), message, more, hint)

    def network_of(self, value: Any, make: str) -> Instance:
        """What was asked for, if it is a network."""
        if isinstance(value, Unknown):
            raise CannotRead(Mark(1, 1), f"{make} is not known: {value.name}", value.why)
        if isinstance(value, tuple) and value and is_module(value[0]):
            value = value[0]
        if not is_module(value):
            raise CannotRead(Mark(1, 1), f"{make} is no network: it is {type_name(value)!r}")
        found: Instance = value
        return found

    # -- inputs ---------------------------------------------------------------------------------

    def run(self, root: Instance, spec: Spec) -> tuple[Call, list[TensorValue], list[Given]]:
        """Trace the network on inputs of the shapes that are given."""
        reader = self.reader
        if not self.shapes:
            raise CannotRead(self.place_of(root), "what comes in is not said", *self.asked(root))
        names = self.parameters(root)
        given: list[Given] = []
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        batch = 1 if "B" in self.pinned else sizes.symbol("B", 1)
        single = len(self.shapes) == 1
        for n, shape in enumerate(self.shapes):
            own = shape.name or (names[n] if n < len(names) else f"input{n + 1}")
            own = "input" if single else identifier(own.lstrip("*"))
            settings: list[Setting] = []
            found: list[Any] = [batch]
            for name, size in shape.sizes:
                if name is not None and name not in self.pinned and name != "B":
                    known = self.symbols.setdefault(name, size)
                    if known != size:
                        raise CannotRead(
                            Mark(1, 1), f"{name} is {known} in one input and {size} in another"
                        )
                    found.append(sizes.symbol(name, size))
                else:
                    found.append(size)
                settings.append(setting(found[-1], Mark(1, 1)))
            spec.inputs[own] = Input(own, settings, shape.dtype, Mark(1, 1))
            given.append(Given(own))
            value = TensorValue(tuple(found), shape.dtype, given[-1])
            if shape.name is not None and shape.name in names:
                kwargs[shape.name] = value
            else:
                args.append(value)
        spec.symbols = {
            name: setting(size, Mark(1, 1))
            for name, size in self.symbols.items()
            if name not in self.pinned
        }
        trace = Call(root, "", None)
        reader.current = trace
        reader.calls = []
        is_leaf = not self.has_own_forward(root)
        reader.node = None
        if is_leaf:
            trace.instance = None
        forward = reader.attribute_or_none(root, "forward")
        result = (
            reader.call_instance(root, args, kwargs)
            if is_leaf or forward is None
            else reader.call(forward, args, kwargs)
        )
        reader.current = None
        results = list(self.tensors(result))
        if not results:
            raise CannotRead(
                self.place_of(root), f"forward gives back no tensor but {type_name(result)}"
            )
        spec.output_names = _names_of(result)
        reader.current = trace
        found_results = [reader.produced(value) for value in results]
        reader.current = None
        return trace, found_results, given

    def has_own_forward(self, root: Instance) -> bool:
        """Whether a module is more than one layer of the catalogue."""
        return root.cls.kind is None or any(
            isinstance(cls.names.get("forward"), Function) for cls in root.cls.mro
        )

    def place_of(self, root: Instance) -> Mark:
        """Where a network is written."""
        return next((cls.place for cls in root.cls.mro if cls.place is not None), Mark(1, 1))

    def parameters(self, root: Instance) -> list[str]:
        """The names of what forward takes."""
        try:
            forward = root.cls.find("forward")
        except KeyError:
            return []
        return forward.code.positional[1:] if isinstance(forward, Function) else ["input"]

    def asked(self, root: Instance) -> list[str]:
        """What to say where no input is given: what the first layers would take."""
        from shapecalc.reading.modules import Leaf

        hint = "give its shape without the batch: --input 3,224,224"
        for _, module in walk(root):
            if not isinstance(module.data, Leaf) or module.data.layer is None:
                continue
            leaf, layer = module.data, cast(Any, module.data.layer)
            name = self.reader.name_of(module)
            rank = layer.rank
            if "in_channels" in leaf.raw or (leaf.kind.startswith("Conv") and layer.in_channels):
                channels = layer.in_channels
                sides = {1: ["128"], 2: ["224", "224"], 3: ["16", "112", "112"]}[rank]
                shown = ",".join([str(channels), *sides])
                return [f"its first layer {name!r} takes {channels} channels: --input {shown}"]
            if leaf.kind == "Linear" and layer.in_features:
                size = layer.in_features
                return [f"its first layer {name!r} takes {size} features: --input {size}"]
            if leaf.kind.startswith("Embedding"):
                return [f"its first layer {name!r} takes indices: --input 128:int64"]
            if leaf.kind in ("LSTM", "GRU", "RNN"):
                size = layer.input_size
                return [f"its first layer {name!r} takes {size} features: --input 20,{size}"]
        return [hint]

    def tensors(self, value: Any, depth: int = 0) -> Iterable[TensorValue]:
        """The tensors that forward gives back, in order."""
        if isinstance(value, TensorValue):
            yield value
        elif isinstance(value, Instance) and depth < 8:
            inner = plain(value)
            if inner is not value:
                yield from self.tensors(inner, depth + 1)
            elif not is_module(value):
                for each in value.attributes.values():
                    yield from self.tensors(each, depth + 1)
        elif isinstance(value, (list, tuple)) and depth < 8:
            for each in value:
                yield from self.tensors(each, depth + 1)
        elif isinstance(value, dict) and depth < 8:
            for each in value.values():
                yield from self.tensors(each, depth + 1)

    # -- what is learned but not used -----------------------------------------------------------

    def unused(self, root: Instance, lowering: Lowering) -> None:
        """Entries for learned tensors and buffers that no operation uses; they count."""
        for is_buffer in (False, True):
            for path, value in every_tensor(root, is_buffer):
                stored: Stored = value.stored  # type: ignore[assignment]
                if stored.op is not None and id(stored.op) in lowering.made_of:
                    continue
                kind = "Buffer" if is_buffer else "Parameter"
                item = lowering.lone(kind, path, self.place_of(root))
                item.settings["shape"] = setting(list(stored.shape), item.mark)
                if value.dtype != "float32":
                    item.settings["dtype"] = setting(value.dtype, item.mark)


def _names_of(result: Any) -> list[str]:
    """The names in a dictionary of tensors; none if it has others, or is something else."""
    if not isinstance(result, dict):
        return []
    named = all(
        isinstance(name, str) and name.isidentifier() and not iskeyword(name) for name in result
    )
    return list(result) if named and all(map(_is_tensor, result.values())) else []


def _is_tensor(value: Any) -> bool:
    return isinstance(value, TensorValue)


__all__ = ["MODULE", "InputError", "Place", "read_input", "read_network"]
