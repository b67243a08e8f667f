"""Names in emitted source: which a spec may use, and what classes are called."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection
from textwrap import wrap

from shapecalc.emit.source import WIDTH
from shapecalc.spec.problem import Mark, Problem, Source, SpecError

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
"""

MODULE_ATTRIBUTES = frozenset(_OF_MODULES.split())
"""Attributes of torch's modules and containers, which no submodule may be called."""

_OF_SOURCE = """
self super torch nn math Tensor Fraction OrderedDict index abs bool float int max min object print
range round str tuple any
"""

SOURCE_NAMES = frozenset(_OF_SOURCE.split())
"""Names that emitted source uses itself."""


class EmitError(SpecError):
    """A network cannot be written in the way that is asked for."""

    def __init__(self, source: Source, mark: Mark, message: str, *notes: str) -> None:
        super().__init__(source, [Problem(mark, message, notes)])


def clash(name: str) -> str:
    """Why a name cannot be that of a module's attribute; empty if it can.

    >>> clash("train"), clash("_train"), clash("conv1")
    ("'train' is an attribute of every torch module", "'_train' begins with _, ...", '')
    """
    if name in MODULE_ATTRIBUTES:
        return f"{name!r} is an attribute of every torch module"
    if name.startswith("_"):
        return f"{name!r} begins with _, as the names that torch's modules keep to themselves"
    return f"{name!r} is a word of Python" if keyword.iskeyword(name) else ""


def class_name(name: str, taken: Collection[str]) -> str:
    """A network's name as that of a class.

    >>> class_name("ResNet-18 for CIFAR", ()), class_name("3 nets", ())
    ('ResNet18ForCIFAR', 'Net3Nets')
    """
    joined = "".join(word[:1].upper() + word[1:] for word in _words(name)) or "Network"
    if joined[0].isdigit():
        joined = f"Net{joined}"
    while joined in taken or joined in SOURCE_NAMES or keyword.iskeyword(joined):
        joined += "Network"
    return joined


def function_name(name: str, taken: Collection[str]) -> str:
    """A network's or block's name as that of a function.

    >>> function_name("ResNet-18 for CIFAR", ()), function_name("ConvReLU", ())
    ('resnet18_for_cifar', 'convrelu')
    """
    joined = "_".join(word.lower() for word in _words(name)) or "network"
    joined = re.sub(r"_(?=\d)", "", joined)
    return variable(joined if not joined[0].isdigit() else f"net{joined}", taken)


def _words(name: str) -> list[str]:
    return re.findall(r"[A-Za-z0-9]+", name)


def variable(name: str, taken: Collection[str]) -> str:
    """A name for a variable or parameter that hides nothing.

    >>> variable("range", ()), variable("x", {"x"})
    ('range_', 'x_')
    """
    while name in taken or name in SOURCE_NAMES or keyword.iskeyword(name):
        name += "_"
    return name


def docstring(text: str, indent: int) -> list[str]:
    """Text as a docstring, its paragraphs wrapped; a table, which is indented, stays as it is.

    >>> docstring("One line.", 4)[0].replace('"', "'")
    "    '''One line.'''"
    """
    pad = " " * indent
    found: list[str] = []
    for paragraph in re.split(r"\n[ \t]*\n\s*?(?=[ \t]*\S)", text.strip()):
        rows = paragraph.splitlines()
        if any(row.startswith(" ") for row in rows):
            found += ["", *(printable(row).rstrip() for row in rows)]
            continue
        told = plain_text(paragraph).replace(" x ", "\xa0x\xa0")  # sizes are not broken apart
        wrapped = wrap(told, WIDTH - indent, break_long_words=False, break_on_hyphens=False)
        found += ["", *(line.replace("\xa0", " ") for line in wrapped)]
    if len(found) == 2 and len(pad + found[1]) + 6 <= WIDTH:
        return [f'{pad}"""{found[1]}"""']
    first = found[1] if len(found) > 1 else ""
    return [f'{pad}"""{first}', *(f"{pad}{line}".rstrip() for line in found[2:]), f'{pad}"""']


def plain_text(text: str) -> str:
    r"""Text that can stand in a docstring, on one line.

    >>> plain_text('a "quoted" word, a slash \\ and\nanother line')
    "a 'quoted' word, a slash / and another line"
    """
    return printable(" ".join(text.split()))


def printable(text: str) -> str:
    """Text without what would end a docstring, or mean something in it."""
    safe = text.replace("\\", "/").replace('"', "'")
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in safe)
