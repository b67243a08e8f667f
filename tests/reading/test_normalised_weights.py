"""Weights that are made of others, as of their direction and length: those are no slip."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc
from shapecalc.verify.against import check_against
from shapecalc.verify.code import check_code

SOURCE = """
from torch import nn
from torch.nn.utils import spectral_norm, weight_norm

net = nn.Sequential(
    spectral_norm(nn.Conv2d(3, 4, 3)), nn.LeakyReLU(0.2), weight_norm(nn.Conv2d(4, 4, 3))
)
"""


def test_what_a_weight_is_made_of_is_not_said_to_be_unused(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path = tmp_path / "net.py"
    path.write_text(SOURCE)
    network = shapecalc.load(f"{path}:net", inputs=["3,32,32"])
    made: dict[str, object] = {}
    with pytest.warns(FutureWarning):  # torch has a newer weight_norm as well
        exec(compile(SOURCE, "net.py", "exec"), made)
    net = made["net"]
    assert isinstance(net, torch.nn.Module)
    report = network.report()
    assert report.totals.params == sum(each.numel() for each in net.parameters())
    assert report.totals.buffers == sum(each.numel() for each in net.buffers())
    assert not report.warnings


def test_a_learned_tensor_that_nobody_uses_is(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        "import torch\n"
        "from torch import nn\n\n\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.fc = nn.Linear(4, 4)\n"
        "        self.scale = nn.Parameter(torch.ones(1))\n\n"
        "    def forward(self, x):\n"
        "        return self.fc(x)\n"
    )
    (warning,) = shapecalc.load(str(path), inputs=["4"]).report().warnings
    assert (warning.code, warning.path) == ("unused-layer", "scale")


WAYS = [
    "nn.utils.weight_norm(nn.Conv2d(4, 4, 1, groups=4))",
    "nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 4, 3), dim=1)",
    "nn.utils.spectral_norm(nn.ConvTranspose2d(4, 4, 3))",
    "nn.utils.parametrizations.spectral_norm(nn.Conv2d(4, 4, 3))",
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
def test_numbers_are_compared_with_what_comes_out(way: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    path = tmp_path / "net.py"
    path.write_text(f"from torch import nn\n\nnet = nn.Sequential(nn.Conv2d(3, 4, 3), {way})\n")
    network = shapecalc.load(f"{path}:net", inputs=["3,16,16"])
    findings = list(check_code(network, f"{path}:net"))
    assert all(each.agrees for each in findings), [each.differences for each in findings]
    assert sum("numbers at" in each.what for each in findings) > 2
    by = "WeightNorm" if "weight" in way else "SpectralNorm"
    assert findings[0].note == f"1 weight is made by {by}; numbers are compared with what comes out"


def test_another_weight_than_comes_out_is_found(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path = tmp_path / "net.py"
    path.write_text(
        "from torch import nn\n\n"
        "net = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(4, 4)))\n"
    )
    network = shapecalc.load(f"{path}:net", inputs=["4"])

    class Other(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.fc = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(4, 4))

        def forward(self, x: object) -> object:
            return self.fc(2 * x)  # type: ignore[operator]

    findings = list(check_against(network, Other()))
    assert not findings[-1].agrees
