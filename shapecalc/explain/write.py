"""Explanations in words: plain text, Markdown with LaTeX, and plain data."""

from __future__ import annotations

from typing import Any

from shapecalc.algebra.trace import LATEX, UNICODE, Style, steps, untraced, write
from shapecalc.derivation import padding
from shapecalc.derivation.picture import corner, legend
from shapecalc.explain.layer import Explanation, Keeping, Line, Section


def text(explanation: Explanation, style: Style = UNICODE, *, ascii: bool = False) -> str:
    """The explanation as text, in Unicode or plain ASCII."""
    inputs = ", ".join(f"{shape} from {source}" for source, shape in explanation.inputs)
    lines = [
        f"{explanation.path}: {explanation.kind}",
        f"  {inputs}  ->  {explanation.output}",
    ]
    if explanation.settings:
        told = ", ".join(f"{letter} = {value}" for letter, value in explanation.settings.items())
        lines.append(f"  {told}")
    for section in explanation.sections:
        lines += ["", section.heading]
        for line in section.lines:
            lines += _text_line(line, style, max(len(each.name) for each in section.lines))
        if section.picture is not None:
            drawn = corner(*section.picture, ascii=ascii)
            lines += [f"    {row}".rstrip() for row in drawn.splitlines()]
            lines += [f"    {legend(ascii=ascii)}"] if drawn else []
    return "\n".join(lines)


def _text_line(line: Line, style: Style, wide: int) -> list[str]:
    name = f"  {line.name:<{wide}}  "
    if isinstance(line.value, Keeping):
        return [f"  {each}" for each in keeping(line, style)]
    if line.value is None:
        return [f"{name}{line.remark}"]
    written = derivation(line.value, style)
    return [f"{name}{written}" + (f"  ({line.remark})" if line.remark else "")]


def derivation(value: Any, style: Style) -> str:
    """A number, or the sizes of a tensor, from formula to result."""
    if not isinstance(value, tuple):
        return " = ".join(steps(value, style))
    between = r" \times " if style is LATEX else " x "
    trees = [each.tree if hasattr(each, "tree") else None for each in value]
    if not value:
        return "1"
    letters = [write(t, style) if t else str(v) for t, v in zip(trees, value)]
    numbers = [style.number(untraced(each)) for each in value]
    return " = ".join(dict.fromkeys([between.join(letters), between.join(numbers)]))


def keeping(line: Line, style: Style) -> list[str]:
    """Both derivations of the padding that keeps the size, and what the one given does."""
    kernel, dilation, window = line.value
    same = padding.same(kernel, dilation, style)
    head = [f"{line.name}: the padding that keeps the size at stride 1" if line.name else
            "the padding that keeps the size at stride 1"]
    lines = [*head, *(f"  {each}" for each in same.lines)]
    if kernel % 2 and dilation == 1:
        lines.append(
            "by the picture: with its centre on the first pixel the kernel hangs over by "
            f"F//2: P = {padding.hanging_over(kernel, style)}"
        )
    return [*lines, _compared(same, window)]


def _compared(same: padding.Same, window: Any) -> str:
    given = f"here P = {window.before}" if window.before == window.after else (
        f"here {window.before} before and {window.after} after"
    )
    total = window.before + window.after
    if total == same.total:
        if window.stride == 1:
            return f"{given}: the size is kept"
        return f"{given}, the same, so that the stride alone divides the size"
    return f"{given}, {'less' if total < same.total else 'more'} than that"


def markdown(explanation: Explanation) -> str:
    """The explanation in Markdown, its formulas in LaTeX."""
    inputs = ", ".join(f"{shape} from `{source}`" for source, shape in explanation.inputs)
    lines = [f"## {explanation.path}: {explanation.kind}", "", f"{inputs} -> {explanation.output}"]
    if explanation.settings:
        told = ", ".join(f"${k} = {v}$" for k, v in explanation.settings.items())
        lines += ["", told]
    for section in explanation.sections:
        lines += ["", f"### {section.heading}", ""]
        for line in section.lines:
            lines += _markdown_line(line)
        if section.picture is not None and (drawn := corner(*section.picture)):
            lines += ["", "```text", drawn, legend(), "```"]
    return "\n".join(lines)


def _markdown_line(line: Line) -> list[str]:
    name = f"{line.name}: " if line.name else ""
    if isinstance(line.value, Keeping):
        return [f"* {each.strip()}" for each in keeping(line, UNICODE)]
    if line.value is None:
        return [f"* {name}{line.remark}"]
    remark = f" ({line.remark})" if line.remark else ""
    return [f"* {name}${derivation(line.value, LATEX)}${remark}"]


def as_dict(explanation: Explanation) -> dict[str, Any]:
    """The explanation as plain data; a derivation is its steps, a formula first."""
    return {
        "path": explanation.path,
        "kind": explanation.kind,
        "inputs": [{"path": path, "shape": shape} for path, shape in explanation.inputs],
        "output": explanation.output,
        "settings": {letter: _plain(value) for letter, value in explanation.settings.items()},
        "sections": [_section(section) for section in explanation.sections],
    }


def _section(section: Section) -> dict[str, Any]:
    lines: list[dict[str, Any]] = []
    for line in section.lines:
        if isinstance(line.value, Keeping):
            lines += [{"name": line.name, "remark": each.strip()} for each in keeping(line, UNICODE)]
            continue
        told: dict[str, Any] = {"name": line.name}
        if isinstance(line.value, tuple):
            told["steps"] = derivation(line.value, UNICODE).split(" = ")
            told["value"] = [_plain(untraced(each)) for each in line.value]
        elif line.value is not None:
            told["steps"] = steps(line.value, UNICODE)
            told["latex"] = derivation(line.value, LATEX)
            told["value"] = _plain(untraced(line.value))
        if line.remark:
            told["remark"] = line.remark
        lines.append(told)
    return {"heading": section.heading, "lines": lines}


def _plain(value: Any) -> Any:
    return value if isinstance(value, int) else str(value)
