"""Recurrent layers: a state goes through a sequence and takes each place in.

The state starts at zero, or at a further input, torch's ``h_0``; of an LSTM at two, ``h_0`` and
``c_0``. What a layer puts out first is the state after every place, or, of a cell, after its one
step; the others of torch's results have torch's names, ``h_n`` and ``c_n``.
Products with matrices are multiply-accumulates, those with the state at the start included, as
torch counts on the meta device. The rest, for each value of a state, is 2 operations of a plain
layer (the two products are added, then activated), 13 of an LSTM (four sums and activations, three
operations on the cell's state, its activation, the output gate) and 11 of a GRU (two sums and
activations; for the candidate a product, a sum and an activation; four to mix it with the old
state), and one for each bias.

The batch is the first dimension, as everywhere in a spec; torch's own default, batch_first false,
takes the sequence for the first dimension, and false means that here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import ClassVar

from shapecalc.algebra.arithmetic import Dim, Shape, prod, total
from shapecalc.algebra.requirement import Requirement, at_least, equal, refuse
from shapecalc.layers.base import MOST_STACKED, Layer
from shapecalc.layers.field import field, inferred
from shapecalc.layers.tensor import FLOATS, Tensor
from shapecalc.layers.types import Choice, Flag, Number, Whole


class _AnyRecurrent(Layer, abstract=True):
    """What layers and cells have in common."""

    keeps_more = True

    dtypes = FLOATS

    work = "biases, and what makes the next state of the gates"

    gates: ClassVar[int]
    """How many times the state's size each of the two products has."""
    operations: ClassVar[int]
    """Element-wise operations for each value of the state, without biases."""
    states: ClassVar[tuple[str, ...]] = ("h_0",)
    arity = (1, 2)
    takes_also = ("hx",)

    hidden_size: Dim = field(Whole(), "features of the state", letter="H")
    bias: bool = field(Flag(), "add two learned numbers to each gate", default=True)
    input_size: Dim = inferred(
        lambda layer, x, *_: x.shape[-1], "features of the input, its last dimension", letter="C"
    )

    example = {"hidden_size": 32}

    def requires(self, x: Tensor, *start: Tensor) -> Iterator[Requirement]:
        if not start:
            return
        if len(start) < len(self.states):
            yield refuse(
                "takes one input, or three with {names:and}, but receives 2",
                names=self.states,
            )
        for name, given, wanted in zip(self.states, start, self._starts(x)):
            for size, right in zip(given.shape, wanted.shape):
                yield equal(
                    size,
                    right,
                    "receives {name} of {given.shape:times}, not {wanted.shape:times}",
                    name=name,
                    given=given,
                    wanted=wanted,
                )

    def _starts(self, x: Tensor) -> Sequence[Tensor]:
        """The states that it can start at."""
        raise NotImplementedError

    def call(self, module: str, inputs: Sequence[str], wanted: Sequence[str] = ()) -> str:
        if len(self.states) > 1 and len(inputs) > 1:
            x, *start = inputs
            return super().call(module, (x, f"({', '.join(start)})"), wanted)
        return super().call(module, inputs, wanted)

    def _step_weights(self, suffix: str, inputs: Dim, state: Dim) -> dict[str, Shape]:
        """The weights of one step from ``inputs`` and ``state`` features."""
        rows = self.gates * self.hidden_size
        weights: dict[str, Shape] = {
            f"weight_ih{suffix}": (rows, inputs),
            f"weight_hh{suffix}": (rows, state),
        }
        if self.bias:
            weights |= {f"bias_ih{suffix}": (rows,), f"bias_hh{suffix}": (rows,)}
        return weights

    def _step_elementwise(self) -> Dim:
        biases = 2 * self.gates if self.bias else 0
        return (self.operations + biases) * self.hidden_size


class Recurrent(_AnyRecurrent, abstract=True):
    """Take a sequence in, place after place, in one or more layers and one or two directions.

    >>> from shapecalc.layers import KINDS
    >>> x = Tensor((1, 50, 300))
    >>> lstm = KINDS["LSTM"](hidden_size=256, bidirectional=True).bound(x)
    >>> lstm.output(x).shape, lstm.weights()["weight_ih_l0_reverse"]
    ((1, 50, 512), (1024, 300))
    """

    ndims = (3,)
    axes = ("length", "features")
    returns = "output, h_n"
    stacked = "num_layers"

    num_layers: int = field(
        Whole(most=MOST_STACKED, symbolic=False), "layers above each other", default=1
    )
    batch_first: bool = field(
        Flag(), "the batch comes first, then the sequence", default=True, torch_default=False
    )
    dropout: int | Fraction = field(
        Number(0, 1, formulas="any"),
        "probability of dropping out between layers while training",
        default=0,
    )
    bidirectional: bool = field(
        Flag(), "go through the sequence backwards too, and put both side by side", default=False
    )

    example_shapes = ((1, 16, 64),)

    def _state(self) -> Dim:
        """The features of what goes on to the next place."""
        return self.hidden_size

    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def depth(self) -> int:
        return self.num_layers * self._directions()

    def _inputs(self) -> list[Dim]:
        """The features that each layer takes in."""
        above: list[Dim] = [self._directions() * self._state()] * (self.num_layers - 1)
        return [self.input_size, *above]

    def output(self, x: Tensor, *start: Tensor) -> Tensor:
        return x.with_size(-1, self._directions() * self._state())

    def outputs(self, x: Tensor, *start: Tensor) -> dict[str, Tensor]:
        """The states after every place, and of every layer and direction that after the last."""
        return {"output": self.output(x), "h_n": self._last(x, self._state())}

    def _starts(self, x: Tensor) -> Sequence[Tensor]:
        _, *states = self.outputs(x).values()
        return states

    def _last(self, x: Tensor, features: Dim) -> Tensor:
        batch = x.shape[0 if self.batch_first else 1]
        return x.with_shape((self.num_layers * self._directions(), batch, features))

    def weights(self) -> dict[str, Shape]:
        weights: dict[str, Shape] = {}
        for i, inputs in enumerate(self._inputs()):
            for direction in ("", "_reverse")[: self._directions()]:
                weights |= self._step_weights(f"_l{i}{direction}", inputs, self._state())
        return weights

    def macs(self, x: Tensor, *start: Tensor, y: Tensor) -> Dim:
        """Every matrix is multiplied once with every place."""
        matrices = [prod(shape) for shape in self.weights().values() if len(shape) == 2]
        return prod(x.shape[:2]) * total(matrices)

    def elementwise(self, x: Tensor, *start: Tensor, y: Tensor) -> Dim:
        steps = prod(x.shape[:2]) * self.num_layers * self._directions()
        return steps * self._step_elementwise()


