"""What a layer kind is: one class, from which everything else about the kind follows.

A kind declares its fields and, as plain arithmetic on sizes, what it requires of its inputs, its
output, its weights and its work. The same methods run on numbers and on formulas. A class that
subclasses :class:`Layer` is in the catalogue by that alone, unless it says ``abstract=True``; a
family whose kinds differ in the number of spatial axes is one abstract class and, for each kind,
a subclass with a ``rank``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, ClassVar

from shapecalc.algebra.arithmetic import Dim, Shape, is_symbolic
from shapecalc.algebra.phases import Phases
from shapecalc.algebra.requirement import Requirement
from shapecalc.algebra.window import Window
from shapecalc.layers.field import REQUIRED, Field, Mismatch, SameAs
from shapecalc.layers.kinds import KINDS
from shapecalc.layers.needs import (
    agree,
    settled,
    several_dtypes,
    wrong_arity,
    wrong_dtype,
    wrong_ndim,
)
from shapecalc.layers.tensor import OUTPUT, Tensor


class FieldError(ValueError):
    """A field has a value it does not take; ``index`` tells which item of a list.

    >>> from shapecalc.layers import KINDS
    >>> try:
    ...     KINDS["Conv2d"](out_channels=8, kernel_size=[3, 0])
    ... except FieldError as error:
    ...     print(error.field, error.index, error.expected, error.received, sep="; ")
    kernel_size; 1; a positive integer; 0
    """

    def __init__(
        self, field: str, expected: str, received: object, index: int | None, hint: str = ""
    ) -> None:
        super().__init__(f"{field}: expected {expected}, received {received}")
        self.field = field
        self.expected = expected
        self.received = received
        self.index = index
        is_fraction = isinstance(received, Fraction)
        self.hint = hint or ("floor, round or ceil make it whole" if is_fraction else "")


MOST_STACKED = 10_000
"""How many layers one layer can have above each other."""


_PLAIN = frozenset((int, bool, str, type(None)))
"""The types of most settings, which are no formulas and hold none."""


class Layer:
    """One layer with its settings: an immutable value.

    Methods take the inputs one by one: a kind with one input writes ``output(self, x)``, a join
    ``output(self, *x)``. They may count on the requirements to hold and, all but :meth:`bound`
    and :meth:`requirements`, on the inferred fields to be filled in.

    >>> from shapecalc.layers import KINDS, Tensor
    >>> x = Tensor((1, 16, 32, 32))
    >>> conv = KINDS["Conv2d"](out_channels=32, kernel_size=3, stride=2, padding=1).bound(x)
    >>> conv.in_channels, all(each.decide() for each in conv.requirements(x))
    (16, True)
    >>> y = conv.output(x)
    >>> y.shape, conv.weights(), conv.buffers()
    ((1, 32, 16, 16), {'weight': (32, 16, 3, 3), 'bias': (32,)}, {})
    >>> conv.macs(x, y=y), conv.elementwise(x, y=y)
    (1179648, 8192)
    """

    kind: ClassVar[str]
    """The name of the kind: torch's class name where torch has one."""
    family: ClassVar[str]
    """The family it belongs to: the module that declares it."""
    rank: ClassVar[int] = 0
    """The number of spatial axes, for kinds that have them."""
    fields: ClassVar[dict[str, Field]] = {}
    """The fields in the order of declaration; the first takes a value given without a name."""
    own_fields: ClassVar[dict[str, Field]] = {}
    """Those of them that the class itself declares, and does not inherit."""
    ndims: ClassVar[Iterable[int] | None] = None
    """The numbers of dimensions an input may have, the batch included; None for any."""
    axes: ClassVar[tuple[str, ...]] = ()
    """The names of an input's dimensions behind the batch, if not channels and spatial axes."""
    dtypes: ClassVar[tuple[str, ...] | None] = None
    """The element types an input may have, the usual one first; None for any."""
    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    """How many inputs it takes, at least and at most; None for any number."""
    joins: ClassVar[bool] = False
    """Whether it can take several inputs; follows from ``arity``."""
    states: ClassVar[tuple[str, ...]] = ()
    """Its further inputs that a state starts at, all of them or none, which is zeros then."""
    commutes: ClassVar[bool] = False
    """Whether the order of its inputs makes no difference."""
    promotes: ClassVar[bool] = False
    """Whether a join takes inputs of several element types, as torch promotes them to one."""
    slides: ClassVar[bool] = False
    """Whether it slides a kernel over its input in steps, as convolutions and pools do."""
    spreads: ClassVar[bool] = False
    """Whether it does the opposite: puts a kernel down in steps, and adds up where they meet."""
    grows: ClassVar[str] = ""
    """The field that names the dimension along which it puts its inputs one behind the other."""
    takes_list: ClassVar[bool] = False
    """Whether torch's function takes the inputs as one list, which are put side by side."""
    number_fields: ClassVar[tuple[str, ...]] = ()
    """The fields for a number in place of an input, in the order of the inputs."""
    rest: ClassVar[str] = ""
    """The field of sizes one of which may be -1: what is left of all elements."""
    merges: ClassVar[bool] = False
    """Whether it does nothing but multiply dimensions together, as Flatten does."""
    centers: ClassVar[bool] = False
    """Whether it takes each channel's mean away, so that a bias before it is in vain."""
    of_batch: ClassVar[bool] = False
    """Whether its statistics are those of the batch, which are fixed numbers in evaluation."""
    is_stated: ClassVar[bool] = False
    """Whether its output and figures are stated, derived from nothing."""
    stacked: ClassVar[str] = ""
    """The field that counts the layers it stacks, of which all from the second on are alike."""
    on_request: ClassVar[frozenset[str]] = frozenset()
    """Outputs that are made only where something takes them, as the places of maxima."""
    writes: ClassVar[bool] = True
    """Whether it writes its output, as opposed to passing on a view of its input."""
    writes_in_training: ClassVar[bool] = False
    """Whether it does so while training alone, as dropout."""
    keeps: ClassVar[tuple[str, ...]] = ("inputs",)
    """What is kept for the backward pass: ``"inputs"``, the ``"output"``, both, or nothing."""
    keeps_more: ClassVar[bool] = False
    """Whether it keeps more than that inside, which is not declared: then it is a least figure."""
    in_torch: ClassVar[bool] = True
    """Whether torch.nn has it as a module; else :meth:`function` is what it is in torch."""
    made_of: ClassVar[str] = ""
    """The argument of torch's module that is one of the layers it stacks, with their settings."""
    filled: ClassVar[str] = ""
    """How a padding's cells are filled, as torch's function for all paddings calls it."""
    near: ClassVar[str] = ""
    """What may have been meant by a use that lacks a required field."""
    unknown_to_torch: ClassVar[str] = ""
    """Why it cannot be written for torch; empty if it can."""
    is_state: ClassVar[bool] = False
    """Whether it is a tensor that the module it stands in holds; :meth:`constructor` makes it."""
    signature: ClassVar[tuple[str, ...]] = ()
    """The parameters of the module in torch's order; see :meth:`parameters`."""
    called: ClassVar[tuple[str, ...]] = ()
    """The functions and methods that compute it in torch beside the module; see :meth:`calls`."""
    returns: ClassVar[str] = OUTPUT
    """What the call of the module or function returns in torch, as the target of an assignment:
    the names of its outputs, nested as they are there."""
    returns_on_request: ClassVar[str] = ""
    """The same where an output is asked for that is only made on request, if it is another."""
    requested_by: ClassVar[str] = ""
    """The argument of torch's module that asks for the outputs on request."""
    work: ClassVar[str] = ""
    """What its element-wise operations do, in words."""
    counted_by_torch: ClassVar[bool] = True
    """Whether torch's flop counter sees the work on the meta device."""
    example: ClassVar[Mapping[str, Any]] = {}
    """Settings for the example in the catalogue."""
    example_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((1, 4, 8, 8),)
    """The shapes of the example's inputs."""
    letters: ClassVar[tuple[str, ...]] = ()
    """The sizes of each input in the catalogue's rule, as ``"B L C"``, where the usual mislead."""

    def __init_subclass__(cls, *, rank: int | None = None, abstract: bool = False) -> None:
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Field)}
        for name, declared in own.items():
            declared.name = name
            delattr(cls, name)
        cls.own_fields = own
        cls.fields = {}
        for base in reversed(cls.__mro__):
            cls.fields |= vars(base).get("own_fields", {})
        if not cls.writes and "keeps" not in vars(cls):
            cls.keeps = ()
        cls.family = cls.__module__.rpartition(".")[2]
        cls.joins = cls.arity[1] is None or cls.arity[1] > 1
        if rank is not None:
            cls.rank = rank
            if "ndims" not in vars(cls) and cls.ndims is None:
                cls.ndims = (rank + 2,)
            if "example_shapes" not in vars(cls) and cls.example_shapes is Layer.example_shapes:
                cls.example_shapes = ((1, 4, *[8] * rank),)
        if not abstract:
            cls.kind = cls.__name__
            KINDS[cls.kind] = cls

    @classmethod
    def example_inputs(cls) -> tuple[Tensor, ...]:
        """The inputs of the example in the catalogue.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> KINDS["Embedding"].example_inputs()
        (Tensor(shape=(1, 16), dtype='int64'),)
        """
        dtype = cls.dtypes[0] if cls.dtypes else "float32"
        return tuple(Tensor(shape, dtype) for shape in cls.example_shapes)

    def __init__(self, **settings: Any) -> None:
        """Read the settings; raises :class:`FieldError` for a value its field does not take."""
        values = self.__dict__
        for name, declared in self.fields.items():
            if name in settings:
                values[name] = self._read(declared, settings.pop(name))
            elif declared.default is REQUIRED:
                raise TypeError(f"{self.kind} needs {name}: {declared.doc}")
            else:
                values[name] = self._default(declared)
        if settings:
            raise TypeError(f"{self.kind} has no field {', '.join(settings)}")

    def _read(self, declared: Field, value: Any) -> Any:
        if value is None and (declared.default is None or isinstance(declared.default, SameAs)):
            return self._default(declared)
        return self._typed(declared, value)

    @classmethod
    def _typed(cls, declared: Field, value: Any) -> Any:
        try:
            return declared.type.read(value, cls.rank)
        except Mismatch as mismatch:
            items = list(value.values()) if isinstance(value, dict) else value
            received = value if mismatch.index is None else items[mismatch.index]
            expected, index = mismatch.expected, mismatch.index
            raise FieldError(declared.name, expected, received, index, mismatch.hint) from None

    @classmethod
    def misread(cls, name: str, value: Any) -> FieldError | None:
        """The error of a value that its field does not take, without making a layer.

        >>> from shapecalc.layers import KINDS
        >>> KINDS["Conv2d"].misread("stride", [1, 0]).expected
        'a positive integer'
        """
        declared = cls.fields[name]
        if value is None and (declared.default is None or isinstance(declared.default, SameAs)):
            return None
        try:
            cls._typed(declared, value)
        except FieldError as error:
            return error
        return None

    def _default(self, declared: Field) -> Any:
        default = declared.default
        if default is None:
            return None
        if isinstance(default, SameAs):
            return self.__dict__[default.name]
        return declared.type.read(default, self.rank)

    @property
    def rounds_up(self) -> bool:
        """Whether a last window that sticks out of the input counts: torch's ``ceil_mode``.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> KINDS["MaxPool2d"](kernel_size=2, ceil_mode=True).rounds_up
        True
        """
        return False

    @property
    def is_idle_alone(self) -> bool:
        """Whether it passes a single input on as it is, being there to join several.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> KINDS["Add"]().is_idle_alone, KINDS["Add"](other=1).is_idle_alone
        (True, False)
        """
        return False

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{self.kind} is a value and cannot be changed")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *self.__dict__.values()))

    def __repr__(self) -> str:
        settings = ", ".join(f"{k}={v!r}" for k, v in self.__dict__.items() if v is not None)
        return f"{self.kind}({settings})"

    def bound(self, *x: Tensor) -> Layer:
        """This layer with the fields that follow from its inputs filled in."""
        found = {
            name: declared.infer(self, *x)
            for name, declared in self.fields.items()
            if declared.infer is not None
        }
        if not found:
            return self
        layer = object.__new__(type(self))
        layer.__dict__.update(self.__dict__)
        layer.__dict__.update(found)
        return layer

    def requirements(self, *x: Tensor) -> Iterator[Requirement]:
        """All that must hold, in an order in which each may count on those before it."""
        least, most = self.arity
        if not least <= len(x) <= (len(x) if most is None else most):
            yield wrong_arity(self, len(x))
        for tensor in x:
            if self.ndims is not None and len(tensor.shape) not in self.ndims:
                yield wrong_ndim(self, tensor)
            if self.dtypes is not None and tensor.dtype not in self.dtypes:
                yield wrong_dtype(self, tensor)
        if len(x) > 1 and not self.promotes and len({tensor.dtype for tensor in x}) > 1:
            yield several_dtypes(x)
        for name, value in self.__dict__.items():
            if value.__class__ in _PLAIN:
                continue
            for item in value if value.__class__ is tuple else (value,):
                if is_symbolic(item):
                    yield from settled(self.fields[name], item)
        yield from self._stated(*x)
        yield from self.bound(*x).requires(*x)

    def _stated(self, *x: Tensor) -> Iterator[Requirement]:
        """Sizes that are stated although they follow from the inputs must agree with them."""
        for name, declared in self.fields.items():
            stated = self.__dict__[name]
            if declared.infer is not None and stated is not None:
                yield from agree(name, stated, declared.infer(self, *x))

    # What a kind declares. The signatures take whatever a kind's own may: each of its inputs.

    def requires(self, *x: Any, **none: Any) -> Iterable[Requirement]:
        """What the kind itself requires of its settings and inputs.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> conv, x = KINDS["Conv2d"](out_channels=8, kernel_size=5), Tensor((1, 3, 32, 3))
        >>> [each.problem() for each in conv.bound(x).requires(x) if each.decide() is False]
        ['has a kernel of 5 that does not fit its input of 3']
        """
        return ()

    def output(self, *x: Any, **none: Any) -> Tensor:
        """The output's shape and type; of several outputs, the first's."""
        raise NotImplementedError

    def outputs(self, *x: Any, **none: Any) -> dict[str, Tensor]:
        """All outputs by name, the first first; a kind with one has nothing to add.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> list(KINDS["LSTM"](hidden_size=8).bound(Tensor((1, 9, 4))).outputs(Tensor((1, 9, 4))))
        ['output', 'h_n', 'c_n']
        """
        return {OUTPUT: self.output(*x)}

    def offers(self, output: str, *x: Any) -> Iterable[Requirement]:
        """What is required for one of the outputs to be there, where that hangs on sizes.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> from shapecalc.algebra.formula import Formula
        >>> x = Tensor((1, Formula.symbol("C")))
        >>> [each.decide().equation for each in KINDS["Chunk"](chunks=2).offers("1", x)]
        ['C >= (C + 1)//2 + 1']
        """
        return ()

    def weights(self) -> dict[str, Shape]:
        """The learnable tensors by the names they have in torch."""
        return {}

    def buffers(self) -> dict[str, Tensor]:
        """The state that is kept but not learned, such as running statistics."""
        return {}

    def depth(self) -> int:
        """How many layers it stands for, which count where a network's size is bounded.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> KINDS["ReLU"]().depth(), KINDS["TransformerEncoder"](nhead=8, num_layers=6).depth()
        (1, 6)
        """
        return 1

    def macs(self, *x: Any, **y: Any) -> Dim:
        """Multiply-accumulates of all matrix products, from the inputs to output ``y``."""
        return 0

    def elementwise(self, *x: Any, **y: Any) -> Dim:
        """Operations on single elements: bias, normalisation, activation, pooling."""
        return 0

    def beside(self, *x: Any, **y: Any) -> dict[str, Tensor]:
        """What it makes beside its output and drops unless something takes it: places of maxima.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> x, y = Tensor((1, 8, 4, 4)), Tensor((1, 8, 2, 2))
        >>> KINDS["MaxPool2d"](kernel_size=2).beside(x, y=y)
        {'indices': Tensor(shape=(1, 8, 2, 2), dtype='int64')}
        """
        return {}

    def kept(self, *x: Any, **y: Any) -> dict[str, Tensor]:
        """What it makes and keeps for the backward pass beside ``keeps``: masks, statistics.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> x = Tensor((1, 8, 4, 4))
        >>> KINDS["Dropout"]().kept(x, y=x)["mask"].shape
        (1, 8, 4, 4)
        """
        return self.beside(*x, **y)

    def passed_by(self, *x: Any) -> Mapping[int, Dim]:
        """Of inputs that are weights, how many elements a token does not use, by input.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> x = Tensor((1, 4)), Tensor((1, 2), "int64"), Tensor((8, 16, 4))
        >>> KINDS["ExpertLinear"]().passed_by(*x)  # two of eight experts are chosen
        {2: 384}
        """
        return {}

    def cached(self, *x: Any) -> Sequence[Tensor]:
        """What of its inputs a decoder keeps for the tokens to come: keys and values.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> q = Tensor((1, 8, 10, 64))
        >>> len(KINDS["ScaledDotProductAttention"](is_causal=True).cached(q, q, q))
        2
        """
        return ()

    @classmethod
    def inputs_wanted(cls) -> str:
        """How many inputs it takes, in words.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> [KINDS[name].inputs_wanted() for name in ("ReLU", "Concat", "LSTM")]
        ['one input', 'at least one input', '1 to 3 inputs']
        """
        least, most = cls.arity
        if most == 0:
            return "no input"
        if most == 1:
            return "one input"
        if most is None:
            return "at least one input"
        return f"{most} inputs" if least == most else f"{least} to {most} inputs"

    @classmethod
    def positional(cls) -> tuple[str, ...]:
        """The fields that people give to torch by position: what is inferred, and the first.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> KINDS["Conv2d"].positional()
        ('in_channels', 'out_channels')
        """
        inferred = [name for name, declared in cls.fields.items() if declared.infer is not None]
        first = next(iter(cls.fields), None)
        return tuple(dict.fromkeys([*inferred, first])) if first else ()

    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        """What torch's module takes, in its order: what is inferred first, unless declared.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> KINDS["Linear"].parameters()
        ('in_features', 'out_features', 'bias')
        """
        inferred = [name for name, declared in cls.fields.items() if declared.infer is not None]
        return cls.signature or tuple(dict.fromkeys([*inferred, *cls.fields]))

    @classmethod
    def calls(cls) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The calls of ``called``, each with what it takes behind the inputs, in order.

        That is what the module takes, without what is inferred, or what stands in parentheses
        behind the name: ``"torch.flatten(start_dim=0, end_dim)"`` gives a default of its own. A
        name with ``_`` at its end, torch's way to say *in place*, is the same call.

        >>> from shapecalc.layers import KINDS
        >>> list(KINDS["Dropout"].calls())[1]
        ('torch.dropout', ('p', 'training'))
        """
        plain = [name for name in cls.parameters() if not _is_inferred(cls, name)]
        for call in cls.called:
            name, bracket, rest = call.rstrip(")").partition("(")
            yield name, tuple(rest.split(", ")) if bracket else tuple(plain)

    @classmethod
    def constructor(cls, settings: Mapping[str, str]) -> str:
        """The source that makes the torch module of settings, all of them source.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> KINDS["Linear"].constructor({"in_features": "400", "out_features": "8"})
        'nn.Linear(400, 8)'
        """
        named = dict(settings)
        given: list[str] = []
        for name in cls.positional():
            if name not in named:
                break
            given.append(named.pop(name))
        given += [f"{name}={text}" for name, text in named.items()]
        return f"nn.{cls.kind}({', '.join(given)})"

    def call(self, module: str, inputs: Sequence[str], wanted: Sequence[str] = ()) -> str:
        """The source that calls the torch module on inputs, all of them source.

        ``wanted`` are the outputs that are asked for besides the first. What comes back is told
        by ``returns``.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> KINDS["MaxUnpool2d"](kernel_size=2).call("self.unpool", ["x", "indices"])
        'self.unpool(x, indices)'
        """
        return f"{module}({', '.join(inputs)})"

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        """The source that computes it with torch's functions from inputs and settings.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> KINDS["Sub"]().function(["x", "y"], {})
        'x - y'
        """
        raise NotImplementedError

    def requested(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        """The source of the function that gives the outputs on request, too.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> KINDS["TopK"](k=2).requested(["x"], {"k": "2", "dim": "-1", "largest": "True"})
        'x.topk(2)'
        """
        return self.function(inputs, settings)

    def infers(self, name: str) -> bool:
        """Whether a size that is given by name follows from the input and those besides it.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> split = KINDS["Rearrange"](pattern="b (h d) -> b h d", sizes={"h": 8, "d": 64})
        >>> split.infers("d"), KINDS["ReLU"]().infers("d")
        (True, False)
        """
        return False

    def decisive(self, *x: Any) -> Iterable[Dim]:
        """Sizes that have to be numbers with these inputs: a figure hangs on them otherwise.

        They are asked for before the requirements, which may not hold.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> from shapecalc.algebra.formula import Formula
        >>> pool = KINDS["AdaptiveAvgPool1d"](output_size=Formula.symbol("A"))
        >>> list(pool.decisive(Tensor((1, 3, Formula.symbol("H")))))
        [Formula('A')]
        """
        return ()

    def windows(self, *x: Any, **none: Any) -> tuple[Window, ...] | None:
        """What an output position sees of the inputs along every spatial axis.

        None if that is no window: it sees the whole input, or the axes are not the same ones.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> conv = KINDS["Conv1d"](out_channels=8, kernel_size=3, stride=2, padding=1)
        >>> conv.windows(Tensor((1, 3, 32)))
        (Window(extent=3, stride=2, before=1, after=1),)
        """
        return None

    @property
    def dilations(self) -> Shape:
        """The step inside its kernel along every spatial axis: 1 where none is declared.

        >>> from shapecalc.layers import KINDS
        >>> KINDS["MaxPool2d"](kernel_size=3, dilation=2).dilations
        (2, 2)
        """
        return (1,) * self.rank

    def bin(self, i: int, n: int, m: int) -> tuple[int, int] | None:
        """Where output ``i`` of ``m`` has a window of its own, of ``n`` cells: where it is.

        That is its first cell, and the first behind it.

        >>> from shapecalc.layers import KINDS
        >>> KINDS["AdaptiveAvgPool1d"](output_size=3).bin(1, 7, 3)
        (2, 5)
        """
        return None

    def sees(self, *x: Tensor) -> tuple[Phases | None, ...] | None:
        """The same where neighbours need not see alike: behind what enlarges, they take turns.

        None along an axis where they take turns too long to be followed.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> up = KINDS["ConvTranspose1d"](out_channels=8, kernel_size=4, stride=2)
        >>> up.sees(Tensor((1, 3, 32)))[0].spans  # two outputs in turn see two inputs each
        (Span(first=-1, last=0), Span(first=-1, last=0))
        """
        windows = self.windows(*x)
        return None if windows is None else tuple(map(Phases.of_window, windows))


def _is_inferred(kind: type[Layer], name: str) -> bool:
    return name in kind.fields and kind.fields[name].infer is not None
