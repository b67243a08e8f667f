"""What a network computes, written down while its code is evaluated.

A :class:`Call` is a module's call and holds, in order, the operations and calls inside it. A tensor
is known by its shape and by the operation that put it out. What a kind of the catalogue requires
is decided at once, and told at the line of the user's that asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from shapecalc.algebra.arithmetic import LARGEST, Shape
from shapecalc.algebra.message import times
from shapecalc.algebra.requirement import Requirement
from shapecalc.language.problem import Mark, Problem
from shapecalc.layers import KINDS, FieldError, Layer, Tensor
from shapecalc.layers.tensor import MOST_DIMENSIONS
from shapecalc.reading.evaluator.sizes import Size
from shapecalc.reading.evaluator.values import Instance, Place
from shapecalc.reading.tensors import rows
from shapecalc.reading.tensors.helping import helped
from shapecalc.reading.tensors.numbers import are_known, know
from shapecalc.reading.tensors.traced import Call, Given, Op, TensorValue, Unmet, key_of

MOST_OPERATIONS = 20_000
"""How many operations a network may have."""

PROMOTING = ("Add", "Sub", "Mul", "Div", "Pow", "Maximum", "Minimum", "Where")


def lacks_batch(layer: Layer, inputs: Sequence[TensorValue]) -> bool:
    """Whether a layer takes its input for channels without a batch, as it has a dimension less."""
    return layer.by_channel and len(inputs) == 1 and len(inputs[0].shape) == layer.rank + 1


class Trace:
    """The part of the runtime that writes operations down."""

    here: Any
    cannot: Any
    error: Any
    step: Any

    def start_trace(self) -> None:
        """Begin with nothing written down."""
        self.current: Call | None = None
        self.count = 0
        self.problems: list[Problem] = []
        self.told: set[tuple[Any, ...]] = set()
        self.approximated: dict[str, None] = {}
        self.by_training: dict[str, None] = {}
        self.unmet: Unmet = {}
        self.leaves: dict[Any, tuple[dict[str, Any], Layer]] = {}  # by how modules are made
        self.layers: dict[Any, Layer] = {}
        self.followed: dict[Any, tuple[Layer, Layer, dict[str, Tensor]]] = {}

    def layer(self, kind: str, settings: dict[str, Any]) -> Layer:
        """The layer of a kind with these settings, made once where they are plain."""
        key = plainly(kind, settings)
        if key is None:
            return self.new_layer(kind, settings)
        if key not in self.layers:
            self.layers[key] = self.new_layer(kind, settings)
        return self.layers[key]

    def new_layer(self, kind: str, settings: dict[str, Any]) -> Layer:
        """A layer of a kind; what it does not take is an error here."""
        cls = KINDS[kind]
        try:
            return cls(**{name: exact(value) for name, value in settings.items()})
        except FieldError as wrong:
            received = wrong.received
            said = float(received) if isinstance(received, Fraction) else received
            if isinstance(said, float) and said.is_integer():
                hint = "int(...) makes a whole number of it, and // divides without a rest"
            else:
                hint = ""
            shown = self.shown(said)
            raise self.cannot(
                f"{kind}: {wrong.field} expects {wrong.expected}, got {shown}", hint
            ) from None
        except TypeError as wrong:
            raise self.error("TypeError", str(wrong)) from None

    def shown(self, value: Any) -> str:
        """A value in a message."""
        found: str = self.represented(value)
        kind = getattr(getattr(value, "cls", None), "name", "")
        return found if len(found) < 80 else kind or found[:77] + "..."

    represented: Any

    def add(
        self,
        kind: str,
        inputs: Sequence[TensorValue],
        settings: dict[str, Any] | None = None,
        *,
        layer: Layer | None = None,
        instance: Instance | None = None,
        name: str = "",
    ) -> dict[str, TensorValue]:
        """Write an operation down; its outputs by name."""
        settings = settings or {}
        self.step(8 * len(inputs))
        if kind not in KINDS:
            raise self.cannot(f"{kind} is not in the catalogue")
        layer = layer or self.layer(kind, settings)
        if lacks_batch(layer, inputs):
            return self.without_batch(kind, inputs[0], settings, layer, instance, name)
        found, told = self.follows(kind, layer, inputs, instance)
        outputs = {output: TensorValue(*tensor) for output, tensor in told.items()}
        if are_known(inputs):
            self.step(sum(len(each.data) for each in inputs) // 4)
            know(kind, found, inputs, outputs)
        if self.current is None or self.folds(inputs, found, outputs):
            return outputs
        self.count += 1
        if self.count > MOST_OPERATIONS:
            raise self.cannot(f"the network has more than {MOST_OPERATIONS:,} operations")
        op = Op(kind, found, settings, self.current)
        op.place, op.instance, op.name = self.here(), instance, name
        op.inputs = tuple([self.produced(each).snapshot() for each in inputs])
        for each in op.inputs:
            if isinstance(each.source, Op):
                each.source.uses += 1
        op.outputs = outputs
        for output, value in outputs.items():
            value.source, value.output = op, output
        self.current.items.append(op)
        return outputs

    def take_back(self, made: Sequence[Any]) -> None:
        """Operations that were written down last for what is written otherwise now."""
        assert self.current is not None
        for op in made:
            self.current.items.remove(op)
            self.count -= 1
            for each in op.inputs:
                if isinstance(each.source, Op):
                    each.source.uses -= 1

    def without_batch(
        self,
        kind: str,
        x: TensorValue,
        settings: dict[str, Any],
        layer: Layer,
        instance: Instance | None,
        name: str,
    ) -> dict[str, TensorValue]:
        """A pool or padding of channels without a batch, as torch takes what has a dimension less.

        Each is put in as the one channel of its own.
        """
        (wide,) = self.add("Unsqueeze", [x], {"dim": 1}).values()
        outputs = self.add(kind, [wide], settings, layer=layer, instance=instance, name=name)
        output = next(iter(outputs))  # places of maxima are refused where they are asked for
        return self.add("Squeeze", [outputs[output]], {"dim": 1})

    def follows(
        self,
        kind: str,
        layer: Layer,
        inputs: Sequence[TensorValue],
        instance: Instance | None,
    ) -> tuple[Layer, dict[str, Tensor]]:
        """A layer with all its sizes, and what it puts out.

        That follows once for a layer and inputs that are alike, if nothing is wrong there.
        """
        key = (id(layer), *[each.alike for each in inputs])
        known = self.followed.get(key)
        if known is not None:
            return known[1:]
        tensors = [each.tensor for each in inputs]
        least, most = layer.arity
        if not least <= len(tensors) <= (len(tensors) if most is None else most):
            raise self.cannot(f"{kind} takes {layer.inputs_wanted()}, but is given {len(tensors)}")
        holds = self.require(kind, layer, tensors, inputs, instance)
        found = self.stated_again(layer, layer.bound(*tensors), inputs)
        outputs = found.outputs(*tensors)
        if kind in PROMOTING:
            outputs = {
                name: Tensor(_remembered(tensor.shape, tensors), tensor.dtype)
                for name, tensor in outputs.items()
            }
        for tensor in outputs.values():
            sizes: Sequence[Any] = tensor.shape
            if any(not 0 <= size <= LARGEST for size in sizes):
                raise self.cannot(f"{kind} would put out {tensor}, larger than any tensor")
            if len(tensor.shape) > MOST_DIMENSIONS:
                raise self.cannot(f"{kind} would put out more than {MOST_DIMENSIONS} dimensions")
        if holds:
            self.followed[key] = layer, found, outputs  # with the layer, so that its id stays its
        return found, outputs

    def stated_again(self, layer: Layer, bound: Layer, inputs: Sequence[TensorValue]) -> Layer:
        """The layer with what it states, where that disagrees with what comes in."""
        for name in layer.inferred:
            stated = layer.__dict__[name]
            if stated is not None and stated != bound.__dict__[name]:
                other = object.__new__(type(bound))
                other.__dict__.update(bound.__dict__)
                other.__dict__[name] = stated
                bound = other
        return bound

    def folds(
        self, inputs: Sequence[TensorValue], layer: Layer, outputs: dict[str, TensorValue]
    ) -> bool:
        """Whether an operation on constants is a constant: it costs no multiplications."""
        if not inputs or not all(each.is_constant for each in inputs):
            return False
        self.see_row(layer.kind, inputs, outputs)
        tensors = tuple(each.tensor for each in inputs)
        if layer.weights():
            return False
        first = next(iter(outputs.values()))
        return not _macs(layer, tensors, first.tensor)

    def see_row(
        self, kind: str, inputs: Sequence[TensorValue], outputs: dict[str, TensorValue]
    ) -> None:
        """Keep the numbers of a row in another view of it, and one number wherever it stands."""
        if rows.leaves(kind) and len({each.fill for each in inputs}) == 1:
            for found in outputs.values():
                found.own_fill = inputs[0].fill
        if len(inputs) == 1 and (row := inputs[0].row) is not None:
            for found in outputs.values():
                found.own_row = rows.seen(row, kind, inputs[0].shape, found.shape)

    def produced(self, value: TensorValue) -> TensorValue:
        """A tensor that an operation or input puts out: what is stored or constant is an entry."""
        if value.source is not None:
            return value
        assert self.current is not None
        if value.stored is not None:
            return self.stored_entry(value)
        made = self.constant_entry(value)
        value.source, value.output = made.source, made.output
        value.source.is_constant = True
        return value

    def cast(self, value: TensorValue) -> TensorValue:
        """A tensor behind an entry for its element type, where that is another than it is made in.

        Of floats no entry tells it on the way.
        """
        source = value.source
        own = source.outputs[value.output].dtype if isinstance(source, Op) else value.dtype
        if own == value.dtype:
            return value
        made = TensorValue(value.shape, own, source, value.output)
        (found,) = self.add("To", [made], {"dtype": value.dtype}).values()
        return found

    def constant_entry(self, value: TensorValue) -> TensorValue:
        """What an entry puts out for a constant: its numbers where they have a kind, else zeros."""
        if value.row is not None:
            return rows.entry(self, value)
        settings: dict[str, Any] = {"shape": list(value.shape)}
        if value.dtype != "float32":
            settings["dtype"] = value.dtype
        data = [value.fill] if value.fill is not None else value.data
        are_ones = bool(data) and all(each == 1 for each in data)
        (made,) = self.add("Ones" if are_ones else "Zeros", [], settings).values()
        if not are_ones and (data is None or any(data)):
            self.approximates("a constant stands as zeros")
        return made

    stored_entry: Any
    stored_name: Any
    name_of: Any

    # -- requirements ---------------------------------------------------------------------------

    def require(
        self,
        kind: str,
        layer: Layer,
        tensors: list[Tensor],
        inputs: Sequence[TensorValue],
        instance: Instance | None,
    ) -> bool:
        """Whether all holds; what does not is told, and where sizes are stated, read on with."""
        is_told = False
        for requirement in layer.requirements(*tensors):
            if requirement.decide() is True:
                continue
            stated = layer.fields.get(requirement.field or "")
            if stated is not None and stated.infer is not None:
                self.note_unmet(layer, requirement, tensors)
            if not is_told:  # what else breaks follows from it
                self.broken(kind, layer, requirement, inputs, instance)
            is_told = True
            if stated is None or stated.infer is None:
                from shapecalc.reading.evaluator.values import CannotRead

                raise CannotRead(None, "")
        return not is_told

    def note_unmet(self, layer: Layer, requirement: Requirement, tensors: list[Tensor]) -> None:
        """Keep what a layer states and what it receives, for advice on another size of the input.

        A ``Linear`` that is given a map lacks a flatten, whatever the size.
        """
        if requirement.field == "in_features" and len(tensors[0].shape) > 3:
            return
        stated = layer.__dict__[requirement.field or ""]
        sides = [requirement.left, requirement.right]
        received = next((each for each in sides if isinstance(each, Size)), None)
        if isinstance(stated, int) and received is not None and stated in sides:
            self.unmet.setdefault(key_of(self.here() or Mark(1, 1)), (int(stated), received))

    def broken(
        self,
        kind: str,
        layer: Layer,
        requirement: Requirement,
        inputs: Sequence[TensorValue],
        instance: Instance | None,
    ) -> None:
        """Tell of a requirement that does not hold: both sides, and where the layer was made."""
        name = self.name_of(instance) if instance is not None else ""
        what = f"{kind} {name!r}" if name else kind
        received = "; ".join(dict.fromkeys(map(self.told_of, inputs)))
        notes = [f"receives {received}"] if inputs else []
        notes += self.made_at(instance, name)
        hint = helped(layer, requirement, inputs)
        notes += [hint] if hint else []
        self.tell(f"{what} {requirement.problem()}", *notes)

    def tell(self, message: str, *notes: str) -> None:
        """Note a problem at the line that is evaluated, and go on."""
        mark = self.here() or Mark(1, 1)
        notes = (*filter(None, notes), *self.values_here())
        key = (mark, getattr(getattr(mark, "source", None), "name", ""), message)
        if key not in self.told:
            self.told.add(key)
            self.problems.append(Problem(mark, message, notes))

    def approximates(self, what: str) -> None:
        """Note that other numbers than the code's come of what is evaluated, the same in shape."""
        self.approximated[f"{self.line()}: {what}"] = None

    def cuts_gradients(self, x: TensorValue, what: str) -> None:
        """Note that no gradient passes a tensor, whose numbers are the same."""
        if self.current is not None and not x.is_constant:
            self.approximates(f"gradients pass {what}")

    def goes_by_training(self, what: str = "a branch goes by whether it is training") -> None:
        """Note that what is evaluated may go another way in training, or else in evaluation."""
        self.by_training[f"{self.line()}: {what}"] = None

    def line(self) -> str:
        """The file and line that are evaluated."""
        mark = self.here() or Mark(1, 1)
        return f"{getattr(getattr(mark, 'source', None), 'name', '')}:{mark.line}"

    values_here: Any

    def told_of(self, value: TensorValue) -> str:
        """A tensor's shape, and where it comes from, in words."""
        return f"{value.tensor}{self.origin_of(value)}"

    def origin_of(self, value: TensorValue) -> str:
        """Where a tensor comes from, in words."""
        source = value.source
        if isinstance(source, Op):
            name = self.name_of(source.instance) if source.instance is not None else ""
            inner = f"{source.kind} {name!r}" if name else source.kind
            if (source.layer.merges or source.layer.rest) and source.inputs:
                return f" from {inner}, of {times(source.inputs[0].shape[1:])}"
            return f" from {inner}"
        if isinstance(source, Given):
            return f" from the input {source.name!r}"
        if value.stored is not None and self.stored_name(value.stored):
            kind = "buffer" if value.stored.is_buffer else "parameter"
            return f" from the {kind} {self.stored_name(value.stored)!r}"
        return ""

    def made_at(self, instance: Instance | None, name: str) -> list[str]:
        """A note that tells where a module was made."""
        place = getattr(instance.data, "place", None) if instance is not None else None
        if not isinstance(place, Place):
            return []
        text = place.source.line(place.line)[place.column - 1 :][: place.length].strip()
        return [f"{name or 'it'} is made at {place.source.name}:{place.line}: {text}"]


