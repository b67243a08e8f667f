"""``nn.Module`` and its methods."""

from __future__ import annotations

from typing import Any

from shapecalc.reading.evaluator.values import (
    Builtin,
    Instance,
    Quiet,
    Unknown,
)
from shapecalc.reading.modules.holding import (
    AFTER,
    HOOKS,
    MODULE,
    children,
    every_tensor,
    is_buffer,
    method,
    named,
    set_training,
    tensors_of,
    walk,
)
from shapecalc.reading.tensors.traced import Stored, TensorValue

for _name in [
    "cuda",
    "cpu",
    "to",
    "half",
    "float",
    "double",
    "bfloat16",
    "type",
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
    "extra_repr",
    "register_full_backward_hook",
    "register_full_backward_pre_hook",
    "register_load_state_dict_pre_hook",
    "register_state_dict_pre_hook",
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


class Handle:
    """What takes a hook away again."""

    def __init__(self, module: Instance, kind: str, hook: Any) -> None:
        self.hooks: list[Any] = []
        self.hook = hook
        if hook is not None and not isinstance(hook, (Quiet, Unknown)):
            self.hooks = module.attributes.setdefault(kind, [])
            self.hooks.append(hook)

    def known_attribute(self, rt: Any, name: str) -> Any:
        """Its only method."""
        return Builtin(name, lambda rt: self.remove())

    def remove(self) -> None:
        """Take the hook away, if it is still there."""
        self.hooks[:] = [each for each in self.hooks if each is not self.hook]


@method(MODULE, "register_forward_pre_hook")
def _before_forward(rt: Any, self: Instance, hook: Any, **kwargs: Any) -> Handle:
    """What is done before each call, where weights may be made; other hooks change no shape."""
    return Handle(self, HOOKS, None if kwargs else hook)


@method(MODULE, "register_forward_hook")
def _after_forward(rt: Any, self: Instance, hook: Any, **kwargs: Any) -> Handle:
    """What is done after each call; what it gives takes the place of what came out."""
    return Handle(self, AFTER, None if kwargs else hook)


@method(MODULE, "__init__")
def _init(rt: Any, self: Instance, *args: Any, **kwargs: Any) -> None:
    self.attributes.setdefault("training", True)


@method(MODULE, "train")
def _train(rt: Any, self: Instance, mode: Any = True) -> Instance:
    set_training(self, mode)
    return self


@method(MODULE, "eval")
def _eval(rt: Any, self: Instance) -> Instance:
    return _train(rt, self, False)


@method(MODULE, "add_module", "register_module")
def _add_module(rt: Any, self: Instance, name: str, module: Any) -> None:
    rt.store(self, named(rt, name), module)


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
        value.stored.is_persistent = rt.truth(persistent)
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
def _named_modules(
    rt: Any, self: Instance, memo: Any = None, prefix: str = "", remove_duplicate: Any = True
) -> Any:
    return rt.iterator([(_below(prefix, path), module) for path, module in walk(self)])


def _below(prefix: str, path: str) -> str:
    return f"{prefix}.{path}" if prefix and path else prefix + path


def _named(rt: Any, self: Instance, buffers: bool, prefix: str, recurse: Any) -> Any:
    """Learned tensors or buffers by path, those of the module alone where it does not recurse."""
    if rt.truth(recurse):
        found = every_tensor(self, buffers)
    else:
        found = ((n, v) for n, v in tensors_of(self).items() if is_buffer(v) is buffers)
    return rt.iterator([(_below(prefix, path), value) for path, value in found])


@method(MODULE, "parameters")
def _parameters(rt: Any, self: Instance, recurse: Any = True) -> Any:
    return rt.iterator([value for _, value in _named(rt, self, False, "", recurse)])


@method(MODULE, "named_parameters")
def _named_parameters(
    rt: Any, self: Instance, prefix: str = "", recurse: Any = True, remove_duplicate: Any = True
) -> Any:
    return _named(rt, self, False, prefix, recurse)


@method(MODULE, "buffers")
def _buffers(rt: Any, self: Instance, recurse: Any = True) -> Any:
    return rt.iterator([value for _, value in _named(rt, self, True, "", recurse)])


@method(MODULE, "named_buffers")
def _named_buffers(
    rt: Any, self: Instance, prefix: str = "", recurse: Any = True, remove_duplicate: Any = True
) -> Any:
    return _named(rt, self, True, prefix, recurse)


@method(MODULE, "state_dict")
def _state_dict(
    rt: Any, self: Instance, destination: Any = None, prefix: str = "", keep_vars: Any = False
) -> Any:
    found = {**dict(every_tensor(self, False)), **dict(every_tensor(self, True))}
    return {prefix + path: value for path, value in found.items()}


@method(MODULE, "apply")
def _apply(rt: Any, self: Instance, fn: Any) -> Instance:
    for _, module in reversed(list(walk(self))):
        rt.call(fn, [module], {})
    return self


@method(MODULE, "get_submodule")
def _get_submodule(rt: Any, self: Instance, target: str) -> Any:
    found: Any = self
    for part in target.split(".") if target else ():
        found = rt.attribute(found, part)
    return found


@method(MODULE, "set_submodule")
def _set_submodule(rt: Any, self: Instance, target: str, module: Any, strict: Any = False) -> None:
    path, _, name = named(rt, target).rpartition(".")
    rt.store(_get_submodule(rt, self, path), name, module)


@method(MODULE, "get_parameter", "get_buffer")
def _get_parameter(rt: Any, self: Instance, target: str) -> Any:
    return _get_submodule(rt, self, target)


@method(MODULE, "_get_name")
def _get_name(rt: Any, self: Instance) -> str:
    return self.cls.name
