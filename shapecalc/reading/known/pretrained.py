"""The base classes of transformers: configurations, models, and what these give back."""

from __future__ import annotations

from typing import Any

from shapecalc.reading.evaluator.classes import OBJECT
from shapecalc.reading.evaluator.values import (
    Builtin,
    CannotRead,
    Class,
    ClassMethod,
    Instance,
    Quiet,
)
from shapecalc.reading.functions import OPERATIONS
from shapecalc.reading.known.base import NAMES
from shapecalc.reading.modules import MODULE, method
from shapecalc.reading.tensors.dtypes import DEVICE, DType

KNOWN = NAMES.part(__name__)

CONFIG = Class("PretrainedConfig", (OBJECT,))
PRETRAINED = Class("PreTrainedModel", (MODULE,))


CONFIG.names.update(
    add_cross_attention=False,
    attribute_map={},
    bos_token_id=None,
    chunk_size_feed_forward=0,
    cross_attention_hidden_size=None,
    decoder_start_token_id=None,
    dtype=None,
    eos_token_id=None,
    forced_bos_token_id=None,
    forced_eos_token_id=None,
    is_decoder=False,
    is_encoder_decoder=False,
    num_labels=2,
    output_attentions=False,
    output_hidden_states=False,
    pad_token_id=None,
    problem_type=None,
    return_dict=True,
    sep_token_id=None,
    tie_encoder_decoder=False,
    tie_word_embeddings=True,
    torch_dtype=None,
    torchscript=False,
    use_return_dict=True,
    _attn_implementation="eager",
)


@method(CONFIG, "__init__")
def _config(rt: Any, self: Instance, **kwargs: Any) -> None:
    """Settings by name, also those that a class calls otherwise, and what it makes of them."""
    others = rt.class_attribute(self.cls, "attribute_map")
    self.attributes.setdefault("pruned_heads", {})
    for name, value in kwargs.items():
        self.attributes.setdefault(others.get(name, name), value)
    rt.call(rt.attribute(self, "__post_init__"), [], {})
    if rt.has_attribute(self, "rope_parameters"):
        rotary = {"rope_type": "default", "rope_theta": 1e4}
        if rt.has_attribute(self, "partial_rotary_factor"):
            rotary["partial_rotary_factor"] = rt.attribute(self, "partial_rotary_factor")
        self.attributes["rope_parameters"] = {
            **rotary,
            **(rt.attribute(self, "rope_parameters") or {}),
        }


@method(CONFIG, "__getattr__")
def _otherwise(rt: Any, self: Instance, name: str) -> Any:
    """A setting by a name that others call it."""
    others = rt.class_attribute(self.cls, "attribute_map")
    if name not in others:
        raise rt.error("AttributeError", f"'{self.cls.name}' object has no attribute '{name}'")
    return rt.attribute(self, others[name])


@method(CONFIG, "__post_init__")
def _completed(rt: Any, self: Instance, **kwargs: Any) -> None:
    """What others go on from."""
    for name, value in kwargs.items():
        self.attributes.setdefault(name, value)


@method(CONFIG, "get_text_config")
def _of_text(rt: Any, self: Instance, *more: Any, **kwargs: Any) -> Instance:
    """The part that is about text, where there are several; else the whole."""
    parts = (self.attributes.get(name) for name in ("decoder", "generator", "text_config"))
    return next((part for part in parts if isinstance(part, Instance)), self)


def of_checkpoint(rt: Any, cls: Any, name: Any = None, *more: Any, **kwargs: Any) -> Any:
    """What a checkpoint holds is not in the source."""
    own = [each.name for each in cls.mro if each.name.endswith("PreTrainedModel")]
    config = f"{own[0].removesuffix('PreTrainedModel')}Config()" if own[:-1] else "config"
    raise no_checkpoint(rt, name, "" if cls.is_a(CONFIG) else f"{cls.name}({config})")


def no_checkpoint(rt: Any, name: Any, made: str) -> CannotRead:
    """The error that a checkpoint is asked for: what can be written in its place."""
    return rt.cannot(
        f"what the checkpoint {rt.shown(name)} is made of is not in the source",
        f"a configuration tells all sizes{made and f', as in {made}'}",
        "its class has defaults",
    )


for _class in (CONFIG, PRETRAINED):
    _class.names["from_pretrained"] = ClassMethod(Builtin("from_pretrained", of_checkpoint))


PRETRAINED.names["_from_config"] = ClassMethod(
    Builtin("_from_config", lambda rt, cls, config, **kwargs: rt.call(cls, [config], {}))
)


@method(PRETRAINED, "__init__")
def _pretrained(rt: Any, self: Instance, config: Any = None, *more: Any, **kwargs: Any) -> None:
    self.attributes.update({"training": True, "config": config})


_QUIET = """
_backward_compatibility_gradient_checkpointing _init_weights gradient_checkpointing_enable
init_weights tie_weights warn_if_padding_and_no_attention_mask
"""

for _name in _QUIET.split():
    PRETRAINED.names[_name] = Quiet(_name)

PRETRAINED.names.update(
    _tied_weights_keys=None,
    base_model_prefix="",
    device=DEVICE,
    dtype=DType("float32"),
    gradient_checkpointing=False,
    is_gradient_checkpointing=False,
)


