"""``shapecalc solve-padding`` answers, or says why there is no answer."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from typing import Any

import pytest
from click.testing import CliRunner

from shapecalc.algebra.window import Window, spread
from shapecalc.cli import main
from shapecalc.solving.reach import Slide


def run(arguments: str) -> Any:
    """Run the command in this process."""
    return CliRunner().invoke(main, ["solve-padding", *arguments.split()])


def lines(arguments: str) -> list[str]:
    """What a command prints, which must succeed."""
    done = run(arguments)
    assert done.exit_code == 0, done.output
    assert not done.stderr
    return done.stdout.splitlines()


def data(arguments: str) -> list[dict[str, Any]]:
    """What a command gives as data for each axis."""
    found: list[dict[str, Any]] = json.loads("\n".join(lines(f"{arguments} --format json")))
    keys = {"axis", "headline", "answers", "reasons", "alternatives", "complete"}
    assert all(axis.keys() == keys for axis in found)
    return found


KERNEL_5 = """\
P = 2

by the formula
  N + 2P − F + 1 = N: the output as large as the input
  2P = F − 1 = 5 − 1 = 4
  P = 4/2 = 2
by the picture
  P = ⌊F/2⌋ = ⌊5/2⌋ = 2: so far the kernel hangs over, its centre on the first pixel
    ░ ░ ░ ░ ░
    ░ ░ ░ ░ ░
    ░ ░ █ █ █ · ·
    ░ ░ █ █ █ · ·
    ░ ░ █ █ █ · ·
        · · · · ·
        · · · · ·
    ░ kernel over padding   █ kernel over the input   · input

also
  padding="same" in torch pads as much: 2 before and 2 after
  any other split of 4 keeps the size too; all of it before makes the layer causal
