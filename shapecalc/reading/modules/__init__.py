"""Modules: ``nn.Module``, the containers, and every kind of the catalogue as torch's class.

An instance keeps its submodules, learned tensors and buffers among its attributes, in the order in
which they came; what is what is seen from the values. ``holding`` finds them, ``module`` has the
methods of all modules, ``containers`` the lists and dictionaries, ``leaves`` the kinds. Those are
made with what ``constructing`` takes, and called with what ``leaf_arguments`` takes; they tell of
themselves by ``leaf_attributes``, of what is inside them by ``leaf_parts``, and ``transformers``
takes some of them apart.
"""

from __future__ import annotations

from shapecalc.reading.modules import module  # it puts the methods into the class
from shapecalc.reading.modules.containers import DICTS, LISTS, MODULE_LIST, SEQUENTIAL
from shapecalc.reading.modules.holding import (
    AFTER,
    HOOKS,
    MODULE,
    NN,
    Leaf,
    Registered,
    all_tensors,
    children,
    every_tensor,
    is_buffer,
    is_module,
    leaf_tensors,
    learned,
    method,
    stored,
    tensors_of,
    walk,
)
from shapecalc.reading.modules.leaves import Modules, torch_class

__all__ = [
    "AFTER",
    "DICTS",
    "HOOKS",
    "LISTS",
    "MODULE",
    "MODULE_LIST",
    "NN",
    "SEQUENTIAL",
    "Leaf",
    "Modules",
    "Registered",
    "all_tensors",
    "children",
    "every_tensor",
    "is_buffer",
    "is_module",
    "leaf_tensors",
    "learned",
    "method",
    "module",
    "stored",
    "tensors_of",
    "torch_class",
    "walk",
]
