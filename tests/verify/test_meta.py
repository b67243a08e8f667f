"""Running on the meta device leaves torch as it was, its compiler included."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("torch")

CODE = """
import sys, torch
from shapecalc.verify.meta import on_meta

with on_meta():
    assert torch.relu(torch.empty(2, 3)).is_meta
    {inside}
assert torch.empty(1).device.type == "cpu"
{after}
"""


def run(inside: str, after: str) -> None:
    """Run in a fresh process, where torch has not imported its compiler yet."""
    code = CODE.format(inside=inside, after=after)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.mark.thorough
def test_the_compiler_is_not_imported() -> None:
    run("pass", "assert 'torch._dynamo' not in sys.modules")


@pytest.mark.thorough
def test_the_compiler_works_afterwards() -> None:
    run(
        "pass",
        "double = torch.compile(lambda x: torch.relu(x) * 2, backend='eager', fullgraph=True)\n"
        "assert double(torch.ones(3)).tolist() == [2, 2, 2]\n"
        "assert double(torch.ones(3, device='meta')).is_meta",
    )


@pytest.mark.thorough
def test_the_compiler_is_there_when_it_is_asked_for() -> None:
    run(
        "assert torch._dynamo.is_compiling() is False",
        "assert sys.modules['torch._dynamo'].__file__",
    )


@pytest.mark.thorough
def test_an_error_inside_restores_torch() -> None:
    run(
        "pass",
        "try:\n"
        "    with on_meta():\n"
        "        torch.relu(torch.empty(1)); raise KeyError\n"
        "except KeyError:\n"
        "    assert 'torch._dynamo' not in sys.modules and torch.empty(1).device.type == 'cpu'\n",
    )
