"""Classes of the source: how they are made, and their instances; data classes and enumerations."""

from __future__ import annotations

from typing import Any

from shapecalc.reading.evaluator.values import (
    Builtin,
    Class,
    ClassMethod,
    Function,
    Instance,
    Member,
    MixedBases,
    Partial,
    Place,
    Property,
    Static,
    Unknown,
)

OBJECT = Class("object")
ENUM = Class("Enum", (OBJECT,))
INT_ENUM = Class("IntEnum", (ENUM,))
STR_ENUM = Class("StrEnum", (INT_ENUM,))  # whose members are what they hold as well
NAMED_TUPLE = Class("NamedTuple", (OBJECT,))
DICT, LIST, TUPLE, STR, INT, FLOAT = (
    Class(name, (OBJECT,)) for name in ("dict", "list", "tuple", "str", "int", "float")
)
HOLDING = {DICT: dict, LIST: list, TUPLE: tuple, STR: str, INT: int, FLOAT: float}
"""Classes whose instances hold one of Python's own values."""


class Default:
    """What ``dataclasses.field`` gives."""

    def __init__(self, default: Any = None, factory: Any = None, has: bool = False) -> None:
        self.default = default
        self.factory = factory
        self.has = has


class Classes:
    """The part of the runtime that makes classes and instances."""

    call: Any
    error: Any
    cannot: Any
    attribute: Any
    iterate: Any
    not_known: Any
    step: Any

    def new_class(
        self,
        name: str,
        bases: list[Any],
        names: dict[str, Any],
        place: Place | None,
        keywords: dict[str, Any],
    ) -> Any:
        """Make a class."""
        found, beyond = _known(bases)
        if beyond and not any(each.name == "Module" for cls in found for each in cls.mro):
            return Unknown(name, f"it derives from {beyond[0].name}, which is not known")
        if not found:
            found = [OBJECT]
        if len(found) > 1 and OBJECT in found:
            found.remove(OBJECT)
        self.step(sum(len(each.mro) for each in found) ** 2)  # for the order among them
        try:
            cls = Class(name, tuple(found), names, place)
        except MixedBases:
            raise self.error(
                "TypeError", "Cannot create a consistent method resolution order"
            ) from None
        cls.beyond = tuple(beyond)
        _own(cls)
        if cls.is_a(ENUM):
            self.enumerate_members(cls)
        elif NAMED_TUPLE in cls.bases:
            self.as_record(cls, named_tuple=True)
        self._tell_bases(cls, keywords)
        return cls

    def _tell_bases(self, cls: Class, keywords: dict[str, Any]) -> None:
        """Call ``__init_subclass__`` of the first base that has it."""
        for base in cls.mro[1:]:
            hook = base.names.get("__init_subclass__")
            if hook is not None:
                inner = hook.function if isinstance(hook, ClassMethod) else hook
                self.call(inner, [cls], keywords)
                break

    def enumerate_members(self, cls: Class) -> None:
        """Make the members of an enumeration."""
        members: dict[str, Instance] = {}
        for name, value in list(cls.names.items()):
            if name.startswith("_") or isinstance(
                value, (Function, Property, Static, ClassMethod, Builtin)
            ):
                continue
            if isinstance(value, AUTO):
                value = name.lower() if cls.is_a(STR_ENUM) else len(members) + 1
            holds = isinstance(value, (int, str)) and any(each in HOLDING for each in cls.mro)
            is_plain = holds or cls.is_a(INT_ENUM)
            member = Member(cls) if is_plain else Instance(cls)
            member.attributes.update({"name": name, "value": value, "_value_": value})
            member.data = value if is_plain else None
            members[name] = member
            cls.names[name] = member
        cls.names["__members__"] = members

    # -- records --------------------------------------------------------------------------------

    def as_record(self, cls: Class, named_tuple: bool = False) -> Class:
        """Give a class the constructor that follows from its annotated names."""
        fields: dict[str, Any] = {}
        for each in reversed(cls.mro):
            own = each.names.get("__annotations__", {})
            for name in own:
                fields[name] = each.names.get(name, Default())
        cls.names["__fields__"] = fields
        self.step(8 * len(fields))

        def fill(rt: Any, self_: Instance, *args: Any, **kwargs: Any) -> None:
            given = dict(zip(fields, args))
            if len(args) > len(fields):
                message = f"{cls.name}.__init__() takes {len(fields) + 1} positional arguments but "
                raise rt.error("TypeError", f"{message}{len(args) + 1} were given")
            for name in kwargs:
                if name not in fields:
                    message = f"{cls.name}.__init__() got an unexpected keyword argument '{name}'"
                    raise rt.error("TypeError", message)
            given.update(kwargs)
            for name, default in fields.items():
                if name in given:
                    value = given[name]
                elif not isinstance(default, Default):
                    value = default
                elif default.factory is not None:
                    value = rt.call(default.factory, [], {})
                elif default.has:
                    value = default.default
                else:
                    message = f"{cls.name}.__init__() missing 1 required argument: '{name}'"
                    raise rt.error("TypeError", message)
                self_.attributes[name] = value
            if named_tuple:
                self_.data = tuple(self_.attributes[name] for name in fields)
            elif cls.has("__post_init__"):
                rt.call(rt.attribute(self_, "__post_init__"), [], {})

        if named_tuple:  # it is made whole, and a class that derives from it may make it otherwise
            cls.names.setdefault("__new__", Maker(cls, fill))
        elif "__init__" not in cls.names:
            cls.names["__init__"] = Builtin(f"{cls.name}.__init__", fill)

        def replace(rt: Any, self_: Instance, **kwargs: Any) -> Any:
            return rt.call(cls, [], {**{n: self_.attributes[n] for n in fields}, **kwargs})

        cls.names.setdefault("_replace", Builtin("_replace", replace))
        cls.names.setdefault(
            "_asdict", Builtin("_asdict", lambda rt, s: {n: s.attributes[n] for n in fields})
        )
        cls.names.setdefault("_fields", tuple(fields))
        return cls

    # -- instances --------------------------------------------------------------------------------

    def new(self, cls: Class, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """``cls(*args, **kwargs)``."""
        members = cls.names.get("__members__")
        if members is not None:
            for member in members.values():
                if args and (args[0] is member or args[0] == member.attributes["value"]):
                    return member
            raise self.error("ValueError", f"{self.represented(args[0])} is not a valid {cls.name}")
        if cls.made is not None and cls.kind is None and "__init__" not in cls.names:
            found = cls.made(self, cls, args, kwargs)
            if found is not None:
                return found
        if cls in HOLDING:
            return self.held(cls, args, kwargs)
        if cls.has("__new__"):
            maker = cls.find("__new__")
            maker = maker.function if isinstance(maker, Static) else maker
            value = self.call(maker, [cls, *args], kwargs)
        else:
            value = self.blank(cls, args, kwargs)
        if isinstance(value, Instance) and cls.has("__init__"):
            self.initialise(value, args, kwargs)
        elif args and not (
            cls.has("__new__")
            or cls.has("__exception__")
            or any(each in HOLDING for each in cls.mro)
        ):
            raise self.error("TypeError", f"{cls.name}() takes no arguments")
        return value

    def initialise(self, value: Instance, args: list[Any], kwargs: dict[str, Any]) -> None:
        """Call the constructor of a new instance."""
        self.call(self.attribute(value, "__init__"), args, kwargs)

    def blank(self, cls: Class, args: list[Any], kwargs: dict[str, Any]) -> Instance:
        """An instance before its ``__init__``."""
        value = Instance(cls)
        value.attributes = {}
        for each in cls.mro:
            if each in HOLDING:
                own_init = any("__init__" in c.names for c in cls.mro[: cls.mro.index(each)])
                value.data = HOLDING[each]() if own_init else self.held(each, args, kwargs)
            if "__exception__" in each.names:
                value.attributes["args"] = tuple(args)
        return value

    def held(self, cls: Class, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A value of Python's own type that a class stands for."""
        from shapecalc.reading.evaluator.builtins import BUILTINS

        return self.call(BUILTINS[cls.name], args, kwargs)

    represented: Any


class Maker:
    """``cls.__new__`` of a class that writes none; ``fill`` makes a named tuple whole."""

    def __init__(self, cls: Class, fill: Any = None) -> None:
        self.cls = cls
        self.fill = fill

    def known_call(self, rt: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """An instance of the class that is given."""
        value = rt.blank(args[0] if args else self.cls, args[1:], kwargs)
        if self.fill is not None:
            self.fill(rt, value, *args[1:], **kwargs)
        return value

    def known_attribute(self, rt: Any, name: str) -> Any:
        """Nothing that matters."""
        return None

    def known_set(self, rt: Any, name: str, item: Any) -> None:
        """``cls.__new__.__defaults__ = ...``: the defaults of the last fields of a named tuple."""
        fields = self.cls.names.get("__fields__")
        if name == "__defaults__" and fields and isinstance(item, tuple):
            last = list(fields)[-len(item) :] if item else []
            fields.update(zip(last, item[len(item) - len(last) :]))


class AUTO:
    """``enum.auto()``."""


HOLDERS: dict[str, Class] = {cls.name: cls for cls in HOLDING} | {"object": OBJECT}
"""The classes that stand for Python's own types as bases."""


def _known(bases: list[Any]) -> tuple[list[Class], list[Unknown]]:
    """The classes among the bases, Python's own as what stands for them, and what is not known."""
    found: list[Class] = []
    beyond: list[Unknown] = []
    for base in bases:
        if not isinstance(base, Class):
            base = HOLDERS.get(getattr(base, "name", None) or "", base)
        if isinstance(base, Class):
            found.append(base)
        elif isinstance(base, Unknown):
            beyond.append(base)
        elif hasattr(base, "as_class"):
            found.append(base.as_class())
    return found, beyond


def _own(cls: Class) -> None:
    """Tell the functions in a class's body, and those behind decorators, whose they are."""
    for each in cls.names.values():
        inner = each
        while isinstance(inner, (Static, ClassMethod, Property, Partial)):
            inner = inner.getter if isinstance(inner, Property) else inner.function
        if isinstance(inner, Function) and inner.owner is None:
            inner.owner = cls
        if isinstance(each, Property) and isinstance(each.setter, Function):
            each.setter.owner = cls
