"""The catalogue of layer kinds, a file for each family."""

from shapecalc.layers import (
    activation,
    attention,
    convolution,
    distance,
    dropout,
    embedding,
    joining,
    linear,
    normalisation,
    padding,
    pooling,
    recurrent,
    resampling,
    reshaping,
    transformer,
)
from shapecalc.layers.base import KINDS, OUTPUT, FieldError, Layer
from shapecalc.layers.tensor import Tensor

__all__ = [
    "KINDS",
    "OUTPUT",
    "FieldError",
    "Layer",
    "Tensor",
    "activation",
    "attention",
    "convolution",
    "distance",
    "dropout",
    "embedding",
    "joining",
    "linear",
    "normalisation",
    "padding",
    "pooling",
    "recurrent",
    "resampling",
    "reshaping",
    "transformer",
]
