"""Transformers whose parts code asks for: their encoder and decoder, and the layers of those.

Each is one layer of the catalogue until then. Code may call one part alone, or put another in its
place.
"""

from __future__ import annotations

from typing import Any

from shapecalc.layers import KINDS
from shapecalc.reading.evaluator.values import Instance
from shapecalc.reading.modules.containers import MODULE_LIST
from shapecalc.reading.modules.holding import Leaf
from shapecalc.reading.modules.leaf_arguments import taken
from shapecalc.reading.modules.leaf_parts import below
from shapecalc.reading.modules.leaves import STEPS, torch_class

PARTS = {
    "Transformer": ("encoder", "decoder"),
    "TransformerEncoder": ("layers", "norm"),
    "TransformerDecoder": ("layers", "norm"),
}
"""The kinds that are taken apart, and what they are made of then."""


def has_part(value: Instance, name: str) -> bool:
    """Whether a layer is taken apart where an attribute of it is asked for."""
    return name in PARTS.get(value.data.kind, ())


def take_apart(rt: Any, self: Instance) -> None:
    """Make the parts of a transformer modules of their own."""
    leaf: Leaf = self.data
    for name in PARTS[leaf.kind]:
        if name in ("encoder", "decoder"):
            self.attributes[name] = _stack(rt, leaf, name)
        elif name == "layers":
            self.attributes[name] = _layers(rt, leaf)
        else:
            self.attributes[name] = _norm(rt, leaf)
    self.attributes.update({n: leaf.raw[n] for n in _TOLD if n in leaf.raw})
    self.data = None


_TOLD = ("num_layers", "d_model", "nhead", "batch_first")
"""Arguments that torch's modules tell."""


def _stack(rt: Any, leaf: Leaf, name: str) -> Instance:
    counts = ("num_encoder_layers", "num_decoder_layers")
    given = {n: value for n, value in leaf.given.items() if n not in counts}
    given |= {n: leaf.raw.get(n, default) for n, default in (("d_model", 512), ("nhead", 8))}
    given |= {"num_layers": leaf.given.get(f"num_{name}_layers", 6), "norm": True}
    return _inner(rt, leaf, f"Transformer{name.title()}", given, name)


def _layers(rt: Any, leaf: Leaf) -> Instance:
    given = {n: value for n, value in leaf.given.items() if n not in ("num_layers", "norm")}
    found = Instance(MODULE_LIST)
    for n in range(int(leaf.given["num_layers"])):
        inner = _inner(rt, leaf, f"{leaf.kind}Layer", given, f"layers.{n}")
        found.attributes[str(n)] = inner
    return found


def _norm(rt: Any, leaf: Leaf) -> Instance | None:
    if not leaf.given.get("norm"):
        return None
    given = leaf.raw.get("norm")
    if isinstance(given, Instance) and not below(leaf.tensors, "norm"):
        return given
    settings = {"normalized_shape": leaf.given["d_model"]}
    if "layer_norm_eps" in leaf.given:
        settings["eps"] = leaf.given["layer_norm_eps"]
    return _inner(rt, leaf, "LayerNorm", settings, "norm")


def _inner(rt: Any, outer: Leaf, kind: str, given: dict[str, Any], path: str) -> Instance:
    """A part, with the tensors of the whole where something has them already."""
    rt.step(STEPS)
    part = Instance(torch_class(kind))
    leaf = part.data = Leaf(kind, dict(given), outer.place)
    leaf.given = given
    leaf.layer = rt.layer(kind, given)
    leaf.tensors = below(outer.tensors, path)
    for name, tensor in leaf.tensors.items():
        if tensor.stored is not None:
            tensor.stored.owner, tensor.stored.weight_of = part, (part, name)
    return part


def run_parts(rt: Any, self: Instance, kind: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Forward of a transformer that was taken apart."""
    given = taken(rt, KINDS[kind], args, kwargs)
    if kind == "Transformer":
        return _run_both(rt, self, given)
    x = given.pop(KINDS[kind].takes[0])
    if "mask" in given:  # as an encoder calls what its layers call src_mask
        given["src_mask"] = given.pop("mask")
    memory = [given.pop("memory")] if "memory" in given else []
    for layer in rt.iterate(rt.attribute(self, "layers")):
        x = rt.call(layer, [x, *memory], dict(given))
    norm = rt.attribute(self, "norm")
    return x if norm is None else rt.call(norm, [x], {})


def _run_both(rt: Any, self: Instance, given: dict[str, Any]) -> Any:
    """An encoder, whose output a decoder takes as its memory, each with its own masks."""
    src, tgt = given.pop("src"), given.pop("tgt")
    of_source = {name: given.pop(name) for name in _OF_SOURCE if name in given}
    of_source = {_OF_SOURCE[name]: mask for name, mask in of_source.items()}
    memory = rt.call(rt.attribute(self, "encoder"), [src], of_source)
    return rt.call(rt.attribute(self, "decoder"), [tgt, memory], given)


_OF_SOURCE = {
    "src_mask": "mask",
    "src_key_padding_mask": "src_key_padding_mask",
    "src_is_causal": "is_causal",
}
"""What an encoder calls the arguments of a transformer that are its own."""
