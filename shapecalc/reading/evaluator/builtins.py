"""Python's own functions, as far as networks are written with them."""

from __future__ import annotations

import builtins
from typing import Any

from shapecalc.reading.evaluator.classes import HOLDERS, OBJECT
from shapecalc.reading.evaluator.operators import plain, type_name
from shapecalc.reading.evaluator.scopes import SCOPES
from shapecalc.reading.evaluator.sizes import Ratio, Size
from shapecalc.reading.evaluator.types import BUILTINS, builtin, is_instance
from shapecalc.reading.evaluator.values import (
    Builtin,
    Class,
    ClassMethod,
    Instance,
    Iterated,
    Property,
    Quiet,
    Static,
    Unknown,
)

for _name in ("print", "input", "breakpoint", "help"):
    BUILTINS[_name] = Quiet(_name)
for _name in ("open", "exec", "compile", "memoryview"):
    BUILTINS[_name] = Unknown(_name, "nothing is run or opened while a file is read")
BUILTINS.update(SCOPES)
for _name in ("bytes", "bytearray", "complex"):  # as types that values are asked for
    BUILTINS[_name] = Unknown(_name, "it is no value that networks are made of")
BUILTINS.update(
    {
        "object": OBJECT,
        "NotImplemented": Unknown("NotImplemented"),
        "Ellipsis": ...,
        "__debug__": True,
    }
)


def exceptions() -> dict[str, Class]:
    """Python's exceptions."""
    own = {
        name: each
        for name, each in vars(builtins).items()
        if isinstance(each, type) and issubclass(each, BaseException)
    }
    found = {"BaseException": Class("BaseException", (OBJECT,), {"__exception__": True})}
    for each in sorted(own.values(), key=lambda each: len(each.__mro__)):
        if each.__name__ not in found:
            found[each.__name__] = Class(each.__name__, (found[each.__mro__[1].__name__],))
    return {name: found[each.__name__] for name, each in own.items()}


# -- numbers -----------------------------------------------------------------------------------


@builtin("int")
def _int(rt: Any, value: Any = 0, base: Any = None) -> Any:
    if isinstance(value, rt.tensor_type):
        return int(rt.tensor_number(value))
    value = plain(value)
    if isinstance(value, Size):
        return value
    if isinstance(value, Ratio):
        return value.below if value >= 0 else value.above
    if isinstance(value, (str, float, int)):
        try:
            return int(str(value), base) if base is not None else int(value)
        except (ValueError, OverflowError) as wrong:
            raise rt.error(type(wrong).__name__, str(wrong)) from None
    if isinstance(value, Unknown):
        raise rt.not_known(value)
    said = "int() argument must be a string, a bytes-like object or a real number, not "
    raise rt.error("TypeError", f"{said}'{type_name(value)}'")


@builtin("float")
def _float(rt: Any, value: Any = 0.0) -> Any:
    if isinstance(value, rt.tensor_type):
        return float(rt.tensor_number(value))
    try:
        return float(plain(value))
    except (ValueError, TypeError) as wrong:
        raise rt.error(type(wrong).__name__, str(wrong)) from None


@builtin("bool")
def _bool(rt: Any, value: Any = False) -> Any:
    return rt.truth(value)


@builtin("abs")
def _abs(rt: Any, value: Any) -> Any:
    if isinstance(value, rt.tensor_type):
        return rt.call(rt.attribute(value, "abs"), [], {})
    return -value if value < 0 else value


@builtin("round")
def _round(rt: Any, number: Any, ndigits: Any = None) -> Any:
    value = rt.tensor_number(number) if isinstance(number, rt.tensor_type) else plain(number)
    return round(value) if ndigits is None else round(value, ndigits)


@builtin("pow")
def _pow(rt: Any, base: Any, exp: Any, mod: Any = None) -> Any:
    if mod is None:
        return rt.binary("**", base, exp)
    if not all(isinstance(plain(each), int) for each in (base, exp, mod)):
        raise rt.error(
            "TypeError", "pow() 3rd argument not allowed unless all arguments are integers"
        )
    try:
        return pow(plain(base), plain(exp), plain(mod))
    except ValueError as wrong:  # of 0, or where there is no inverse
        raise rt.error("ValueError", str(wrong)) from None


