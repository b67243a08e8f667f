"""Settings that all tests share."""

from __future__ import annotations

import importlib.util
import shutil
from collections import Counter

from hypothesis import settings

# no deadline: the first call of a torch function takes a second, the next ones a millisecond
settings.register_profile("shapecalc", deadline=None, print_blob=True)
settings.load_profile("shapecalc")

LEAST_EXAMPLES = 5
"""How many random examples a test tries at least, if it asks for so many."""

NEEDED = {
    "Graphviz, which draws": lambda: shutil.which("dot"),
    "Chromium with its driver, which opens report pages": lambda: (
        shutil.which("chromium") and shutil.which("chromedriver")
    ),
    "torch": lambda: importlib.util.find_spec("torch"),
    "selenium, which drives the browser": lambda: importlib.util.find_spec("selenium"),
    "what sweeps on Dask and their pictures take": lambda: (
        importlib.util.find_spec("distributed") and importlib.util.find_spec("altair")
    ),
    "TensorBoard": lambda: importlib.util.find_spec("tensorboard"),
}
"""What tests need beyond Python: those that need it are skipped without it."""


def pytest_addoption(parser):
    parser.addoption(
        "--long", action="store_true", help="compare 20,000 random layers of each kind with torch"
    )
    parser.addoption("--fuzz", type=int, default=500, help="how many random specs to read")
    parser.addoption(
        "--thorough",
        action="store_true",
        help="try large networks, and as many random examples as a test asks for, not a tenth",
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "thorough: tried with --thorough alone")
    config.addinivalue_line("markers", "one_in(n): one case in n is tried without --thorough")


def pytest_report_header(config):
    if not config.getoption("--thorough"):
        return "--thorough tries large networks and more random examples, too"
    return None


def pytest_collection_modifyitems(config, items):
    if config.getoption("--thorough"):
        return
    seen = Counter()
    tried = dict.fromkeys(item for item in items if _is_tried(item, seen))
    config.hook.pytest_deselected(items=[item for item in items if item not in tried])
    items[:] = tried
    for item in items:
        function = getattr(item, "function", None)
        asked = getattr(function, "_hypothesis_internal_use_settings", None)
        if asked is not None:
            fewer = min(asked.max_examples, max(LEAST_EXAMPLES, asked.max_examples // 10))
            function._hypothesis_internal_use_settings = settings(asked, max_examples=fewer)


def _is_tried(item, seen):
    """Whether a test is tried without ``--thorough``; seen counts the cases of each."""
    if item.get_closest_marker("thorough"):
        return False
    one_in = item.get_closest_marker("one_in")
    if one_in is None:
        return True
    test = item.nodeid.partition("[")[0]
    seen[test] += 1
    return seen[test] % one_in.args[0] == 1


def pytest_terminal_summary(terminalreporter):
    skipped = len(terminalreporter.stats.get("skipped", ()))
    missing = [name for name, is_there in NEEDED.items() if not is_there()]
    if missing and skipped:
        terminalreporter.section("NOT TESTED", red=True)
        terminalreporter.line(f"{skipped} tests were skipped. Missing here: {'; '.join(missing)}")
