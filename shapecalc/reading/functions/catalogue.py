"""Functions that are kinds of the catalogue, by what the kinds say of themselves."""

from __future__ import annotations

from functools import cache
from typing import Any

from shapecalc.layers import KINDS
from shapecalc.layers.base import Layer
from shapecalc.layers.field import Field
from shapecalc.layers.types import Flag
from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.evaluator.values import Builtin, Unknown
from shapecalc.reading.functions.base import OPERATIONS, SAME, number, tensor
from shapecalc.reading.index import CALLED
from shapecalc.reading.modules.leaf_arguments import sized
from shapecalc.reading.tensors.dtypes import element_type
from shapecalc.reading.tensors.traced import TensorValue

OWN = OPERATIONS.part(__name__)


def _is_of_many(value: Any) -> bool:
    """Whether it is a tensor, and not a constant of a single known number."""
    if not isinstance(value, TensorValue):
        return False
    return not value.is_constant or value.data is None or len(value.data) > 1


class _Call:
    """A function that is a kind of the catalogue: what it takes, and how a call becomes an entry.

    ``takes`` are torch's names of what comes behind the inputs, with defaults of its own, and
    ``*`` or ``**`` before one that takes all that is left.
    """

    def __init__(self, kind: type[Layer], name: str, takes: tuple[str, ...]) -> None:
        self.kind = kind
        self.name = name
        parts = [each.partition("=") for each in takes]
        self.defaults = {name: int(text) for name, sign, text in parts if sign}
        names = [name for name, _, _ in parts]
        self.star = next((n[1:] for n in names if n.startswith("*") and n[1:2] != "*"), None)
        self.double = next((n[2:] for n in names if n.startswith("**")), None)
        self.names = [name for name in names if not name.startswith("*")]

    def run(self, rt: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Put the kind in for a call; its result."""
        rest = self.in_order(list(args), kwargs)
        inputs = self.inputs(rt, rest)
        given = self.given(rt, rest, kwargs)
        for name, kind in self.kind.of_tensors.items():
            if _is_of_many(given.get(name)):
                inputs = [rt.put(kind, [inputs[0], given.pop(name)])]
                if not given:
                    return inputs[0]
        settings = self.settings(rt, given)
        if "dtype" in kwargs and "dtype" not in self.kind.fields:
            inputs = [_typed(rt, each, plain(kwargs["dtype"])) for each in inputs]
        if "output_size" in kwargs and "output_size" in self.kind.takes_also:
            layer = rt.layer(self.kind.kind, settings)
            settings = sized(rt, layer, settings, inputs[0], kwargs["output_size"])
        known = rt.numbers_of(self.kind.kind, inputs[0]) if len(inputs) == 1 else None
        return rt.put(self.kind.kind, inputs, settings) if known is None else known

    def in_order(self, args: list[Any], kwargs: dict[str, Any]) -> list[Any]:
        """What is given by position, with the inputs that are given by name among them."""
        for key in _FIRST:
            if key in kwargs and key not in self.kind.fields:
                args.insert(0, kwargs.pop(key))
        for key in _FURTHER:
            is_input = isinstance(kwargs.get(key), TensorValue)
            if is_input and len(args) < self.kind.arity[0] + 2:
                args.append(kwargs.pop(key))
        return args

    def inputs(self, rt: Any, rest: list[Any]) -> list[TensorValue]:
        """The tensors that stand first, which are taken from the rest."""
        least, most = self.kind.arity
        if most is None and rest and isinstance(rest[0], (list, tuple)):
            found = [tensor(rt, each) for each in rest.pop(0)]
        else:
            found = []
            while rest and isinstance(rest[0], TensorValue) and (most is None or len(found) < most):
                found.append(rest.pop(0))
        if len(found) < least:
            if rest and isinstance(rest[0], Unknown):
                raise rt.not_known(rest[0])
            what = rt.shown(rest[0]) if rest else "nothing"
            raise rt.error("TypeError", f"{self.short}(): argument must be Tensor, not {what}")
        return found

    @property
    def short(self) -> str:
        """The function's name without its module."""
        return self.name.rpartition(".")[2]

    def given(self, rt: Any, rest: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        """What the call says beside the inputs, by names of fields."""
        found: dict[str, Any] = {}
        if self.star is not None and rest:
            taken = plain(rest[0])
            is_list = len(rest) == 1 and isinstance(taken, (list, tuple))
            found[self.star] = list(taken) if is_list else rest
            rest = []
        if len(rest) > len(self.names):
            raise rt.error("TypeError", f"{self.short}() takes fewer arguments than given")
        found |= zip(self.names, rest)
        others = {}
        for key, value in kwargs.items():
            named = key if key in self.kind.fields else SAME.get(key, key)
            if named in self.kind.fields:
                found[named] = value
            elif self.double is not None:
                others[named] = value
            elif named not in self.names:
                rt.check_name(self.name, key)
        if self.double is not None and others:
            found[self.double] = others
        for key, default in self.defaults.items():
            found.setdefault(key, default)
        return found

    def settings(self, rt: Any, given: dict[str, Any]) -> dict[str, Any]:
        """The kind's settings, each in the form that its field takes."""
        found = {}
        for key, value in given.items():
            declared = self.kind.fields.get(key)
            if declared is None:
                continue
            value = _value(rt, declared, plain(value))
            if value is not None or declared.default is not None:
                found[key] = value
        return found


_FIRST = ("input", "x", "self", "tensor", "query", "input1", "x1")
"""What torch's functions call their first input."""

_FURTHER = ("key", "value", "other", "x2", "input2", "mat2")
"""What they call the others."""


def _typed(rt: Any, x: TensorValue, dtype: Any) -> TensorValue:
    """A tensor of the type that a function computes with."""
    from shapecalc.reading.functions.elementwise import typed

    named = element_type(dtype)
    return x if named is None else typed(rt, x, named)


def _value(rt: Any, declared: Field, value: Any) -> Any:
    if isinstance(value, TensorValue):
        value = rt.tensor_number(value)
    if isinstance(declared.type, Flag):
        value = rt.truth(value)
    value = element_type(value) or value
    if isinstance(value, Unknown):
        raise rt.not_known(value)
    return [number(rt, each) for each in value] if isinstance(value, (list, tuple)) else value


@cache
def _call(name: str) -> _Call:
    """A function of torch's; its kind is imported when it is first called."""
    kind = KINDS[CALLED[name]]
    return _Call(kind, name, dict(kind.calls())[name])


def _called(name: str) -> Builtin:
    return Builtin(name, lambda rt, /, *args, **kwargs: _call(name).run(rt, *args, **kwargs), True)


for _name in CALLED:
    OWN[_name] = _called(_name)
