"""What entries write, evaluated where they stand.

Settings, arguments, ``when``, ``repeat``, names and where an entry is fed from hang on what stands
before it. What is wrong with one is a problem in the spec, noted at its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shapecalc.algebra.arithmetic import Quantity, is_symbolic, untraced
from shapecalc.graph.graph import Part, Wire
from shapecalc.graph.scope import Fatal, Named, Names, Over, Place, Scope
from shapecalc.language.evaluation import Undecided, truth
from shapecalc.language.expression import ExpressionError
from shapecalc.language.problem import Mark, Problem, Problems, SpecError, did_you_mean, listing
from shapecalc.language.text import shown
from shapecalc.language.tree import Block, Entry, Reference, Setting, Spec
from shapecalc.language.words import TENSOR_NAMES, parted

DEEPEST = 64
"""How deep blocks and branches may nest, and defaults of arguments hang on each other."""


class Evaluator:
    """Evaluates what entries of a spec write, and collects the problems that come up."""

    def __init__(self, spec: Spec, values: Mapping[str, Quantity], most_layers: int) -> None:
        self.spec = spec
        self.values = values
        self.most_layers = most_layers
        self.noted = Problems(spec.source)
        self.used: dict[tuple[Block, str], list[str]] = {}
        self.tried: set[Block] = set()  # of whose arguments all defaults have been worked out

    @property
    def problems(self) -> list[Problem]:
        """The problems noted so far."""
        return self.noted.found

    def problem(
        self,
        mark: Mark,
        message: str,
        *notes: str,
        uses: Part | None = None,
        path: str = "",
        stated: Quantity | None = None,
        is_of_input: bool = True,
        is_of_formulas: bool = False,
    ) -> None:
        """Note a problem and go on."""
        places = tuple((use.kind, use.mark) for use in uses.uses()) if uses else ()
        about = (path, stated, is_of_input, is_of_formulas)
        self.noted.add(Problem(mark, message, notes, places, *about))

    def too_many(self, mark: Mark) -> None:
        """Stop, for the network is larger than it may be."""
        self.problem(
            mark,
            f"the network has more than {self.most_layers:,} layers",
            "if it is meant, --max-layers allows more",
        )
        raise SpecError(self.spec.source, self.problems)

    def value(self, setting: Setting, scope: Scope, place: Place) -> Any:
        """The value of a setting; an error in it is reported at its place."""
        if setting.kind == Setting.CONSTANT:
            return setting.content
        if setting.kind == Setting.LIST:
            return [self.value(item, scope, place) for item in setting.content]
        if setting.kind == Setting.MAPPING:
            named = setting.content.items()
            return {name: self.value(item, scope, place) for name, item in named}
        try:
            return setting.value(scope)
        except ExpressionError as error:
            self.problem(setting.mark, error.message, error.hint, uses=place.part)
            raise Fatal from None

    def copy_name(self, entry: Entry, place: Place, scope: Scope) -> str:
        """The name of a copy, of text and of numbers in braces."""
        assert entry.copy_names is not None
        try:
            return entry.copy_names.name(scope)
        except ExpressionError as error:
            values = " and ".join(filter(None, map(scope.values_in, entry.copy_names.settings)))
            mark = entry.copy_names.mark
            self.problem(mark, error.message, values, error.hint, uses=place.part)
            raise Fatal from None

    def condition(self, entry: Entry, scope: Scope, place: Place) -> bool:
        """Whether an entry is there."""
        assert entry.when is not None
        try:
            return truth(self.value(entry.when, scope, place))
        except ExpressionError as error:
            self.problem(entry.when.mark, f"'when': {error.message}", error.hint, uses=place.part)
            raise Fatal from None

    def count(self, entry: Entry, scope: Scope, place: Place) -> int:
        """How many copies of an entry there are."""
        assert entry.repeat is not None
        count = self.value(entry.repeat, scope, place)
        count = untraced(count)
        if is_symbolic(count):
            from shapecalc.algebra.enclosure import only_value  # which numbers have no need of

            count = only_value(count)
        if is_symbolic(count):
            raise Undecided(count)
        if type(count) is not int or count < 0:
            message = f"'repeat' expects an integer of at least 0, got {shown(count)}"
            self.problem(entry.repeat.mark, message, scope.values_in(entry.repeat), uses=place.part)
            raise Fatal
        if count > self.most_layers:
            self.too_many(entry.repeat.mark)
        return count

    def sources(self, entry: Entry, place: Place) -> list[Wire | None]:
        """The wires that an entry says it is fed from."""
        wires = []
        for reference in entry.sources or ():
            named = self.named(reference, place.names, place.part)
            if named.path is None:
                hint = "give this entry the same 'when', or feed it from elsewhere"
                message = f"feeds from {reference.name!r}, which its 'when' leaves out"
                self.problem(reference.mark, message, hint, uses=place.part)
                raise Fatal
            wires.append(named.wire)
        return wires

    def is_absent_with_source(self, entry: Entry, place: Place) -> bool:
        """Whether an entry is left out, as is one that feeds it: then that is not missed."""
        if entry.sources is None or entry.when is None:
            return False
        if entry.when.names() & {*TENSOR_NAMES, "index"}:
            return False
        named = (self.named(reference, place.names, place.part) for reference in entry.sources)
        if all(each.path is not None for each in named):
            return False
        return not self.condition(entry, Scope(place.values, None, place.names), place)

    def named(self, reference: Reference, names: Names, part: Part | None = None) -> Named:
        """What a name stands for, or a name with dots: an output, or a copy, of what it names."""
        whole, members = parted(reference.name, names)
        try:
            named = names.find(whole)
        except KeyError:  # the name of a copy, of which there are less
            hint = did_you_mean(whole, names.own) or f"there are {listing(names.own)}"
            self.problem(reference.mark, f"no copy is called {whole!r}", hint, uses=part)
            raise Fatal from None
        for member in members:
            if named.path is None or named.wire is None:
                break
            try:
                named = named.member(member)
            except KeyError:
                known = named.members()
                hint = did_you_mean(member, known) or f"it has {listing(known)}" if known else ""
                message = f"{named.path!r} has no output or copy {member!r}"
                self.problem(reference.mark, message, hint, uses=part)
                raise Fatal from None
        return named

    def arguments(self, entry: Entry, scope: Scope, place: Place) -> Mapping[str, Any]:
        """The values of a block's arguments; a default may use the others, in any order.

        Defaults are all worked out in the first use, for their errors, and in others when they
        are asked for.
        """
        block = entry.block
        assert block is not None
        given = {name: self.value(s, scope, place) for name, s in entry.settings.items()}
        found = Arguments(self, block, given, scope, place)
        if block not in self.tried:
            for name in block.arguments:
                found[name]
            self.tried.add(block)
        return found

    def uses(self, block: Block, name: str) -> list[str]:
        """The arguments of a block that the default of one uses."""
        if (block, name) not in self.used:
            default = block.arguments[name]
            assert default is not None
            self.used[block, name] = sorted(default.names() & block.arguments.keys())
        return self.used[block, name]


class Arguments(Mapping[str, Any]):
    """The values of a block's arguments in one use, of which a default is worked out when asked."""

    __slots__ = ("block", "evaluator", "found", "place", "scope", "under_way")

    def __init__(
        self,
        evaluator: Evaluator,
        block: Block,
        given: dict[str, Any],
        scope: Scope,
        place: Place,
    ) -> None:
        self.evaluator = evaluator
        self.block = block
        self.found = given
        self.scope = scope
        self.place = place
        self.under_way: list[str] = []

    def __getitem__(self, name: str) -> Any:
        if name not in self.found:
            self.settle(name)
        return self.found[name]

    def settle(self, name: str) -> None:
        """Work out a default after those that it uses."""
        default = self.block.arguments[name]
        assert default is not None
        message, under_way = "", self.under_way
        if name in under_way:
            ring = " -> ".join([*under_way[under_way.index(name) :], name])
            message = f"the default of {name!r} depends on itself: {ring}"
        elif len(under_way) > DEEPEST:
            message = f"defaults depend on each other through more than {DEEPEST} arguments"
        if message:
            self.evaluator.problem(default.mark, message, uses=self.place.part)
            raise Fatal
        under_way.append(name)
        try:
            for other in self.evaluator.uses(self.block, name):
                if other not in self.found:
                    self.settle(other)
        finally:
            under_way.pop()
        within = Scope(Over(self, self.evaluator.values), self.scope.tensor, self.scope.names)
        self.found[name] = self.evaluator.value(default, within, self.place)

    def __contains__(self, name: object) -> bool:
        return name in self.block.arguments

    def __iter__(self) -> Iterator[str]:
        return iter(self.block.arguments)

    def __len__(self) -> int:
        return len(self.block.arguments)
