"""Settings that all tests share."""

from __future__ import annotations

from hypothesis import settings

# no deadline: the first call of a torch function takes a second, the next ones a millisecond
settings.register_profile("shapecalc", deadline=None, print_blob=True)
settings.load_profile("shapecalc")


def pytest_addoption(parser):
    parser.addoption(
        "--long", action="store_true", help="compare 20,000 random layers of each kind with torch"
    )
