"""How much work the writing of a network may be, so that whoever asks for it does not wait."""

from __future__ import annotations

from shapecalc.emitting.names import EmitError
from shapecalc.language.problem import Mark
from shapecalc.language.tree import Spec

BUILT, READ, WRITTEN, SIGNED = 14, 80, 200, 1_000
"""How many steps it takes to build an entry on letters, and to read a layer that is not known yet;
to write an entry, and the class of a block around its entries."""

TRIED, BOUND = 8, 4
"""How many it takes to try an expression in one use, or to look at one of the tensors that a layer
takes; and to find the value of a symbol where another has changed."""

AT_ONCE, FOLLOWED, COUNTED = 4, 2, 4
"""How many pairs of what is decided are compared in one step, and how many numbers and operations
of a derivation are followed, or counted."""


class Work:
    """Counts the steps that the writing of a network takes, and refuses too many.

    A step is about what it takes to look at one copy of an entry, or at one number or operation of
    a derivation; ``at`` is the place in the spec that is built, or written, and ``due`` is how many
    steps are foreseen beside those that were taken.

    >>> import shapecalc
    >>> shapecalc.emit(shapecalc.load("lenet5", most_work=100))
    Traceback (most recent call last):
    shapecalc.emitting.names.EmitError: ... ...: the writing of a module takes more than 100 steps
    ...
    """

    def __init__(self, most: int, spec: Spec) -> None:
        self.most = most
        self.steps = 0
        self.due = 0
        self.spec = spec
        self.at: Mark = spec.entries[0].mark

    def add(self, steps: int) -> None:
        """Count steps; raises :class:`EmitError` where these are too many."""
        self.steps += steps
        if self.steps + self.due > self.most:
            self.refuse()

    def refuse(self) -> None:
        """Raise the error that it is too much."""
        message = f"the writing of a module takes more than {self.most:,} steps"
        hint = (
            "it takes more the more layers, uses of blocks and symbols there are; "
            "--max-work allows more steps"
        )
        raise EmitError(self.spec.source, self.at, message, hint)

    def foresee(self, steps: int) -> None:
        """Note how many steps are still to come, so that what is too much is not even begun."""
        self.due = steps
        self.add(0)

    def begin(self) -> None:
        """Begin what was foreseen, of which each step is counted now."""
        self.due = 0
