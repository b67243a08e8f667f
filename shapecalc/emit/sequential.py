"""A chain of layers as one Sequential."""

from __future__ import annotations


def sequential(network: object, settings: object = None) -> str:
    raise NotImplementedError
