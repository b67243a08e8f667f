"""The shapes that stand beside the statements of forward, in comments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from shapecalc.algebra.trace import untraced
from shapecalc.emit.agree import Sample, agree
from shapecalc.emit.python import used, write
from shapecalc.emit.trees import tree_of
from shapecalc.graph.graph import Node, Part, Role
from shapecalc.language.parse import BATCH
from shapecalc.language.tree import Entry

if TYPE_CHECKING:
    from shapecalc.emit.values import Copy, Holder, Values

LONGEST = 60
"""The longest comment of a shape, in characters."""

SHORT = {"in_depth": "D", "in_height": "H", "in_width": "W"}
"""Shorter names for sizes."""


class Shapes:
    """Tells shapes: in numbers where there is one use, else in the block's own letters."""

    def __init__(self, writer: Values) -> None:
        self.writer = writer
        self.uses = [use for use in writer.uses if not writer.emitter.inside(use).changed]

    def behind(self, entry: Entry, copies: list[Copy], holders: list[Holder]) -> str:
        """The shape behind an entry; empty if it cannot be told shortly."""
        if entry.repeat is None:
            return self.told([(copy.built, copy.use, copy.number) for copy in copies])
        repeats = [
            (child, holder.use, holder.number)
            for holder in holders
            for child in holder.part.children
            if isinstance(child, Part) and child.entry is entry and child.role == Role.REPEAT
        ]
        return self.told(repeats)

    def of_lists(self, holders: list[Holder]) -> str:
        """The shape behind a list of entries."""
        return self.told([(holder.part, holder.use, holder.number) for holder in holders])

    def told(self, outputs: Iterable[tuple[Node | Part, Part, int | None]]) -> str:
        """One shape for all uses."""
        samples: list[list[Sample]] = []
        for built, use, index in outputs:
            inside = self.writer.emitter.inside(use)
            if not inside.changed:
                letters = inside.letters
                shape = _output(built)
                samples.append([Sample(untraced(n), tree_of(n), letters, index) for n in shape])
        if not samples or len({len(shape) for shape in samples}) > 1:
            return ""
        sizes = [self.size(list(each), axis) for axis, each in enumerate(zip(*samples))]
        text = f"[{', '.join(sizes)}]"
        return "" if "" in sizes or len(text) > LONGEST else text

    def size(self, samples: list[Sample], axis: int) -> str:
        """One size: a number where there is one use, but for the batch."""
        letters = frozenset(name for each in samples for name in each.letters)
        if len(self.uses) == 1 and len(samples) == 1:
            letters = frozenset({BATCH})
        found = agree(samples, letters)
        # a batch of 1 is lost where a size of 1 is stretched
        if axis == 0 and samples[0].value == self.writer.emitter.values[BATCH]:
            return BATCH
        if found is None or "index" in used(found):
            return ""
        return write(found, SHORT)


def _output(built: Node | Part) -> tuple[Any, ...]:
    if isinstance(built, Node):
        return built.output.shape
    return built.output.tensor.shape if built.output is not None else ()
