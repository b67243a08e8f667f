"""Methods of Python's own values: words, lists, tuples, dictionaries, sets and numbers.

What is not named here is not there: no attribute of a value leads to the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shapecalc.reading.evaluator.builtins import sort
from shapecalc.reading.evaluator.values import Builtin, Deque, Keys, Method

Run = Callable[..., Any]

_PLAIN: dict[type, str] = {
    str: "lower upper title capitalize strip lstrip rstrip startswith endswith split rsplit "
    "splitlines find rfind index count isdigit isalpha isalnum isnumeric isidentifier isspace "
    "islower isupper partition rpartition swapcase casefold removeprefix removesuffix",
    tuple: "index count",
    int: "bit_length",
    float: "is_integer",
    set: "add discard remove union intersection difference issubset issuperset copy clear",
    frozenset: "union intersection difference issubset issuperset copy",
    Deque: "",
    list: "append clear copy count index insert pop remove reverse",
    dict: "clear copy",
}
_VALUES: dict[type, dict[str, Callable[[Any], Any]]] = {
    int: {"real": int, "imag": lambda v: 0, "numerator": int, "denominator": lambda v: 1},
    float: {"real": float, "imag": lambda v: 0.0},
}


def native_attribute(rt: Any, value: Any, name: str) -> Any:
    """A method of one of Python's own values, bound to it; None if there is none."""
    for kind, names in _PLAIN.items():
        if not isinstance(value, kind):
            continue
        special = _SPECIAL.get((kind, name))
        if special is not None:
            return Method(Builtin(f"{kind.__name__}.{name}", special), value)
        if name in names.split():
            return Method(Builtin(f"{kind.__name__}.{name}", _plain(name)), value)
        if name in _VALUES.get(kind, {}):
            return _VALUES[kind][name](value)
        if name == "__len__" and hasattr(value, "__len__"):
            return Method(Builtin("__len__", lambda rt, v: len(v)), value)
        if name == "__class__":
            from shapecalc.reading.evaluator.builtins import BUILTINS

            return BUILTINS.get(kind.__name__)
    fields: Any = getattr(value, "names", ())
    if isinstance(value, tuple) and name in fields:
        return value[fields.index(name)]
    if isinstance(value, slice) and name in ("start", "stop", "step"):
        return getattr(value, name)
    return None


_NATIVE: dict[str, Any] = {
    each.__name__: each for each in (str, int, float, list, tuple, dict, set)
}


def native_function(rt: Any, cls: Builtin, name: str) -> Any:
    """A method as a function, ``str.lower``, of one of Python's own types; None if it has none."""
    from shapecalc.reading.evaluator.builtins import BUILTINS
    from shapecalc.reading.evaluator.operators import plain, type_name

    if cls.name not in _NATIVE or BUILTINS.get(cls.name) is not cls:
        return None
    empty = _NATIVE[cls.name]()
    found = native_attribute(rt, empty, name)
    if not isinstance(found, Method):
        return None
    if name == "fromkeys":  # it is the class's own
        return found
    function, kind = found.function, _NATIVE[cls.name]

    def run(rt: Any, *args: Any, **kwargs: Any) -> Any:
        if not args:
            raise rt.error("TypeError", f"unbound method {function.name}() needs an argument")
        owner = plain(args[0])
        if not isinstance(owner, kind):
            message = f"descriptor {name!r} for {cls.name!r} objects doesn't apply to a "
            raise rt.error("TypeError", f"{message}{type_name(owner)!r} object")
        return function.run(rt, owner, *args[1:], **kwargs)

    return Builtin(function.name, run, function.is_strict)


_AT_ONCE = frozenset({"append", "add", "get", "keys", "values", "items", "setdefault", "discard"})
"""What takes as long of a large collection as of a small one."""


