"""Calls of layers of the catalogue: what goes in, the operation, and what torch gives back."""

from __future__ import annotations

import ast
from typing import Any

from shapecalc.layers import KINDS, OUTPUT
from shapecalc.layers.linear import Linear
from shapecalc.reading.evaluator.operators import type_name
from shapecalc.reading.evaluator.sizes import names
from shapecalc.reading.evaluator.values import Instance, Unknown
from shapecalc.reading.modules import Leaf, leaf_tensors
from shapecalc.reading.modules.weights import Weights
from shapecalc.reading.tensors.traced import Op, TensorValue


class LeafCalls(Weights):
    """The part of the reader that calls layers of the catalogue."""

    name_of: Any
    not_known: Any
    relative: Any
    origin_of: Any
    follows: Any
    require: Any

    def run_leaf(self, value: Instance, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call a layer of the catalogue."""
        leaf: Leaf = value.data
        if not isinstance(leaf, Leaf):
            raise self.error(
                "AttributeError",
                (
                    f"'{value.cls.name}' object has no attribute '_modules'; its __init__ does not "
                    f"call super().__init__()"
                ),
            )
        kind = KINDS[leaf.kind]
        least, most = kind.arity
        given = [*args, *kwargs.values()]
        sequence = given[0] if given else None
        if isinstance(sequence, Instance):
            from shapecalc.reading.known.packed import PACKED

            if sequence.cls is PACKED:
                return self.run_packed(value, leaf, sequence, given[1:])
        if kind.states:  # an LSTM takes its two states as one tuple
            starts = [each if isinstance(each, tuple) else (each,) for each in given[1:]]
            given = [*given[:1], *(each for start in starts for each in start)]
        inputs: list[TensorValue] = []
        for each in given:
            if isinstance(each, TensorValue) and (
                most is None or len(inputs) < self.inputs_of(leaf.kind, most)
            ):
                inputs.append(each)
            elif isinstance(each, Unknown):
                raise self.not_known(each)
            elif not isinstance(each, TensorValue):
                break
        if len(inputs) < least:
            wrong = given[len(inputs)] if len(given) > len(inputs) else None
            got = type_name(wrong) if len(given) > len(inputs) else "nothing"
            name = self.name_of(value)
            what = f"{leaf.kind} {name!r}" if name else leaf.kind
            hint = self.first_of(wrong) if isinstance(wrong, tuple) else ""
            raise self.error("TypeError", f"{what} takes a Tensor, not {got}", hint)
        for n, each in enumerate(inputs):
            inputs[n] = self.as_float(each, kind)
        assert leaf.layer is not None
        if kind.states:
            self.batch_behind(value, leaf, inputs[1:])
        if kind.states and all(each.is_constant for each in inputs[1:]):
            # a state of zeros is what it starts at of its own, but its sizes have to be right
            self.require(leaf.kind, leaf.layer, [x.tensor for x in inputs], inputs, value)
            del inputs[1:]
        outputs = self.put_leaf(value, leaf, inputs)
        return self.results(leaf, outputs)

    def batch_behind(self, value: Instance, leaf: Leaf, starts: list[TensorValue]) -> None:
        """A state has its batch behind layers and directions, also where a batch of 1 fits both."""
        for name, start in zip(KINDS[leaf.kind].states, starts):
            if len(start.shape) == 3 and "B" in names(start.shape[0]):
                what = f"{leaf.kind} {self.name_of(value)!r}"
                _, layers, size = start.shape
                raise self.error(
                    "RuntimeError",
                    f"{what} receives {name} of batch x {layers} x {size}, "
                    f"not {layers} x batch x {size}",
                    "a state's first dimension counts layers and directions, its second the batch",
                )

    def first_of(self, found: tuple[Any, ...]) -> str:
        """A hint where a tuple is given, as recurrent layers and attention return one."""
        first = found[0] if found else None
        if not isinstance(first, TensorValue):
            return ""
        said = f"the tuple's first is {first.tensor}{self.origin_of(first)}"
        return f"{said}: take it alone, as by out, _ = ..."

    def run_packed(self, value: Instance, leaf: Leaf, sequence: Instance, more: list[Any]) -> Any:
        """A recurrent layer of a packed sequence, whose order of dimensions is not the layer's."""
        from shapecalc.reading.known.packed import packed, padded

        layer: Any = leaf.layer
        first = padded(self, sequence, layer.batch_first)
        found, states = self.run_leaf(value, [first, *more], {})
        return packed(found, layer.batch_first), states

    def inputs_of(self, kind: str, most: int) -> int:
        """How many tensors a layer takes in a call; what follows are masks and states."""
        return most

    def as_float(self, value: TensorValue, kind: Any) -> TensorValue:
        """An input as it comes."""
        return value

    def put_leaf(
        self, value: Instance, leaf: Leaf, inputs: list[TensorValue]
    ) -> dict[str, TensorValue]:
        """The operation of a layer of the catalogue; its weights are the instance's."""
        assert leaf.layer is not None
        name = self.relative(self.current, value) if self.current is not None else ""
        is_linear = isinstance(leaf.layer, Linear)
        if is_linear and self.current is not None and self.half_tied(value, leaf):
            settings = {**leaf.given, "bias": False}
            outputs = self.add(leaf.kind, inputs, settings, instance=value, name=name)
            (found,) = outputs.values()
            weight = leaf.tensors["weight"].stored
            assert isinstance(found.source, Op)
            assert weight is not None
            found.source.weights["weight"] = weight
            self.count_weights(found.source)
            return self.add("Add", [found, leaf.tensors["bias"]])
        outputs = self.add(
            leaf.kind, inputs, leaf.given, layer=leaf.layer, instance=value, name=name
        )
        first = next(iter(outputs.values()))
        op = first.source
        if not leaf.tensors:
            leaf.layer, _ = self.follows(leaf.kind, leaf.layer, inputs, value)
        if isinstance(op, Op):
            for tensor_name, tensor in leaf_tensors(value).items():
                learned = tensor.grown if self.is_weight(tensor) else tensor.stored
                if learned is not None:
                    op.weights[tensor_name] = learned
            self.count_weights(op)
        return outputs

    def results(self, leaf: Leaf, outputs: dict[str, TensorValue]) -> Any:
        """What torch's module returns: its outputs, nested as they are there."""
        cls = KINDS[leaf.kind]
        is_requested = bool(cls.requested_by) and leaf.raw.get(cls.requested_by) is True
        told = cls.returns_on_request if is_requested else cls.returns
        return next(iter(outputs.values())) if told == OUTPUT else _nested(told, outputs)


def _nested(target: str, outputs: dict[str, TensorValue]) -> Any:
    """Outputs as the target of an assignment names them: ``"output, (h_n, c_n)"``."""

    def found(node: ast.expr) -> Any:
        if isinstance(node, ast.Tuple):
            return tuple(map(found, node.elts))
        assert isinstance(node, ast.Name)
        return outputs[node.id]

    return found(ast.parse(target, mode="eval").body)
