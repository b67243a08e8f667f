"""Kinds that torch has as functions: their calls, and the batch where a shape asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from shapecalc.algebra.trace import Leaf, as_tree, untraced
from shapecalc.emitting import syntax
from shapecalc.emitting.classes.constructor import in_source
from shapecalc.emitting.names import EmitError
from shapecalc.emitting.numbers.known import Copy
from shapecalc.emitting.scope.outside import tensor_before
from shapecalc.emitting.scope.owner import in_network
from shapecalc.emitting.scope.scope import Scope, in_python
from shapecalc.emitting.syntax import Assign
from shapecalc.language.expression import Binary, Name, Number
from shapecalc.language.tree import Entry, Setting
from shapecalc.language.words import BATCH
from shapecalc.layers import KINDS, Layer, Tensor
from shapecalc.layers.field import Field
from shapecalc.layers.types import Text

if TYPE_CHECKING:
    from shapecalc.emitting.classes.body import Body


class Calls:
    """Writes the calls of functions."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.batch_size: str | None = None  # the variable that the batch is kept in

    def function(self, scope: Scope, entry: Entry, inputs: list[Any]) -> Any:
        """The call of a kind that torch has as a function."""
        copies = scope.copies(entry)
        given: dict[str, Any] = {}
        for name, field in KINDS[entry.kind].fields.items():
            given[name] = syntax.literal(in_python(getattr(copies[0].layer, name)))
            setting = entry.settings.get(name)
            if setting is not None and setting.kind == Setting.MAPPING:
                given |= self.by_name(scope, entry, name, inputs)
            elif setting is not None and BATCH in setting.names() - {*scope.arguments}:
                given[name] = self.with_batch(scope, entry, name, inputs)
            elif setting is not None and not isinstance(field.type, Text):
                tree = scope.setting(setting, field, copies)
                given[name] = self.body.values.in_forward(f"{entry.stem}_{name}", tree)
        texts, meanings = in_source(given)
        names, sources = standing_inputs(inputs)
        if self.body.entries.wanted(entry) and KINDS[entry.kind].returns_on_request:
            told = {copy.layer.requested(names, texts) for copy in copies}
        else:
            told = {copy.layer.function(names, texts) for copy in copies}
        only = self.only(scope, entry, told)
        found = syntax.replaced(syntax.read(only), {**meanings, **sources})
        return self.where_inputs_are(found) if entry.is_fed_by_nothing else found

    def where_inputs_are(self, made: Any) -> Any:
        """The call that makes a tensor of nothing, on the device that the first input is on."""
        first = next(iter(self.body.inputs.values()), None)
        if first is None or not isinstance(made, syntax.Invoke):
            return made
        device = syntax.Attribute(Name(first, 0), "device")
        return syntax.Invoke(made.function, made.positional, (*made.named, ("device", device)))

    def by_name(self, scope: Scope, entry: Entry, name: str, inputs: list[Any]) -> dict[str, Any]:
        """Sizes that have names; a batch that follows from the others is left to torch."""
        setting, field = entry.settings[name], KINDS[entry.kind].fields[name]
        copies = scope.copies(entry)
        found: dict[str, Any] = {}
        for key, item in setting.content.items():
            if BATCH not in item.names() - {*scope.arguments}:
                own = self.size(scope, f"{entry.stem}_{key}", item, field, copies)
                found[f"{name}.{key}"] = own
            elif all(copy.layer.infers(key) for copy in copies):
                found[f"{name}.{key}"] = Number(-1)
            else:
                own = self.batch_alone(scope, item, copies, inputs, KINDS[entry.kind])
                found[f"{name}.{key}"] = own
        return found

    def with_batch(self, scope: Scope, entry: Entry, name: str, inputs: list[Any]) -> Any:
        """Sizes in which the batch is written: that of an input of the entry, or of the network.

        Of a reshape without a -1 it is what is left.
        """
        kind, setting = KINDS[entry.kind], entry.settings[name]
        field = kind.fields[name]
        items = setting.items() or [setting]
        with_it = [item for item in items if BATCH in item.names()]
        is_left = name == kind.rest and len(with_it) == 1
        is_left = is_left and all(item.content != -1 for item in items)
        copies = scope.copies(entry)
        batch = self.batch(copies, inputs, is_left=is_left)
        times = [_times_batch(item.content) for item in with_it]
        if batch is None or not (is_left or all(times)):
            raise self.no_batch(scope, setting, kind)
        found = []
        for i, item in enumerate(items):
            place = f"{entry.stem}_{name}_{i}"
            if item not in with_it:
                found.append(self.size(scope, place, item, field, copies))
            elif _is_batch_alone(item):
                found.append(batch)
            elif is_left:
                found.append(Number(-1))
            else:
                rest = Setting(Setting.EXPRESSION, _times_batch(item.content), item.mark)
                found.append(Binary("*", batch, self.size(scope, place, rest, field, copies)))
        return syntax.Sequence(tuple(found))

    def size(
        self, scope: Scope, place: str, item: Setting, field: Field, copies: list[Copy]
    ) -> Any:
        """A size in which there is no batch."""
        return self.body.values.in_forward(place, scope.setting(item, field, copies))

    def batch_alone(
        self,
        scope: Scope,
        item: Setting,
        copies: Sequence[Copy],
        inputs: list[Any],
        kind: type[Layer],
    ) -> Any:
        """A size that is the batch."""
        batch = self.batch(copies, inputs, is_left=False)
        if batch is None or not _is_batch_alone(item):
            raise self.no_batch(scope, item, kind)
        return batch

    def no_batch(self, scope: Scope, setting: Setting, kind: type[Layer]) -> EmitError:
        """The error that nothing tells the batch where a setting asks for it."""
        hint = "write -1 for it, or for another size"
        if not kind.rest:  # where -1 is no rest
            hint = "write this entry in the list around, behind one that a batch goes through"
        return scope.error(setting.mark, "the batch is not known here", hint)

    def batch(self, copies: Sequence[Copy], inputs: list[Any], *, is_left: bool) -> Any | None:
        """The batch, as a size of what holds it, the first if it can; None if it is not known."""
        held = [copy.built.inputs for copy in copies]  # type: ignore[union-attr]
        taken = list(zip(inputs, zip(*held)))  # a constant takes none
        found = self.of_one(copies, taken)
        if found is not None or is_left:
            return found or Number(-1)
        if self.batch_size is None:
            come_in = [
                (Name(own, 0), [tensor_before(name, copy) for copy in copies])
                for name, own in self.body.inputs.items()
            ]
            found = self.of_one(copies, come_in)
            if found is None:
                return None
            self.batch_size = self.body.forward.variable("batch")
            self.body.forward.first.append(Assign(Name(self.batch_size, 0), found))
        return Name(self.batch_size, 0)

    def of_one(
        self, copies: Sequence[Copy], tensors: Iterable[tuple[Any, Sequence[Tensor | None]]]
    ) -> Any | None:
        """The size of a tensor that is the batch at all copies; of several, that of least axis."""
        shapes = [(tensor, [each.shape for each in own if each]) for tensor, own in tensors]
        known = [(tensor, own) for tensor, own in shapes if len(own) == len(copies)]
        most = max((len(each) for _, own in known for each in own), default=0)
        for axis in range(most):
            for tensor, own in known:
                fed = [each[axis : axis + 1] for each in own]
                if all(_is_batch(self.body.scope, copy, *size) for copy, size in zip(copies, fed)):
                    return _size(tensor, axis)
        return None

    def only(self, scope: Scope, entry: Entry, texts: set[str]) -> str:
        """The one text for all uses."""
        if len(texts) > 1:
            message = f"{entry.kind} has settings that change from use to use"
            raise scope.error(entry.mark, message, "write it for each use on its own")
        return texts.pop()


