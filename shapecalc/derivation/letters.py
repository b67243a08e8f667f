"""A layer's rules run on letters: what they compute, written down by the rules themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import prod, total
from shapecalc.algebra.trace import Leaf, Traced, untraced
from shapecalc.graph.graph import Node
from shapecalc.layers import Layer, Tensor
from shapecalc.layers.axes import LETTERS, behind_batch
from shapecalc.layers.compound import ListOf
from shapecalc.layers.field import Field

ALWAYS = frozenset("FSP")
"""Letters that a rule shows even where they have their default: it is not itself without them."""

Sizes = tuple[Any, ...]


class Lettered(NamedTuple):
    """What a layer's rules leave behind: every number with its derivation.

    ``shape`` is told of an input whose spatial sizes are all called N where the layer has
    windows, as textbooks do; everything else of inputs whose sizes are H and W, and H' and W' of
    the output. ``fields`` are the names of the fields that letters stand for; ``layer`` is the
    layer with letters, ``x`` and ``y`` are what comes in and goes out. What not all readers ask
    for is worked out when it is asked for.
    """

    settings: dict[str, Traced]
    fields: dict[str, list[str]]
    layer: Layer
    x: tuple[Tensor, ...]
    y: Tensor
    shape: Sizes
    axes: tuple[str, ...]
    weights: dict[str, Sizes]

    @property
    def inputs(self) -> tuple[Sizes, ...]:
        """The sizes of what comes in."""
        return tuple(tensor.shape for tensor in self.x)

    @property
    def output(self) -> Sizes:
        """The sizes of what goes out, those that took computing as letters."""
        return self.y.shape

    @property
    def buffers(self) -> dict[str, Sizes]:
        """The sizes of what is kept and not learned."""
        return {name: tensor.shape for name, tensor in self.layer.buffers().items()}

    @property
    def params(self) -> Any:
        """How many weights there are."""
        return total([prod(sizes) for sizes in self.weights.values()])

    @property
    def macs(self) -> Any:
        """The multiply-accumulates."""
        return self.layer.macs(*self.x, y=self.y)

    @property
    def elementwise(self) -> Any:
        """The operations on single elements."""
        return self.layer.elementwise(*self.x, y=self.y)

    def named(self, first: int) -> list[tuple[str, Any]]:
        """The output's sizes with the names of their dimensions, from the ``first`` one on.

        Where no batch comes first, dimensions are only counted.
        """
        names = self.axes if first else [f"dimension {i}" for i in range(len(self.shape))]
        return list(zip(names, self.shape[first:]))


def lettered(node: Node) -> Lettered:
    """Run the rules of a layer in its place on letters."""
    settings: dict[str, Traced] = {}
    fields: dict[str, list[str]] = {}
    layer = _with_letters(node.layer, settings, fields)
    x = _inputs(node, layer)
    layer = _with_inferred(layer, x, settings, fields)
    output = layer.output(*x)
    names = _names(layer, len(output.shape), last=_is_features_last(x))
    return Lettered(
        settings=settings,
        fields=fields,
        layer=layer,
        x=x,
        y=_output(output, names),
        shape=_told_shape(layer, x) if layer.rank else output.shape,
        axes=_axes(layer, x, output, names),
        weights=layer.weights(),
    )


def is_letter(size: Any) -> bool:
    """Whether a size is a letter, nothing computed."""
    return isinstance(size, Traced) and isinstance(size.tree, Leaf)


# -- settings ----------------------------------------------------------------------------------


def _with_letters(layer: Layer, settings: dict[str, Traced], fields: dict[str, list[str]]) -> Layer:
    """The layer with its sizes as letters; what follows from the input is left as it is."""
    values = dict(vars(layer))
    for name, declared in layer.fields.items():
        if declared.infer is None and _is_told(declared, values[name], layer):
            values[name] = _lettered(declared, values[name], settings, fields)
    return _replaced(layer, values)


def _is_told(declared: Field, value: Any, layer: Layer) -> bool:
    """Whether a setting is worth a letter: it says something, or the rule needs it."""
    if not declared.type.symbolic or value is None or isinstance(value, str):
        return False
    if isinstance(declared.type, ListOf) or (isinstance(value, int) and value < 0):
        return False  # places in a list have no letters; a negative number is no size
    if declared.letter in ALWAYS or declared.is_required:
        return True
    return bool(value != layer.default_of(declared.name))


def _lettered(
    declared: Field, value: Any, settings: dict[str, Traced], fields: dict[str, list[str]]
) -> Any:
    letter = declared.letter or declared.name
    if not isinstance(value, tuple):
        settings[letter] = Traced.letter(letter, value)
        fields.setdefault(letter, []).append(declared.name)
        return settings[letter]
    names = [letter] * len(value)
    if any(size != value[0] for size in value):
        ends = {1: "L", 2: "HW", 3: "THW"}.get(len(value), "")
        names = [f"{letter}_{ends[i] if ends else i + 1}" for i in range(len(value))]
    traced = tuple(Traced.letter(name, size) for name, size in zip(names, value))
    settings.update(zip(names, traced))
    for name in dict.fromkeys(names):
        fields.setdefault(name, []).append(declared.name)
    return traced


def _with_inferred(
    layer: Layer, x: tuple[Tensor, ...], settings: dict[str, Traced], fields: dict[str, list[str]]
) -> Layer:
    """The layer with the fields that follow from its input read off the lettered input."""
    values = dict(vars(layer))
    for name, declared in layer.fields.items():
        if declared.infer is not None:
            values[name] = declared.infer(layer, *x)
            for size in values[name] if isinstance(values[name], tuple) else (values[name],):
                letter = size.tree.letter if is_letter(size) else declared.letter or name
                settings[letter] = size if isinstance(size, Traced) else Traced.letter(letter, size)
                fields.setdefault(letter, []).append(name)
    return _replaced(layer, values)


def _replaced(layer: Layer, values: dict[str, Any]) -> Layer:
    replaced = object.__new__(type(layer))
    replaced.__dict__.update(values)
    return replaced


# -- inputs and output -------------------------------------------------------------------------


def _inputs(node: Node, layer: Layer) -> tuple[Tensor, ...]:
    """The inputs in letters: those of several are numbered where they need not be the same."""
    tensors = node.inputs
    if declared := _as_declared(layer, tensors):
        return declared
    plain = [_named(tensor, _names(layer, len(tensor.shape), last=False)) for tensor in tensors]
    if _takes_last(layer, tuple(plain)):
        plain = [_named(tensor, _names(layer, len(tensor.shape), last=True)) for tensor in tensors]
    if len(plain) < 2:
        return tuple(plain)
    numbered = [_renamed(tensor, f"{{}}{i}".format) for i, tensor in enumerate(plain, start=1)]
    return _united(layer, numbered)


def _as_declared(layer: Layer, tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The inputs in the letters that the kind declares; none where they are of another form."""
    names = [each.split() for each in layer.letters]
    if [len(each) for each in names] != [len(tensor.shape) for tensor in tensors]:
        return ()
    found = []
    for own, tensor in zip(names, tensors):
        if any(name.isdigit() and int(name) != size for name, size in zip(own, tensor.shape)):
            return ()
        sizes: list[Any] = [
            size if name.isdigit() or (name == "B" and size == 1) else Traced.letter(name, size)
            for name, size in zip(own, map(untraced, tensor.shape))
        ]
        found.append(tensor.with_shape(sizes))
    return tuple(found)


