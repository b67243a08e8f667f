"""What there is to know of a layer kind, read off its declaration."""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import is_symbolic, prod, total
from shapecalc.language.text import shown
from shapecalc.layers import KINDS, Layer, Tensor
from shapecalc.layers.axes import LETTERS, letters
from shapecalc.layers.field import REQUIRED, Field, SameAs
from shapecalc.layers.tensor import times


class Rule(NamedTuple):
    """What a kind computes, as formulas in the letters of its fields and input."""

    settings: dict[str, str]
    inputs: list[str]
    output: str
    weights: dict[str, str]
    params: str
    macs: str
    elementwise: str


class Page(NamedTuple):
    """The catalogue's entry for a kind."""

    kind: str
    family: str
    summary: str
    fields: list[dict[str, Any]]
    rule: Rule
    example: str
    example_input: str
    example_output: str


def families() -> dict[str, list[str]]:
    """The kinds of the catalogue by family, families in alphabetical order."""
    found: dict[str, list[str]] = {}
    for name, kind in KINDS.items():
        found.setdefault(kind.family, []).append(name)
    return dict(sorted(found.items()))


def summary(kind: type[Layer]) -> str:
    """The first sentence about a kind."""
    return (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ")


def page(name: str) -> Page:
    """The entry of a kind; raises ``KeyError`` if there is none of the name."""
    kind = KINDS[name]
    inputs = list(kind.example_inputs())
    output = _run(kind, kind.example, inputs)[1]
    return Page(
        kind=name,
        family=kind.family,
        summary=summary(kind),
        fields=[_field(kind, declared) for declared in kind.fields.values()],
        rule=rule(kind),
        example=_as_entry(kind),
        example_input=", ".join(times(x.shape) for x in inputs),
        example_output=times(output.shape),
    )


def rule(kind: type[Layer]) -> Rule:
    """The kind's rule in letters, found by running its declaration on symbols."""
    from shapecalc.algebra.formula import Formula

    shapes = [
        _symbols(each, _letters(kind, place, len(each.shape)))
        for place, each in enumerate(kind.example_inputs())
    ]
    letters = {
        name: Formula.symbol(declared.letter)
        for name, declared in kind.fields.items()
        if declared.letter and declared.infer is None
    }
    for settings in ({**kind.example, **letters}, kind.example):
        try:
            layer, output = _run(kind, settings, shapes)
            break
        except (TypeError, ValueError):  # a field that has to be a number, as a pool's output
            continue
    else:
        shapes = list(kind.example_inputs())
        layer, output = _run(kind, kind.example, shapes)
    weights = layer.weights()
    return Rule(
        settings={name: shown(value) for name, value in settings.items()},
        inputs=[times(shape.shape) for shape in shapes],
        output=times(output.shape),
        weights={name: times(shape) for name, shape in weights.items()},
        params=str(total([prod(shape) for shape in weights.values()])),
        macs=str(layer.macs(*shapes, y=output)),
        elementwise=str(layer.elementwise(*shapes, y=output)),
    )


def _letters(kind: type[Layer], place: int, ndim: int) -> list[str]:
    """What the sizes of an input are called, the batch first."""
    if kind.letters:
        return kind.letters[place].split()
    behind_batch = [LETTERS[axis] for axis in kind.axes] or ["C", *letters(ndim - 2)]
    return ["B", *behind_batch][:ndim]


def _symbols(x: Tensor, names: list[str]) -> Tensor:
    from shapecalc.algebra.formula import Formula

    return x.with_shape(int(name) if name.isdigit() else Formula.symbol(name) for name in names)


def _run(kind: type[Layer], settings: Any, inputs: list[Tensor]) -> tuple[Layer, Tensor]:
    layer = kind(**settings)
    for requirement in layer.requirements(*inputs):
        if requirement.decide() is False:
            raise ValueError(requirement.problem())
    layer = layer.bound(*inputs)
    if any(is_symbolic(size) for size in layer.decisive(*inputs)):
        raise ValueError("a letter in place of a number that a figure hangs on")
    return layer, layer.output(*inputs)


def _field(kind: type[Layer], declared: Field) -> dict[str, Any]:
    default = declared.default
    if declared.infer is not None:
        default = "inferred"
    elif default is REQUIRED:
        default = "required"
    elif isinstance(default, SameAs):
        default = default.name
    else:
        default = shown(default)
    return {
        "name": declared.name,
        "letter": declared.letter,
        "expects": declared.type.describe(kind.rank),
        "default": default,
        "doc": declared.doc,
    }


def _as_entry(kind: type[Layer]) -> str:
    """The example as an entry of a spec."""
    if not kind.example:
        return f"- {kind.kind}"
    settings = ", ".join(f"{name}: {shown(value)}" for name, value in kind.example.items())
    return f"- {kind.kind}: {{{settings}}}"


def text(entry: Page) -> str:
    """A page of the catalogue as plain text."""
    lines = [f"{entry.kind} ({entry.family})", f"  {entry.summary.replace('``', '')}", ""]
    if entry.fields:
        lines.append("fields")
        wide = max(len(each["name"]) for each in entry.fields)
        for each in entry.fields:
            letter = f" ({each['letter']})" if each["letter"] else ""
            lines.append(f"  {each['name']:<{wide}}  {each['doc']}{letter}")
            lines.append(f"  {'':<{wide}}  {each['expects']}; {_default(each['default'])}")
        lines.append("")
    return "\n".join([*lines, *_rule_lines(entry.rule), "", *_example_lines(entry)])


def _default(default: str) -> str:
    return default if default in ("required", "inferred") else f"default {default}"


def _rule_lines(found: Rule) -> list[str]:
    told = {
        "input": ", ".join(found.inputs),
        "output": found.output,
        **found.weights,
        "params": found.params,
        "MACs": found.macs,
        "elementwise": found.elementwise,
    }
    settings = ", ".join(f"{name} = {value}" for name, value in found.settings.items())
    head = f"rule, with {settings}" if settings else "rule"
    wide = max(12, *map(len, told))
    return [head, *(f"  {name:<{wide}}  {value}" for name, value in told.items() if value != "0")]


def _example_lines(entry: Page) -> list[str]:
    return [
        "example",
        f"  {entry.example}",
        f"  {entry.example_input}  ->  {entry.example_output}",
    ]
