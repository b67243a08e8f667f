"""Explanations in words: plain text, Markdown with LaTeX, and plain data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shapecalc.algebra.steps import LATEX, UNICODE, Style
from shapecalc.algebra.trace import untraced
from shapecalc.analysis.data import plain
from shapecalc.derivation.equation import Chain, Equation, parts, written
from shapecalc.derivation.layer import Explanation, Setting
from shapecalc.derivation.lines import Line, Section, rows
from shapecalc.derivation.picture import corner, legend
from shapecalc.language.signs import markdown as _marked
from shapecalc.language.text import shown


def text(explanation: Explanation, style: Style = UNICODE, *, ascii: bool = False) -> str:
    """The explanation as text, in Unicode or plain ASCII.

    >>> import shapecalc
    >>> from shapecalc.explaining import explain
    >>> report = shapecalc.load("lenet5").report()
    >>> print(text(explain(report, "conv1")).splitlines()[0])
    conv1: Conv2d
    """
    about = explanation.doc.replace("``", "")
    lines = [f"{explanation.path}: {explanation.kind}", f"  {about}"]
    for section in [_head(explanation), *explanation.sections]:
        lines += ["", section.heading] if section.heading else [""]
        lines += [f"  {row}" for row in rows(section, style)]
        lines += [f"    {row}".rstrip() for row in _drawn(section, ascii=ascii)]
    return "\n".join(lines)


def _head(explanation: Explanation) -> Section:
    """What goes in and out, as a section of its own."""
    lines = [Line("input", shape, f"from {source}") for source, shape in explanation.inputs]
    lines.append(Line("output", explanation.output))
    if explanation.settings:
        settings = ", ".join(_setting(setting) for setting in explanation.settings)
        lines.append(Line("settings", remark=settings))
    return Section("", lines)


def _setting(setting: Setting) -> str:
    letter = f" {setting.letter}" if setting.letter else ""
    return f"{setting.field}{letter} = {_written(setting.value)}"


def _written(value: Any) -> str:
    """A value as it stands in a spec; sizes by name are a mapping there."""
    if isinstance(value, tuple) and value and all(isinstance(each, tuple) for each in value):
        return "{" + ", ".join(f"{name}: {shown(size)}" for name, size in value) + "}"
    return shown(value)


def _drawn(section: Section, *, ascii: bool = False) -> list[str]:
    """The picture of a section, if it has one that can be drawn."""
    drawn = section.picture and corner(*section.picture, ascii=ascii)
    return [*drawn.splitlines(), legend(ascii=ascii)] if drawn else []


def markdown(explanation: Explanation) -> str:
    """The explanation in Markdown, its formulas in LaTeX.

    >>> import shapecalc
    >>> from shapecalc.derivation.layer import explain
    >>> explanation = explain(shapecalc.load("lenet5").report(), "conv1")
    >>> markdown(explanation).splitlines()[0]
    '## conv1: Conv2d'
    """
    about = explanation.doc.replace("``", "`")
    lines = [f"## {explanation.path}: {explanation.kind}", "", about]
    for section in [_head(explanation), *explanation.sections]:
        lines += ["", f"### {_marked(section.heading)}"] if section.heading else []
        lines += ["", *(_item(line) for line in section.lines)]
        drawn = _drawn(section)
        lines += ["", "```text", *drawn, "```"] if drawn else []
    return "\n".join(lines)


def _item(line: Line) -> str:
    name = f"{_marked(line.name)}: " if line.name else ""
    if line.value is None:
        return f"* {name}{_marked(line.remark)}"
    remark = f" ({_marked(line.remark)})" if line.remark else ""
    return f"* {name}${written(line.value, LATEX)}${remark}"


def as_dict(explanation: Explanation) -> dict[str, Any]:
    """The explanation as plain data; a derivation is its steps, a formula first.

    >>> import shapecalc
    >>> from shapecalc.derivation.layer import explain
    >>> explanation = explain(shapecalc.load("lenet5").report(), "conv1")
    >>> as_dict(explanation)["output"]
    [6, 28, 28]
    """
    return {
        "path": explanation.path,
        "kind": explanation.kind,
        "about": explanation.doc,
        "inputs": [
            {"path": path, "shape": plain(_values(shape))} for path, shape in explanation.inputs
        ],
        "output": plain(_values(explanation.output)),
        "settings": [
            {**setting._asdict(), "value": plain(setting.value)} for setting in explanation.settings
        ],
        "sections": [_section(section) for section in explanation.sections],
    }


def _section(section: Section) -> dict[str, Any]:
    return {"heading": section.heading, "lines": [dict(_data(line)) for line in section.lines]}


def _data(line: Line) -> Iterator[tuple[str, Any]]:
    """A line's name, the steps of its derivation, what they come to, and its remark."""
    value = line.value
    yield "name", line.name
    if value is not None:
        yield "steps", parts(value, UNICODE)
        yield "latex", written(value, LATEX)
        if isinstance(value, Equation):
            value = value.right if value.known else None
        elif isinstance(value, Chain):
            value = value.values[-1]
    if value is not None:
        yield "value", plain(_values(value))
    if line.remark:
        yield "remark", line.remark


def _values(value: Any) -> Any:
    """What a derivation comes to."""
    return tuple(map(untraced, value)) if isinstance(value, tuple) else untraced(value)
