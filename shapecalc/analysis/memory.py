"""Memory: what a pass holds while it goes through the network, and what training keeps.

Layers run in the order of the graph, as the emitted module runs them. A tensor is freed as soon as
no layer that is still to come takes it, and what the network returns stays. A view and work in
place make no tensor of their own. What a layer needs for itself while it runs, and frees, is not
counted: a convolution's workspace, the scores inside of attention, places of maxima that nobody
asked for.

A decoder that writes one token after the other keeps the keys and values of the tokens before it:
the KV cache, in closed form of the batch and the length of the context.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.arithmetic import Dim, is_symbolic, known, largest, prod, total
from shapecalc.algebra.tally import Tally
from shapecalc.analysis.measures import MEASURES, width
from shapecalc.graph.graph import Node, Source
from shapecalc.layers import Tensor

if TYPE_CHECKING:
    from shapecalc.analysis.layer import LayerReport
    from shapecalc.analysis.peaks import Peaks
    from shapecalc.analysis.report import Report
    from shapecalc.analysis.terms import Meter

_PARAMS = MEASURES["params"].bytes
assert _PARAMS is not None
MEMORY = _PARAMS
"""The bytes of a layer's weights."""

OPTIMIZERS = {"sgd": 0, "momentum": 1, "adam": 2}
"""How many numbers an optimizer keeps for each parameter, beside its gradient."""

TIMES_TERMS = 5
"""So many times more terms than counts have may be held in all steps: pages only run these."""

WHAT = "what memory holds"
"""What that is called where it is too much."""

Storage = dict[Source, Source]
"""The tensor whose memory each tensor lies in: its own, or that of what it is a view of."""


class Step(NamedTuple):
    """What is held while a layer runs, its inputs and outputs included, in bytes.

    ``waiting`` is what of it the layer neither reads nor writes: it waits for a later one.
    """

    path: str
    live: Dim
    waiting: Dim


class Turn(NamedTuple):
    """A layer's turn: which tensors it makes, those it reads or writes, those free behind it.

    The network's inputs count as made by the first layer.
    """

    path: str
    made: list[Source]
    used: list[Source]
    freed: list[Source]


