"""Weights that are normalised, and losses as modules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shapecalc.reading.evaluator.values import (
    Builtin,
    Class,
    Instance,
    Quiet,
)
from shapecalc.reading.functions import OPERATIONS, prod
from shapecalc.reading.functions.losses import LOSSES, reduction_of
from shapecalc.reading.known.base import NAMES
from shapecalc.reading.modules import MODULE, stored
from shapecalc.reading.modules.constructing import bound, defaults_of, parameters_of
from shapecalc.reading.tensors.traced import TensorValue

KNOWN = NAMES.part(__name__)
known = KNOWN.function


def _keep(module: Any, name: str, shape: Sequence[Any], *, is_buffer: bool) -> None:
    """Keep a tensor that a weight is made of beside what the module learns."""
    found = module.attributes[name] = stored(shape, "float32", is_buffer)
    assert found.stored is not None
    found.stored.is_part = True


@known("nn.utils.weight_norm", "nn.utils.parametrizations.weight_norm")
def _weight_norm(rt: Any, module: Any, name: str = "weight", dim: Any = 0) -> Any:
    """A weight as its direction and its size: a learned number more for each of its rows."""
    weight = rt.attribute(module, name)
    if isinstance(weight, TensorValue):
        sizes = [size if n == dim else 1 for n, size in enumerate(weight.shape)]
        _keep(module, f"{name}_g", sizes if dim is not None else (), is_buffer=False)
    return module


@known("nn.utils.spectral_norm", "nn.utils.parametrizations.spectral_norm")
def _spectral_norm(rt: Any, module: Any, name: str = "weight", *more: Any, **kwargs: Any) -> Any:
    """A weight divided by its largest singular value: two vectors are kept for it."""
    weight = rt.attribute(module, name)
    if isinstance(weight, TensorValue):
        dim = kwargs.get("dim")
        is_turned = dim == 1 or (dim is None and module.cls.name.startswith("ConvTranspose"))
        rows = weight.shape[1 if is_turned else 0]
        _keep(module, f"{name}_u", (rows,), is_buffer=True)
        _keep(module, f"{name}_v", (prod(weight.shape) // rows,), is_buffer=True)
    return module


for _name in ("remove_weight_norm", "remove_spectral_norm", "fuse_conv_bn_eval"):
    KNOWN[f"nn.utils.{_name}"] = Quiet(_name, passes=True)

for _name in ("clip_grad_norm_", "clip_grad_value_"):
    KNOWN[f"nn.utils.{_name}"] = Quiet(_name)

known("nn.utils.parameters_to_vector")(
    lambda rt, found: TensorValue((sum(prod(each.shape) for each in rt.iterate(found)),))
)

for _function, _name in LOSSES.items():
    _cls = Class(_name, (MODULE,))

    def _loss_init(rt: Any, self: Instance, *args: Any, _name: str = _name, **kwargs: Any) -> None:
        given = bound(rt, _name, parameters_of(_name), args, kwargs)
        given = {"training": True, **defaults_of(_name), **given}
        older = given.pop("size_average", None), given.pop("reduce", None)
        given["reduction"] = reduction_of(rt, given["reduction"], *older)
        self.attributes.update(given)

    def _loss_forward(rt: Any, self: Instance, *args: Any, _function: str = _function) -> Any:
        run = OPERATIONS[f"nn.functional.{_function}"].run
        return run(rt, *args, reduction=self.attributes["reduction"])

    _cls.names["__init__"] = Builtin(f"{_name}.__init__", _loss_init)
    _cls.names["forward"] = Builtin("forward", _loss_forward)
    KNOWN[f"nn.{_name}"] = _cls
