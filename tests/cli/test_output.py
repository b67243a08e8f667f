"""What leaves through the commands: signs, encodings, files, and the exit status."""

from __future__ import annotations

import gc
import io
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from shapecalc.cli import main
from shapecalc.cli.output import prepare, wants_color

SPEC = "input: [3, 8, 8]\nlayers: [{Conv2d: {out_channels: 4, kernel_size: 3}}]\n"

NASTY = "a \a\x1b[31m **b** <b>c</b>\nd | `e` \u202e"
"""A name with a bell, colour, Markdown, HTML, a second line and a change of direction."""


def run(*arguments: str, **more: str) -> Result:
    return CliRunner().invoke(main, arguments, **more)  # type: ignore[arg-type]


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A spec in the folder in which commands run."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "net.yaml"
    path.write_text(SPEC)
    return path


def named(name: str) -> str:
    """The spec with a name, as JSON writes it."""
    import json

    return f"name: {json.dumps(name)}\n{SPEC}"


COMMANDS = {
    "show": ["show", "-"],
    "markdown": ["show", "-", "--format", "markdown"],
    "csv": ["show", "-", "--format", "csv"],
    "json": ["show", "-", "--format", "json"],
    "diff": ["diff", "lenet5", "-"],
    "diff markdown": ["diff", "lenet5", "-", "--format", "markdown"],
    "explain": ["explain", "-"],
    "emit": ["emit", "-", "--torch"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_name_reaches_the_output_in_signs_that_can_be_seen(command: str) -> None:
    plain, nasty = (
        run(*COMMANDS[command], input=named(name)).output.splitlines() for name in ("a", NASTY)
    )
    assert all(line.isprintable() for line in nasty)
    if command != "emit":  # which sets a name as text of several lines
        assert len(nasty) == len(plain)


@pytest.mark.parametrize("command", ["markdown", "diff markdown"])
def test_a_name_is_no_markdown(command: str) -> None:
    text = run(*COMMANDS[command], input=named(NASTY)).output
    assert "<b>" not in text
    assert "**b**" not in text
    assert r"\*\*b\*\* \<b\>c\</b\>" in text
    assert r"\| \`e\`" in text


def test_a_file_of_any_name_is_told_in_one_line(spec: Path) -> None:
    wrong = spec.with_name("bad\x1b[31m\nname.yaml")
    wrong.write_text("input: 3\nlayers: []\n")
    for line in run("show", wrong.name).output.splitlines():
        assert line.isprintable()
    assert run("show", wrong.name).exit_code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "no\x1bsuch"],
        ["show", "lenet5", "--columns", "a\x1b"],
        ["show", "lenet5", "--set", "H=\x1b"],
        ["show", "--\x1b"],
        ["\x1b"],
        ["--\x1b"],
        ["explain", "lenet5", "c\x1b\nd"],
        ["layers", "\x1b"],
    ],
)
def test_what_was_typed_is_told_in_signs_that_can_be_seen(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert all(line.isprintable() for line in done.output.splitlines())


# -- encodings --------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437", "utf-8"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "lenet5", "conv1"],
        ["explain", "lenet5"],
        ["explain", "lenet5", "conv1", "--format", "json"],
        ["explain", "lenet5", "conv1", "--format", "markdown"],
        ["solve-padding", "--kernel", "5", "--same"],
        ["solve-padding", "--kernel", "5", "--same", "--format", "json"],
        ["show", "-"],
    ],
)
def test_every_encoding_of_the_output_will_do(
    encoding: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(named("日本 é ×").encode())))
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert not left.value.code
    sys.stdout.flush()
    text = raw.getvalue().decode(encoding)
    assert "?" not in text.replace("???", "")
    if "json" in arguments:
        import json

        told = run(*arguments).output
        assert json.loads(text) == json.loads(told)
    elif encoding in ("ascii", "latin-1", "cp1252") and arguments[-1] == "conv1":
        assert text == run(*arguments, "--ascii").output


def test_signs_that_an_encoding_lacks_are_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "latin-1"))
    prepare()
    print("é × 日 ⌊a − b⌋", end="", flush=True)
    assert raw.getvalue().decode("latin-1") == r"é × \u65e5 floor(a - b)"


