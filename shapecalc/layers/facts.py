"""What a kind declares of itself in a word: facts that readers ask for in place of its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from shapecalc.algebra.arithmetic import Shape
from shapecalc.layers.field import Field
from shapecalc.layers.tensor import OUTPUT, Tensor


class Facts:
    """The facts of a kind, as they are unless it declares them otherwise.

    >>> from shapecalc.layers import KINDS
    >>> KINDS["Conv2d"].slides, KINDS["Concat"].grows, KINDS["BatchNorm2d"].of_batch
    (True, 'dim', True)
    """

    kind: ClassVar[str]
    """The name of the kind: torch's class name where torch has one."""
    family: ClassVar[str]
    """The family it belongs to: the file that declares it, or the folder where it has several."""
    rank: ClassVar[int] = 0
    """The number of spatial axes, for kinds that have them."""
    fields: ClassVar[dict[str, Field]] = {}
    """The fields in the order of declaration; the first takes a value given without a name."""
    inferred: ClassVar[dict[str, Field]] = {}
    """Those of them that follow from what comes in."""
    required: ClassVar[tuple[str, ...]] = ()
    """The names of those that a spec has to give."""
    own_fields: ClassVar[dict[str, Field]] = {}
    """The fields that the class itself declares, and does not inherit."""
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
    by_channel: ClassVar[bool] = False
    """Whether it does the same to each channel on its own, so that torch takes one, too: what has
    a dimension less is channels without a batch there, as many as there are."""
    of_batch: ClassVar[bool] = False
    """Whether its statistics are those of the batch, which are fixed numbers in evaluation."""
    is_stated: ClassVar[bool] = False
    """Whether its output and figures are stated, derived from nothing."""
    stacked: ClassVar[str] = ""
    """The field that counts the layers it stacks, of which all from the second on are alike."""
    on_request: ClassVar[frozenset[str]] = frozenset()
    """Outputs that are made only where something takes them, as the places of maxima."""
    offers_all: ClassVar[bool] = True
    """Whether all its outputs are there, whatever their sizes and whether anything takes them."""
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
    takes: ClassVar[tuple[str, ...]] = ("input",)
    """The tensors that torch's module cannot be called without, by their names there."""
    takes_also: ClassVar[tuple[str, ...]] = ()
    """What it may be given besides, in torch's order: states, masks, the size of its output."""
    of_tensors: ClassVar[Mapping[str, str]] = {}
    """The kinds that stand for a field's part where torch is given a tensor for it."""
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

    @classmethod
    def example_inputs(cls) -> tuple[Tensor, ...]:
        """The inputs of the example in the catalogue.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> KINDS["Embedding"].example_inputs()
        (Tensor(shape=(1, 16), dtype='int64'),)
        """
        dtype = cls.dtypes[0] if cls.dtypes else "float32"
        return tuple(Tensor(shape, dtype) for shape in cls.example_shapes)

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

    @property
    def dilations(self) -> Shape:
        """The step inside its kernel along every spatial axis: 1 where none is declared.

        >>> from shapecalc.layers import KINDS
        >>> KINDS["MaxPool2d"](kernel_size=3, dilation=2).dilations
        (2, 2)
        """
        return (1,) * self.rank

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
