"""States that recurrent layers start at, and names of what is returned."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc
from shapecalc.language.problem import SpecError
from shapecalc.language.writer import as_yaml

DECODER = """
import torch
from torch import nn


class Seq2Seq(nn.Module):
    def __init__(self, layers=1):
        super().__init__()
        self.encoder = nn.LSTM(8, 16, num_layers=2)
        self.decoder = nn.LSTM(8, 16, num_layers=2)
        self.cell = nn.LSTMCell(16, 16)
        self.layers = layers

    def forward(self, source, target):
        start = torch.zeros(2, source.size(1), 16)
        _, (h, c) = self.encoder(source, (start, start))
        out, (h, c) = self.decoder(target, (h[: self.layers + 1], c))
        return self.cell(out[0], (h[0], c[0]))[0]
"""


def read(tmp_path: Path, arguments: str = "") -> shapecalc.Network:
    path = tmp_path / "seq2seq.py"
    path.write_text(DECODER)
    # the sequence first, the batch in the second place
    return shapecalc.load(f"{path}:Seq2Seq({arguments})", inputs=["3,8", "3,8"])


def test_states_are_fed_and_zeros_are_left_out(tmp_path: Path) -> None:
    network = read(tmp_path)
    fed = {layer.path: [str(each) for each in layer.inputs] for layer in network.report().layers}
    assert fed["encoder"] == ["source"]
    assert fed["decoder"][0] == "target"
    assert fed["decoder"][2] == "encoder.c_n"
    assert len(fed["cell"]) == 3


def test_a_state_of_the_wrong_size_is_found(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="receives h_0 of 1 x 3 x 16, not 2 x 3 x 16"):
        read(tmp_path, "layers=0")


def test_a_dictionary_names_the_outputs(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "from torch import nn\n\n\nclass Net(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.a = nn.Linear(4, 2)\n"
        "    def forward(self, x):\n        y = self.a(x)\n"
        "        return {'features': x.relu(), 'scores': y}\n"
    )
    network = shapecalc.load(f"{tmp_path / 'net.py'}:Net", inputs=["4"])
    outputs = network.report().to_dict()["outputs"]
    assert [(each["name"], each["shape"]) for each in outputs] == [
        ("features", [1, 4]),
        ("scores", [1, 2]),
    ]


POSITIONS = """
import torch
from torch import nn


class Shifted(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(8, 8)

    def forward(self, x, table):
        return self.lin(x + table)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Shifted(), Shifted()])
        self.register_buffer("table", torch.zeros(4, 8))
        self.bias = nn.Parameter(torch.zeros(8))

    def forward(self, x):
        for block in self.blocks:
            x = block(block(x, self.table), self.bias)
        return x
"""


def test_what_a_module_is_given_of_those_outside_stays_theirs(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(POSITIONS)
    network = shapecalc.load(f"{tmp_path}/net.py:Net", inputs=["4,8"])
    layers = network.report().layers
    assert [layer.path for layer in layers if layer.kind in ("Buffer", "Parameter")] == [
        "table",
        "bias",
    ]
    assert {str(layer.inputs[1]) for layer in layers if layer.kind == "Add"} == {"table", "bias"}


STATES = """
import torch
from torch import nn


class Turned(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("angles", torch.zeros(8), persistent=False)
        self.register_buffer("scale", torch.ones(8))

    def forward(self, x):
        return x * self.angles * self.scale


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self._turned = Turned()
        self.q, self.k = nn.Linear(8, 8), nn.Linear(8, 8)
        self.inner = nn.ModuleList([nn.Sequential(nn.Linear(8, 8), nn.Tanh()) for _ in range(2)])
        self.inner[1].unused = nn.LayerNorm(8)

    def forward(self, x):
        for layer in self.inner:
            x = layer[:2](x)
        return self._turned(self.q(x)) * self._turned(self.k(x))
"""


def test_the_state_dict_of_what_is_emitted_has_what_the_codes_has(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    (tmp_path / "net.py").write_text(STATES)
    text = as_yaml(shapecalc.load(f"{tmp_path}/net.py:Net", inputs=["8"]).spec)
    code: dict[str, object] = {}
    exec(STATES, code)
    emitted: dict[str, object] = {}
    exec(shapecalc.emit(shapecalc.load(text)), emitted)
    with torch.device("meta"):
        wanted, given = code["Net"]().state_dict(), emitted["Net"]().state_dict()
    stood = {name for name in wanted if not name.startswith("inner.1.unused")}
    assert stood <= given.keys()
    assert len(given) == len(wanted)


SQUEEZED = """
import torch.nn as nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool, self.last = nn.AdaptiveAvgPool2d(1), nn.Linear(3, 5)
    def forward(self, x):
        x = self.pool(x).squeeze()
        return {returned}
"""


@pytest.mark.parametrize(
    ("returned", "output"), [("self.last(x)", [1, 5]), ("x", [3]), ("x.reshape(-1, 1)", [3, 1])]
)
def test_a_squeezed_batch_is_kept_where_a_layer_needs_it(
    returned: str, output: list[int], tmp_path: Path
) -> None:
    path = tmp_path / "net.py"
    path.write_text(SQUEEZED.format(returned=returned))
    network = shapecalc.load(str(path), inputs=["3,8,8"])
    (found,) = network.report().to_dict()["outputs"]
    assert found["shape"] == output


def test_what_does_not_fit_with_the_batch_either_is_told_as_it_is_without(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(SQUEEZED.format(returned="nn.Linear(4, 5)(x)"))
    with pytest.raises(shapecalc.SpecError, match="receives a single number"):
        shapecalc.load(str(path), inputs=["3,8,8"])
