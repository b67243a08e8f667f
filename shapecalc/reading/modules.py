"""Modules: ``nn.Module``, the containers, and every kind of the catalogue as torch's class.

An instance keeps its submodules, learned tensors and buffers among its attributes, in the order in
which they came; what is what is seen from the values.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shapecalc.layers import KINDS, Layer
from shapecalc.layers.field import REQUIRED, Flag, PerAxis
from shapecalc.reading.classes import OBJECT
from shapecalc.reading.operators import plain
from shapecalc.reading.trace import Call, Stored, TensorValue, exact
from shapecalc.reading.values import (
    Builtin,
    Class,
    Function,
    Instance,
    Quiet,
    Unknown,
)

MODULE = Class("Module", (OBJECT,))
NN: dict[str, Any] = {"Module": MODULE}
"""What ``torch.nn`` holds, by name."""


class Leaf:
    """What an instance of a kind keeps: its settings, and the layer they make."""

    __slots__ = ("given", "kind", "layer", "place", "raw", "tensors")

    def __init__(self, kind: str, raw: dict[str, Any], place: Any) -> None:
        self.kind = kind
        self.raw = raw  # as the code gives them
        self.given: dict[str, Any] = {}
        self.place = place
        self.layer: Layer | None = None
        self.tensors: dict[str, TensorValue] = {}


def method(cls: Class, *names: str) -> Any:
    """Make a function a method of a class known here."""

    def note(run: Any) -> Any:
        for name in names:
            cls.names[name] = Builtin(name, run)
        return run

    return note


def is_parameter(value: Any) -> bool:
    """Whether a value is a learned tensor."""
    return (
        isinstance(value, TensorValue) and value.stored is not None and not value.stored.is_buffer
    )


def is_buffer(value: Any) -> bool:
    """Whether a value is a tensor that is kept but not learned."""
    return isinstance(value, TensorValue) and value.stored is not None and value.stored.is_buffer


def is_module(value: Any) -> bool:
    """Whether a value is a module."""
    return isinstance(value, Instance) and MODULE in value.cls.mro


# -- what a module holds -----------------------------------------------------------------------


def children(value: Instance) -> Iterator[tuple[str, Instance]]:
    """The submodules by name, each once."""
    seen: set[int] = set()
    for name, each in value.attributes.items():
        if is_module(each) and id(each) not in seen:
            seen.add(id(each))
            yield name, each


def walk(
    value: Instance, prefix: str = "", seen: set[int] | None = None
) -> Iterator[tuple[str, Instance]]:
    """A module and all below it, each once, by path."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return
    seen.add(id(value))
    yield prefix, value
    for name, child in children(value):
        yield from walk(child, f"{prefix}.{name}" if prefix else name, seen)


def tensors_of(value: Instance) -> dict[str, TensorValue]:
    """A module's own learned tensors and buffers, by name."""
    found: dict[str, TensorValue] = {}
    if isinstance(value.data, Leaf):
        found.update(leaf_tensors(value))
    for name, each in value.attributes.items():
        if isinstance(each, TensorValue) and each.stored is not None:
            found[name] = each
    return found


def leaf_tensors(value: Instance) -> dict[str, TensorValue]:
    """The tensors of a layer of the catalogue; none while a size is still to be inferred."""
    leaf: Leaf = value.data
    layer = leaf.layer
    if layer is None or any(
        declared.infer is not None and layer.__dict__[name] is None
        for name, declared in layer.fields.items()
    ):
        return leaf.tensors
    if not leaf.tensors:
        for name, shape in layer.weights().items():
            leaf.tensors[name] = stored(shape, "float32", False, value, name)
        for name, tensor in layer.buffers().items():
            leaf.tensors[name] = stored(tensor.shape, tensor.dtype, True, value, name)
    return leaf.tensors


def stored(
    shape: Any, dtype: str, is_buffer: bool, owner: Instance | None = None, name: str = ""
) -> TensorValue:
    """A learned tensor or a buffer."""
    value = TensorValue(tuple(shape), dtype)
    value.stored = Stored(value.shape, is_buffer)
    if owner is not None:
        value.stored.owner = owner
        value.stored.weight_of = (owner, name)
    value.grown = value.stored
    return value


