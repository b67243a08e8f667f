"""Whose names a scope has: a block in all its uses, and what uses give besides arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias

from shapecalc.algebra.trace import Leaf, Tree, as_tree
from shapecalc.algebra.trace import Number as TracedNumber
from shapecalc.emitting.names import variable
from shapecalc.emitting.numbers.agree import Sample
from shapecalc.emitting.numbers.choices import moved
from shapecalc.emitting.numbers.entries import every, settings_of
from shapecalc.emitting.numbers.known import Copy, Known
from shapecalc.emitting.numbers.lettered import KNOWN, LONGEST, meaning_of
from shapecalc.emitting.numbers.trees import cancelled, length, letters_in
from shapecalc.graph.graph import Node, Part
from shapecalc.language.expression import Name
from shapecalc.language.tree import Block
from shapecalc.language.words import TENSOR_NAMES

FEATURES = "in_features"
"""What the last size of an input is called where channels are last."""


class PerCopy(NamedTuple):
    """A number for each copy of an entry, where no expression tells them all."""

    trees: tuple[Tree, ...]


Given: TypeAlias = "Tree | PerCopy"
"""What a use of a block is given: a number, or one for each copy of an entry inside of it."""


class Owner(NamedTuple):
    """The block, or the network, whose names a scope has, and its uses in all the builds.

    ``extras`` are numbers that hang on the input's size and have to be given, for each use.
    ``features`` says what the letter of the input's last size is called, where channels are last
    and the constructor asks for them; ``seen`` are the arguments that are sizes of the input, which
    forward sees, and ``fixed`` the values of those that follow from what is no parameter. ``same``
    says of sizes which argument or symbol they are at every use. ``length`` is the size of the
    input that is the length of a sequence, whose features stand behind or before it. ``further``
    are the sizes of other inputs than the first.
    """

    block: Block | None
    uses: list[Part]
    sizes: list[str]
    extras: dict[str, dict[int, Given]]
    features: dict[str, str]
    seen: dict[str, str]
    fixed: dict[str, Any]
    same: dict[str, str]
    length: str = ""
    further: tuple[str, ...] = ()


def owner_of(known: Known, block: Block, uses: list[Part]) -> Owner:
    """A block as the owner of names."""
    fixed = _fixed(known, block, uses)
    length = _length(known, uses)
    sizes, further = known_sizes(known, block, uses)
    same = _same(known, block, uses, sizes)
    sizes = [name for name in sizes if name not in same]
    seen = _seen(known, block)
    owner = Owner(block, uses, sizes, {}, {}, seen, fixed, same, length, tuple(further))
    last = {known.inside(use).sizes[-1] for use in uses}
    if len(last) != 1 or last & {*owner.sizes} or not any(_are_last(known, use) for use in uses):
        return owner
    letter = last.pop()
    letters = [known.inside(use).letters for use in uses]
    alike = (name for name in block.arguments if all(e.get(name) == e[letter] for e in letters))
    name = next(alike, None)
    if name is None:
        name = variable(FEATURES, {*block.arguments, *known.spec.symbols})
        owner.extras[name] = {
            id(use): Leaf(letter, known.inside(use).letters[letter]) for use in uses
        }
    owner.features[letter] = name
    owner.seen.update(_seen(known, block, "in_channels"))
    return owner


def _same(known: Known, block: Block, uses: list[Part], sizes: list[str]) -> dict[str, str]:
    """Which required argument, or knob, a size of the input is at every use, by its derivation.

    Sizes that the block itself asks for by their names stay what they are.
    """
    settings = [each for entry in every(block.entries) for each in settings_of(entry)]
    settings += [default for default in block.arguments.values() if default is not None]
    asked = {name for setting in settings for name in setting.names()}
    required = [name for name, default in block.arguments.items() if default is None]
    found: dict[str, str] = {}
    for size in sizes:
        letters = [known.inside(use).letters.get(size) for use in uses]
        if size in asked or None in letters or len(set(letters)) == 1:
            continue
        for name in (*required, *known.symbols[block.name]):
            is_argument = name in block.arguments
            if (is_argument or name in known.knobs) and all(
                _is_same(known, use, size, name, is_argument=is_argument) for use in uses
            ):
                found.setdefault(size, name)
    return found


def _is_same(known: Known, use: Part, size: str, name: str, *, is_argument: bool) -> bool:
    """Whether a size is, at a use, what an argument is given, or a symbol."""
    outside = known.inside(use).outside
    if is_argument:  # of a list nothing is told
        return outside[size] == outside.get(name) and not isinstance(outside[size], TracedNumber)
    tree = in_network(known, _outer_use(use), outside[size])
    return isinstance(tree, Leaf) and tree.letter == name


def in_network(known: Known, use: Part | None, tree: Tree) -> Tree:
    """A size in a use of a block as it is told in the network, as far as it is told and short."""
    while use is not None and letters_in(tree):
        around = known.inside(use).outside
        if not letters_in(tree) <= around.keys() or length(tree, LONGEST) > LONGEST:
            break
        tree, use = as_tree(moved(tree, meaning_of(around))), _outer_use(use)
        tree = cancelled(tree if use is not None else as_tree(moved(tree, _of_input)))
    return tree


def _of_input(leaf: Leaf) -> Tree:
    """A size of the network's input that is no symbol is the number that it is."""
    return TracedNumber(leaf.value) if leaf.letter in TENSOR_NAMES else leaf


