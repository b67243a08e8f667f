"""argparse: what a script takes where nothing is given."""

from __future__ import annotations

from typing import Any

from shapecalc.reading.evaluator.values import (
    Builtin,
    Instance,
    Quiet,
    Unknown,
)
from shapecalc.reading.known.base import NAMES
from shapecalc.reading.known.records import NAMESPACE

KNOWN = NAMES.part(__name__)
known = KNOWN.function


class Parser:
    """``argparse.ArgumentParser``: its arguments have their defaults."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def known_attribute(self, rt: Any, name: str) -> Any:
        """A method of a parser."""
        found: Any = {
            "add_argument": self.add,
            "parse_args": self.parse,
            "parse_known_args": lambda rt, *a, **k: (self.parse(rt), []),
            "add_argument_group": lambda rt, *a, **k: self,
            "add_mutually_exclusive_group": lambda rt, *a, **k: self,
            "set_defaults": lambda rt, **k: self.values.update(k),
            "get_default": lambda rt, key: self.values.get(key),
        }.get(name)
        return Builtin(name, found) if found is not None else Quiet(name)

    def add(self, rt: Any, *names: Any, **kwargs: Any) -> None:
        """An argument with its default."""
        name = kwargs.get("dest") or next((n for n in names if n.startswith("--")), names[0])
        name = name.lstrip("-").replace("-", "_")
        default = kwargs.get("default")
        action = kwargs.get("action")
        if "default" not in kwargs and action in ("store_true", "store_false"):
            default = action == "store_false"
        kind = kwargs.get("type")
        if isinstance(default, str) and kind is not None and not isinstance(kind, Unknown):
            default = rt.call(kind, [default], {})
        if "default" not in kwargs and kwargs.get("required"):
            default = Unknown(f"argument --{name}", "it has no default, and no arguments are given")
        self.values[name] = default

    def parse(self, rt: Any, *args: Any, **kwargs: Any) -> Any:
        """All arguments with their defaults."""
        found = Instance(NAMESPACE)
        found.attributes.update(self.values)
        return found


known("argparse.ArgumentParser")(lambda rt, *args, **kwargs: Parser())

for _name in ("ArgumentDefaultsHelpFormatter", "RawTextHelpFormatter", "SUPPRESS", "REMAINDER"):
    KNOWN[f"argparse.{_name}"] = Unknown(f"argparse.{_name}")
