"""Calls of layers of the catalogue: what goes in, the operation, and what torch gives back."""

from __future__ import annotations

from typing import Any

from shapecalc.layers import KINDS
from shapecalc.reading.modules import Leaf, leaf_tensors
from shapecalc.reading.operators import type_name
from shapecalc.reading.traced import Op, TensorValue
from shapecalc.reading.values import Instance, Unknown
from shapecalc.reading.weights import Weights


class LeafCalls(Weights):
    """The part of the reader that calls layers of the catalogue."""

    name_of: Any
    not_known: Any
    relative: Any
    origin_of: Any
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
        if isinstance(sequence, Instance) and sequence.cls.name == "PackedSequence":
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
        if kind.states and all(each.is_constant for each in inputs[1:]):
            # a state of zeros is what it starts at of its own, but its sizes have to be right
            self.require(leaf.kind, leaf.layer, [x.tensor for x in inputs], inputs, value)
            del inputs[1:]
        outputs = self.put_leaf(value, leaf, inputs)
        return self.results(leaf, outputs, inputs)

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
        if leaf.kind == "Linear" and self.current is not None and self.half_tied(value, leaf):
            settings = {**leaf.given, "bias": False}
            outputs = self.add("Linear", inputs, settings, instance=value, name=name)
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
        if leaf.layer is not None and not leaf.tensors:
            bound = leaf.layer.bound(*[each.tensor for each in inputs])
            for field, declared in leaf.layer.fields.items():
                if declared.infer is not None and leaf.layer.__dict__[field] is not None:
                    bound = (
                        bound if bound.__dict__[field] == leaf.layer.__dict__[field] else leaf.layer
                    )
            leaf.layer = bound
        if isinstance(op, Op):
            for tensor_name, tensor in leaf_tensors(value).items():
                if tensor.stored is not None:
                    op.weights[tensor_name] = tensor.stored
            self.count_weights(op)
        return outputs

    def results(
        self, leaf: Leaf, outputs: dict[str, TensorValue], inputs: list[TensorValue]
    ) -> Any:
        """What torch's module returns."""
        first = next(iter(outputs.values()))
        kind = leaf.kind
        layer: Any = leaf.layer
        if kind in ("RNN", "LSTM", "GRU"):
            states = [
                self.output(outputs, name, first, self.state_shape(layer, inputs[0], name))
                for name in ("h_n", "c_n")[: 1 + (kind == "LSTM")]
            ]
            return first, (tuple(states) if kind == "LSTM" else states[0])
        if kind == "LSTMCell":
            return first, self.output(outputs, "c_1", first, first.shape, "c")
        if kind == "MultiheadAttention":
            batch = 0 if layer.batch_first else 1
            q, k = inputs[0].shape, inputs[min(1, len(inputs) - 1)].shape
            shape = (q[batch], q[1 - batch], k[1 - batch]) if len(q) == 3 else (q[0], k[0])
            return first, self.output(outputs, "attn_output_weights", first, shape, "weights")
        if leaf.raw.get("return_indices") is True:
            return first, self.output(outputs, "indices", first, first.shape)
        return first

    def output(
        self,
        outputs: dict[str, TensorValue],
        name: str,
        first: TensorValue,
        shape: Any,
        other: str = "",
    ) -> TensorValue:
        """One of several outputs by name."""
        for each in (name, other):
            if each in outputs:
                return outputs[each]
        rest = list(outputs.values())[1:]
        if len(rest) == 1:
            return rest[0]
        found = TensorValue(tuple(shape), first.dtype if name != "indices" else "int64")
        found.source, found.output = first.source, name
        return found

    def state_shape(self, layer: Any, x: TensorValue, name: str) -> Any:
        """The shape of a recurrent layer's state."""
        directions = 2 if layer.bidirectional else 1
        hidden = layer.hidden_size
        if name == "h_n" and "proj_size" in layer.fields and layer.proj_size:
            hidden = layer.proj_size
        batch = x.shape[0 if layer.batch_first else 1] if len(x.shape) == 3 else None
        shape = [layer.num_layers * directions, *([batch] if batch is not None else []), hidden]
        return tuple(shape)
