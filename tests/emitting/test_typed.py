"""All bundled networks, as they are emitted, pass mypy --strict and torch.jit.script."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from tests.bundled import NAMES, SPECS
from tests.emitting.emitted import made, torch
from tests.emitting.test_module import emitted


@pytest.mark.thorough
def test_bundled_networks_pass_mypy(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(emitted(name))
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]
    files = [f"{name}.py" for name in NAMES]
    done = subprocess.run(
        [*command, *files], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", SPECS)
def test_a_bundled_network_is_scripted(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(made(emitted(name)))