@method(PRETRAINED, "post_init")
def _tied(rt: Any, self: Instance) -> None:
    """Tie the weights that the class lists: each by name, or all to the embedding of the input."""
    keys = rt.attribute(self, "_tied_weights_keys")
    config = _of_text(rt, self.attributes["config"])
    if not keys or not rt.truth(rt.attribute(config, "tie_word_embeddings")):
        return
    if not isinstance(keys, dict):
        whole = rt.call(rt.attribute(self, "get_input_embeddings"), [], {})
        keys = {key: whole for key in keys if whole is not None and key.endswith("weight")}
    for key, other in keys.items():
        path, _, name = key.rpartition(".")
        owner = _reached(rt, self, path)
        source = _reached(rt, self, other) if isinstance(other, str) else rt.attribute(other, name)
        if owner is not None and source is not None:
            rt.set_attribute(owner, name, source)


def _reached(rt: Any, value: Any, path: str) -> Any:
    """What a dotted path leads to; None if it leads nowhere."""
    for name in path.split("."):
        if not rt.has_attribute(value, name):
            return None
        value = rt.attribute(value, name)
    return value


_EMBEDDINGS = ("embed_tokens", "wte", "shared", "word_embeddings", "embeddings.word_embeddings")


@method(PRETRAINED, "get_input_embeddings")
def _embedding(rt: Any, self: Instance) -> Any:
    """The embedding of what comes in, where its name is one of the usual."""
    prefix = rt.attribute(self, "base_model_prefix")
    for start in (self, _reached(rt, self, prefix) if prefix else None):
        for path in _EMBEDDINGS if start is not None else ():
            found = _reached(rt, start, path)
            if found is not None:
                return found
    return None


_LEAST = -3.4028234663852886e38
"""The least number of type float32."""


@method(PRETRAINED, "get_head_mask")
def _head_mask(rt: Any, self: Instance, mask: Any, layers: int, *more: Any) -> Any:
    return [None] * layers if mask is None else mask


@method(PRETRAINED, "get_extended_attention_mask", "invert_attention_mask")
def _extended(rt: Any, self: Instance, mask: Any, *more: Any, **kwargs: Any) -> Any:
    """What is added to scores: 0, or where the mask is 0 the least there is."""
    new = (None,) * (4 - len(mask.shape))
    kept = OPERATIONS["Tensor.float"].run(rt, rt.tensor_index(mask, (slice(None), *new)))
    return rt.binary("*", rt.binary("-", 1.0, kept), _LEAST)


MODEL_OUTPUT = Class("ModelOutput", (OBJECT,))
_TENSORS = """
attentions cross_attentions encoder_last_hidden_state hidden_states last_hidden_state logits loss
past_key_values pooler_output
"""
MODEL_OUTPUT.names.update(dict.fromkeys(_TENSORS.split()))


@method(MODEL_OUTPUT, "__init__")
def _output(rt: Any, self: Instance, **values: Any) -> None:
    """What a model of transformers gives: its tensors by name."""
    self.attributes = {**values}


def _items(self: Instance) -> dict[str, Any]:
    """What there is, for None is left out."""
    return {name: each for name, each in self.attributes.items() if each is not None}


@method(MODEL_OUTPUT, "__getitem__")
def _item(rt: Any, self: Instance, index: Any) -> Any:
    """A tensor by its name, or by its place as in a tuple."""
    return rt.subscript(_items(self) if isinstance(index, str) else _as_tuple(rt, self), index)


@method(MODEL_OUTPUT, "to_tuple")
def _as_tuple(rt: Any, self: Instance) -> tuple[Any, ...]:
    return tuple(_items(self).values())


for _name in ("get", "items", "keys", "values"):

    @method(MODEL_OUTPUT, _name)
    def _of_dict(rt: Any, self: Instance, *args: Any, _name: str = _name) -> Any:
        return rt.call(rt.attribute(_items(self), _name), list(args), {})


@method(MODEL_OUTPUT, "__iter__")
def _names(rt: Any, self: Instance) -> Any:
    return rt.call(rt.attribute(list(_items(self)), "__iter__"), [], {})


@method(MODEL_OUTPUT, "__contains__")
def _has(rt: Any, self: Instance, name: Any) -> bool:
    return name in _items(self)


@method(MODEL_OUTPUT, "__len__")
def _count(rt: Any, self: Instance) -> int:
    return len(_items(self))


_OUTPUTS = """BaseModelOutput BaseModelOutputWithPast BaseModelOutputWithPooling CausalLMOutput
BaseModelOutputWithPoolingAndCrossAttentions BaseModelOutputWithPastAndCrossAttentions
CausalLMOutputWithPast CausalLMOutputWithCrossAttentions ImageClassifierOutput MaskedLMOutput
QuestionAnsweringModelOutput Seq2SeqLMOutput SequenceClassifierOutput TokenClassifierOutput"""

for _place in ("", ".modeling_utils", ".configuration_utils", ".modeling_outputs"):
    for _name in ("PreTrainedModel", "PretrainedConfig", "PreTrainedConfig"):
        KNOWN[f"transformers{_place}.{_name}"] = PRETRAINED if "Model" in _name else CONFIG
    for _name in _OUTPUTS.split():
        KNOWN[f"transformers{_place}.{_name}"] = Class(_name, (MODEL_OUTPUT,))

for _place in ("utils", "utils.generic", "file_utils"):
    KNOWN[f"transformers.{_place}.ModelOutput"] = MODEL_OUTPUT
