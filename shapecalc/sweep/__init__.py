"""A table over many settings of a network, from closed forms computed for all of them at once."""

from shapecalc.sweep.grid import Over, read_over
from shapecalc.sweep.run import Sweep, sweep

__all__ = ["Over", "Sweep", "read_over", "sweep"]
