"""Every kind of the catalogue as torch's class, and what is put into modules."""

from __future__ import annotations

from typing import Any

from shapecalc.layers import KINDS, Layer
from shapecalc.layers.convolution import Convolution
from shapecalc.layers.embedding import Embedding
from shapecalc.layers.field import REQUIRED, SameAs
from shapecalc.layers.linear import Identity, Linear
from shapecalc.layers.tensor import times
from shapecalc.layers.types import Flag
from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.evaluator.values import (
    Builtin,
    Class,
    Instance,
    Static,
    Unknown,
)
from shapecalc.reading.index import MODULES
from shapecalc.reading.modules.constructing import bound, parameters_of
from shapecalc.reading.modules.constructors import CONSTRUCTORS
from shapecalc.reading.modules.holding import (
    MODULE,
    NN,
    Leaf,
    forget,
    is_buffer,
    is_module,
    is_parameter,
    leaf_tensors,
    stored,
)
from shapecalc.reading.modules.layer_methods import give_methods
from shapecalc.reading.modules.leaf_parts import Part, below, not_replaced, store_in_part
from shapecalc.reading.tensors.trace import exact, plainly
from shapecalc.reading.tensors.traced import Call, TensorValue

BASES = {
    "Conv": Class("_ConvNd", (MODULE,)),
    "BatchNorm": Class("_BatchNorm", (MODULE,)),
    "InstanceNorm": Class("_InstanceNorm", (MODULE,)),
    "Pool": Class("_PoolNd", (MODULE,)),
    "Dropout": Class("_DropoutNd", (MODULE,)),
    **dict.fromkeys(("RNN", "LSTM", "GRU"), Class("RNNBase", (MODULE,))),
}
"""Bases that torch's own classes share, for what asks for them, by a part of their names."""

NN.update({base.name: base for base in BASES.values()})

STEPS = 40
"""How much work it counts as to make a layer: as many as a network may have are no endless loop."""


def _base(kind: str) -> Class:
    is_cell = kind.endswith("Cell")
    return next((base for part, base in BASES.items() if part in kind and not is_cell), MODULE)


def _kind_class(kind: str, name: str = "", lazy: bool = False) -> Class:
    cls = Class(name or kind, (_base(kind),))
    cls.kind = kind
    signature = name if name in CONSTRUCTORS else kind

    def init(rt: Any, self: Instance, *args: Any, **kwargs: Any) -> None:
        names = parameters_of(signature)
        if lazy:
            fields = KINDS[kind].fields
            names = tuple(n for n in names if n not in fields or fields[n].infer is None)
        make_leaf(rt, self, kind, names, args, kwargs, lazy)

    def forward(rt: Any, self: Instance, *args: Any, **kwargs: Any) -> Any:
        if self.data is None:
            from shapecalc.reading.modules.transformers import run_parts  # made of leaves

            return run_parts(rt, self, kind, list(args), kwargs)
        return rt.run_leaf(self, list(args), kwargs)

    cls.names["__init__"] = Builtin(f"{name or kind}.__init__", init)
    cls.names["forward"] = Builtin("forward", forward)
    give_methods(cls, kind)
    return cls


def make_leaf(
    rt: Any,
    self: Instance,
    kind: str,
    names: tuple[str, ...],
    args: Any,
    kwargs: dict[str, Any],
    lazy: bool,
) -> None:
    """Read the arguments of a kind's constructor, by torch's names for them."""
    padding = plain(kwargs.get("padding", args[0] if args else None))
    cls = KINDS[kind]
    if cls.filled and isinstance(padding, (list, tuple)) and len(padding) != 2 * cls.rank:
        kwargs = _other_pads(cls, padding, args, kwargs)
        kind, cls, args = "Pad", KINDS["Pad"], ()
        names = tuple(kwargs)
    if cls is Identity:  # it takes whatever it is given
        args, kwargs = (), {}
    raw = bound(rt, kind, names, args, kwargs)
    rt.step(STEPS)
    self.attributes.setdefault("training", True)
    leaf = self.data = Leaf(kind, raw, rt.here())
    key = plainly((kind, lazy), raw)
    known = rt.leaves.get(key)
    if known is None:
        given = settings_of(rt, kind, raw, lazy)
        known = given, rt.layer(kind, given)
        if key is not None:
            rt.leaves[key] = known
    leaf.given, leaf.layer = known
    if kind == "Transformer" and self.cls is not torch_class(kind):
        from shapecalc.reading.modules.transformers import take_apart

        take_apart(rt, self)  # a class of the source may put others in place of its parts