def _names(layer: Layer, ndim: int, *, last: bool) -> tuple[str, ...]:
    """The names of a tensor's dimensions behind the batch; ``last`` are features, not channels."""
    if layer.axes:
        return (*layer.axes, "features")[: ndim - 1]
    return (*behind_batch(ndim)[1:], "features") if last and ndim > 2 else behind_batch(ndim)


def _letters(names: tuple[str, ...]) -> tuple[str, ...]:
    """The letters of a tensor's dimensions by their names, the batch included."""
    return ("B", *(LETTERS.get(name, f"N_{i}") for i, name in enumerate(names, start=1)))


def _takes_last(layer: Layer, x: tuple[Tensor, ...]) -> bool:
    """Whether what follows from the input follows from its last dimension, as in torch's Linear."""
    found: list[Any] = []
    for declared in layer.fields.values():
        if declared.infer is not None:
            sizes = declared.infer(layer, *x)
            found += sizes if isinstance(sizes, tuple) else [sizes]
    trees = [size.tree for size in found if isinstance(size, Traced)]
    last = any(_tree(tensor.shape[-1]) in trees for tensor in x)
    return last and not any(_tree(tensor.shape[1]) in trees for tensor in x)


def _is_features_last(x: tuple[Tensor, ...]) -> bool:
    shape: Any = x[0].shape if x else ()
    return len(shape) > 2 and is_letter(shape[-1]) and shape[-1].tree.letter[:1] == "C"