@builtin("divmod")
def _divmod(rt: Any, a: Any, b: Any) -> Any:
    return rt.binary("//", a, b), rt.binary("%", a, b)


def _extreme(word: str) -> Any:
    def run(rt: Any, *values: Any, key: Any = None, default: Any = ...) -> Any:
        items = rt.drawn_all(values[0]) if len(values) == 1 else list(values)
        if not items:
            if default is not ...:
                return default
            name = "min" if word == "<" else "max"
            raise rt.error("ValueError", f"{name}() arg is an empty sequence")
        best = items[0]
        rank = best if key is None else rt.call(key, [best], {})
        for item in items[1:]:
            other = item if key is None else rt.call(key, [item], {})
            if rt.truth(rt.compare(word, other, rank)):
                best, rank = item, other
        return best

    return run


builtin("min")(_extreme("<"))
builtin("max")(_extreme(">"))


@builtin("sum")
def _sum(rt: Any, values: Any, start: Any = 0) -> Any:
    found = start
    first = True
    for value in rt.iterate(values):
        rt.step(2)
        is_zero = first and type(found) is int and found == 0
        found = (
            value if is_zero and isinstance(value, rt.tensor_type) else rt.binary("+", found, value)
        )
        first = False
    return found


# -- collections -------------------------------------------------------------------------------


@builtin("len")
def _len(rt: Any, value: Any) -> Any:
    if isinstance(value, rt.tensor_type):
        return rt.tensor_length(value)
    if isinstance(value, Instance):
        if value.cls.has("__len__"):
            return rt.call(rt.attribute(value, "__len__"), [], {})
        value = plain(value)
    if isinstance(value, Class) and "__members__" in value.names:
        return len(value.names["__members__"])
    try:
        return len(value)
    except TypeError:
        if isinstance(value, Unknown):
            raise rt.not_known(value) from None
        raise rt.error("TypeError", f"object of type '{type_name(value)}' has no len()") from None


@builtin("range")
def _range(rt: Any, *args: Any) -> Any:
    for each in args:
        if not isinstance(each, int):
            message = f"'{type_name(each)}' object cannot be interpreted as an integer"
            raise rt.error("TypeError", message)
    numbers = []
    for each in args:
        if isinstance(each, Size):
            rt.truth(each)
        numbers.append(int(each))
    return range(*numbers)


def _collect(make: Any) -> Any:
    return lambda rt, values=(): make(rt.drawn_all(values))


builtin("list")(_collect(list))
builtin("tuple")(_collect(tuple))
builtin("set")(lambda rt, values=(): set(rt.hashable(rt.drawn_all(values))))
builtin("frozenset")(lambda rt, values=(): frozenset(rt.hashable(rt.drawn_all(values))))


@builtin("dict")
def _dict(rt: Any, values: Any = None, /, **more: Any) -> Any:
    found: dict[Any, Any] = {}
    if values is not None:
        if isinstance(plain(values), dict) or (
            isinstance(values, Instance) and values.cls.has("keys")
        ):
            found.update(rt.as_dict(values))
        else:
            for pair in rt.iterate(values):
                key, value = rt.iterate(pair)
                found[rt.key(key)] = value
    found.update(more)
    return found


@builtin("enumerate")
def _enumerate(rt: Any, values: Any, start: int = 0) -> Any:
    return rt.iterator(enumerate(rt.iterate(values), start))


@builtin("zip")
def _zip(rt: Any, *values: Any, strict: bool = False) -> Any:
    return rt.iterator(zip(*[rt.iterate(value) for value in values]))


@builtin("reversed")
def _reversed(rt: Any, value: Any) -> Any:
    return rt.iterator(reversed(rt.drawn_all(value)))


@builtin("map")
def _map(rt: Any, function: Any, *values: Any) -> Any:
    rows = zip(*[rt.iterate(value) for value in values])
    return rt.iterator([rt.call(function, list(row), {}) for row in rows])