class RNN(Recurrent):
    """Mix the state with each place of a sequence, ``tanh(W x + U h)``.

    Elman, "Finding structure in time" (1990).
    """

    signature = (
        "input_size",
        "hidden_size",
        "num_layers",
        "nonlinearity",
        "bias",
        "batch_first",
        "dropout",
        "bidirectional",
    )

    gates = 1
    operations = 2

    nonlinearity: str = field(Choice("tanh", "relu"), "what is applied to a sum", default="tanh")


class LSTM(Recurrent):
    """Carry a state along a sequence through gates that decide what is kept and let out.

    Hochreiter and Schmidhuber, "Long short-term memory" (1997); the projection is by Sak, Senior
    and Beaufays, "Long short-term memory based recurrent neural network architectures" (2014).
    """

    signature = (
        "input_size",
        "hidden_size",
        "num_layers",
        "bias",
        "batch_first",
        "dropout",
        "bidirectional",
        "proj_size",
    )

    returns = "output, (h_n, c_n)"
    arity = (1, 3)
    states = ("h_0", "c_0")
    gates = 4
    operations = 13

    proj_size: int = field(
        Whole(0, symbolic=False), "features the output is projected to; 0 for none", default=0
    )

    def requires(self, x: Tensor, *start: Tensor) -> Iterator[Requirement]:
        yield from super().requires(x, *start)
        yield at_least(
            self.hidden_size,
            self.proj_size + 1,
            "has proj_size {size}, not below hidden_size {left}",
            field="proj_size",
            size=self.proj_size,
        )

    def _state(self) -> Dim:
        return self.proj_size or self.hidden_size

    def outputs(self, x: Tensor, *start: Tensor) -> dict[str, Tensor]:
        return {**super().outputs(x), "c_n": self._last(x, self.hidden_size)}

    def _step_weights(self, suffix: str, inputs: Dim, state: Dim) -> dict[str, Shape]:
        weights = super()._step_weights(suffix, inputs, state)
        if self.proj_size:
            weights[f"weight_hr{suffix}"] = (self.proj_size, self.hidden_size)
        return weights


class GRU(Recurrent):
    """Carry a state along a sequence through gates that mix old and new.

    Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine
    translation" (2014).
    """

    signature = (
        "input_size",
        "hidden_size",
        "num_layers",
        "bias",
        "batch_first",
        "dropout",
        "bidirectional",
    )

    gates = 3
    operations = 11


class RecurrentCell(_AnyRecurrent, abstract=True):
    """Take one place in: a single step from a state of zeros, or from one that comes in.

    >>> from shapecalc.layers import KINDS
    >>> KINDS["GRUCell"](hidden_size=20).output(Tensor((8, 10))).shape
    (8, 20)
    """

    ndims = (2,)

    example_shapes = ((1, 64),)

    def output(self, x: Tensor, *start: Tensor) -> Tensor:
        return x.with_size(-1, self.hidden_size)

    def _starts(self, x: Tensor) -> Sequence[Tensor]:
        return list(self.outputs(x).values())

    def weights(self) -> dict[str, Shape]:
        return self._step_weights("", self.input_size, self.hidden_size)

    def macs(self, x: Tensor, *start: Tensor, y: Tensor) -> Dim:
        rows = self.gates * self.hidden_size
        return x.batch * rows * (self.input_size + self.hidden_size)

    def elementwise(self, x: Tensor, *start: Tensor, y: Tensor) -> Dim:
        return x.batch * self._step_elementwise()


class RNNCell(RecurrentCell):
    """Mix a state with one input, ``tanh(W x + U h)``."""

    gates = RNN.gates
    operations = RNN.operations

    nonlinearity: str = field(Choice("tanh", "relu"), "what is applied to a sum", default="tanh")


class LSTMCell(RecurrentCell):
    """Take one step of an LSTM; the output is the state that it lets out, ``c`` the cell's."""

    returns = "output, c"
    arity = LSTM.arity
    states = LSTM.states
    gates = LSTM.gates
    operations = LSTM.operations

    def outputs(self, x: Tensor, *start: Tensor) -> dict[str, Tensor]:
        return {"output": self.output(x), "c": self.output(x)}


class GRUCell(RecurrentCell):
    """Take one step of a GRU."""

    gates = GRU.gates
    operations = GRU.operations
