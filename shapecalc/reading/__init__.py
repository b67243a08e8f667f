"""PyTorch source into the tree of a spec: interpreted, never run, and without torch.

>>> import shapecalc
>>> net = shapecalc.load("tests/data/code/quick.py:Net", inputs=["3,32,32"])
>>> net.report().totals.params
45410
"""

from shapecalc.reading.network import read_network

__all__ = ["read_network"]