def _plain(name: str) -> Run:
    def run(rt: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        if name not in _AT_ONCE and hasattr(value, "__len__"):
            rt.step(len(value) // 64)
        for each in args:
            rt.walked(each)
        try:
            found = getattr(value, name)(*args, **kwargs)
        except (ValueError, IndexError, KeyError, TypeError) as wrong:
            raise rt.error(type(wrong).__name__, str(wrong)) from None
        if isinstance(value, (list, set)):
            rt.bounded(value)
        return found

    return run


_SPECIAL: dict[tuple[type, str], Run] = {}


def _method(kind: type, name: str) -> Callable[[Run], Run]:
    def note(run: Run) -> Run:
        _SPECIAL[kind, name] = run
        return run

    return note


def _as_type(rt: Any, value: Any, dtype: Any, **kwargs: Any) -> Any:
    """A number of numpy as one of another type."""
    name = str(getattr(dtype, "name", dtype)).rpartition(".")[2]
    return int(value) if name.startswith(("int", "uint", "long")) else float(value)


for _kind in (int, float):  # numbers of numpy are read as Python's
    _SPECIAL[_kind, "astype"] = _as_type
    _SPECIAL[_kind, "item"] = lambda rt, value: value


_each: type
for _each in (dict, list):
    _SPECIAL[_each, "__getitem__"] = lambda rt, value, index: rt.subscript(value, index)
    _SPECIAL[_each, "__setitem__"] = lambda rt, value, index, item: rt.set_item(value, index, item)
    _SPECIAL[_each, "__delitem__"] = lambda rt, value, index: rt.delete_item(value, index)

for _each in (dict, list, set, tuple, str):
    _SPECIAL[_each, "__contains__"] = lambda rt, value, item: rt.contains(value, item)


@_method(str, "join")
def _join(rt: Any, value: str, items: Any) -> str:
    words = rt.drawn_all(items)
    for n, word in enumerate(words):
        if not isinstance(word, str):
            from shapecalc.reading.evaluator.operators import type_name

            message = f"sequence item {n}: expected str instance, {type_name(word)} found"
            raise rt.error("TypeError", message)
    if sum(map(len, words)) + len(value) * len(words) > 1_000_000:
        raise rt.cannot("this would be larger than any network needs")
    return value.join(words)


@_method(str, "format")
def _format(rt: Any, value: str, *args: Any, **kwargs: Any) -> str:
    from shapecalc.reading.evaluator.formatting import format_text  # which few networks call

    return format_text(rt, value, list(args), kwargs)


@_method(str, "replace")
def _replace(rt: Any, value: str, old: str, new: str, count: int = -1) -> str:
    if (len(value) + 1) * (len(new) + 1) > 1_000_000:
        raise rt.cannot("this would be larger than any network needs")
    return value.replace(old, new, count)


for _name in ("ljust", "rjust", "center", "zfill"):

    def _padded(rt: Any, value: str, width: int, *fill: str, name: str = _name) -> str:
        found: str = getattr(value, name)(min(width, 1000), *fill)
        return found

    _SPECIAL[str, _name] = _padded


@_method(str, "encode")
def _encode(rt: Any, value: str, *args: Any) -> str:
    return value


@_method(list, "extend")
def _extend(rt: Any, value: list[Any], items: Any) -> None:
    value.extend(rt.iterate(items))  # one by one: what is drawn may ask for those before it
    rt.bounded(value)


@_method(Deque, "append")
def _append(rt: Any, value: Deque, item: Any) -> None:
    value.append(item)
    value.kept()
    rt.bounded(value)


@_method(Deque, "appendleft")
def _append_left(rt: Any, value: Deque, item: Any) -> None:
    rt.step(len(value) // 64)
    value.insert(0, item)
    if value.maxlen is not None:
        del value[value.maxlen :]
    rt.bounded(value)


@_method(Deque, "popleft")
def _pop_left(rt: Any, value: Deque) -> Any:
    rt.step(len(value) // 64)
    if not value:
        raise rt.error("IndexError", "pop from an empty deque")
    return value.pop(0)


@_method(Deque, "rotate")
def _rotate(rt: Any, value: Deque, n: int = 1) -> None:
    rt.step(len(value) // 8)
    if value:
        n %= len(value)
        value[:] = value[len(value) - n :] + value[: len(value) - n]


@_method(list, "sort")
def _sort(rt: Any, value: list[Any], key: Any = None, reverse: bool = False) -> None:
    value[:] = sort(rt, value, key, reverse)


@_method(list, "remove")
def _remove(rt: Any, value: list[Any], item: Any) -> None:
    for n, each in enumerate(rt.iterate(value)):
        if each is item or rt.truth(rt.compare("==", each, item)):
            del value[n]
            return
    raise rt.error("ValueError", "list.remove(x): x not in list")


@_method(list, "index")
def _index(rt: Any, value: list[Any], item: Any) -> int:
    for n, each in enumerate(rt.iterate(value)):
        if each is item or rt.truth(rt.compare("==", each, item)):
            return n
    raise rt.error("ValueError", f"{rt.represented(item)} is not in list")


@_method(dict, "keys")
def _keys(rt: Any, value: dict[Any, Any]) -> Any:
    return Keys(value)


@_method(dict, "values")
def _values(rt: Any, value: dict[Any, Any]) -> Any:
    return list(value.values())


@_method(dict, "items")
def _items(rt: Any, value: dict[Any, Any]) -> Any:
    return list(value.items())


@_method(dict, "get")
def _get(rt: Any, value: dict[Any, Any], key: Any, default: Any = None) -> Any:
    return value.get(rt.key(key), default)


@_method(dict, "pop")
def _pop(rt: Any, value: dict[Any, Any], key: Any, *default: Any) -> Any:
    found = rt.key(key)
    if found in value:
        return value.pop(found)
    if default:
        return default[0]
    raise rt.error("KeyError", rt.represented(key))


@_method(dict, "popitem")
def _popitem(rt: Any, value: dict[Any, Any], last: Any = True) -> Any:
    if not value:
        raise rt.error("KeyError", "popitem(): dictionary is empty")
    if rt.truth(last):
        return value.popitem()
    first = next(iter(value))
    return first, value.pop(first)


@_method(dict, "setdefault")
def _setdefault(rt: Any, value: dict[Any, Any], key: Any, default: Any = None) -> Any:
    return value.setdefault(rt.key(key), default)


@_method(dict, "update")
def _update(rt: Any, value: dict[Any, Any], other: Any = None, **more: Any) -> None:
    if other is not None:
        from shapecalc.reading.evaluator.builtins import BUILTINS

        value.update(rt.call(BUILTINS["dict"], [other], {}))
    value.update(more)
    rt.bounded(value)


_SPECIAL[dict, "__init__"] = _update


@_method(dict, "move_to_end")
def _move_to_end(rt: Any, value: dict[Any, Any], key: Any, last: bool = True) -> None:
    item = value.pop(key)
    rest = {} if last else dict(value)
    if not last:
        value.clear()
    value[key] = item
    value.update(rest)


@_method(dict, "fromkeys")
def _fromkeys(rt: Any, value: dict[Any, Any], keys: Any, default: Any = None) -> Any:
    return dict.fromkeys(rt.hashable(rt.iterate(keys)), default)


@_method(set, "update")
def _set_update(rt: Any, value: set[Any], *others: Any) -> None:
    for other in others:
        value.update(rt.hashable(rt.iterate(other)))
