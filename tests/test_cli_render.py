"""``shapecalc render``: files of every kind, choices, and what goes wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from shapecalc.cli import main

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["render", *map(str, arguments)])


def test_dot_needs_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run("googlenet", "-o", tmp_path / "net.dot")
    assert (result.exit_code, result.output) == (0, "")
    assert (tmp_path / "net.dot").read_text().startswith("digraph network {")


@needs_dot
@pytest.mark.parametrize(
    ("ending", "magic"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")]
)
def test_graphviz_draws_the_others(tmp_path: Path, ending: str, magic: bytes) -> None:
    result = run("googlenet", "-o", tmp_path / f"net.{ending}")
    assert (result.exit_code, result.output) == (0, "")
    assert magic in (tmp_path / f"net.{ending}").read_bytes()[:400]


def test_the_page_is_one_file(tmp_path: Path) -> None:
    result = run("lenet5", "-o", tmp_path / "net.HTML")
    assert (result.exit_code, result.output) == (0, "")
    assert "<html" in (tmp_path / "net.HTML").read_text()[:400]


@pytest.mark.parametrize(
    "choice",
    [
        "--theme=light",
        "--colour-by=macs",
        "--color-by=macs",
        "--direction=TB",
        "--widths",
        "--legend",
    ],
)
def test_a_page_refuses_what_only_pictures_have(tmp_path: Path, choice: str) -> None:
    result = run("lenet5", "-o", tmp_path / "net.html", choice)
    assert result.exit_code == 2
    name = choice.partition("=")[0].replace("color", "colour")
    assert f"{name}: for pictures, not for a page (.html)" in result.output
    assert not list(tmp_path.iterdir())


def test_a_page_takes_the_other_choices(tmp_path: Path) -> None:
    file = tmp_path / "net.html"
    choices = ("--set", "B=2", "--symbolic=H", "--depth", "1", "--title", "My own")
    assert run("unet", "-o", file, *choices).exit_code == 0
    text = file.read_text()
    assert "<title>My own</title>" in text
    assert '"depth":1' in text
    assert '{"name":"H","value":null' in text
    assert '{"name":"B","value":"2"' in text


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_a_missing_program_is_told_with_what_works_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run("lenet5", "-o", tmp_path / f"net.{ending}")
    assert result.exit_code == 1
    for word in ("apt install graphviz", ".dot", ".html"):
        assert word in result.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["net.jpg", "net", "net.svg.gz", ".dot"])
def test_an_unknown_ending_is_wrong_usage(tmp_path: Path, name: str) -> None:
    result = run("lenet5", "-o", tmp_path / name)
    assert result.exit_code == 2
    assert ".dot, .svg, .png, .pdf, .html" in result.output


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("nonesuch", "-o", "x.dot"), 2, "no spec"),
        (("lenet5",), 2, "--output"),
        (("lenet5", "-o", "missing/x.dot"), 1, "there is no folder missing"),
        (("lenet5", "-o", "x.dot", "--set", "Q=1"), 2, "no symbol 'Q'"),
        (("lenet5", "-o", "x.dot", "--set", "H=5"), 1, "error:"),
        (("lenet5", "-o", "x.dot", "--depth", "0"), 2, "--depth"),
        (("lenet5", "-o", "x.dot", "--symbolic", "--widths"), 2, "needs numbers"),
        (("lenet5", "-o", "x.dot", "--symbolic=H", "--colour-by", "macs"), 2, "needs numbers"),
    ],
)
def test_wrong_usage_and_wrong_specs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    status: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == status
    assert message in result.output
    assert not list(tmp_path.iterdir())


def test_choices_reach_the_picture(tmp_path: Path) -> None:
    file = tmp_path / "net.dot"
    run("unet", "-o", file, "--theme", "dark", "--direction", "lr", "--title", "Mine", "--legend")
    text = file.read_text()
    for piece in ('rankdir="LR"', 'bgcolor="#161a1f"', 'label="Mine"', "legend0"):
        assert piece in text
    run("unet", "-o", file, "--color-by", "params", "--symbolic=H", "--title", "")
    assert "% of params" in file.read_text()
    assert "x h2 x 128" in file.read_text()
    assert 'label="h2 = H//2' in file.read_text()
    run("unet", "-o", file, "--set", "H=512", "--depth", "2", "--widths")
    assert "64 x 512 x 256" in file.read_text()
    assert "penwidth" in file.read_text()
    assert "cluster_part0" in file.read_text()


def test_a_spec_is_read_from_standard_input(tmp_path: Path) -> None:
    spec = '{"input": [3, 8, 8], "layers": ["ReLU"]}'
    file = tmp_path / "net.dot"
    result = CliRunner().invoke(main, ["render", "-", "-o", str(file)], input=spec)
    assert result.exit_code == 0
    assert "relu1" in file.read_text()


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "net.dot"
    file.write_text("before")
    file.chmod(0o640)
    assert run("lenet5", "-o", file, "--set", "H=5").exit_code == 1
    assert file.read_text() == "before"
    assert run("lenet5", "-o", file).exit_code == 0
    assert file.read_text().startswith("digraph")
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["net.dot"]


def test_what_a_link_points_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "real.dot").write_text("before")
    (tmp_path / "link.dot").symlink_to(tmp_path / "real.dot")
    assert run("lenet5", "-o", tmp_path / "link.dot").exit_code == 0
    assert (tmp_path / "link.dot").is_symlink()
    assert (tmp_path / "real.dot").read_text().startswith("digraph")


def test_the_bytes_do_not_depend_on_the_process(tmp_path: Path) -> None:
    texts = set()
    for seed in ("1", "2"):
        file = tmp_path / f"{seed}.dot"
        command = "from shapecalc.cli import main; main()"
        arguments = ["render", "googlenet", "-o", str(file), "--depth", "3", "--legend"]
        subprocess.run(
            [sys.executable, "-c", command, *arguments],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
        )
        texts.add(file.read_bytes())
    assert len(texts) == 1
