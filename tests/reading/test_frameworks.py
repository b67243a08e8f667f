"""Base classes and helpers of frameworks, known without them being there."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc
from shapecalc.language.problem import SpecError
from shapecalc.reading.files import Files
from shapecalc.reading.known.regular import parsed, repetitions

LIGHTNING = """
import pytorch_lightning as pl
from torch import nn
class Net(pl.LightningModule):
    def __init__(self, width=16, lr=1e-3, **more):
        super().__init__()
        self.save_hyperparameters(ignore=['lr'])
        self.fc = nn.Linear(8, self.hparams.width)
        self.head = nn.Linear(self.hparams['width'], self.hparams.get('classes', 10))
    def forward(self, x):
        return self.head(self.fc(x))
    def training_step(self, batch, index):
        self.log('loss', 0)
"""

TRANSFORMERS = """
import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput
class Config(PretrainedConfig):
    def __init__(self, hidden_size=12, **kwargs):
        super().__init__(**kwargs)
        self.hidden_size = hidden_size
class Inner(PreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.fc = nn.Linear(6, config.hidden_size)
        self.post_init()
    def forward(self, x, return_dict=None):
        return_dict = self.config.use_return_dict if return_dict is None else return_dict
        x = self.fc(x)
        return BaseModelOutput(last_hidden_state=x) if return_dict else (x,)
class Outer(PreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.inner, self.head = Inner(config), nn.Linear(config.hidden_size, config.num_labels)
    def forward(self, x):
        outputs = self.inner(x)
        return self.head(outputs[0]) + self.head(outputs.last_hidden_state)
"""


def _params(folder: Path, text: str, make: str, *inputs: str) -> object:
    path = folder / "net.py"
    path.write_text(text)
    return shapecalc.load(f"{path}:{make}", inputs=inputs).report().totals.params


def test_a_lightning_module_keeps_its_arguments(tmp_path: Path) -> None:
    assert _params(tmp_path, LIGHTNING, "Net(20, classes=3)", "8") == 8 * 20 + 20 + 20 * 3 + 3


@pytest.mark.parametrize("is_there", [True, False], ids=["as installed", "absent"])
def test_a_model_of_transformers_has_its_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    if not is_there:
        monkeypatch.setattr(Files, "folders", lambda files: iter(files.roots()))
    make = "Outer(Config(hidden_size=10, num_labels=4))"
    assert _params(tmp_path, TRANSFORMERS, make, "6") == 6 * 10 + 10 + 10 * 4 + 4


CONFIGURATION = """
import copy
from torch import nn
from {package} import {name} as Config
config = Config()
config.MODEL = Config({{"WIDTH": 8, "HEAD": {{"CLASSES": 3}}}})
config.MODEL["DEPTH"] = 2
other = {copied}
other.MODEL.WIDTH = 100
class Net(nn.Module):
    def __init__(self, config):
        super().__init__()
        model = config["MODEL"]
        width = getattr(model, "HIDDEN", model.WIDTH)
        layers = [nn.Linear(4, width)]
        layers += [nn.Linear(width, width) for _ in range(model.get("DEPTH", 1) - 1)]
        if "BIAS" not in model and not hasattr(model, "BIAS"):
            layers.append(nn.Linear(width, model.HEAD.CLASSES))
        self.layers = nn.Sequential(*layers)
    def forward(self, x):
        return self.layers(x)
"""


@pytest.mark.parametrize(
    ("package", "name", "copied"),
    [
        ("yacs.config", "CfgNode", "config.clone()"),
        ("easydict", "EasyDict", "copy.deepcopy(config)"),
        ("ml_collections", "ConfigDict", "Config(config)"),
    ],
)
def test_a_configuration_has_its_items_as_attributes(
    package: str, name: str, copied: str, tmp_path: Path
) -> None:
    text = CONFIGURATION.format(package=package, name=name, copied=copied)
    assert _params(tmp_path, text, "Net(config)", "4") == 4 * 8 + 8 + 8 * 8 + 8 + 8 * 3 + 3


def test_a_base_that_is_not_known_is_named_where_its_attribute_is_asked_for(
    tmp_path: Path,
) -> None:
    text = (
        "from torch import nn\nfrom elsewhere import Mixin\n"
        "class Net(nn.Module, Mixin):\n"
        "    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(4, 2)\n"
        "    def forward(self, x):\n        return self.fc(x)\n"
        "class Other(Net):\n    def forward(self, x):\n        return self.mixed(x)\n"
    )
    assert _params(tmp_path, text, "Net", "4") == 10
    with pytest.raises(SpecError, match=r"Other.mixed is not known\n.*\n.*\n *elsewhere.Mixin"):
        _params(tmp_path, text, "Other", "4")


def test_an_input_without_sizes_is_a_number_for_each_of_the_batch(tmp_path: Path) -> None:
    text = (
        "from torch import nn\nclass Net(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(4, 2)\n"
        "    def forward(self, x, time):\n        return self.fc(x * time[:, None])\n"
    )
    assert _params(tmp_path, text, "Net", "4", "time=") == 10


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|a)*b", r"(\w*\w*)*", r"(?:x(?=a)a)*"])
def test_a_pattern_that_may_take_for_ever_is_refused(pattern: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="it repeats"):
        repetitions(parsed(pattern))
    text = f"import re\nfrom torch import nn\nre.match(r'{pattern}', 'a' * 40)\n"
    path = tmp_path / "net.py"
    path.write_text(text + f"NET = nn.Linear(2, 3 if re.match(r'{pattern}', 'a' * 40) else 4)\n")
    with pytest.raises(SpecError, match="is not tried"):
        shapecalc.load(f"{path}:NET", inputs=["2"])


@pytest.mark.parametrize(
    ("pattern", "count"), [(r"^(\d+)x(\d+)$", 2), (r"(?:ab)*c?", 1), (r"[a-z_]+?\.\w{2,3}", 2)]
)
def test_repetitions_of_single_characters_are_counted(pattern: str, count: int) -> None:
    assert repetitions(parsed(pattern)) == count


def test_whole_samples_are_dropped_while_training_alone(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        "from torch import nn\nfrom timm.layers import DropPath, drop_path\n"
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a, self.b, self.c = nn.Linear(4, 4), DropPath(0.1), DropPath(0.0)\n"
        "    def forward(self, x):\n        x = x + self.b(self.a(x)) + self.c(x)\n"
        "        return drop_path(x, 0.2, self.training)\n"
    )
    kinds = {
        training: [
            layer.kind
            for layer in shapecalc.load(f"{path}:Net", inputs=["4"], training=training)
            .report()
            .layers
        ]
        for training in (False, True)
    }
    assert kinds[False] == ["Linear", "Add", "Add"]
    assert kinds[True] == ["Linear", "DropPath", "Add", "Add", "DropPath"]
