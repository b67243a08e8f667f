"""Long sizes that come again with another number in them: one function that works all of them out.

So the channels of networks that a factor makes wider, rounded to multiples of 8, are
``size_of(24, width)``, ``size_of(32, width)`` and so on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from shapecalc.emitting import syntax
from shapecalc.emitting.names import variable
from shapecalc.emitting.numbers.python import is_whole
from shapecalc.emitting.printer import flat
from shapecalc.emitting.syntax import Assign, Class, Function, Invoke, Parameter, Return, Statement
from shapecalc.language.expression import Binary, Call, Conditional, Name, Number

LEAST = 12
"""Of how many names, numbers and signs a size is made that is worth a function."""

TIMES = 3
"""With how many different numbers it comes."""

LEAST_AGAIN = 5
"""Of how many a part of it is made that comes again in it, and is worth a local."""

EXACT = "float | Fraction"
"""What a constructor is given that holds a fraction of it."""

Definitions = Sequence["Class | Function"]


class Form(NamedTuple):
    """A size without its numbers, and the types of the names in it."""

    skeleton: Any
    types: tuple[tuple[str, str], ...]


def with_functions(definitions: Definitions, taken: Collection[str]) -> list[Class | Function]:
    """Definitions in which sizes of one form, with a number that differs, are calls of a function.

    ``taken`` are names that the function cannot have, beside those that are in the definitions.
    """
    numbers: dict[Form, Counter[tuple[Any, ...]]] = {}
    for each in definitions:
        for form, tree in _sizes(each):
            numbers.setdefault(form, Counter())[_numbers(tree)] += 1
    known = {form: place for form, met in numbers.items() if (place := _differing(met)) is not None}
    if not known:
        return [*definitions]
    most = {form: numbers[form].total() * syntax.size(form.skeleton) for form in known}
    form = max(known, key=most.__getitem__)
    tree = _with_numbers(form, next(iter(numbers[form])))
    parameters = {p.name for each in definitions for p in _constructor(each).parameters}
    taken = {*taken, *parameters, *syntax.names(*definitions)}
    function = _function(form, tree, known[form], taken)
    return [function, *(_calling(each, form, known[form][0], function) for each in definitions)]


def _constructor(definition: Class | Function) -> Function:
    """What makes the modules of a definition."""
    return definition if isinstance(definition, Function) else definition.methods[0]


def _types(function: Function) -> dict[str, str]:
    """The types of a constructor's parameters, as its statements see them."""
    told = {each.name: flat(each.annotation) for each in function.parameters}
    return {
        name: "Fraction" if text == EXACT else text.removesuffix(" | None")
        for name, text in told.items()
    }


def _sizes(definition: Class | Function) -> Iterator[tuple[Form, Any]]:
    """The long sizes in the constructor of a definition, of whole numbers and its parameters."""
    function = _constructor(definition)
    types = _types(function)
    if not types:  # all sizes are numbers
        return
    changed = {
        node.variable for node in syntax.walk(*function.body) if isinstance(node, syntax.Loop)
    }
    known = types.keys() - changed
    for node in syntax.walk(*function.body):
        form = _form(node, known, types)
        if form is not None:
            yield form, node


def _form(node: Any, known: Collection[str], types: dict[str, str]) -> Form | None:
    """The form of a long size; None of what is none."""
    if not isinstance(node, (Binary, Call, Conditional)) or syntax.size(node) < LEAST:
        return None
    names = [each.name for each in syntax.walk(node) if isinstance(each, Name)]
    own = [*dict.fromkeys(name for name in names if name not in ("max", "min", "math", "int"))]
    rationals = {name for name in own if types.get(name) in ("Fraction", "float")}
    if not own or not {*own} <= {*known} or not is_whole(node, rationals):
        return None
    skeleton = syntax.changed(node, lambda e: _HOLE if isinstance(e, Number) else None)
    return Form(skeleton, tuple((name, types[name]) for name in own))


_HOLE = Name("", 0)
"""What stands in a form for a number."""


def _numbers(tree: Any) -> tuple[Any, ...]:
    """The numbers in a tree, in the order in which it is walked through by changes."""
    found: list[Any] = []

    def seen(node: Any) -> None:
        if isinstance(node, Number):
            found.append(node.value)

    syntax.changed(tree, seen)
    return tuple(found)


def _differing(met: Counter[tuple[Any, ...]]) -> tuple[int, ...] | None:
    """The places of the one number that differs; None if there is more than one, or are few."""
    if len(met) < TIMES:
        return None
    columns = [*zip(*met)]
    places = tuple(i for i, column in enumerate(columns) if len({*column}) > 1)
    is_one = len({columns[i] for i in places}) == 1
    return places if is_one else None


def _with_numbers(form: Form, numbers: Sequence[Any]) -> Any:
    """A form with numbers in it."""
    left = iter(numbers)
    return syntax.changed(form.skeleton, lambda e: Number(next(left)) if e == _HOLE else None)


def _function(form: Form, tree: Any, places: Collection[int], taken: Collection[str]) -> Function:
    """The function that works a size out."""
    own = Name(variable("channels", [name for name, _ in form.types]), 0)
    count = iter(range(syntax.size(tree)))
    whole = syntax.changed(
        tree, lambda e: (own if next(count) in places else e) if isinstance(e, Number) else None
    )
    parameters = [Parameter(own.name, syntax.read("int"))]
    parameters += [Parameter(name, syntax.read(text)) for name, text in form.types]
    body: list[Statement] = []
    again = Counter(
        node
        for node in syntax.walk(whole)
        if isinstance(node, (Binary, Call, Invoke)) and syntax.size(node) >= LEAST_AGAIN
    )
    part = max((each for each in again if again[each] > 1), key=syntax.size, default=None)
    if part is not None:
        local = Name(variable("size", {each.name for each in parameters}), 0)
        body.append(Assign(local, part))
        whole = syntax.changed(whole, lambda e: local if e == part else None)
    body.append(Return(whole))
    name = variable("size_of", taken)
    return Function(name, tuple(parameters), syntax.read("int"), tuple(body))


def _calling(
    definition: Class | Function, form: Form, place: int, function: Function
) -> Class | Function:
    """A definition that calls the function where it had a size of the form."""
    constructor = _constructor(definition)
    types = _types(constructor)
    given = tuple(Name(name, 0) for name, _ in form.types)

    def change(node: Any) -> Any | None:
        if _form(node, types.keys(), types) != form:
            return None
        number = Number(_numbers(node)[place])
        return Invoke(Name(function.name, 0), (number, *given))

    body = tuple(syntax.changed(each, change) for each in constructor.body)
    changed = replace(constructor, body=body)
    if isinstance(definition, Function):
        return changed
    return replace(definition, methods=(changed, *definition.methods[1:]))
