"""One class: its constructor makes the submodules, its forward runs them in the spec's order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.trace import Leaf, untraced
from shapecalc.graph import Node, Part
from shapecalc.emit.agree import Sample, agree, sample
from shapecalc.emit.letters import DIMENSIONS, KNOWN
from shapecalc.emit.names import EmitError, clash, plain_text, variable
from shapecalc.emit.source import WIDTH, Code, Each, Make, flat, lines, literal, parsed, write
from shapecalc.layers import KINDS, Layer
from shapecalc.layers.field import REQUIRED, Field, Flag, Number, SameAs
from shapecalc.spec import expression
from shapecalc.spec.expression import Expression
from shapecalc.spec.parse import TENSOR_NAMES
from shapecalc.spec.problem import Mark
from shapecalc.spec.tree import Block, Branch, Entry, Setting

if TYPE_CHECKING:
    from shapecalc.emit.module import _Emitter

MOST_BESIDE = 60
"""The longest comment of a shape, in characters."""


class ClassSource(NamedTuple):
    """A class that has been written, and what a call of its constructor has to find.

    ``sizes`` are sizes of the input, ``knobs`` symbols of the spec, and ``extras`` numbers that
    hang on the input's size, known for each use, by the identity of its part.
    """

    name: str
    sizes: list[str]
    knobs: list[str]
    extras: dict[str, dict[int, int]]
    text: list[str]


class Copy(NamedTuple):
    """One copy of an entry in one use of the class: what was built, its letters, its number."""

    built: Node | Part
    use: Part
    letters: dict[str, Any]
    index: int | None

    @property
    def output(self) -> Any:
        """The shape that comes out."""
        if isinstance(self.built, Node):
            return self.built.output.shape
        return self.built.output.tensor.shape if self.built.output else ()


Holders = list[tuple[Part, Part]]
"""For every use of the class: the part that holds a list's layers there, and the use itself."""


