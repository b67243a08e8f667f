"""What was made one block is tried against what the code runs, and undone where it is another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import shapecalc
from shapecalc.language.writer import as_yaml
from shapecalc.reading.blocks import merging, tidying
from shapecalc.reading.lowering import trying

SOURCE = """
import torch.nn as nn
class Wide(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.up, self.down = nn.Linear(dim, hidden), nn.Linear(hidden, dim)
    def forward(self, x):
        return self.down(self.up(x)) + x
class Gate(nn.Module):
    def __init__(self, dim, bias):
        super().__init__()
        self.fc, self.act = nn.Linear(dim, dim, bias=bias), nn.Sigmoid()
    def forward(self, x):
        return self.act(self.fc(x)) * x
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = Wide(8, 16), Wide(8, 24)
        self.c, self.d = Gate(8, True), Gate(8, False)
    def forward(self, x):
        return self.d(self.c(self.b(self.a(x))))
"""

PARAMS = (8 * 16 + 16 + 16 * 8 + 8) + (8 * 24 + 24 + 24 * 8 + 8) + 72 + 64


def loaded(tmp_path: Path) -> Any:
    path = tmp_path / "net.py"
    path.write_text(SOURCE)
    return shapecalc.load(f"{path}:Net", inputs=["8"])


def with_one_spoilt(spoil: Callable[[Any], None]) -> Callable[..., Any]:
    """Make blocks one as it is done, and spoil that of the class ``Wide``."""

    def merged(drafts: Any, symbols: Any) -> Any:
        found = merging.merged(drafts, symbols)
        if drafts[0].title == "Wide":
            spoil(found)
        return found

    return merged


def forget(found: Any) -> None:
    """The second use is given nothing: it does not build."""
    found[1] = (*found[1][:2], {})


def take_the_first(found: Any) -> None:
    """The second use is given what the first is."""
    found[1] = (*found[1][:2], found[0][2])


def test_all_uses_of_a_class_are_one_block(tmp_path: Path) -> None:
    network = loaded(tmp_path)
    assert [*network.spec.blocks] == ["Wide", "Gate"]
    assert network.report().totals.params == PARAMS


@pytest.mark.parametrize("spoil", [forget, take_the_first])
def test_a_block_that_is_another_network_is_left_apart_and_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Any], None]
) -> None:
    monkeypatch.setattr(tidying, "merged", with_one_spoilt(spoil))
    network = loaded(tmp_path)
    assert [*network.spec.blocks] == ["Wide", "Wide2", "Gate"]
    assert network.report().totals.params == PARAMS
    assert shapecalc.load(as_yaml(network.spec)).report().totals.params == PARAMS


def test_what_is_right_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    lowered = trying.is_same
    monkeypatch.setattr(trying, "is_same", lambda *given: made.append(1) or lowered(*given))
    loaded(tmp_path)
    assert made == [1]
