"""Items: what a value is made of, one after the other or in brackets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from operator import is_
from typing import Any

from shapecalc.reading.evaluator.operators import MOST_ITEMS, plain, type_name
from shapecalc.reading.evaluator.sizes import Size
from shapecalc.reading.evaluator.values import (
    Builtin,
    Class,
    Function,
    Instance,
    Iterated,
    Method,
    Raised,
    Unknown,
)


class Items:
    """The part of the runtime that knows collections."""

    attribute: Any
    bounded: Any
    built: Any
    call: Any
    error: Any
    is_lenient: Any
    node: Any
    not_known: Any
    source: Any
    step: Any
    first_of: Any
    tensor_number: Any
    tensor_type: Any

    def iterator(self, items: Iterable[Any]) -> Iterated:
        """An iterator over items."""
        return Iterated(iter(items))

    def iterate(self, value: Any) -> Iterable[Any]:
        """The items of a value, each of them a step."""
        if isinstance(value, (list, tuple, str, dict, set, frozenset)):
            self.step(len(value))
            return value
        if isinstance(value, (range, Iterated)):
            return self.counted(value)
        if isinstance(value, self.tensor_type):
            return self.tensor_items(value)
        if isinstance(value, Instance):
            if value.cls.has("__iter__"):
                found = self.call(self.attribute(value, "__iter__"), [], {})
                if found is value:
                    return self.drawn(value)
                return self.iterate(found)
            if value.cls.has("__getitem__") and value.cls.has("__len__"):
                count = self.call(self.attribute(value, "__len__"), [], {})
                return [self.subscript(value, n) for n in range(count)]
            if plain(value) is not value:
                return self.iterate(plain(value))
        if hasattr(value, "known_iterate"):
            return list(value.known_iterate(self))
        if isinstance(value, Unknown):
            raise self.not_known(value)
        if isinstance(value, Class) and value.names.get("__members__") is not None:
            return list(value.names["__members__"].values())
        if isinstance(value, (type({}.items()), type({}.keys()), type({}.values()))):
            return list(value)
        raise self.error("TypeError", f"'{type_name(value)}' object is not iterable")

    def drawn(self, value: Instance) -> Iterator[Any]:
        """The items of an iterator that the source declares."""
        while True:
            self.step()
            try:
                yield self.call(self.attribute(value, "__next__"), [], {})
            except Raised as raised:
                if raised.is_a("StopIteration"):
                    return
                raise

    def counted(self, value: range | Iterated) -> Iterable[Any]:
        """The items of what may never end, counted as they are drawn; a tuple by its length."""
        node, source = self.node, self.source
        for item in value:
            self.step(1 + len(item) if type(item) is tuple else 1)
            self.node, self.source = node, source  # what was evaluated to draw it stands elsewhere
            yield item

    def drawn_all(self, value: Any) -> list[Any]:
        """The items of a value as a list, of which there may be no more than any network needs."""
        found = list(islice(self.iterate(value), MOST_ITEMS + 1))
        self.bounded(found)
        return found

    def tensor_items(self, value: Any) -> list[Any]:
        """What a tensor is made of along its first dimension."""
        raise NotImplementedError

    def key(self, value: Any) -> Any:
        """A value as the key of a dictionary."""
        if isinstance(value, Size):
            return int(value)
        if isinstance(value, tuple):
            self.step(2 * len(value))
            return tuple([self.key(each) for each in value])
        try:
            hash(value)
        except TypeError:
            message = f"unhashable type: '{type_name(value)}'"
            raise self.error("TypeError", message) from None
        return value

    def hashable(self, values: Iterable[Any]) -> list[Any]:
        """Values as the members of a set."""
        found = [self.key(value) for value in values]
        self.step(len(found))
        return found

    def as_dict(self, value: Any) -> dict[Any, Any]:
        """What ``**value`` spreads."""
        if isinstance(value, dict):
            self.step(len(value))
            return value
        if isinstance(value, Instance):
            inner = plain(value)
            if isinstance(inner, dict):
                return inner
            if value.cls.has("keys"):
                keys = self.iterate(self.call(self.attribute(value, "keys"), [], {}))
                return {key: self.subscript(value, key) for key in keys}
        if isinstance(value, Unknown):
            raise self.not_known(value)
        raise self.error(
            "TypeError", f"argument after ** must be a mapping, not {type_name(value)}"
        )

    def subscript(self, value: Any, index: Any) -> Any:
        """``value[index]``."""
        if isinstance(value, self.tensor_type):
            return self.tensor_index(value, index)
        if isinstance(value, Instance):
            if value.cls.has("__getitem__"):
                return self.call(self.attribute(value, "__getitem__"), [index], {})
            if plain(value) is not value:
                return self.subscript(plain(value), index)
        if hasattr(value, "known_item"):
            return value.known_item(self, index)
        if isinstance(value, Unknown):
            if self.is_lenient:
                return Unknown(f"{value.name}[...]")
            raise self.not_known(value)
        if isinstance(value, Class):
            return self.class_item(value, index)
        index = plain(index)
        if isinstance(index, slice):
            index = slice(*[plain(each) for each in (index.start, index.stop, index.step)])
        try:
            if isinstance(value, dict):
                found = value.get(self.key(index), value)
                if found is not value:
                    return found
                return self.absent_key(value, index)
            return self.built(value[index]) if isinstance(index, slice) else value[index]
        except KeyError:
            raise self.error("KeyError", repr(index)) from None
        except IndexError:
            raise self.error("IndexError", f"{type_name(value)} index out of range") from None
        except TypeError:
            if isinstance(value, (list, tuple, str, range)):
                whole = self.as_index(index)
                if whole is not index:
                    return self.subscript(value, whole)
                message = f"{type_name(value)} indices must be integers or slices, not "
                hint = self.first_of(value) if isinstance(value, tuple) else ""
                raise self.error("TypeError", message + type_name(index), hint) from None
            if isinstance(value, Builtin) or hasattr(value, "known_attribute"):
                return value  # a type with parameters, as hints have it
            message = f"'{type_name(value)}' object is not subscriptable"
            hint = ""
            if isinstance(value, Function):
                hint = f"a function is called: {value.name}(...)"
            elif isinstance(value, Method) and isinstance(value.self, self.tensor_type):
                name = self.attribute(value.function, "__name__")
                hint = f"a method is called: .{name}(...)"
            raise self.error("TypeError", message, hint) from None

    def as_index(self, index: Any) -> Any:
        """The whole number that a tensor of one element holds, as a list takes it."""
        if isinstance(index, slice):
            given = (index.start, index.stop, index.step)
            found = [self.as_index(each) for each in given]
            return index if all(map(is_, found, given)) else slice(*found)
        if isinstance(index, self.tensor_type) and index.dtype.startswith(("int", "uint")):
            if all(size == 1 for size in index.shape) and not (index.is_array and index.shape):
                return int(self.tensor_number(index))
        return index

    def absent_key(self, value: dict[Any, Any], key: Any) -> Any:
        """What a dictionary gives for a key that it has not."""
        make = getattr(value, "default_factory", None)
        if make is not None:
            value[self.key(key)] = found = self.call(make, [], {})
            return found
        raise KeyError(key)

    def class_item(self, value: Class, index: Any) -> Any:
        """``Class[index]``: a member of an enumeration; else a hint."""
        members = value.names.get("__members__")
        if members is None:
            return value
        if index not in members:
            raise self.error("KeyError", repr(index))
        return members[index]

    def tensor_index(self, value: Any, index: Any) -> Any:
        """A part of a tensor."""
        raise NotImplementedError

    def set_item(self, value: Any, index: Any, item: Any) -> None:
        """``value[index] = item``."""
        if isinstance(value, self.tensor_type):
            self.tensor_store(value, index, item)
        elif isinstance(value, Instance):
            if value.cls.has("__setitem__"):
                self.call(self.attribute(value, "__setitem__"), [index, item], {})
            elif plain(value) is not value:
                self.set_item(plain(value), index, item)
        elif hasattr(value, "known_set_item"):
            value.known_set_item(self, index, item)
        elif isinstance(value, dict):
            value[self.key(index)] = item
            self.bounded(value)
        elif isinstance(value, list):
            try:
                self.step(len(value) // 64 if isinstance(index, slice) else 1)
                at = self.as_index(plain(index))
                value[at] = list(self.iterate(item)) if isinstance(index, slice) else item
            except (IndexError, TypeError, ValueError) as wrong:
                raise self.error(type(wrong).__name__, str(wrong)) from None
        elif not isinstance(value, Unknown):
            message = f"'{type_name(value)}' object does not support item assignment"
            raise self.error("TypeError", message)

    def tensor_store(self, value: Any, index: Any, item: Any) -> None:
        """``tensor[index] = item``."""
        raise NotImplementedError

    def delete_item(self, value: Any, index: Any) -> None:
        """``del value[index]``."""
        if isinstance(value, Instance) and value.cls.has("__delitem__"):
            self.call(self.attribute(value, "__delitem__"), [index], {})
            return
        if hasattr(value, "known_delete_item"):
            value.known_delete_item(index)
            return
        try:
            self.step(len(plain(value)) // 64 if isinstance(plain(value), list) else 1)
            del plain(value)[plain(index)]
        except (KeyError, IndexError, TypeError) as wrong:
            raise self.error(type(wrong).__name__, str(wrong)) from None