def every_tensor(root: Instance, buffers: bool) -> Iterator[tuple[str, TensorValue]]:
    """All learned tensors, or all buffers, by path, each once."""
    seen: set[int] = set()
    for path, module in walk(root):
        for name, value in tensors_of(module).items():
            assert value.stored is not None
            if value.stored.is_buffer is buffers and id(value.stored) not in seen:
                seen.add(id(value.stored))
                yield f"{path}.{name}" if path else name, value


# -- nn.Module's methods -----------------------------------------------------------------------

for _name in [
    "cuda",
    "cpu",
    "to",
    "half",
    "float",
    "double",
    "bfloat16",
    "type",
    "train",
    "eval",
    "requires_grad_",
    "to_empty",
    "share_memory",
    "xpu",
    "compile_",
]:
    MODULE.names[_name] = Quiet(_name, passes=True)
for _name in [
    "load_state_dict",
    "zero_grad",
    "register_forward_hook",
    "register_forward_pre_hook",
    "extra_repr",
    "register_full_backward_hook",
    "register_backward_hook",
    "register_load_state_dict_post_hook",
    "_register_load_state_dict_pre_hook",
    "register_state_dict_post_hook",
    "compile",
    "set_extra_state",
]:
    MODULE.names[_name] = Quiet(_name)


class _PassesSelf:
    """A method that gives back what it is called on, as ``to(device)`` does."""


def _self(rt: Any, self: Instance, *args: Any, **kwargs: Any) -> Instance:
    return self


for _name, _each in list(MODULE.names.items()):
    if isinstance(_each, Quiet) and _each.passes:
        MODULE.names[_name] = Builtin(_name, _self)


@method(MODULE, "__init__")
def _init(rt: Any, self: Instance, *args: Any, **kwargs: Any) -> None:
    self.attributes.setdefault("training", rt.training)


@method(MODULE, "train")
def _train(rt: Any, self: Instance, mode: Any = True) -> Instance:
    return self


@method(MODULE, "add_module", "register_module")
def _add_module(rt: Any, self: Instance, name: str, module: Any) -> None:
    rt.store(self, str(name), module)


@method(MODULE, "register_parameter")
def _register_parameter(rt: Any, self: Instance, name: str, param: Any) -> None:
    rt.store(self, name, param)


@method(MODULE, "register_buffer")
def _register_buffer(
    rt: Any, self: Instance, name: str, tensor: Any, persistent: Any = True
) -> None:
    if isinstance(tensor, TensorValue) and tensor.stored is None:
        value = TensorValue(tensor.shape, tensor.dtype)
        value.stored = Stored(value.shape, is_buffer=True)
        value.data = tensor.data
        tensor = value
    rt.store(self, name, tensor)


@method(MODULE, "children")
def _children(rt: Any, self: Instance) -> Any:
    return rt.iterator([child for _, child in children(self)])


@method(MODULE, "named_children")
def _named_children(rt: Any, self: Instance) -> Any:
    return rt.iterator(list(children(self)))


@method(MODULE, "modules")
def _modules(rt: Any, self: Instance) -> Any:
    return rt.iterator([module for _, module in walk(self)])


@method(MODULE, "named_modules")
def _named_modules(rt: Any, self: Instance, *args: Any, prefix: str = "", **more: Any) -> Any:
    return rt.iterator([(prefix + path, module) for path, module in walk(self)])


@method(MODULE, "parameters")
def _parameters(rt: Any, self: Instance, recurse: Any = True) -> Any:
    return rt.iterator([value for _, value in every_tensor(self, buffers=False)])


@method(MODULE, "named_parameters")
def _named_parameters(rt: Any, self: Instance, *args: Any, **more: Any) -> Any:
    return rt.iterator(list(every_tensor(self, buffers=False)))


@method(MODULE, "buffers")
def _buffers(rt: Any, self: Instance, recurse: Any = True) -> Any:
    return rt.iterator([value for _, value in every_tensor(self, buffers=True)])


@method(MODULE, "named_buffers")
def _named_buffers(rt: Any, self: Instance, *args: Any, **more: Any) -> Any:
    return rt.iterator(list(every_tensor(self, buffers=True)))


@method(MODULE, "state_dict")
def _state_dict(rt: Any, self: Instance, *args: Any, **more: Any) -> Any:
    return {**dict(every_tensor(self, False)), **dict(every_tensor(self, True))}


