"""``shapecalc emit``: where the source goes, and what goes wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import shapecalc
from shapecalc.cli import main
from shapecalc.emitting import module, sequential

BROKEN = "input: [3, 8, 8]\nlayers:\n  - Conv2d: {out_channels: 3, kernel_size: 9}\n"


def run(*arguments: object, given: str | None = None) -> Result:
    return CliRunner().invoke(main, ["emit", *map(str, arguments)], input=given)


def test_source_is_printed() -> None:
    result = run("lenet5", "--torch")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == module(shapecalc.load("lenet5"))


def test_the_style_is_chosen() -> None:
    assert run("lenet5", "--torch", "--style", "module").stdout == run("lenet5", "--torch").stdout
    chain = run("lenet5", "--torch", "--style", "sequential").stdout
    assert chain == sequential(shapecalc.load("lenet5"))
    assert "nn.Sequential" in chain


@pytest.mark.parametrize("style", ["module", "sequential"])
def test_settings_are_the_defaults_of_knobs(style: str) -> None:
    settings = ["--set", "num_classes=7", "--set", "H=48", "--set", "W=H", "--set", "B=4"]
    source = run("lenet5", "--torch", "--style", style, *settings).stdout
    assert "num_classes: int = 7" in source
    assert "torch.zeros(4, 3, 48, 48)" in source
    assert "nn.Linear(1296, 120)" in source


def test_a_spec_is_read_from_standard_input() -> None:
    result = run("-", "--torch", given="name: Piped\ninput: [4]\nlayers: [{Linear: 2}]")
    assert result.exit_code == 0
    assert "class Piped(nn.Module):" in result.stdout


def test_torch_is_not_imported(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from shapecalc.cli import main\n"
        "main(sys.argv[1:], standalone_mode=False)\n"
        "assert not {'torch', 'numpy'} & {*sys.modules}\n"
    )
    for style in ("module", "sequential"):
        command = ["emit", "lenet5", "--torch", "--style", style, "-o", str(tmp_path / "net.py")]
        subprocess.run([sys.executable, "-c", code, *command], check=True)


# -- files -------------------------------------------------------------------------------------


def test_a_file_is_written_and_nothing_printed(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    result = run("-", "--torch", "-o", path, given="name: Wörld\ninput: [4]\nlayers: [ReLU]")
    assert (result.exit_code, result.output) == (0, "")
    assert path.read_text(encoding="utf-8").startswith('"""Wörld.\n')


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path, link = tmp_path / "net.py", tmp_path / "link.py"
    path.write_text("old\n" * 10_000)
    path.chmod(0o600)
    other = tmp_path / "other name of the old file"
    other.hardlink_to(path)
    link.symlink_to(path)
    assert run("lenet5", "--torch", "-o", link).exit_code == 0
    assert path.read_text() == module(shapecalc.load("lenet5"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert link.is_symlink()
    assert other.read_text() == "old\n" * 10_000  # put in its place, not written into
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("missing/net.py", "there is no folder"),
        ("folder", "Is a directory"),
        ("file/net.py", "Not a directory"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_told(
    output: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    result = run("lenet5", "--torch", "-o", tmp_path / output)
    assert result.exit_code == 1
    assert message in result.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (["-", "--torch"], "<stdin>:3:44: error: Conv2d 'conv1' has a kernel of 9"),
        (["unet", "--torch", "--style", "sequential"], "error: nn.Sequential holds a chain"),
        (["lenet5", "--torch", "--set", "num_classes=2*k"], "'num_classes' has no value"),
    ],
)
def test_what_cannot_be_written_is_told_with_its_place_and_leaves_the_file(
    arguments: list[str], place: str, tmp_path: Path
) -> None:
    path = tmp_path / "net.py"
    path.write_text("old")
    result = run(*arguments, "-o", path, given=BROKEN)
    assert (result.exit_code, result.stdout) == (1, "")
    assert place in result.stderr
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lenet5"], "say what to write: --torch is the one target there is"),
        (["lenet5", "--torch", "--style", "lightning"], "'module', 'sequential'"),
        (["lenet5", "--torch", "--set", "Q=1"], "no symbol 'Q'"),
        (["nonesuch", "--torch"], "no spec 'nonesuch'"),
        (["--torch"], "Missing argument 'SPEC'"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
