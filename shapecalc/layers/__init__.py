"""The catalogue of layer kinds, a file for each family.

Every module of this folder is read, so that a new family is one new file.
"""

from importlib import import_module
from pkgutil import iter_modules

from shapecalc.layers.base import KINDS, FieldError, Layer
from shapecalc.layers.tensor import OUTPUT, Tensor

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["KINDS", "OUTPUT", "FieldError", "Layer", "Tensor"]
