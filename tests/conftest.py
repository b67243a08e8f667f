"""Settings that all tests share."""

from __future__ import annotations

import importlib.util
import shutil

from hypothesis import settings

# no deadline: the first call of a torch function takes a second, the next ones a millisecond
settings.register_profile("shapecalc", deadline=None, print_blob=True)
settings.load_profile("shapecalc")

NEEDED = {
    "Graphviz, which draws": lambda: shutil.which("dot"),
    "Chromium with its driver, which opens report pages": lambda: (
        shutil.which("chromium") and shutil.which("chromedriver")
    ),
    "torch": lambda: importlib.util.find_spec("torch"),
    "selenium, which drives the browser": lambda: importlib.util.find_spec("selenium"),
    "TensorBoard": lambda: importlib.util.find_spec("tensorboard"),
}
"""What tests need beyond Python: those that need it are skipped without it."""


def pytest_addoption(parser):
    parser.addoption(
        "--long", action="store_true", help="compare 20,000 random layers of each kind with torch"
    )
    parser.addoption("--fuzz", type=int, default=1_000, help="how many random specs to read")


def pytest_terminal_summary(terminalreporter):
    skipped = len(terminalreporter.stats.get("skipped", ()))
    missing = [name for name, is_there in NEEDED.items() if not is_there()]
    if missing and skipped:
        terminalreporter.section("NOT TESTED", red=True)
        terminalreporter.line(f"{skipped} tests were skipped. Missing here: {'; '.join(missing)}")