def _outer_use(use: Part) -> Part | None:
    """The use of a block that a use stands in; None in the network itself."""
    part = use.parent
    while part is not None and not part.is_use:
        part = part.parent
    return part


def _fixed(known: Known, block: Block, uses: list[Part]) -> dict[str, Any]:
    """The arguments that no use gives, and whose defaults follow from symbols that are no knobs."""
    given = known.given_to(block)
    symbols = known.spec.symbols.keys() - known.knobs - block.arguments.keys()
    return {
        name: known.inside(uses[0]).letters[name]
        for name, default in block.arguments.items()
        if name not in given and default is not None and not default.is_constant
        if default.names() <= symbols and default.names() and default.items() is None
    }


def _seen(known: Known, block: Block, *more: str) -> dict[str, str]:
    """The arguments that no use gives, and that are height or width by default."""
    sizes = {"in_height", "in_width", *more}
    given = known.given_to(block)
    return {
        name: default.content.name
        for name, default in block.arguments.items()
        if name not in given and default is not None and isinstance(default.content, Name)
        if default.content.name in sizes - block.arguments.keys()
    }


def _are_last(known: Known, use: Part) -> bool:
    """Whether weights in a use hang on the last size of its input, and none on the first."""
    return len(known.inside(use).sizes) > 3 and _is_last(known, use)


def _length(known: Known, uses: list[Part]) -> str:
    """The size of an input that is a length, where weights in all uses hang on the other alone."""
    if any(len(known.inside(use).sizes) != 3 for use in uses):
        return ""
    if all(_is_last(known, use) for use in uses):
        return known.inside(uses[0]).sizes[1]
    return known.inside(uses[0]).sizes[2] if all(_is_first(known, use) for use in uses) else ""


def _is_last(known: Known, use: Part) -> bool:
    sizes = known.inside(use).sizes
    return _decides(known, use, sizes[-1]) and not _decides(known, use, sizes[1])


def _is_first(known: Known, use: Part) -> bool:
    sizes = known.inside(use).sizes
    return _decides(known, use, sizes[1]) and not _decides(known, use, sizes[-1])


def _decides(known: Known, use: Part, size: str) -> bool:
    """Whether weights in a use hang on one size of its input, but on no other beside channels."""
    asked = id(use), size
    if asked not in known.decisive:
        known.decisive[asked] = _is_decisive(known, use, size)
    return known.decisive[asked]


