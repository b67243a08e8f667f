"""Rows as files: exact in every form, and kept where a run is stopped."""

from __future__ import annotations

import csv
import json
import re
import signal
import subprocess
import sys
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

np = pytest.importorskip("numpy")

from shapecalc.cli import main  # noqa: E402
from shapecalc.cli.stopping import Stopping  # noqa: E402
from shapecalc.sweep import Over  # noqa: E402
from shapecalc.sweep.write import Parquet, Text  # noqa: E402


def told(form: str, *tables: dict[str, Any]) -> str:
    found: list[str] = []
    writer = Text(list(tables[0]) if tables else ["a", "b(x, y)"], form, found.append)
    for table in tables:
        writer.add(table)
    writer.end()
    return "".join(found)


TABLES = (
    {"a": np.array([1, 2]), "k": np.array([Fraction(1, 2), 3], dtype=object)},
    {"a": np.array([], dtype=np.int64), "k": np.array([], dtype=object)},
    {"a": np.array([10**30], dtype=object), "k": np.array([-1])},
)


def test_text_is_what_readers_of_it_read() -> None:
    found = list(csv.DictReader(told("csv", *TABLES).splitlines()))
    assert found == [
        {"a": "1", "k": "1/2"}, {"a": "2", "k": "3"}, {"a": str(10**30), "k": "-1"}
    ]  # fmt: skip
    assert json.loads(told("json", *TABLES)) == [
        {"a": 1, "k": "1/2"}, {"a": 2, "k": 3}, {"a": 10**30, "k": -1}
    ]  # fmt: skip


def test_no_rows_are_a_table_as_well() -> None:
    assert told("csv") == 'a,"b(x, y)"\n'
    assert json.loads(told("json")) == []


def test_a_parquet_column_becomes_as_wide_as_it_has_to(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    axis = Over("k", (Fraction(1, 2), 3))
    writer = Parquet(tmp_path / "a.parquet", ["k", "n", "m"], [axis])
    halves = np.array([Fraction(1, 2), 3], dtype=object)
    writer.add({"k": halves, "n": np.array([1, 2**63 - 1]), "m": np.array([5, 6])})
    big = np.array([2**63, 10**70], dtype=object)
    writer.add({"k": np.array([3, 3]), "n": big, "m": np.array([7, 8])})
    huge = np.array([10**80], dtype=object)
    writer.add({"k": np.array([3]), "n": np.array([1]), "m": huge})
    writer.end()
    table = parquet.read_table(tmp_path / "a.parquet")
    assert [str(kind) for kind in table.schema.types] == ["string", "decimal256(76, 0)", "string"]
    assert table["k"].to_pylist() == ["1/2", "3", "3", "3", "3"]
    assert table["n"].to_pylist() == [*map(Decimal, [1, 2**63 - 1, 2**63, 10**70, 1])]
    assert table["m"].to_pylist() == [*map(str, [5, 6, 7, 8, 10**80])]
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


LONG = ["--over", "B=1:100000", "--over", "H=64:1087", "--over", "W=64:1087"]


def stopped(path: Path, number: int, *arguments: str) -> tuple[int, str, str]:
    """Start a sweep that takes hours, and stop it as soon as there is something of it."""
    command = [sys.executable, "-m", "shapecalc", "sweep", "googlenet", *LONG, *arguments]
    with subprocess.Popen(
        command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        for _ in range(1200):
            if path.exists() and path.stat().st_size:
                break
            time.sleep(0.1)
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.mark.one_in(2)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_keeps_whole_rows(tmp_path: Path, number: int) -> None:
    path = tmp_path / "rows.csv"
    status, _, err = stopped(path, number, "--format", "csv", "-o", str(path))
    assert status == 128 + number, err
    seen = re.search(r"stopped after ([\d,]+) of 104,857,600,000 settings", err)
    left_out = re.search(r"([\d,]+) of [\d,]+ settings are left out", err)
    assert seen
    assert left_out
    kept = int(seen[1].replace(",", "")) - int(left_out[1].replace(",", ""))
    lines = path.read_text().splitlines()
    assert len(lines) == kept + 1
    assert lines[0].startswith("B,H,W,params")
    assert all(line.count(",") == 8 for line in lines)


@pytest.mark.thorough
def test_a_parquet_file_that_is_stopped_can_be_read(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "rows.parquet"
    status, _, err = stopped(path, signal.SIGINT, "--format", "parquet", "-o", str(path))
    assert status == 130, err
    read = parquet.ParquetFile(path)
    assert read.metadata.num_rows >= 100_000
    assert read.read_row_group(0)["W"].to_pylist()[:2] == [79, 80]


def test_the_best_so_far_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(Stopping):
        def __enter__(self) -> Stopping:
            self.signal = signal.SIGINT  # as if it came while the first piece is computed
            return self

    monkeypatch.setattr("shapecalc.cli.sweep.Stopping", Stopped)
    asked = ["--top", "1", "--by", "macs", "--format", "csv"]
    done = CliRunner().invoke(main, ["sweep", "googlenet", *LONG, *asked])
    assert done.exit_code == 130
    assert done.stdout.splitlines()[1].startswith("1,79,79,")
    assert "stopped after 262,144 of" in done.stderr
