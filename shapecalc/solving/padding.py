"""The question of ``solve-padding`` for one axis, and its answer."""

from __future__ import annotations

from itertools import islice
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import ceildiv, known
from shapecalc.algebra.requirement import Condition, divides
from shapecalc.algebra.steps import Style, write
from shapecalc.algebra.trace import Traced
from shapecalc.algebra.window import Window, extent, spread
from shapecalc.derivation import padding
from shapecalc.derivation.equation import written
from shapecalc.derivation.picture import corner, legend
from shapecalc.solving.reach import MOST, Answer, Slide, Spread

MOST_REMAINDERS = 8
"""How many remainders N % S are told one by one."""

BEYOND = "some windows see padding alone"
"""What is told of padding as wide as the kernel or wider."""


class NoSolution(Exception):
    """No padding does what is asked; ``nearest`` tells sizes that can be had instead."""

    def __init__(self, message: str, nearest: list[str]) -> None:
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
    output_padding. They are all there are if ``complete``.
    """

    headline: str
    answers: list[dict[str, Any]]
    reasons: list[str]
    alternatives: list[str]
    complete: bool = True


def keep_size(question: Question, style: Style, *, ascii: bool = False) -> Solved:
    """The padding at which the output is as large as the input, at stride 1."""
    kernel, dilation = question.kernel, question.dilation
    found = padding.same(kernel, dilation)
    reasons = _by_formula(found, "the output as large as the input", style)
    if not isinstance(found.total, int):
        return _keep_size_symbolic(found, reasons)
    if found.total:
        reasons += _by_picture(kernel, dilation, found, style, ascii)
    if found.is_even:
        alternatives = [f'padding="same" in torch pads as much: {sides(found.before, found.after)}']
    else:
        alternatives = [
            f'padding="same" in torch pads so: {sides(found.before, found.after)}',
            f"P = {found.before} on both sides makes the output 1 smaller, "
            f"P = {found.after} makes it 1 larger",
        ]
    if found.total:
        alternatives.append(
            f"any other split of {found.total} keeps the size too; "
            "all of it before makes the layer causal"
        )
    headline, answer = of_sides(found.before, found.after)
    if not found.is_even:
        headline = f"no P on both sides: {headline}"
    return Solved(headline, [answer], reasons, alternatives)


def of_sides(before: int, after: int) -> tuple[str, dict[str, Any]]:
    """What to call padding before and after, and to give as an answer."""
    if before == after:
        return f"P = {before}", {"padding": before}
    return sides(before, after), {"before": before, "after": after}


def sides(before: Any, after: Any) -> str:
    """Padding that is told side by side."""
    return f"{before} before and {after} after"


def _by_formula(found: padding.Same, wanted: str, style: Style) -> list[str]:
    lines = [f"{written(found.condition, style)}: {wanted}", written(found.solved, style)]
    if found.half is not None and found.is_even:
        lines.append(written(found.half, style))
    elif found.half is not None:
        lines.append(f"{found.total} is odd, so no P on both sides does it")
    return ["by the formula", *(f"  {line}" for line in lines)]


def _by_picture(
    kernel: int, dilation: int, found: padding.Same, style: Style, ascii: bool
) -> list[str]:
    span = known(extent(kernel, dilation))
    if span % 2:
        hangs = written(padding.hanging_over(kernel, dilation), style)
        said = f"{hangs}: so far the kernel hangs over, its centre on the first pixel"
    else:
        said = "an even kernel has no centre: one side of it is a cell longer than the other"
    drawn = corner((found.before,) * 2, (span,) * 2, (dilation,) * 2, ascii=ascii)
    lines = ["by the picture", f"  {said}"]
    if drawn:
        lines += [f"    {row}".rstrip() for row in drawn.splitlines()]
        lines.append(f"    {legend(ascii=ascii)}")
    return lines


def _keep_size_symbolic(found: padding.Same, reasons: list[str]) -> Solved:
    """The same where the kernel or its dilation is a symbol: half of the total, where whole."""
    from shapecalc.algebra.form import as_ratio

    numerator, denominator = as_ratio(found.total / 2)
    half = f"({numerator})/{denominator}" if denominator != 1 else str(numerator)
    reasons = [*reasons, f"  P = {half}"]
    decided = divides(denominator, numerator).decide()
    if decided is True:
        return Solved(f"P = {half}", [{"padding": half}], reasons, [])
    assert isinstance(decided, Condition)
    where = f"where {decided.equation}"
    if decided.symbol is not None and decided.solutions is not None:
        said = decided.solutions.conditions(decided.symbol)
        if said == {"residue": f"{decided.symbol} % 2 == 1"}:
            where = f"for odd {decided.symbol}"
    before, after = str(found.total // 2), str((found.total + 1) // 2)  # the shorter forms
    answers: list[dict[str, Any]] = [
        {"padding": half, "where": decided.equation},
        {"before": before, "after": after},
    ]
    otherwise = [f"otherwise {sides(before, after)}"]
    return Solved(f"P = {half} {where}", answers, reasons, otherwise)


def keep_ratio(question: Question, style: Style) -> Solved:
    """TensorFlow's ``same`` for a stride beyond 1: ceil(N/S) outputs."""
    stride, size = question.stride, question.size
    assert stride is not None
    span = known(extent(question.kernel, question.dilation))
    n, s = letter("N", size), letter("S", stride)
    f = extent(letter("F", question.kernel), unless_one("D", question.dilation))
    outputs: Any = ceildiv(n, s)
    total = padding.needed(n, f, s)
    alternatives = _fixed(span, stride)
    if size is not None:
        reasons = [
            f"'same' means {written(outputs, style)} outputs",
            f"padding in all: {written(total, style)}",
        ]
        before, after = _shared(total.value)
        if before != after:
            reasons.append("TensorFlow puts the odd one after")
        headline, answer = of_sides(before, after)
        return Solved(headline, [answer], reasons, alternatives)
    reasons = [
        f"'same' means {write(outputs.tree, style)} outputs; "
        "how much that pads depends on the input's size N",
        f"  padding in all: {write(total.tree, style)}",
    ]
    answers = []
    for remainder in range(min(stride, MOST_REMAINDERS)):
        before, after = _shared(padding.needed(stride * span + remainder, span, stride))
        where = f"N % {stride} == {remainder}"
        reasons.append(f"  {where}: {before + after} in all, {sides(before, after)}")
        answers.append({"where": where, "before": before, "after": after})
    complete = stride <= MOST_REMAINDERS
    if not complete:
        reasons.append(f"  and so on, up to N % {stride} == {stride - 1}")
    return Solved("it depends on the input's size N", answers, reasons, alternatives, complete)