class ClassWriter:
    """Writes one class: the network's, or a block's for all its uses at once."""

    def __init__(
        self,
        emitter: _Emitter,
        name: str,
        entries: list[Entry],
        uses: list[Part],
        block: Block | None = None,
    ) -> None:
        self.emitter = emitter
        self.name = name
        self.entries = entries
        self.uses = uses
        self.block = block
        self.init: list[str] = []
        self.forward: list[str] = []
        self.needed: set[str] = set()
        self.extras: dict[str, dict[int, int]] = {}
        self.variables: dict[str, str] = {}
        self.attributes: dict[str, str] = {}
        self.optional: set[str] = set()
        self.last_comment = ""
        spec = emitter.spec
        self.inputs = ["input"] if block else list(spec.inputs)
        self.outputs = [] if block else [reference.name for reference in spec.outputs]
        self.referenced = {*_referenced(entries), *self.outputs}
        arguments = frozenset(block.arguments) if block else frozenset()
        self.allowed = arguments | frozenset(spec.symbols) - _size_symbols(emitter)
        if block is not None:
            self.allowed |= frozenset(KNOWN)

    # -- the class as a whole -----------------------------------------------------------------

    def write(self) -> ClassSource:
        for name in self.inputs:
            self.variables[name] = "x" if name == "input" else variable(name, frozenset({"x"}))
        first = self.variables[self.inputs[0]]
        keeps_input = first in self.variables.values() and self.inputs[0] in self.referenced
        running = "out" if keeps_input else "x"
        holders = [(use, use) for use in self.uses]
        last = self.chain(self.entries, holders, first, "self.{}", running)
        returns, result = self.result(last)
        sizes = [name for name in KNOWN if self.block and name in self.needed]
        arguments = self.block.arguments if self.block else {}
        knobs = [n for n in self.emitter.spec.symbols if n in self.needed and n not in arguments]
        takes = [f"{self.variables[name]}: Tensor" for name in self.inputs]
        text = [
            f"class {self.name}(nn.Module):",
            f'    """{self.doc()}"""',
            "",
            *_signature("__init__", self.parameters(sizes, knobs), "None"),
            "        super().__init__()",
            *self.init,
            "",
            *_signature("forward", takes, returns),
            *self.forward,
            f"        return {result}",
        ]
        return ClassSource(self.name, sizes, knobs, self.extras, text)

    def doc(self) -> str:
        if self.block is None:
            return f"{plain_text(self.emitter.report.name)}."
        return f"A block of {plain_text(self.emitter.report.name)}."

    def parameters(self, sizes: list[str], knobs: list[str]) -> list[str]:
        """The constructor's parameters, those without a default first."""
        needed = [f"{name}: int" for name in sizes]
        optional = []
        for name, default in (self.block.arguments if self.block else {}).items():
            if default is not None and not default.is_constant:
                self.init[:0] = self.default_lines(name, default)
                if not self.is_given(name):
                    continue
                optional.append(f"{name}: {self.annotation(name)} | None = None")
            elif default is None:
                needed.append(f"{name}: {self.annotation(name)}")
            else:
                value = literal(_in_python(default.value({})))
                optional.append(f"{name}: {self.annotation(name)} = {value}")
        for name in knobs:
            value = self.emitter.values[name]
            kind = "Fraction" if isinstance(value, Fraction) else "int"
            if self.block is None:
                optional.append(f"{name}: {kind} = {write(expression.Number(value))}")
            else:
                needed.append(f"{name}: {kind}")
        needed += [f"{name}: int" for name in self.extras]
        return [*needed, *optional]

    def annotation(self, name: str) -> str:
        kinds = {
            _annotation(self.emitter.lettered.letters[id(use)].get(name)) for use in self.uses
        }
        return " | ".join(sorted(kinds))

    def is_given(self, name: str) -> bool:
        return any(use.entry is not None and name in use.entry.settings for use in self.uses)

    def default_lines(self, name: str, default: Setting) -> list[str]:
        """An argument whose default is an expression is worked out in the constructor."""
        copies = [self.copy(use, use, None) for use in self.uses]
        line = f"{name} = {self.setting(default, None, copies, inside=True)}"
        if not self.is_given(name):
            return [f"        {line}"]
        return [f"        if {name} is None:", f"            {line}"]

    def result(self, last: str) -> tuple[str, str]:
        """What forward returns: its type, and its expression."""
        present = [name for name in self.outputs if name in self.variables]
        if not present:
            return "Tensor", last
        told = ", ".join(self.variables[name] for name in present)
        if any(name in self.optional for name in present):
            return "tuple[Tensor, ...]", f"tuple(y for y in ({told}) if y is not None)"
        return ("Tensor" if len(present) == 1 else "tuple[Tensor, ...]"), told

    # -- lists of entries ---------------------------------------------------------------------

    def chain(
        self, entries: list[Entry], holders: Holders, current: str, target: str, running: str
    ) -> str:
        """Write the entries of a list; the variable that holds what comes out at its end.

        ``target`` is how a submodule of the list is referred to, and ``running`` the variable
        that goes from entry to entry where none has to be kept.
        """
        for position, entry in enumerate(entries):
            copies = list(self.copies(entry, holders))
            if not copies:  # left out in every use
                continue
            self.check_name(entry)
            sources = [current] if entry.sources is None else self.sources(entry)
            name = running
            if entry.name in self.referenced:
                name = variable(entry.name, frozenset(self.variables.values()))
            condition = self.condition(entry, holders)
            following = entries[position + 1 : position + 2]
            goes_on = not following or following[0].sources is None
            guard, text = self.entry(entry, copies, holders, sources, target, condition)
            comment = self.comment(self.shape(copies))
            if condition is None:
                self.forward += _statement(name, text, comment, 8)
                self.variables[entry.name] = current = name
            elif goes_on:
                self.refuse_optional_output(entry)
                if name != current:
                    self.forward.append(f"        {name} = {current}")
                self.forward += [f"        if {guard}:", *_statement(name, text, comment, 12)]
                self.variables[entry.name] = current = name
            else:
                self.forward += [
                    f"        {name} = None",
                    f"        if {guard}:",
                    *_statement(name, text, comment, 12),
                ]
                self.variables[entry.name] = name
                self.optional.add(entry.name)
        return current

    def refuse_optional_output(self, entry: Entry) -> None:
        if entry.name in self.outputs:
            hint = "feed the entry below it with 'from', or leave it out of 'outputs'"
            message = f"output {entry.name!r} may be left out, and what follows is fed from it"
            raise self.error(entry.mark, message, hint)

    def copy(self, built: Node | Part, use: Part, index: int | None) -> Copy:
        return Copy(built, use, self.emitter.lettered.letters[id(use)], index)

    def copies(self, entry: Entry, holders: Holders) -> Iterator[Copy]:
        """What was built of an entry in all uses of the class, copy by copy."""
        for holder, use in holders:
            for child in _built(holder, entry):
                if entry.repeat is None:
                    yield self.copy(child, use, None)
                    continue
                assert isinstance(child, Part)
                for each in _built(child, entry):
                    yield self.copy(each, use, int(each.path.rpartition(".")[2]))

    def sources(self, entry: Entry) -> list[str]:
        found = []
        for name, mark in entry.sources or ():
            if name in self.optional or name not in self.variables:
                raise self.error(mark, f"{name!r} may be left out, and feeds what may not be")
            found.append(self.variables[name])
        return found

    def condition(self, entry: Entry, holders: Holders) -> str | None:
        """The condition of an entry as source; None if it is always there."""
        if entry.when is None or entry.when.expression is None:
            return None
        if not expression.names(entry.when.expression):
            return None
        if any(name.name == "index" for name in expression.names(entry.when.expression)):
            raise self.error(entry.when.mark, "a 'when' that depends on 'index' cannot be written")
        copies = [self.copy(holder, use, None) for holder, use in holders]
        for name in expression.names(entry.when.expression):
            if name.name in TENSOR_NAMES and name.name not in copies[0].letters:
                hint = "give the block an argument for it"
                message = f"'when' asks for {name.name} of a tensor that is not the block's input"
                raise self.error(entry.when.mark, message, hint)
            self.needed.add(name.name)
        return write(entry.when.expression)

    def check_name(self, entry: Entry) -> None:
        if why := clash(entry.name):
            raise self.error(entry.mark, why, "give the entry another name")

    def error(self, mark: Mark, message: str, *notes: str) -> EmitError:
        return EmitError(self.emitter.spec.source, mark, message, *notes)

    # -- one entry ----------------------------------------------------------------------------

    def entry(
        self,
        entry: Entry,
        copies: list[Copy],
        holders: Holders,
        sources: list[str],
        target: str,
        condition: str | None,
    ) -> tuple[str, str]:
        """Write what an entry needs in the constructor; its guard and its call in forward."""
        kind = KINDS.get(entry.kind)
        if entry.branches is not None:
            sources = self.branches(entry, entry.branches, holders, sources[0], target)
        if kind is not None and not kind.in_torch:
            return self.function(entry, copies, sources, condition)
        attribute = target.format(entry.name)
        self.attributes[entry.name] = attribute
        self.declare(attribute, self.module(entry, copies), condition)
        self.share(entry, copies, attribute)
        layer = copies[0].built.layer if isinstance(copies[0].built, Node) else None
        text = layer.call(attribute, sources) if layer and entry.repeat is None else (
            f"{attribute}({', '.join(sources)})"
        )
        return f"{attribute} is not None", text

    def function(
        self, entry: Entry, copies: list[Copy], sources: list[str], condition: str | None
    ) -> tuple[str, str]:
        """A kind that torch has as a function."""
        if entry.repeat is not None:
            message = f"copies of {entry.kind}, which is no module, cannot be chained"
            raise self.error(entry.mark, message, "put it in a block, and repeat that")
        guard = ""
        if condition is not None:
            guard = f"self.has_{entry.name}"
            self.init.append(f"        {guard} = bool({condition})")
        layer = _layer(copies[0])
        settings = {
            name: self.setting(entry.settings[name], field, copies)
            if name in entry.settings
            else literal(getattr(layer, name))
            for name, field in layer.fields.items()
        }
        return guard, layer.function(sources, settings)

    def declare(self, attribute: str, code: Code, condition: str | None) -> None:
        if condition is None:
            self.init += lines(code, 8, f"{attribute} = ")
        else:
            self.init += [
                f"        {attribute} = None",
                f"        if {condition}:",
                *lines(code, 12, f"{attribute} = "),
            ]

    def module(self, entry: Entry, copies: list[Copy]) -> Code:
        """The constructor's call for an entry, in a Sequential if it is repeated."""
        one = self.use(entry, copies) if entry.block else self.layer(entry, copies)
        if entry.repeat is None:
            return one
        variable_name = "index" if "index" in _words(flat(one)) else "_"
        holders = [self.copy(copy.built, copy.use, None) for copy in copies if copy.index == 0]
        return Make("nn.Sequential", [Each(one, variable_name, self.setting(entry.repeat, None, holders))])

    def layer(self, entry: Entry, copies: list[Copy]) -> Make:
        kind = KINDS[entry.kind]
        given: dict[str, str] = {}
        for name, field in kind.fields.items():
            if name in entry.settings:
                if not _is_default(entry, field, _layer(copies[0])):
                    given[name] = self.setting(entry.settings[name], field, copies)
            elif field.infer is not None:
                if getattr(_layer(copies[0]), name) is not None:
                    given[name] = self.inferred(entry, name, copies)
            elif not _is_default(entry, field, _layer(copies[0])):
                given[name] = literal(getattr(_layer(copies[0]), name))
        positional = []
        for name in kind.positional():
            if name not in given:
                break
            positional.append(given.pop(name))
        return Make(f"nn.{entry.kind}", positional, list(given.items()))

    def inferred(self, entry: Entry, name: str, copies: list[Copy]) -> str:
        values = [getattr(_layer(copy), name) for copy in copies]
        if not isinstance(values[0], tuple):
            samples = [sample(v, c.letters, c.index) for v, c in zip(values, copies)]
            return self.number(samples, copies, f"{entry.name}_{name}")
        items = [
            self.number(
                [sample(v[i], c.letters, c.index) for v, c in zip(values, copies)],
                copies,
                f"{entry.name}_{name}_{i}",
            )
            for i in range(len(values[0]))
        ]
        return items[0] if len(items) == 1 else f"({', '.join(items)})"

    def number(self, samples: list[Sample], copies: list[Copy], name: str) -> str:
        """A number as source; what hangs on the input's size becomes a parameter of the class."""
        found = agree(samples, self.allowed)
        if found is not None:
            return self.text(found, samples[0].letters)
        if self.block is None or any(each.index is not None for each in samples):
            message = f"{name} differs from copy to copy in a way that no expression tells"
            raise self.error(self.entries[0].mark, message)
        own = self.extras.setdefault(name, {})
        for each, copy in zip(samples, copies):
            own[id(copy.use)] = each.value
        return name

    def text(self, tree: Expression, letters: dict[str, Any] | Any, whole: bool = True) -> str:
        used = {name.name for name in expression.names(tree)}
        self.needed |= used - {"index"}
        written = write(tree)
        fractional = any(isinstance(letters.get(name), Fraction) for name in used)
        return f"int({written})" if whole and (fractional or _divides(tree)) else written

    def use(self, entry: Entry, copies: list[Copy]) -> Make:
        """The constructor's call for a use of a block."""
        assert entry.block is not None
        written = self.emitter.block(entry.block)
        positional = [self.size(name, entry, copies) for name in written.sizes]
        named: list[tuple[str, Code]] = [
            (name, self.setting(setting, None, copies, inside=True))
            for name, setting in entry.settings.items()
        ]
        for name in written.knobs:
            self.needed.add(name)
            named.append((name, name))
        for name, known in written.extras.items():
            samples = [sample(known[id(copy.built)], copy.letters, copy.index) for copy in copies]
            named.append((name, self.number(samples, copies, f"{entry.name}_{name}")))
        return Make(entry.block.name, positional, named)

    def size(self, name: str, entry: Entry, copies: list[Copy]) -> str:
        """A size of a use's input, in the terms of this class."""
        samples = [self.outside(name, copy) for copy in copies]
        return self.number(samples, copies, f"{entry.name}_{name}")

    def outside(self, name: str, copy: Copy) -> Sample:
        lettered = self.emitter.lettered
        value = lettered.letters[id(copy.built)][name]
        return Sample(value, lettered.outside[id(copy.built)][name], copy.letters, copy.index)

    def share(self, entry: Entry, copies: list[Copy], attribute: str) -> None:
        """Use the weights of an earlier module: the module itself where it is the same."""
        if entry.share is None:
            return
        other = self.attributes.get(entry.share.name)
        if other is None or entry.repeat is not None:
            raise self.error(entry.share.mark, "weights can be shared in one list and one copy only")
        if entry.block is not None:
            self.init.append(f"        {attribute} = {other}")
            return
        for name in _layer(copies[0]).weights():
            self.init.append(f"        {attribute}.{name} = {other}.{name}")

    # -- branches -----------------------------------------------------------------------------

    def branches(
        self, entry: Entry, branches: list[Branch], holders: Holders, source: str, target: str
    ) -> list[str]:
        """Write the branches of a join; the variables or calls that hold what they put out."""
        if branches[0].name is None:
            return self.listed_branches(entry, branches, holders, source, target)
        found = []
        for i, branch in enumerate(branches):
            assert branch.name is not None
            inside = [(_branch(holder, entry, i), use) for holder, use in holders]
            name = variable(branch.name, frozenset(self.variables.values()))
            if why := clash(branch.name):
                raise self.error(branch.mark, why, "give the branch another name")
            self.variables[branch.name] = self.branch(branch, inside, source, target, name)
            found.append(self.variables[branch.name])
        return found

    def branch(
        self, branch: Branch, inside: Holders, source: str, target: str, name: str
    ) -> str:
        assert branch.name is not None
        if not any(holder.children for holder, _ in inside):
            return source
        attribute = target.format(branch.name)
        if all(_is_chained(entry) for entry in branch.entries):
            self.sequential(attribute, branch.entries, inside)
            comment = self.comment(self.list_shape(inside))
            self.forward += _statement(name, f"{attribute}({source})", comment, 8)
            return name
        self.init.append(f"        {attribute} = nn.ModuleDict()")
        last = self.chain(branch.entries, inside, source, f'{attribute}["{{}}"]', name)
        return last

    def sequential(self, attribute: str, entries: list[Entry], inside: Holders) -> None:
        """A branch that is a chain of modules."""
        made: list[tuple[str, Code, str | None]] = []
        for entry in entries:
            copies = list(self.copies(entry, inside))
            if copies:
                self.check_name(entry)
                made.append((entry.name, self.module(entry, copies), self.condition(entry, inside)))
        if not any(condition for _, _, condition in made):
            named = [(name, code) for name, code, _ in made]
            code = Make("nn.Sequential", [Make("OrderedDict", (), named)])
            self.init += lines(code, 8, f"{attribute} = ")
            return
        self.init.append(f"        {attribute} = nn.Sequential()")
        for name, code, condition in made:
            call = Make(f"{attribute}.add_module", [f'"{name}"', code])
            if condition is None:
                self.init += lines(call, 8)
            else:
                self.init += [f"        if {condition}:", *lines(call, 12)]

    def listed_branches(
        self, entry: Entry, branches: list[Branch], holders: Holders, source: str, target: str
    ) -> list[str]:
        """Branches without names: a ModuleList in the join's name."""
        attribute = target.format(entry.name)
        made: list[Code] = []
        for i, branch in enumerate(branches):
            inside = [(_branch(holder, entry, i), use) for holder, use in holders]
            if not all(_is_chained(each) and each.when is None for each in branch.entries):
                message = f"branch {i} of {entry.name!r} is no plain chain, and has no name"
                raise self.error(branch.mark, message, "give the branches names")
            named = [
                (each.name, self.module(each, copies))
                for each in branch.entries
                if (copies := list(self.copies(each, inside)))
            ]
            made.append(Make("nn.Sequential", [Make("OrderedDict", (), named)] if named else []))
        self.init += lines(Make("nn.ModuleList", [Make("", made, bracket="[]")]), 8, f"{attribute} = ")
        return [f"{attribute}[{i}]({source})" for i in range(len(branches))]

    # -- values -------------------------------------------------------------------------------

    def setting(
        self, setting: Setting, field: Field | None, copies: list[Copy], *, inside: bool = False
    ) -> str:
        """A setting as source. Expressions stay expressions."""
        if setting.kind == Setting.CONSTANT:
            return literal(_in_python(setting.content))
        if setting.kind == Setting.LIST:
            items = [self.setting(item, field, copies, inside=inside) for item in setting.content]
            return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        tree: Expression = setting.content
        replaced: dict[str, Expression] = {}
        for name in expression.names(tree):
            if name.name in TENSOR_NAMES and name.name not in self.arguments():
                replaced[name.name] = self.tensor_size(name.name, setting, copies)
            else:
                self.needed.add(name.name)
        self.needed -= {"index"}
        written = write(tree, replaced)
        letters = copies[0].letters
        fractional = _divides(tree) or any(
            isinstance(letters.get(name.name), Fraction) for name in expression.names(tree)
        )
        if field is None or not fractional:
            is_flag = field is not None and isinstance(field.type, Flag)
            return f"bool({written})" if is_flag and _is_arithmetic(tree) else written
        return f"float({written})" if isinstance(field.type, Number) else f"int({written})"

    def arguments(self) -> Iterable[str]:
        return self.block.arguments if self.block else ()

    def tensor_size(self, name: str, setting: Setting, copies: list[Copy]) -> Expression:
        """A size of the incoming tensor that an expression asks for."""
        samples = [self.incoming(name, copy) for copy in copies]
        found = agree(samples, self.allowed)
        if found is None:
            raise self.error(setting.mark, f"{name} differs from use to use in no way that can be told")
        self.needed |= {each.name for each in expression.names(found)} - {"index"}
        return found

    def incoming(self, name: str, copy: Copy) -> Sample:
        if isinstance(copy.built, Part):
            if copy.built is copy.use:
                return sample(copy.letters[name], {}, copy.index)._replace(
                    tree=Leaf(name, copy.letters[name]), letters=copy.letters
                )
            return self.outside(name, copy)
        shape = copy.built.inputs[0].shape
        axis = {"in_channels": 1, "in_height": 2, "in_width": 3, "in_features": -1}[name]
        return sample(shape[axis], copy.letters, copy.index)

    def comment(self, shape: str) -> str:
        """A shape in numbers is told at every step, one in letters where it changes."""
        if len(self.uses) > 1 and shape == self.last_comment:
            return ""
        self.last_comment = shape
        return shape

    def shape(self, copies: list[Copy]) -> str:
        """The shape that comes out, for a comment; empty if it cannot be told shortly."""
        last = max((copy.index or 0) for copy in copies)
        final = [copy for copy in copies if (copy.index or 0) == last]
        return self.told([(copy.output, copy.letters) for copy in final])

    def list_shape(self, inside: Holders) -> str:
        outputs = [
            (holder.output.tensor.shape, self.emitter.lettered.letters[id(use)])
            for holder, use in inside
            if holder.output is not None
        ]
        return self.told(outputs)

    def told(self, shapes: list[tuple[Any, dict[str, Any]]]) -> str:
        if len({len(shape) for shape, _ in shapes}) != 1:
            return ""
        if len(shapes) == 1:
            numbers = [str(untraced(size)) for size in shapes[0][0][1:]]
            return f"[{', '.join(['B', *numbers])}]"
        sizes = []
        letters = frozenset().union(*(each.keys() for _, each in shapes))
        for i in range(1, len(shapes[0][0])):
            found = agree([sample(shape[i], each) for shape, each in shapes], letters)
            if found is None:
                return ""
            sizes.append(write(found, _SHORT))
        text = f"[{', '.join(['B', *sizes])}]"
        return text if len(text) <= MOST_BESIDE else ""


