"""Modules that are known without a file: torch, and what of Python's library networks use.

``base`` holds the table of what dotted names mean, and how one is looked up; each other file puts
the names of its subject into the table, and is imported when one of them is asked for.
"""

from __future__ import annotations

from shapecalc.reading.known.base import NAMES, lends, module, replacement, resolve, stays_unread

__all__ = ["NAMES", "lends", "module", "replacement", "resolve", "stays_unread"]