@pytest.mark.parametrize(
    ("environment", "is_terminal", "colored"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": ""}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colour_is_what_terminal_and_environment_say(
    environment: dict[str, str],
    is_terminal: bool,
    colored: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: is_terminal, raising=False)
    assert wants_color(stream) is colored


# -- files ------------------------------------------------------------------------------------

EMIT = ["emit", "net.yaml", "--torch", "-o"]
SWEEP = ["sweep", "net.yaml", "--over", "B=1:4:1"]
CSV = ["--format", "csv"]
DOT = ["render", "net.yaml", "-o"]


@pytest.mark.parametrize(
    "arguments",
    [
        [*EMIT, "missing/net.py"],
        [*EMIT, "folder"],
        [*EMIT, "a"],
        [*EMIT, "net.yaml/net.py"],
        [*EMIT, "x" * 300],
        [*DOT, "missing/net.dot"],
        [*DOT, "missing/net.html"],
        [*DOT, "a/net.dot"],
        [*DOT, "folder.svg/"],
    ],
)
def test_what_cannot_be_written_is_told_with_status_1(spec: Path, arguments: list[str]) -> None:
    Path("folder").mkdir()
    Path("folder.svg").mkdir()
    os.symlink("a", "b")
    os.symlink("b", "a")
    before = sorted(os.listdir())
    done = run(*arguments)
    assert done.exit_code == 1
    assert "cannot write" in done.output
    assert "Traceback" not in done.output
    assert sorted(os.listdir()) == before


@pytest.mark.parametrize(
    "arguments", [["emit", "net.yaml", "--torch"], ["render", "net.yaml"], SWEEP, [*SWEEP, *CSV]]
)
def test_a_folder_that_is_missing_is_named(spec: Path, arguments: list[str]) -> None:
    if arguments[0] == "sweep":
        pytest.importorskip("numpy", reason="the extra sweep is not installed")
    option = "--plot" if arguments is SWEEP else "-o"
    done = run(*arguments, option, "missing/net.svg")
    assert done.exit_code == 1
    assert "cannot write missing/net.svg: there is no folder missing" in done.output


@pytest.mark.parametrize("output", ["net.yaml", "./net.yaml", "link", "hard", "folder/../net.yaml"])
def test_the_spec_itself_is_not_written_over(spec: Path, output: str) -> None:
    Path("folder").mkdir()
    os.symlink("net.yaml", "link")
    os.link("net.yaml", "hard")
    done = run(*EMIT, output)
    assert done.exit_code == 2
    assert "is the spec itself" in done.output
    assert spec.read_text() == SPEC


@pytest.mark.parametrize("ending", [".dot", ".svg", ".html"])
def test_neither_a_picture_nor_a_page_is_written_over_its_spec(spec: Path, ending: str) -> None:
    own = spec.rename(spec.with_name(f"net{ending}"))
    done = run("render", own.name, "-o", own.name)
    assert done.exit_code == 2
    assert own.read_text() == SPEC


def test_an_output_that_was_there_keeps_its_permissions(spec: Path) -> None:
    Path("net.py").write_text("")
    Path("net.py").chmod(0o640)
    assert run(*EMIT, "net.py").exit_code == 0
    assert Path("net.py").stat().st_mode & 0o777 == 0o640


def test_an_output_that_is_a_link_is_written_to_what_it_points_to(spec: Path) -> None:
    os.symlink("real.py", "net.py")
    assert run(*EMIT, "net.py").exit_code == 0
    assert Path("net.py").is_symlink()
    assert "import torch" in Path("real.py").read_text()


def test_a_command_that_is_stopped_ends_with_the_status_of_shells(
    spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("shapecalc.cli.show.open_spec", stopped)
    done = run("show", "net.yaml")
    assert done.exit_code == 130
    assert done.output == "stopped\n"


# -- exit status ------------------------------------------------------------------------------

NO_PADDING = ["--kernel", "3", "--stride", "2", "--input", "10", "--output", "3"]


@pytest.mark.parametrize(
    ("status", "arguments"),
    [
        (0, ["show", "net.yaml"]),
        (0, ["diff", "net.yaml", "lenet5"]),
        (0, ["diff", "net.yaml", "net.yaml", "--exit-code"]),
        (1, ["diff", "net.yaml", "lenet5", "--exit-code"]),
        (1, ["show", "net.yaml", "--require", "params < 5"]),
        (0, ["layers"]),
        (1, ["show", "wrong.yaml"]),
        (1, ["explain", "wrong.yaml"]),
        (1, ["emit", "wrong.yaml", "--torch"]),
        (1, ["render", "wrong.yaml", "-o", "x.dot"]),
        (1, ["diff", "net.yaml", "wrong.yaml"]),
        (1, ["check", "wrong.yaml"]),
        (1, ["show", "lenet5", "--set", "H=1"]),
        (1, ["solve", "lenet5", "--for", "H", "--at", "conv1", "--output", "0"]),
        (1, ["solve-padding", *NO_PADDING]),
        (2, ["show"]),
        (2, ["show", "missing.yaml"]),
        (2, ["show", "folder"]),
        (2, ["show", "net.yaml", "--sett", "H=1"]),
        (2, ["show", "net.yaml", "--set", "H=1"]),
        (2, ["show", "net.yaml", "--set", "H"]),
        (2, ["show", "net.yaml", "--symbolic=H"]),
        (2, ["show", "net.yaml", "--depth", "0"]),
        (2, ["explain", "net.yaml", "conv9"]),
        (2, ["render", "net.yaml", "-o", "x.gif"]),
        (2, ["emit", "net.yaml"]),
        (2, ["diff", "net.yaml"]),
        (2, ["solve", "net.yaml", "--for", "H"]),
        (2, ["layers", "Conv9d"]),
    ],
)
def test_the_exit_status_is_the_documented_one(
    spec: Path, status: int, arguments: list[str]
) -> None:
    Path("folder").mkdir()
    Path("wrong.yaml").write_text(SPEC.replace("Conv2d", "Conv9d"))
    done = run(*arguments)
    assert done.exit_code == status, done.output


@pytest.mark.parametrize(
    "word", ["True", "true", "None", "null", "index", "in_channels", "nan", "lambda", "2*index"]
)
def test_a_word_with_a_meaning_is_no_value_of_a_symbol(word: str) -> None:
    done = run("show", "lenet5", "--set", f"H={word}")
    assert done.exit_code == 2
    assert f"'{word.removeprefix('2*')}' has a meaning of its own" in done.output


def test_whoever_calls_a_command_collects_garbage_as_before() -> None:
    before = gc.get_threshold()
    assert CliRunner().invoke(main, ["show", "lenet5"]).exit_code == 0
    assert gc.get_threshold() == before
