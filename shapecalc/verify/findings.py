"""What a check compared, and what it found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple


class Finding(NamedTuple):
    """One comparison: what was compared, how many things, and the differences, the first first."""

    what: str
    compared: int
    differences: tuple[str, ...] = ()
    note: str = ""

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


class TorchMissing(Exception):
    """torch is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "checking needs torch, which the extra 'torch' installs: shapecalc-nn[torch]"
        )


def differences(pairs: Iterable[tuple[str, Any, Any]]) -> tuple[int, tuple[str, ...]]:
    """How many pairs there are, and those that differ, told as ours against torch's."""
    count = 0
    found = []
    for name, ours, theirs in pairs:
        count += 1
        if ours != theirs:
            found.append(f"{name}: {_told(ours)} by the report, {_told(theirs)} in torch")
    return count, tuple(found)


def _told(value: Any) -> str:
    if isinstance(value, tuple):
        return " x ".join(map(str, value)) or "a single number"
    return "nothing" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
