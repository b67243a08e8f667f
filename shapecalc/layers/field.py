"""The fields of a layer kind: their defaults and words, and what infers them.

A field is declared once, in the class body of its kind, with :func:`field` or :func:`inferred`,
its values' type from :mod:`shapecalc.layers.types`. Reading a spec, the catalogue, the JSON Schema
and emission all look at that declaration.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast, overload

from shapecalc.algebra.arithmetic import Dim
from shapecalc.layers.types import FieldType, Whole

T = TypeVar("T", covariant=True)


class Missing:
    """The default of a field that has none."""

    def __repr__(self) -> str:
        return "required"


REQUIRED = Missing()


class SameAs(NamedTuple):
    """A default that is another field's value, as a pool's stride is its kernel_size.

    >>> from shapecalc.layers import KINDS
    >>> KINDS["MaxPool2d"].fields["stride"].default
    SameAs(name='kernel_size')
    """

    name: str


class Field:
    """A field of a kind, as declared.

    ``torch_default`` is what torch takes where the field is not given to it: the default, unless
    declared otherwise.

    >>> from shapecalc.layers import KINDS
    >>> found = KINDS["Conv2d"].fields["kernel_size"]
    >>> found.doc, found.letter, found.is_required
    ('size of a filter', 'F', True)
    """

    __slots__ = ("_read", "default", "doc", "infer", "letter", "name", "torch_default", "type")

    def __init__(
        self,
        type: FieldType[Any],
        doc: str,
        letter: str = "",
        default: Any = REQUIRED,
        infer: Callable[..., Any] | None = None,
        torch_default: Any = REQUIRED,
    ) -> None:
        self.name = ""
        self.type = type
        self.doc = doc
        self.letter = letter
        self.default = default
        self.infer = infer
        # without a default of its own, an inferred field has to be given to torch
        own = REQUIRED if infer is not None else default
        self.torch_default = own if torch_default is REQUIRED else torch_default
        self._read: dict[int, Any] = {}

    def default_at(self, rank: int) -> Any:
        """The default as it is read for so many axes of space; many layers ask for it.

        >>> from shapecalc.layers import KINDS
        >>> KINDS["Conv2d"].fields["stride"].default, KINDS["Conv2d"].fields["stride"].default_at(2)
        (1, (1, 1))
        """
        if rank not in self._read:
            self._read[rank] = self.type.read(self.default, rank)
        return self._read[rank]

    @property
    def is_required(self) -> bool:
        """Whether a spec has to give it."""
        return self.default is REQUIRED and self.infer is None


def field(
    type: FieldType[T],
    doc: str,
    *,
    letter: str = "",
    default: Any = REQUIRED,
    torch_default: Any = REQUIRED,
) -> T:
    """Declare a field. ``letter`` is what textbooks call it in formulas.

    ``torch_default`` is torch's default, where that is another. To the type checker the field is
    what a layer has of it, a value of the type's.
    """
    return cast("T", Field(type, doc, letter, default, torch_default=torch_default))


@overload
def inferred(
    infer: Callable[..., Any],
    doc: str,
    *,
    letter: str = "",
    torch_default: Any = REQUIRED,
) -> Dim: ...


@overload
def inferred(
    infer: Callable[..., Any],
    doc: str,
    *,
    type: FieldType[T],
    letter: str = "",
    torch_default: Any = REQUIRED,
) -> T: ...


def inferred(
    infer: Callable[..., Any],
    doc: str,
    *,
    type: FieldType[Any] | None = None,
    letter: str = "",
    torch_default: Any = REQUIRED,
) -> Any:
    """Declare a field that follows from the layer's inputs: ``infer(layer, *inputs)``.

    A spec may state it; then it is checked.
    """
    return Field(type or Whole(), doc, letter, None, infer, torch_default)
