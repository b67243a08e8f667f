"""What the evaluator computes with, beside Python's own numbers, words and collections.

None of these runs anything: a function is its syntax tree, a class a table of names.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from shapecalc.language.problem import Mark, Source


class Place(Mark):
    """A place in Python source that knows its file."""

    source: Source

    @classmethod
    def of(cls, node: ast.AST, source: Source) -> Place:
        """The place of a node of a syntax tree."""
        line, start = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        text = source.line(line)
        length = 1
        if getattr(node, "end_lineno", 0) == line:
            length = max(1, getattr(node, "end_col_offset", start) - start)
        elif text:
            length = max(1, len(text.rstrip()) - start)
        if not text.isascii():  # offsets of a syntax tree count bytes
            start = len(text.encode()[:start].decode(errors="ignore"))
        place = cls(line, start + 1, length)
        place.source = source
        return place


class Frame:
    """The names known where code is evaluated: its own, those around it, and the file's."""

    __slots__ = (
        "function",
        "functions",
        "is_class",
        "module",
        "names",
        "outer",
        "parent",
        "yielded",
    )

    def __init__(
        self,
        module: Any,
        parent: Frame | None = None,
        function: Any = None,
        is_class: bool = False,
    ) -> None:
        self.is_class = is_class  # its names are not seen from the functions inside
        self.functions: list[Function] = []  # that a class's body makes
        self.names: dict[str, Any] = {}
        self.module = module
        self.parent = parent
        self.function = function
        self.outer: dict[str, Frame | None] | None = None  # declared global or nonlocal
        self.yielded: list[Any] | None = None


class Function:
    """A function of the source, with what it sees around it."""

    __slots__ = ("attributes", "closure", "code", "defaults", "name", "owner")

    def __init__(self, code: Any, closure: Frame, defaults: dict[str, Any]) -> None:
        self.code = code
        around = closure
        if closure.is_class:
            closure.functions.append(self)
        while around.is_class and around.parent is not None:
            around = around.parent
        self.closure = around
        self.defaults = defaults
        self.name: str = code.name
        self.owner: Class | None = None
        self.attributes: dict[str, Any] = {}

    def defaults_of(self, is_keyword_only: bool) -> Any:
        """``__defaults__`` or ``__kwdefaults__``; None where there are none."""
        names = self.code.keyword_only if is_keyword_only else self.code.positional
        found = {name: self.defaults[name] for name in names if name in self.defaults}
        return (found if is_keyword_only else tuple(found.values())) or None


class Builtin:
    """A function that is known here: ``run(runtime, *args, **kwargs)``.

    It is strict where it refuses itself what it does not take by name.
    """

    __slots__ = ("is_strict", "name", "run")

    def __init__(self, name: str, run: Callable[..., Any], is_strict: bool = False) -> None:
        self.name = name
        self.run = run
        self.is_strict = is_strict


class Method:
    """A function bound to what it is called on."""

    __slots__ = ("function", "self")

    def __init__(self, function: Any, owner: Any) -> None:
        self.function = function
        self.self = owner

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Method):
            return NotImplemented
        return self.function is other.function and self.self is other.self

    def __hash__(self) -> int:
        return hash((id(self.function), id(self.self)))


