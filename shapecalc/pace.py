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
"""

from __future__ import annotations


class Pace:
    """A stage of the work, and how much of it is done; 0 where that is not counted."""

    def __init__(self) -> None:
        self.begin("")

    def begin(self, stage: str, total: int = 0) -> None:
        """Go on to another stage; ``total`` is how much there is to do, where that is known."""
        self.stage = stage
        self.count = 0
        self.total = total

    def __str__(self) -> str:
        told = f"{self.stage}: {self.count:,}" if self.count or self.total else self.stage
        return f"{told} of {self.total:,}" if self.total else told


now = Pace()
"""The one there is; it is written by the work and read by the command line."""
