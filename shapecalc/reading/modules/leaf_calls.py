"""Calls of layers of the catalogue: what goes in, the operation, and what torch gives back."""

from __future__ import annotations

import ast
from typing import Any

from shapecalc.layers import KINDS, OUTPUT
from shapecalc.layers.linear import Linear
from shapecalc.reading.evaluator.operators import type_name
from shapecalc.reading.evaluator.sizes import names
from shapecalc.reading.evaluator.values import Instance
from shapecalc.reading.modules import Leaf, leaf_tensors
from shapecalc.reading.modules.leaf_arguments import sized, taken
from shapecalc.reading.modules.weights import Weights
from shapecalc.reading.tensors.trace import lacks_batch
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
        given = taken(self, kind, args, kwargs)
        for name in kind.takes_also:
            if "mask" in name and given.get(name) is not None:
                self.approximates(f"the {name} of {leaf.kind} is left out")
        first = given[kind.takes[0]]
        if isinstance(first, Instance):
            from shapecalc.reading.known.packed import PACKED

            if first.cls is PACKED:
                return self.run_packed(value, leaf, first, given.get("hx"))
        starts = given.get("hx") if kind.states else None  # an LSTM's two are one tuple
        starts = starts if isinstance(starts, tuple) else (starts,)
        started = [each for each in starts if each is not None]
        inputs = [*map(given.__getitem__, kind.takes), *started]
        for each in inputs:
            if not isinstance(each, TensorValue):
                raise self.no_tensor(value, leaf, each)
        assert leaf.layer is not None
        if kind.states:
            self.batch_behind(value, leaf, inputs[1:])
        if kind.states and all(each.is_constant for each in inputs[1:]):
            # a state of zeros is what it starts at of its own, but its sizes have to be right
            self.require(leaf.kind, leaf.layer, [x.tensor for x in inputs], inputs, value)
            del inputs[1:]
        for name in ("offsets", "per_sample_weights"):
            if given.get(name) is not None:
                hint = "bags of one length are the rows of its input"
                raise self.cannot(f"{leaf.kind} with {name} is not in the catalogue", hint)
        if kind.filled == "constant" and len(inputs[0].shape) not in (kind.rank + 1, kind.rank + 2):
            return self.padded(leaf, inputs[0])
        size = given.get("output_size")
        settings = leaf.given
        if size is not None:
            settings = sized(self, leaf.layer, settings, inputs[0], size)
        outputs = self.put_leaf(value, leaf, inputs, settings)
        return self.results(leaf, outputs)

    def padded(self, leaf: Leaf, x: TensorValue) -> Any:
        """The last dimensions of a tensor padded by a constant, for which torch takes any."""
        from shapecalc.reading.functions import OPERATIONS  # functions make use of modules

        sides: Any = leaf.layer.padding  # type: ignore[union-attr]
        value = leaf.raw.get("value")
        return OPERATIONS["nn.functional.pad"].run(self, x, sides, "constant", value)

    def no_tensor(self, value: Instance, leaf: Leaf, found: Any) -> Exception:
        """Torch's error where a layer is given something else than a tensor."""
        name = self.name_of(value)
        what = f"{leaf.kind} {name!r}" if name else leaf.kind
        hint = self.first_of(found) if isinstance(found, tuple) else ""
        error: Exception = self.error(
            "TypeError", f"{what} takes a Tensor, not {type_name(found)}", hint
        )
        return error

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

    def run_packed(self, value: Instance, leaf: Leaf, sequence: Instance, start: Any) -> Any:
        """A recurrent layer of a packed sequence, whose order of dimensions is not the layer's."""
        from shapecalc.reading.known.packed import packed, padded

        layer: Any = leaf.layer
        first = padded(self, sequence, layer.batch_first)
        found, states = self.run_leaf(value, [first, start], {})
        return packed(found, layer.batch_first), states

    def put_leaf(
        self, value: Instance, leaf: Leaf, inputs: list[TensorValue], given: dict[str, Any]
    ) -> dict[str, TensorValue]:
        """The operation of a layer of the catalogue; its weights are the instance's.

        ``given`` are its settings in this call.
        """
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
        layer = leaf.layer if given is leaf.given else None
        outputs = self.add(leaf.kind, inputs, given, layer=layer, instance=value, name=name)
        first = next(iter(outputs.values()))
        op = first.source
        if not leaf.tensors and not lacks_batch(leaf.layer, inputs):
            leaf.layer, _ = self.follows(leaf.kind, leaf.layer, inputs, value)
        if isinstance(op, Op):
            for tensor_name, tensor in leaf_tensors(value).items():
                learned = self.learned_as(tensor, leaf.kind, tensor_name)
                if learned is not None:
                    op.weights[tensor_name] = learned
            self.count_weights(op)
        return outputs

    def results(self, leaf: Leaf, outputs: dict[str, TensorValue]) -> Any:
        """What torch's module returns: its outputs, nested as they are there."""
        cls = KINDS[leaf.kind]
        is_requested = bool(cls.requested_by) and leaf.raw.get(cls.requested_by) is True
        if is_requested and not cls.on_request.issubset(outputs):
            raise self.cannot(f"the indices of {leaf.kind} are not read where there is no batch")
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
