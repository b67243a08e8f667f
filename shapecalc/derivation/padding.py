"""Padding, derived in two ways: by solving the size rule, and by laying the kernel on the corner.

Everything here asks the rules themselves (:mod:`shapecalc.algebra.window`): they are run on
letters and solved for P, or run on sizes and inverted.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import ceildiv, known, largest
from shapecalc.algebra.trace import Leaf, Sum, Traced
from shapecalc.algebra.window import Window, extent, spread
from shapecalc.derivation.equation import Equation, share


class Same(NamedTuple):
    """What keeps a size at stride 1: the padding before and after, and how it follows.

    ``condition`` is the size rule set equal to the size, ``solved`` that solved for 2P, and
    ``half`` for P, None where the total is a formula.
    """

    before: Any
    after: Any
    condition: Equation
    solved: Equation
    half: Equation | None

    @property
    def total(self) -> Any:
        """The padding before and after together."""
        return self.solved.right.value

    @property
    def is_even(self) -> bool:
        """Whether both sides get the same."""
        return bool(self.before == self.after)


def same(kernel: Any, dilation: Any = 1) -> Same:
    r"""The padding that keeps the size at stride 1, by the formula.

    >>> from shapecalc.algebra.steps import ASCII
    >>> from shapecalc.derivation.equation import written
    >>> found = same(5)
    >>> print(written(found.condition, ASCII), written(found.solved, ASCII), sep="\n")
    N + 2P - F + 1 = N
    2P = F - 1 = 5 - 1 = 4
    >>> print(written(found.half, ASCII))
    P = 4/2 = 2
    """
    n, p = _letter("N"), _letter("P")
    rule: Any = Window.symmetric(_letter("F", kernel), 1, p, _dilation(dilation)).output(n)
    window = Window.same(kernel, dilation)
    condition = Equation(rule, n, known=False)
    solved = _solved(rule - n, p)
    return Same(window.before, window.after, condition, solved, _half(solved, p))


def multiplied(kernel: int, stride: int, dilation: int = 1, output_padding: int = 0) -> Same:
    """The padding at which a transposed convolution multiplies every size by its stride.

    The size grows by the stride with every cell of the input, so it is enough that one cell
    becomes as many as the stride. Where no whole P does it, both sides are not the same.

    >>> from shapecalc.algebra.steps import ASCII
    >>> from shapecalc.derivation.equation import written
    >>> print(written(multiplied(4, stride=2).solved, ASCII))
    2P = F - S = 4 - 2 = 2
    """
    p, s = _letter("P"), _letter("S", stride)
    extra = _letter("A", output_padding) if output_padding else 0
    rule: Any = spread(1, _letter("F", kernel), s, p, extra, _dilation(dilation))
    condition = Equation(rule, s, known=False)
    solved = _solved(rule - s, p)
    both = solved.right.value
    return Same(both // 2, both - both // 2, condition, solved, _half(solved, p))


def _letter(letter: str, value: Any = 0) -> Any:
    """A letter; the value of one that an equation is solved for plays no part."""
    return Traced.letter(letter, value)


def _dilation(dilation: Any) -> Any:
    return _letter("D", dilation) if dilation != 1 else 1


def _solved(difference: Any, unknown: Traced) -> Equation:
    """Solve ``difference = 0`` for a letter that it holds once: ``2P = rest``."""
    assert isinstance(difference.tree, Sum)
    factor = 0
    rest: Any = 0
    terms = difference.tree.terms
    for times, term in terms:
        if isinstance(term, Leaf) and term == unknown.tree:
            factor = times
    for times, term in terms:
        if term != unknown.tree:
            rest = rest + (-times if factor > 0 else times) * Traced(term)
    return Equation(abs(factor) * unknown, rest if isinstance(rest, Traced) else Traced.sum([rest]))


def _half(solved: Equation, unknown: Traced) -> Equation | None:
    total = solved.right.value
    return Equation(unknown, share(total, 2)) if isinstance(total, int) else None


def hanging_over(kernel: int, dilation: int = 1) -> Equation:
    """By the picture: how far a kernel reaches over the edge if its centre is on the first pixel.

    >>> from shapecalc.algebra.steps import ASCII
    >>> from shapecalc.derivation.equation import written
    >>> print(written(hanging_over(5), ASCII))
    P = floor(F/2) = floor(5/2) = 2
    """
    span: Any = extent(_letter("F", kernel), _dilation(dilation))
    return Equation(_letter("P"), span // 2)


def needed(size: Any, window_extent: Any, stride: Any) -> Any:
    """All the padding that gives ceil(N/S) outputs: TensorFlow's ``same``.

    It is what the input lacks of the least size with so many outputs. See TensorFlow's API
    documentation, ``tf.nn``, "Notes on padding".

    >>> needed(224, 7, 2), needed(225, 7, 2)
    (5, 6)
    """
    least, _ = Window(window_extent, stride, 0, 0).inputs(ceildiv(size, stride))
    return largest(least - size, 0)


def same_everywhere(window_extent: int, stride: int) -> list[tuple[int, int | None]]:
    """Fixed paddings on both sides that give ceil(N/S) outputs, for all N or all but one N % S.

    That remainder is told with each, None where there is none.

    Both numbers of outputs grow by one where N does by S, and where rounding sets in differs by
    2P - (F - 1) sizes: by none for one P if F is odd, by one for two if it is even. So sizes that
    are multiples of S, or one more, decide.

    >>> same_everywhere(3, 2), same_everywhere(2, 3), same_everywhere(2, 1)
    ([(1, None)], [(0, 1), (1, 0)], [])
    """
    found: list[tuple[int, int | None]] = []
    for padding in sorted({(window_extent - 1) // 2, window_extent // 2}):
        window = Window(window_extent, stride, padding, padding)
        start = stride * window_extent
        wrong = [
            size % stride
            for size in (start, start + 1)
            if known(window.output(size)) != known(ceildiv(size, stride))
        ]
        if not wrong:
            found.append((padding, None))
        elif stride > 1:
            found.append((padding, wrong[0]))
    return found