def _macs(layer: Layer, tensors: tuple[Tensor, ...], y: Tensor) -> Any:
    return layer.macs(*tensors, y=y)


def _remembered(shape: Shape, tensors: list[Tensor]) -> Shape:
    """A broadcast shape in which a batch of 1 is still known as the batch."""
    sizes = list(shape)
    for axis in range(1, len(sizes) + 1):
        if type(sizes[-axis]) is int:
            for tensor in tensors:
                if len(tensor.shape) >= axis and isinstance(tensor.shape[-axis], Size):
                    if tensor.shape[-axis] == sizes[-axis]:
                        sizes[-axis] = tensor.shape[-axis]
    return tuple(sizes)


@lru_cache(maxsize=256)
def _as_written(value: float) -> Fraction:
    return Fraction(repr(value))


_PLAIN = frozenset((int, bool, float, str, type(None)))


def plainly(kind: Any, settings: dict[str, Any]) -> tuple[Any, ...] | None:
    """What a layer is known by whose settings are plain values; None where they are not.

    Equal values of two types, as 1 and True, and a size that follows from symbols are not one.
    """
    found = [kind]
    for name, value in settings.items():
        if value.__class__ in _PLAIN:
            found.append((name, value.__class__, value))
        elif value.__class__ in (tuple, list):
            classes = [each.__class__ for each in value]
            if not _PLAIN.issuperset(classes):
                return None
            found.append((name, *classes, *value))
        else:
            return None
    return tuple(found)


def exact(value: Any) -> Any:
    """A value as fields take it: a float as the fraction that is written."""
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return value
        return _as_written(value)
    if isinstance(value, (list, tuple)):
        return [exact(each) for each in value]
    if isinstance(value, dict):
        return {key: exact(each) for key, each in value.items()}
    return value
