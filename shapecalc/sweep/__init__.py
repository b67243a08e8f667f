"""A table over many settings of a network, from closed forms computed for all of them at once."""

from shapecalc.sweep.choose import Selection
from shapecalc.sweep.grid import Over, read_over
from shapecalc.sweep.run import MEASURES, Best, Result, Sweep, rows, sweep

__all__ = [
    "MEASURES",
    "Best",
    "Over",
    "Result",
    "Selection",
    "Sweep",
    "read_over",
    "rows",
    "sweep",
]
