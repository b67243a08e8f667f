"""The catalogue of layer kinds, a file for each family."""

from shapecalc.layers import (
    activation,
    convolution,
    dropout,
    joining,
    linear,
    normalisation,
    padding,
    pooling,
    resampling,
    reshaping,
)
from shapecalc.layers.base import KINDS, FieldError, Layer
from shapecalc.layers.tensor import Tensor

__all__ = [
    "KINDS",
    "FieldError",
    "Layer",
    "Tensor",
    "activation",
    "convolution",
    "dropout",
    "joining",
    "linear",
    "normalisation",
    "padding",
    "pooling",
    "resampling",
    "reshaping",
]
