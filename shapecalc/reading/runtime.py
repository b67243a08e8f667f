"""The evaluator: names, attributes and calls, and the bounds of what a file may ask for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from shapecalc.language.problem import Mark, Source, did_you_mean
from shapecalc.reading.evaluator.attributes import Attributes
from shapecalc.reading.evaluator.calls import Calls
from shapecalc.reading.evaluator.classes import Classes
from shapecalc.reading.evaluator.items import Items
from shapecalc.reading.evaluator.operators import EXCEPTION, MOST_STEPS, Operators, parts, plain
from shapecalc.reading.evaluator.sizes import Size
from shapecalc.reading.evaluator.values import (
    CannotRead,
    Class,
    Frame,
    Function,
    Instance,
    Place,
    Raised,
    Shown,
    Unknown,
)
from shapecalc.reading.files import Files

TURN = 6
"""What a turn of a loop and a call of a builtin count as; an item gone through counts as one."""


class Runtime(Attributes, Calls, Operators, Items, Classes, Files):
    """Evaluates source, and keeps the way that led to where it is."""

    tensor_attribute: Any
    tensor_set: Any
    tensor_text: Any

    def __init__(self) -> None:
        self.steps = 0
        self.most_steps = MOST_STEPS
        self.node: Any = None
        self.source: Source | None = None
        self.frame: Frame | None = None
        self.calls: list[tuple[Function, Any, Source | None, Frame | None]] = []
        self.handled: list[Raised] = []
        self.unbound: set[Class] = set()  # of which super(cls).__init__() was called, without self
        self.places: dict[int, tuple[ast.AST, Place]] = {}  # with nodes, so that ids stay theirs
        self.pinned: set[str] = set()
        self.modules: dict[str, Any] = {}
        self.own: set[str] = set()
        self.leniency = 0
        self.tries = 0
        self.builtins: dict[str, Any] = {}
        self.setup()

    def setup(self) -> None:
        """Make what is known without any file."""
        from shapecalc.reading.evaluator.builtins import BUILTINS, exceptions

        self.builtins = {**BUILTINS, **exceptions()}
        from shapecalc.reading.known import replacement

        self.replacement = replacement

    # -- where it is ----------------------------------------------------------------------------

    def here(self) -> Mark | None:
        """The innermost place in the user's own files that is evaluated now."""
        if self.node is not None and self.source is not None and self.source.name in self.own:
            return self.place_of(self.node, self.source)
        for _, node, source, _ in reversed(self.calls):
            if node is not None and source is not None and source.name in self.own:
                return self.place_of(node, source)
        if self.node is not None and self.source is not None:
            return self.place_of(self.node, self.source)
        return None

    def place_of(self, node: ast.AST, source: Source) -> Place:
        """The place of a node; the same line of a class makes a layer in each of its instances."""
        known = self.places.get(id(node))
        if known is None:
            known = self.places[id(node)] = node, Place.of(node, source)
        return known[1]

    def cannot(self, message: str, *notes: str) -> CannotRead:
        """The error that what is evaluated now cannot be read."""
        return CannotRead(self.here(), message, *notes, *self.values_here())

    def values_here(self) -> list[str]:
        """The values of the names in what is evaluated, for a note."""
        is_own = self.source is not None and self.source.name in self.own
        if self.frame is None or self.node is None or not is_own:
            return []
        found: dict[str, str] = {}
        names = [node for node in ast.walk(self.node) if isinstance(node, ast.Name)]
        for node in sorted(names, key=lambda each: (each.lineno, each.col_offset)):
            if node.id in self.frame.names and len(found) < 5:
                said = self.said_briefly(self.frame.names[node.id])
                if said:
                    found[node.id] = said
        listed = " and ".join(f"{name} is {said}" for name, said in found.items())
        return [f"where {listed}"] if listed else []

    def said_of(self, value: Any) -> str:
        """A note that something is a tensor, where it is taken for more than one."""
        return (
            f"it is a tensor: {self.said_briefly(value)}{self.origin_of(value)}"
            if isinstance(value, self.tensor_type)
            else ""
        )

    origin_of: Any

    def said_briefly(self, value: Any) -> str:
        """A value in a few words: a number, a word, a short list, or the sizes of a tensor."""
        if isinstance(value, self.tensor_type):
            return " x ".join(map(str, map(int, value.shape))) or "a single number"
        if isinstance(value, tuple) and any(isinstance(e, self.tensor_type) for e in value):
            return f"({', '.join(self.said_briefly(each) for each in value)})"
        if isinstance(value, (bool, int, float, str, list, tuple)) and parts(value, 40) <= 40:
            text = self.represented(value)
            return text if len(text) <= 40 else ""
        return ""

    def error(self, name: str, message: str, *notes: str) -> Raised:
        """One of Python's own errors, as the source may catch it."""
        self.step(EXCEPTION)
        instance = Instance(self.builtins[name])
        instance.attributes["args"] = (message,)
        found = self.here()
        raised = Raised(instance, found if isinstance(found, Place) else None)
        raised.notes = (*filter(None, notes), *self.values_here())
        return raised

    def not_known(self, value: Unknown, doing: str = "") -> CannotRead:
        what = f"{value.name} is not known"
        return self.cannot(f"{what}, and {doing}" if doing else what, value.why)

    def step(self, count: int = TURN) -> None:
        self.steps += count
        if self.steps > self.most_steps:
            done, self.steps = self.steps, 0  # to tell the values here takes a few more
            error = self.cannot(
                f"more than {self.most_steps:,} steps lead to here",
                "is there a loop that never ends? if all of them end, --max-steps allows more",
            )
            self.steps = done
            raise error

    @contextmanager
    def lenient(self) -> Iterator[None]:
        """Where what is not known is no error until it is used."""
        self.leniency += 1
        try:
            yield
        finally:
            self.leniency -= 1

    @property
    def is_lenient(self) -> bool:  # type: ignore[override]
        """Whether what is not known may be passed on."""
        return self.leniency > 0

    @contextmanager
    def trying(self, handles: bool) -> Iterator[None]:
        """Inside ``try``, where an import that fails is an exception."""
        self.tries += handles
        try:
            yield
        finally:
            self.tries -= handles

    # -- names ----------------------------------------------------------------------------------

    def lookup(self, name: str, frame: Frame) -> Any:
        """The value of a name."""
        around: Frame | None = frame
        if frame.outer is not None and name in frame.outer:
            around = frame.outer[name]
        while around is not None:
            if name in around.names:
                return around.names[name]
            around = around.parent
        module = frame.module
        if name not in module.final or name in module.frame.names:  # else no statement binds it
            node, source = self.node, self.source
            try:
                return module.lookup(self, name)
            except KeyError:
                self.node, self.source = node, source
        if name in self.builtins:
            return self.builtins[name]
        if frame.module.unread:
            unread = frame.module.unread[-1]
            why = f"it may come with all of {unread.name!r}, which is not among what can be read"
            return Unknown(name, why)
        known = [*frame.names, *frame.module.names(), *self.builtins]
        message = f"name {name!r} is not defined"
        hint = did_you_mean(name, known)
        own = next(iter(frame.names.values()), None)
        if isinstance(own, Instance) and name in own.attributes:
            first = next(iter(frame.names))
            raise self.error("NameError", message, f"there is {first}.{name}: is {first}. missing?")
        raise self.error("NameError", f"{message}; {hint}" if hint else message)

    def bind(self, name: str, value: Any, frame: Frame) -> None:
        """Give a name a value."""
        if frame.outer is not None and name in frame.outer:
            around = frame.outer[name]
            if around is None:
                frame.module.assign(self, name, value)
            else:
                around.names[name] = value
        else:
            while frame.function is None and frame.parent is not None and not frame.is_class:
                frame = frame.parent  # a comprehension's := names what stands around it
            frame.names[name] = value

    # -- texts ----------------------------------------------------------------------------------

    def text(self, value: Any) -> str:
        """``str(value)``."""
        self.step(2)
        if isinstance(value, Instance):
            for name in ("__str__", "__repr__"):
                if value.cls.has(name):
                    return str(self.call(self.attribute(value, name), [], {}))
            if "args" in value.attributes and value.cls.has("__exception__"):
                args = value.attributes["args"]
                return self.text(args[0]) if len(args) == 1 else self.text(args) if args else ""
            return str(value) if plain(value) is value else self.text(plain(value))
        if isinstance(value, Shown):
            return repr(value)
        if isinstance(value, self.tensor_type):
            return str(self.tensor_text(value))
        if isinstance(value, (list, tuple, set)):
            inner = ", ".join(self.represented(each) for each in value)
            if isinstance(value, list):
                return f"[{inner}]"
            return (
                f"({inner}{',' * (len(value) == 1)})"
                if isinstance(value, tuple)
                else f"{{{inner}}}"
            )
        if isinstance(value, dict):
            pairs = (f"{self.represented(k)}: {self.represented(v)}" for k, v in value.items())
            return f"{{{', '.join(pairs)}}}"
        if isinstance(value, (bool, int, float, str)) or value is None:
            return str(int(value)) if isinstance(value, Size) else str(value)
        return f"<{getattr(value, 'name', type(value).__name__)}>"

    def represented(self, value: Any) -> str:
        """``repr(value)``."""
        return repr(value) if isinstance(value, str) else self.text(value)

    def entered(self, value: Any) -> Any:
        """What ``with`` gives a name to."""
        if isinstance(value, Instance) and value.cls.has("__enter__"):
            return self.call(self.attribute(value, "__enter__"), [], {})
        return value

    def catches(self, kind: Any, instance: Instance) -> bool:
        """Whether ``except kind`` is meant for an exception."""
        kinds = kind if isinstance(kind, tuple) else (kind,)
        return any(isinstance(each, Class) and instance.cls.is_a(each) for each in kinds)
