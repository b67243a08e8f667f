"""What torch's layers have beside ``forward`` and what all modules have."""

from __future__ import annotations

import re
from typing import Any

from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.evaluator.values import (
    Builtin,
    Class,
    ClassMethod,
    Instance,
    Property,
    Quiet,
    Static,
)
from shapecalc.reading.modules.holding import Leaf, leaf_tensors
from shapecalc.reading.modules.leaf_attributes import RECURRENT, leaf_attribute
from shapecalc.reading.tensors.traced import TensorValue


def _of_axes(*names: str) -> tuple[str, ...]:
    """The kinds of these names in one to three dimensions."""
    return tuple([f"{name}{axes}d" for name in names for axes in (1, 2, 3)])


_QUIET = {
    ("MultiheadAttention", "Transformer"): "_reset_parameters",
    RECURRENT: "flatten_parameters check_input check_forward_args check_hidden_size",
    _of_axes("BatchNorm", "InstanceNorm"): "reset_running_stats _check_input_dim",
    ("Embedding", "EmbeddingBag"): "_fill_padding_idx_with_zero",
}
"""Methods that change no shape, by the kinds that have them beside ``reset_parameters``."""


def _from_pretrained(rt: Any, cls: Class, embeddings: Any, *args: Any, **kwargs: Any) -> Any:
    """An embedding of the sizes of a table."""
    if not isinstance(embeddings, TensorValue) or len(embeddings.shape) != 2:
        message = "Embeddings parameter is expected to be 2-dimensional"
        raise rt.error("AssertionError", message)
    kept = {name: each for name, each in kwargs.items() if name in ("padding_idx", "mode")}
    return rt.call(cls, list(embeddings.shape), kept)


def _square_mask(rt: Any, *args: Any, **kwargs: Any) -> TensorValue:
    """A mask of so many positions; called on an instance, torch takes the size alone, too."""
    size = rt.tensor_number(args[0]) if isinstance(args[0], TensorValue) else plain(args[0])
    return TensorValue((size, size), "float32")


def _all_weights(rt: Any, self: Instance) -> Any:
    """A recurrent layer's tensors, a list for each layer and direction."""
    found: dict[str, list[TensorValue]] = {}
    for name, each in leaf_tensors(self).items():
        found.setdefault(re.sub("^[a-z_]*_l", "l", name), []).append(each)
    return list(found.values())


def _names_of_weights(rt: Any, self: Instance) -> Any:
    """The names of a recurrent layer's tensors, a list for each layer and direction."""
    found: dict[str, list[str]] = {}
    for name in leaf_tensors(self):
        found.setdefault(re.sub("^[a-z_]*_l", "l", name), []).append(name)
    return list(found.values())


def _conv_forward(rt: Any, self: Instance, input: Any, weight: Any, bias: Any = None) -> Any:
    """A convolution by a weight that the code gives, with the layer's settings."""
    from shapecalc.reading.functions import OPERATIONS  # functions make use of modules

    leaf: Leaf = self.data
    settings = {n: leaf_attribute(self, n) for n in ("stride", "padding", "dilation", "groups")}
    mode = plain(leaf.raw.get("padding_mode", "zeros"))
    if mode != "zeros" and not isinstance(settings["padding"], str):
        pads = [size for each in reversed(settings["padding"]) for size in (each, each)]
        input = OPERATIONS["nn.functional.pad"].run(rt, input, pads, mode)
        settings["padding"] = 0
    run = OPERATIONS[f"nn.functional.{leaf.kind.lower()}"].run
    return run(rt, input, weight, bias, **settings)


_MORE: dict[tuple[str, ...], dict[str, Any]] = {
    ("Embedding", "EmbeddingBag"): {
        "from_pretrained": ClassMethod(Builtin("from_pretrained", _from_pretrained))
    },
    ("Transformer",): {
        "generate_square_subsequent_mask": Static(
            Builtin("generate_square_subsequent_mask", _square_mask)
        )
    },
    RECURRENT: {
        "all_weights": Property(Builtin("all_weights", _all_weights)),
        "_all_weights": Property(Builtin("_all_weights", _names_of_weights)),
        "_flat_weights": Property(
            Builtin("_flat_weights", lambda rt, self: list(leaf_tensors(self).values()))
        ),
        "_flat_weights_names": Property(
            Builtin("_flat_weights_names", lambda rt, self: list(leaf_tensors(self)))
        ),
    },
    _of_axes("Conv"): {"_conv_forward": Builtin("_conv_forward", _conv_forward)},
}


def give_methods(cls: Class, kind: str) -> None:
    """Put into the class of a kind what torch's has."""
    for kinds, names in _QUIET.items():
        if kind in kinds:
            cls.names.update({name: Quiet(name) for name in names.split()})
    for kinds, methods in _MORE.items():
        if kind in kinds:
            cls.names.update(methods)
    cls.names["reset_parameters"] = Quiet("reset_parameters")
