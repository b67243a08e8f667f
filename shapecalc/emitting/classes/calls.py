"""Kinds that torch has as functions: their calls, and the batch where a shape asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from shapecalc.algebra.trace import Leaf, as_tree, untraced
from shapecalc.emitting import syntax
from shapecalc.emitting.classes.constructor import in_source
from shapecalc.emitting.names import EmitError
from shapecalc.emitting.numbers.known import Copy
from shapecalc.emitting.scope.scope import Scope, in_python
from shapecalc.emitting.syntax import Assign
from shapecalc.language.expression import Name, Number
from shapecalc.language.tree import Entry, Setting
from shapecalc.language.words import BATCH
from shapecalc.layers import KINDS
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
                tree = scope.setting(item, field, copies)
                found[f"{name}.{key}"] = self.body.values.in_forward(f"{entry.stem}_{key}", tree)
            elif all(copy.layer.infers(key) for copy in copies):
                found[f"{name}.{key}"] = Number(-1)
            else:
                found[f"{name}.{key}"] = self.batch_alone(scope, item, copies, inputs)
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
        if batch is None or not (is_left or all(map(_is_batch_alone, with_it))):
            raise self.no_batch(scope, setting)
        found = []
        for i, item in enumerate(items):
            if item not in with_it:
                tree = scope.setting(item, field, copies)
                found.append(self.body.values.in_forward(f"{entry.stem}_{name}_{i}", tree))
            else:
                found.append(batch if _is_batch_alone(item) else Number(-1))
        return syntax.Sequence(tuple(found))

    def batch_alone(
        self, scope: Scope, item: Setting, copies: Sequence[Copy], inputs: list[Any]
    ) -> Any:
        """A size that is the batch."""
        batch = self.batch(copies, inputs, is_left=False)
        if batch is None or not _is_batch_alone(item):
            raise self.no_batch(scope, item)
        return batch

    def no_batch(self, scope: Scope, setting: Setting) -> EmitError:
        """The error that nothing tells the batch where a setting asks for it."""
        hint = "write -1 for it, or for another size"
        return scope.error(setting.mark, "the batch is not known here", hint)

    def batch(self, copies: Sequence[Copy], inputs: list[Any], *, is_left: bool) -> Any | None:
        """The batch, as the first size of what holds it; None if that is not known."""
        held = [copy.built.inputs for copy in copies]  # type: ignore[union-attr]
        for i, tensor in enumerate(inputs[: min(map(len, held))]):  # a constant takes none
            fed = [each[i].shape[0] for each in held]
            if all(_is_batch(self.body.scope, copy, each) for copy, each in zip(copies, fed)):
                return _first_size(tensor)
        if is_left:
            return Number(-1)
        first = next(iter(self.body.inputs.values()), None)
        fed = [copy.inside.letters.get(BATCH) for copy in copies]
        own = [untraced(size) for size, copy in zip(fed, copies) if not copy.changed]
        if first is None or any(size != self.body.scope.known.values[BATCH] for size in own):
            return None
        if self.batch_size is None:
            self.batch_size = self.body.forward.variable("batch")
            kept = Assign(Name(self.batch_size, 0), _first_size(Name(first, 0)))
            self.body.forward.first.append(kept)
        return Name(self.batch_size, 0)

    def only(self, scope: Scope, entry: Entry, texts: set[str]) -> str:
        """The one text for all uses."""
        if len(texts) > 1:
            message = f"{entry.kind} has settings that change from use to use"
            raise scope.error(entry.mark, message, "write it for each use on its own")
        return texts.pop()


def _is_batch_alone(item: Setting) -> bool:
    return isinstance(item.content, Name) and item.content.name == BATCH


def _is_batch(scope: Scope, copy: Copy, size: Any) -> bool:
    """Whether a size is the network's batch, and no other first size that is called like it."""
    tree = as_tree(size)
    is_called_so = isinstance(tree, Leaf) and tree.letter == BATCH
    return is_called_so and (bool(copy.changed) or untraced(size) == scope.known.values[BATCH])


def _first_size(tensor: Any) -> Any:
    return syntax.replaced(syntax.read("_tensor_.shape[0]"), {"_tensor_": tensor})


def standing_inputs(inputs: list[Any]) -> tuple[list[str], dict[str, Any]]:
    """Names that stand for inputs in a kind's source, and what they mean."""
    meanings = {f"_x{i}_": tree for i, tree in enumerate(inputs)}
    return [*meanings], meanings