def letter(letter: str, value: Any) -> Any:
    """A number that is told by its letter; 0 stands in for one that is not known."""
    return Traced.letter(letter, 0 if value is None else value)


def unless_one(name: str, value: Any) -> Any:
    """The same of a number that goes without saying where it is 1."""
    return letter(name, value) if value != 1 else 1


def _shared(total: int) -> tuple[int, int]:
    return total // 2, total - total // 2


def _fixed(span: int, stride: int) -> list[str]:
    """Which fixed paddings give as many outputs."""
    lines = []
    for fixed, wrong in padding.same_everywhere(span, stride):
        where = "for every N" if wrong is None else f"unless N % {stride} == {wrong}"
        lines.append(f"P = {fixed} on both sides gives ceil(N/{stride}) outputs {where}")
    return lines


def reach(question: Question, style: Style) -> Solved:
    """The padding, and the stride if it is open, that lead from one size to another."""
    size, wanted, stride = question.size, question.wanted, question.stride
    assert size is not None
    assert wanted is not None
    slide = Slide(question.kernel, question.dilation, stride, question.ceil_mode)
    found = list(islice(slide.answers(size, wanted), MOST + 1))
    if not found:
        raise NoSolution(
            f"no padding leads from {size} to {wanted}" + _limits(slide),
            [str(n) for n in slide.nearest(size, wanted)],
        )
    is_open = stride is None
    complete = not is_open and len(found) <= MOST
    best, *others = found[:MOST]
    told, _ = of_sides(best.padding, best.after)
    headline = f"S = {best.stride}, {told}" if is_open else told
    if best.padding != best.after:
        headline = f"no P on both sides: {headline}"
    alternatives = [_told(each, is_open) for each in others]
    reasons = _reached(slide, best, size, wanted, style)
    reasons += [BEYOND] if best.beyond else []
    if is_open and wanted > 1 and not slide.ceil_mode and not best.beyond:
        alternatives.append(
            "every larger stride has an answer too, with padding as wide as the kernel or wider: "
            "windows that see padding alone"
        )
    elif not complete:
        alternatives.append("...")
    return Solved(
        headline=headline,
        answers=[
            {
                **({"stride": each.stride} if is_open else {}),
                **of_sides(each.padding, each.after)[1],
            }
            for each in found[:MOST]
        ],
        reasons=reasons,
        alternatives=alternatives,
        complete=complete,
    )


def _limits(slide: Slide) -> str:
    told = [] if slide.stride is None else [f"with stride {slide.stride}"]
    if slide.ceil_mode:
        told.append(f"by a pool, which torch lets pad by at most half its kernel, {slide.widest}")
    return f" {', '.join(told)}" if told else ""


