"""Files of weights: what one holds are values, which no shape hangs on, and it is not opened.

As it is gone through there is nothing in it; what is taken out of it is not known.
"""

from __future__ import annotations

from typing import Any

from shapecalc.reading.evaluator.values import Builtin, Unknown
from shapecalc.reading.known.base import NAMES

KNOWN = NAMES.part(__name__)
known = KNOWN.function

_WHY = "what a file of weights holds is not looked at"


class Weights(Unknown):
    """What a file of weights holds, or an entry of it: passed on, and not known where asked."""

    __slots__ = ()

    def known_item(self, rt: Any, key: Any) -> Weights:
        """An entry, which may hold others."""
        return Weights(f"{self.name}[{rt.represented(key)}]", _WHY)

    def known_contains(self, key: Any) -> bool:
        """Whether it has an entry: none that code asks for."""
        return False

    def known_iterate(self, rt: Any) -> list[Any]:
        """Nothing is gone through."""
        return []

    def known_delete_item(self, key: Any) -> None:
        """``del weights[key]``."""

    def known_attribute(self, rt: Any, name: str) -> Any:
        """A method of a dictionary, or of the module that it may be."""
        if name in ("get", "pop", "setdefault"):
            return Builtin(name, lambda rt, key, *default: self.known_item(rt, key))
        if name in ("keys", "values", "items", "copy", "state_dict", "float", "half", "to", "cpu"):
            return Builtin(name, lambda rt, *args, **kwargs: self)
        if name in ("update", "clear", "eval"):
            return Builtin(name, lambda rt, *args, **kwargs: None)
        return Unknown(f"{self.name}.{name}", self.why)


def _loaded(name: str) -> Any:
    def run(rt: Any, *args: Any, **kwargs: Any) -> Any:
        if rt.assumed and name == "torch.load":  # a module, whose output may be what is assumed
            return rt.stood_in(Unknown(name), list(args))
        return Weights(f"{name}(...)", _WHY)

    return run


for _name in (
    "torch.load",
    "torch.hub.load_state_dict_from_url",
    "torch.utils.model_zoo.load_url",
):
    known(_name)(_loaded(_name))

known("torch.hub.get_dir")(lambda rt: "~/.cache/torch/hub")

known("torch.hub.set_dir")(lambda rt, d: None)
