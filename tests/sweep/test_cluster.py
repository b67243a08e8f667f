"""Sweeps on Dask: a real scheduler, and two workers that are processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("distributed")
parquet = pytest.importorskip("pyarrow.parquet")

import shapecalc  # noqa: E402
from shapecalc.cli import main  # noqa: E402
from shapecalc.sweep import cluster, read_over, sweep  # noqa: E402

LONGEST = 120
"""For how many seconds something is waited for."""


class Dask:
    """A scheduler and two workers, started as users start them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--port", "0", "--scheduler-file", str(self.file))
        self._wait(self.file.exists)
        self.workers = [self.work(), self.work()]
        self.address = json.loads(self.file.read_text())["address"]

    def _start(self, what: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{what}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard",
                 "--host", "127.0.0.1", *arguments],
                stdout=log, stderr=log, cwd=self.folder,
            )  # fmt: skip

    def work(self) -> subprocess.Popen[bytes]:
        """Another worker."""
        return self._start(
            "worker", "--scheduler-file", str(self.file), "--nthreads", "1", "--no-nanny",
            "--local-directory", str(self.folder),
        )  # fmt: skip

    def _wait(self, is_so: object) -> None:
        for _ in range(LONGEST * 10):
            if is_so():  # type: ignore[operator]
                return
            time.sleep(0.1)
        raise TimeoutError((self.folder / "scheduler.log").read_text())

    def ready(self, workers: int = 2) -> None:
        """Wait for the workers."""
        from distributed import Client

        with Client(self.address, timeout=LONGEST) as client:
            client.wait_for_workers(workers, timeout=LONGEST)

    def close(self) -> None:
        """End the processes."""
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    found = Dask(tmp_path_factory.mktemp("dask"))
    found.ready()
    yield found
    found.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["sweep", *arguments])


GRID = ["googlenet", "--over", "B=1:40", "--over", "H=100:149", "--over", "W=70:119"]
"""100,000 settings, a fifth of which are too small."""


