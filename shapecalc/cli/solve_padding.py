"""``shapecalc solve-padding``: which padding does what is wanted."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from shapecalc.cli.common import echo_error

if TYPE_CHECKING:
    from shapecalc.algebra.trace import Style
    from shapecalc.solve.padding import Question, Solved

AXES = {1: ("",), 2: ("height", "width"), 3: ("depth", "height", "width")}


class Sizes(click.ParamType):
    """Sizes along one or more axes: ``5``, ``3x5``; or a symbol, where that is allowed."""

    name = "sizes"

    def __init__(self, least: int = 1, *, symbols: bool = False) -> None:
        self.least = least
        self.symbols = symbols

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int | str, ...]:
        if isinstance(value, tuple):
            return value
        found: list[int | str] = []
        for part in value.lower().split("x") if value[:1].isdigit() else [value]:
            if part.isdecimal() and self.least <= int(part) < 2**31:
                found.append(int(part))
            elif self.symbols and part.isidentifier():
                found.append(part)
            else:
                self.fail(f"{value!r} is not a size such as 5 or 3x5, of at least {self.least}", param, ctx)
        if len(found) > 3:
            self.fail("a window has at most three axes", param, ctx)
        return tuple(found)


@click.command(name="solve-padding")
@click.option("--kernel", type=Sizes(symbols=True), required=True, help="Kernel: 5, 3x5, or a symbol K.")
@click.option("--same", is_flag=True, help="Keep the size; with a stride, divide it by the stride.")
@click.option("--stride", type=Sizes(), help="Step; open if left out and --output is given, else 1.")
@click.option("--dilation", type=Sizes(symbols=True), default="1", help="Step inside the kernel.")
@click.option("--input", "sizes", type=Sizes(), help="Input size.")
@click.option("--output", "wanted", type=Sizes(), help="Wanted output size.")
@click.option("--ceil-mode", is_flag=True, help="A pool that rounds up.")
@click.option("--transposed", is_flag=True, help="A transposed convolution.")
@click.option("--output-padding", type=Sizes(0), help="Fix a transposed convolution's output_padding.")
@click.option("--ascii", "plain", is_flag=True, help="Plain ASCII, no other signs.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def solve_padding(same: bool, plain: bool, form: str, **options: Any) -> None:
    """Find the padding, how it follows, and every alternative.

    \b
    shapecalc solve-padding --kernel 5 --same
    shapecalc solve-padding --kernel 5 --input 32 --output 32
    shapecalc solve-padding --kernel 3 --stride 2 --transposed --input 16 --output 32
    """
    from shapecalc.algebra.trace import ASCII, UNICODE
    from shapecalc.solve.padding import NoSolution

    _refuse_contradictions(same, options)
    style = ASCII if plain else UNICODE
    answers = []
    for name, question in _questions(options):
        try:
            answers.append((name, _answer(question, same, options["transposed"], style, plain)))
        except NoSolution as none:
            where = f"{name}: " if name else ""
            nearest = " and ".join(map(str, none.nearest))
            echo_error(f"shapecalc: error: {where}{none}" + (f"; the nearest that can be had: {nearest}" if nearest else ""))
            sys.exit(1)
    if form == "json":
        click.echo(json.dumps([{"axis": name, **solved._asdict()} for name, solved in answers], indent=1, ensure_ascii=False))
        return
    click.echo("\n\n".join(_text(name, solved) for name, solved in answers))


def _refuse_contradictions(same: bool, options: dict[str, Any]) -> None:
    def refuse(message: str) -> None:
        raise click.UsageError(message)

    if same and options["wanted"]:
        refuse("--same and --output contradict each other: --same says what the output is")
    if not same and not options["wanted"]:
        refuse("say what is wanted: --same, or --input and --output")
    if options["wanted"] and not options["sizes"]:
        refuse("--output needs --input: the size it is made from")
    if options["transposed"] and options["ceil_mode"]:
        refuse("--ceil-mode is for pools, and --transposed for convolutions")
    if options["output_padding"] and not options["transposed"]:
        refuse("--output-padding is for --transposed")
    if options["ceil_mode"] and same:
        refuse("--ceil-mode with --same has no meaning: a pool that keeps its size rounds nothing")
    has_symbol = any(isinstance(n, str) for n in (*options["kernel"], *options["dilation"]))
    plain_same = same and not options["transposed"] and set(options["stride"] or (1,)) == {1}
    if has_symbol and not plain_same:
        refuse("a symbol is answered for --same at stride 1 alone")


def _questions(options: dict[str, Any]) -> Iterator[tuple[str, Question]]:
    """A question for every axis; a single one where all axes are alike."""
    from shapecalc.solve.padding import Question

    names = ("kernel", "stride", "dilation", "sizes", "wanted", "output_padding")
    rank = max(len(options[name] or ()) for name in names)
    for name in names:
        if options[name] and len(options[name]) not in (1, rank):
            raise click.UsageError(f"--{name.replace('_', '-')} has {len(options[name])} axes, not {rank}")
    asked: dict[Question, str] = {}
    for axis in range(rank):
        kernel, stride, dilation, size, wanted, extra = (
            _on_axis(options[name], axis) for name in names
        )
        question = Question(
            _symbol(kernel), stride, _symbol(dilation), size, wanted, options["ceil_mode"], extra
        )
        asked[question] = f"{asked[question]} and {AXES[rank][axis]}" if question in asked else AXES[rank][axis]
    for question, name in asked.items():
        yield name if len(asked) > 1 else "", question


def _on_axis(values: tuple[Any, ...] | None, axis: int) -> Any:
    return values and (values[axis] if len(values) > 1 else values[0])


def _symbol(value: Any) -> Any:
    if isinstance(value, str):
        from shapecalc.algebra.formula import Formula

        return Formula.symbol(value)
    return value


def _answer(
    question: Question, same: bool, transposed: bool, style: Style, plain: bool
) -> Solved:
    from shapecalc.solve import padding

    if transposed:
        return padding.transposed(question, style)
    if not same:
        return padding.reach(question, style)
    if question.stride in (None, 1):
        return padding.keep_size(question, style, ascii=plain)
    return padding.keep_ratio(question, style)


def _text(name: str, solved: Solved) -> str:
    lines = [f"{name}: {solved.headline}" if name else solved.headline, "", *solved.reasons]
    if solved.alternatives:
        shown = solved.alternatives[:20]
        lines += ["", "also", *(f"  {line}" for line in shown)]
        if len(shown) < len(solved.alternatives):
            lines.append(f"  ... and {len(solved.alternatives) - len(shown)} more")
    return "\n".join(lines)
