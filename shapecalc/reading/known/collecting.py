"""``functools``, ``collections``, ``typing``, ``abc``, ``enum`` and ``copy``."""

from __future__ import annotations

from typing import Any

from shapecalc.reading.evaluator.builtins import BUILTINS
from shapecalc.reading.evaluator.classes import (
    AUTO,
    DICT,
    ENUM,
    INT_ENUM,
    NAMED_TUPLE,
    OBJECT,
    STR_ENUM,
)
from shapecalc.reading.evaluator.methods import native_attribute
from shapecalc.reading.evaluator.values import (
    Builtin,
    Class,
    Deque,
    Function,
    Instance,
    Method,
    Partial,
    Property,
)
from shapecalc.reading.known.base import NAMES, PASSES, Hint
from shapecalc.reading.tensors.traced import TensorValue

KNOWN = NAMES.part(__name__)
known = KNOWN.function


@known("functools.partial")
def _partial(rt: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
    if isinstance(function, Partial):
        args, kwargs = (*function.args, *args), {**function.kwargs, **kwargs}
        function = function.function
    return Partial(function, args, kwargs)


@known("functools.reduce")
def _reduce(rt: Any, function: Any, values: Any, *initial: Any) -> Any:
    items = [*initial, *rt.drawn_all(values)]
    if not items:
        raise rt.error("TypeError", "reduce() of empty iterable with no initial value")
    found = items[0]
    for item in items[1:]:
        found = rt.call(function, [found, item], {})
    return found


@known("functools.lru_cache")
def _lru_cache(rt: Any, function: Any = None, **kwargs: Any) -> Any:
    return function if isinstance(function, (Function, Method)) else PASSES


KNOWN["functools.cache"] = PASSES

known("functools.wraps", "functools.update_wrapper")(lambda rt, *args, **kwargs: PASSES)

KNOWN["functools.cached_property"] = Builtin("cached_property", lambda rt, getter: Property(getter))

KNOWN["functools.partialmethod"] = Builtin("partialmethod", lambda rt, f, *a, **k: Partial(f, a, k))

KNOWN["functools.total_ordering"] = PASSES

KNOWN["functools.singledispatch"] = PASSES

KNOWN["collections.OrderedDict"] = BUILTINS["dict"]


@known("collections.deque")
def _deque(rt: Any, values: Any = (), maxlen: Any = None) -> Any:
    found = Deque(rt.drawn_all(values))
    found.maxlen = maxlen
    found.kept()
    return found


class _DefaultDict(dict):
    """A dictionary that makes what it has not."""

    default_factory: Any = None


@known("collections.defaultdict")
def _defaultdict(rt: Any, factory: Any = None, /, *more: Any, **items: Any) -> Any:
    found = _DefaultDict(*[dict(rt.as_dict(each)) for each in more], **items)
    found.default_factory = factory
    return found


class _Counter(_DefaultDict):
    """How often each of some values comes."""

    def known_attribute(self, rt: Any, name: str) -> Any:
        """Those that come most often, or what a dictionary has."""
        if name == "most_common":
            return Builtin("Counter.most_common", self.most_common)
        found = native_attribute(rt, self, name)
        if found is None:
            raise rt.no_attribute(self, name)
        return found

    def most_common(self, rt: Any, n: Any = None) -> Any:
        """The first ``n`` of the values, each with its number, those that come most often first."""
        return sorted(self.items(), key=lambda pair: -pair[1])[:n]


@known("collections.Counter")
def _counter(rt: Any, values: Any = ()) -> Any:
    found = _Counter()
    found.default_factory = BUILTINS["int"]
    for value in rt.iterate(values):
        rt.step(2)
        key = rt.key(value)
        found[key] = found.get(key, 0) + 1
    return rt.bounded(found)


@known("collections.namedtuple")
def _namedtuple(rt: Any, name: str, fields: Any, defaults: Any = (), **kwargs: Any) -> Any:
    names = (
        fields.replace(",", " ").split() if isinstance(fields, str) else list(rt.iterate(fields))
    )
    cls = Class(name, (OBJECT,), {"__annotations__": dict.fromkeys(names)})
    values = list(rt.iterate(defaults or ()))
    cls.names.update(zip(names[len(names) - len(values) :], values))
    rt.as_record(cls, named_tuple=True)
    for each in names:
        cls.names.pop(each, None)
    return cls


KNOWN["typing.NamedTuple"] = NAMED_TUPLE

KNOWN["typing.TypedDict"] = DICT

KNOWN["typing.Generic"] = KNOWN["typing.Protocol"] = OBJECT

KNOWN["typing.TYPE_CHECKING"] = False

KNOWN["typing.cast"] = Builtin("cast", lambda rt, kind, value: value)

KNOWN["typing.TypeVar"] = Builtin("TypeVar", lambda rt, *args, **kwargs: Hint("TypeVar"))

for _name in ("final", "overload", "no_type_check", "runtime_checkable", "override"):
    KNOWN[f"typing.{_name}"] = PASSES

KNOWN["abc.ABC"] = OBJECT

KNOWN["abc.ABCMeta"] = Hint("abc.ABCMeta")

for _name in ("abstractmethod",):
    KNOWN[f"abc.{_name}"] = PASSES

KNOWN["abc.abstractproperty"] = BUILTINS["property"]

KNOWN["enum.Enum"] = KNOWN["enum.Flag"] = ENUM

KNOWN["enum.IntEnum"] = KNOWN["enum.IntFlag"] = INT_ENUM

KNOWN["enum.StrEnum"] = STR_ENUM

KNOWN["enum.auto"] = Builtin("auto", lambda rt: AUTO())

KNOWN["enum.unique"] = PASSES


@known("copy.deepcopy")
def _deepcopy(rt: Any, value: Any, memo: Any = None) -> Any:
    return copied(value, {})


def copied(value: Any, memo: dict[int, Any]) -> Any:
    """A copy of a value and of all inside it."""
    if id(value) in memo:
        return memo[id(value)]
    found: Any
    if isinstance(value, list):
        found = memo[id(value)] = []
        found.extend(copied(each, memo) for each in value)
    elif isinstance(value, dict):
        found = memo[id(value)] = type(value)()
        if isinstance(value, _DefaultDict):
            found.default_factory = value.default_factory
        found.update({key: copied(each, memo) for key, each in value.items()})
    elif type(value) in (tuple, set):
        found = type(value)([copied(each, memo) for each in value])
    elif isinstance(value, Instance) and "__members__" not in value.cls.names:
        found = memo[id(value)] = Instance(value.cls)
        found.attributes.update({k: copied(v, memo) for k, v in value.attributes.items()})
        found.data = copied_data(value.data, found, memo)
    elif isinstance(value, TensorValue):
        from shapecalc.reading.modules import stored

        if value.stored is None:
            return value
        found = memo[id(value)] = stored(value.shape, value.dtype, value.stored.is_buffer)
    elif isinstance(value, Method):
        found = Method(value.function, copied(value.self, memo))
    else:
        return value
    memo[id(value)] = found
    return found


def copied_data(data: Any, owner: Instance, memo: dict[int, Any]) -> Any:
    """What a class known here keeps, for a copy of its instance."""
    from shapecalc.reading.modules import Leaf

    if isinstance(data, Leaf):
        found = Leaf(data.kind, dict(data.raw), data.place)
        found.given, found.layer = data.given, data.layer
        return found
    return copied(data, memo)


@known("copy.copy")
def _copy(rt: Any, value: Any) -> Any:
    if isinstance(value, (list, dict, set)):
        return rt.built(value.copy())
    if isinstance(value, Instance):
        found = Instance(value.cls)
        found.attributes.update(value.attributes)
        found.data = value.data
        return found
    return value


@known("torch.utils._pytree.tree_map", "torch.utils.pytree.tree_map")
def _tree_map(rt: Any, function: Any, tree: Any, *more: Any, **kwargs: Any) -> Any:
    """What a function makes of everything in nested lists, tuples and dictionaries."""
    rt.step()
    if type(tree) in (list, tuple):
        rows = zip(tree, *more)
        return type(tree)([_tree_map(rt, function, *row) for row in rows])
    if isinstance(tree, dict):
        return {
            key: _tree_map(rt, function, each, *[other[key] for other in more])
            for key, each in tree.items()
        }
    return rt.call(function, [tree, *more], {})
