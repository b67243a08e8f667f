"""What the library is at, for whoever shows it while it works.

>>> now.stage, now.count = "placing layers", 20_000
>>> str(now)
'placing layers: 20,000'
>>> now.begin("sweeping", total=30_000)
>>> now.count = 20_000
>>> str(now)
'sweeping: 20,000 of 30,000'
>>> now.begin("reading")
>>> str(now)
'reading'
>>> [str(now) for each in now.through("explaining", ["conv1", "relu1"])]
['explaining: 0 of 2', 'explaining: 1 of 2']
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from typing import TypeVar

T = TypeVar("T")


class Pace:
    """A stage of the work, and how much of it is done; 0 where that is not counted.

    ``began`` is when the stage did, by :func:`time.monotonic`.
    """

    def __init__(self) -> None:
        self.stage, self.began = "", time.monotonic()
        self.begin("")

    def begin(self, stage: str, total: int = 0) -> None:
        """Go on to another stage; ``total`` is how much there is to do, where that is known."""
        if stage != self.stage:
            self.stage, self.began = stage, time.monotonic()
        self.count = 0
        self.total = total

    def through(self, stage: str, items: Collection[T]) -> Iterator[T]:
        """A stage that is done item by item."""
        self.begin(stage, len(items))
        for each in items:
            yield each
            self.count += 1

    def __str__(self) -> str:
        told = f"{self.stage}: {self.count:,}" if self.count or self.total else self.stage
        return f"{told} of {self.total:,}" if self.total else told


now = Pace()
"""The one there is; it is written by the work and read by the command line."""