class Partial:
    """``functools.partial``."""

    __slots__ = ("args", "function", "kwargs")

    def __init__(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs


class Property:
    """A property, or a value computed once for each instance."""

    __slots__ = ("getter", "setter")

    def __init__(self, getter: Any, setter: Any = None) -> None:
        self.getter = getter
        self.setter = setter


class Static:
    """A static method."""

    __slots__ = ("function",)

    def __init__(self, function: Any) -> None:
        self.function = function


class ClassMethod:
    """A class method."""

    __slots__ = ("function",)

    def __init__(self, function: Any) -> None:
        self.function = function


class Class:
    """A class: of the source, or one that is known here."""

    __slots__ = ("bases", "beyond", "kind", "made", "module", "mro", "name", "names", "place")

    def __init__(
        self,
        name: str,
        bases: tuple[Class, ...] = (),
        names: dict[str, Any] | None = None,
        place: Place | None = None,
    ) -> None:
        self.name = name
        self.bases = bases
        self.names = names if names is not None else {}
        self.place = place
        self.module = ""
        self.beyond: tuple[Unknown, ...] = ()  # bases that are not known
        self.mro = _linear(self)
        self.kind: str | None = next((b.kind for b in self.mro[1:] if b.kind), None)
        self.made: Any = next((b.made for b in self.mro[1:] if b.made), None)

    def find(self, name: str) -> Any:
        """What the class or the first of its bases has by a name; ``KeyError`` if none has."""
        for cls in self.mro:
            if name in cls.names:
                return cls.names[name]
        raise KeyError(name)

    def has(self, name: str) -> bool:
        """Whether it or a base has a name."""
        for cls in self.mro:  # noqa: SIM110 - this is asked at every call
            if name in cls.names:
                return True
        return False

    def is_a(self, other: Class) -> bool:
        """Whether it is another class or derives from it."""
        return other in self.mro

    def __repr__(self) -> str:
        return f"<class {self.name}>"


class MixedBases(Exception):
    """Bases that have no common order."""


def _linear(cls: Class) -> tuple[Class, ...]:
    """Python's order of a class and its bases (C3)."""
    if len(cls.bases) == 1:
        return (cls, *cls.bases[0].mro)
    queues = [list(base.mro) for base in cls.bases] + [list(cls.bases)]
    order = [cls]
    while queues := [queue for queue in queues if queue]:
        for queue in queues:
            if not any(queue[0] in other[1:] for other in queues):
                head = queue[0]
                break
        else:
            raise MixedBases(cls.name)
        order.append(head)
        for queue in queues:
            if queue[0] is head:
                del queue[0]
    return tuple(order)


class Shown:
    """What code shows as it is shown here, by ``repr``."""

    __slots__ = ()


class Instance:
    """An instance of a class; ``data`` is what a class known here keeps in it."""

    __slots__ = ("attributes", "cls", "data")

    def __init__(self, cls: Class) -> None:
        self.cls = cls
        self.attributes: dict[str, Any] = {}
        self.data: Any = None

    def __repr__(self) -> str:
        return f"{self.cls.name}(...)"


class Member(Instance):
    """A member of an enumeration of numbers or words: as a key it is the one that it holds."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash(self.data)

    def __eq__(self, other: object) -> bool:
        return bool(self.data == (other.data if isinstance(other, Member) else other))


class Super:
    """``super()``: an instance, or a class, seen as what comes behind a class in its order."""

    __slots__ = ("behind", "self")

    def __init__(self, behind: Any, owner: Any) -> None:
        self.behind = behind
        self.self = owner


class Suppressed:
    """``contextlib.suppress``: the exceptions that end a block and no more."""

    def __init__(self, kinds: tuple[Any, ...]) -> None:
        self.kinds = kinds


class Unknown:
    """Something from elsewhere of which only the name is known, and perhaps where it comes in."""

    __slots__ = ("name", "place", "why")

    def __init__(self, name: str, why: str = "", place: Mark | None = None) -> None:
        self.name = name
        self.why = why
        self.place = place

    def __repr__(self) -> str:
        return f"<{self.name}, not known>"


CALLABLE = (Builtin, Class, Function, Method, Partial)
"""What does something when it is called."""


class Quiet:
    """A function or decorator that changes nothing: it gives back its first argument, or None."""

    __slots__ = ("name", "passes")

    def __init__(self, name: str, passes: bool = False) -> None:
        self.name = name
        self.passes = passes


class Iterated:
    """An iterator over values that are there already, or follow a simple rule."""

    __slots__ = ("items",)

    def __init__(self, items: Iterator[Any]) -> None:
        self.items = items

    def __iter__(self) -> Iterator[Any]:
        return self.items


class Deque(list):
    """``collections.deque``: a list of which the first may go as well."""

    maxlen: int | None = None

    def kept(self) -> None:
        """Let go what is more than may be kept."""
        if self.maxlen is not None:
            del self[: max(0, len(self) - self.maxlen)]


class Keys(list):
    """``dict.keys()``: in order, and a set for what operators do."""

    def __and__(self, other: Any) -> set[Any]:
        return set(self) & set(other)

    def __or__(self, other: Any) -> set[Any]:
        return set(self) | set(other)

    def __sub__(self, other: Any) -> set[Any]:
        return set(self) - set(other)

    def __rsub__(self, other: Any) -> set[Any]:
        return set(other) - set(self)

    def __xor__(self, other: Any) -> set[Any]:
        return set(self) ^ set(other)


class Raised(Exception):
    """An exception of the source's own, or one of Python's that its code leads to."""

    def __init__(self, instance: Instance, place: Place | None = None) -> None:
        super().__init__(instance.cls.name)
        self.notes: tuple[str, ...] = ()
        self.instance = instance
        self.place = place

    def is_a(self, name: str) -> bool:
        """Whether ``except`` with the name of one of Python's exceptions catches it."""
        return any(each.name == name for each in self.instance.cls.mro)


MISSING: Any = Quiet("missing")
"""What stands for nothing where None is something."""


class CannotRead(Exception):
    """The source cannot be read further: what is wrong at which place."""

    def __init__(self, place: Mark | None, message: str, *notes: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message
        self.notes = notes
