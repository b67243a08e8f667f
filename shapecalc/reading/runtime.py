"""The evaluator: names, attributes and calls, and the bounds of what a file may ask for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from shapecalc.language.problem import Mark, Source, did_you_mean
from shapecalc.reading.classes import Classes, Maker
from shapecalc.reading.files import Files, SourceModule
from shapecalc.reading.operators import Operators, plain, type_name
from shapecalc.reading.sizes import Size
from shapecalc.reading.values import (
    MISSING,
    Builtin,
    CannotRead,
    Class,
    ClassMethod,
    Frame,
    Function,
    Instance,
    Method,
    Partial,
    Place,
    Property,
    Quiet,
    Raised,
    Static,
    Super,
    Unknown,
)

MOST_STEPS = 3_000_000
"""How many calls and turns of loops a reading takes before it is given up."""

DEEPEST = 120
"""How deep calls may nest."""


class Runtime(Operators, Classes, Files):
    """Evaluates source, and keeps the way that led to where it is."""

    tensor_attribute: Any
    tensor_set: Any

    def __init__(self) -> None:
        self.steps = 0
        self.node: Any = None
        self.source: Source | None = None
        self.frame: Frame | None = None
        self.calls: list[tuple[Function, Any, Source | None]] = []
        self.handled: list[Raised] = []
        self.pinned: set[str] = set()
        self.modules: dict[str, Any] = {}
        self.own: set[str] = set()
        self.leniency = 0
        self.tries = 0
        self.builtins: dict[str, Any] = {}
        self.setup()

    def setup(self) -> None:
        """Make what is known without any file."""
        from shapecalc.reading.builtins import BUILTINS, exceptions

        self.builtins = {**BUILTINS, **exceptions()}
        from shapecalc.reading.known import REPLACED

        self.replaced = REPLACED

    # -- where it is ----------------------------------------------------------------------------

    def here(self) -> Mark | None:
        """The innermost place in the user's own files that is evaluated now."""
        if self.node is not None and self.source is not None and self.source.name in self.own:
            return Place.of(self.node, self.source)
        for _, node, source in reversed(self.calls):
            if node is not None and source is not None and source.name in self.own:
                return Place.of(node, source)
        if self.node is not None and self.source is not None:
            return Place.of(self.node, self.source)
        return None

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

    def said_briefly(self, value: Any) -> str:
        """A value in a few words: a number, a word, a short list, or the sizes of a tensor."""
        if isinstance(value, self.tensor_type):
            return " x ".join(map(str, map(int, value.shape))) or "a single number"
        if isinstance(value, (bool, int, float, str, list, tuple)):
            text = self.represented(value)
            return text if len(text) <= 40 else ""
        return ""

    def error(self, name: str, message: str) -> Raised:
        """One of Python's own errors, as the source may catch it."""
        instance = Instance(self.builtins[name])
        instance.attributes["args"] = (message,)
        found = self.here()
        raised = Raised(instance, found if isinstance(found, Place) else None)
        raised.notes = tuple(self.values_here())
        return raised

    def not_known(self, value: Unknown, doing: str = "") -> CannotRead:
        what = f"{value.name} is not known"
        return self.cannot(f"{what}, and {doing}" if doing else what, value.why)

    def step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise self.cannot(
                f"more than {MOST_STEPS:,} steps lead to here", "is there a loop that never ends?"
            )

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
            if around.parent is None:
                break
            around = around.parent
        node, source = self.node, self.source
        try:
            return frame.module.lookup(self, name)
        except KeyError:
            self.node, self.source = node, source
        if name in self.builtins:
            return self.builtins[name]
        known = [*frame.names, *frame.module.names(), *self.builtins]
        message = f"name {name!r} is not defined"
        hint = did_you_mean(name, known)
        raise self.error("NameError", f"{message}; {hint}" if hint else message)

    def bind(self, name: str, value: Any, frame: Frame) -> None:
        """Give a name a value."""
        if frame.outer is not None and name in frame.outer:
            around = frame.outer[name]
            (around.names if around is not None else frame.module.frame.names)[name] = value
        else:
            while frame.function is None and frame.parent is not None and not frame.is_class:
                frame = frame.parent  # a comprehension's := names what stands around it
            frame.names[name] = value

    # -- attributes -----------------------------------------------------------------------------

    def attribute(self, value: Any, name: str) -> Any:
        if isinstance(value, Instance):
            return self.instance_attribute(value, name)
        if isinstance(value, self.tensor_type):
            return self.tensor_attribute(value, name)
        if isinstance(value, SourceModule):
            try:
                return value.lookup(self, name)
            except KeyError:
                pass
            inner = self.submodule(value, name)
            if inner is not None:
                return inner
            message = f"module '{value.name}' has no attribute '{name}'"
            raise self.error("AttributeError", message)
        if hasattr(value, "known_attribute"):
            return value.known_attribute(self, name)
        if isinstance(value, Class):
            return self.class_attribute(value, name)
        if isinstance(value, Super):
            return self.super_attribute(value, name)
        if isinstance(value, Unknown):
            return Unknown(f"{value.name}.{name}", value.why)
        if isinstance(value, Function):
            if name in value.attributes:
                return value.attributes[name]
            if name in ("__name__", "__qualname__"):
                return value.name
            if name == "__module__":
                return value.closure.module.name
            if name in ("__doc__", "__wrapped__"):
                return value.attributes.get(name, "")
        if isinstance(value, Method) and name == "__self__":
            return value.self
        if isinstance(value, Method) and name in ("__name__", "__func__"):
            return value.function if name == "__func__" else self.attribute(value.function, name)
        if isinstance(value, Partial) and name in ("func", "args", "keywords"):
            return {"func": value.function, "args": value.args, "keywords": value.kwargs}[name]
        if isinstance(value, Builtin) and name in ("__name__", "__qualname__"):
            return value.name.rpartition(".")[2]
        if isinstance(value, Property) and name in ("setter", "getter", "deleter"):
            return Builtin(name, lambda rt, f, p=value: Property(p.getter, f))
        from shapecalc.reading.methods import native_attribute

        found = native_attribute(self, value, name)
        if found is not None:
            return found
        raise self.no_attribute(value, name)

    def no_attribute(self, value: Any, name: str) -> Exception:
        """Python's error for an attribute that is not there."""
        known: list[str] = []
        if isinstance(value, Instance):
            known = [*value.attributes, *(n for cls in value.cls.mro for n in cls.names)]
            beyond = [base for cls in value.cls.mro for base in cls.beyond]
            if beyond:
                return self.not_known(Unknown(f"{value.cls.name}.{name}", _from(beyond)))
        hint = did_you_mean(name, known)
        message = f"{type_name(value)!r} object has no attribute {name!r}"
        return self.error("AttributeError", f"{message}; {hint}" if hint else message)

    def instance_attribute(self, value: Instance, name: str) -> Any:
        """An attribute of an instance: its own, or its class's, bound to it."""
        attributes = value.attributes
        if name in attributes:
            return attributes[name]
        for cls in value.cls.mro:
            if name in cls.names:
                return self.bound(cls.names[name], value, value.cls)
        if name == "__class__":
            return value.cls
        if name == "__dict__":
            return attributes
        if name == "__setattr__":
            return Builtin(name, lambda rt, key, item: rt.store(value, key, item))
        if name in ("__getattr__", "__getattribute__"):
            return Builtin(name, lambda rt, key: rt.attribute(value, key))
        if name == "__delattr__":
            return Builtin(name, lambda rt, key: rt.delete_attribute(value, key))
        if name == "__doc__":
            return ""
        found = self.special_attribute(value, name)
        if found is not MISSING:
            return found
        inner = plain(value)
        if inner is not value:
            return self.attribute(inner, name)
        if value.cls.has("__getattr__"):
            return self.call(self.attribute(value, "__getattr__"), [name], {})
        raise self.no_attribute(value, name)

    def bound(self, found: Any, value: Any, cls: Class) -> Any:
        """What an instance gives for something that stands in its class."""
        if isinstance(found, (Function, Builtin)):
            return Method(found, value)
        if isinstance(found, Property):
            return self.call(found.getter, [value], {})
        if isinstance(found, Static):
            return found.function
        if isinstance(found, ClassMethod):
            return Method(found.function, cls)
        return found

    def class_attribute(self, value: Class, name: str) -> Any:
        """An attribute of a class."""
        for cls in value.mro:
            if name in cls.names:
                found = cls.names[name]
                if isinstance(found, Static):
                    return found.function
                return Method(found.function, value) if isinstance(found, ClassMethod) else found
        if name in ("__name__", "__qualname__"):
            return value.name
        if name == "__new__":
            return Maker(value)
        if name == "__module__":
            return value.module
        if name == "__mro__":
            return value.mro
        if name == "__bases__":
            return value.bases
        if name == "__init__":
            return Builtin("__init__", lambda rt, *args, **kwargs: None)
        message = f"type object '{value.name}' has no attribute '{name}'"
        hint = did_you_mean(name, [n for cls in value.mro for n in cls.names])
        raise self.error("AttributeError", f"{message}; {hint}" if hint else message)

    def super_attribute(self, value: Super, name: str) -> Any:
        """An attribute of what comes behind a class."""
        if not isinstance(value.behind, Class):
            raise self.error("TypeError", "super() argument 1 must be a type")
        is_instance = isinstance(value.self, Instance)
        cls = value.self.cls if is_instance else value.self
        if not isinstance(cls, Class) or value.behind not in cls.mro:
            message = "super(type, obj): obj must be an instance or subtype of type"
            raise self.error("TypeError", message)
        for each in cls.mro[cls.mro.index(value.behind) + 1 :]:
            if name in each.names:
                found = each.names[name]
                if is_instance:
                    return self.bound(found, value.self, cls)
                return Method(found.function, cls) if isinstance(found, ClassMethod) else found
        if name == "__new__":
            return Maker(cls)
        if name in ("__init__", "__setattr__", "__init_subclass__", "__post_init__"):
            if name == "__setattr__" and is_instance:
                return Builtin(name, lambda rt, key, item: rt.store(value.self, key, item))
            return Builtin(name, lambda rt, *args, **kwargs: None)
        if is_instance:
            found = self.special_attribute(value.self, name)
            if found is not MISSING:
                return found
            if isinstance(value.self.data, (dict, list)):
                return self.attribute(value.self.data, name)
        raise self.error("AttributeError", f"'super' object has no attribute '{name}'")

    def special_attribute(self, value: Instance, name: str) -> Any:
        """What a class known here computes for a name."""
        return MISSING

    def set_attribute(self, value: Any, name: str, item: Any) -> None:
        """``value.name = item``."""
        if isinstance(value, Instance):
            found = None
            if value.cls.has(name):
                found = value.cls.find(name)
            if isinstance(found, Property) and found.setter is not None:
                self.call(found.setter, [value, item], {})
            elif value.cls.has("__setattr__"):
                self.call(self.attribute(value, "__setattr__"), [name, item], {})
            else:
                self.store(value, name, item)
        elif isinstance(value, Class):
            value.names[name] = item
        elif isinstance(value, Function):
            value.attributes[name] = item
        elif isinstance(value, SourceModule):
            value.frame.names[name] = item
        elif isinstance(value, self.tensor_type):
            self.tensor_set(value, name, item)
        elif isinstance(value, Maker):
            value.known_set(name, item)
        elif not isinstance(value, (Unknown, Quiet)) and not hasattr(value, "known_attribute"):
            raise self.no_attribute(value, name)

    def store(self, value: Instance, name: str, item: Any) -> None:
        """Put an attribute into an instance."""
        value.attributes[name] = item

    def delete_attribute(self, value: Any, name: str) -> None:
        """``del value.name``."""
        if isinstance(value, Instance):
            if name not in value.attributes:
                raise self.no_attribute(value, name)
            del value.attributes[name]

    # -- calls ----------------------------------------------------------------------------------

    def call(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """``function(*args, **kwargs)``."""
        if isinstance(function, Method):
            return self.call(function.function, [function.self, *args], kwargs)
        if isinstance(function, Function):
            return self.call_function(function, args, kwargs)
        if isinstance(function, Builtin):
            return self.call_builtin(function, args, kwargs)
        if isinstance(function, Class):
            return self.new(function, args, kwargs)
        if isinstance(function, Instance):
            return self.call_instance(function, args, kwargs)
        if isinstance(function, Partial):
            return self.call(
                function.function, [*function.args, *args], {**function.kwargs, **kwargs}
            )
        if isinstance(function, Quiet):
            return args[0] if function.passes and args else None
        if isinstance(function, Unknown):
            return self.call_unknown(function, args)
        if isinstance(function, Static):
            return self.call(function.function, args, kwargs)
        if hasattr(function, "known_call"):
            return function.known_call(self, args, kwargs)
        raise self.error("TypeError", f"'{type_name(function)}' object is not callable")

    def call_unknown(self, function: Unknown, args: list[Any]) -> Any:
        """A call of something from elsewhere: at the level of a file its result is not known."""
        if self.is_lenient or not self.calls:
            return Unknown(f"{function.name}(...)", function.why)
        return self.stood_in(function, args)

    def stood_in(self, function: Unknown, args: list[Any]) -> Any:
        """What a call that is not known is assumed to give."""
        raise self.not_known(function)

    def passed_over(self, function: Unknown) -> None:
        """A call of something that is not known, whose result nobody takes."""

    def call_builtin(self, function: Builtin, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call something known here; what does not fit it is the source's mistake."""
        try:
            return function.run(self, *args, **kwargs)
        except TypeError as wrong:
            trace = wrong.__traceback__
            if trace is not None and trace.tb_next is None:
                message = str(wrong).replace("<lambda>", function.name)
                for mine in (f"{function.run.__qualname__}()", f"{function.run.__name__}()"):
                    message = message.replace(mine, f"{function.name}()")
                raise self.error("TypeError", message) from None
            raise

    def call_instance(self, value: Instance, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call an instance that its class makes callable."""
        if value.cls.has("__call__"):
            return self.call(self.attribute(value, "__call__"), args, kwargs)
        raise self.error("TypeError", f"'{value.cls.name}' object is not callable")

    def call_function(self, function: Function, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call a function of the source."""
        code = function.code
        self.step()
        frame = Frame(function.closure.module, function.closure, function)
        frame.names = self.arguments(function, args, kwargs)
        if len(self.calls) >= DEEPEST:
            raise self.cannot(f"calls nest deeper than {DEEPEST}", "does a function call itself?")
        node, source, around = self.node, self.source, self.frame
        self.calls.append((function, node, source))
        self.frame = frame
        lenient, self.leniency = self.leniency, 0
        try:
            if code.is_generator:
                frame.yielded = []
                code.run(frame)
                return self.iterator(frame.yielded)
            return code.run(frame)
        except Raised as raised:
            if raised.place is None or raised.place.source.name not in self.own:
                found = self.here()
                raised.place = found if isinstance(found, Place) else raised.place
            raise
        finally:
            self.leniency = lenient
            self.calls.pop()
            self.node, self.source, self.frame = node, source, around

    def arguments(
        self, function: Function, args: list[Any], kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        """What a function's parameters stand for in a call."""
        code = function.code
        names: dict[str, Any] = {}
        count = len(code.positional)
        names.update(zip(code.positional, args))
        if len(args) > count:
            if code.star is None:
                many = f"takes {count} positional argument{'s' if count != 1 else ''}"
                message = f"{self.called(function)}() {many} but {len(args)} were given"
                raise self.error("TypeError", message)
        if code.star is not None:
            names[code.star] = tuple(args[count:])
        rest: dict[str, Any] = {}
        for name, value in kwargs.items():
            if name in names and name in code.positional:
                message = f"{self.called(function)}() got multiple values for argument '{name}'"
                raise self.error("TypeError", message)
            if name in code.positional or name in code.keyword_only:
                names[name] = value
            elif code.double_star is not None:
                rest[name] = value
            else:
                known = [*code.positional, *code.keyword_only]
                message = f"{self.called(function)}() got an unexpected keyword argument '{name}'"
                hint = did_you_mean(name, known)
                raise self.error("TypeError", f"{message}; {hint}" if hint else message)
        if code.double_star is not None:
            names[code.double_star] = rest
        missing = []
        for name in (*code.positional, *code.keyword_only):
            if name not in names:
                if name in function.defaults:
                    names[name] = function.defaults[name]
                else:
                    missing.append(name)
        if missing:
            listed = " and ".join(f"'{name}'" for name in missing)
            plural = "s" if len(missing) > 1 else ""
            message = f"{self.called(function)}() missing {len(missing)} required argument{plural}"
            raise self.error("TypeError", f"{message}: {listed}")
        return names

    def called(self, function: Function) -> str:
        """What a function is called in Python's messages."""
        owner = f"{function.owner.name}." if function.owner is not None else ""
        return owner + function.name

    # -- texts ----------------------------------------------------------------------------------

    def text(self, value: Any) -> str:
        """``str(value)``."""
        if isinstance(value, Instance):
            for name in ("__str__", "__repr__"):
                if value.cls.has(name):
                    return str(self.call(self.attribute(value, name), [], {}))
            if "args" in value.attributes and value.cls.has("__exception__"):
                args = value.attributes["args"]
                return self.text(args[0]) if len(args) == 1 else self.text(args) if args else ""
            return str(value) if plain(value) is value else self.text(plain(value))
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

    def is_quiet(self, value: Any) -> bool:
        """Whether calling something changes nothing."""
        return isinstance(value, (Quiet, Unknown))

    def decorated(self, decorator: Any, made: Any) -> Any:
        """What a decorator makes of a function or class."""
        if isinstance(decorator, Unknown):
            return made
        return self.call(decorator, [made], {})

    def catches(self, kind: Any, instance: Instance) -> bool:
        """Whether ``except kind`` is meant for an exception."""
        kinds = kind if isinstance(kind, tuple) else (kind,)
        return any(isinstance(each, Class) and instance.cls.is_a(each) for each in kinds)


def _from(bases: list[Unknown]) -> str:
    return f"{' or '.join(base.name for base in bases)}, which is not known, may have it"


__all__ = ["CannotRead", "Runtime"]