def _is_decisive(known: Known, use: Part, size: str) -> bool:
    others = {*known.inside(use).sizes[2:]} - {size}
    for child in _inside(use):
        if isinstance(child, Node):
            trees = [as_tree(each) for each in _inferred(child)]
        else:
            own = known.inside(child)
            first = known.first(child)
            trees = [own.outside[n] for n in own.sizes if _decides(known, first, n)]
        for tree in trees:
            if _hangs_on(tree, size) and not any(_hangs_on(tree, each) for each in others):
                return True
    return False


def _hangs_on(tree: Any, letter: str) -> bool:
    """Whether there is a letter in a derivation."""
    if isinstance(tree, Leaf):
        return tree.letter == letter
    return isinstance(tree, tuple) and any(_hangs_on(part, letter) for part in tree)


def _inside(part: Part) -> Iterator[Node | Part]:
    """The layers and uses of blocks in a part."""
    for child in part.children:
        if isinstance(child, Part) and not child.is_use:
            yield from _inside(child)
        else:
            yield child


def _inferred(node: Node) -> Iterator[Any]:
    """The numbers of a layer that follow from its input."""
    for name, field in node.layer.fields.items():
        if field.infer is not None:
            value = getattr(node.layer, name)
            yield from value if isinstance(value, tuple) else (value,)


def known_sizes(known: Known, block: Block, uses: Iterable[Part]) -> tuple[list[str], list[str]]:
    """The sizes of a block's inputs that a constructor may be given: what is not always the same.

    Those of the first input, and those of others.
    """
    found: dict[str, set[Any]] = {}
    hanging: set[str] = set()
    for use in uses:
        inside = known.inside(use)
        for tensor in inside.inputs.values():
            for name in _letters(tensor.shape):
                found.setdefault(name, set()).add(inside.letters[name])
                if not isinstance(inside.outside[name], TracedNumber):
                    hanging.add(name)
    changing = [name for name, met in found.items() if len(met) > 1 or name in hanging]
    own = [name for name in changing if name.rstrip("_") in KNOWN]
    return own, [name for name in changing if name not in own and is_size(name, block)]


def _letters(shape: Iterable[Any]) -> Iterator[str]:
    """The letters of the sizes of what comes in."""
    for tree in map(as_tree, shape):
        if isinstance(tree, Leaf):
            yield tree.letter


def by_use(samples: list[Sample], copies: list[Copy]) -> dict[int, Given] | None:
    """What each use has to be given: one number if all copies in it have the same.

    None where a number hangs on copies of more than one entry around it.
    """
    found: dict[int, dict[int, Tree]] = {}
    for each, copy in zip(samples, copies):
        tree = each.tree
        if "index" in letters_in(tree):
            tree = as_tree(moved(tree, _at_its_index))
        own = found.setdefault(id(copy.use), {})
        if own.setdefault(each.number or 0, tree) != tree:
            return None
    if all(len(set(trees.values())) == 1 for trees in found.values()):
        return {use: next(iter(trees.values())) for use, trees in found.items()}
    return {
        use: PerCopy(tuple(trees.get(i, TracedNumber(0)) for i in range(max(trees) + 1)))
        for use, trees in found.items()
    }


def _at_its_index(leaf: Leaf) -> Tree:
    return TracedNumber(leaf.value) if leaf.letter == "index" else leaf


def fits(given: dict[int, Given], known: dict[int, Given]) -> bool:
    """Whether a parameter that uses are given already is what they have to be given."""
    forms = {isinstance(each, PerCopy) for each in (*given.values(), *known.values())}
    return len(forms) == 1 and all(known.get(use, each) == each for use, each in given.items())


def is_size(name: str, block: Block | None) -> bool:
    """Whether a parameter is called like a size of an input, which goes before all others."""
    others = block.inputs[1:] if block is not None else []
    called = (f"{each}_{size.removeprefix('in_')}" for each in others for size in KNOWN)
    return name.rstrip("_") in (*KNOWN, *called)
