"""Every example in the documents is run: commands, Python, and specs.

A fenced block is tested by its language:

* ``console``: each line that begins with ``$`` is run by the shell, and what it prints on both
  streams must be the lines below it. A line of three dots stands for any number of lines.
* ``python``: run in order in the namespace of its document; with ``>>>`` as a doctest.
* ``yaml`` and ``json`` with an ``input``: loaded and reported.

``<!-- file: NAME -->`` above a block makes it a file in the folder that the document's examples
run in; a spec that is wrong on purpose is shown so.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

import shapecalc
from shapecalc.cli import COMMANDS, main
from shapecalc.layers import KINDS

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
BLOCK = re.compile(
    r"(?:^<!-- file: (?P<file>\S+) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)
ENVIRONMENT = {
    **os.environ,
    "NO_COLOR": "1",
    "COLUMNS": "80",
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
}


class Block(NamedTuple):
    """A fenced block of a document, and the line it starts in."""

    document: Path
    line: int
    language: str
    text: str
    file: str | None


def blocks(document: Path) -> Iterator[Block]:
    """The fenced blocks of a document in order."""
    text = document.read_text()
    for found in BLOCK.finditer(text):
        line = text.count("\n", 0, found.start("text")) + 1
        yield Block(document, line, found["language"], found["text"], found["file"])


def cases(*languages: str, holding: str = "") -> list[Any]:
    """The blocks in these languages that are no files, each with its place as its name."""
    return [
        pytest.param(
            block,
            id=f"{document.relative_to(ROOT)}:{block.line}",
            marks=[pytest.mark.thorough] if is_slow(block.text) else [],
        )
        for document in DOCUMENTS
        for block in blocks(document)
        if block.language in languages
        and block.file is None
        and re.search(holding, block.text, re.M)
    ]


def is_slow(text: str) -> bool:
    """Whether a command of a console block is one that takes a process of its own, or workers."""
    own = [command for command, _ in commands(text)]
    return any("--scheduler" in command or not PLAIN.fullmatch(command) for command in own)


def write_files(document: Path, folder: Path) -> None:
    """Write the files that a document's examples use."""
    for block in blocks(document):
        if block.file is not None:
            (folder / block.file).write_text(block.text)


def commands(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with the output below it."""
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def assert_prints(command: str, expected: str, printed: str) -> None:
    """The lines printed must be the ones expected, where dots stand for any lines."""
    lines = [line.rstrip() for line in printed.rstrip().splitlines()]
    wanted = [line.rstrip() for line in expected.rstrip().splitlines()]
    if "..." not in wanted:
        assert lines == wanted, f"{command} prints\n\n{printed}"
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else re.escape(line + "\n") for line in wanted)
    printed = "".join(line + "\n" for line in lines)
    assert re.fullmatch(pattern, printed), f"{command} prints\n\n{printed}"


def by_the_shell(command: str) -> str:
    """What a command prints on both streams."""
    return subprocess.run(
        command,
        shell=True,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    ).stdout


def in_this_process(command: str) -> str:
    """The same of ``shapecalc`` alone, without the second that a process takes to start."""
    _, *arguments = shlex.split(command)
    runner = CliRunner(env={name: ENVIRONMENT[name] for name in ("NO_COLOR", "COLUMNS")})
    return runner.invoke(main, arguments, prog_name="shapecalc").output


PLAIN = re.compile(r"shapecalc (?!check)[^|<>&;$*~]+")
"""A command that needs no shell; ``check`` ends processes, and runs what it is given."""


@pytest.mark.parametrize("block", cases("console"))
def test_commands_print_what_is_shown(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """By the shell, as a reader runs them, with ``--thorough``; else in here, if they can be."""
    write_files(block.document, tmp_path)
    monkeypatch.chdir(tmp_path)
    for command, expected in commands(block.text):
        is_plain = PLAIN.fullmatch(command) and not request.config.getoption("--thorough")
        printed = in_this_process(command) if is_plain else by_the_shell(command)
        assert_prints(command, expected, printed)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_does_what_is_shown(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(document, tmp_path)
    monkeypatch.chdir(tmp_path)
    kinds = dict(KINDS)
    namespace: dict[str, Any] = {"__name__": document.stem}
    told: list[str] = []
    try:
        for block in blocks(document):
            if block.language != "python" or block.file is not None:
                continue
            if ">>>" not in block.text:
                exec(compile(block.text, f"{document}:{block.line}", "exec"), namespace)
                continue
            test = doctest.DocTestParser().get_doctest(
                block.text, namespace, document.name, str(document), block.line - 1
            )
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
            runner.run(test, out=told.append, clear_globs=False)
            namespace.update(test.globs)
    finally:  # a kind declared in an example is not one of the catalogue's
        for name in KINDS.keys() - kinds.keys():
            del KINDS[name]
    assert not told, "".join(told)


@pytest.mark.parametrize("block", cases("yaml", "json", holding=r"^\{?\"?inputs?\"?:"))
def test_specs_load(block: Block) -> None:
    assert len(shapecalc.load(block.text).report()) > 0


def test_the_readme_lists_the_commands_there_are() -> None:
    table = (ROOT / "README.md").read_text().partition("## Commands")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([\w-]+)", table, re.M)) == set(COMMANDS)


def test_documents_have_no_broken_links() -> None:
    for document in DOCUMENTS:
        prose = re.sub(r"`[^`\n]*`", "", BLOCK.sub("", document.read_text()))
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", prose):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
