"""How fast shapecalc is: figures from one run on one machine, each beside its bound.

Run it with the Python of the environment that the project is installed in:

    .venv/bin/python benchmarks/run.py [--quick]

Absolute times say little on a shared machine; ratios of alternating runs say more.
"""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
GOOGLENET = str(ROOT / "specs" / "googlenet.yaml")
PYTHON = sys.executable
SHAPECALC = str(Path(PYTHON).with_name("shapecalc"))
SHOW = [SHAPECALC, "show", GOOGLENET]
FLOOR = [PYTHON, "-c", "import click, yaml, networkx"]
CHECK = [SHAPECALC, "check", "--seed", "1"]
CHECK_FLOOR = [PYTHON, "-c", "import torch"]

SYMBOLIC = f"""
import time
import networkx, shapecalc, shapecalc.analysis.report
import shapecalc.algebra.formula, shapecalc.algebra.residues
net = shapecalc.load({GOOGLENET!r})
for _ in range(2):
    start = time.perf_counter()
    str(net.report(symbolic=["B", "H", "W"]).totals.macs)
    print(1000 * (time.perf_counter() - start))
"""
"""Prints the milliseconds of the first symbolic report in a process, and of a second one."""

BLOCKS = """
input: [64, 56, 56]
blocks:
  Bottleneck:
    layers:
      - Add:
          branches:
            body:
              - Conv2d: {out_channels: 16, kernel_size: 1, bias: false}
              - BatchNorm2d
              - ReLU
              - Conv2d: {out_channels: 16, kernel_size: 3, padding: 1, bias: false}
              - BatchNorm2d
              - ReLU
              - Conv2d: {out_channels: 64, kernel_size: 1, bias: false}
              - BatchNorm2d
            shortcut: []
      - ReLU
layers:
  - {Bottleneck: {}, repeat: 50}
"""
"""A spec of 500 layers, blocks as ResNet-152 has them."""


class Figure(NamedTuple):
    """What was measured, and the most it should be."""

    what: str
    value: float
    unit: str
    bound: float | None = None


def main(quick: bool) -> None:
    """Measure everything and print a table in Markdown."""
    rounds = 5 if quick else 25
    figures = [
        *processes(
            "show GoogLeNet", SHOW, "importing click, yaml and networkx", FLOOR, rounds, 1.15
        ),
        *checks(rounds // 3),
        *inside_a_process(rounds),
        *symbolic(3 if quick else 9),
        *chain(10_000),
        *chain(100_000),
        *drawings(),
        *sweeps(1 if quick else 3),
    ]
    print("| what | measured | bound |")
    print("|---|---:|---:|")
    for what, value, unit, bound in figures:
        limit = f"{bound:g}{unit}" if bound is not None else ""
        print(f"| {what} | {rounded(value)}{unit} | {limit} |", flush=True)


def rounded(value: float) -> str:
    """Three digits, or all whole ones."""
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def seconds(work: Callable[[], object]) -> float:
    """How long some work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def processor_seconds(command: Sequence[str]) -> float:
    """How much processor time a command takes, in all its threads."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def checks(rounds: int) -> list[Figure]:
    """Checks of three networks against what importing torch takes."""
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder, "chain.yaml")
        text.write_text(chain_text(1000))
        cases = [
            ("GoogLeNet", [GOOGLENET], 2.5),
            ("ResNet-152", ["resnet", "--set", "depth=152"], 5),
            ("a chain of 1,000", [str(text)], 6),
        ]
        return [
            figure
            for name, given, bound in cases
            for figure in processes(
                f"check {name}", [*CHECK, *given], "importing torch", CHECK_FLOOR, rounds, bound
            )
        ]


def processes(
    what: str, command: list[str], than: str, floor: list[str], rounds: int, bound: float
) -> list[Figure]:
    """A command against the imports it cannot do without, in alternating runs."""
    ours, floors = [], []
    for _ in range(rounds):
        floors.append(processor_seconds(floor))
        ours.append(processor_seconds(command))
    return [
        Figure(f"{than}, best", 1000 * min(floors), " ms"),
        Figure(f"{what} as a process, best", 1000 * min(ours), " ms"),
        Figure(f"{what} / imports, best", min(ours) / min(floors), "", bound),
        Figure(f"{what} / imports, median", median(ours) / median(floors), "", bound),
    ]


def inside_a_process(rounds: int) -> list[Figure]:
    """Load GoogLeNet and report on it, after imports."""
    import networkx  # noqa: F401

    import shapecalc.analysis.report

    def work() -> None:
        _ = shapecalc.load(GOOGLENET).report().totals

    first = seconds(work)
    times = [seconds(work) for _ in range(rounds)]
    return [
        Figure("load and report GoogLeNet, first", 1000 * first, " ms"),
        Figure("load and report GoogLeNet, best", 1000 * min(times), " ms", 12),
        Figure("load and report GoogLeNet, median", 1000 * median(times), " ms", 12),
    ]


