"""What takes long says on a terminal's standard error what it is at."""

from __future__ import annotations

import sys
import threading

from shapecalc.pace import now

PATIENCE = 1.0
"""For how many seconds nothing is said."""

STEP = 0.2
"""Every how many seconds what is said is brought up to date."""


class _Shown(threading.Thread):
    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()

    def run(self) -> None:
        if self.over.wait(PATIENCE):
            return
        from rich.console import Console  # only where it is needed, for it takes its time
        from rich.text import Text

        with Console(stderr=True).status(Text(str(now))) as status:
            while not self.over.wait(STEP):
                status.update(Text(str(now)))


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
