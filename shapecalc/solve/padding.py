"""The question of ``solve-padding`` for one axis, and its answer."""

from __future__ import annotations

from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import ceildiv, known
from shapecalc.algebra.requirement import Condition, divides
from shapecalc.algebra.trace import Style, Traced, steps
from shapecalc.algebra.window import Window, extent, spread
from shapecalc.derivation import padding
from shapecalc.derivation.picture import corner, legend


class NoSolution(Exception):
    """No padding does what is asked; ``nearest`` are sizes that can be had instead."""

    def __init__(self, message: str, nearest: list[int]) -> None:
        super().__init__(message)
        self.nearest = nearest


class Question(NamedTuple):
    """One axis: what is known of its window, and what is wanted."""

    kernel: Any
    stride: int | None
    dilation: Any = 1
    size: int | None = None
    wanted: int | None = None
    ceil_mode: bool = False
    output_padding: int | None = None


class Solved(NamedTuple):
    """An answer: the plainest first, its reasons in lines, and the alternatives.

    ``answers`` are mappings of what was unknown to values: padding, or before and after; stride,
    output_padding.
    """

    headline: str
    answers: list[dict[str, Any]]
    reasons: list[str]
    alternatives: list[str]


def keep_size(question: Question, style: Style, *, ascii: bool = False) -> Solved:
    """The padding at which the output is as large as the input, at stride 1."""
    kernel, dilation = question.kernel, question.dilation
    found = padding.same(kernel, dilation, style)
    reasons = ["by the formula", *(f"  {line}" for line in found.lines)]
    if not isinstance(found.total, int):
        return _keep_size_symbolic(found, reasons)
    if found.is_even:
        headline = f"P = {found.before}"
        answers: list[dict[str, Any]] = [{"padding": found.before}]
    else:
        headline = f"no P on both sides: {found.before} before and {found.after} after"
        answers = [{"before": found.before, "after": found.after}]
    if found.total:
        reasons += _picture(kernel, dilation, found, style, ascii)
    alternatives = [
        f'padding="same" in torch pads {found.before} before and {found.after} after',
        f"any other split of {found.total} keeps the size too: all of it before "
        "makes the layer causal",
    ]
    if not found.is_even:
        shrunk, grown = Window.symmetric(kernel, 1, found.before, dilation), found.after
        size = 32 + found.total
        alternatives += [
            f"P = {found.before} on both sides makes the output "
            f"{size - known(shrunk.output(size))} smaller, P = {grown} "
            f"{known(Window.symmetric(kernel, 1, grown, dilation).output(size)) - size} larger",
        ]
    return Solved(headline, answers, reasons, alternatives if found.total else alternatives[:1])


def _keep_size_symbolic(found: padding.Same, reasons: list[str]) -> Solved:
    """The same where the kernel or its dilation is a symbol: half of the total, where it is whole."""
    from shapecalc.algebra.formula import as_ratio

    numerator, denominator = as_ratio(found.total / 2)
    half = f"({numerator})/{denominator}" if denominator != 1 else str(numerator)
    decided = divides(denominator, numerator, lambda: "").decide()
    reasons = [*reasons[:-1], f"  P = {half}"]
    if decided is True:
        return Solved(f"P = {half}", [{"padding": half}], reasons, [])
    assert isinstance(decided, Condition)
    where = f"where {decided.equation}"
    if decided.solutions is not None and decided.solutions.conditions("K") == {"residue": "K % 2 == 1"}:
        where = f"for odd {decided.symbol}"
    before, after = str(found.before), str(found.after)
    answers: list[dict[str, Any]] = [
        {"padding": half, "where": decided.equation}, {"before": before, "after": after}
    ]
    return Solved(f"P = {half} {where}", answers, reasons, [f"otherwise {before} before and {after} after"])