def _other_pads(
    cls: type[Layer], padding: Any, args: Any, kwargs: dict[str, Any]
) -> dict[str, Any]:
    """What pads of another number of axes than their name says are as ``nn.functional.pad``."""
    raw: dict[str, Any] = {"pad": list(padding), "mode": cls.filled}
    if "value" in cls.fields:
        raw["value"] = kwargs.get("value", args[1] if len(args) > 1 else None)
    return raw


def settings_of(rt: Any, kind: str, raw: dict[str, Any], lazy: bool = False) -> dict[str, Any]:
    """Fields of a kind, as the arguments of torch's constructor say them."""
    if KINDS[kind].made_of:
        return _stack_settings(rt, KINDS[kind], raw)
    fields = KINDS[kind].fields
    given: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in fields:
            continue
        declared = fields[name]
        value = plain(value)
        if isinstance(value, Unknown):
            raise rt.not_known(value)
        if isinstance(value, TensorValue):
            if value.data is None and rt.current is not None:
                hint = f"nn.{kind}(...) makes a layer, which is then called: nn.{kind}(...)(x)"
                raise rt.error("TypeError", f"nn.{kind} is made of a tensor", hint)
            value = rt.tensor_number(value)
        if isinstance(declared.type, Flag):
            value = rt.truth(value)
        if name == "activation":
            value = _activation(rt, value)
        if value is None and declared.infer is not None:
            continue
        given[name] = exact(value)
    missing = []
    for name, declared in fields.items():
        if name in given:
            continue
        if declared.infer is not None and declared.torch_default is REQUIRED:
            if not lazy and name in KINDS[kind].parameters() and name not in raw:
                missing.append(name)
        elif declared.default is REQUIRED:
            missing.append(name)
        elif declared.torch_default is not REQUIRED and declared.torch_default != declared.default:
            default = declared.torch_default
            given[name] = given.get(default.name) if isinstance(default, SameAs) else default
    if missing:
        listed = " and ".join(f"'{name}'" for name in missing)
        count = f"{len(missing)} required positional argument{'s' if len(missing) > 1 else ''}"
        raise rt.error("TypeError", f"{kind}.__init__() missing {count}: {listed}")
    return given


def _activation(rt: Any, value: Any) -> Any:
    """A transformer's activation: a word, or a function or module of that name."""
    if isinstance(value, str):
        return value
    if isinstance(value, Instance):
        return value.cls.name.lower()
    return str(getattr(value, "name", value)).rpartition(".")[2].lower()


def _stack_settings(rt: Any, cls: type[Layer], raw: dict[str, Any]) -> dict[str, Any]:
    """An encoder's or decoder's fields: those of the layer that it is made of, and its own."""
    layer = raw.get(cls.made_of)
    if not (isinstance(layer, Instance) and isinstance(layer.data, Leaf)):
        raise rt.cannot(f"{cls.kind} is made of a layer that is none of torch's own")
    given = dict(layer.data.given)
    given["num_layers"] = raw.get("num_layers")
    given["norm"] = raw.get("norm") is not None
    return given


def torch_class(name: str) -> Any:
    """What ``torch.nn`` has by a name, made when it is first asked for; None if it has nothing."""
    if name not in NN:
        kind = name.removeprefix("Lazy")
        if name in MODULES:
            NN[name] = _kind_class(name)
        elif MODULES.get(kind):
            NN[name] = _kind_class(kind, name, lazy=True)
    return NN.get(name)


NN["SyncBatchNorm"] = _kind_class("BatchNorm2d", "SyncBatchNorm")
NN["SyncBatchNorm"].names["process_group"] = None
NN["SyncBatchNorm"].names["convert_sync_batchnorm"] = Static(
    Builtin("convert_sync_batchnorm", lambda rt, module, *args: module)
)


