"""From a file and an expression in it to the network's tree."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shapecalc.language.problem import Mark, Problem, Source, SpecError
from shapecalc.layers import KINDS
from shapecalc.layers.joining import broadcast, promoted
from shapecalc.reading import sizes
from shapecalc.reading.files import SourceModule, parsed
from shapecalc.reading.modules import (
    LISTS,
    MODULE,
    Leaf,
    Modules,
    is_module,
    leaf_tensors,
    walk,
)
from shapecalc.reading.operators import plain, type_name
from shapecalc.reading.runtime import Runtime
from shapecalc.reading.statements import Compiler
from shapecalc.reading.tensors import Tensors
from shapecalc.reading.trace import Call, Op, Stored, TensorValue, Trace
from shapecalc.reading.values import (
    MISSING,
    Builtin,
    CannotRead,
    Class,
    Frame,
    Function,
    Instance,
    Method,
    Partial,
    Place,
    Raised,
    Unknown,
)


class Reader(Modules, Tensors, Trace, Runtime):
    """Reads the source of one network."""

    def __init__(self, path: Path, training: bool = False) -> None:
        self.training = training
        self.path = path.resolve()
        self.root = self.path.parent
        self.package: list[str] = []
        while (self.root / "__init__.py").exists():
            self.package.insert(0, self.root.name)
            self.root = self.root.parent
        self.paths: dict[int, str] = {}
        self.stored_ops: dict[int, Op] = {}
        self.leaf_ops: dict[int, Op] = {}
        self.assumed: Mapping[str, Any] = {}
        self.symbols = {}
        self.decided: set[str] = set()  # symbols that the code decides by: they are numbers
        self.kept: list[Instance] = []  # whose ids are known, so that no other takes them
        super().__init__()
        self.start_trace()

    def roots(self) -> list[Path]:
        return list(dict.fromkeys([self.path.parent, self.root]))

    def is_own(self, path: Path) -> bool:
        found = path.resolve()
        return found == self.path or (
            self.root in found.parents and "site-packages" not in found.parts
        )

    def main(self, text: str) -> SourceModule:
        """The file itself."""
        name = self.path.stem if self.path.stem != "__init__" else self.package[-1]
        full = (
            ".".join([*self.package, name])
            if self.path.stem != "__init__"
            else ".".join(self.package)
        )
        package = ".".join(self.package)
        module = SourceModule(self, full, self.path, package, text)
        module.source = Source(self.shown_name, text)
        module.compiler.source = module.source
        self.modules[full] = module
        self.own.add(module.source.name)
        return module

    shown_name = ""

    # -- modules --------------------------------------------------------------------------------

    def name_of(self, instance: Instance | None) -> str:
        return self.paths.get(id(instance), "") if instance is not None else ""

    def special_attribute(self, value: Instance, name: str) -> Any:
        if isinstance(value.data, Leaf):
            found = self.leaf_attribute(value, name)
            if found is not None or name == "bias":
                return found
        if is_module(value):
            if name == "training":
                return self.training
            if name in ("_modules", "_parameters", "_buffers"):
                from shapecalc.reading.modules import children, tensors_of

                if name == "_modules":
                    return dict(children(value))
                wanted = name == "_buffers"
                found = tensors_of(value)
                return {n: v for n, v in found.items() if v.stored and v.stored.is_buffer is wanted}
        return MISSING

    def set_attribute(self, value: Any, name: str, item: Any) -> None:
        if isinstance(value, Instance) and is_module(value) and name == "training":
            return
        super().set_attribute(value, name, item)

    def call_instance(self, value: Instance, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if not is_module(value):
            return super().call_instance(value, args, kwargs)
        if value.cls.has("__call__"):
            return self.call(self.attribute(value, "__call__"), args, kwargs)
        forward = self.attribute_or_none(value, "forward")
        if forward is None:
            kind = value.cls.name
            if any(value.cls.is_a(each) for each in LISTS) or kind == "ModuleDict":
                raise self.error(
                    "NotImplementedError",
                    f'Module [{kind}] is missing the required "forward" function',
                )
            raise self.error(
                "NotImplementedError", f'Module [{kind}] is missing the required "forward" function'
            )
        is_leaf = (
            isinstance(value.data, Leaf)
            and isinstance(forward, Method)
            and isinstance(forward.function, Builtin)
        )
        if (
            self.current is None
            or is_leaf
            or (
                value.data and value.data[0:1] == ("pattern",)
                if isinstance(value.data, tuple)
                else False
            )
        ):
            return self.call(forward, args, kwargs)
        outer = self.current
        if value.cls.name == "Sequential":  # what it is given is named where it is called
            args = [
                self.produced(each) if isinstance(each, TensorValue) and each.stored else each
                for each in args
            ]
        call = Call(value, self.relative(outer, value), outer)
        call.place = self.here()
        call.given = _given(forward, args, kwargs)
        outer.items.append(call)
        self.current = call
        try:
            call.result = self.call(forward, args, kwargs)
        finally:
            self.current = outer
        return call.result

    def attribute_or_none(self, value: Instance, name: str) -> Any:
        """An attribute, or None."""
        try:
            return self.attribute(value, name)
        except Raised:
            return None

    def relative(self, call: Call, value: Instance) -> str:
        """What a module is called from inside a call: its path from the module that is called."""
        if call.instance is None:
            return ""
        names = self.relatives.get(id(call.instance))
        if names is None:
            names = self.relatives[id(call.instance)] = {}
            for path, each in walk(call.instance):
                names.setdefault(id(each), path)
        return names.get(id(value), "")

    relatives: dict[int, dict[int, str]]

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
            got = type_name(given[len(inputs)]) if len(given) > len(inputs) else "nothing"
            name = self.name_of(value)
            raise self.error(
                "TypeError", f"{leaf.kind}{f' {name!r}' if name else ''} takes a Tensor, not {got}"
            )
        for n, each in enumerate(inputs):
            inputs[n] = self.as_float(each, kind)
        assert leaf.layer is not None
        if kind.states and all(each.is_constant for each in inputs[1:]):
            # a state of zeros is what it starts at of its own, but its sizes have to be right
            self.require(leaf.kind, leaf.layer, [x.tensor for x in inputs], inputs, value)
            del inputs[1:]
        outputs = self.put_leaf(value, leaf, inputs)
        return self.results(leaf, outputs, inputs)

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
        return weight is not None and weight.op is not None and weight.op.kind == "Linear"

    def count_weights(self, op: Op) -> None:
        """Note which operation counts a learned tensor first; later ones use its weights."""
        for stored in op.weights.values():
            if stored.op is None:
                stored.op = op
            elif stored.op.kind in ("Parameter", "Buffer") and op.kind != stored.op.kind:
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
        op.settings = {"shape": op.settings["shape"]}
        op.kind, op.layer, op.weights = "Zeros", self.layer("Zeros", op.settings), {}

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

    def with_weights(
        self, kind: str, x: TensorValue, settings: dict[str, Any], given: dict[str, Any]
    ) -> TensorValue:
        """A layer whose weights the code gives: learned tensors of the network."""
        settings = {n: v for n, v in settings.items() if n in KINDS[kind].fields}
        if x.grown is not None and "Norm" in kind:  # of a weight: what computes it is left out
            return x
        for name, each in given.items():
            if each is None:
                continue
            if not isinstance(each, TensorValue):
                raise self.error("TypeError", f"the {name} must be Tensor, not {type_name(each)}")
            if not self.is_weight(each) and not each.is_constant:
                raise self.cannot(
                    f"a {kind} whose {name} is computed from what comes in is not in the catalogue"
                )
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

    def is_weight(self, value: TensorValue) -> bool:
        """Whether a tensor is a learned one, or made of one of its shape and nothing else."""
        return value.grown is not None and tuple(value.grown.shape) == tuple(value.shape)

    def weight_name(self, given: dict[str, Any]) -> str:
        """The path of the module whose weights an operation has, by their own names.

        It is a dot where that is the module that is called.
        """
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
        known = stored.op
        if known is not None and known.kind in ("Parameter", "Buffer"):
            if known.call.instance is not self.current.instance or known.call is self.current:
                return next(iter(known.outputs.values()))
        kind = "Buffer" if stored.is_buffer else "Parameter"
        settings: dict[str, Any] = {"shape": list(stored.shape)}
        if value.dtype != "float32":
            settings["dtype"] = value.dtype
        outputs = self.add(kind, [], settings, name=self.stored_name(stored))
        found = next(iter(outputs.values()))
        assert isinstance(found.source, Op)
        if known is not None and known.kind not in ("Parameter", "Buffer"):
            self.uncounted(found.source)
            return found
        found.source.weights[""] = stored
        self.count_weights(found.source)
        return found

    def stored_name(self, stored: Stored) -> str:
        """The attribute that a learned tensor or a buffer is, from the module that is called."""
        assert self.current is not None
        instance = self.current.instance
        if instance is None:
            return ""
        names = self.stored_names.get(id(instance))
        if names is None:
            from shapecalc.reading.modules import tensors_of

            names = self.stored_names[id(instance)] = {}
            for path, module in walk(instance):
                for name, tensor in tensors_of(module).items():
                    names.setdefault(id(tensor.stored), f"{path}.{name}" if path else name)
        return names.get(id(stored), "")

    stored_names: dict[int, dict[int, str]]
    made_with: dict[int, tuple[dict[str, Any], dict[str, Any]]]

    def new(self, cls: Class, args: list[Any], kwargs: dict[str, Any]) -> Any:
        value = super().new(cls, args, kwargs)
        if is_module(value) and cls.has("__init__"):
            init = cls.find("__init__")
            if isinstance(init, Function):
                try:
                    given = self.arguments(init, [value, *args], kwargs)
                except Raised:
                    return value
                code = init.code
                order = [name for name in (*code.positional, *code.keyword_only) if name in given]
                self.made_with[id(value)] = ({n: given[n] for n in order[1:]}, init.defaults)
                self.kept.append(value)
        return value

    # -- what operations ask --------------------------------------------------------------------

    def broadcasting(
        self, kind: str, tensors: list[TensorValue], sides: Sequence[Any]
    ) -> TensorValue:
        """A choice between tensors, or tensors and numbers, by a condition."""
        values = [each for each in sides if isinstance(each, TensorValue)]
        dtype = promoted(tuple(each.tensor for each in values)) if values else "float32"
        shapes = [each.shape for each in tensors]
        if all(each.is_constant for each in tensors[:1]) and len(values) == 1:
            if tuple(broadcast(shapes)) == tuple(values[0].shape):
                return self.put("Clamp", values, {}) if False else values[0]
        cls = KINDS.get(kind)
        if cls is not None:
            settings: dict[str, Any] = {}
            for name, each in zip(("input", "other"), sides):
                if not isinstance(each, TensorValue):
                    number = plain(each)
                    if isinstance(number, float) and (
                        number != number or abs(number) == float("inf")
                    ):
                        number = -1e9 if number < 0 else 1e9
                    settings[name] = int(number) if isinstance(number, bool) else number
            return self.put(kind, tensors, settings)
        return self.opaque(tensors, broadcast(shapes), dtype, kind)

    def is_known_instance(self, value: Any, kind: Any) -> bool:
        """``isinstance`` for what is known here."""
        name = getattr(kind, "name", "")
        if isinstance(value, TensorValue):
            if name in ("torch.Tensor", "Tensor"):
                return True
            return (
                name.endswith("Parameter")
                and value.stored is not None
                and not value.stored.is_buffer
            )
        if isinstance(kind, Class):
            return isinstance(
                plain(value),
                {
                    "dict": dict,
                    "list": list,
                    "tuple": tuple,
                    "str": str,
                    "int": int,
                    "float": float,
                }.get(kind.name, ()),
            )
        return False

    def known_type(self, value: Any) -> Any:
        """The type of a value that a module known here has; None if none has it."""
        from shapecalc.reading.known import KNOWN, resolve

        if isinstance(value, Partial):
            return KNOWN["functools.partial"]
        if isinstance(value, TensorValue):
            is_learned = value.stored is not None and not value.stored.is_buffer
            return resolve("nn.Parameter" if is_learned else "torch.Tensor")
        return None

    def type_of(self, value: Any) -> Any:
        """``type(value)`` for what is known here."""
        return Builtin(type_name(value), lambda rt, *args: None)

    def names_of(self, value: Any) -> list[str]:
        """``dir(value)``."""
        if isinstance(value, Instance):
            return [*value.attributes, *(n for cls in value.cls.mro for n in cls.names)]
        return []

    # -- what is assumed ------------------------------------------------------------------------

    def stood_in(self, function: Unknown, args: list[Any]) -> Any:
        name = function.name.removesuffix("(...)")
        if not self.assumed:
            raise self.not_known(function)
        if self.current is None:
            return self.stand_in(name, function)
        return self.assumed_output((name, name.rpartition(".")[2]), function, args)

    def stand_in(self, name: str, function: Unknown) -> Instance:
        """A module in place of one that is not known; what it puts out is assumed."""
        cls = Class(name.rpartition(".")[2], (MODULE,))

        def forward(rt: Reader, self_: Instance, *args: Any, **kwargs: Any) -> Any:
            path = rt.name_of(self_)
            names = (name, cls.name, path, path.rpartition(".")[2])
            return rt.assumed_output(names, function, [*args, *kwargs.values()])

        cls.names["forward"] = Builtin("forward", forward)
        return Instance(cls)

    def assumed_output(self, names: Sequence[str], function: Unknown, args: list[Any]) -> Any:
        """What a call puts out that is assumed under one of its names."""
        for name in names:
            if name in self.assumed:
                inputs = [value for value in args if isinstance(value, TensorValue)]
                if not inputs:
                    raise self.cannot(f"{name} is assumed, but is given no tensor")
                shape = [inputs[0].shape[0], *self.assumed_sizes(name)]
                return self.opaque(inputs, shape, inputs[0].dtype, name)
        raise self.not_known(function)

    def assumed_sizes(self, name: str) -> list[Any]:
        """The sizes that are assumed under a name, without the batch."""
        from shapecalc.language.expression import ExpressionError, evaluate, parse

        text = str(self.assumed[name]).strip().removeprefix("[").removesuffix("]")
        scope = {symbol: sizes.symbol(symbol, size) for symbol, size in self.symbols.items()}
        try:
            return [evaluate(parse(part), scope) for part in text.split(",") if part.strip()]
        except (ExpressionError, KeyError) as wrong:
            raise self.cannot(f"--assume {name}={text}: {wrong}") from None

    symbols: dict[str, int]

    def not_known(self, value: Unknown, doing: str = "") -> CannotRead:
        found = super().not_known(value, doing)
        name = value.name.removesuffix("(...)").rpartition(".")[2]
        if (name.isidentifier() and self.current is not None) or "module" in value.why:
            hint = f'to go on: --assume "{name}=[64, 8, 8]", the shape that it puts out'
            found.notes = (*found.notes, hint)
        return found


@contextmanager
def _deep() -> Any:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 12_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _given(forward: Any, args: list[Any], kwargs: dict[str, Any]) -> list[tuple[str, TensorValue]]:
    """The tensors that a call is given, by the parameters of ``forward``."""
    function = getattr(forward, "function", None)
    names = function.code.positional[1:] if isinstance(function, Function) else []
    found: list[tuple[str, TensorValue]] = []
    for name, value in [*zip(names, args), *kwargs.items()]:
        several = value if isinstance(value, (tuple, list)) else (value,)
        found += [(name, e.snapshot()) for e in several if isinstance(e, TensorValue)]
    return found


def evaluated(reader: Reader, module: SourceModule, text: str) -> Any:
    """The value of an expression in a file."""
    try:
        node = ast.parse(text.strip(), mode="eval")
    except SyntaxError as wrong:
        source = Source(text, text)
        raise SpecError(
            source, [Problem(Mark(1, wrong.offset or 1), f"not Python: {wrong.msg}")]
        ) from None
    source = Source(text, text)
    frame = Frame(module, module.frame)
    compiler = Compiler(reader, source)
    if isinstance(node.body, ast.Call):
        for name, default in _free_names(reader, module, compiler, frame, node.body):
            reader.symbols[name] = default
            frame.names[name] = default if name in reader.decided else sizes.symbol(name, default)
    return compiler.expression(node.body)(frame)


def _free_names(
    reader: Reader, module: SourceModule, compiler: Compiler, frame: Frame, call: ast.Call
) -> Iterator[tuple[str, int]]:
    """Names given as arguments that nothing binds: they are symbols, with the defaults there."""
    function = compiler.expression(call.func)(frame)
    if isinstance(function, Class) and function.has("__init__"):
        function = function.find("__init__")
    code = function.code if isinstance(function, Function) else None
    names = code.positional if code is not None else []
    names = names[1:] if names[:1] == ["self"] else names
    given = [(names[n] if n < len(names) else "", each) for n, each in enumerate(call.args)]
    given += [(each.arg or "", each.value) for each in call.keywords]
    for parameter, value in given:
        if not isinstance(value, ast.Name) or value.id in reader.builtins:
            continue
        try:
            module.lookup(reader, value.id)
        except KeyError:
            default = function.defaults.get(parameter) if code is not None else None
            yield value.id, default if type(default) is int and default > 0 else 10


def networks_in(module: SourceModule) -> list[str]:
    """The classes of a file that look like networks, and are used by no other."""
    classes = {node.name: node for node in module.tree.body if isinstance(node, ast.ClassDef)}
    found = [name for name, node in classes.items() if _has_forward(node, classes)]
    used: set[str] = set()
    for name, node in classes.items():
        for each in ast.walk(node):
            if isinstance(each, ast.Name) and each.id != name:
                used.add(each.id)
    return [name for name in found if name not in used]


def _has_forward(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef], depth: int = 0) -> bool:
    if any(isinstance(each, ast.FunctionDef) and each.name == "forward" for each in node.body):
        return True
    for base in node.bases:
        name = base.id if isinstance(base, ast.Name) else getattr(base, "attr", "")
        if name in ("Sequential",) or (
            name in classes and depth < 20 and _has_forward(classes[name], classes, depth + 1)
        ):
            return True
    return False


__all__ = ["MODULE", "CannotRead", "Function", "Place", "Reader", "parsed"]
