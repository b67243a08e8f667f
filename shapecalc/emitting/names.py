"""Names in emitted source: which a spec may use, and what classes are called."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection
from textwrap import shorten

from shapecalc.language.problem import Mark, Problem, Source, SpecError

_OF_MODULES = """
T_destination add_module append apply bfloat16 buffers call_super_init children clear compile cpu
cuda double dump_patches eval extend extra_repr float forward get_buffer get_extra_state
get_parameter get_submodule half insert ipu items keys load_state_dict modules mtia named_buffers
named_children named_modules named_parameters parameters pop register_backward_hook register_buffer
register_forward_hook register_forward_pre_hook register_full_backward_hook
register_full_backward_pre_hook register_load_state_dict_post_hook
register_load_state_dict_pre_hook register_module register_parameter
register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state
set_submodule share_memory state_dict to to_empty train training type update values xpu zero_grad
_apply _backward_hooks _backward_pre_hooks _buffers _call_impl _compiled_call_impl _forward_hooks
_forward_hooks_always_called _forward_hooks_with_kwargs _forward_pre_hooks
_forward_pre_hooks_with_kwargs _get_abs_string_index _get_backward_hooks _get_backward_pre_hooks
_get_item_by_idx _get_name _is_full_backward_hook _load_from_state_dict
_load_state_dict_post_hooks _load_state_dict_pre_hooks _maybe_warn_non_full_backward_hook _modules
_named_members _non_persistent_buffers_set _parameters _register_load_state_dict_pre_hook
_register_state_dict_hook _replicate_for_data_parallel _save_to_state_dict _slow_forward
_state_dict_hooks _state_dict_pre_hooks _version _wrapped_call_impl
"""

MODULE_ATTRIBUTES = frozenset(_OF_MODULES.split())
"""Attributes of torch's modules and containers, which no submodule may be called."""

_OF_SOURCE = """
_ self super __class__ __debug__ torch nn math Tensor Fraction OrderedDict Final index abs bool
enumerate float int max min object print range round str tuple any ValueError
"""

SOURCE_NAMES = frozenset(_OF_SOURCE.split())
"""Names that emitted source uses itself, and those that Python gives a meaning there."""

LONGEST_NAME = 40
"""The longest name of a class or function that is made of the words of a text."""


class EmitError(SpecError):
    """A network cannot be written in the way that is asked for.

    >>> import shapecalc
    >>> try:
    ...     shapecalc.emit({"input": [4], "layers": [{"Opaque": {"shape": [4]}}]})
    ... except EmitError as error:
    ...     print(error.problems[0].message)
    Opaque 'opaque1' cannot be written for torch
    """

    def __init__(self, source: Source, mark: Mark, message: str, *notes: str) -> None:
        super().__init__(source, [Problem(mark, message, notes)])


def clash(name: str) -> str:
    """Why a name cannot be that of a module's attribute; empty if it can.

    >>> clash("train"), clash("__train"), clash("_train"), clash("layers.0")
    ("'train' is an attribute of torch's modules", "'__train' begins with __, ...", '', '')
    """
    if "." in name:
        return next(filter(None, map(clash, name.split("."))), "")
    if name in MODULE_ATTRIBUTES:
        return f"{name!r} is an attribute of torch's modules"
    if name.startswith("__"):
        return f"{name!r} begins with __, as the names that Python keeps to itself"
    return f"{name!r} is a word of Python" if keyword.iskeyword(name) else ""


def class_name(name: str, taken: Collection[str]) -> str:
    """A network's name as that of a class.

    >>> class_name("ResNet-18 for CIFAR", ()), class_name("3 nets", ())
    ('ResNet18ForCIFAR', 'Net3Nets')
    """
    joined = "".join(word[:1].upper() + word[1:] for word in _words(name)) or "Network"
    if joined[0].isdigit():
        joined = f"Net{joined}"
    while joined in taken or has_meaning(joined):
        joined += "Network"
    return joined


def block_class_name(name: str, taken: Collection[str]) -> str:
    """A block's name as that of a class, in capitals as Python's classes are.

    >>> block_class_name("BasicBlock", ()), block_class_name("conv_relu", ())
    ('BasicBlock', 'ConvRelu')
    >>> block_class_name("Tensor", ()), block_class_name("repeat", {"Repeat"})
    ('TensorBlock', 'RepeatBlock')
    """
    joined = name
    if "_" in name or not name[:1].isupper():
        joined = "".join(word[:1].upper() + word[1:] for word in _words(name)) or "Block"
    if joined[0].isdigit():
        joined = f"Block{joined}"
    while joined in taken or has_meaning(joined):
        joined += "Block"
    return joined


def list_name(name: str, taken: Collection[str]) -> str:
    """An inline block's name as that of the function that makes its modules.

    >>> list_name("ConvReLU", ()), list_name("MLP", ()), list_name("Range", ())
    ('conv_relu', 'mlp', 'range_')
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", name)
    return variable(apart.lower(), taken)


def function_name(name: str, taken: Collection[str]) -> str:
    """A network's or block's name as that of a function.

    >>> function_name("ResNet-18 for CIFAR", ()), function_name("ConvReLU", ())
    ('resnet18_for_cifar', 'convrelu')
    """
    joined = "_".join(word.lower() for word in _words(name)) or "network"
    joined = re.sub(r"_(?=\d)", "", joined)
    return variable(joined if not joined[0].isdigit() else f"net{joined}", taken)


def _words(name: str) -> list[str]:
    """The words of a name, as many as are not too long."""
    words = re.findall(r"[A-Za-z0-9]+", name)
    told = shorten(" ".join(words), LONGEST_NAME, placeholder="")
    return told.split() or [word[:LONGEST_NAME] for word in words[:1]]


def has_meaning(name: str) -> bool:
    """Whether a name means something else in emitted source than what is called so.

    Inside a class a name such as ``__n`` is private to it.

    >>> has_meaning("range"), has_meaning("__n"), has_meaning("n")
    (True, True, False)
    """
    is_private = name.startswith("__") and not name.endswith("__")
    return is_private or name in SOURCE_NAMES or keyword.iskeyword(name)


def word(name: str) -> str:
    """A name that may be a number, or have signs in it, as one that Python can have.

    >>> word("0"), word("block1-0"), word("conv1")
    ('x0', 'block1_0', 'conv1')
    """
    plain = re.sub(r"\W+", "_", name)
    return f"x{plain}" if plain[:1].isdigit() else plain


def variable(name: str, taken: Collection[str]) -> str:
    """A name for a variable or parameter that hides nothing.

    >>> variable("range", ()), variable("x", {"x"}), variable("__n", ())
    ('range_', 'x_', '__n__')
    """
    while name in taken or has_meaning(name):
        name += "_"
    return name
