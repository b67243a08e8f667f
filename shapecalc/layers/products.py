"""Products of tensors that are summed up: of matrices, and in Einstein's notation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import ClassVar, NamedTuple

from shapecalc.algebra.arithmetic import Dim, Shape, prod, total
from shapecalc.algebra.requirement import Requirement, broadcasts, equal, refuse
from shapecalc.layers.field import field
from shapecalc.layers.joining import Join, Listed, aligned, broadcast, plainest, stretched
from shapecalc.layers.tensor import Tensor
from shapecalc.layers.types import Text


class MatMul(Join):
    """Multiply matrices in the last two dimensions; the dimensions before them broadcast.

    An input of one dimension is a row on the left and a column on the right, and its dimension is
    gone in the output. Every output is a dot product over the inner size, the first's columns and
    the second's rows.

    >>> queries, keys = Tensor((1, 12, 197, 64)), Tensor((1, 12, 64, 197))
    >>> product = MatMul().output(queries, keys)
    >>> product.shape, MatMul().macs(queries, keys, y=product)
    ((1, 12, 197, 197), 29805312)
    """

    called = ("torch.matmul", "Tensor.matmul", "torch.bmm", "Tensor.bmm", "torch.mm", "Tensor.mm",
              "torch.mv", "Tensor.mv")  # fmt: skip
    arity = (2, 2)
    ndims = range(1, 99)
    stretches = True

    example_shapes = ((1, 4, 8, 16), (1, 4, 16, 8))

    does = "multiplies the matrices of"

    def requires(self, *x: Tensor) -> Iterator[Requirement]:
        left, right = _as_matrices(*x)
        yield equal(
            left[-1],
            right[-2],
            "{join.does} {inputs}, but {left} columns do not meet {right} rows",
            hint="a Permute turns a matrix over" if left[-1] == right[-1] else "",
            join=self,
            inputs=Listed(x),
        )
        n = max(len(left), len(right))
        for axis, sizes in enumerate(aligned([left[:-2], right[:-2]])):
            yield from self._agree(x, axis, n, stretched(sizes))

    def output(self, *x: Tensor) -> Tensor:
        left, right = _as_matrices(*x)
        rows = left[-2:-1] if len(x[0].shape) > 1 else ()
        columns = right[-1:] if len(x[1].shape) > 1 else ()
        return Tensor((*broadcast([left[:-2], right[:-2]]), *rows, *columns), x[0].dtype)

    def macs(self, *x: Tensor, y: Tensor) -> Dim:
        return prod(y.shape) * plainest((x[0].shape[-1], _as_matrices(*x)[1][-2]))

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return " @ ".join(inputs)


def _as_matrices(left: Tensor, right: Tensor) -> tuple[Shape, Shape]:
    """The shapes with a dimension more where there is only one."""
    return (
        left.shape if len(left.shape) > 1 else (1, *left.shape),
        right.shape if len(right.shape) > 1 else (*right.shape, 1),
    )


class _Equation(NamedTuple):
    """The letters of the operands' dimensions, and of the output's; dots are letters by then."""

    operands: tuple[tuple[str, ...], ...]
    output: tuple[str, ...]


_SIDE = re.compile(r"[A-Za-z]*(\.\.\.)?[A-Za-z]*")


def _read(text: str) -> tuple[list[str], str | None]:
    """The operands of an equation and its output, None where that is left to the convention."""
    before, arrow, after = text.replace(" ", "").partition("->")
    operands = before.split(",")
    for side in (*operands, after):
        if not _SIDE.fullmatch(side):
            raise ValueError(f"{side!r} is no row of letters")
    twice = [letter for letter in after if letter != "." and after.count(letter) > 1]
    if twice:
        raise ValueError(f"{twice[0]!r} stands twice in the output")
    missing = [letter for letter in after if letter != "." and letter not in before]
    if missing:
        raise ValueError(f"{missing[0]!r} stands in the output alone")
    return operands, after if arrow else None


def _spread(text: str, counts: Sequence[int]) -> _Equation | str:
    """The letters of every dimension for operands of so many; what is wrong if that fails."""
    operands, output = _read(text)
    if len(operands) != len(counts):
        return f"it has {len(operands)} operands"
    hidden = []
    for letters, count in zip(operands, counts):
        named = len(letters.replace("...", ""))
        if count < named or (count > named and "..." not in letters):
            return f"{letters!r} names {named} dimensions"
        hidden.append(count - named if "..." in letters else 0)
    most = max(hidden)
    dots = tuple(f".{i}" for i in range(most))
    rows = [_letters(row, dots[most - count :]) for row, count in zip(operands, hidden)]
    if output is None:
        every = [letter for row in rows for letter in row]
        once = sorted(n for n in set(every) if every.count(n) == 1 and n not in dots)
        return _Equation(tuple(rows), (*dots, *once))
    return _Equation(tuple(rows), _letters(output, dots))


def _letters(row: str, dots: tuple[str, ...]) -> tuple[str, ...]:
    before, found, after = row.partition("...")
    return (*before, *(dots if found else ()), *after)


class Einsum(Join):
    """Multiply and sum up in Einstein's notation: letters that are not in the output are summed.

    The operands are multiplied one after another, as torch does without opt_einsum: what only one
    of two has is summed before, and a product over what both have is one of matrices. A size 1 is
    neither summed nor multiplied over; formulas count as if no size that is a formula were 1.

    >>> queries, keys = Tensor((1, 197, 12, 64)), Tensor((1, 197, 12, 64))
    >>> scores = Einsum(equation="bihd,bjhd->bhij")
    >>> y = scores.output(queries, keys)
    >>> y.shape, scores.macs(queries, keys, y=y)
    ((1, 12, 197, 197), 29805312)
    """

    called = ("torch.einsum(equation)",)
    work = "what is summed or multiplied without being summed"

    equation: str = field(
        Text("an equation such as 'bij,bjk->bik'", _read), "the letters of all dimensions"
    )

    example: ClassVar[Mapping[str, object]] = {"equation": "bchw,bdhw->bcd"}

    @property
    def does(self) -> str:
        return f"has equation {self.equation!r} for"

    def _equation(self, x: Sequence[Tensor]) -> _Equation:
        found = _spread(self.equation, [len(tensor.shape) for tensor in x])
        assert isinstance(found, _Equation)
        return found

    def requires(self, *x: Tensor) -> Iterator[Requirement]:
        found = _spread(self.equation, [len(tensor.shape) for tensor in x])
        if isinstance(found, str):
            yield refuse(
                "{join.does} {inputs}: {found}",
                field="equation",
                join=self,
                inputs=Listed(x),
                found=found,
            )
            return
        for row, tensor in zip(found.operands, x):
            for letter in dict.fromkeys(row):
                own = [size for name, size in zip(row, tensor.shape) if name == letter]
                yield from self._agree_in(letter, own, x, equal)
        for letter, sizes in _sizes(found, x).items():
            yield from self._agree_in(letter, stretched(tuple(sizes)), x, broadcasts)

    def _agree_in(
        self,
        letter: str,
        sizes: Sequence[Dim],
        x: Sequence[Tensor],
        require: Callable[..., Requirement],
    ) -> Iterator[Requirement]:
        for first, other in combinations(dict.fromkeys(sizes), 2):
            yield require(
                first,
                other,
                "{join.does} {inputs}, but {letter!r} is {left} and {right}",
                field="equation",
                join=self,
                inputs=Listed(tuple(x)),
                letter=letter,
            )

    def output(self, *x: Tensor) -> Tensor:
        equation = self._equation(x)
        sizes = _sizes(equation, x)
        shape = (broadcast([(size,) for size in sizes[letter]])[0] for letter in equation.output)
        return Tensor(tuple(shape), x[0].dtype)

    def _steps(self, x: Sequence[Tensor]) -> Iterator[tuple[bool, Dim]]:
        """The products, each with whether it is one of matrices and how many operations it is."""
        equation = self._equation(x)
        rows = [_long(row, tensor) for row, tensor in zip(equation.operands, x)]
        first, *others = rows
        if not others and first.keys() - {*equation.output}:
            yield False, prod(first.values())
        for i, other in enumerate(others):
            needed = {*equation.output, *(name for row in others[i + 1 :] for name in row)}
            pair = [
                {name: size for name, size in row.items() if name in needed or name in partner}
                for row, partner in ((first, other), (other, first))
            ]
            for before, after in zip((first, other), pair):
                if before.keys() - after.keys():
                    yield False, prod(before.values())
            both = {
                name: broadcast([(row[name],) for row in pair if name in row])[0]
                for name in pair[0] | pair[1]
            }
            summed = both.keys() - needed
            yield bool(summed), prod(both.values())
            first = {name: size for name, size in both.items() if name in needed}

    def macs(self, *x: Tensor, y: Tensor) -> Dim:
        return total([count for is_product, count in self._steps(x) if is_product])

    def elementwise(self, *x: Tensor, y: Tensor) -> Dim:
        return total([count for is_product, count in self._steps(x) if not is_product])

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        return f"torch.einsum({', '.join([settings['equation'], *inputs])})"


def _sizes(equation: _Equation, x: Sequence[Tensor]) -> dict[str, list[Dim]]:
    """The sizes that each letter has in the operands."""
    found: dict[str, list[Dim]] = {}
    for row, tensor in zip(equation.operands, x):
        for letter, size in zip(row, tensor.shape):
            found.setdefault(letter, []).append(size)
    return found


def _long(row: Sequence[str], tensor: Tensor) -> dict[str, Dim]:
    """The letters of an operand with their sizes, without those of size 1, which only stretch."""
    return {letter: size for letter, size in zip(row, tensor.shape) if size != 1}
