"""The pieces of a sweep on workers of Dask, on this machine or on others.

A piece is a task that can be done again anywhere: it is told as values of symbols, and gives rows,
or writes a file of its own. So a worker that dies costs no more than what it was at.
"""

from __future__ import annotations

import asyncio
import logging
import os
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import shapecalc
from shapecalc.language.symbols import SettingError
from shapecalc.language.tree import Spec
from shapecalc.network import Network
from shapecalc.sweep import grid, run
from shapecalc.sweep.choose import Columns, Selection
from shapecalc.sweep.grid import Over
from shapecalc.sweep.run import Best, Result, Sweep
from shapecalc.sweep.write import Parquet, unify

PIECE = 1 << 22
"""How many settings a task has whose rows do not travel."""

AHEAD = 4
"""How many tasks are waiting or at work for each thread of the workers."""

PATIENCE = 10
"""For how many seconds a scheduler is looked for."""

STEP = 0.2
"""Every how many seconds it is asked whether the run is stopped."""

LOCAL = "local"


class ClusterError(Exception):
    """What goes wrong between this process, the scheduler and the workers, in words."""


class Plan(NamedTuple):
    """What a worker has to know of a sweep, once for all its pieces."""

    token: str
    version: str
    spec: Spec
    most_layers: int
    most_terms: int
    over: Sequence[Over]
    settings: dict[str, Any]
    columns: Sequence[str]
    selection: Selection
    folder: str | None

    def sweep(self) -> Sweep:
        """The sweep as it is here."""
        network = Network(self.spec, self.most_layers, self.most_terms)
        return Sweep(network, self.over, self.settings, self.columns, self.selection)


@contextmanager
def connected(scheduler: str) -> Iterator[Any]:
    """A client of a scheduler; ``local`` starts one here, with a worker for each processor."""
    from dask.system import CPU_COUNT
    from distributed import Client, LocalCluster

    with _quiet():
        if scheduler == LOCAL:
            with (
                LocalCluster(
                    n_workers=CPU_COUNT,
                    threads_per_worker=1,
                    dashboard_address=":0",
                    silence_logs=logging.CRITICAL,
                ) as cluster,
                Client(cluster) as client,
            ):
                yield client
            return
        try:
            client = Client(scheduler, timeout=PATIENCE)
        except (OSError, ValueError, asyncio.TimeoutError) as error:
            raise ClusterError(f"no scheduler at {scheduler}: {error}") from None
        try:
            yield client
        finally:
            with suppress(Exception):  # it fails in many ways where the scheduler is gone
                client.close()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the words that Dask has for what is told here in others."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def results(
    swept: Sweep, client: Any, folder: Path | None, is_stopped: Callable[[], bool]
) -> Iterator[Result]:
    """What comes of the pieces, in their order; rows are written to the folder if there is one.

    Raises :class:`ClusterError` where a piece cannot be done.
    """
    stays = swept.selection.reduces or folder is not None
    plan = client.submit(_given, _plan(swept, folder), key=f"sweep-{uuid.uuid4()}", pure=False)
    waiting: deque[Any] = deque()
    pieces = enumerate(swept.pieces(PIECE if stays else run.PIECE))
    try:
        while not is_stopped():
            ahead = AHEAD * max(1, _threads(client))
            while len(waiting) < ahead and (piece := next(pieces, None)):
                waiting.append(client.submit(_done, plan, *piece, pure=False))
            if not waiting:
                break
            result = _awaited(waiting[0], is_stopped)
            if result is None:
                break
            waiting.popleft()
            yield result
    finally:
        with suppress(Exception):  # as closing does, and what went wrong is told already
            client.cancel([*waiting, plan], force=True)
    if folder is not None:
        unify(folder, Parquet(folder / "part-000000.parquet", swept.columns, swept.over))


def _plan(swept: Sweep, folder: Path | None) -> Plan:
    network = swept.network
    return Plan(
        uuid.uuid4().hex,
        shapecalc.__version__,
        network.spec,
        network.most_layers,
        network.most_terms,
        swept.over,
        swept.settings,
        swept.columns,
        swept.selection,
        str(folder.resolve()) if folder else None,
    )


def _awaited(future: Any, is_stopped: Callable[[], bool]) -> Result | None:
    """What comes of a task; None if the run is stopped before."""
    from distributed import wait

    while not is_stopped():
        with suppress(asyncio.TimeoutError):  # the builtin one from Python 3.11 on
            wait(future, timeout=STEP)
            return _result(future)
    return None


def _threads(client: Any) -> int:
    try:
        return sum(client.nthreads().values())
    except OSError as error:
        raise ClusterError(f"the scheduler is gone: {error}") from None


def _result(future: Any) -> Result:
    """What a task gives; what went wrong there in words."""
    from concurrent.futures import CancelledError

    from distributed import KilledWorker

    try:
        found: Result = future.result()
    except (ClusterError, SettingError):
        raise
    except KilledWorker:
        raise ClusterError("workers died again and again; is there memory enough?") from None
    except (CancelledError, asyncio.CancelledError):
        raise ClusterError("the scheduler is gone") from None
    except Exception as error:
        raise ClusterError(f"a worker fails: {type(error).__name__}: {error}") from None
    return found


# -- on workers -----------------------------------------------------------------------------------

_swept: dict[str, Sweep] = {}
"""The sweep that this worker is at, with the closed forms of its structures."""


def _given(plan: Plan) -> Plan:
    """The plan as a task, so that it is there again when the worker that had it is gone."""
    return plan


def _done(plan: Plan, number: int, axes: list[Over]) -> Result:
    if plan.version != shapecalc.__version__:
        raise ClusterError(f"a worker has shapecalc {shapecalc.__version__}, not {plan.version}")
    if plan.token not in _swept:
        _swept.clear()
        _swept[plan.token] = plan.sweep()
    swept = _swept[plan.token]
    left_out: Counter[str] = Counter()
    tables = (
        table for piece in grid.pieces(axes, run.PIECE) for table in swept.tables(piece, left_out)
    )
    return Result(_kept(swept, plan, number, tables), grid.size(axes), left_out)


def _kept(swept: Sweep, plan: Plan, number: int, tables: Iterator[Columns]) -> list[Columns]:
    """The rows that travel: the best of them, none if they are written here, or all."""
    if swept.selection.reduces:
        best = Best(swept)
        for table in tables:
            best.add([table])
        return [best.partly()]
    if plan.folder is None:
        return list(tables)
    folder = Path(plan.folder)
    if not folder.is_dir():
        raise ClusterError(f"a worker does not see {folder}, which all have to share")
    first = next(tables, None)
    if first is not None:
        path = folder / f".{number:06}-{uuid.uuid4().hex}"
        writer = Parquet(path, swept.columns, swept.over)
        writer.add(first)
        for table in tables:
            writer.add(table)
        writer.end()
        os.replace(path, folder / f"part-{number:06}.parquet")
    return []