@pytest.mark.thorough
def test_rows_are_those_of_one_process(dask: Dask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shapecalc.sweep.run.PIECE", 10_000)
    there = run(*GRID, "--format", "csv", "--scheduler", dask.address)
    here = run(*GRID, "--format", "csv")
    assert there.exit_code == here.exit_code == 0
    assert there.stdout == here.stdout
    assert there.stderr == here.stderr
    assert "18,000 of 100,000 settings are left out" in here.stderr


@pytest.mark.thorough
def test_a_large_grid_is_reduced_to_its_front(dask: Dask, monkeypatch: pytest.MonkeyPatch) -> None:
    over = ["--over", "B=1:3", "--over", "H=79:1078", "--over", "W=79:1078"]
    monkeypatch.setattr(cluster, "PIECE", 1_000_000)
    chosen = ["--where", "H == W or H > 600", "--pareto=-H,-B,macs", "--format", "csv"]
    there = run("googlenet", *over, *chosen, "--scheduler", dask.address)
    assert there.exit_code == 0, there.output
    assert len(there.stdout.splitlines()) > 100
    assert there.stdout == run("googlenet", *over, *chosen).stdout


@pytest.mark.thorough
def test_structures_and_their_reasons_come_from_workers_too(
    dask: Dask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PIECE", 7)
    asked = ["resnet", "--over", "depth=18,34,50", "--over", "H=20:60:5", "--over", "B=1,2",
             "--require", "params <= 22e6", "--top", "4", "--by=-macs"]  # fmt: skip
    there, here = run(*asked, "--scheduler", dask.address), run(*asked)
    assert there.stdout == here.stdout
    assert sorted(there.stderr.splitlines()) == sorted(here.stderr.splitlines())
    assert "of 54 settings are left out" in there.stderr


@pytest.mark.thorough
def test_partitions_are_parquet_and_a_worker_that_dies_costs_nothing(
    dask: Dask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PIECE", 5_000)
    folder = tmp_path / "rows"
    victim = dask.workers[0]
    killed: list[int] = []
    taken = cluster._result

    def kill_once(future: object) -> object:
        found = taken(future)  # type: ignore[arg-type]
        if not killed and any(folder.glob("part-*.parquet")):
            os.kill(victim.pid, signal.SIGKILL)  # with pieces at work and others waiting there
            killed.append(victim.wait())
        return found

    monkeypatch.setattr(cluster, "_result", kill_once)
    done = run(*GRID, "--format", "parquet", "-o", str(folder), "--scheduler", dask.address)
    assert done.exit_code == 0, done.output
    assert killed == [-signal.SIGKILL]
    parts = sorted(folder.glob("part-*.parquet"))
    assert len(parts) > 10
    table = parquet.read_table(folder)
    axes = [read_over(each) for each in GRID[2::2]]
    assert table.to_pylist() == sweep(shapecalc.load("googlenet"), axes)
    dask.workers[0] = dask.work()
    dask.ready()


@pytest.mark.thorough
def test_a_scheduler_that_dies_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shapecalc.sweep.run.PIECE", 1_000)
    own = Dask(tmp_path)
    try:
        own.ready()
        taken = cluster._result

        def kill(future: object) -> object:
            found = taken(future)  # type: ignore[arg-type]
            own.scheduler.kill()
            own.scheduler.wait()
            return found

        monkeypatch.setattr(cluster, "_result", kill)
        done = run(*GRID, "--format", "csv", "--scheduler", own.address)
    finally:
        own.close()
    assert done.exit_code == 1, done.output
    assert "the scheduler is gone" in done.stderr


def test_what_went_wrong_is_told_whatever_closing_the_client_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Gone:
        def __init__(self, *arguments: object, **more: object) -> None:
            pass

        def close(self) -> None:
            raise RuntimeError("Cannot change state of expiring Timeout")

    monkeypatch.setattr("distributed.Client", Gone)
    with pytest.raises(cluster.ClusterError, match="gone"), cluster.connected("tcp://127.0.0.1:1"):
        raise cluster.ClusterError("the scheduler is gone")


@pytest.mark.thorough
def test_what_fails_on_a_worker_is_told(
    dask: Dask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shapecalc.__version__", "0")
    done = run("lenet5", "--over", "H=32:36", "--scheduler", dask.address)
    assert done.exit_code == 1
    assert "a worker has shapecalc" in done.stderr
    assert "not 0" in done.stderr
    folder = tmp_path / "rows"
    monkeypatch.undo()
    monkeypatch.setattr("shapecalc.cli.sweep._make", lambda folder: None)
    done = run("lenet5", "--over", "H=32:36", "--scheduler", dask.address,
               "--format", "parquet", "-o", str(folder))  # fmt: skip
    assert done.exit_code == 1
    assert f"a worker does not see {folder}" in done.stderr


@pytest.mark.thorough
def test_parts_have_the_same_types(
    dask: Dask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PIECE", 2)
    over = ["--over", "B=1,2,9223372036854775808,3,4"]
    done = run("lenet5", *over, "--columns", "macs", "--format", "parquet",
               "-o", str(tmp_path / "rows"), "--scheduler", dask.address)  # fmt: skip
    assert done.exit_code == 0, done.output
    schemas = {str(parquet.read_schema(path).types) for path in (tmp_path / "rows").iterdir()}
    assert len(schemas) == 1
    rows = parquet.read_table(tmp_path / "rows").to_pylist()
    assert [int(row["macs"]) // int(row["B"]) for row in rows] == [651_720] * 5


@pytest.mark.thorough
def test_local_starts_a_scheduler_here() -> None:
    done = run("lenet5", "--over", "H=32:36", "--columns", "macs", "--format", "csv",
               "--scheduler", "local")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[1] == "32,651720"


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["--scheduler", "tcp://127.0.0.1:9"], 1, "no scheduler at tcp://127.0.0.1:9"),
        (["--scheduler", "nowhere"], 1, "no scheduler at nowhere"),
        (["--scheduler", "local", "--columns", "mac"], 2, "did you mean 'macs'"),
        (["--scheduler", "local", "--format", "parquet", "-o", "."], 2, "is there already"),
    ],
)
def test_what_cannot_be_is_told(
    arguments: list[str], status: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    done = run("lenet5", "--over", "H=32:36", *arguments)
    assert done.exit_code == status, done.output
    assert told in done.stderr


def test_nothing_of_it_is_imported_unless_asked_for() -> None:
    code = (
        "import sys; from shapecalc.cli import main\n"
        "main(['sweep', 'lenet5', '--over', 'H=32:40'], standalone_mode=False)\n"
        "found = {'dask', 'distributed', 'pyarrow', 'altair', 'vl_convert', 'torch'}\n"
        "assert not found & set(sys.modules), found & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