@method(MODULE, "apply")
def _apply(rt: Any, self: Instance, function: Any) -> Instance:
    for _, module in reversed(list(walk(self))):
        rt.call(function, [module], {})
    return self


@method(MODULE, "get_submodule")
def _get_submodule(rt: Any, self: Instance, target: str) -> Any:
    found: Any = self
    for part in target.split(".") if target else ():
        found = rt.attribute(found, part)
    return found


@method(MODULE, "get_parameter", "get_buffer")
def _get_parameter(rt: Any, self: Instance, target: str) -> Any:
    return _get_submodule(rt, self, target)


@method(MODULE, "_get_name")
def _get_name(rt: Any, self: Instance) -> str:
    return self.cls.name


# -- containers --------------------------------------------------------------------------------

SEQUENTIAL = NN["Sequential"] = Class("Sequential", (MODULE,))
MODULE_LIST = NN["ModuleList"] = Class("ModuleList", (MODULE,))
MODULE_DICT = NN["ModuleDict"] = Class("ModuleDict", (MODULE,))
PARAMETER_LIST = NN["ParameterList"] = Class("ParameterList", (MODULE,))
PARAMETER_DICT = NN["ParameterDict"] = Class("ParameterDict", (MODULE,))
LISTS = (SEQUENTIAL, MODULE_LIST, PARAMETER_LIST)
DICTS = (MODULE_DICT, PARAMETER_DICT)


def items(value: Instance) -> list[Any]:
    """What a container holds, in order."""
    return [each for name, each in value.attributes.items() if _is_held(name, each)]


def named_items(value: Instance) -> list[tuple[str, Any]]:
    """What a container holds, by name."""
    return [(name, each) for name, each in value.attributes.items() if _is_held(name, each)]


def _is_held(name: str, each: Any) -> bool:
    return is_module(each) or isinstance(each, TensorValue) or (each is None and name.isdigit())


def _refill(value: Instance, found: list[Any]) -> None:
    for name, _ in named_items(value):
        del value.attributes[name]
    value.attributes.update({str(n): each for n, each in enumerate(found)})


def _checked(rt: Any, value: Instance, each: Any) -> Any:
    """What a container may hold: a module, or a learned tensor in lists of them."""
    if value.cls.is_a(PARAMETER_LIST) or value.cls.is_a(PARAMETER_DICT):
        return as_parameter(each)
    if is_module(each) or (each is None and not value.cls.is_a(SEQUENTIAL)):
        return each
    if isinstance(each, Unknown):
        raise rt.not_known(each)
    if isinstance(each, (Function, Class, Builtin)):
        said = f"{rt.shown(each)} is a {'class' if isinstance(each, Class) else 'function'}"
        hint = "is () missing behind it?" if isinstance(each, Class) else ""
        raise rt.error(
            "TypeError", f"{said} and not a Module subclass{'; ' + hint if hint else ''}"
        )
    from shapecalc.reading.operators import type_name

    raise rt.error("TypeError", f"{type_name(each)} is not a Module subclass")


def as_parameter(each: Any) -> Any:
    """A tensor as a learned one."""
    if isinstance(each, TensorValue) and each.stored is None:
        return stored(each.shape, each.dtype, False)
    return each


@method(SEQUENTIAL, "__init__")
def _sequential(rt: Any, self: Instance, *args: Any) -> None:
    self.attributes.setdefault("training", rt.training)
    if len(args) == 1 and isinstance(plain(args[0]), dict):
        for name, each in plain(args[0]).items():
            self.attributes[name] = _checked(rt, self, each)
        return
    for n, each in enumerate(args):
        self.attributes[str(n)] = _checked(rt, self, each)


@method(MODULE_LIST, "__init__")
@method(PARAMETER_LIST, "__init__")
def _module_list(rt: Any, self: Instance, modules: Any = ()) -> None:
    self.attributes.setdefault("training", rt.training)
    for n, each in enumerate(rt.iterate(modules if modules is not None else ())):
        self.attributes[str(n)] = _checked(rt, self, each)


@method(MODULE_DICT, "__init__")
@method(PARAMETER_DICT, "__init__")
def _module_dict(rt: Any, self: Instance, modules: Any = None) -> None:
    self.attributes.setdefault("training", rt.training)
    if modules is not None:
        _update(rt, self, modules)


