"""Shapes, parameters and costs of neural networks from short declarative specs.

>>> import shapecalc
>>> net = shapecalc.load("lenet5")
>>> report = net.report(H=32)
>>> report.totals.params
62006
"""

from shapecalc.language.problem import SpecError
from shapecalc.language.symbols import SettingError
from shapecalc.network import Network, load

__all__ = ["Network", "SettingError", "SpecError", "load"]
__version__ = "0.1.0"
