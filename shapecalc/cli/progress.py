"""What takes long says on a terminal's standard error what it is at."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

from shapecalc.pace import now

PATIENCE = 1.0
"""For how many seconds nothing is said."""

STEP = 0.2
"""Every how many seconds what is said is brought up to date."""


BAR = 30
"""How many columns a bar has."""

LEAST_SHARE = 0.01
"""How much is done before the rest is foretold."""


class _Shown(threading.Thread):
    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()

    def run(self) -> None:
        if self.over.wait(PATIENCE):
            return
        from rich.console import Console  # only where it is needed, for it takes its time

        with Console(stderr=True).status(_told()) as status:
            while not self.over.wait(STEP):
                status.update(_told())


def _told() -> Any:
    """What is done, in words; with a bar where it is known how much there is to do."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    if not now.total:
        return Text(str(now))
    share = now.count / now.total
    told = Table.grid(padding=(0, 1))
    told.add_row(
        Text(str(now)), ProgressBar(1.0, share, width=BAR), Text(f"{share:.0%}{_remaining(share)}")
    )
    return told


def _remaining(share: float) -> str:
    """How long the rest of a stage takes if it goes on so, once that can be told."""
    spent = time.monotonic() - now.began
    if share < LEAST_SHARE:
        return ""
    seconds = round(spent * (1 - share) / share)
    return f", {seconds // 60}:{seconds % 60:02} left"


_shown: _Shown | None = None


def begin() -> None:
    """From now on, say what is done; nothing in a pipe."""
    global _shown
    end()
    if sys.stderr is not None and sys.stderr.isatty():
        _shown = _Shown()
        _shown.start()


def end() -> None:
    """Say no more, for something is to be printed, or all is done."""
    global _shown
    if _shown is not None:
        _shown.over.set()
        _shown.join()
        _shown = None