def _times_batch(tree: Any) -> Any | None:
    """What stands beside the batch in a product; None of what is no product with it once."""
    if isinstance(tree, Name) and tree.name == BATCH:
        return Number(1)
    if not isinstance(tree, Binary) or tree.operator != "*":
        return None
    sides = (tree.left, tree.right)
    own, *others = sorted(sides, key=lambda side: BATCH not in syntax.names(side))
    rest = _times_batch(own)
    if rest is None or any(BATCH in syntax.names(other) for other in others):
        return None
    return others[0] if rest == Number(1) else Binary("*", rest, others[0])


def _is_batch_alone(item: Setting) -> bool:
    return isinstance(item.content, Name) and item.content.name == BATCH


def _is_batch(scope: Scope, copy: Copy, size: Any = None) -> bool:
    """Whether a size is the network's batch, and no other first size that is called like it."""
    tree = as_tree(size)
    if isinstance(tree, Leaf) and tree.letter == BATCH and not scope.block:
        return bool(copy.changed) or untraced(size) == scope.known.values[BATCH]
    use = copy.use if copy.use.is_use else None
    told = in_network(scope.known, use, tree)
    return isinstance(told, Leaf) and told.letter == BATCH


def _size(tensor: Any, axis: int) -> Any:
    return syntax.replaced(syntax.read(f"_tensor_.shape[{axis}]"), {"_tensor_": tensor})


def standing_inputs(inputs: list[Any]) -> tuple[list[str], dict[str, Any]]:
    """Names that stand for inputs in a kind's source, and what they mean."""
    meanings = {f"_x{i}_": tree for i, tree in enumerate(inputs)}
    return [*meanings], meanings