@method(SEQUENTIAL, "forward")
def _sequential_forward(rt: Any, self: Instance, input: Any) -> Any:
    for each in items(self):
        input = rt.call(each, [input], {})
    return input


for _cls in LISTS:

    @method(_cls, "__len__")
    def _len(rt: Any, self: Instance) -> int:
        return len(items(self))

    @method(_cls, "__iter__")
    def _iter(rt: Any, self: Instance) -> Any:
        return rt.iterator(items(self))

    @method(_cls, "__getitem__")
    def _getitem(rt: Any, self: Instance, index: Any) -> Any:
        pairs = named_items(self)
        if isinstance(index, slice):
            cls = self.cls if self.cls in LISTS else next(c for c in self.cls.mro if c in LISTS)
            made = Instance(cls)
            made.attributes["training"] = rt.training
            chosen = pairs[index]
            if (
                cls is SEQUENTIAL and not all(name.isdigit() for name, _ in chosen)
            ) or cls is SEQUENTIAL:
                made.attributes.update(chosen)
            else:
                made.attributes.update({str(n): each for n, (_, each) in enumerate(chosen)})
            return made
        index = plain(index)
        if not isinstance(index, int):
            raise rt.error("TypeError", f"indices must be integers, not {rt.shown(index)}")
        if not -len(pairs) <= index < len(pairs):
            raise rt.error("IndexError", f"index {index} is out of range")
        return pairs[index][1]

    @method(_cls, "__setitem__")
    def _setitem(rt: Any, self: Instance, index: Any, each: Any) -> None:
        name = named_items(self)[index][0]
        self.attributes[name] = _checked(rt, self, each)

    @method(_cls, "__delitem__")
    def _delitem(rt: Any, self: Instance, index: Any) -> None:
        found = items(self)
        del found[index]
        _refill(self, found)

    @method(_cls, "append")
    def _append(rt: Any, self: Instance, each: Any) -> Instance:
        taken = named_items(self)
        self.attributes[str(len(taken))] = _checked(rt, self, each)
        return self

    @method(_cls, "extend", "__iadd__")
    def _extend(rt: Any, self: Instance, more: Any) -> Instance:
        for each in list(rt.iterate(more)):
            _append(rt, self, each)
        return self

    @method(_cls, "insert")
    def _insert(rt: Any, self: Instance, index: int, each: Any) -> None:
        found = items(self)
        found.insert(index, _checked(rt, self, each))
        _refill(self, found)

    @method(_cls, "pop")
    def _pop(rt: Any, self: Instance, index: int = -1) -> Any:
        found = items(self)
        each = found.pop(index)
        _refill(self, found)
        return each

    @method(_cls, "__add__")
    def _add(rt: Any, self: Instance, other: Any) -> Instance:
        made = Instance(self.cls)
        both = [*items(self), *rt.iterate(other)]
        made.attributes.update({str(n): each for n, each in enumerate(both)})
        return made


for _cls in DICTS:

    @method(_cls, "__len__")
    def _dict_len(rt: Any, self: Instance) -> int:
        return len(items(self))

    @method(_cls, "__iter__", "keys")
    def _keys(rt: Any, self: Instance) -> Any:
        return [name for name, _ in named_items(self)]

    @method(_cls, "values")
    def _values(rt: Any, self: Instance) -> Any:
        return items(self)

    @method(_cls, "items")
    def _items(rt: Any, self: Instance) -> Any:
        return named_items(self)

    @method(_cls, "__getitem__")
    def _dict_get(rt: Any, self: Instance, name: Any) -> Any:
        found = dict(named_items(self))
        if name not in found:
            raise rt.error("KeyError", rt.represented(name))
        return found[name]

    @method(_cls, "get")
    def _dict_get_or(rt: Any, self: Instance, name: Any, default: Any = None) -> Any:
        return dict(named_items(self)).get(name, default)

    @method(_cls, "__setitem__")
    def _dict_set(rt: Any, self: Instance, name: Any, each: Any) -> None:
        if not isinstance(name, str):
            raise rt.error("TypeError", f"module name should be a string. Got {rt.shown(name)}")
        self.attributes[name] = _checked(rt, self, each)

    @method(_cls, "__delitem__")
    def _dict_del(rt: Any, self: Instance, name: Any) -> None:
        del self.attributes[name]

    @method(_cls, "__contains__")
    def _contains(rt: Any, self: Instance, name: Any) -> bool:
        return name in dict(named_items(self))

    @method(_cls, "pop")
    def _dict_pop(rt: Any, self: Instance, name: Any) -> Any:
        return self.attributes.pop(name)

    @method(_cls, "update")
    def _update(rt: Any, self: Instance, more: Any) -> None:
        pairs = rt.as_dict(more).items() if not isinstance(more, list) else more
        if is_module(more):
            pairs = named_items(more)
        for name, each in pairs:
            self.attributes[name] = _checked(rt, self, each)


