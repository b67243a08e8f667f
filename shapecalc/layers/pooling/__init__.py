"""Pools: each output value sums up a window, or an even share, of one channel of the input."""

# The catalogue has them in this order.
# isort: off
from shapecalc.layers.pooling.fractional import FractionalMaxPool
from shapecalc.layers.pooling.sliding import AvgPool, LPPool, MaxPool
from shapecalc.layers.pooling.adaptive import AdaptivePool
from shapecalc.layers.pooling.unpooling import MaxUnpool
# isort: on

__all__ = ["AdaptivePool", "AvgPool", "FractionalMaxPool", "LPPool", "MaxPool", "MaxUnpool"]
