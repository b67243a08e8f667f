"""Attributes: of instances, classes and modules, of ``super()``, and of what Python has itself."""

from __future__ import annotations

from typing import Any

from shapecalc.language.problem import did_you_mean
from shapecalc.reading.evaluator.classes import Maker
from shapecalc.reading.evaluator.operators import plain, type_name
from shapecalc.reading.evaluator.scopes import ModuleNames
from shapecalc.reading.evaluator.source import SourceModule
from shapecalc.reading.evaluator.values import (
    MISSING,
    Builtin,
    Class,
    ClassMethod,
    Function,
    Instance,
    Method,
    Partial,
    Property,
    Quiet,
    Raised,
    Static,
    Super,
    Unknown,
)


class Attributes:
    """The part of the runtime that knows attributes."""

    call: Any
    error: Any
    not_known: Any
    submodule: Any
    all_names: Any
    unbound: set[Class]
    tensor_attribute: Any
    tensor_set: Any
    tensor_type: Any

    def attribute(self, value: Any, name: str) -> Any:
        if isinstance(value, Instance):
            own = value.attributes
            return own[name] if name in own else self.instance_attribute(value, name)
        if isinstance(value, self.tensor_type):
            return self.tensor_attribute(value, name)
        if isinstance(value, SourceModule):
            return self.module_attribute(value, name)
        if hasattr(value, "known_attribute"):
            return value.known_attribute(self, name)
        if isinstance(value, Class):
            return self.class_attribute(value, name)
        if isinstance(value, Super):
            return self.super_attribute(value, name)
        if isinstance(value, Unknown):
            return Unknown(f"{value.name}.{name}", value.why)
        if isinstance(value, (Function, Method, Partial, Builtin, Property)):
            try:
                return self.callable_attribute(value, name)
            except KeyError:
                pass  # perhaps one of all values
        from shapecalc.reading.evaluator.methods import native_attribute, native_function

        if isinstance(value, Builtin):
            found = native_function(self, value, name)
        else:
            found = native_attribute(self, value, name)
        if found is not None:
            return found
        raise self.no_attribute(value, name)

    def module_attribute(self, module: SourceModule, name: str) -> Any:
        """What a module of the source has, or a module below it."""
        try:
            return module.lookup(self, name)
        except KeyError:
            pass
        inner = self.submodule(module, name)
        if inner is not None:
            return inner
        if name == "__dict__":
            return ModuleNames(self, module)
        raise self.error("AttributeError", f"module '{module.name}' has no attribute '{name}'")

    def is_module_of_names(self, value: Any) -> bool:
        """Whether a value is a module, of the source or known here."""
        return isinstance(value, SourceModule) or hasattr(value, "known_names")

    def has_name(self, module: Any, name: str) -> bool:
        """Whether a module has a name; what its own statement gives it is not looked at."""
        if isinstance(module, SourceModule):
            is_whole = not module.running
            if name in module.frame.names or (is_whole and name in module.assigned):
                return True
        return self.has_attribute(module, name)

    def names_in(self, module: Any) -> list[str]:
        """The names of a module, in order, without their values."""
        if isinstance(module, SourceModule):
            return list(dict.fromkeys(self.all_names(module, set())))
        return list(module.known_names())

    def callable_attribute(self, value: Any, name: str) -> Any:
        """What functions, bound ones and properties tell of themselves; KeyError where nothing."""
        if isinstance(value, Function):
            return self.function_attribute(value, name)
        if isinstance(value, Method) and name in ("__self__", "__func__"):
            return value.self if name == "__self__" else value.function
        if isinstance(value, Method) and name == "__name__":
            return self.attribute(value.function, name)
        if isinstance(value, Partial):
            return {"func": value.function, "args": value.args, "keywords": value.kwargs}[name]
        if isinstance(value, Builtin) and name in ("__name__", "__qualname__"):
            return value.name.rpartition(".")[2]
        if isinstance(value, Builtin) and name == "__kwdefaults__":
            return getattr(value.run, name, None)
        if isinstance(value, Property) and name in ("setter", "getter", "deleter"):
            getter = value.getter
            return Builtin(name, lambda rt, setter: Property(getter, setter))
        raise KeyError(name)

    def function_attribute(self, function: Function, name: str) -> Any:
        """What a function of the source has; a KeyError where it has none of that name."""
        if name in function.attributes:
            return function.attributes[name]
        if name in ("__name__", "__qualname__"):
            return function.name
        if name == "__module__":
            return function.closure.module.name
        if name in ("__doc__", "__wrapped__"):
            return ""
        if name == "__get__":
            return Builtin(name, lambda rt, owner, *more: Method(function, owner))
        if name in ("__defaults__", "__kwdefaults__"):
            return function.defaults_of(name == "__kwdefaults__")
        raise KeyError(name)

    def has_attribute(self, value: Any, name: str) -> bool:
        """Whether a value has an attribute."""
        try:
            return not isinstance(self.attribute(value, name), Unknown)
        except Raised as raised:
            if raised.is_a("AttributeError"):
                return False
            raise

    def no_attribute(self, value: Any, name: str) -> Exception:
        """Python's error for an attribute that is not there."""
        known: list[str] = []
        if isinstance(value, Instance):
            known = [*value.attributes, *(n for cls in value.cls.mro for n in cls.names)]
            beyond = [base for cls in value.cls.mro for base in cls.beyond]
            if beyond:
                return self.not_known(Unknown(f"{value.cls.name}.{name}", _from(beyond)))
        hint = did_you_mean(name, known)
        message = f"{type_name(value)!r} object has no attribute {name!r}"
        return self.error(
            "AttributeError", f"{message}; {hint}" if hint else message, _misspelt_init(value)
        )

    def instance_attribute(self, value: Instance, name: str) -> Any:
        """What an instance has by a name that is none of its own: its class's, bound to it."""
        for cls in value.cls.mro:
            if name in cls.names:
                return self.bound(cls.names[name], value, value.cls)
        if name == "__class__":
            return value.cls
        if name == "__dict__":
            return value.attributes
        if name == "__setattr__":
            return Builtin(name, lambda rt, key, item: rt.store(value, key, item))
        if name in ("__getattr__", "__getattribute__"):
            return Builtin(name, lambda rt, key: rt.attribute(value, key))
        if name == "__delattr__":
            return Builtin(name, lambda rt, key: rt.remove_attribute(value, key))
        if name in ("__doc__", "__traceback__", "__cause__", "__context__"):
            return "" if name == "__doc__" else None
        found = self.special_attribute(value, name)
        if found is not MISSING:
            return found
        inner = plain(value)
        has_own = value.cls.has("__getattr__")
        if inner is not value and (not has_own or self.has_attribute(inner, name)):
            return self.attribute(inner, name)
        if has_own:
            return self.call(self.attribute(value, "__getattr__"), [name], {})
        raise self.no_attribute(value, name)

    def bound(self, found: Any, value: Any, cls: Class) -> Any:
        """What an instance gives for something that stands in its class."""
        if isinstance(found, (Function, Builtin)):
            return Method(found, value)
        if isinstance(found, Property):
            return self.call(found.getter, [value], {})
        if isinstance(found, Static):
            return found.function
        if isinstance(found, ClassMethod):
            return Method(found.function, cls)
        return found

    def class_attribute(self, value: Class, name: str) -> Any:
        """An attribute of a class."""
        for cls in value.mro:
            if name in cls.names:
                found = cls.names[name]
                if isinstance(found, Static):
                    return found.function
                return Method(found.function, value) if isinstance(found, ClassMethod) else found
        if name in ("__name__", "__qualname__"):
            return value.name
        if name == "__new__":
            return Maker(value)
        if name == "__module__":
            return value.module
        if name == "__mro__":
            return value.mro
        if name == "__dict__":
            return dict(value.names)
        if name == "__doc__":
            return ""
        if name == "__bases__":
            return value.bases
        if name == "__init__":
            return Builtin("__init__", lambda rt, *args, **kwargs: None)
        message = f"type object '{value.name}' has no attribute '{name}'"
        hint = did_you_mean(name, [n for cls in value.mro for n in cls.names])
        raise self.error("AttributeError", f"{message}; {hint}" if hint else message)

    def super_attribute(self, value: Super, name: str) -> Any:
        """An attribute of what comes behind a class."""
        if not isinstance(value.behind, Class):
            raise self.error("TypeError", "super() argument 1 must be a type")
        if value.self is None and name == "__init__":  # it is that of super itself
            return Builtin(name, lambda rt: rt.unbound.add(value.behind))
        is_instance = isinstance(value.self, Instance)
        cls = value.self.cls if is_instance else value.self
        if not isinstance(cls, Class) or value.behind not in cls.mro:
            message = "super(type, obj): obj must be an instance or subtype of type"
            raise self.error("TypeError", message)
        for each in cls.mro[cls.mro.index(value.behind) + 1 :]:
            if name in each.names:
                found = each.names[name]
                if is_instance:
                    return self.bound(found, value.self, cls)
                return Method(found.function, cls) if isinstance(found, ClassMethod) else found
        if name == "__new__":
            return Maker(cls)
        if name in ("__init__", "__setattr__", "__init_subclass__", "__post_init__"):
            if name == "__setattr__" and is_instance:
                return Builtin(name, lambda rt, key, item: rt.store(value.self, key, item))
            if name == "__init__" and is_instance and isinstance(value.self.data, (dict, list)):
                return Builtin(
                    name, lambda rt, *args, **kwargs: _fill(rt, value.self, args, kwargs)
                )
            return Builtin(name, lambda rt, *args, **kwargs: None)
        if name == "__delattr__" and is_instance:
            return Builtin(name, lambda rt, key: rt.remove_attribute(value.self, key))
        if is_instance:
            found = self.special_attribute(value.self, name)
            if found is not MISSING:
                return found
            if isinstance(value.self.data, (dict, list)):
                return self.attribute(value.self.data, name)
        raise self.error("AttributeError", f"'super' object has no attribute '{name}'")

    def special_attribute(self, value: Instance, name: str) -> Any:
        """What a class known here computes for a name."""
        return MISSING

    def set_attribute(self, value: Any, name: str, item: Any) -> None:
        """``value.name = item``."""
        if isinstance(value, Instance) and name == "__dict__":
            value.attributes = plain(item)  # of a dictionary that holds itself, its items
        elif isinstance(value, Instance):
            found = value.cls.find(name) if value.cls.has(name) else None
            if isinstance(found, Property) and found.setter is not None:
                self.call(found.setter, [value, item], {})
            elif value.cls.has("__setattr__"):
                self.call(self.attribute(value, "__setattr__"), [name, item], {})
            else:
                self.store(value, name, item)
        elif isinstance(value, Class):
            value.names[name] = item
        elif isinstance(value, Function):
            value.attributes[name] = item
        elif isinstance(value, SourceModule):
            value.assign(self, name, item)
        elif isinstance(value, self.tensor_type):
            self.tensor_set(value, name, item)
        elif hasattr(value, "known_set"):
            value.known_set(self, name, item)
        elif not isinstance(value, (Unknown, Quiet)) and not hasattr(value, "known_attribute"):
            raise self.no_attribute(value, name)

    def store(self, value: Instance, name: str, item: Any) -> None:
        """Put an attribute into an instance."""
        value.attributes[name] = item

    def delete_attribute(self, value: Any, name: str) -> None:
        """``del value.name``."""
        if isinstance(value, Instance) and value.cls.has("__delattr__"):
            self.call(self.attribute(value, "__delattr__"), [name], {})
        elif isinstance(value, Instance):
            self.remove_attribute(value, name)

    def remove_attribute(self, value: Instance, name: str) -> None:
        """Take an attribute of an instance away."""
        if name not in value.attributes:
            raise self.no_attribute(value, name)
        del value.attributes[name]


def _fill(rt: Any, value: Instance, args: Any, kwargs: dict[str, Any]) -> None:
    """``super().__init__(...)`` of a class that derives from ``dict`` or ``list``."""
    kind = "dict" if isinstance(value.data, dict) else "list"
    found = rt.call(rt.builtins[kind], list(args), kwargs)
    if kind == "dict":
        value.data.update(found)
    else:
        value.data[:] = found


def _misspelt_init(value: Any) -> str:
    """A hint where a class has a constructor whose name is none."""
    names = value.cls.names if isinstance(value, Instance) else {}
    for name in ("_init_", "__int__", "init", "__init", "_init", "__init_", "_init__", "__inti__"):
        if isinstance(names.get(name), Function) and "__init__" not in names:
            return f"{value.cls.name} has {name!r}, which nothing calls: is __init__ meant?"
    return ""


def _from(bases: list[Unknown]) -> str:
    return f"{' or '.join(base.name for base in bases)}, which is not known, may have it"