# -- the kinds of the catalogue ----------------------------------------------------------------

BASES = {
    "Conv": Class("_ConvNd", (MODULE,)),
    "BatchNorm": Class("_BatchNorm", (MODULE,)),
    "InstanceNorm": Class("_InstanceNorm", (MODULE,)),
    "Pool": Class("_PoolNd", (MODULE,)),
    "Dropout": Class("_DropoutNd", (MODULE,)),
    "RNN": Class("RNNBase", (MODULE,)),
}
"""Bases that torch's own classes share, for what asks for them."""

_IGNORED = ("device", "dtype", "enable_nested_tensor", "mask_check", "_weight", "_freeze")
_ALIASES = {"min_value": "min_val", "max_value": "max_val"}


def _base(kind: str) -> Class:
    if kind in ("RNN", "LSTM", "GRU"):
        return BASES["RNN"]
    for start in ("Conv", "BatchNorm", "InstanceNorm", "Dropout"):
        if kind.startswith(start):
            return BASES[start]
    return BASES["Pool"] if "Pool" in kind else MODULE


def _kind_class(kind: str, name: str = "", lazy: bool = False) -> Class:
    cls = Class(name or kind, (_base(kind),))
    cls.kind = kind

    def init(rt: Any, self: Instance, *args: Any, **kwargs: Any) -> None:
        make_leaf(rt, self, kind, args, kwargs, lazy)

    def forward(rt: Any, self: Instance, *args: Any, **kwargs: Any) -> Any:
        return rt.run_leaf(self, list(args), kwargs)

    cls.names["__init__"] = Builtin(f"{name or kind}.__init__", init)
    cls.names["forward"] = Builtin("forward", forward)
    cls.names["reset_parameters"] = Quiet("reset_parameters")
    return cls


def make_leaf(
    rt: Any, self: Instance, kind: str, args: Any, kwargs: dict[str, Any], lazy: bool = False
) -> None:
    """Read the arguments of a kind's constructor, by torch's signature."""
    cls = KINDS[kind]
    if kind == "Identity":  # it takes whatever it is given
        args, kwargs = (), {}
    names = list(cls.parameters())
    if lazy:
        names = [n for n in names if n not in cls.fields or cls.fields[n].infer is None]
    raw: dict[str, Any] = {}
    if len(args) > len(names):
        message = f"{kind}.__init__() takes {len(names) + 1} positional arguments but "
        raise rt.error("TypeError", f"{message}{len(args) + 1} were given")
    raw.update(zip(names, args))
    for name, value in kwargs.items():
        name = _ALIASES.get(name, name)
        if name in raw:
            raise rt.error(
                "TypeError", f"{kind}.__init__() got multiple values for argument '{name}'"
            )
        if name not in names and name not in cls.fields and name not in _IGNORED:
            if name != "return_indices":
                from shapecalc.language.problem import did_you_mean

                message = f"{kind}.__init__() got an unexpected keyword argument '{name}'"
                hint = did_you_mean(name, names)
                raise rt.error("TypeError", f"{message}; {hint}" if hint else message)
        raw[name] = value
    self.attributes.setdefault("training", rt.training)
    leaf = self.data = Leaf(kind, raw, rt.here())
    leaf.given = settings_of(rt, kind, raw, lazy)
    leaf.layer = rt.layer(kind, leaf.given)


