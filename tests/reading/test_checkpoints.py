"""Files of weights are not opened, and no shape hangs on what they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc

SOURCE = """import os
import torch
import torch.utils.model_zoo as model_zoo
from torch import nn
from torch.hub import load_state_dict_from_url
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(4, 2)
        self.start("weights.pth")
    def start(self, path):
        {}
    def forward(self, x):
        return self.lin(x)
"""

LOADED = [
    "torch.load(path, map_location='cpu')",
    "torch.load(path)['state_dict']",
    "torch.load(path).state_dict()",
    "torch.hub.load_state_dict_from_url(path, progress=True)",
    "load_state_dict_from_url(path, model_dir=torch.hub.get_dir())['model']",
    "model_zoo.load_url(path)",
    "torch.load(os.path.join(torch.hub.get_dir(), path)) if os.path.exists(path) else {}",
]

USED = [
    "",
    "del sd['fc.weight']; sd.pop('fc.bias', None)",
    "sd = sd['model'] if 'model' in sd else sd",
    "sd = {k.replace('module.', ''): v for k, v in sd.items() if v.shape == (2, 4)}",
    "sd['fc.weight'] = sd.get('head.weight'); del sd['head.weight']",
    "own = self.state_dict(); own.update({k: v for k, v in sd.items() if k in own}); sd = own",
    "for key in list(sd.keys()): sd[key[7:]] = sd.pop(key)",
]


def _read(path: Path, body: str) -> int:
    path.write_text(SOURCE.format(body))
    found = shapecalc.load(f"{path}:Net", inputs=["4"]).report().totals.params
    assert isinstance(found, int)
    return found


@pytest.mark.parametrize("loaded", LOADED)
def test_what_is_loaded_is_passed_on(loaded: str, tmp_path: Path) -> None:
    body = f"sd = {loaded}; self.load_state_dict(sd, strict=False)"
    assert _read(tmp_path / "net.py", body) == 10


@pytest.mark.parametrize("used", USED)
@pytest.mark.parametrize("loaded", [LOADED[0], LOADED[3]])
def test_what_is_loaded_is_sorted_out(loaded: str, used: str, tmp_path: Path) -> None:
    lines = [f"sd = {loaded}", *used.split("; "), "self.load_state_dict(sd)"]
    assert _read(tmp_path / "net.py", "\n        ".join(lines)) == 10


@pytest.mark.parametrize(
    "body",
    [
        "self.lin = nn.Linear(4, torch.load(path)['width'])",
        "self.lin = nn.Linear(4, torch.load(path)['fc.weight'].shape[0])",
        "self.lin = nn.Linear(4, len(torch.load(path).keys()))",
        "if torch.load(path)['wide']: self.lin = nn.Linear(4, 8)",
        "self.lin = torch.load(path)",
    ],
)
def test_what_hangs_on_what_is_loaded_is_not_known(body: str, tmp_path: Path) -> None:
    with pytest.raises(shapecalc.SpecError, match=r"torch\.load.* is not known"):
        _read(tmp_path / "net.py", body)
