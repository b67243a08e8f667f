"""How networks of transformers are read from its files, where the package is installed.

Its packages import their files as these are asked for, so a class is looked for in their texts.
What networks are dressed in there (caches, kernels, masks, documentation) changes nothing of what
is told of them: something plain stands for it.
"""

from __future__ import annotations

import re
from typing import Any

from shapecalc.reading.evaluator.classes import OBJECT
from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.evaluator.values import Builtin, Class, Function, Instance, Quiet
from shapecalc.reading.files import read_text
from shapecalc.reading.known.base import NAMES, PASSES
from shapecalc.reading.known.pretrained import no_checkpoint
from shapecalc.reading.modules import MODULE, method

KNOWN = NAMES.part(__name__)
known = KNOWN.function

# -- where its classes are ------------------------------------------------------------------------


@known("transformers.*")
def _replacement(rt: Any, module: str, name: str) -> Any:
    """What stands for a name of one of its files; None where it is taken as it is written."""
    full = f"{module}.{name}"
    if full in NAMES and module != "transformers.modeling_outputs":  # which is written plainly
        return NAMES[full]
    if name.startswith("is_") and name.endswith("_available"):
        package = name[len("is_") : -len("_available")]
        is_there = package in ("torch", "vision") or (package == "timm" and rt.find("timm", None))
        return Builtin(name, lambda rt, *args, **kwargs: bool(is_there))
    is_offered = module in ("transformers", "transformers.models.auto")
    if is_offered and re.match("Auto[A-Z]", name):
        return _Auto(name)
    file = rt.modules[module]
    return _located(rt, file, name) if "_LazyModule(" in file.source.text else None


def _located(rt: Any, package: Any, name: str) -> Any:
    """What a package offers that imports its files as they are asked for, from the file."""
    inside = "models/*/*.py" if package.name == "transformers" else "*.py"
    defined = [f"\nclass {name}(", f"\nclass {name}:", f"\ndef {name}(", f"\n{name} = "]
    for path in sorted(package.path.parent.glob(inside)):
        is_network = path.stem.startswith(("modeling_", "configuration_"))
        if (is_network or inside == "*.py") and path != package.path:
            text = read_text(path)
            if any(start in text for start in defined):
                folder = path.parent.relative_to(package.path.parent).parts
                parent = ".".join([package.name, *folder])
                return rt.open_file(path, f"{parent}.{path.stem}", parent).lookup(rt, name)
    return None


class _Auto:
    """A class that makes the network that a configuration is meant for."""

    def __init__(self, name: str) -> None:
        self.name = name

    def known_attribute(self, rt: Any, name: str) -> Any:
        """``from_config``; there is no checkpoint to look at."""
        return Builtin(name, self.made if name == "from_config" else self.refused)

    def made(self, rt: Any, config: Any, **kwargs: Any) -> Any:
        """The network, whose class a table of the package names by the kind of model."""
        words = re.findall("[A-Z][a-z]+|[A-Z]+(?![a-z])", self.name.removeprefix("Auto"))
        table = f"{'_'.join(words).upper()}_MAPPING_NAMES"
        file = rt.imported("transformers.models.auto.modeling_auto", None)
        kind = rt.attribute(config, "model_type")
        found = rt.subscript(file.lookup(rt, table), kind)
        cls = _located(rt, rt.modules["transformers"], plain(found))
        return rt.call(cls, [config], {})

    def refused(self, rt: Any, name: Any = None, *more: Any, **kwargs: Any) -> Any:
        raise no_checkpoint(rt, name, "BertModel(BertConfig())")


# -- what networks are dressed in -----------------------------------------------------------------

GENERATION = Class("GenerationMixin", (OBJECT,))
for _place in ("", ".generation", ".generation.utils"):
    KNOWN[f"transformers{_place}.GenerationMixin"] = GENERATION

KNOWN["transformers.modeling_layers.GradientCheckpointingLayer"] = MODULE


def _decorator(rt: Any, *args: Any, **kwargs: Any) -> Any:
    """A decorator that changes nothing, with arguments or without."""
    is_bare = len(args) == 1 and not kwargs and isinstance(args[0], (Function, Class))
    return args[0] if is_bare else Quiet("decorator", passes=True)