_SHORT = {
    "in_height": expression.Name("H", 0),
    "in_width": expression.Name("W", 0),
    "in_depth": expression.Name("D", 0),
}
"""Shorter names for sizes in comments."""


def _built(holder: Part, entry: Entry) -> list[Node | Part]:
    return [
        child
        for child in holder.children
        if child.entry is entry and not (isinstance(child, Part) and child.kind == "branch")
    ]


def _branch(holder: Part, entry: Entry, position: int) -> Part:
    found = [
        child
        for child in holder.children
        if isinstance(child, Part) and child.kind == "branch" and child.entry is entry
    ]
    return found[position]


def _layer(copy: Copy) -> Layer:
    assert isinstance(copy.built, Node)
    return copy.built.layer


def _is_chained(entry: Entry) -> bool:
    """Whether an entry can stand in a Sequential."""
    if entry.sources is not None or entry.branches is not None or entry.share is not None:
        return False
    return entry.block is not None or (
        KINDS[entry.kind].in_torch and KINDS[entry.kind].call is Layer.call
    )


def _referenced(entries: list[Entry]) -> set[str]:
    """The names that entries of a list, or of lists inside it, are fed from."""
    found = set()
    for entry in entries:
        found |= {reference.name for reference in entry.sources or ()}
        for branch in entry.branches or ():
            found |= _referenced(branch.entries)
    return found