@builtin("filter")
def _filter(rt: Any, function: Any, values: Any) -> Any:
    def keeps(item: Any) -> bool:
        found: bool = rt.truth(item if function is None else rt.call(function, [item], {}))
        return found

    return rt.iterator([item for item in rt.iterate(values) if keeps(item)])


@builtin("sorted")
def _sorted(rt: Any, values: Any, key: Any = None, reverse: Any = False) -> Any:
    return sort(rt, rt.drawn_all(values), key, reverse)


def sort(rt: Any, items: list[Any], key: Any, reverse: Any) -> list[Any]:
    """Items in order."""
    rt.walked(items)
    ranks = [(rt.call(key, [item], {}) if key is not None else item) for item in items]
    try:
        order = sorted(range(len(items)), key=lambda n: plain(ranks[n]), reverse=bool(reverse))
    except TypeError as wrong:
        raise rt.error("TypeError", str(wrong)) from None
    return [items[n] for n in order]


builtin("iter")(lambda rt, values: rt.iterator(iter(rt.iterate(values))))


@builtin("next")
def _next(rt: Any, values: Any, *default: Any) -> Any:
    if isinstance(values, Instance) and values.cls.has("__next__"):
        return rt.call(rt.attribute(values, "__next__"), [], {})
    if isinstance(values, Unknown):
        return rt.call_unknown(values, [])
    for value in rt.iterate(values) if isinstance(values, Iterated) else ():
        return value
    if default:
        return default[0]
    raise rt.error("StopIteration", "")


def _all(wanted: bool) -> Any:
    def run(rt: Any, values: Any) -> bool:
        for value in rt.iterate(values):
            if rt.truth(value) is not wanted:
                return not wanted
        return wanted

    return run


builtin("all")(_all(True))
builtin("any")(_all(False))
builtin("slice")(lambda rt, *args: slice(*args))

# -- texts --------------------------------------------------------------------------------------

builtin("str")(lambda rt, value="": rt.text(value))
builtin("repr")(lambda rt, value: rt.represented(value))
builtin("chr")(lambda rt, value: chr(value))
builtin("ord")(lambda rt, value: ord(value))
builtin("id")(lambda rt, value: id(value))


@builtin("hash")
def _hash(rt: Any, value: Any) -> Any:
    return hash(rt.key(value))


@builtin("format")
def _format(rt: Any, value: Any, spec: str = "") -> Any:
    from shapecalc.reading.evaluator.texts import formatted

    return formatted(rt, value, spec)


# -- classes and attributes --------------------------------------------------------------------


@builtin("getattr")
def _getattr(rt: Any, value: Any, name: Any, *default: Any) -> Any:
    from shapecalc.reading.evaluator.source import SourceModule
    from shapecalc.reading.evaluator.values import Raised

    if not isinstance(name, str):
        raise rt.error("TypeError", "attribute name must be string, not " + repr(type_name(name)))
    if not default or (isinstance(value, SourceModule) and name in value.assigned):
        return rt.attribute(value, name)
    try:
        found = rt.attribute(value, name)
    except Raised as raised:
        if raised.is_a("AttributeError"):
            return default[0]
        raise
    return default[0] if isinstance(found, Unknown) and not isinstance(value, Unknown) else found


@builtin("hasattr")
def _hasattr(rt: Any, value: Any, name: str) -> bool:
    missing = Quiet("missing")
    return _getattr(rt, value, name, missing) is not missing


builtin("setattr")(lambda rt, value, name, item: rt.set_attribute(value, name, item))
builtin("delattr")(lambda rt, value, name: rt.delete_attribute(value, name))
builtin("dir")(lambda rt, value: sorted(rt.names_of(value)))
builtin("property")(lambda rt, getter, setter=None, *more: Property(getter, setter))
builtin("staticmethod")(lambda rt, function: Static(function))
builtin("classmethod")(lambda rt, function: ClassMethod(function))


def is_builtin_type(value: Any) -> bool:
    """Whether a value stands for one of Python's own types."""
    return isinstance(value, Builtin) and value.name in HOLDERS


__all__ = ["BUILTINS", "builtin", "exceptions", "is_instance", "sort"]
