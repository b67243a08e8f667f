"""``budget`` holds any number of networks to what they require, for hooks and CI."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from shapecalc.cli import main

ROOT = Path(__file__).parents[2]

SPEC = """\
symbols: {H: 16}
input: [3, H, H]
require: [params <= N, "conv1.height == 14"]
layers:
  - Conv2d: {out_channels: 4, kernel_size: 3}
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shapecalc", "budget", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def specs(tmp_path: Path) -> list[str]:
    found = []
    for name, params in (("a", "112"), ("b", "111"), ("c", "5e6")):
        path = tmp_path / f"{name}.yaml"
        path.write_text(SPEC.replace("N", params))
        found.append(str(path))
    return found


def test_what_holds_is_told_with_its_numbers(specs: list[str]) -> None:
    done = run(specs[0])
    assert done.returncode == 0
    assert done.stdout == (
        f"{specs[0]}: params <= 112 (112)\n{specs[0]}: conv1.height == 14 (14)\n"
    )


def test_one_that_is_broken_does_not_hide_the_others(specs: list[str]) -> None:
    done = run(*specs)
    assert done.returncode == 1
    assert f"{specs[1]}:3:11: error: requires params <= 111, but params is 112" in done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [
        specs[0], specs[0], specs[2], specs[2]
    ]  # fmt: skip


def test_a_condition_of_the_command_line_is_told_with_the_network_that_breaks_it() -> None:
    done = run("lenet5", "resnet18", "--require", "params <= 1e6")
    assert done.returncode == 1
    assert done.stdout == "lenet5: params <= 1e6 (62,006)\n"
    assert done.stderr.startswith("resnet18 --require:1:1: error: requires params <= 1e6")


def test_source_is_held_to_a_budget_without_being_run(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "import torch.nn as nn\n"
        "model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(16, 10))\n"
        "raise SystemExit('this is not run')\n"
    )
    asked = ["--input", "3,4,4", "--require"]
    assert run(f"{tmp_path}/net.py:model", *asked, "params <= 282").returncode == 0
    assert run(f"{tmp_path}/net.py:model", *asked, "params < 282").returncode == 1


def test_nothing_required_is_a_reading(tmp_path: Path) -> None:
    assert run("lenet5").stdout == "lenet5: a network, of which nothing is required\n"
    assert run("lenet5", "nosuch").returncode == 2


def test_the_hook_for_pre_commit_takes_all_files_that_change_at_once(specs: list[str]) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    program, *command = [*shlex.split(hook["entry"]), *hook.get("args", [])]
    assert program == "shapecalc"
    bundled = [str(ROOT / "specs" / f"{name}.yaml") for name in ("lenet5", "vit", "alexnet")]
    assert CliRunner().invoke(main, [*command, *bundled]).exit_code == 0
    assert CliRunner().invoke(main, [*command, *bundled, *specs]).exit_code == 1
