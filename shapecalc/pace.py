"""What the library is at, for whoever shows it while it works.

>>> now.stage, now.count = "placing layers", 20_000
>>> str(now)
'placing layers: 20,000'
>>> now.begin("reading")
>>> str(now)
'reading'
"""

from __future__ import annotations


class Pace:
    """A stage of the work, and how much of it is done; 0 where that is not counted."""

    def __init__(self) -> None:
        self.begin("")

    def begin(self, stage: str) -> None:
        """Go on to another stage."""
        self.stage = stage
        self.count = 0

    def __str__(self) -> str:
        return f"{self.stage}: {self.count:,}" if self.count else self.stage


now = Pace()
"""The one there is; it is written by the work and read by the command line."""
