"""One reading of a network's source: what the parts of it share, and modules."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shapecalc.language.problem import Source, did_you_mean
from shapecalc.reading.assuming import Assumptions
from shapecalc.reading.evaluator.calls import CALL
from shapecalc.reading.evaluator.operators import plain, type_name
from shapecalc.reading.evaluator.source import SourceModule
from shapecalc.reading.evaluator.values import (
    MISSING,
    Builtin,
    CannotRead,
    Class,
    Function,
    Instance,
    Method,
    Partial,
    Raised,
)
from shapecalc.reading.functions.arguments import Arguments
from shapecalc.reading.modules import (
    AFTER,
    HOOKS,
    MODULE_LIST,
    SEQUENTIAL,
    Leaf,
    Modules,
    Registered,
    children,
    is_module,
    tensors_of,
    walk,
)
from shapecalc.reading.modules.leaf_attributes import leaf_attribute
from shapecalc.reading.modules.leaf_calls import LeafCalls
from shapecalc.reading.tensors.tensors import Tensors
from shapecalc.reading.tensors.trace import Trace
from shapecalc.reading.tensors.traced import Call, Op, TensorValue


class Reader(Arguments, Modules, LeafCalls, Tensors, Trace, Assumptions):
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
        self.texts = {}
        self.symbols = {}
        self.keeps_batch = False  # where a batch of one would be squeezed with the rest
        self.squeezed_batch = False
        self.decided: set[str] = set()  # symbols that the code decides by: they are numbers
        self.put_in: dict[tuple[str, str], Any] = {}  # into modules that are known without a file
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
            if value.data.kind.startswith("Transformer"):
                from shapecalc.reading.modules.transformers import has_part, take_apart

                if has_part(value, name):
                    take_apart(self, value)
                    return value.attributes[name]
            found = leaf_attribute(value, name)
            if found is not MISSING:
                return found
        if is_module(value):
            if name == "training":
                return self.training
            if name == "_modules":
                return Registered(value, children(value))
            if name in ("_parameters", "_buffers"):
                wanted = name == "_buffers"
                held = tensors_of(value).items()
                own = [(n, v) for n, v in held if v.stored and v.stored.is_buffer is wanted]
                return Registered(value, own)
        return MISSING

    def callable_attribute(self, value: Any, name: str) -> Any:
        """What a function tells of itself, or a method of ``torch.Tensor`` as a function."""
        if not (isinstance(value, Builtin) and value.name == "torch.Tensor") or name[:2] == "__":
            return super().callable_attribute(value, name)

        def run(rt: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
            return rt.call(rt.attribute(self, name), list(args), kwargs)

        return Builtin(f"Tensor.{name}", run, is_strict=True)

    def call_instance(self, value: Instance, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if not is_module(value):
            return super().call_instance(value, args, kwargs)
        if value.cls.has("__call__"):
            return self.call(self.attribute(value, "__call__"), args, kwargs)
        for hook in value.attributes.get(HOOKS, ()):
            changed = self.call(hook, [value, tuple(args)], {})
            if changed is not None:
                args = list(changed) if isinstance(changed, tuple) else [changed]
        found = self.call_module(value, args, kwargs)
        for hook in value.attributes.get(AFTER, ()):
            try:
                changed = self.call(hook, [value, tuple(args), found], {})
            except CannotRead:
                if _gives(hook):
                    raise
                continue  # what it looks at is not known, and it changes nothing
            found = found if changed is None else changed
        return found

    def call_module(self, value: Instance, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call a module's ``forward``, without its hooks."""
        forward = self.attribute_or_none(value, "forward")
        if forward is None:
            message = f'Module [{value.cls.name}] is missing the required "forward" function'
            is_list = value.cls is MODULE_LIST
            hint = "nn.Sequential calls one after the other; of a ModuleList, each is called alone"
            meant = did_you_mean("forward", value.cls.names)
            raise self.error("NotImplementedError", message, hint if is_list else meant)
        if self.current is None or not self.stands_alone(value, forward):
            return self.call(forward, args, kwargs)
        outer = self.current
        if value.cls is SEQUENTIAL:  # what it is given is named where it is called
            args = [
                self.produced(each) if isinstance(each, TensorValue) and each.stored else each
                for each in args
            ]
            if outer.instance is not None and not self.relative(outer, value):
                return self.call(forward, args, kwargs)  # as a slice of one: nobody holds it
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

    def stands_alone(self, value: Instance, forward: Any) -> bool:
        """Whether a module's call is one of its own: a layer of the catalogue is an operation."""
        known = isinstance(forward, Method) and isinstance(forward.function, Builtin)
        is_pattern = isinstance(value.data, tuple) and value.data[0:1] == ("pattern",)
        return not (known and isinstance(value.data, Leaf)) and not is_pattern

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
        inside, path = self.paths.get(id(call.instance)), self.paths.get(id(value))
        if path and inside is not None and path.startswith(f"{inside}." if inside else ""):
            return path[len(inside) + 1 :] if inside else path
        names = self.relatives.get(id(call.instance))
        if names is None:
            names = self.relatives[id(call.instance)] = {}
            for path, each in walk(call.instance):
                names.setdefault(id(each), path)
        return names.get(id(value), "")

    relatives: dict[int, dict[int, str]]

    made_with: dict[int, tuple[dict[str, Any], dict[str, Any]]]

    def initialise(self, value: Instance, args: list[Any], kwargs: dict[str, Any]) -> None:
        init = value.cls.find("__init__")
        if not is_module(value) or not isinstance(init, Function):
            super().initialise(value, args, kwargs)
            return
        given = self.arguments(init, [value, *args], kwargs)
        order = [n for n in (*init.code.positional, *init.code.keyword_only) if n in given]
        self.made_with[id(value)] = ({n: given[n] for n in order[1:]}, init.defaults)
        self.kept.append(value)
        self.step(CALL)
        self.run_function(init, given)

    # -- types ----------------------------------------------------------------------------------

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
        from shapecalc.reading.known import NAMES, resolve

        if isinstance(value, Partial):
            return NAMES["functools.partial"]
        if isinstance(value, TensorValue):
            is_learned = value.stored is not None and not value.stored.is_buffer
            return resolve("nn.Parameter" if is_learned else "torch.Tensor")
        return None

    def type_of(self, value: Any) -> Any:
        """``type(value)`` for what is known here."""
        return Builtin(type_name(value), lambda rt, *args: None)

    def names_of(self, value: Any) -> list[str]:
        """``dir(value)``."""
        if self.is_module_of_names(value):
            return self.names_in(value)
        if isinstance(value, Instance):
            return [*value.attributes, *(n for cls in value.cls.mro for n in cls.names)]
        return []


@contextmanager
def deep() -> Any:
    """Where calls of the source nest, and so Python's own do, deeper than it usually allows."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 12_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _gives(hook: Any) -> bool:
    """Whether a function may return something."""
    function = hook.function if isinstance(hook, (Method, Partial)) else hook
    if not isinstance(function, Function) or function.code.is_lambda:
        return True
    returns = (node for node in ast.walk(function.code.node) if isinstance(node, ast.Return))
    return any(node.value is not None for node in returns)


def _given(forward: Any, args: list[Any], kwargs: dict[str, Any]) -> list[tuple[str, TensorValue]]:
    """The tensors that a call is given, by the parameters of ``forward``."""
    function = getattr(forward, "function", None)
    names = function.code.positional[1:] if isinstance(function, Function) else []
    found: list[tuple[str, TensorValue]] = []
    for name, value in [*zip(names, args), *kwargs.items()]:
        several = value if isinstance(value, (tuple, list)) else (value,)
        found += [(name, e.snapshot()) for e in several if isinstance(e, TensorValue)]
    return found