def settings_of(rt: Any, kind: str, raw: dict[str, Any], lazy: bool = False) -> dict[str, Any]:
    """Fields of a kind, as the arguments of torch's constructor say them."""
    if kind in ("TransformerEncoder", "TransformerDecoder"):
        return _stack_settings(rt, kind, raw)
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
            value = rt.tensor_number(value)
        if isinstance(declared.type, Flag):
            value = rt.truth(value)
        if isinstance(declared.type, PerAxis) and isinstance(value, (list, tuple)):
            value = value[0] if len(value) == 1 else value
        if name == "activation":
            value = _activation(rt, value)
        if value is None and declared.infer is not None:
            continue
        given[name] = exact(value)
    missing = []
    for name, declared in fields.items():
        if name in given:
            continue
        if declared.infer is not None:
            is_missing = declared.torch_default is REQUIRED and not lazy
            if is_missing and name in KINDS[kind].parameters() and name not in raw:
                missing.append(name)
        elif declared.default is REQUIRED:
            missing.append(name)
        elif declared.torch_default is not REQUIRED and declared.torch_default != declared.default:
            given[name] = declared.torch_default
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


def _stack_settings(rt: Any, kind: str, raw: dict[str, Any]) -> dict[str, Any]:
    """An encoder's or decoder's fields: those of the layer that it is made of, and its own."""
    layer = raw.get("encoder_layer", raw.get("decoder_layer"))
    if not (isinstance(layer, Instance) and isinstance(layer.data, Leaf)):
        raise rt.cannot(f"{kind} is made of a layer that is none of torch's own")
    given = dict(layer.data.given)
    given["num_layers"] = raw.get("num_layers")
    given["norm"] = raw.get("norm") is not None
    return given


for _kind, _declared in KINDS.items():
    if _declared.in_torch:
        NN[_kind] = _kind_class(_kind)
        if any(field.infer is not None for field in _declared.fields.values()):
            NN[f"Lazy{_kind}"] = _kind_class(_kind, f"Lazy{_kind}", lazy=True)
NN["SyncBatchNorm"] = _kind_class("BatchNorm2d", "SyncBatchNorm")


def _wrapper(rt: Any, cls: Class, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return args[0] if args else kwargs.get("module")


for _name in ("DataParallel", "parallel.DataParallel", "parallel.DistributedDataParallel"):
    NN[_name] = Class(_name.rpartition(".")[2], (MODULE,))
    NN[_name].made = _wrapper


class Modules:
    """The part of the runtime that calls modules."""

    current: Call | None
    root: Any

    def is_module(self, value: Any) -> bool:
        """Whether a value is a module."""
        return is_module(value)

    def store(self, value: Instance, name: str, item: Any) -> None:
        """Put an attribute into an instance; a module's buffer stays one."""
        if is_module(value):
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

    def store_in_leaf(self, value: Instance, name: str, item: Any) -> None:
        """An attribute of a layer of the catalogue: a setting, or one of its tensors."""
        leaf: Leaf = value.data
        fields = KINDS[leaf.kind].fields
        if name in fields and not isinstance(item, TensorValue):
            if name == "bias" and item is None:
                item = False
            leaf.raw[name] = item
            leaf.given = settings_of(self, leaf.kind, leaf.raw, lazy=True)
            leaf.layer = self.layer(leaf.kind, leaf.given)  # type: ignore[attr-defined]
            leaf.tensors = {}
        elif isinstance(item, TensorValue) and name in leaf_tensors(value):
            leaf.tensors[name] = item

    def leaf_attribute(self, value: Instance, name: str) -> Any:
        """A setting or a tensor of a layer of the catalogue; None if there is none."""
        leaf: Leaf = value.data
        tensors = leaf_tensors(value)
        if name in tensors:
            return tensors[name]
        if name in leaf.raw and leaf.kind != "Linear":
            found = leaf.raw[name]
        elif leaf.layer is not None and name in leaf.layer.fields:
            found = leaf.layer.__dict__[name]
        else:
            return None
        if name == "bias":
            return None
        kernel = ("kernel_size", "stride", "padding", "dilation", "output_padding")
        if leaf.kind.startswith("Conv") and name in kernel and not isinstance(found, str):
            assert leaf.layer is not None
            shape = leaf.layer.__dict__[name]
            return shape if isinstance(shape, str) else tuple(shape)
        if leaf.kind.endswith("LayerNorm") and name == "normalized_shape":
            return tuple(found) if isinstance(found, (list, tuple)) else (found,)
        return found


__all__ = ["DICTS", "LISTS", "MODULE", "NN", "Leaf", "Modules", "walk"]