"""


def test_an_odd_kernel_is_told_in_two_ways():
    assert lines("--kernel 5 --same") == KERNEL_5.splitlines()


@pytest.mark.parametrize(
    ("arguments", "headline"),
    [
        ("--kernel 1 --same", "P = 0"),
        ("--kernel 4 --same", "no P on both sides: 1 before and 2 after"),
        ("--kernel 3 --dilation 2 --same", "P = 2"),
        ("--kernel 2 --dilation 2 --same", "P = 1"),
        ("--kernel K --same", "P = (K - 1)/2 for odd K"),
        ("--kernel K --dilation 2 --same", "P = K - 1"),
        ("--kernel 3 --dilation D --same", "P = D"),
        ("--kernel 4 --dilation D --same", "P = (3*D)/2 where 3*D % 2 == 0"),
        ("--kernel 3 --same --stride 2", "it depends on the input's size N"),
        ("--kernel 7 --same --stride 2 --input 224", "2 before and 3 after"),
        ("--kernel 7 --same --stride 2 --input 225", "P = 3"),
        ("--kernel 1 --same --stride 2 --input 224", "P = 0"),
        ("--kernel 5 --input 32 --output 32", "S = 1, P = 2"),
        ("--kernel 5 --input 32 --output 32 --stride 1", "P = 2"),
        ("--kernel 11 --input 224 --output 55", "S = 4, P = 2"),
        ("--kernel 3 --input 224 --output 112 --stride 2", "P = 1"),
        ("--kernel 3 --input 112 --output 56 --stride 2 --ceil-mode", "P = 0"),
        ("--kernel 2 --transposed --stride 2 --same", "P = 0"),
        ("--kernel 4 --transposed --stride 2 --same", "P = 1"),
        ("--kernel 3 --transposed --stride 2 --same", "P = 1, output_padding = 1"),
        ("--kernel 3 --transposed --input 16 --output 32", "S = 2, P = 1, output_padding = 1"),
        ("--kernel 3 --transposed --input 16 --output 31 --stride 2", "P = 1"),
        ("--kernel 3x5 --same", "height: P = 1"),
        ("--kernel 3x3 --same", "P = 1"),
    ],
)
def test_the_plainest_answer_comes_first(arguments, headline):
    assert lines(arguments)[0] == headline


def test_axes_are_answered_one_by_one_and_alike_ones_together():
    told = lines("--kernel 3x5x3 --same")
    assert "depth and width: P = 1" in told
    assert "height: P = 2" in told
    axes = [each["axis"] for each in data("--kernel 3x5x3 --same")]
    assert axes == ["depth and width", "height"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--kernel 5 --same --output 3", "--same and --output contradict"),
        ("--kernel 5 --same --ceil-mode", "--same and --ceil-mode contradict"),
        ("--kernel 5 --transposed --ceil-mode --same", "--transposed and --ceil-mode contradict"),
        ("--kernel 5", "--same; or --input and --output"),
        ("--kernel 5 --input 7", "--same; or --input and --output"),
        ("--kernel 5 --input 7 --stride 2 --ceil-mode", "--ceil-mode needs --output"),
        ("--kernel 5 --input 7 --stride 2 --transposed", "--transposed needs --same or --output"),
        ("--kernel 5 --output 7", "--output needs --input"),
        ("--kernel 5 --same --output-padding 1", "--output-padding needs --transposed"),
        ("--kernel K --same --stride 2", "a symbol needs --same"),
        ("--kernel K --input 3 --output 3", "a symbol needs --same"),
        ("--kernel 3x3 --same --stride 1x2x1", "--kernel has 2 axes, but --stride has 3"),
        ("--kernel 3x3x3x3 --same", "has 4 axes"),
        ("--kernel 3 --same --stride 2 --transposed --output-padding 2", "less than --stride"),
        ("--kernel 0 --same", "is not between 1"),
        ("--kernel 3y --same", "is no size"),
        ("--kernel 3x --same", "is no size"),
        ("--kernel -3 --same", "is no size"),
        ("--kernel 3 --same --stride 2147483648", "is not between 1 and 2**31"),
        ("--kernel 3 --same --stride S", "is no size"),
        ("--same", "Missing option '--kernel'"),
    ],
)
def test_wrong_usage_names_the_options(arguments, message):
    done = run(arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--kernel 3 --input 32 --output 1 --stride 1", "the nearest that can be had: 30"),
        ("--kernel 2 --input 32 --output 20 --ceil-mode", "at most half its kernel, 1"),
        ("--kernel 2 --input 32 --output 20 --ceil-mode", "that can be had: 17 and 31"),
        ("--kernel 9 --input 2 --output 9 --ceil-mode", "the nearest that can be had: 2"),
        (
            "--kernel 2 --same --transposed",
            "no padding multiplies the size by the stride; the nearest that can be had: N + 1",
        ),
        (
            "--kernel 3 --stride 2 --transposed --output-padding 0 --same",
            "the nearest that can be had: N*2 - 1 and N*2 + 1",
        ),
        (
            "--kernel 3 --stride 2 --transposed --input 4 --output 90",
            "no padding leads from 4 to 90 with stride 2; the nearest that can be had: 10",
        ),
        ("--kernel 3x2 --transposed --input 4 --output 4 --stride 1", "width: no padding leads"),
    ],
)
def test_no_solution_is_told_with_the_nearest_that_exist(arguments, message):
    done = run(arguments)
    assert done.exit_code == 1
    assert message in done.stderr
    assert not done.stdout


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("stride", [None, 1, 2, 3])
@pytest.mark.parametrize(("size", "wanted"), [(32, 32), (32, 16), (7, 3), (5, 9)])
def test_answers_for_sizes_give_the_wanted_size(size, wanted, stride, ceil_mode):
    arguments = f"--kernel 3 --input {size} --output {wanted} --format json"
    arguments += f" --stride {stride}" if stride else ""
    arguments += " --ceil-mode" if ceil_mode else ""
    done = run(arguments)
    make = Window.rounded_up if ceil_mode else Window.symmetric
    if done.exit_code == 1:
        return
    (found,) = json.loads(done.stdout)
    for answer in found["answers"]:
        window = make(3, answer.get("stride", stride), answer.get("padding", 0))
        if "before" in answer:
            window = window._replace(before=answer["before"], after=answer["after"])
        assert window.output(size) == wanted


@pytest.mark.parametrize("kernel", [1, 2, 3])
def test_there_is_an_answer_for_every_size_that_trying_leads_to(kernel):
    for size in range(kernel, 24):
        tried = {
            (size + 2 * padding - kernel) // stride + 1
            for stride in range(1, 26)
            for padding in range(12)
        }
        for wanted in tried & {*range(1, 10)}:
            slide = Slide(kernel, 1, stride=None, ceil_mode=False)
            best = next(slide.answers(size, wanted))
            both = best.padding + best.after
            assert (size + both - kernel) // best.stride + 1 == wanted


def test_that_the_best_answer_has_windows_that_see_padding_alone_is_told():
    found = lines("--kernel 1 --input 16 --output 5")
    assert found[0] == "S = 4, P = 1"
    assert "some windows see padding alone" in found


def test_answers_for_transposed_convolutions_give_the_wanted_size():
    for answer in data("--kernel 4 --transposed --input 9 --output 20")[0]["answers"]:
        made = spread(9, 4, answer["stride"], answer["padding"], answer["output_padding"], 1)
        assert made == 20


@pytest.mark.parametrize(("size", "wanted"), [(4, 8), (7, 14), (7, 11), (16, 31)])
def test_a_transposed_convolutions_padding_is_derived_from_the_sizes(size, wanted):
    arguments = f"--kernel 3 --stride 2 --transposed --input {size} --output {wanted}"
    ((answer,),) = [axis["answers"] for axis in data(arguments)]
    (twice,) = [line for line in lines(arguments) if line.startswith("  2P = ")]
    assert twice.endswith(f" = {2 * answer['padding']}")
    assert f" − {wanted} = " in twice


@pytest.mark.parametrize(
    ("kernel", "stride", "size", "wanted"), [(11, 4, 224, 55), (7, 2, 224, 112), (3, 3, 9, 3)]
)
def test_cells_that_no_window_reaches_are_told(kernel, stride, size, wanted):
    arguments = f"--kernel {kernel} --stride {stride} --input {size} --output {wanted}"
    padded = size + 2 * data(arguments)[0]["answers"][0]["padding"]
    ends = [start + kernel for start in range(0, padded, stride) if start + kernel <= padded]
    assert len(ends) == wanted
    told = lines(arguments)
    forwards = told[told.index("forwards") + 1]
    unused = padded - ends[-1]
    assert forwards.endswith(f"= {wanted}  ({unused} at the end unused)" if unused else "= 3")


def test_answers_in_which_windows_see_padding_alone_are_not_listed_beside_others():
    assert data("--kernel 5 --input 32 --output 32")[0]["answers"] == [{"stride": 1, "padding": 2}]
    told = lines("--kernel 5 --input 32 --output 32")
    assert told[-2:] == [
        "also",
        "  every larger stride has an answer too, with padding as wide as the kernel or wider: "
        "windows that see padding alone",
    ]
    only = data("--kernel 3 --input 32 --output 100")[0]["answers"]  # where there are no others
    assert only[:2] == [{"stride": 1, "padding": 35}, {"stride": 2, "padding": 85}]
    assert len(only) < 6


@pytest.mark.parametrize("stride", ["", "--stride 1"])
def test_an_even_kernel_keeps_a_size_with_a_cell_more_on_one_side(stride):
    for kernel in (2, 4, 6):
        first = data(f"--kernel {kernel} --input 32 --output 32 {stride}")[0]["answers"][0]
        padding = first["before"], first["after"]
        assert padding == ((kernel - 1) // 2, kernel // 2)
        assert first.get("stride", 1) == 1


@pytest.mark.parametrize("dilation", [1, 2])
def test_the_least_padding_that_leaves_nothing_is_found_as_by_trying(dilation):
    for kernel, stride, size in itertools.product((1, 2, 3, 5), (1, 2, 3, 4), range(1, 12)):
        (found,) = data(f"--kernel {kernel} --stride {stride} --input {size} --dilation {dilation}")
        span = dilation * (kernel - 1) + 1

        def whole(padded, span=span, stride=stride):
            return padded >= span and (padded - span) % stride == 0

        least = next(total for total in range(60) if whole(size + total))
        alike = [p for p in range(30) if whole(size + 2 * p)]
        own = [answer["padding"] for answer in found["answers"] if "padding" in answer]
        uneven = [(a["before"], a["after"]) for a in found["answers"] if "before" in a]
        assert own[:1] == alike[:1]
        assert set(own[1:]) <= set(alike)
        assert uneven == ([(least // 2, least - least // 2)] if least % 2 else [])


def test_a_division_that_leaves_something_is_made_whole_by_padding():
    told = lines("--kernel 3 --stride 3 --input 7")  # the (7 - 3)/3 + 1 = 2.33 of tutorials
    assert told[0] == "P = 1"
    assert "(7 − 3)/3 + 1 = 4/3 + 1 = 7/3 = 2.33...: 1 at the end unused" in told[3]


def test_tensorflows_rule_is_told_for_every_remainder():
    told = lines("--kernel 3 --same --stride 2")
    assert "  N % 2 == 0: 1 in all, 0 before and 1 after" in told
    assert "  P = 1 on both sides gives ceil(N/2) outputs for every N" in told
    assert data("--kernel 3 --same --stride 2")[0]["answers"] == [
        {"where": "N % 2 == 0", "before": 0, "after": 1},
        {"where": "N % 2 == 1", "before": 1, "after": 1},
    ]


OPTIONS = {
    "--kernel": ["3", "2x3", "K", "2147483647"],
    "--stride": [None, "2", "2147483647"],
    "--dilation": [None, "2147483647"],
    "--input": [None, "7", "2147483647"],
    "--output": [None, "4", "2147483647"],
    "--output-padding": [None, "1", "2147483647"],
}
FLAGS = ["--same", "--ceil-mode", "--transposed"]


@pytest.mark.one_in(4)
@pytest.mark.parametrize("flags", list(itertools.product([False, True], repeat=len(FLAGS))))
def test_every_combination_of_options_answers_or_refuses_with_a_reason(flags):
    chosen = [flag for flag, on in zip(FLAGS, flags) if on]
    for values in itertools.product(*OPTIONS.values()):
        given = [f"{name} {value}" for name, value in zip(OPTIONS, values) if value]
        arguments = " ".join([*chosen, *given])
        done = run(arguments)
        assert done.exit_code in (0, 1, 2), arguments
        assert isinstance(done.exception, (SystemExit, type(None))), arguments
        assert bool(done.stdout) == (done.exit_code == 0), arguments
        assert bool(done.stderr) == (done.exit_code != 0), arguments


def test_ascii_is_ascii():
    for arguments in ("--kernel 5 --same", "--kernel 3 --same --stride 2", "--kernel 4 --same"):
        assert "\n".join(lines(f"{arguments} --ascii")).isascii()


@pytest.mark.parametrize(
    "arguments",
    [
        "--kernel 5 --same",
        "--kernel 5 --input 32 --output 32",
        "--kernel 7 --same --stride 2",
        "--kernel 3 --transposed --input 16 --output 32 --format json",
    ],
)
def test_numbers_need_no_heavy_library(arguments):
    code = (
        "import sys\n"
        "from shapecalc.cli import main\n"
        f"main(['solve-padding', *{arguments.split()!r}], standalone_mode=False)\n"
        "assert not {'sympy', 'torch', 'numpy', 'graphviz'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
