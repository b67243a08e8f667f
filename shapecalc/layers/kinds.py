"""The catalogue: every kind by its name, imported when it is asked for.

A network of convolutions has no use for transformers. So an index tells which file of this folder
declares a kind, and only that file is imported. Nothing hangs on it: a kind that the index does not
have, as one just written, is found by importing every file.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from shapecalc.layers.index import FAMILY_OF

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer


class Kinds(MutableMapping[str, "type[Layer]"]):
    """The classes of the catalogue by their names, in the order of their families.

    A class puts itself in by being declared, wherever that is. Whether a name is in is told by what
    is imported and by the index, without an import; to go through all of them imports all.

    >>> "LSTM" in KINDS, KINDS["LSTM"].family
    (True, 'recurrent')
    """

    def __init__(self) -> None:
        self._declared: dict[str, type[Layer]] = {}

    def __getitem__(self, name: str) -> type[Layer]:
        if name not in self._declared:
            if name in FAMILY_OF:
                import_family(FAMILY_OF[name])
            if name not in self._declared:
                import_all()
        return self._declared[name]

    def __setitem__(self, name: str, kind: type[Layer]) -> None:
        self._declared[name] = kind

    def __delitem__(self, name: str) -> None:
        del self._declared[name]

    def __contains__(self, name: object) -> bool:
        return name in self._declared or name in FAMILY_OF

    def __iter__(self) -> Iterator[str]:
        import_all()
        return iter(sorted(self._declared, key=lambda name: self._declared[name].family))

    def __len__(self) -> int:
        import_all()
        return len(self._declared)


def import_family(name: str) -> None:
    """Import one file of this folder, whose classes put themselves into :data:`KINDS`."""
    import_module(f"shapecalc.layers.{name}")


@cache
def import_all() -> None:
    """Import every file of this folder, so that a new family is one new file."""
    from pkgutil import iter_modules  # only here, for what asks for all of them

    import shapecalc.layers

    for module in iter_modules(shapecalc.layers.__path__):
        import_family(module.name)


KINDS = Kinds()
"""The catalogue."""
