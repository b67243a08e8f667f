"""Whatever a module does to its process, the check tells it, and ends with the status 1."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from shapecalc.cli import main

pytest.importorskip("torch")

CODE = """
import os, signal, sys, time, torch
from torch import nn

class Net(nn.Linear):
    def __init__(self, way):
        super().__init__(8, 4)
        self.way = way
    def forward(self, x):
        self.way()
        return super().forward(x)

class Unread(Exception):
    def __str__(self):
        raise ValueError

def fails(error):
    raise error

def stays():
    while True:
        try:
            time.sleep(1)
        except BaseException:
            pass

def moves():
    os.makedirs("gone", exist_ok=True)
    os.chdir("gone")

leaves = lambda: sys.exit(0)
leaves_at_once = lambda: os._exit(0)
leaves_in_forward = lambda: Net(lambda: sys.exit("enough"))
leaves_forward_at_once = lambda: Net(lambda: os._exit(0))
crashes = lambda: Net(lambda: os.kill(os.getpid(), signal.SIGSEGV))
interrupts = lambda: Net(lambda: fails(KeyboardInterrupt()))
unread = lambda: Net(lambda: fails(Unread()))
runs_on = lambda: Net(stays)
asks = lambda: Net(input)
prints = lambda: Net(lambda: (print("so far"), os.write(1, b"raw")))
chdirs = lambda: Net(moves)

class NoEval(nn.Linear):
    def eval(self):
        raise RuntimeError("not today")

class NoTrain(nn.Linear):
    def train(self, mode=True):
        return fails(RuntimeError("never")) if mode else super().train(mode)

class Hidden(nn.Module):
    def __getattr__(self, name):
        raise RuntimeError(name)

noeval = lambda: NoEval(8, 4)
notrain = lambda: NoTrain(8, 4)
hidden = lambda: Hidden()
number = lambda: 3

def without_gradients():
    torch.set_grad_enabled(False)
    return nn.Linear(8, 4)

def elsewhere():
    torch.set_default_device("meta")
    return nn.Linear(8, 4)

forks = lambda: Net(os.fork)
tells_all = lambda: Net(lambda: fails(ValueError(100000 * "all ")))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "hostile.py").write_text(CODE)
    (tmp_path / "leaving.py").write_text("import sys\nsys.exit(0)\n")
    (tmp_path / "net.yaml").write_text("input: [8]\nlayers: [{Linear: 4}]\n")
    monkeypatch.chdir(tmp_path)
    for name in ("hostile", "leaving"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def check(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["check", "net.yaml", "--against", *arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("leaving:Net", "importing leaving leaves the process: sys.exit(0)"),
        ("hostile:leaves", "the factory leaves the process: sys.exit(0)"),
        ("hostile:leaves_at_once", "the process was left with status 0 while making the module"),
        ("hostile:leaves_in_forward", "it fails on an input of 1 x 8: sys.exit('enough')"),
        ("hostile:leaves_forward_at_once", "left with status 0 while running the module"),
        ("hostile:crashes", "the process was ended by SIGSEGV while running the module"),
        ("hostile:interrupts", "KeyboardInterrupt while running the module"),
        ("hostile:unread", "it fails on an input of 1 x 8: Unread\n"),
        ("hostile:asks", "it fails on an input of 1 x 8: EOFError"),
        ("hostile:noeval", "the module's eval() fails: RuntimeError: not today"),
        ("hostile:notrain", "its train() fails: RuntimeError: never"),
        ("hostile:hidden", "looking into the module fails: RuntimeError"),
        ("hostile:number", "the factory returns int, no torch module"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_happens_is_told(target: str, told: str) -> None:
    status, output, errors = check(target)
    assert told in output + errors
    assert status == 1
    assert "Traceback" not in output + errors


@pytest.mark.thorough
@pytest.mark.parametrize("target", ["without_gradients", "elsewhere", "forks"])
@pytest.mark.usefixtures("folder")
def test_what_a_module_sets_or_starts_for_all_is_not_held_against_it(target: str) -> None:
    status, output, errors = check(f"hostile:{target}")
    assert (status, errors) == (0, "")
    assert "DIFFERS" not in output


@pytest.mark.thorough
@pytest.mark.usefixtures("folder")
def test_of_a_long_message_the_beginning_is_told() -> None:
    status, output, _ = check("hostile:tells_all")
    assert status == 1
    assert "ValueError: all all" in output
    assert len(output) < 1000


@pytest.mark.thorough
@pytest.mark.usefixtures("folder")
def test_what_does_not_come_to_an_end_is_ended() -> None:
    status, _, errors = check("hostile:runs_on", "--time-limit", "8")
    assert status == 1
    assert "no end within 8 s while running the module; --time-limit allows more" in errors


@pytest.mark.usefixtures("folder")
def test_what_a_module_prints_is_not_in_the_findings() -> None:
    status, output, _ = check("hostile:prints", "--format", "json")
    assert status == 0
    assert all(each["agrees"] for each in json.loads(output))


@pytest.mark.thorough
def test_what_a_module_prints_goes_to_standard_error(folder: Path) -> None:
    code = (
        "from shapecalc.cli import main; main(['check', 'net.yaml', '--against', 'hostile:prints'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0
    assert "so far" in done.stderr
    assert "raw" in done.stderr
    assert all(line.startswith("agrees") for line in done.stdout.splitlines())


def test_the_folder_stays_what_it_was(folder: Path) -> None:
    status, _, _ = check("hostile:chdirs")
    assert status == 0
    assert Path.cwd() == folder
