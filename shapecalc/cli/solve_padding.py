"""``shapecalc solve-padding``: which padding does what is wanted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from shapecalc.cli.output import echo_error, echo_json, has_signs
from shapecalc.cli.terminal import print_lines

if TYPE_CHECKING:
    from shapecalc.algebra.steps import Style
    from shapecalc.solving.padding import Question, Solved

MOST_SHOWN = 20
"""How many alternatives are printed; JSON has them all."""


class Sizes(click.ParamType):  # type: ignore[type-arg]
    """Sizes along one to three axes: ``5``, ``3x5``; or a symbol, where that is allowed."""

    name = "sizes"

    def __init__(self, least: int = 1, *, symbols: bool = False) -> None:
        self.least = least
        self.symbols = symbols

    def get_metavar(self, *args: Any, **options: Any) -> str:
        return "N[xN]"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int | str, ...]:
        if isinstance(value, tuple):
            return value
        if self.symbols and re.fullmatch(r"[A-Za-z_]\w*", value, re.ASCII):
            return (value,)
        found = []
        for part in value.lower().split("x"):
            digits = part.strip()
            if not re.fullmatch("[0-9]{1,10}", digits):
                self.fail(f"{value!r} is no size such as 5 or 3x5", param, ctx)
            if not self.least <= int(digits) < 2**31:
                self.fail(f"{digits} is not between {self.least} and 2**31 - 1", param, ctx)
            found.append(int(digits))
        if len(found) > 3:
            self.fail(f"{value!r} has {len(found)} axes, a window at most 3", param, ctx)
        return tuple(found)


@click.command(name="solve-padding")
@click.option(
    "--kernel", type=Sizes(symbols=True), required=True, help="Kernel: 5, 3x5, or a symbol K."
)
@click.option("--same", is_flag=True, help="Keep the size; with a stride, divide it by the stride.")
@click.option(
    "--stride", type=Sizes(), help="Step; where left out, 1 with --same and open with --output."
)
@click.option("--dilation", type=Sizes(symbols=True), default="1", help="Step inside the kernel.")
@click.option("--input", "sizes", type=Sizes(), help="Input size.")
@click.option("--output", "wanted", type=Sizes(), help="Wanted output size.")
@click.option("--ceil-mode", is_flag=True, help="A pool that rounds up.")
@click.option("--transposed", is_flag=True, help="A transposed convolution.")
@click.option(
    "--output-padding", type=Sizes(0), help="Fix a transposed convolution's output_padding."
)
@click.option("--ascii", "plain", is_flag=True, help="Plain ASCII, no other signs.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def solve_padding(same: bool, plain: bool, form: str, **options: Any) -> None:
    """Find the padding, how it follows, and every alternative.

    \b
    shapecalc solve-padding --kernel 5 --same
    shapecalc solve-padding --kernel 5 --input 32 --output 32
    shapecalc solve-padding --kernel 3 --stride 3 --input 7
    shapecalc solve-padding --kernel 3 --stride 2 --transposed --same

    With --stride and --input alone, the padding is asked for that leaves nothing unused.

    Exit status 1 if there is no such padding; then the nearest sizes that can be had are told.
    """
    from shapecalc.algebra.steps import ASCII, UNICODE
    from shapecalc.solving.padding import NoSolution

    _refuse_contradictions(same, options)
    plain = plain or (form != "json" and not has_signs())
    style = ASCII if plain else UNICODE
    answers = []
    for name, question in _questions(options):
        try:
            answers.append((name, _answer(question, same, options["transposed"], style, plain)))
        except NoSolution as none:
            where = f"{name}: " if name else ""
            nearest = " and ".join(none.nearest)
            near = f"; the nearest that can be had: {nearest}" if nearest else ""
            echo_error(f"shapecalc solve-padding: error: {where}{none}{near}")
            raise SystemExit(1) from None
    if form == "json":
        told = [{"axis": name, **solved._asdict()} for name, solved in answers]
        echo_json(told)
    else:
        print_lines("\n\n".join(_text(name, solved) for name, solved in answers))


def _refuse_contradictions(same: bool, options: dict[str, Any]) -> None:
    """Refuse options that do not go together, naming them."""
    wanted, transposed, ceil_mode = options["wanted"], options["transposed"], options["ceil_mode"]
    has_symbol = any(isinstance(n, str) for n in (*options["kernel"], *options["dilation"]))
    strides = set(options["stride"] or (1,))
    problems = {
        "--same and --output contradict each other: --same says what the output is": (
            same and wanted
        ),
        "--transposed and --ceil-mode contradict each other: no pool is transposed": (
            transposed and ceil_mode
        ),
        "--same and --ceil-mode contradict each other: a size that is kept is not rounded": (
            same and ceil_mode
        ),
        "--output-padding needs --transposed": options["output_padding"] and not transposed,
        "say what is wanted: --same; or --input and --output; or --stride and --input, for a "
        "division that leaves nothing": (
            not same and not wanted and not (options["stride"] and options["sizes"])
        ),
        "--transposed needs --same or --output": transposed and not same and not wanted,
        "--ceil-mode needs --output: rounding up leaves nothing over": (
            ceil_mode and not same and not wanted
        ),
        "--output needs --input: the size it is made from": wanted and not options["sizes"],
        "a symbol needs --same, and goes with neither --stride nor --transposed": (
            has_symbol and (not same or transposed or strides != {1})
        ),
    }
    for problem, is_there in problems.items():
        if is_there:
            raise click.UsageError(problem)


def _questions(options: dict[str, Any]) -> Iterator[tuple[str, Question]]:
    """A question for every axis; a single one, without a name, where all axes are alike."""
    from shapecalc.solving.padding import Question

    names = {
        "kernel": "--kernel",
        "stride": "--stride",
        "dilation": "--dilation",
        "sizes": "--input",
        "wanted": "--output",
        "output_padding": "--output-padding",
    }
    given = {option: options[name] for name, option in names.items() if options[name]}
    widest = max(given, key=lambda option: len(given[option]))
    rank = len(given[widest])
    for option, values in given.items():
        if len(values) not in (1, rank):
            raise click.UsageError(f"{option} has {len(values)} axes, but {widest} has {rank}")
    asked: dict[Question, list[str]] = {}
    from shapecalc.layers.axes import SPATIAL

    for axis, name in enumerate(SPATIAL[rank]):
        kernel, stride, dilation, size, wanted, extra = (
            _on_axis(options[each], axis) for each in names
        )
        question = Question(
            _symbol(kernel), stride, _symbol(dilation), size, wanted, options["ceil_mode"], extra
        )
        asked.setdefault(question, []).append(name)
        if extra is not None and extra >= max(stride or extra + 1, dilation):
            raise click.UsageError(
                f"--output-padding {extra} must be less than --stride or --dilation"
            )
    for question, own in asked.items():
        yield " and ".join(own) if len(asked) > 1 else "", question


def _on_axis(values: tuple[Any, ...] | None, axis: int) -> Any:
    return values and values[axis if len(values) > 1 else 0]


def _symbol(value: Any) -> Any:
    if isinstance(value, str):
        from shapecalc.algebra.formula import Formula

        return Formula.symbol(value)
    return value


def _answer(question: Question, same: bool, transposed: bool, style: Style, plain: bool) -> Solved:
    from shapecalc.solving import padding

    if transposed:
        return padding.transposed(question, style)
    if question.wanted is not None:
        return padding.reach(question, style)
    if not same:
        from shapecalc.solving import whole

        return whole.leave_nothing(question, style)
    if question.stride in (None, 1):
        return padding.keep_size(question, style, ascii=plain)
    return padding.keep_ratio(question, style)


def _text(name: str, solved: Solved) -> str:
    lines = [f"{name}: {solved.headline}" if name else solved.headline, "", *solved.reasons]
    if solved.alternatives:
        lines += ["", "also", *(f"  {line}" for line in solved.alternatives[:MOST_SHOWN])]
        if len(solved.alternatives) > MOST_SHOWN:
            lines.append("  ...")
    return "\n".join(lines)