class Memory:
    """The memory of a network, in bytes: numbers, or formulas.

    >>> import shapecalc
    >>> memory = shapecalc.load("vgg16").report().memory
    >>> memory.peak == 4 * 2 * 64 * 224 * 224, memory.peak_at
    (True, 'group1.convrelu1.0.relu1')

    >>> memory.weights, memory.buffers, memory.training("adam") > 4 * memory.weights
    (553430176, 0, True)
    >>> step = memory.steps[0]  # what is held while the first layer runs
    >>> step.path, step.live, memory.steps_of(memory.report.layers[:1]) == [step]
    ('group1.convrelu1.0.conv1', 13447168, True)
    >>> memory.most(memory.report.layers[:1]) == step.live
    True
    >>> memory.saved_for_backward == sum(memory.saved_by.values()), memory.is_least
    (True, False)
    >>> memory.of(memory.report.layers[0])["weights"], memory.to_dict()["peak_at"], memory.caching
    (7168, 'group1.convrelu1.0.relu1', [])
    """

    def __init__(self, report: Report) -> None:
        self.report = report

    @property
    def weights(self) -> Dim:
        """What the learnable tensors take."""
        return self.report.totals.weight_bytes

    @property
    def buffers(self) -> Dim:
        """What other state takes, such as running statistics."""
        return self.report.totals.buffer_bytes

    @cached_property
    def steps(self) -> list[Step]:
        """What is held while each layer runs, without weights."""
        return list(self._steps())

    @cached_property
    def _peaks(self) -> dict[str, Dim]:
        """The layers at which the most may be held, and how much that is.

        It is one, or where formulas cross, several.
        """
        return self._most_at([layer.path for layer in self.report])

    @property
    def peak(self) -> Dim:
        """The most that an inference pass holds at once, without weights."""
        return largest(*(self._peaks.values() or [0]))

    @property
    def peak_at(self) -> str | None:
        """The layer that runs when it does; None where that hangs on the symbols' values."""
        return next(iter(self._peaks)) if len(self._peaks) == 1 else None

    @cached_property
    def saved_by(self) -> dict[str, Dim]:
        """What each layer keeps for the backward pass and none before it has kept."""
        return dict(self._saved())

    @cached_property
    def saved_for_backward(self) -> Dim:
        """What the forward pass of a training step leaves for the backward pass."""
        return total(list(self.saved_by.values()))

    @property
    def is_least(self) -> bool:
        """Whether a layer keeps more than is declared: what is kept is a least figure then."""
        return any(layer.node.layer.keeps_more for layer in self.report)

    def training(self, optimizer: str = "sgd") -> Dim:
        """A training step: weights, gradients, the optimizer's state, and what is kept."""
        copies = 2 + OPTIMIZERS[optimizer]
        return copies * self.weights + self.buffers + self.saved_for_backward

    @cached_property
    def caching(self) -> list[LayerReport]:
        """The layers whose keys and values a decoder keeps for the tokens to come."""
        return [layer for layer in self.report if layer.node.layer.cached(*layer.node.inputs)]

    @property
    def kv_cache(self) -> Dim:
        """The keys and values of all places of the context, of every causal attention.

        >>> import shapecalc
        >>> llama = shapecalc.load("llama3_8b").of_type("float16")
        >>> llama.report(symbolic=["B", "T"]).memory.kv_cache
        Formula('131072*B*T')
        """
        return total([self._cached(layer) for layer in self.caching])

    def to_dict(self) -> dict[str, Any]:
        """The figures by name, as in the report for programs."""
        found: dict[str, Any] = {
            "weights": self.weights,
            "peak": self.peak,
            "peak_at": self.peak_at,
            "saved_for_backward": self.saved_for_backward,
            "training": {name: self.training(name) for name in OPTIMIZERS},
        }
        if self.is_least:
            found["saved_is_least"] = True
        if self.caching:
            found["kv_cache"] = self.kv_cache
        return found

    def of(self, layer: LayerReport) -> dict[str, Dim]:
        """What concerns one layer: its own weights, what is held while it runs, what it keeps."""
        found = {
            "weights": MEMORY.of(layer),
            "live": self._at[layer.path].live,
            "saved_for_backward": self.saved_by[layer.path],
        }
        cached = self._cached(layer)
        return found if cached == 0 else found | {"kv_cache": cached}

    def most(self, layers: Iterable[LayerReport]) -> Dim:
        """The most that is held while some of the layers run."""
        return largest(*self._most_at([layer.path for layer in layers]).values())

    def steps_of(self, layers: Iterable[LayerReport]) -> list[Step]:
        """The steps in which some of the layers run."""
        return [self._at[layer.path] for layer in layers]

    @cached_property
    def _at(self) -> dict[str, Step]:
        return {step.path: step for step in self.steps}

    # -- how it comes about -----------------------------------------------------------------------

    def _bytes(self, layer: LayerReport, tensor: Tensor) -> Dim:
        return width(tensor.dtype, layer.dtype) * prod(tensor.shape)

    def _cached(self, layer: LayerReport) -> Dim:
        kept = layer.node.layer.cached(*layer.node.inputs)
        return total([self._bytes(layer, tensor) for tensor in kept])

    def _made(self) -> Iterator[tuple[Source, Dim]]:
        """Every tensor that is no view, with its bytes."""
        for name, tensor in self.report.inputs.items():
            yield Source(name), width(tensor.dtype, self.report.dtype) * prod(tensor.shape)
        sizes: dict[tuple[int, str], Dim] = {}  # layers that are alike put out the same tensor
        for layer, own in self._own:
            for source, tensor in zip(own, layer.node.made.values()):
                key = id(tensor), layer.dtype
                if key not in sizes:
                    sizes[key] = self._bytes(layer, tensor)
                yield source, sizes[key]

    @cached_property
    def _own(self) -> list[tuple[LayerReport, list[Source]]]:
        """Every layer with the outputs that it makes."""
        return [
            (layer, [Source(layer.path, name) for name in layer.node.made]) for layer in self.report
        ]

    @cached_property
    def _sizes(self) -> dict[Source, Dim]:
        """The bytes of every tensor that is no view."""
        return dict(self._made())

    @cached_property
    def _is_open(self) -> bool:
        """Whether how tensors compare may hang on symbols."""
        return any(map(is_symbolic, self._sizes.values()))

    @cached_property
    def _meter(self) -> Meter | None:
        """What bounds the formulas of what is held at most, by some layers or all."""
        return self.report.meter and self.report.meter.anew()

    @cached_property
    def _compared(self) -> Peaks:
        from shapecalc.analysis.peaks import Peaks

        return Peaks(self._turns(), self._sizes, self.report.built.least or {})

    def _most_at(self, paths: Iterable[str]) -> dict[str, Dim]:
        """Which of the layers at these paths may hold the most, and how much that is."""
        if self._is_open:
            most = self._compared.among(paths)
            if self._meter is not None:
                for place, size in most.items():
                    self._meter.add(self.report.built.nodes[place], [size], WHAT)
            return most
        held = {path: known(self._at[path].live) for path in paths}
        path = max(held, key=held.__getitem__, default=None)
        return {} if path is None else {path: held[path]}

    def _steps(self) -> Iterator[Step]:
        return self._steps_in_symbols() if self._is_open else self._steps_in_numbers()

    def _steps_in_numbers(self) -> Iterator[Step]:
        sizes: Mapping[Source, Any] = self._sizes
        held = 0
        for path, made, used, freed in self._turns():
            held += sum([sizes[source] for source in made])
            yield Step(path, held, held - sum([sizes[source] for source in used]))
            held -= sum([sizes[source] for source in freed])

    def _steps_in_symbols(self) -> Iterator[Step]:
        held = Tally()
        meter = self.report.meter and self.report.meter.anew(times=TIMES_TERMS)
        alike: dict[Any, tuple[Dim, Dim]] = {}  # turns are mostly like others before them
        for turn in self._turns():
            for source in turn.made:
                held.add(self._sizes[source])
            waiting = held.without([self._sizes[source] for source in turn.used])
            key = held.key, waiting.key
            if key not in alike:
                alike[key] = held.total, waiting.total
                if meter is not None:
                    node = self.report.built.nodes[turn.path]
                    meter.add(node, alike[key], WHAT)
            yield Step(turn.path, *alike[key])
            for source in turn.freed:
                held.add(self._sizes[source], -1)

    def _turns(self) -> Iterator[Turn]:
        """What becomes of the tensors as one layer runs after the other."""
        storage = self._storage(training=False)
        last = self._last_uses(storage)
        made = [source for source in map(Source, self.report.inputs) if source in last]
        held = set(made)
        ends: dict[int, list[Source]] = {}
        for source, end in last.items():
            ends.setdefault(end, []).append(source)
        for number, (layer, own) in enumerate(self._own):
            made += [source for source in own if storage[source] == source]
            held.update(made)
            used = [storage[source] for source in (*layer.node.sources, *own)]
            freed = [source for source in ends.get(number, ()) if source in held]
            busy = [source for source in dict.fromkeys(used) if source in held]
            held.difference_update(freed)
            yield Turn(layer.path, made, busy, freed)
            made = []

    def _last_uses(self, storage: Storage) -> dict[Source, int]:
        """The number of the layer behind which each tensor's memory is free."""
        last = dict.fromkeys(map(Source, self.report.inputs), -1)
        for number, (layer, own) in enumerate(self._own):
            for source in (*own, *layer.node.sources):
                last[storage[source]] = number
        for wire in self.report.built.outputs:
            last[storage[wire.source]] = len(self.report)
        return {source: number for source, number in last.items() if number >= 0}

    def _saved(self) -> Iterator[tuple[str, Dim]]:
        storage = self._storage(training=True)
        sizes = self._sizes
        kept: set[Source] = set()
        for layer, own in self._own:
            node = layer.node
            wanted = list(node.sources) if "inputs" in node.layer.keeps else []
            if "output" in node.layer.keeps:
                wanted.append(own[0])
            found = [self._bytes(layer, each) for each in _kept(node).values()]
            for source in dict.fromkeys([storage[each] for each in wanted]):
                if source not in kept and source in sizes:
                    kept.add(source)
                    found.append(sizes[source])
            yield layer.path, total(found)

    def _storage(self, *, training: bool) -> Storage:
        """Where each tensor's memory lies; what a module holds is a weight and in no tensor's."""
        found = {source: source for source in map(Source, self.report.inputs)}
        for layer, own in self._own:
            node = layer.node
            is_own = node.layer.writes or (training and node.layer.writes_in_training)
            if is_own and not getattr(node.layer, "inplace", False):
                found.update(zip(own, own))
            else:
                found.update(dict.fromkeys(own, found[node.sources[0]] if node.sources else _HELD))
        return found


def _kept(node: Node) -> dict[str, Tensor]:
    return node.layer.kept(*node.inputs, y=node.output)


_HELD = Source("", "held by a module")
"""What stands for tensors that are weights: they take no memory beside these."""
