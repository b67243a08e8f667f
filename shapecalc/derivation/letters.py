"""A layer's rules run on letters: what they compute, written down by the rules themselves."""

from __future__ import annotations

from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import prod, total
from shapecalc.algebra.trace import Leaf, Number, Traced
from shapecalc.build import Node
from shapecalc.layers import Layer, Tensor
from shapecalc.layers.field import Field

ALWAYS = frozenset("FSP")
"""Letters that a rule shows even where they have their default: it is not itself without them."""

AXES = {
    2: ("features",),
    3: ("channels", "length"),
    4: ("channels", "height", "width"),
    5: ("channels", "depth", "height", "width"),
}
"""What the dimensions behind the batch are called, by the number of dimensions."""

LETTERS = {
    1: ("B",),
    2: ("B", "C"),
    3: ("B", "C", "L"),
    4: ("B", "C", "H", "W"),
    5: ("B", "C", "T", "H", "W"),
}
"""The letters of a tensor's dimensions, by their number; depth is T, since D is dilation."""


class Lettered(NamedTuple):
    """What a layer's rules leave behind: every number with its derivation.

    ``shape`` is told of an input whose spatial sizes are all called N where the layer has
    windows, as textbooks do; the costs of one whose sizes are H and W, and H' and W' behind it.
    """

    settings: dict[str, Traced]
    shape: tuple[Any, ...]
    weights: dict[str, tuple[Any, ...]]
    params: Any
    macs: Any
    elementwise: Any


def lettered(node: Node) -> Lettered:
    """Run the rules of a layer in its place on letters."""
    layer, settings = _with_letters(node.layer)
    ahead = _input(node, "N" if node.layer.rank else None)
    shape = layer.output(ahead).shape
    x = _input(node, None)
    y = _output(layer.output(x))
    weights = layer.weights()
    return Lettered(
        settings=settings,
        shape=shape,
        weights=weights,
        params=total([prod(sizes) for sizes in weights.values()]),
        macs=layer.macs(x, y),
        elementwise=layer.elementwise(x, y),
    )


def axes(ndim: int) -> tuple[str, ...]:
    """The names of the dimensions behind the batch."""
    return AXES.get(ndim, tuple(f"dim {i}" for i in range(1, ndim)))


def _with_letters(layer: Layer) -> tuple[Layer, dict[str, Traced]]:
    """The layer with its sizes as letters, and the letters with what they stand for."""
    values = dict(vars(layer))
    settings: dict[str, Traced] = {}
    for name, declared in layer.fields.items():
        if declared.type.symbolic and _is_told(declared, values[name], layer.rank):
            values[name] = _lettered_field(declared, values[name], settings)
    traced = object.__new__(type(layer))
    traced.__dict__.update(values)
    return traced, settings


def _is_told(declared: Field, value: Any, rank: int) -> bool:
    """Whether a setting is worth a letter: it says something, or the rule needs it."""
    if value is None or isinstance(value, str):
        return False
    if declared.letter in ALWAYS or declared.infer is not None or declared.is_required:
        return True
    return bool(value != declared.type.read(declared.default, rank))


def _lettered_field(declared: Field, value: Any, settings: dict[str, Traced]) -> Any:
    letter = declared.letter or declared.name
    if not isinstance(value, tuple):
        settings[letter] = Traced.letter(letter, value)
        return settings[letter]
    names = [letter] * len(value)
    if any(size != value[0] for size in value):
        ends = {1: "L", 2: "HW", 3: "THW"}.get(len(value), "")
        names = [f"{letter}_{ends[i] if ends else i + 1}" for i in range(len(value))]
    traced = tuple(
        None if size is None else Traced.letter(name, size) for name, size in zip(names, value)
    )
    settings.update((name, each) for name, each in zip(names, traced) if each is not None)
    return traced


def _input(node: Node, spatial: str | None) -> Any:
    tensors = [
        _named(tensor, LETTERS.get(len(tensor.shape)), str(i + 1) if node.layer.joins else "", spatial)
        for i, tensor in enumerate(node.inputs)
    ]
    return tuple(tensors) if node.layer.joins else tensors[0]


def _named(
    tensor: Tensor, letters: tuple[str, ...] | None, suffix: str, spatial: str | None
) -> Tensor:
    sizes: list[Any] = []
    for i, size in enumerate(tensor.shape):
        letter = letters[i] if letters else f"N_{i}"
        if i == 0 and size == 1:
            sizes.append(1)  # a batch of one goes without saying
        else:
            own = spatial if spatial and i > 1 else letter
            sizes.append(Traced.letter(own + (suffix if i else ""), size))
    return Tensor(tuple(sizes), tensor.dtype)


def _output(tensor: Tensor) -> Tensor:
    """The output with sizes that took computing called H', W' and so on."""
    letters = LETTERS.get(len(tensor.shape)) or tuple(f"N_{i}" for i in range(len(tensor.shape)))
    sizes = [
        Traced.letter(f"{letter}'", size.value)
        if isinstance(size, Traced) and not isinstance(size.tree, (Leaf, Number))
        else size
        for letter, size in zip(letters, tensor.shape)
    ]
    return Tensor(tuple(sizes), tensor.dtype)
