"""The padding that lets the last window end with its input, so that nothing is rounded away."""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from typing import Any

from shapecalc.algebra.arithmetic import known
from shapecalc.algebra.steps import Style
from shapecalc.algebra.window import Window, extent
from shapecalc.derivation.equation import written
from shapecalc.derivation.numbers import decimal
from shapecalc.solving.padding import Question, Solved, letter, sides, unless_one

MOST = 8
"""How many wider paddings are listed."""


def leave_nothing(question: Question, style: Style) -> Solved:
    """The least padding at which (N + 2P - F)/S + 1 is whole, alike on both sides if it can be.

    >>> from shapecalc.algebra.steps import ASCII
    >>> leave_nothing(Question(3, 3, size=7), ASCII).headline
    'P = 1'
    >>> leave_nothing(Question(3, 2, size=8), ASCII).headline
    'no P on both sides: 0 before and 1 after'
    """
    size, stride = question.size, question.stride
    assert size is not None
    assert stride is not None
    span = known(extent(question.kernel, question.dilation))
    paddings = _alike(size, span, stride)
    before, after = _least(size, span, stride)
    uneven = [{"before": before, "after": after}] if before != after else []
    answers: list[dict[str, Any]] = [{"padding": p} for p in paddings] + uneven
    alike = paddings[0] if paddings and (paddings[0] < span or not uneven) else None
    if alike is not None:
        headline = f"P = {alike}"
    else:
        headline = f"{'no narrow P' if paddings else 'no P'} on both sides: {sides(before, after)}"
        answers = [*uneven, *answers[: len(paddings)]]
    spare = uneven if alike is not None else []
    reasons = _reasons(question, span, alike, (before, after), style)
    return Solved(headline, answers, reasons, _others(size, span, stride, paddings, spare), False)


def _alike(size: int, span: int, stride: int) -> list[int]:
    """The paddings on both sides that leave nothing: the least, and those below the kernel."""
    start = max(0, -((size - span) // 2))
    found = Window(span, stride, start, start).filled(size)
    if found is None:
        return []
    first = known(found.before)
    step = stride // gcd(2, stride)
    return [first, *range(first + step, span, step)[:MOST]]


def _least(size: int, span: int, stride: int) -> tuple[int, int]:
    """The least padding in all that leaves nothing, shared by two sides, the odd cell after."""
    lacking = max(0, span - size)
    total = lacking + (span - size - lacking) % stride
    return total // 2, total - total // 2


def _reasons(
    question: Question, span: int, alike: int | None, least: tuple[int, int], style: Style
) -> list[str]:
    size, stride = question.size, question.stride
    n, f, s = letter("N", size), letter("F", question.kernel), letter("S", stride)
    d = unless_one("D", question.dilation)
    lines = []
    if size is not None and stride is not None and size >= span:
        unpadded = (n - extent(f, d)) / s + 1
        left = (size - span) % stride
        said = f": {left} at the end unused" if left else ": whole as it is"
        lines += ["without padding", f"  {written(unpadded, style)}{_rounded(unpadded)}{said}"]
    if alike is None:
        before, after = letter("before", least[0]), letter("after", least[1])
        padded = (n + before + after - extent(f, d)) / s + 1
        lines.append("with padding")
        if stride is not None and stride % 2 == 0:
            lines.append(
                f"  {written(n - extent(f, d), style)} is odd, S = {stride} is even: "
                "no 2P makes up for it"
            )
        return [*lines, f"  {written(padded, style)}"]
    padded = (n + 2 * letter("P", alike) - extent(f, d)) / s + 1
    return [*lines, "with padding", f"  {written(padded, style)}"]


def _rounded(value: Any) -> str:
    exact = Fraction(value.value)
    return "" if exact.denominator == 1 else f" {decimal(exact)}"


def _others(
    size: int, span: int, stride: int, alike: list[int], uneven: list[dict[str, int]]
) -> list[str]:
    lines = [
        f"{sides(each['before'], each['after'])}: {each['before'] + each['after']} in all, "
        "the least there is"
        for each in uneven
        if alike and each["before"] + each["after"] < 2 * alike[0]
    ]
    lines += [f"P = {p}" for p in (alike[1:] if alike and alike[0] < span else alike)]
    left = (size - span) % stride
    if left and (not alike or alike[0]):
        fitting = [n for n in (size - left, size - left + stride) if n >= span]
        lines.append(f"an input of {' or '.join(map(str, fitting))} leaves nothing without padding")
    return lines
