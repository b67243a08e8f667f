"""Names in emitted source: which a spec may use, and what classes are called."""

from __future__ import annotations

import builtins
import keyword
import re

from shapecalc.spec.problem import Mark, Problem, Source, SpecError

MODULE_ATTRIBUTES = frozenset(
    """
    T_destination add_module append apply bfloat16 bool buffers call_super_init children clear
    compile cpu cuda double dump_patches eval extend extra_repr float forward get_buffer
    get_extra_state get_parameter get_submodule half insert ipu items keys load_state_dict modules
    mtia named_buffers named_children named_modules named_parameters parameters pop register_buffer
    register_backward_hook register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module
    register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_
    set_extra_state set_submodule share_memory state_dict to to_empty train training type update
    values xpu zero_grad
    """.split()
)
"""Attributes of torch's modules and containers, which no submodule may be called."""

SOURCE_NAMES = frozenset(
    {"self", "super", "torch", "nn", "math", "Tensor", "Fraction", "OrderedDict", "index"}
)
"""Names that emitted source uses itself."""


class EmitError(SpecError):
    """A network cannot be written in the way that is asked for."""

    def __init__(self, source: Source, mark: Mark, message: str, *notes: str) -> None:
        super().__init__(source, [Problem(mark, message, notes)])


def clash(name: str) -> str:
    """Why a name cannot be that of a module's attribute; empty if it can.

    >>> clash("train"), clash("conv1")
    ("'train' is an attribute of every torch module", '')
    """
    if name in MODULE_ATTRIBUTES or name.startswith("_"):
        return f"{name!r} is an attribute of every torch module"
    if keyword.iskeyword(name):
        return f"{name!r} is a word of Python"
    return ""


def class_name(name: str, taken: frozenset[str]) -> str:
    """A network's name as that of a class.

    >>> class_name("ResNet-18 for CIFAR", frozenset()), class_name("3 nets", frozenset())
    ('ResNet18ForCIFAR', 'Net3Nets')
    """
    words = re.findall(r"[A-Za-z0-9]+", name)
    joined = "".join(word[:1].upper() + word[1:] for word in words) or "Network"
    if joined[0].isdigit():
        joined = f"Net{joined}"
    while joined in taken or joined in SOURCE_NAMES or keyword.iskeyword(joined):
        joined += "Network"
    return joined


def variable(name: str, taken: frozenset[str]) -> str:
    """A name for a local variable that hides nothing.

    >>> variable("input", frozenset()), variable("x", frozenset({"x"}))
    ('input_', 'x_')
    """
    while name in taken or name in SOURCE_NAMES or hasattr(builtins, name):
        name += "_"
    return name


def plain_text(text: str) -> str:
    """Text that can stand in a docstring."""
    return " ".join(text.replace("\\", "/").replace('"', "'").split())