def _size_symbols(emitter: _Emitter) -> frozenset[str]:
    """The symbols of the inputs' shapes that no setting uses: they decide nothing but sizes."""
    spec = emitter.spec
    shaped = {
        name.name
        for given in spec.inputs.values()
        for size in given.shape
        if size.expression is not None
        for name in expression.names(size.expression)
    }
    lists = [spec.entries, *(block.entries for block in spec.blocks.values())]
    used = {name for entries in lists for name in _names_in(entries)}
    return frozenset(shaped - used)


def _names_in(entries: list[Entry]) -> Iterator[str]:
    for entry in entries:
        for setting in [*entry.settings.values(), entry.when, entry.repeat]:
            if setting is not None:
                yield from setting.names()
        for branch in entry.branches or ():
            yield from _names_in(branch.entries)


def _is_default(entry: Entry, field: Field, layer: Layer) -> bool:
    """Whether torch would take the same value if it were not given."""
    setting = entry.settings.get(field.name)
    default = field.torch_default
    if default is REQUIRED or (setting is not None and not setting.is_constant):
        return False
    value = getattr(layer, field.name)
    if isinstance(default, SameAs):
        same = entry.settings.get(default.name)
        constant = setting is None or (same is not None and same.is_constant)
        return constant and bool(value == getattr(layer, default.name))
    return bool(value == (default if default is None else field.type.read(default, layer.rank)))


