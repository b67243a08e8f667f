"""What is told of the layer under the pointer, of its kind, and of a field, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.algebra.arithmetic import is_symbolic
from shapecalc.algebra.steps import UNICODE
from shapecalc.analysis.layer import LayerReport
from shapecalc.analysis.measures import Totals
from shapecalc.analysis.report import Report
from shapecalc.catalogue import summary
from shapecalc.derivation.layer import explain
from shapecalc.explaining import text
from shapecalc.graph.graph import Node, Part
from shapecalc.language.problem import Mark
from shapecalc.layers import KINDS
from shapecalc.lsp.completion import field_doc, is_entry, kind_at
from shapecalc.lsp.context import Context
from shapecalc.lsp.hints import output
from shapecalc.lsp.reading import Reading
from shapecalc.table import Writer

MOST_PLACES = 8
"""How many of the layers are told that one line makes, in a block that is used several times."""

COUNTS = ("params", "macs", "activations")


def hover(reading: Reading, line: int, column: int, at: Context | None) -> str:
    """What is told at a line and column, both from 1, in the context ``at``; empty for nothing."""
    told = [_of_word(at), *_of_entry(reading, line, column)]
    return "\n\n".join(filter(None, told))


def _of_word(at: Context | None) -> str:
    """About a field or kind whose word is under the pointer."""
    if at is None or not at.is_key:
        return ""
    name = kind_at(at.path)
    if name in KINDS and at.word in KINDS[name].fields:
        field = KINDS[name].fields[at.word]
        return f"**{at.word}**: {field.type.describe(KINDS[name].rank)}\n\n{field_doc(field)}"
    if at.path and is_entry(at.path) and at.word in KINDS:
        return f"**{at.word}**: {summary(KINDS[at.word]).replace('``', '`')}"
    return ""


def _of_entry(reading: Reading, line: int, column: int) -> Iterator[str]:
    mark = entry_at(reading, line, column)
    if mark is None or reading.report is None:
        return
    made = reading.written[mark]
    if len(made) == 1:
        yield from _alone(reading, reading.report, made[0])
        return
    rows = [f"| `{each.path}` | {output(reading.report, each)} |" for each in made[:MOST_PLACES]]
    more = [f"| ... {len(made) - MOST_PLACES} more | |"] if len(made) > MOST_PLACES else []
    yield "\n".join([f"| {len(made)} times | output |", "|---|---|", *rows, *more])
    yield from _alone(reading, reading.report, made[0])


def _alone(reading: Reading, report: Report, made: Node | Part) -> Iterator[str]:
    """One layer or part: its shapes and counts, their formulas, and how they come about."""
    paths = [made.path] if isinstance(made, Node) else [node.path for node in made.nodes()]
    if not paths:
        return
    layers = [report[path] for path in paths]
    kind = made.layer.kind if isinstance(made, Node) else made.written
    yield f"**`{made.path}`** {kind}: {_input(report, layers[0])} → {output(report, made)}"
    closed = reading.closed
    is_open = closed is not None and all(path in closed for path in paths)
    yield _table(layers, [closed[path] for path in paths] if closed and is_open else [])
    if isinstance(made, Node):
        shape = closed.told(closed[made.path].output_shape) if closed and is_open else ()
        if any(map(is_symbolic, shape)):
            yield f"output: `{Writer().shape(shape)}`"
        derived = text(explain(report, made.path, closed if is_open else None), UNICODE)
        yield f"```text\n{derived}\n```"


def _input(report: Report, layer: LayerReport) -> str:
    return ", ".join(Writer().shape(report.told(shape)) for shape in layer.input_shapes)


def _table(layers: list[LayerReport], closed: list[LayerReport]) -> str:
    """Counts as numbers, and as formulas where they are any."""
    write = Writer()
    numbers, formulas = Totals(layers).by_name, Totals(closed).by_name
    rows = []
    for name in COUNTS:
        told = f"`{write(formulas[name])}`" if is_symbolic(formulas[name]) else ""
        rows.append(f"| {name} | {write(numbers[name])} | {told} |")
    named = [f"`{name}` = `{meaning}`" for name, meaning in write.abbreviations.items()]
    head = ["| | is | from the symbols |", "|---|---:|---|"]
    return "\n".join([*head, *rows, *(["", ", ".join(named)] * bool(named))])


def entry_at(reading: Reading, line: int, column: int) -> Mark | None:
    """The place of the entry that stands at a line and column, or that goes on there."""
    known = [each for each in reading.written if _is_own(reading, each)]
    on_line = sorted((each for each in known if each.line == line), key=lambda each: each.column)
    if on_line:
        before = [each for each in on_line if each.column <= column]
        return before[-1] if before else on_line[0]
    above = max((each for each in known if each.line < line), default=None, key=lambda e: e[:2])
    if above is None or getattr(above, "source", None) is not None:
        return None
    between = [reading.source.line(each) for each in range(above.line + 1, line + 1)]
    depths = [len(each) - len(each.lstrip()) for each in between if each.strip()]
    return above if between[-1].strip() and min(depths) >= above.column - 1 else None


def _is_own(reading: Reading, mark: Mark) -> bool:
    return bool(getattr(mark, "source", reading.source).name == reading.source.name)
