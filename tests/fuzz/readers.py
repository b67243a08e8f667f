"""Every reader on one spec: each has to answer, or refuse in its own words, within bounds."""

from __future__ import annotations

import json
import random
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import shapecalc
from shapecalc.analysis.report import Report
from shapecalc.language.parse import parse
from shapecalc.language.text import decode
from shapecalc.network import Network

MOST_LAYERS = 2_000
"""The limit that networks are read with, so that a case is quick."""

MEMORY = 2**29
"""How many bytes one reader may take beside what is there, where the system can bound them."""

SECONDS = 10.0
"""How long a processor may work for one reader on one case; some times what it should."""


class TooSlow(BaseException):
    """A reader did not come to its end; no handler of exceptions may swallow that."""


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Raise :class:`TooSlow` after so much work, where signals can be used, and bound memory."""
    is_main = threading.current_thread() is threading.main_thread()
    if not hasattr(signal, "setitimer") or not is_main:
        yield
        return

    def stop(number: int, frame: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        with memory_bounded():
            yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def memory_bounded() -> Iterator[None]:
    """Have allocations beyond :data:`MEMORY` fail with a MemoryError, on Linux."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = pages * resource.getpagesize() + MEMORY
    for bound in (soft, hard):
        most = most if bound == resource.RLIM_INFINITY else min(most, bound)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def show(network: Network, report: Report, chance: random.Random) -> None:
    from shapecalc.layout import fitted, html, markdown, text
    from shapecalc.table import COLUMNS, csv, lay_out

    depth = chance.choice([None, 1, 2])
    table = lay_out(report, tuple(COLUMNS), depth)
    for told in (text(table), text(fitted(table, 60)), markdown(table)):
        assert all(line.isprintable() for line in told.split("\n"))
    html(table)
    csv(report, depth=depth)


def data(network: Network, report: Report, chance: random.Random) -> None:
    json.loads(json.dumps(report.to_dict()))


def explain(network: Network, report: Report, chance: random.Random) -> None:
    from shapecalc.algebra.steps import UNICODE
    from shapecalc.derivation.closed import closed
    from shapecalc.derivation.layer import explain as derived
    from shapecalc.explaining.network import whole
    from shapecalc.explaining.write import as_dict, markdown, text

    whole(report, report.layers[:40], UNICODE)
    for layer in chance.sample(report.layers, min(3, len(report.layers))):
        told = derived(report, layer.path, closed(network, report, {}))
        text(told), markdown(told), json.dumps(as_dict(told))


def solve(network: Network, report: Report, chance: random.Random) -> None:
    from shapecalc.solving.network import Amount, NoSolution, OutputSize, QuestionError, solve

    if not report.layers:
        return
    symbol = chance.choice(list(network.symbols))
    layer = chance.choice(report.layers)
    wanted: list[OutputSize | Amount] = [
        OutputSize(layer.path, (chance.choice([1, 2, 4, 7]),)),
        Amount("params", "<=", 10 ** chance.randrange(8)),
    ]
    with suppress(NoSolution, QuestionError):
        str(solve(network, symbol, chance.sample(wanted, chance.randint(0, 1))))


def emit(network: Network, report: Report, chance: random.Random) -> None:
    from shapecalc.emitting.module import module
    from shapecalc.emitting.names import EmitError

    with suppress(EmitError):
        compile(module(network), "emitted.py", "exec")


def draw(network: Network, report: Report, chance: random.Random) -> None:
    from shapecalc.diagram import dot

    dot(report, depth=chance.choice([None, 1, 2]))


def page(network: Network, report: Report, chance: random.Random) -> None:
    from shapecalc.diagram.page import page

    page(network)


def diff(network: Network, report: Report, chance: random.Random) -> None:
    from shapecalc.comparing.comparison import compare

    assert not compare(report, network.report()).is_different or report.symbols != network.symbols


READERS: dict[str, Callable[[Network, Report, random.Random], None]] = {
    each.__name__: each for each in (show, data, explain, solve, emit, draw, page, diff)
}

HEAVY = ("solve", "page", "emit")
"""Readers that take long; a case goes through them one time in five."""


def ends(spec: bytes, chance: random.Random, everything: bool = False) -> str:
    """Read a spec and let readers go over it; how it ended: ``refused``, ``read`` or an error."""
    symbolic: Any = chance.choice([False, False, False, ["H"], True])
    stage = "reading"
    try:
        with bounded(SECONDS):
            network = Network(parse(decode(spec, "fuzz.yaml")), MOST_LAYERS)
            if symbolic == ["H"] and "H" not in network.symbols:
                symbolic = False
            report = network.report(symbolic=symbolic)
        names = list(READERS) if everything else [chance.choice(list(READERS))]
        for stage in names:
            if not everything and stage in HEAVY and chance.randrange(5):
                continue
            with bounded(SECONDS):
                READERS[stage](network, report, chance)
    except (shapecalc.SpecError, shapecalc.SettingError) as error:
        framed(error)
        return "refused"
    except TooSlow:
        return f"{stage}: over {SECONDS:g} s, symbolic={symbolic}"
    except Exception as error:
        import traceback

        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{last.filename.rpartition('shapecalc/')[2]}:{last.lineno}"
        told = f"{type(error).__name__} at {place}: {str(error)[:100]}"
        return f"{stage}, symbolic={symbolic}: {told}"
    return "read"


def framed(error: Exception) -> None:
    """An error in a spec has places, and is told in lines that can be seen."""
    if isinstance(error, shapecalc.SpecError):
        assert error.problems
        for problem in error.problems:
            assert problem.mark.line >= 1
            assert problem.mark.column >= 1
    assert all(line.isprintable() for line in str(error).split("\n"))
