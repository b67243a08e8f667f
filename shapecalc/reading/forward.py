"""What a network's ``forward`` takes."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from shapecalc.language.problem import Mark
from shapecalc.reading.evaluator.values import Function, Instance


class Forward:
    """The ``forward`` of a network: the code's own, or that of a layer of the catalogue.

    ``place`` is where the network is written.
    """

    def __init__(self, root: Instance) -> None:
        found = root.cls.find("forward") if root.cls.has("forward") else None
        self.function = found if isinstance(found, Function) else None
        self.code: Any = self.function.code if self.function is not None else None
        places = (cls.place for cls in root.cls.mro if cls.place is not None)
        self.place: Mark = next(places, Mark(1, 1))
        self.is_own = root.cls.kind is None or any(
            isinstance(cls.names.get("forward"), Function) for cls in root.cls.mro
        )

    @property
    def parameters(self) -> list[str]:
        """The names of what it takes."""
        if self.code is None:
            return []
        return [*self.code.positional[1:], *self.code.keyword_only]

    @property
    def takes_others(self) -> bool:
        """Whether it may be given what is none of its parameters, by name."""
        return self.code is None or self.code.double_star is not None

    def takes(self, name: str) -> bool:
        """Whether it may be given an input of a name."""
        return self.takes_others or name in self.parameters

    @property
    def needed(self) -> list[str]:
        """The parameters without a default."""
        return self.absent(0, ())

    def absent(self, count: int, named: Container[str]) -> list[str]:
        """What has no default and is neither among the first ``count`` nor given by name."""
        defaults = self.function.defaults if self.function is not None else {}
        return [
            name for name in self.parameters[count:] if name not in named and name not in defaults
        ]