def _reached(slide: Slide, answer: Answer, size: int, wanted: int, style: Style) -> list[str]:
    """The rule run backwards to the padding, and forwards to the output."""
    if answer.padding != answer.after:
        return _reached_unevenly(slide, answer, size, wanted, style)
    n, o, p = letter("N", size), letter("O", wanted), letter("P", answer.padding)
    f, s = letter("F", slide.kernel), letter("S", answer.stride)
    make = Window.rounded_up if slide.ceil_mode else Window.symmetric
    settings = f, s, p, unless_one("D", slide.dilation)
    unused = f"  ({answer.unused} at the end unused)" if answer.unused else ""
    forwards = ["forwards", f"  {written(make(*settings).output(n), style)}{unused}"]
    if slide.ceil_mode:  # its rule cannot be solved for P in a line
        return forwards
    least, greatest = Window(extent(f, settings[3]), s, 0, 0).inputs(o)
    lines = [f"  2P = {written(least - n, style)}"]
    if answer.stride > 1:
        lines = [
            f"  2P at least {written(least - n, style)}",
            f"  2P at most {written(greatest - n, style)}",
        ]
    return ["backwards, for O outputs", *lines, f"  P = {answer.padding}", *forwards]


def _reached_unevenly(
    slide: Slide, answer: Answer, size: int, wanted: int, style: Style
) -> list[str]:
    """At stride 1, where what has to be padded in all is odd."""
    n, o, f = letter("N", size), letter("O", wanted), letter("F", slide.kernel)
    span = extent(f, unless_one("D", slide.dilation))
    total: Any = o + span - 1 - n
    rule = (n + letter("before", answer.padding) + letter("after", answer.after) - span) + 1
    return [
        "backwards, for O outputs",
        f"  2P = {written(total, style)}",
        f"  {total.value} is odd, so no P on both sides does it",
        "forwards",
        f"  {written(rule, style)}",
    ]


def _told(answer: Answer, is_open: bool) -> str:
    stride = f"S = {answer.stride}, " if is_open else ""
    remarks = [f"{answer.unused} at the end unused"] if answer.unused else []
    remarks += [BEYOND] if answer.beyond else []
    return (
        stride
        + of_sides(answer.padding, answer.after)[0]
        + (f"  ({', '.join(remarks)})" if remarks else "")
    )


def transposed(question: Question, style: Style) -> Solved:
    """Padding and output_padding of a transposed convolution: times the stride, or to a size."""
    stride, wanted = question.stride, question.wanted
    times = wanted is None
    if times:  # a size grows by the stride with every cell, so one cell decides
        stride = stride or 1
    size = 1 if times or question.size is None else question.size
    target: Any = stride if times else wanted
    spreading = Spread(question.kernel, question.dilation, stride, question.output_padding)
    found = list(islice(spreading.answers(size, target), MOST + 1))
    if not found:
        raise _no_transposed(spreading, size, target, times)
    is_open = stride is None
    complete = not is_open and len(found) <= MOST
    best, *others = found[:MOST]
    told = [_told_transposed(each, is_open, spreading.extent) for each in others]
    return Solved(
        headline=_told_transposed(best, is_open, spreading.extent),
        answers=[
            {**({"stride": step} if is_open else {}), "padding": p, "output_padding": extra}
            for step, p, extra in found[:MOST]
        ],
        reasons=_spread_out(question, *best, times, style),
        alternatives=told + ([] if complete else ["..."]),
        complete=complete,
    )


def _told_transposed(answer: tuple[int, int, int], is_open: bool, span: int) -> str:
    stride, p, extra = answer
    told = ([f"S = {stride}"] if is_open else []) + [f"P = {p}"]
    told += [f"output_padding = {extra}"] if extra else []
    return ", ".join(told) + ("  (whole kernels are cut off)" if p >= span else "")


def _no_transposed(spreading: Spread, size: int, target: int, times: bool) -> NoSolution:
    """Why no padding does it, and what comes nearest."""
    near = spreading.nearest(size, target)
    if times:
        product = "N" if target == 1 else f"N*{target}"
        offsets = [f"{product} {'+' if n > target else '-'} {abs(n - target)}" for n in near]
        return NoSolution("no padding multiplies the size by the stride", offsets)
    said = f"no padding leads from {size} to {target}"
    if spreading.stride is not None:
        said += f" with stride {spreading.stride}"
    if spreading.output_padding is not None:
        said += f" and output_padding {spreading.output_padding}"
    return NoSolution(said, [str(n) for n in near])


def _spread_out(
    question: Question, stride: int, p: int, extra: int, times: bool, style: Style
) -> list[str]:
    """How a transposed convolution's padding follows, and the size that it makes."""

    def rule(padded: Any) -> Any:
        return spread(
            letter("N", question.size),
            letter("F", question.kernel),
            letter("S", stride),
            padded,
            letter("A", extra) if extra else 0,
            unless_one("D", question.dilation),
        )

    if times:
        found = padding.multiplied(question.kernel, stride, question.dilation, extra)
        lines = _by_formula(found, "one cell becomes S, so every size is multiplied by S", style)
        if question.size is None:
            return lines
    else:
        cut = written(rule(0) - letter("O", question.wanted), style)
        lines = ["backwards, for O outputs", f"  2P = {cut}", f"  P = {p}"]
    named = ", where A is output_padding" if extra else ""
    return [*lines, "forwards", f"  {written(rule(letter('P', p)), style)}{named}"]
