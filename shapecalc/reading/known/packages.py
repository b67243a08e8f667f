"""Helpers of torch's own layers, those that many copy from timm, and the layers of einops."""

from __future__ import annotations

from typing import Any

from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.evaluator.values import (
    Builtin,
    Class,
    Instance,
    Quiet,
)
from shapecalc.reading.functions import OPERATIONS, prod
from shapecalc.reading.known.base import NAMES, PASSES
from shapecalc.reading.modules import MODULE
from shapecalc.reading.tensors.traced import TensorValue

KNOWN = NAMES.part(__name__)
known = KNOWN.function


def _tuple_of(n: int) -> Any:
    def run(rt: Any, value: Any) -> Any:
        value = plain(value)
        return tuple(value) if isinstance(value, (list, tuple)) else (value,) * n

    return run


DROP_PATH = Class("DropPath", (MODULE,))


def _drop_path_init(
    rt: Any, self: Instance, drop_prob: Any = 0.0, *args: Any, **kwargs: Any
) -> None:
    self.attributes.update({"training": True, "drop_prob": drop_prob})


DROP_PATH.names["__init__"] = Builtin("DropPath.__init__", _drop_path_init)


def _drop_path(
    rt: Any, x: Any, drop_prob: Any = 0.0, training: Any = False, *more: Any, **kwargs: Any
) -> Any:
    """Whole samples dropped while training; else, and where none are, there is nothing to do."""
    return rt.put("DropPath", [x], {"p": plain(drop_prob)}) if drop_prob and training else x


DROP_PATH.names["forward"] = Builtin(
    "forward",
    lambda rt, self, x: _drop_path(
        rt, x, self.attributes["drop_prob"], self.attributes["training"]
    ),
)

for _place in ("timm.models.layers", "timm.layers", "timm.models.layers.drop", "timm.layers.drop"):
    KNOWN[f"{_place}.DropPath"] = DROP_PATH
    KNOWN[f"{_place}.drop_path"] = Builtin("drop_path", _drop_path)
    for _name in ("trunc_normal_", "lecun_normal_", "variance_scaling_", "trunc_normal_tf_"):
        KNOWN[f"{_place}.{_name}"] = Quiet(_name, passes=True)
    for _n, _name in enumerate(("to_1tuple", "to_2tuple", "to_3tuple", "to_4tuple"), 1):
        known(f"{_place}.{_name}")(_tuple_of(_n))
    known(f"{_place}.to_ntuple")(lambda rt, n: Builtin("parse", _tuple_of(n)))

for _n, _name in enumerate(("_single", "_pair", "_triple", "_quadruple"), 1):
    known(f"nn.utils.{_name}")(_tuple_of(_n))

known("nn.utils._ntuple")(lambda rt, n, name="parse": Builtin(name, _tuple_of(n)))


@known("nn.utils._reverse_repeat_tuple")
def _reverse_repeat_tuple(rt: Any, sizes: Any, n: int) -> Any:
    return tuple(each for each in reversed(sizes) for _ in range(n))


for _place in ("timm.models.layers.weight_init", "timm.layers.weight_init"):
    KNOWN[f"{_place}.trunc_normal_"] = Quiet("trunc_normal_", passes=True)

for _place in ("timm.models.layers.helpers", "timm.layers.helpers"):
    known(f"{_place}.to_2tuple")(_tuple_of(2))

for _place in ("timm.models.registry", "timm.models"):
    KNOWN[f"{_place}.register_model"] = PASSES


@known(
    "timm.models.layers.make_divisible",
    "timm.layers.make_divisible",
    "timm.layers.helpers.make_divisible",
)
def _make_divisible(
    rt: Any, v: Any, divisor: int = 8, min_value: Any = None, round_limit: float = 0.9
) -> Any:
    least = min_value or divisor
    found = max(least, int(v + divisor / 2) // divisor * divisor)
    return found + divisor if found < round_limit * v else found


for _name in ("torchsummary.summary", "torchinfo.summary", "thop.profile", "tqdm.tqdm"):
    KNOWN[_name] = Quiet(_name)

KNOWN["thop.clever_format"] = Quiet("clever_format")

for _name, _function in (("Rearrange", "rearrange"), ("Reduce", "reduce")):
    _cls = Class(_name, (MODULE,))

    def _init(rt: Any, self: Instance, *args: Any, **kwargs: Any) -> None:
        self.attributes["training"] = True
        self.data = ("pattern", args, kwargs)

    def _forward(rt: Any, self: Instance, x: Any, _function: str = _function) -> Any:
        _, args, kwargs = self.data
        said = (*args[1:2], kwargs.get("reduction"))
        if _function == "reduce" and "repeat" in said:  # which einops takes of the layer alone
            sizes = {name: each for name, each in kwargs.items() if name != "reduction"}
            return OPERATIONS["einops.repeat"].run(rt, x, *args[:1], **sizes)
        return OPERATIONS[f"einops.{_function}"].run(rt, x, *args, **kwargs)

    _cls.names["__init__"] = Builtin(f"{_name}.__init__", _init)
    _cls.names["forward"] = Builtin("forward", _forward)
    KNOWN[f"einops.layers.torch.{_name}"] = KNOWN[f"einops.layers.{_name}"] = _cls


@known("einops.pack")
def _pack(rt: Any, tensors: Any, pattern: str) -> Any:
    before, _, after = pattern.partition("*")
    axis, behind = len(before.split()), len(after.split())
    found, shapes = [], []
    for each in tensors:
        shape = list(each.shape)
        inner = shape[axis : len(shape) - behind]
        shapes.append(tuple(inner))
        merged = [*shape[:axis], prod(inner), *shape[len(shape) - behind :]]
        found.append(
            each if len(inner) == 1 else OPERATIONS["Tensor.reshape"].run(rt, each, merged)
        )
    return OPERATIONS["torch.cat"].run(rt, found, axis), shapes


@known("einops.unpack")
def _unpack(rt: Any, x: TensorValue, shapes: Any, pattern: str) -> Any:
    before, _, _ = pattern.partition("*")
    axis = len(before.split())
    parts = OPERATIONS["torch.split"].run(rt, x, [prod(shape) for shape in shapes], axis)
    return [
        part
        if len(shape) == 1
        else OPERATIONS["Tensor.reshape"].run(
            rt, part, [*part.shape[:axis], *shape, *part.shape[axis + 1 :]]
        )
        for part, shape in zip(parts, shapes)
    ]


@known("einops.parse_shape")
def _parse_shape(rt: Any, x: TensorValue, pattern: str) -> Any:
    return {name: size for name, size in zip(pattern.split(), x.shape) if name != "_"}
