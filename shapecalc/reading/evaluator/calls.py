"""Calls: of functions of the source, of what is known here, and of what is not."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from shapecalc.language.problem import Source, did_you_mean
from shapecalc.reading.evaluator.operators import type_name
from shapecalc.reading.evaluator.values import (
    Builtin,
    Class,
    Frame,
    Function,
    Instance,
    Method,
    Partial,
    Place,
    Quiet,
    Raised,
    Static,
    Unknown,
)

DEEPEST = 120
"""How deep calls may nest."""

CALL = 20
"""What a call of a function of the source counts as, by the time it takes."""

_NO_SELF = "a method's first parameter is self: is it missing?"


class Calls:
    """The part of the runtime that calls."""

    attribute: Any
    built: Any
    calls: list[tuple[Function, Any, Source | None, Frame | None]]
    cannot: Any
    error: Any
    frame: Frame | None
    here: Any
    is_lenient: Any
    iterator: Any
    leniency: int
    new: Any
    node: Any
    not_known: Any
    own: set[str]
    source: Source | None
    step: Any

    @cached_property
    def ways(self) -> dict[type, Callable[[Any, list[Any], dict[str, Any]], Any]]:
        """How what is mostly called is called, by its type."""
        return {
            Method: self.call_method,
            Function: self.call_function,
            Builtin: self.call_builtin,
            Class: self.new,
            Instance: self.call_instance,
        }

    def call_method(self, method: Method, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call a function bound to what it is called on."""
        return self.call(method.function, [method.self, *args], kwargs)

    def call(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """``function(*args, **kwargs)``."""
        way = self.ways.get(type(function))
        if way is not None:
            return way(function, args, kwargs)
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
        alone = isinstance(function, tuple) and len(function) == 1
        hint = "a comma behind a value makes a tuple of it: is there one too many?" if alone else ""
        message = f"'{type_name(function)}' object is not callable"
        raise self.error("TypeError", message, hint)

    def call_unknown(self, function: Unknown, args: list[Any]) -> Any:
        """A call of something from elsewhere: at the level of a file its result is not known."""
        if self.is_lenient or not self.calls:
            is_own = self.source is not None and self.source.name in self.own
            place = function.place or (self.here() if is_own else None)
            return Unknown(f"{function.name}(...)", function.why, place)
        return self.stood_in(function, args)

    def stood_in(self, function: Unknown, args: list[Any]) -> Any:
        """What a call that is not known is assumed to give."""
        raise self.not_known(function)

    def passed_over(self, function: Unknown) -> None:
        """A call of something that is not known, whose result nobody takes."""

    def call_builtin(self, function: Builtin, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call something known here; what does not fit it is the source's mistake."""
        self.step()
        if kwargs:
            self.check_names(function, kwargs)
        try:
            found = function.run(self, *args, **kwargs)
        except TypeError as wrong:
            trace = wrong.__traceback__
            if trace is None or trace.tb_next is not None:
                raise
            other = self.other_call(function, args, kwargs) if kwargs else None
            if other is not None:
                return self.call_builtin(function, *other)
            message = str(wrong).replace("<lambda>", function.name)
            for mine in dict.fromkeys((function.run.__qualname__, function.run.__name__)):
                message = message.replace(f"{mine}()", f"{function.name}()")
            raise self.error("TypeError", message) from None
        return self.built(found) if isinstance(found, (str, list, tuple, dict, set)) else found

    def check_names(self, function: Builtin, kwargs: dict[str, Any]) -> None:
        """An error for an argument that a function has not although it takes all by name here."""

    def other_call(self, function: Builtin, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """The same call with its arguments as a function takes them here; None if there is none."""

    def call_instance(self, value: Instance, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call an instance that its class makes callable."""
        if value.cls.has("__call__"):
            return self.call(self.attribute(value, "__call__"), args, kwargs)
        raise self.error("TypeError", f"'{value.cls.name}' object is not callable")

    def call_function(self, function: Function, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call a function of the source."""
        self.step(CALL)
        return self.run_function(function, self.arguments(function, args, kwargs))

    def run_function(self, function: Function, names: dict[str, Any]) -> Any:
        """Run a function of the source where its parameters stand for something."""
        code = function.code
        frame = Frame(function.closure.module, function.closure, function)
        frame.names = names
        if len(self.calls) >= DEEPEST:
            raise self.cannot(f"calls nest deeper than {DEEPEST}", "does a function call itself?")
        node, source, around = self.node, self.source, self.frame
        self.calls.append((function, node, source, around))
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
                is_method = function.owner is not None and "self" not in code.positional
                raise self.error("TypeError", message, _NO_SELF if is_method else "")
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

    def is_quiet(self, value: Any) -> bool:
        """Whether calling something changes nothing."""
        return isinstance(value, (Quiet, Unknown))

    def decorated(self, decorator: Any, made: Any) -> Any:
        """What a decorator makes of a function or class."""
        if isinstance(decorator, Unknown):
            return made
        return self.call(decorator, [made], {})
