"""Learned tensors and buffers: which operation counts them, and which use them again."""

from __future__ import annotations

from typing import Any

from shapecalc.layers import KINDS
from shapecalc.layers.linear import Linear
from shapecalc.reading.evaluator.operators import type_name
from shapecalc.reading.evaluator.values import Instance
from shapecalc.reading.modules import Leaf, leaf_tensors, walk
from shapecalc.reading.tensors.traced import Call, Op, Stored, TensorValue


class Weights:
    """The part of the reader that keeps account of weights."""

    add: Any
    approximates: Any
    cannot: Any
    current: Call | None
    error: Any
    layer: Any
    put: Any
    tensor_operator: Any

    def half_tied(self, value: Instance, leaf: Leaf) -> bool:
        """Whether a layer's matrix is another's, and its bias its own."""
        tensors = leaf_tensors(value)
        owners = {
            name: tensor.stored.weight_of[0] if tensor.stored and tensor.stored.weight_of else None
            for name, tensor in tensors.items()
        }
        if "bias" not in owners or owners["bias"] is not value or owners["weight"] is value:
            return False
        weight = tensors["weight"].stored
        return weight is not None and weight.op is not None and isinstance(weight.op.layer, Linear)

    def count_weights(self, op: Op) -> None:
        """Note which operation counts a learned tensor first; later ones use its weights."""
        for stored in op.weights.values():
            if stored.op is None:
                stored.op = op
            elif stored.op.layer.is_state and op.kind != stored.op.kind:
                self.uncounted(stored.op)
                stored.op = op
        others = {id(s.op): s.op for s in op.weights.values() if s.op is not op}
        if others:
            own = [name for name, s in op.weights.items() if s.op is op]
            (other,) = list(others.values())[:1]
            is_matrix = other.kind != op.kind and own == [n for n in op.weights if n != "weight"]
            if len(others) > 1 or (own and not is_matrix):
                raise self.cannot(
                    f"{op.kind} uses weights of another layer, and others of its own",
                    "weights are shared as a whole in a spec",
                )
            (op.shared,) = others.values()

    def uncounted(self, op: Op) -> None:
        """Make the entry of a learned tensor one that counts nothing: a layer counts it."""
        self.approximates("a learned tensor that a layer has, too, stands beside it as zeros")
        op.settings = {"shape": op.settings["shape"]}
        op.kind, op.layer, op.weights = "Zeros", self.layer("Zeros", op.settings), {}

    def with_weights(
        self, kind: str, x: TensorValue, settings: dict[str, Any], given: dict[str, Any]
    ) -> TensorValue:
        """A layer whose weights the code gives: learned tensors of the network."""
        settings = {n: v for n, v in settings.items() if n in KINDS[kind].fields}
        if x.grown is not None and "Norm" in kind:  # of a weight: what computes it is left out
            self.approximates("a weight that is computed is learned as it is")
            return x
        for name, each in given.items():
            if each is None:
                continue
            if not isinstance(each, TensorValue):
                raise self.error("TypeError", f"the {name} must be Tensor, not {type_name(each)}")
            if not self.is_weight(each) and not each.is_constant:
                if "Norm" in kind:
                    return self.scaled(kind, x, settings, given)
                raise self.cannot(
                    f"a {kind} whose {name} is computed from what comes in is not in the catalogue"
                )
            if each.source is not None or each.is_constant:
                self.approximates(f"the {name}, which is computed, is learned as it is")
        outputs = self.add(kind, [x], settings, name=self.weight_name(given))
        found = next(iter(outputs.values()))
        op = found.source
        if isinstance(op, Op):
            for name, each in given.items():
                if isinstance(each, TensorValue) and self.is_weight(each):
                    assert each.grown is not None
                    op.weights[name] = each.grown
            self.count_weights(op)
        return found

    def scaled(
        self, kind: str, x: TensorValue, settings: dict[str, Any], given: dict[str, Any]
    ) -> TensorValue:
        """A normalisation by weights that are computed: it has none, and what follows applies them.

        So styles are put into images by ``F.batch_norm`` and its like.
        """
        plainly = {"affine": False, "elementwise_affine": False, "track_running_stats": False}
        fields = KINDS[kind].fields
        bare = {name: value for name, value in settings.items() if name not in plainly}
        bare |= {name: value for name, value in plainly.items() if name in fields}
        found: TensorValue = next(iter(self.add(kind, [x], bare).values()))
        for name, word in (("weight", "*"), ("bias", "+")):
            each = given.get(name)
            if each is not None:
                if "Layer" not in kind and "RMS" not in kind and len(x.shape) > 2:
                    shape = [*each.shape, *[1] * (len(x.shape) - 2)]
                    each = self.put("Reshape", [each], {"shape": shape})
                found = self.tensor_operator(word, found, each)
        return found

    def is_weight(self, value: TensorValue) -> bool:
        """Whether a tensor is a learned one, or made of one of its shape and nothing else."""
        return value.grown is not None and tuple(value.grown.shape) == tuple(value.shape)

    def learned_as(self, value: TensorValue, kind: str, name: str) -> Stored | None:
        """The learned tensor that a layer's tensor is, or of its shape that it is computed from.

        None where it is a constant.
        """
        if self.is_weight(value) or value.stored is not None or value.is_constant:
            return value.grown if self.is_weight(value) else value.stored
        for each in _learned_behind(value):
            if tuple(each.shape) == tuple(value.shape):
                self.approximates(f"the {name}, which is computed, is learned as it is")
                return each
        raise self.cannot(
            f"a {kind} whose {name} is computed from others is not in the catalogue",
            "a function of torch.nn.functional that is given the weight is read",
        )

    def weight_name(self, given: dict[str, Any]) -> str:
        """The path of the module whose weights an operation has, by their own names.

        It is a dot where that is the module that is called.
        """
        if self.current is None:
            return ""
        homes = set()
        for name, each in given.items():
            if isinstance(each, TensorValue) and each.grown is not None:
                path, _, own = self.stored_name(each.grown).rpartition(".")
                homes.add(path or "." if own == name else "")
        return homes.pop() if len(homes) == 1 else ""

    def stored_entry(self, value: TensorValue) -> TensorValue:
        stored = value.stored
        assert stored is not None
        assert self.current is not None
        user, home = self.current, self.home(stored)
        known = stored.op
        if known is not None and known.layer.is_state:
            if known.call.instance is not home.instance or known.call is home:
                return next(iter(known.outputs.values()))
        kind = "Buffer" if stored.is_buffer else "Parameter"
        settings: dict[str, Any] = {"shape": list(stored.shape)}
        if value.dtype != "float32":
            settings["dtype"] = value.dtype
        if not stored.is_persistent:
            settings["persistent"] = False
        self.current = home
        outputs = self.add(kind, [], settings, name=self.stored_name(stored))
        self.current = user
        while user is not home and user.parent is not None and user.parent is not home:
            user = user.parent
        if user is not home:  # it stands in front of the call that uses it
            home.items.insert(home.items.index(user), home.items.pop())
        found = next(iter(outputs.values()))
        assert isinstance(found.source, Op)
        if known is not None and not known.layer.is_state:
            self.uncounted(found.source)
            return found
        found.source.weights[""] = stored
        self.count_weights(found.source)
        return found

    def home(self, stored: Stored) -> Call:
        """The innermost call under way of a module that holds a tensor, itself or further inside.

        What is given to a module inside is not that module's.
        """
        assert self.current is not None
        call: Call | None = self.current
        while call is not None and not self.stored_name(stored, call):
            call = call.parent
        return call or self.current

    def stored_name(self, stored: Stored, call: Call | None = None) -> str:
        """The attribute that a learned tensor or a buffer is, from the module that is called.

        While none is called, as in constructors, it has no name.
        """
        call = call or self.current
        if call is None or call.instance is None:
            return ""
        instance = call.instance
        names = self.stored_names.get(id(instance))
        if names is None:
            from shapecalc.reading.modules import tensors_of

            names = self.stored_names[id(instance)] = {}
            for path, module in walk(instance):
                for name, tensor in tensors_of(module).items():
                    names.setdefault(id(tensor.stored), f"{path}.{name}" if path else name)
        return names.get(id(stored), "")

    stored_names: dict[int, dict[int, str]]


def _learned_behind(value: TensorValue) -> list[Stored]:
    """The learned tensors that one is computed from; none if what comes in has a part in it."""
    found: list[Stored] = []
    waiting, seen = [value], set()
    while waiting:
        source = waiting.pop().source
        if source is None or id(source) in seen:
            continue
        if not isinstance(source, Op):
            return []
        seen.add(id(source))
        found += [each for each in source.weights.values() if not each.is_buffer]
        waiting += reversed(source.inputs)
    return found