def _picture(kernel: int, dilation: int, found: padding.Same, style: Style, ascii: bool) -> list[str]:
    span = extent(kernel, dilation)
    drawn = corner((found.before,) * 2, (known(span),) * 2, (dilation,) * 2, ascii=ascii)
    over = " = ".join(steps(Traced.letter("F", span) // 2, style))
    said = f"its centre on the first pixel, the kernel hangs over by {over}"
    if not found.is_even:
        said = "an even kernel has no centre: it hangs over by one more on one side"
    elif dilation != 1:
        said += f", where F = {span} with the gaps"
    lines = ["by the picture", f"  {said}"]
    if drawn:
        lines += [f"    {row}".rstrip() for row in drawn.splitlines()]
        lines.append(f"    {legend(ascii=ascii)}")
    return lines


def keep_ratio(question: Question, style: Style) -> Solved:
    """TensorFlow's ``same`` for a stride beyond 1: ceil(N/S) outputs."""
    kernel, dilation, stride = question.kernel, question.dilation, question.stride
    assert stride is not None
    span: Any = extent(kernel, dilation)
    n, f, s = Traced.letter("N", question.size or 0), Traced.letter("F", span), Traced.letter("S", stride)
    out: Any = ceildiv(n, s)
    if question.size is not None:
        total = padding.same_total(question.size, span, stride)
        before, after = total // 2, total - total // 2
        told = (out - 1) * s + f - n
        reasons = [
            f"'same' means ceil(N/S) outputs: {' = '.join(steps(out, style))}",
            f"what the last window needs beyond the input: {' = '.join(steps(told, style))}",
        ]
        both = before == after
        headline = f"P = {before}" if both else f"{before} before and {after} after"
        answers: list[dict[str, Any]] = [
            {"padding": before} if both else {"before": before, "after": after}
        ]
        return Solved(headline, answers, reasons, _fixed(span, stride))
    reasons = ["'same' means ceil(N/S) outputs; how much that pads depends on the input's size N:"]
    answers = []
    for remainder in range(stride):
        total = padding.same_total(stride * span + remainder, span, stride)
        before, after = total // 2, total - total // 2
        reasons.append(f"  N % {stride} == {remainder}: {total} in all, {before} before and {after} after")
        answers.append({"where": f"N % {stride} == {remainder}", "before": before, "after": after})
    return Solved("it depends on the input's size", answers, reasons, _fixed(span, stride))


def _fixed(span: int, stride: int) -> list[str]:
    """Which fixed paddings give as many outputs."""
    lines = []
    for fixed, remainders in padding.same_everywhere(span, stride):
        where = "for every N" if len(remainders) == stride else (
            f"where N % {stride} is {' or '.join(map(str, sorted(remainders)))}"
        )
        lines.append(f"P = {fixed} on both sides gives ceil(N/{stride}) outputs {where}")
    return lines or [f"no fixed P on both sides gives ceil(N/{stride}) outputs"]


def reach(question: Question, style: Style) -> Solved:
    """The padding, and the stride if it is open, that lead from one size to another."""
    size, wanted = question.size, question.wanted
    assert size is not None
    assert wanted is not None
    asked = (
        question.kernel, question.dilation, size, wanted, question.stride, question.ceil_mode
    )
    found = padding.for_sizes(*asked)
    if not found:
        raise NoSolution(f"no padding leads from {size} to {wanted}", padding.nearest(*asked))
    best = found[0]
    make = Window.rounded_up if question.ceil_mode else Window.symmetric
    rule = make(*_letters(question, best))
    reasons = [" = ".join(steps(rule.output(Traced.letter("N", size)), style))]
    open_stride = question.stride is None
    answers = [
        {**({"stride": each.stride} if open_stride else {}), "padding": each.padding}
        for each in found
    ]
    headline = (f"S = {best.stride}, " if open_stride else "") + f"P = {best.padding}"
    alternatives = [_told(each, open_stride) for each in found[1:]]
    return Solved(headline, answers, reasons, alternatives)


def _letters(question: Question, answer: padding.Answer) -> tuple[Any, ...]:
    dilation: Any = question.dilation
    return (
        Traced.letter("F", question.kernel),
        Traced.letter("S", answer.stride),
        Traced.letter("P", answer.padding),
        Traced.letter("D", dilation) if dilation != 1 else 1,
    )


def _told(answer: padding.Answer, open_stride: bool) -> str:
    stride = f"S = {answer.stride}, " if open_stride else ""
    remarks = [f"{answer.unused} at the end unused"] if answer.unused else []
    remarks += ["some windows see padding alone"] if answer.beyond else []
    return f"{stride}P = {answer.padding}" + (f"  ({', '.join(remarks)})" if remarks else "")


def transposed(question: Question, style: Style) -> Solved:
    """Padding and output_padding of a transposed convolution: times the stride, or to a size."""
    size, stride = question.size or 1, question.stride or 1
    kernel, dilation = question.kernel, question.dilation
    times = question.wanted is None
    found = [
        (p, extra)
        for extra in ([question.output_padding] if question.output_padding is not None else range(max(stride, dilation)))
        for p in range(known(extent(kernel, dilation)) + 1)
        if spread(size, kernel, stride, p, extra, dilation)
        == (size * stride if times else question.wanted)
    ]
    if not found:
        sizes = sorted(
            {
                known(spread(size, kernel, stride, p, extra, dilation))
                for p in range(kernel)
                for extra in range(max(stride, dilation))
            }
        )
        target = size * stride if times else question.wanted
        assert target is not None
        raise NoSolution(
            "no padding multiplies the size by the stride"
            if times
            else f"no padding leads from {size} to {target}",
            _nearest([n for n in sizes if n > 0], target),
        )
    best_p, best_extra = found[0]
    rule: Any = spread(
        Traced.letter("N", size),  # type: ignore[arg-type]
        Traced.letter("F", kernel),  # type: ignore[arg-type]
        Traced.letter("S", stride),  # type: ignore[arg-type]
        Traced.letter("P", best_p),  # type: ignore[arg-type]
        Traced.letter("A", best_extra) if best_extra else 0,  # type: ignore[arg-type]
        dilation,
    )
    headline = f"P = {best_p}" + (f", output_padding = {best_extra}" if best_extra else "")
    goal = [f"out = N*S, whatever N; for N = {size}:"] if times else []
    answers = [{"padding": p, "output_padding": extra} for p, extra in found]
    others = [f"P = {p}, output_padding = {extra}" for p, extra in found[1:]]
    return Solved(headline, answers, [*goal, " = ".join(steps(rule, style))], others)


def _nearest(sizes: list[int], wanted: int) -> list[int]:
    below = [size for size in sizes if size < wanted]
    above = [size for size in sizes if size > wanted]
    return below[-1:] + above[:1]
