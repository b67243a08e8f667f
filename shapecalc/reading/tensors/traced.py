"""What a trace is made of: tensors, what is learned, operations, and calls of modules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shapecalc.algebra.arithmetic import Shape
from shapecalc.language.problem import Mark
from shapecalc.layers import OUTPUT, Layer, Tensor
from shapecalc.reading.evaluator.sizes import Size
from shapecalc.reading.evaluator.values import Instance, Place
from shapecalc.reading.tensors.rows import Row


class TensorValue:
    """A tensor: its shape and element type, and what puts it out.

    ``source`` is the operation or input that it comes from, ``output`` which of its outputs;
    ``stored`` tells a learned tensor or a buffer, ``data`` the numbers of a small constant, ``row``
    those of one that counts, ``is_array`` that numpy made it, whose arrays have some attributes
    that tensors have as methods.
    """

    __slots__ = (
        "assigned",
        "change",
        "dtype",
        "grown",
        "is_array",
        "memory",
        "numbers",
        "output",
        "own_fill",
        "own_row",
        "shape",
        "source",
        "stored",
    )

    def __init__(
        self,
        shape: Shape,
        dtype: str = "float32",
        source: Any = None,
        output: str = OUTPUT,
    ) -> None:
        self.shape: tuple[Any, ...] = tuple(shape)
        self.dtype = dtype
        self.source = source
        self.output = output
        self.stored: Stored | None = None
        self.numbers: Any = None
        self.own_row: Row | None = None
        self.own_fill: Any = None
        self.assigned: Any = None  # the parts that were assigned to it
        self.memory: Memory | None = None
        self.change = 0  # the last one of the memory that the numbers are after
        self.is_array = False
        self.grown: Stored | None = (
            None  # the learned tensor that it is made of, element by element
        )

    @property
    def data(self) -> Any:
        """The numbers, where they are known: no other view has changed them since."""
        if self.memory is not None and self.memory.changes != self.change:
            return None
        return self.numbers

    @data.setter
    def data(self, numbers: Any) -> None:
        self.numbers, self.own_row, self.own_fill = numbers, None, None
        if self.memory is not None:
            self.memory.changes += 1
            self.change = self.memory.changes

    @property
    def row(self) -> Row | None:
        """The numbers, where they count up from one to the next along one dimension."""
        if self.memory is not None and self.memory.changes != self.change:
            return None
        return self.own_row

    @property
    def fill(self) -> Any:
        """The number that all elements are, of a constant; None if that is not known."""
        if self.memory is not None and self.memory.changes != self.change:
            return None
        return self.own_fill

    def sees(self, other: TensorValue) -> None:
        """Be a view of another tensor: what changes the numbers of one makes the other unknown."""
        other.memory = other.memory or Memory()
        self.memory, self.change = other.memory, other.change

    @property
    def is_left_out(self) -> bool:
        """Whether what follows from its known numbers is a constant, and no operation on it."""
        if isinstance(self.source, Op):
            return self.source.is_constant
        return self.source is None and (self.stored is None or len(self.shape) < 2)

    @property
    def tensor(self) -> Tensor:
        """What the kinds of the catalogue work with."""
        return Tensor(self.shape, self.dtype)

    @property
    def alike(self) -> tuple[Any, ...]:
        """What tensors have in common for which the same follows: a size is also its formula."""
        sizes = [size.terms if isinstance(size, Size) else size for size in self.shape]
        return (self.dtype, *sizes)

    @property
    def is_constant(self) -> bool:
        """Whether it follows from nothing that is learned or comes in."""
        return self.source is None and self.stored is None

    def snapshot(self) -> TensorValue:
        """The tensor as it is now, whatever is done to it in place later."""
        found = TensorValue(self.shape, self.dtype, self.source, self.output)
        found.stored, found.data, found.grown = self.stored, self.data, self.grown
        found.own_row, found.own_fill = self.row, self.fill
        return found

    def become(self, other: TensorValue) -> TensorValue:
        """Change in place, as operations whose names end in ``_`` do."""
        row, fill = other.row, other.fill
        for name in ("shape", "dtype", "source", "output", "data", "grown"):
            setattr(self, name, getattr(other, name))
        self.own_row, self.own_fill = row, fill
        self.stored = other.stored
        return self


class Memory:
    """What tensors that are views of each other have in common: how often its numbers changed."""

    __slots__ = ("changes",)

    def __init__(self) -> None:
        self.changes = 0


class Stored:
    """A learned tensor or a buffer that a module keeps."""

    __slots__ = ("is_buffer", "is_part", "is_persistent", "op", "owner", "shape", "weight_of")

    def __init__(self, shape: Shape, is_buffer: bool = False) -> None:
        self.shape = shape
        self.is_buffer = is_buffer
        self.is_part = False  # whether a weight is made of it, as of its length
        self.is_persistent = True  # whether it is in the state dict
        self.owner: Instance | None = None
        self.weight_of: tuple[Instance, str] | None = (
            None  # a layer of the catalogue, and its name there
        )
        self.op: Any = None  # the operation that counts it


class Given:
    """An input of the network."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Op:
    """An operation: a kind of the catalogue with its settings, fed by tensors."""

    __slots__ = (
        "call",
        "inputs",
        "instance",
        "is_constant",
        "kind",
        "layer",
        "name",
        "outputs",
        "place",
        "settings",
        "shared",
        "uses",
        "weights",
    )

    def __init__(self, kind: str, layer: Layer, settings: dict[str, Any], call: Call) -> None:
        self.kind = kind
        self.layer = layer
        self.settings = settings
        self.call = call
        self.inputs: tuple[TensorValue, ...] = ()
        self.outputs: dict[str, TensorValue] = {}
        self.instance: Instance | None = None
        self.name = ""
        self.place: Mark | None = None
        self.is_constant = False  # whether it is there to put out a constant
        self.shared: Op | None = None  # the operation whose weights it uses
        self.uses = 0  # by how many operations
        self.weights: dict[str, Stored] = {}


class Call:
    """A module's call: the operations and calls inside it, in order."""

    __slots__ = (
        "given",
        "instance",
        "items",
        "name",
        "parent",
        "place",
        "result",
    )

    def __init__(self, instance: Instance | None, name: str, parent: Call | None) -> None:
        self.instance = instance
        self.name = name
        self.parent = parent
        self.items: list[Op | Call] = []
        self.given: list[tuple[str, TensorValue]] = []  # by the names that ``forward`` has
        self.place: Mark | None = None
        self.result: Any = None


def same_source(value: TensorValue, shape: Any, dtype: str) -> TensorValue:
    """The same tensor under another shape or type, without an operation."""
    found = TensorValue(tuple(shape), dtype, value.source, value.output)
    found.stored, found.grown = value.stored, value.grown
    return found


MOST_KNOWN = 4096
"""Of constants of more numbers the shape is kept alone; no tensor is taken into more parts."""


def constant(number: Any, dtype: str = "float32") -> TensorValue:
    """A single number as a tensor."""
    found = TensorValue((), dtype)
    found.data = [number]
    return found


def same(size: Any, shape: Sequence[Any]) -> bool:
    """Whether a shape begins with a size."""
    return len(shape) > 0 and size == shape[0] and type(size) is type(shape[0])


Unmet = dict[tuple[Any, ...], tuple[int, int]]
"""A stated size and what comes instead, by the place where the source asks for it."""


def key_of(place: Any) -> tuple[Any, ...]:
    """A place to find a problem of another reading by."""
    name = place.source.name if isinstance(place, Place) else ""
    return (name, place.line, place.column)
