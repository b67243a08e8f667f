"""A network in a file of source: what is asked for, what comes in, and the spec that it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import Any

from shapecalc.language.problem import Mark, Problem, Source, SpecError, did_you_mean, listing
from shapecalc.language.tree import Input, Spec
from shapecalc.reading.asked import evaluated, networks_in
from shapecalc.reading.blocks.naming import identifier
from shapecalc.reading.evaluator import sizes
from shapecalc.reading.evaluator.operators import type_name
from shapecalc.reading.evaluator.values import (
    CALLABLE,
    CannotRead,
    Instance,
    Raised,
    Unknown,
)
from shapecalc.reading.forward import Forward
from shapecalc.reading.inputs import Shape, read_input
from shapecalc.reading.lowering.flow import operations
from shapecalc.reading.lowering.lower import Lowering
from shapecalc.reading.lowering.settings import setting
from shapecalc.reading.lowering.trying import Trial, Trying
from shapecalc.reading.modules import SEQUENTIAL, all_tensors, is_buffer, is_module, walk
from shapecalc.reading.modules.holding import set_training, trained_otherwise
from shapecalc.reading.modules.registering import unregistered
from shapecalc.reading.outputs import names_of, tensors
from shapecalc.reading.reader import Reader, deep
from shapecalc.reading.tensors.traced import Call, Given, TensorValue, Unmet


def _code(text: str) -> tuple[Path, str]:
    """The file and the expression of ``FILE.py:EXPR``, which is empty where there is none."""
    file, colon, make = text.partition(".py:")
    return Path(f"{file}.py" if colon else text), make


def parts_of(text: str) -> tuple[Path, str]:
    """The file and the expression of ``FILE.py:EXPR``; the file's only network without one.

    Raises :class:`SpecError` where there is none, or there are several.
    """
    path, make = _code(text)
    make = make.strip()
    if not make:
        reading = _Reading(path, "", [], False, {}, set())
        make = reading.only(reading.reader.main(reading.source.text))
    return path, make


def read_network(
    text: str,
    inputs: Sequence[Any] = (),
    training: bool = False,
    assume: Mapping[str, Any] | None = None,
    texts: Mapping[Path, str] | None = None,
    trial: Trial | None = None,
    most_steps: int | None = None,
) -> Spec:
    """The spec of a network in source.

    ``trial`` builds a spec, to tell whether what was made one block is right; untried without.
    ``most_steps`` is how many steps it may take, where two million are too few. ``texts`` are
    those of files, by their resolved paths, that differ from what is saved, as an editor holds
    them.

    A batch that ``squeeze()`` drops is kept where the network cannot be read without. Raises
    :class:`SpecError` with everything that is wrong, and ``OSError`` without a file.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "net.py")
    ...     _ = file.write_text("from torch import nn; net = nn.Sequential(nn.Linear(4, 2))")
    ...     spec = read_network(f"{file}:net", ["4"])
    >>> [entry.kind for entry in spec.entries]
    ['Linear']
    """
    path, make = _code(text)
    texts = texts or {}
    if not (path.is_file() or path.resolve() in texts):
        from shapecalc.missing import no_such_spec

        raise FileNotFoundError(no_such_spec(str(path)))
    shapes = [read_input(each) for each in inputs]

    def settled(keeps_batch: bool) -> tuple[_Reading, Spec | SpecError]:
        """The reading whose symbols are numbers where the code decides by them, and its outcome."""
        pinned: set[str] = set()
        while True:
            reading = _Reading(path, make, shapes, training, assume or {}, pinned, texts)
            reading.reader.keeps_batch = keeps_batch
            if most_steps is not None:
                reading.reader.most_steps = most_steps
            try:
                spec = reading.spec()
            except SpecError as error:
                return reading, error
            more = reading.reader.pinned - pinned
            if not more:
                return reading, spec
            pinned |= more

    reading, found = settled(keeps_batch=False)
    if isinstance(found, SpecError) and reading.reader.squeezed_batch:
        again, kept = settled(keeps_batch=True)
        if isinstance(kept, Spec):
            reading, found = again, kept
    if isinstance(found, SpecError):
        if len(shapes) == 1 and reading.reader.told:
            found = with_advice(found, text, reading.shapes[0], training, assume or {}, texts)
        raise found
    return found if trial is None else reading.trying.chosen(trial)


def with_advice(
    error: SpecError,
    text: str,
    shape: Shape,
    training: bool,
    assume: Mapping[str, Any],
    texts: Mapping[Path, str],
) -> SpecError:
    """An error with the inputs that would fit, where a stated size disagrees with what comes."""
    from shapecalc.reading.advice import advised

    path, make = _code(text)

    def unmet(sizes: list[tuple[str | None, int]]) -> Unmet:
        own = {name for name, _ in shape.sizes if name} | {"B"}
        sized = [shape._replace(sizes=sizes)]
        reading = _Reading(path, make, sized, training, assume, own, texts)
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
        texts: Mapping[Path, str] | None = None,
    ) -> None:
        self.make = make
        self.shapes = shapes
        self.pinned = pinned
        self.reader = Reader(path, training)
        self.reader.shown_name = str(path)
        self.reader.assumed = assume
        self.reader.texts = texts or {}
        self.reader.relatives = {}
        self.reader.stored_names = {}
        self.reader.made_with = {}
        self.source = Source(str(path), "")
        try:
            self.source = Source(str(path), self.reader.text_of(path))
        except CannotRead as wrong:
            raise SpecError(self.source, [Problem(Mark(1, 1), wrong.message)]) from None
        self.symbols = self.reader.symbols
        self.reader.decided = pinned
        self.place = Mark(1, 1)
        self.doubts: list[str] = []  # of what names in the inputs mean

    def spec(self) -> Spec:
        """Read, and tell everything that is wrong."""
        reader = self.reader
        try:
            with deep():
                spec = self.read()
        except CannotRead as wrong:
            if wrong.message:
                place = wrong.place or reader.here() or self.place
                reader.problems.append(Problem(place, wrong.message, self.notes(wrong.notes)))
        except Raised as raised:
            place = raised.place or reader.here() or self.place
            reader.problems.append(Problem(place, self.said(raised), raised.notes))
        except RecursionError:
            place = reader.here() or self.place
            reader.problems.append(Problem(place, "this nests deeper than can be read"))
        except SpecError:
            raise
        except Exception as wrong:  # whatever a source may hold, it is told at its place
            place = reader.here() or self.place
            said = f"{type(wrong).__name__}: {wrong}"
            is_theirs = isinstance(wrong, (TypeError, ValueError, LookupError, ArithmeticError))
            message = said if is_theirs else f"this cannot be read ({said})"
            reader.problems.append(Problem(place, message, tuple(reader.values_here())))
        if reader.problems:
            first, *rest = reader.problems
            first = first._replace(notes=(*first.notes, *self.doubts))
            raise SpecError(self.source, [first, *rest])
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
            said = self.said(raised)
            is_of_script = any(f"'{name}'" in said for name in re.findall(r"\w+", make))
            if not (is_of_script and raised.is_a("NameError") and module.as_script(make)):
                raise
            value = evaluated(reader, module, make)
        if isinstance(value, CALLABLE):
            value = reader.call(value, [], {})
        root = self.network_of(value, make)
        self.forward = Forward(root)
        self.place = self.forward.place
        for path, each in walk(root):
            reader.paths[id(each)] = path
            reader.kept.append(each)
        set_training(root, reader.training)
        spec = Spec(self.source)
        spec.name = make.partition("(")[0].strip() or root.cls.name
        if spec.name.islower() and root.cls is not SEQUENTIAL:
            spec.name = root.cls.name
        trace, results, given = self.run(root, spec)
        spec.approximated = tuple(reader.approximated)
        if reader.training:
            spec.otherwise = "the source was read as it runs in training"
        elif reader.keeps_batch:
            spec.otherwise = "squeeze() drops a batch of one in the code, which is kept"
        spec.by_training = (*reader.by_training, *trained_otherwise(root))
        held = list(all_tensors(root))

        def lowered(apart: frozenset[Any]) -> tuple[Spec, Lowering]:
            made = copy(spec)
            lowering = Lowering(made, trace, results)
            lowering.spec_inputs = given
            lowering.made_with = reader.made_with
            lowering.network()
            self.unused(held, self.forward.place, lowering)
            lowering.tidy(apart)
            return made, lowering

        self.trying = Trying(lowered)
        return self.trying.first()

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
            named = "" if value.name == make else f": {value.name}"
            raise CannotRead(value.place or Mark(1, 1), f"{make} is not known{named}", value.why)
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
            from shapecalc.reading.advice import asked

            raise CannotRead(self.place, "what comes in is not said", *asked(root, reader.name_of))
        given, args, kwargs = self.inputs(spec)
        spec.symbols = {
            name: setting(size, Mark(1, 1))
            for name, size in self.symbols.items()
            if name not in self.pinned
        }
        trace = Call(root, "", None)
        reader.current = trace
        reader.calls = []
        is_leaf = not self.forward.is_own
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
        results = list(tensors(result))
        if not results:
            code = self.forward.code
            place = code.place if code is not None else self.place
            hint = "is there a return missing?" if result is None else ""
            raise CannotRead(place, f"forward gives back no tensor but {type_name(result)}", hint)
        spec.output_names = names_of(result)
        reader.current = trace
        found_results = [reader.produced(reader.cast(value)) for value in results]
        reader.current = None
        reader.problems += unregistered(root, operations(trace), reader.paths)
        return trace, found_results, given

    def inputs(self, spec: Spec) -> tuple[list[Given], list[Any], dict[str, Any]]:
        """What comes in, into the spec and as what forward is given."""
        names = self.forward.parameters
        others = self.forward.takes_others and len(self.shapes) > max(1, len(self.forward.needed))
        self.shapes = [shape.meant(names, others) for shape in self.shapes]
        self.doubts = [doubt for shape in self.shapes if (doubt := shape.doubt(names))]
        given: list[Given] = []
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        single = len(self.shapes) == 1
        for n, shape in enumerate(self.shapes):
            if shape.name is not None and not self.forward.takes(shape.name):
                raise CannotRead(
                    self.place,
                    f"forward has no parameter {shape.name!r}",
                    did_you_mean(shape.name, names) or f"it takes {listing(names)}",
                )
            own = shape.name or (names[n] if n < len(names) else f"input{n + 1}")
            own = "input" if single else identifier(own)
            found = self.sizes(shape)
            settings = [setting(size, Mark(1, 1)) for size in found[1:]]
            spec.inputs[own] = Input(own, settings, shape.dtype, Mark(1, 1))
            given.append(Given(own))
            value = TensorValue(tuple(found), shape.dtype, given[-1])
            if shape.name is not None and self.forward.is_own:
                kwargs[shape.name] = value
            else:
                args.append(value)
        absent = self.forward.absent(len(args), kwargs)
        if absent:
            raise CannotRead(
                self.place,
                f"forward takes {listing(names)}, of which {listing(absent)} "
                f"{'is' if len(absent) == 1 else 'are'} not given",
                f"--input {absent[0]}=3,224,224 gives the shape of one, without the batch",
            )
        return given, args, kwargs

    def sizes(self, shape: Shape) -> list[Any]:
        """The sizes of an input, with its batch; symbols are sizes that know their names."""
        found: list[Any] = [1 if "B" in self.pinned else sizes.symbol("B", 1)]
        for name, size in shape.sizes:
            if name is None or name in self.pinned or name == "B":
                found.append(size)
                continue
            known = self.symbols.setdefault(name, size)
            if known != size:
                raise CannotRead(
                    Mark(1, 1), f"{name} is {known} in one input and {size} in another"
                )
            found.append(sizes.symbol(name, size))
        return found

    # -- what is learned but not used -----------------------------------------------------------

    def unused(self, held: list[tuple[str, TensorValue]], place: Mark, lowering: Lowering) -> None:
        """Entries for learned tensors, then buffers, that no operation uses; they count."""
        unused: dict[str, list[tuple[str, TensorValue]]] = {"Parameter": [], "Buffer": []}
        for path, value in held:
            op = value.stored.op if value.stored is not None else None
            if op is None or id(op) not in lowering.made_of:
                unused["Buffer" if is_buffer(value) else "Parameter"].append((path, value))
        for kind, pairs in unused.items():
            for path, value in pairs:
                item = lowering.lone(kind, path, place)
                item.settings["shape"] = setting(list(value.shape), item.mark)
                if value.dtype != "float32":
                    item.settings["dtype"] = setting(value.dtype, item.mark)
                if value.stored is not None and value.stored.is_part:
                    item.silence = ("unused-layer",)
