"""What every layer sees of the network's input: receptive fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import Dim, Quantity, Shape, is_symbolic
from shapecalc.algebra.phases import Phases, Range, together
from shapecalc.algebra.window import IDENTITY
from shapecalc.analysis.data import plain
from shapecalc.graph.graph import Node
from shapecalc.layers import Tensor


class ReceptiveField(NamedTuple):
    """What an output sees of the network's input, along each spatial axis.

    ``size`` is how far it sees, ``stride`` the distance between the views of neighbouring
    outputs, ``padding`` how far the first view begins before the input. A size is a range, and a
    stride a fraction, where outputs take turns.

    >>> import shapecalc
    >>> field = shapecalc.load("lenet5").report().receptive_fields["conv2"]
    >>> field.size, field.stride, field.padding, field.least
    ((14, 14), (2, 2), (0, 0), (14, 14))
    >>> field.to_dict()
    {'size': [14, 14], 'stride': [2, 2], 'padding': [0, 0]}
    """

    size: tuple[Dim | Range, ...]
    stride: tuple[Quantity, ...]
    padding: Shape

    @property
    def least(self) -> Shape:
        """How far every output sees at least."""
        return tuple([size.least if isinstance(size, Range) else size for size in self.size])

    def to_dict(self) -> dict[str, Any]:
        """The field as plain data; a stride that is a fraction is told as one."""
        return {
            "size": plain(self.size),
            "stride": [*map(_exact, self.stride)],
            "padding": plain(self.padding),
        }


def _exact(number: Quantity) -> Any:
    if is_symbolic(number):
        from shapecalc.algebra.form import as_fraction

        return as_fraction(number)
    return plain(number)


_ALONE = Phases.of_window(IDENTITY)

View = tuple[Phases, ...] | str | None
"""What a tensor's places see along every axis; ``NOTHING`` of what no input reaches."""

NOTHING = "nothing"


_Own = tuple["Phases | None", ...] | None


class ReceptiveFields(Mapping[str, "ReceptiveField | None"]):
    """Every layer's view of the inputs, by its path; None where no window describes it.

    What a layer sees hangs on those before it, and they are gone through as far as is asked for.

    >>> import shapecalc
    >>> built = shapecalc.load("lenet5").build()[1]
    >>> fields = ReceptiveFields(built.nodes, built.inputs, built.least)
    >>> fields["conv2"].size, len(fields)
    ((14, 14), 10)
    """

    def __init__(
        self, nodes: Mapping[str, Node], inputs: Mapping[str, Tensor], least: Mapping[str, int]
    ) -> None:
        self._nodes = nodes
        self._least = least
        self._found: dict[str, ReceptiveField | None] = {}
        self._views: dict[str, View] = {
            name: (_ALONE,) * len(tensor.spatial) if tensor.spatial else None
            for name, tensor in inputs.items()
        }
        self._rest = self._following()
        self._owns: dict[tuple[int, ...], _Own] = {}

    def __getitem__(self, path: str) -> ReceptiveField | None:
        if path not in self._nodes:
            raise KeyError(path)
        while path not in self._found:
            next(self._rest)
        return self._found[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    @property
    def symbols(self) -> frozenset[str]:
        """The symbols that any view hangs on: those of the layers' own windows.

        >>> import shapecalc
        >>> shapecalc.load("lenet5").report(symbolic=True).receptive_fields.symbols
        frozenset()
        """
        found: set[str] = set()
        owns = [self._own(node, node.inputs) for node in self._nodes.values()]
        for own in {id(own): own for own in owns if own}.values():
            for axis in filter(None, own):
                ends = [end for span in axis.spans for end in span or ()]
                found.update(*[n.symbols for n in (axis.step, *ends) if is_symbolic(n)])
        return frozenset(found)

    def _own(self, node: Node, inputs: tuple[Tensor, ...]) -> _Own:
        """What a layer's outputs see of some inputs; of a copy that is fed alike it is known."""
        key = (id(node.layer), *map(id, inputs))
        if key not in self._owns:
            self._owns[key] = node.layer.sees(*inputs)
        return self._owns[key]

    def _following(self) -> Iterator[None]:
        """Go on from layer to layer."""
        views = self._views
        seen: dict[tuple[int, ...], View] = {}  # by copies of a layer that are fed alike
        fields: dict[int, ReceptiveField | None] = {}  # many layers have the view of another
        for path, node in self._nodes.items():
            sources = [views[source] for source, _ in node.sources]
            key = (*node.likeness, *[id(view) for view in sources])
            if key in seen:
                view = seen[key]
            else:
                view = seen[key] = self._seen(node, sources)
                if id(view) not in fields:
                    fields[id(view)] = _field(view)
            views[path] = view
            self._found[path] = fields[id(view)]
            yield

    def _seen(self, node: Node, sources: list[View]) -> View:
        reached = [(x, view) for x, view in zip(node.inputs, sources) if view != NOTHING]
        if not reached:
            return NOTHING
        views = [view for _, view in reached if isinstance(view, tuple)]
        if len(views) < len(reached):
            return None
        own = self._own(node, tuple([x for x, _ in reached]))
        if own is None or any(len(view) != len(own) for view in views):
            return None
        if own == (_ALONE,) * len(own) and all(view is views[0] for view in views):
            return views[0]
        axes = list(zip(own, zip(*views)))
        seen: list[Phases | None] = []
        for axis in axes:
            first = axes.index(axis)  # they are mostly alike
            seen.append(seen[first] if first < len(seen) else self._through(*axis))
        if not all(seen):
            return None
        found = tuple([axis for axis in seen if axis])
        return next((view for view in views if view == found), found)  # a join mostly sees no more

    def _through(self, window: Phases | None, sources: tuple[Phases, ...]) -> Phases | None:
        """What is seen along an axis through a layer's window."""
        view = together(list(sources), self._least)
        return view and window and view.then(window)


def _field(view: View) -> ReceptiveField | None:
    if not isinstance(view, tuple):
        return None
    return ReceptiveField(
        tuple([axis.sizes() for axis in view]),
        tuple([axis.stride for axis in view]),
        tuple([axis.before for axis in view]),
    )
