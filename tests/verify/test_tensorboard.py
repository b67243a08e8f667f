"""``check --tensorboard`` writes a graph that TensorBoard itself can read."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from shapecalc.cli import main

pytest.importorskip("torch")


def check(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["check", *arguments])
    return done.exit_code, done.output


@pytest.mark.thorough
def test_the_graph_holds_the_modules_by_their_names(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    status, output = check("resnet_cifar", "--tensorboard", str(tmp_path / "new" / "runs"))
    assert status == 0
    assert f"tensorboard --logdir {tmp_path / 'new' / 'runs'}" in output
    events = EventAccumulator(str(tmp_path / "new" / "runs"))
    events.Reload()
    names = [node.name for node in events.Graph().node]
    assert any("Conv2d[conv1]" in name for name in names)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, output = check("lenet5", "--tensorboard", str(tmp_path / "file" / "runs"))
    assert status == 1
    assert "Not a directory" in output


def test_without_tensorboard_the_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    status, output = check("lenet5", "--tensorboard", str(tmp_path))
    assert status == 1
    assert "pip install tensorboard" in output


def test_it_draws_the_emitted_module_only(tmp_path: Path) -> None:
    status, output = check("lenet5", "--tensorboard", str(tmp_path), "--against", "a:b")
    assert status == 2
    assert "--tensorboard draws the emitted module" in output