def _wrapper(rt: Any, cls: Class, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return args[0] if args else kwargs.get("module")


for _name in ("DataParallel", "parallel.DataParallel", "parallel.DistributedDataParallel"):
    NN[_name] = Class(_name.rpartition(".")[2], (MODULE,))
    NN[_name].made = _wrapper


_BY_WEIGHT: dict[type[Layer], tuple[str, str]] = {
    Convolution: ("out_channels", "in_channels"),
    Linear: ("out_features", "in_features"),
    Embedding: ("num_embeddings", "embedding_dim"),
}
"""The arguments that the first sizes of a weight stand for; others are those of a kernel."""


class Modules:
    """The part of the runtime that calls modules."""

    cannot: Any
    current: Call | None
    error: Any
    layer: Any
    no_attribute: Any
    root: Any
    unbound: set[Class]

    def is_module(self, value: Any) -> bool:
        """Whether a value is a module."""
        return is_module(value)

    def store(self, value: Instance, name: str, item: Any) -> None:
        """Put an attribute into an instance; a module's buffer stays one."""
        if isinstance(value.data, Part):
            store_in_part(self, value.data, name, item)
        elif is_module(value):
            if "training" not in value.attributes and (is_module(item) or is_parameter(item)):
                self.before_init(value, item)
            before = value.attributes.get(name)
            if isinstance(value.data, Leaf):
                self.store_in_leaf(value, name, item)
            if (
                before is not None
                and is_buffer(before)
                and isinstance(item, TensorValue)
                and item.stored is None
            ):
                if tuple(before.shape) == tuple(item.shape):
                    return  # its value changes, not what is kept
                if self.current is None:
                    item = stored(item.shape, item.dtype, True)
                else:  # what it was when the network was made is what counts
                    value.attributes.setdefault(f"{name} ", before)
        value.attributes[name] = item

    def remove_attribute(self, value: Instance, name: str) -> None:
        """Take an attribute away, which may be a tensor that a layer of the catalogue has."""
        if not forget(value, name):
            raise self.no_attribute(value, name)

    def before_init(self, value: Instance, item: Any) -> None:
        """A module or parameter given to a module that is none yet is torch's error."""
        for cls in value.cls.mro:  # what is known or unknown of other packages needs no call
            own = cls.names.get("__init__")
            if cls.beyond or (isinstance(own, Builtin) and cls is not MODULE):
                return
        what = "module" if is_module(item) else "parameters"
        raise self.error(
            "AttributeError",
            f"cannot assign {what} before Module.__init__() call",
            f"super().__init__() as the first line of {value.cls.name}.__init__ calls it"
            + (f"; super({value.cls.name}) is nobody's" if value.cls in self.unbound else ""),
        )

    def set_in_leaf(self, value: Instance, settings: dict[str, Any]) -> None:
        """Change settings of a layer of the catalogue, and those of its tensors that change."""
        leaf: Leaf = value.data
        before, leaf.tensors = leaf.tensors, {}
        leaf.raw.update(settings)
        leaf.given = settings_of(self, leaf.kind, leaf.raw, lazy=True)
        leaf.layer = self.layer(leaf.kind, leaf.given)
        if before:
            for name, own in leaf_tensors(value).items():
                if name in before and tuple(before[name].shape) == tuple(own.shape):
                    leaf.tensors[name] = before[name]

    def settings_by(self, value: Instance, name: str, item: TensorValue) -> dict[str, Any]:
        """The settings with which a layer has a weight of such a shape: torch runs by that."""
        leaf: Leaf = value.data
        kind, shape, own = KINDS[leaf.kind], item.shape, leaf.tensors[name].shape
        fields = next((fields for base, fields in _BY_WEIGHT.items() if issubclass(kind, base)), ())
        if name == "bias" and fields:
            return {fields[0]: shape[0]}
        if name != "weight" or not fields or len(shape) != len(own):
            message = f"{leaf.kind} has a {name} of {times(own)}, and is given one of"
            hint = "make it with the sizes that it is to have"
            raise self.cannot(f"{message} {times(shape)}", hint)
        outputs, inputs, *kernel = shape
        found = {fields[0]: outputs, fields[1]: inputs * leaf.given.get("groups", 1)}
        return {**found, "kernel_size": tuple(kernel)} if kernel else found

    def store_in_leaf(self, value: Instance, name: str, item: Any) -> None:
        """An attribute of a layer of the catalogue: a setting, or one of its tensors."""
        leaf: Leaf = value.data
        fields = KINDS[leaf.kind].fields
        if name in fields and not isinstance(item, TensorValue):
            if name == "bias" and item is None:
                item = False
            self.set_in_leaf(value, {name: item})
        elif isinstance(item, TensorValue) and name in leaf_tensors(value):
            if tuple(item.shape) != tuple(leaf.tensors[name].shape):
                self.set_in_leaf(value, self.settings_by(value, name, item))
            leaf.tensors[name] = item
        elif is_module(item) and below(leaf_tensors(value), name):
            raise not_replaced(self, value, name)
