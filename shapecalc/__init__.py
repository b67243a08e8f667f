"""Shapes, parameters and costs of neural networks from short declarative specs.

>>> import shapecalc
>>> net = shapecalc.load("lenet5")
>>> report = net.report(H=32)
>>> report.totals.params
62006
"""

from shapecalc.network import Network, load
from shapecalc.spec.problem import SpecError
from shapecalc.spec.symbols import SettingError

__all__ = ["Network", "SettingError", "SpecError", "load"]
__version__ = "0.1.0"
