"""``nn.Sequential`` and the lists and dictionaries of modules and parameters."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.evaluator.values import (
    Builtin,
    Class,
    Function,
    Instance,
    Unknown,
)
from shapecalc.reading.index import CALLED, MODULES
from shapecalc.reading.modules.holding import MODULE, NN, is_module, learned, method, named
from shapecalc.reading.tensors.traced import TensorValue

SEQUENTIAL = NN["Sequential"] = Class("Sequential", (MODULE,))

MODULE_LIST = NN["ModuleList"] = Class("ModuleList", (MODULE,))

MODULE_DICT = NN["ModuleDict"] = Class("ModuleDict", (MODULE,))

PARAMETER_LIST = NN["ParameterList"] = Class("ParameterList", (MODULE,))

PARAMETER_DICT = NN["ParameterDict"] = Class("ParameterDict", (MODULE,))

LISTS = (SEQUENTIAL, MODULE_LIST, PARAMETER_LIST)

DICTS = (MODULE_DICT, PARAMETER_DICT)


def items(value: Instance) -> list[Any]:
    """What a container holds, in order."""
    return [each for name, each in value.attributes.items() if _is_held(name, each)]


def named_items(value: Instance) -> list[tuple[str, Any]]:
    """What a container holds, by name."""
    return [(name, each) for name, each in value.attributes.items() if _is_held(name, each)]


def _is_held(name: str, each: Any) -> bool:
    return is_module(each) or isinstance(each, TensorValue) or (each is None and name.isdigit())


def _in_places(value: Instance) -> int:
    """How many modules a container holds where they are called by their places; else 0.

    Only the names that stand around them are looked at, since lists are asked for each of many
    layers: so many names that begin with 0 and end with the last place are one for each place.
    """
    names = value.attributes
    before = [*takewhile(_is_word, names)]
    behind = [*takewhile(_is_word, reversed(names))]
    count = len(names) - len(before) - len(behind)
    if count <= 0 or any(_is_held(name, names[name]) for name in (*before, *behind)):
        return 0
    last = next(name for name in reversed(names) if not _is_word(name))
    return count if "0" in names and last == str(count - 1) else 0


def _is_word(name: str) -> bool:
    return not name.isdigit()


def _count(value: Instance) -> int:
    return _in_places(value) or len(items(value))


def _refill(value: Instance, found: list[Any]) -> None:
    for name, _ in named_items(value):
        del value.attributes[name]
    value.attributes.update({str(n): each for n, each in enumerate(found)})


def _layer_of(function: Any) -> str:
    """A hint where a function is given that torch has as a layer, too."""
    kind = CALLED.get(function.name, "")
    return f"nn.{kind}() is the layer of it" if kind in MODULES else ""


def _checked(rt: Any, value: Instance, each: Any) -> Any:
    """What a container may hold: a module, or a learned tensor in lists of them."""
    if value.cls.is_a(PARAMETER_LIST) or value.cls.is_a(PARAMETER_DICT):
        return learned(rt, each) if isinstance(each, TensorValue) else each
    if is_module(each) or (each is None and not value.cls.is_a(SEQUENTIAL)):
        return each
    if isinstance(each, Unknown):
        raise rt.not_known(each)
    if isinstance(each, (Function, Class, Builtin)):
        said = f"{rt.shown(each)} is a {'class' if isinstance(each, Class) else 'function'}"
        hint = "is () missing behind it?" if isinstance(each, Class) else _layer_of(each)
        raise rt.error(
            "TypeError", f"{said} and not a Module subclass{'; ' + hint if hint else ''}"
        )
    from shapecalc.reading.evaluator.operators import type_name

    several = isinstance(each, (list, tuple)) and all(map(is_module, each))
    name = value.cls.name
    hint = f"nn.{name}(*layers) takes what is in it" if several and value.cls is SEQUENTIAL else ""
    raise rt.error("TypeError", f"{type_name(each)} is not a Module subclass", hint)


@method(SEQUENTIAL, "__init__")
def _sequential(rt: Any, self: Instance, *args: Any) -> None:
    self.attributes.setdefault("training", True)
    if len(args) == 1 and isinstance(plain(args[0]), dict):
        for name, each in plain(args[0]).items():
            self.attributes[named(rt, name)] = _checked(rt, self, each)
        return
    for n, each in enumerate(args):
        self.attributes[str(n)] = _checked(rt, self, each)


@method(MODULE_LIST, "__init__")
def _module_list(rt: Any, self: Instance, modules: Any = ()) -> None:
    self.attributes.setdefault("training", True)
    for n, each in enumerate(rt.iterate(modules if modules is not None else ())):
        self.attributes[str(n)] = _checked(rt, self, each)


@method(PARAMETER_LIST, "__init__")
def _parameter_list(rt: Any, self: Instance, values: Any = ()) -> None:
    _module_list(rt, self, values)


@method(MODULE_DICT, "__init__")
def _module_dict(rt: Any, self: Instance, modules: Any = None) -> None:
    self.attributes.setdefault("training", True)
    if modules is not None:
        _update(rt, self, modules)


@method(PARAMETER_DICT, "__init__")
def _parameter_dict(rt: Any, self: Instance, parameters: Any = None) -> None:
    _module_dict(rt, self, parameters)


@method(SEQUENTIAL, "forward")
def _sequential_forward(rt: Any, self: Instance, input: Any) -> Any:
    for each in items(self):
        input = rt.call(each, [input], {})
    return input


for _cls in LISTS:

    @method(_cls, "__len__")
    def _len(rt: Any, self: Instance) -> int:
        return _count(self)

    @method(_cls, "__iter__")
    def _iter(rt: Any, self: Instance) -> Any:
        return rt.iterator(items(self))

    @method(_cls, "__getitem__")
    def _getitem(rt: Any, self: Instance, index: Any) -> Any:
        index = rt.as_index(index)
        if isinstance(index, slice):
            pairs = named_items(self)
            cls = self.cls if self.cls in LISTS else next(c for c in self.cls.mro if c in LISTS)
            made = Instance(cls)
            made.attributes["training"] = True
            chosen = pairs[index]
            if cls is not SEQUENTIAL:  # whose items keep their names
                chosen = [(str(n), each) for n, (_, each) in enumerate(chosen)]
            made.attributes.update(chosen)
            return made
        index = plain(index)
        if not isinstance(index, int):
            raise rt.error("TypeError", f"indices must be integers, not {rt.shown(index)}")
        count = _count(self)
        if not -count <= index < count:
            raise rt.error("IndexError", f"index {index} is out of range")
        if not self.cls.is_a(SEQUENTIAL):  # which goes by the order, whatever the names are
            own = self.attributes.get(str(index % count))
            if is_module(own):
                return own
        return items(self)[index]

    @method(_cls, "__setitem__")
    def _setitem(rt: Any, self: Instance, index: Any, each: Any) -> None:
        name = named_items(self)[index][0]
        self.attributes[name] = _checked(rt, self, each)

    @method(_cls, "__delitem__")
    def _delitem(rt: Any, self: Instance, index: Any) -> None:
        found = items(self)
        del found[index]
        _refill(self, found)

    @method(_cls, "append")
    def _append(rt: Any, self: Instance, module: Any) -> Instance:
        self.attributes[str(_count(self))] = _checked(rt, self, module)
        return self

    @method(_cls, "extend", "__iadd__")
    def _extend(rt: Any, self: Instance, modules: Any) -> Instance:
        for each in list(rt.iterate(modules)):
            _append(rt, self, each)
        return self

    @method(_cls, "insert")
    def _insert(rt: Any, self: Instance, index: int, module: Any) -> Any:
        found = items(self)
        found.insert(index, _checked(rt, self, module))
        _refill(self, found)
        return self if self.cls.is_a(SEQUENTIAL) else None

    @method(_cls, "pop")
    def _pop(rt: Any, self: Instance, index: int = -1) -> Any:
        found = items(self)
        each = found.pop(index)
        _refill(self, found)
        return each

    @method(_cls, "__add__")
    def _add(rt: Any, self: Instance, other: Any) -> Instance:
        made = Instance(self.cls)
        both = [*items(self), *rt.iterate(other)]
        made.attributes.update({str(n): each for n, each in enumerate(both)})
        return made


for _cls in DICTS:

    @method(_cls, "__len__")
    def _dict_len(rt: Any, self: Instance) -> int:
        return len(items(self))

    @method(_cls, "__iter__", "keys")
    def _keys(rt: Any, self: Instance) -> Any:
        return [name for name, _ in named_items(self)]

    @method(_cls, "values")
    def _values(rt: Any, self: Instance) -> Any:
        return items(self)

    @method(_cls, "items")
    def _items(rt: Any, self: Instance) -> Any:
        return named_items(self)

    @method(_cls, "__getitem__")
    def _dict_get(rt: Any, self: Instance, name: Any) -> Any:
        if not _contains(rt, self, name):
            raise rt.error("KeyError", rt.represented(name))
        return self.attributes[name]

    @method(_cls, "get")
    def _dict_get_or(rt: Any, self: Instance, name: Any, default: Any = None) -> Any:
        return self.attributes[name] if _contains(rt, self, name) else default

    @method(_cls, "__setitem__")
    def _dict_set(rt: Any, self: Instance, name: Any, each: Any) -> None:
        if not isinstance(name, str):
            raise rt.error("TypeError", f"module name should be a string. Got {rt.shown(name)}")
        self.attributes[name] = _checked(rt, self, each)

    @method(_cls, "__delitem__")
    def _dict_del(rt: Any, self: Instance, name: Any) -> None:
        del self.attributes[name]

    @method(_cls, "__contains__")
    def _contains(rt: Any, self: Instance, name: Any) -> bool:
        return name in self.attributes and _is_held(name, self.attributes[name])

    @method(_cls, "pop")
    def _dict_pop(rt: Any, self: Instance, name: Any) -> Any:
        return self.attributes.pop(name)

    @method(_cls, "update")
    def _update(rt: Any, self: Instance, more: Any) -> None:
        pairs = rt.as_dict(more).items() if not isinstance(more, list) else more
        if is_module(more):
            pairs = named_items(more)
        for name, each in pairs:
            self.attributes[named(rt, name)] = _checked(rt, self, each)
