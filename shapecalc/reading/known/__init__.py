"""Modules that are known without a file: torch, and what of Python's library networks use.

``base`` holds the table of what dotted names mean, and how one is looked up; each other file puts
the names of its subject into the table.
"""

from __future__ import annotations

from shapecalc.reading.known import (  # each puts what it knows into the table
    arguments,
    arrays,
    chances,
    collecting,
    distributions,
    normalised,
    packages,
    packed,
    paths,
    python,
    records,
    scripts,
    signatures,
    system,
)
from shapecalc.reading.known.base import KNOWN, REPLACED, lends, module, resolve, stays_unread

__all__ = [
    "KNOWN",
    "REPLACED",
    "arguments",
    "arrays",
    "chances",
    "collecting",
    "distributions",
    "lends",
    "module",
    "normalised",
    "packages",
    "packed",
    "paths",
    "python",
    "records",
    "resolve",
    "scripts",
    "signatures",
    "stays_unread",
    "system",
]