_DECORATORS = """
modeling_rope_utils.dynamic_rope_update integrations.use_kernel_forward_from_hub
integrations.hub_kernels.use_kernel_forward_from_hub integrations.use_experts_implementation
utils.add_code_sample_docstrings utils.add_end_docstrings utils.add_start_docstrings
utils.add_start_docstrings_to_model_forward utils.auto_docstring utils.can_return_tuple
utils.generic.can_return_tuple utils.generic.check_model_inputs
utils.generic.merge_with_config_defaults utils.generic.maybe_autocast
models.auto.auto_factory.auto_class_update
models.auto.configuration_auto.replace_list_option_in_docstrings
utils.output_capturing.capture_outputs utils.replace_return_docstrings
"""

for _name in _DECORATORS.split():
    known(f"transformers.{_name}")(_decorator)

KNOWN["huggingface_hub.dataclasses.strict"] = Builtin("strict", _decorator)

_NEVER = """
is_cuda_stream_capturing is_fx_tracing is_jit_tracing is_torch_fx_proxy is_torchdynamo_compiling
is_torchdynamo_exporting is_tracing
"""

for _name in _NEVER.split():
    for _place in ("utils", "utils.import_utils", "utils.generic"):
        known(f"transformers.{_place}.{_name}")(lambda rt, *args: False)

_MASKS = """
create_bidirectional_mask create_bidirectional_sliding_window_mask create_causal_mask
create_chunked_causal_mask create_sliding_window_causal_mask
"""


def _mask(rt: Any, *args: Any, **kwargs: Any) -> None:
    """What attention is forbidden changes no shape."""
    if rt.current is not None:
        rt.approximates("a mask that transformers makes is left out")


for _name in _MASKS.split():
    known(f"transformers.masking_utils.{_name}")(_mask)

known("transformers.utils.type_validators.interval")(
    lambda rt, **bounds: Builtin("field", lambda rt, default=None: default)
)

CACHE = Class("Cache", (OBJECT,))
CACHE.names["is_compileable"] = False


@method(CACHE, "__init__", "reset", "crop")
def _nothing(rt: Any, self: Instance, *args: Any, **kwargs: Any) -> None:
    """A cache is empty, and what is put into it is what comes out."""
    self.attributes = {
        "is_updated": {},
        "self_attention_cache": self,
        "cross_attention_cache": self,
    }


@method(CACHE, "update")
def _kept(rt: Any, self: Instance, keys: Any, values: Any, *more: Any, **kwargs: Any) -> Any:
    return keys, values


@method(CACHE, "get_mask_sizes")
def _sizes(rt: Any, self: Instance, length: Any, *more: Any) -> Any:
    return length, 0


@method(CACHE, "get_max_cache_shape")
def _unbounded(rt: Any, self: Instance, *more: Any) -> int:
    return -1


@method(CACHE, "get_seq_length")
def _length(rt: Any, self: Instance, *more: Any) -> int:
    return 0


for _name in ["Cache", "DynamicCache", "EncoderDecoderCache", "StaticCache"]:
    for _place in ("", ".cache_utils"):
        KNOWN[f"transformers{_place}.{_name}"] = CACHE

_FACTORIES = """
integrations.use_kernel_func_from_hub integrations.use_kernelized_func
integrations.hub_kernels.use_kernelized_func utils.deprecation.deprecate_kwarg
"""

for _name in _FACTORIES.split():
    KNOWN[f"transformers.{_name}"] = Builtin(_name, lambda rt, *args, **kwargs: PASSES)


class _Silent:
    """A logger, or what makes one: whatever is said to it."""

    def known_attribute(self, rt: Any, name: str) -> Any:
        return Builtin(name, lambda rt, *args, **kwargs: self)


KNOWN["transformers.utils.logging"] = _Silent()


class _Interfaces:
    """How attention may be calculated: as the file at hand writes it."""

    def known_attribute(self, rt: Any, name: str) -> Any:
        return Builtin(name, lambda rt, kind, default=None: default)


KNOWN["transformers.modeling_utils.ALL_ATTENTION_FUNCTIONS"] = _Interfaces()
