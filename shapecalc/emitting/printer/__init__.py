"""The one printer: trees of Python laid out as ruff lays them out by default."""

from shapecalc.emitting.printer.docstring import docstring
from shapecalc.emitting.printer.line import fits, flat
from shapecalc.emitting.printer.several import lines
from shapecalc.emitting.printer.statements import body, definition, statement

__all__ = ["body", "definition", "docstring", "fits", "flat", "lines", "statement"]
