"""Functions and methods of torch that no kind of the catalogue stands for, and why."""

from __future__ import annotations

from shapecalc.reading.evaluator.values import Unknown

_OF_WHAT_IS_HELD = frozenset(
    [
        "nonzero",
        "nonzero_static",
        "argwhere",
        "masked_select",
        "bincount",
        "histc",
        "histogram",
        "histogramdd",
        "unravel_index",
        "unique_dim",
        "is_nonzero",
    ]
)


def not_in_catalogue(name: str) -> Unknown:
    """A function or method of torch that is not read.

    >>> not_in_catalogue("torch.nonzero").why
    'what it puts out depends on what the tensor holds'
    """
    if name.rpartition(".")[2] in _OF_WHAT_IS_HELD:
        return Unknown(name, "what it puts out depends on what the tensor holds")
    return Unknown(name, "no kind of the catalogue is known by this name")