def _in_python(value: Any) -> Any:
    return [_in_python(item) for item in value] if isinstance(value, list) else untraced(value)


def _annotation(value: Any) -> str:
    if isinstance(value, list):
        return "tuple[int, ...]"
    if isinstance(value, Fraction):
        return "float"
    return type(value).__name__ if isinstance(value, (bool, int, str)) else "object"


def _divides(tree: Expression) -> bool:
    """Whether an expression divides exactly, which Python answers with a float."""
    if isinstance(tree, expression.Binary) and tree.operator == "/":
        return True
    if isinstance(tree, expression.Number):
        return isinstance(tree.value, Fraction)
    return any(map(_divides, expression.parts(tree)))


def _is_arithmetic(tree: Expression) -> bool:
    if isinstance(tree, expression.Comparison):
        return False
    return not (
        isinstance(tree, (expression.Unary, expression.Binary))
        and tree.operator in ("not", "and", "or")
    )


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


def _statement(name: str, text: str, comment: str, indent: int) -> list[str]:
    written = lines(parsed(text), indent, f"{name} = ")
    if comment and len(written) == 1 and len(written[0]) + len(comment) + 4 <= WIDTH:
        return [f"{written[0]}  # {comment}"]
    return [f"{' ' * indent}# {comment}", *written] if comment else written


def _signature(name: str, parameters: list[str], returns: str) -> list[str]:
    return lines(Make(f"def {name}", ["self", *parameters]), 4, "", f" -> {returns}:")
