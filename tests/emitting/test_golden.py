"""What is emitted, held as files in tests/data/emitted, so that a change of it is seen."""

from __future__ import annotations

import difflib
import runpy
from pathlib import Path

import pytest

import shapecalc
from shapecalc.emitting.module import module

FOLDER = Path(__file__).parents[1] / "data" / "emitted"

SPECS = FOLDER.parent / "specs"

PRINTED = {
    "densenet": "(1, 1000)\n",
    "googlenet": "(1, 1000)\n(1, 1000)\n(1, 1000)\n",
    "lenet5": "(1, 10)\n",
    "mobilenet_v2": "(1, 1000)\n",
    "resnet18": "(1, 1000)\n",
    "shufflenet_v2": "(1, 1000)\n",
    "transformer_encoder": "(1, 128, 512)\n",
}
"""What each prints when it is run: the shapes of its outputs."""

AGAIN = "shapecalc emit {spec} --torch -o tests/data/emitted/{name}.py"
"""The command that writes a file anew; CONTRIBUTING.md has it for all of them."""


def spec(name: str) -> str:
    """A spec of the tests, or the name of a bundled one."""
    own = SPECS / f"{name}.yaml"
    return str(own) if own.exists() else name


def test_each_file_is_tested() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} == {*PRINTED}


@pytest.mark.parametrize("name", PRINTED)
def test_what_is_emitted_is_what_the_file_holds(name: str) -> None:
    held = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    emitted = module(shapecalc.load(spec(name)))
    told = difflib.unified_diff(held.splitlines(), emitted.splitlines(), "held", "emitted", "", "")
    if held != emitted:
        pytest.fail(
            "\n".join([*told, "", "to take it over:", AGAIN.format(name=name, spec=spec(name))])
        )


@pytest.mark.parametrize("name", PRINTED)
def test_a_file_runs_by_itself(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
    assert capsys.readouterr().out == PRINTED[name]
