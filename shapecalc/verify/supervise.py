"""Running code of the user's in a process of its own, for a limited time.

Whatever that code does to its process, such as leaving it, printing or changing the folder, does
not reach the one that tells the result.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

PATIENCE = 0.2
"""How often it is looked whether the process still runs, in seconds."""


LONGEST = 400
"""So many characters of an error's message are told."""


class Stopped(Exception):
    """The process ended or was ended before all was told; the message tells what it did."""


class Pipe(Protocol):
    """The end of a pipe that sends."""

    def send(self, sent: Any) -> None:
        """Send anything that pickles."""


Work = Callable[[Callable[[str], None]], Iterator[Any]]
"""What yields its results, and tells before each step what it is about to do."""


def supervised(
    work: Work, limit: float, passed_on: tuple[type[Exception], ...] = ()
) -> Iterator[Any]:
    """What ``work`` yields in a process of its own; raises :class:`Stopped` where that ends early.

    Failures of the types that are ``passed_on`` are raised as they are. The process is ended after
    ``limit`` seconds, and its standard output goes to standard error.
    Where processes cannot be forked, the work is done in this one, without a limit.
    """
    if not hasattr(os, "fork"):
        yield from work(lambda doing: None)
        return
    from multiprocessing import connection

    receiving, sending = connection.Pipe(duplex=False)
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        receiving.close()
        _work(work, sending, passed_on)
    sending.close()
    try:
        yield from _received(receiving, child, limit, passed_on)
    finally:
        _end(child)
        receiving.close()


def _work(work: Work, pipe: Pipe, passed_on: tuple[type[Exception], ...]) -> None:
    """All that the child does; it never returns."""
    os.setpgid(0, 0)
    own = os.getpid()

    def send(sort: str, sent: Any) -> None:
        if os.getpid() != own:  # what the user's code forked has nothing to tell
            os._exit(0)
        pipe.send((sort, sent))

    try:
        _apart()
        for each in work(lambda doing: send("doing", doing)):
            send("result", each)
        send("done", None)
    except passed_on as error:
        send("failure", error)
    except BaseException as error:  # whatever it is, the other process tells it
        send("end", reason(error))
    finally:
        os._exit(0)


def _apart() -> None:
    """Give the process no standard input, and standard error for its output."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stdout = sys.stderr
    if "torch" in sys.modules:  # its threads did not come along
        sys.modules["torch"].set_num_threads(1)


def _received(
    pipe: Any, child: int, limit: float, passed_on: tuple[type[Exception], ...]
) -> Iterator[Any]:
    until = time.monotonic() + limit
    doing = "starting"
    while True:
        left = until - time.monotonic()
        if left <= 0:
            raise Stopped(f"no end within {limit:g} s while {doing}; --time-limit allows more")
        sort: str = ""
        sent: Any = None
        if pipe.poll(min(left, PATIENCE)):
            try:
                sort, sent = pipe.recv()
            except (EOFError, OSError):
                raise Stopped(f"{_left(child)} while {doing}") from None
        elif os.waitpid(child, os.WNOHANG)[0] and not pipe.poll(0):
            raise Stopped(f"the process was left while {doing}")
        if sort == "doing":
            doing = sent
        elif sort == "result":
            yield sent
        elif sort == "failure":
            raise sent
        elif sort == "end":
            raise Stopped(f"{sent} while {doing}")
        elif sort == "done":
            return


def reason(error: BaseException) -> str:
    """An error in one line, whatever it is; that something left the process by ``sys.exit``."""
    if isinstance(error, SystemExit):
        return f"sys.exit({'' if error.code is None else repr(error.code)})"
    name = type(error).__name__
    try:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    except Exception:  # an error that cannot be told
        return name
    if not lines:
        return name
    told = lines[0] if len(lines[0]) <= LONGEST else f"{lines[0][:LONGEST]} ..."
    return f"{name}: {told}"


def _left(child: int) -> str:
    """How a process ended."""
    try:
        status = os.waitpid(child, 0)[1]
    except ChildProcessError:
        return "the process was left"
    if os.WIFSIGNALED(status):
        return f"the process was ended by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"the process was left with status {os.WEXITSTATUS(status)}"


def _end(child: int) -> None:
    """End a process with all that it started."""
    for end in (os.killpg, os.kill):
        try:
            end(child, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    try:
        os.waitpid(child, 0)
    except ChildProcessError:
        return
