"""Layers that change the resolution: interpolation, and cells moved between axes."""

# The catalogue has them in this order.
# isort: off
from shapecalc.layers.resampling.interpolation import (
    Resampling,
    Upsample,
    UpsamplingBilinear2d,
    UpsamplingNearest2d,
)
from shapecalc.layers.resampling.shuffling import ChannelShuffle, PixelShuffle, PixelUnshuffle
from shapecalc.layers.resampling.patches import Fold, Unfold
# isort: on

__all__ = [
    "ChannelShuffle",
    "Fold",
    "PixelShuffle",
    "PixelUnshuffle",
    "Resampling",
    "Unfold",
    "Upsample",
    "UpsamplingBilinear2d",
    "UpsamplingNearest2d",
]
