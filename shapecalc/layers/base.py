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
from typing import Any

from shapecalc.algebra.arithmetic import Dim, Shape, is_symbolic
from shapecalc.algebra.phases import Phases
from shapecalc.algebra.requirement import Requirement
from shapecalc.algebra.window import Window
from shapecalc.layers.field import REQUIRED, Field, SameAs
from shapecalc.layers.intorch import InTorch
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
from shapecalc.layers.types import Mismatch


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
        self.hint = hint


MOST_STACKED = 10_000
"""How many layers one layer can have above each other."""


_PLAIN = frozenset((int, bool, str, type(None)))
"""The types of most settings, which are no formulas and hold none."""


def _are_plain(values: Iterable[object]) -> bool:
    """Whether settings are numbers, formulas, words and truths without a derivation, or such."""
    for value in values:  # written out: it is asked of every layer
        if value.__class__ in _PLAIN:
            continue
        if value.__class__ is tuple:
            if not _are_plain(value):
                return False
        elif not (isinstance(value, Fraction) or (is_symbolic(value) and value.is_plain)):
            return False
    return True


class Layer(InTorch):
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

    def __init_subclass__(cls, *, rank: int | None = None, abstract: bool = False) -> None:
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Field)}
        for name, declared in own.items():
            declared.name = name
            delattr(cls, name)
        cls.own_fields = own
        cls.fields = {}
        for base in reversed(cls.__mro__):
            cls.fields |= vars(base).get("own_fields", {})
        cls.inferred = {n: each for n, each in cls.fields.items() if each.infer is not None}
        cls.required = tuple([n for n, each in cls.fields.items() if each.is_required])
        if not cls.writes and "keeps" not in vars(cls):
            cls.keeps = ()
        cls.family = _family(cls.__module__)
        cls.offers_all = not cls.on_request and cls.offers is Layer.offers
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

    def __init__(self, **settings: Any) -> None:
        """Read the settings; raises :class:`FieldError` for a value its field does not take."""
        values = self.__dict__
        for name, declared in self.fields.items():
            if name in settings:
                values[name] = self._read(declared, settings.pop(name))
            elif declared.default is REQUIRED:
                raise TypeError(f"{self.kind} needs {name}: {declared.doc}")
            else:
                values[name] = self.default_of(name)
        if settings:
            raise TypeError(f"{self.kind} has no field {', '.join(settings)}")

    def _read(self, declared: Field, value: Any) -> Any:
        if value is None and (declared.default is None or isinstance(declared.default, SameAs)):
            return self.default_of(declared.name)
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

    def default_of(self, name: str) -> Any:
        """What a field that is not required is where it is not set: its default, or another field.

        >>> from shapecalc.layers import KINDS
        >>> pool = KINDS["MaxPool2d"](kernel_size=3, stride=1)
        >>> pool.default_of("stride"), pool.default_of("padding")
        ((3, 3), (0, 0))
        """
        declared = self.fields[name]
        if declared.default is None:
            return None
        if isinstance(declared.default, SameAs):
            return self.__dict__[declared.default.name]
        return declared.default_at(self.rank)

    @property
    def is_plain(self) -> bool:
        """Whether all its settings are numbers, formulas, words and truths, without a derivation.

        Two that are plain and equal are the same layer; a formula's form tells all of it.

        >>> from shapecalc.layers import KINDS
        >>> KINDS["Linear"](out_features=8).is_plain
        True
        """
        return _are_plain(self.__dict__.values())

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
            for name, declared in self.inferred.items()
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
                if item.__class__ not in _PLAIN and is_symbolic(item):
                    yield from settled(self.fields[name], item)
        yield from self._stated(*x)
        yield from self.bound(*x).requires(*x)

    def _stated(self, *x: Tensor) -> Iterator[Requirement]:
        """Sizes that are stated although they follow from the inputs must agree with them."""
        for name, declared in self.inferred.items():
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


def _family(module: str) -> str:
    """The file or folder beside this one that a module is or belongs to; its own name elsewhere."""
    inside = module.removeprefix(f"{__package__}.")
    return module.rpartition(".")[2] if inside == module else inside.partition(".")[0]