def symbolic(rounds: int) -> list[Figure]:
    """Report on GoogLeNet in B, H and W in fresh processes, after imports."""
    first, second = [], []
    for _ in range(rounds):
        done = subprocess.run([PYTHON, "-c", SYMBOLIC], check=True, capture_output=True, text=True)
        cold, warm = map(float, done.stdout.split())
        first.append(cold)
        second.append(warm)
    return [
        Figure("report GoogLeNet in B, H and W, cold, best", min(first), " ms", 150),
        Figure("report GoogLeNet in B, H and W, cold, median", median(first), " ms", 150),
        Figure("report GoogLeNet in B, H and W, warm, median", median(second), " ms"),
    ]


def chain(length: int) -> list[Figure]:
    """Read, build and report a spec with so many entries."""
    import shapecalc
    from shapecalc.analysis.report import Report

    def work() -> tuple[list[float], Report]:
        times = [time.perf_counter()]
        net = shapecalc.load(text)
        times.append(time.perf_counter())
        values, built = net.build()
        times.append(time.perf_counter())
        report = Report(net.name, values, built)
        _ = report.totals
        times.append(time.perf_counter())
        return times, report

    text = chain_text(length)
    runs = []
    for _ in range(3):
        gc.collect()
        start, *ends = work()[0]
        runs.append([end - begin for begin, end in zip([start, *ends], ends)])
    read, build, report = (min(times) / length for times in zip(*runs))
    gc.collect()
    tracemalloc.start()
    kept = work()[1]
    size, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept) == length
    name = f"chain of {length:,}, a layer"
    return [
        Figure(f"{name}: read, best of 3", 1e6 * read, " µs"),
        Figure(f"{name}: build, best of 3", 1e6 * build, " µs"),
        Figure(f"{name}: read and build", 1e6 * (read + build), " µs", 100),
        Figure(f"{name}: report, best of 3", 1e6 * report, " µs", 20),
        Figure(f"{name}: memory kept", size / length, " B", 4000),
        Figure(f"{name}: memory at its peak", peak / length, " B", 4000),
    ]


def drawings() -> list[Figure]:
    """The diagram of a long chain, and the report page of a network with many blocks."""
    with tempfile.TemporaryDirectory() as folder:
        text, dot, page = (str(Path(folder, name)) for name in ("a.yaml", "a.dot", "a.html"))
        Path(text).write_text(chain_text(10_000))
        first = seconds(lambda: subprocess.run([SHAPECALC, "render", text, "-o", dot], check=True))
        Path(text).write_text(BLOCKS)
        second = seconds(
            lambda: subprocess.run([SHAPECALC, "render", text, "-o", page], check=True)
        )
        size = Path(page).stat().st_size
    return [
        Figure("diagram of a chain of 10,000 as DOT, as a process", first, " s", 5),
        Figure("report page of 500 layers in 50 blocks, as a process", second, " s"),
        Figure("report page of 500 layers in 50 blocks, size", size / 1e6, " MB", 5),
    ]


def sweeps(rounds: int) -> list[Figure]:
    """Totals of GoogLeNet in B, H and W, 40 million settings, by processor time."""
    import shapecalc
    from shapecalc.sweep import MEASURES, Selection, Sweep, read_over

    network = shapecalc.load(GOOGLENET)
    over = [read_over(text) for text in ("B=1:40", "H=80:1079", "W=80:1079")]
    best = Selection(where=("macs <= 64e9", "W >= H"), front=("-B", "-H", "-W"))

    def nanoseconds(columns: Sequence[str], selection: Selection) -> float:
        swept = Sweep(network, over, columns=columns, selection=selection)
        start = time.process_time()
        for _ in swept:
            pass
        return 1e9 * (time.process_time() - start) / swept.seen

    return [
        Figure(what, min(nanoseconds(*asked) for _ in range(rounds)), " ns", bound)
        for what, asked, bound in (
            ("sweep of GoogLeNet, a setting: all totals", (MEASURES, Selection()), 100),
            ("sweep of GoogLeNet, a setting: MACs", (("macs",), Selection()), None),
            ("sweep of GoogLeNet, a setting: Pareto front", (("macs",), best), None),
        )
    ]


def chain_text(length: int) -> str:
    """A spec of convolutions and activations in turn."""
    pair = ("  - Conv2d: {out_channels: 8, kernel_size: 3, padding: 1}\n", "  - ReLU\n")
    entries = "".join(pair[i % 2] for i in range(length))
    return f"name: chain\ninput: [8, 32, 32]\nlayers:\n{entries}"


if __name__ == "__main__":
    main(quick="--quick" in sys.argv[1:])