def _tree(size: Any) -> Any:
    return size.tree if isinstance(size, Traced) else None


def _named(tensor: Tensor, names: tuple[str, ...]) -> Tensor:
    letters = _letters(names)
    sizes: list[Any] = [Traced.letter(name, size) for name, size in zip(letters, tensor.shape)]
    if sizes and untraced(sizes[0]) == 1:
        sizes[0] = 1  # a batch of one goes without saying
    return Tensor(tuple(sizes), tensor.dtype)


def _renamed(tensor: Tensor, name: Callable[[str], str]) -> Tensor:
    """The tensor with the letters behind the batch rewritten."""
    shape: Any = tensor.shape
    sizes: Any = (Traced.letter(name(size.tree.letter), size.value) for size in shape[1:])
    return Tensor((*shape[:1], *sizes), tensor.dtype)


def _with_one_letter(tensor: Tensor) -> Tensor:
    """The tensor with all spatial sizes called N, as textbooks have it."""
    sizes: Any = (Traced.letter("N", untraced(size)) for size in tensor.shape[2:])
    return Tensor((*tensor.shape[:2], *sizes), tensor.dtype)


def _told_shape(layer: Layer, x: tuple[Tensor, ...]) -> Sizes:
    """The sizes of what goes out where all spatial sizes of what comes in are called N."""
    ahead = tuple(map(_with_one_letter, x))
    return _with_inferred(layer, ahead, {}, {}).output(*ahead).shape


def _united(layer: Layer, x: list[Tensor]) -> tuple[Tensor, ...]:
    """The inputs of a join with one letter for the sizes that it requires to be the same.

    That is read off its requirements: a letter that has to equal another is called like it, and
    loses its number where the others of its kind do.
    """
    letters = [_tree(size).letter for tensor in x for size in tensor.shape[1:]]
    names = dict(zip(letters, letters))
    alike = {letter: [letter] for letter in letters}  # the letters of one name, by that name
    for first, second in _equated(layer, tuple(x)):
        if not {first, second} <= names.keys():  # the batch is called the same already
            continue
        old, new = names[second], names[first]
        if old != new:
            moved = alike.pop(old)
            alike[new] += moved
            names.update(dict.fromkeys(moved, new))
    for name, own in alike.items():
        base = name.rstrip("0123456789")
        every = {f"{base}{i}" for i in range(1, len(x) + 1)} if len(own) > 1 else set()
        if set(own) == every & names.keys():
            names.update(dict.fromkeys(own, base))
    return tuple(_renamed(tensor, names.__getitem__) for tensor in x)


def _equated(layer: Layer, x: tuple[Tensor, ...]) -> Iterator[tuple[str, str]]:
    """The letters that a join requires to stand for the same size."""
    for requirement in _with_inferred(layer, x, {}, {}).requires(*x):
        left, right = _tree(requirement.left), _tree(requirement.right)
        if requirement.relation == "==" and isinstance(left, Leaf) and isinstance(right, Leaf):
            yield left.letter, right.letter


def _output(tensor: Tensor, names: tuple[str, ...]) -> Tensor:
    """The output with sizes that took computing called H', W' and so on."""
    sizes = [
        Traced.letter(f"{letter}'", size.value)
        if isinstance(size, Traced) and not isinstance(size.tree, Leaf)
        else size
        for letter, size in zip(_letters(names), tensor.shape)
    ]
    return Tensor(tuple(sizes), tensor.dtype)


def _axes(
    layer: Layer, x: tuple[Tensor, ...], output: Tensor, names: tuple[str, ...]
) -> tuple[str, ...]:
    """What the output's dimensions are called; only counted where they are not the input's."""
    ndim = len(output.shape)
    if ndim == 2:
        return behind_batch(ndim)
    if layer.axes or (layer.rank and ndim == layer.rank + 2):
        return names
    places = {tree: i for t in x for i, size in enumerate(t.shape) if (tree := _tree(size))}
    moved = any(places.get(_tree(size), i) != i for i, size in enumerate(output.shape))
    if moved or any(len(tensor.shape) != ndim for tensor in x):
        return tuple(f"dimension {i}" for i in range(1, ndim))
    return names
