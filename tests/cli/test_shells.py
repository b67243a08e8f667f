"""Completion in shells that run: a line is typed into each, then the tabulator."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r|\x07")

TYPED = {
    "shapecalc sh": "shapecalc show ",
    "shapecalc show goo": "shapecalc show googlenet",
    "shapecalc show min": "shapecalc show mine.yaml ",
    "shapecalc show lenet5 --columns par": "shapecalc show lenet5 --columns params ",
    "shapecalc show lenet5 --columns=par": "shapecalc show lenet5 --columns=params ",
    "shapecalc show lenet5 --columns layer,par": "shapecalc show lenet5 --columns layer,params ",
    "shapecalc show lenet5 --symbolic=H,num": "shapecalc show lenet5 --symbolic=H,num_classes ",
    "shapecalc show lenet5 --set num": "shapecalc show lenet5 --set num_classes=",
    "shapecalc explain resnet18 layer1.0.c": "shapecalc explain resnet18 layer1.0.conv",
    "shapecalc explain resnet18 layer3": "shapecalc explain resnet18 layer3",
    "shapecalc solve lenet5 --for nu": "shapecalc solve lenet5 --for num_classes ",
    "shapecalc emit lenet5 -o mi": "shapecalc emit lenet5 -o mine.yaml ",
    "shapecalc show lenet5 --dtype bf": "shapecalc show lenet5 --dtype bfloat16 ",
}
"""What is typed, and what the line is then: with a space where the word is done."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a spec, and the command beside it."""
    folder = tmp_path_factory.mktemp("shells")
    (folder / "mine.yaml").write_text("input: [3]\nlayers: [ReLU]\n")
    command = folder / "bin" / "shapecalc"
    command.parent.mkdir()
    command.write_text(
        f"#!{sys.executable}\nfrom shapecalc.cli import main\nmain(prog_name='shapecalc')\n"
    )
    command.chmod(0o755)
    return folder


def environment(folder: Path) -> dict[str, str]:
    path = f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    own = {"PATH": path, "PS1": "> ", "TERM": "dumb", "HOME": str(folder), "HISTFILE": ""}
    return {**os.environ, **own}


class Terminal:
    """A shell on a terminal of its own."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.process, self.file = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, environment(folder))

    def read(self, until: str, seconds: float = 30) -> str:
        """What comes until some text is there, and a little longer."""
        told, end = "", time.monotonic() + seconds
        while time.monotonic() < end:
            ready, _, _ = select.select([self.file], [], [], 0.3)
            if ready:
                told += os.read(self.file, 65536).decode(errors="replace")
            elif until in ESCAPE.sub("", told):
                break
        return ESCAPE.sub("", told)

    def type(self, text: str) -> None:
        os.write(self.file, text.encode())

    def close(self) -> None:
        self.type("\x15exit\n")
        os.close(self.file)
        os.waitpid(self.process, 0)


SHELLS = {
    "bash": (
        ["bash", "--norc", "--noprofile", "-i"],
        'eval "$(_SHAPECALC_COMPLETE=bash_source shapecalc)"; echo ready$((1+1))\n',
    ),
    "zsh": (
        ["zsh", "-f", "-i"],
        "autoload -Uz compinit; compinit -u -D; "
        'eval "$(_SHAPECALC_COMPLETE=zsh_source shapecalc)"; echo ready$((1+1))\n',
    ),
}


@pytest.fixture(scope="module", params=SHELLS)
def terminal(request: pytest.FixtureRequest, folder: Path) -> Iterator[Terminal]:
    command, prepare = SHELLS[request.param]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    terminal = Terminal(command, folder)
    terminal.type(prepare)
    terminal.read("ready2")
    yield terminal
    terminal.close()


@pytest.mark.one_in(4)
@pytest.mark.parametrize("typed", TYPED)
def test_a_word_goes_on_behind_the_tabulator(terminal: Terminal, typed: str) -> None:
    terminal.type(
        f"{typed}\t\x01: '\x05'"
    )  # the line becomes what a command that does nothing gets
    told = terminal.read("'")
    terminal.type("\x15")
    terminal.read("")
    assert TYPED[typed].rstrip() in told.replace("\x08", "")
    if TYPED[typed][-1] in " =":
        assert f"{TYPED[typed]}'" in told


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
@pytest.mark.parametrize("typed", TYPED)
def test_fish_is_offered_the_whole_word(folder: Path, typed: str) -> None:
    script = f"env _SHAPECALC_COMPLETE=fish_source shapecalc | source; complete -C '{typed}'"
    done = subprocess.run(
        ["fish", "--no-config", "-c", script],
        env=environment(folder),
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    offered = [line.partition("\t")[0] for line in done.stdout.splitlines()]
    wanted = TYPED[typed].rpartition(" ")[2] or TYPED[typed].split()[-1]
    assert any(each.startswith(wanted) for each in offered)


def test_completion_of_a_broken_spec_says_nothing(folder: Path) -> None:
    (folder / "broken.yaml").write_text("layers: [")
    asked = {"_SHAPECALC_COMPLETE": "bash_complete", "COMP_WORD": "c"}
    done = subprocess.run(
        ["shapecalc"],
        env={**environment(folder), **asked, "COMP_WORDS": "shapecalc explain broken.yaml c"},
        cwd=folder,
        capture_output=True,
        text=True,
        executable=str(folder / "bin" / "shapecalc"),
    )
    assert (done.stdout.strip(), done.stderr) == ("", "")
