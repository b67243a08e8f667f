"""Warnings: what is legal in a network but probably unwanted.

Every warning is one declaration with a stable code. A spec silences it by that code: for the whole
network with the key ``silence``, or with ``silence`` beside an entry's kind, for all inside it.

>>> import shapecalc
>>> for warning in shapecalc.load("alexnet").report().warnings:
...     print(warning.path, warning.code)
conv1 dropped-pixels
"""

from shapecalc.analysis.warning import Warning  # noqa: A004 - as where it is declared
from shapecalc.lint import batch, broadcast, cost, habits, redundancy, stated, windows
from shapecalc.lint.base import CHECKS, warnings

__all__ = [
    "CHECKS",
    "Warning",
    "batch",
    "broadcast",
    "cost",
    "habits",
    "redundancy",
    "stated",
    "warnings",
    "windows",
]
