"""Functions that are kinds of the catalogue, by what the kinds say of themselves."""

from __future__ import annotations

from functools import cache
from typing import Any

from shapecalc.layers import KINDS
from shapecalc.layers.base import Layer
from shapecalc.layers.types import Flag
from shapecalc.reading.dtypes import DTYPES, DType
from shapecalc.reading.functions.base import OPERATIONS, SAME, number, tensor
from shapecalc.reading.index import CALLED
from shapecalc.reading.operators import plain
from shapecalc.reading.traced import TensorValue
from shapecalc.reading.values import Builtin, Unknown


def _from_kind(kind: type[Layer], name: str, takes: tuple[str, ...]) -> Builtin:
    least, most = kind.arity
    defaults = {p.partition("=")[0]: p.partition("=")[2] for p in takes if "=" in p}
    names = [p.partition("=")[0] for p in takes]
    star = next((p[1:] for p in names if p.startswith("*") and not p.startswith("**")), None)
    double = next((p[2:] for p in names if p.startswith("**")), None)
    plain_names = [p for p in names if not p.startswith("*")]

    def run(rt: Any, *args: Any, **kwargs: Any) -> Any:
        inputs: list[TensorValue] = []
        rest = list(args)
        for key in ("input", "x", "self", "tensor", "query", "input1", "x1"):
            if key in kwargs and key not in kind.fields:
                rest.insert(0, kwargs.pop(key))
        for key in ("key", "value", "other", "x2", "input2", "mat2"):
            if key in kwargs and isinstance(kwargs[key], TensorValue) and len(rest) < least + 2:
                rest.append(kwargs.pop(key))
        if most is None and rest and isinstance(rest[0], (list, tuple)):
            inputs = [tensor(rt, each) for each in rest.pop(0)]
        else:
            while (
                rest and (most is None or len(inputs) < most) and isinstance(rest[0], TensorValue)
            ):
                inputs.append(rest.pop(0))
        if len(inputs) < least:
            what = rt.shown(rest[0]) if rest else "nothing"
            if rest and isinstance(rest[0], Unknown):
                raise rt.not_known(rest[0])
            short = name.rpartition(".")[2]
            raise rt.error("TypeError", f"{short}(): argument must be Tensor, not {what}")
        given: dict[str, Any] = {}
        if star is not None and rest:
            taken = plain(rest[0])
            given[star] = (
                list(taken) if len(rest) == 1 and isinstance(taken, (list, tuple)) else rest
            )
            rest = []
        for key, value in zip(plain_names, rest):
            given[key] = value
        if len(rest) > len(plain_names):
            raise rt.error(
                "TypeError", f"{name.rpartition('.')[2]}() takes fewer arguments than given"
            )
        sizes: dict[str, Any] = {}
        for key, value in kwargs.items():
            key = SAME.get(key, key)
            if key in kind.fields:
                given[key] = value
            elif double is not None:
                sizes[key] = value
        if double is not None and sizes:
            given[double] = sizes
        for key, text in defaults.items():
            given.setdefault(key, int(text))
        settings = {}
        for key, value in given.items():
            if key not in kind.fields:
                continue
            value = plain(value)
            if isinstance(value, TensorValue):
                value = rt.tensor_number(value)
            if isinstance(kind.fields[key].type, Flag):
                value = rt.truth(value)
            if isinstance(value, DType):
                value = DTYPES.get(value.name, value.name)
            if isinstance(value, Unknown):
                raise rt.not_known(value)
            if value is None and kind.fields[key].default is None:
                continue
            settings[key] = (
                [number(rt, v) for v in value] if isinstance(value, (list, tuple)) else value
            )
        known = rt.numbers_of(kind.kind, inputs[0]) if len(inputs) == 1 else None
        return rt.put(kind.kind, inputs, settings) if known is None else known

    return Builtin(name, run)


def _called(name: str, kind: str) -> Builtin:
    """A function of torch's, whose kind is imported when it is first called."""

    @cache
    def found() -> Builtin:
        return _from_kind(KINDS[kind], name, dict(KINDS[kind].calls())[name])

    return Builtin(name, lambda rt, *args, **kwargs: found().run(rt, *args, **kwargs))


for _name, _kind in CALLED.items():
    OPERATIONS[_name] = _called(_name, _kind)
