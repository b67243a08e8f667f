"""``check``: it agrees where all is well, and every sort of difference makes it fail."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import shapecalc
from shapecalc.cli import main
from shapecalc.verify import check as checking
from shapecalc.verify.check import check
from tests.bundled import SPECS

pytest.importorskip("torch")


@pytest.mark.one_in(4)
@pytest.mark.parametrize("name", SPECS)
def test_every_bundled_spec_agrees_with_torch(name: str) -> None:
    findings = list(check(shapecalc.load(name), seed=1))
    assert [each.differences for each in findings if not each.agrees] == []
    assert all(each.compared > 0 for each in findings)
    assert len(findings) >= 4


def test_googlenet_is_compared_layer_by_layer_at_many_sizes() -> None:
    shapes, others, weights, work, real = check(shapecalc.load("googlenet"), seed=1)
    assert shapes.compared > 250
    assert others.compared > 2 * 250
    assert weights.compared == 2 * 64 + 2
    assert work.compared > 100
    assert "3 x 79 x 79" in real.what  # the smallest at which the heads' 5 x 5 pools fit


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("kernel_size=5)", "kernel_size=5, padding=1)", "output of conv1: 1 x 6 x 28 x 28 by the"),
        ("nn.Linear(120, 84)", "nn.Linear(120, 84, bias=False)", "linear2.bias: 84 by the report"),
        ("x = self.relu1(x)", "x = x + 0", "output of relu1: 1 x 120 by the report, nothing in"),
        (
            "self.linear3 = ",
            "self.extra = nn.Linear(2, 2)\n        self.linear3 = ",
            "extra.weight",
        ),
        ("x = self.conv2(x)", "x = self.conv2(x); self.conv2(x[:, :6])", "operations of conv2"),
    ],
)
def test_a_tampered_module_is_found_out(
    old: str, new: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    emit = checking.module

    def tampered(*given: object) -> str:
        source = emit(*given)  # type: ignore[arg-type]
        assert old in source
        return source.replace(old, new, 1)

    monkeypatch.setattr(checking, "module", tampered)
    found = [d for each in check(shapecalc.load("lenet5"), seed=1) for d in each.differences]
    assert any(what in each for each in found), found


RESHAPED = {
    "input": [4, "H"],
    "symbols": {"H": 4},
    "layers": [{"Reshape": {"shape": ["B", "4*H"]}}, {"Linear": 3}],
}


@pytest.mark.parametrize("batch", [1, 3])
def test_a_batch_that_is_written_in_is_found_out(
    batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all(each.agrees for each in check(shapecalc.load(RESHAPED), {"B": batch}, seed=1))
    emit = checking.module
    monkeypatch.setattr(
        checking, "module", lambda *given: emit(*given).replace("x.shape[0], ", f"{batch}, ")
    )
    findings = list(check(shapecalc.load(RESHAPED), {"B": batch}, seed=1))
    wrong = [each for each in findings if not each.agrees]
    assert [each.what for each in wrong] == [
        "shapes and formulas at 12 random sizes, in batches of 1, 2 and 3"
    ]
    assert "B = 2" in wrong[0].differences[0]


def test_a_network_of_one_batch_only_is_checked_in_that_one() -> None:
    network = {"input": [4, 4], "layers": [{"Reshape": {"shape": [1, 16]}}, {"Linear": 3}]}
    findings = list(check(shapecalc.load(network), seed=1))
    assert all(each.agrees for each in findings)
    assert findings[0].note == "the spec is a network in a batch of 1 only"


@pytest.mark.parametrize(
    "layers",
    [
        [{"Linear": "8*B"}],
        [{"Linear": 5, "when": "B > 1"}, {"Linear": 3}],
        [{"Linear": "H", "when": "H > 9"}, {"Linear": 5, "repeat": "H//4"}, {"Linear": 2}],
        [{"Zeros": {"shape": ["B", 4, "H"]}}, {"Add": {}, "from": ["zeros1", "input"]}],
        [
            {"Parameter": [1, 4, 8]},
            {"Expand": ["B", -1, -1]},
            {"Add": {"branches": {"a": [{"Linear": 3}], "b": [{"Linear": 3, "from": "input"}]}}},
        ],
    ],
    ids=str,
)
def test_what_hangs_on_the_batch_or_on_a_size_agrees(layers: list[object]) -> None:
    network = {"input": [4, "H"], "symbols": {"H": 8}, "layers": layers}
    findings = list(check(shapecalc.load(network), seed=1))
    assert [each.differences for each in findings if not each.agrees] == []
    assert any("in batches of 1, 2 and 3" in each.what for each in findings)


@pytest.mark.parametrize("layer", ["Sqrt", "Log", {"Pow": "1/2"}, {"Div": 0}])
def test_a_result_that_is_not_finite_is_told_and_no_difference(layer: object) -> None:
    findings = [*check(shapecalc.load({"input": [8, 16], "layers": [layer]}))]
    assert all(each.agrees for each in findings)
    assert findings[-1].note == checking.NOT_FINITE


def test_a_wrong_report_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from shapecalc.layers.convolution import Convolution

    right = Convolution.macs
    monkeypatch.setattr(Convolution, "macs", lambda self, x, y: right(self, x, y) + 1)
    findings = list(check(shapecalc.load("lenet5"), seed=1))
    assert [each.what for each in findings if not each.agrees] == [
        "operations (2 x MACs) against torch's counter"
    ]


@pytest.mark.thorough
def test_vgg_is_checked_without_its_weights_in_memory() -> None:
    """At 224 its weights alone are 553 MB."""
    code = (
        "import pathlib, shapecalc\n"
        "from shapecalc.verify.check import check\n"
        "assert all(each.agrees for each in check(shapecalc.load('vgg16'), seed=1))\n"
        "print(pathlib.Path('/proc/self/status').read_text())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    # getrusage would tell the peak of the process that started this one, if that is larger
    peak = re.search(r"VmHWM:\s*(\d+) kB", done.stdout)
    assert peak is not None
    assert int(peak[1]) < 600_000


@pytest.mark.thorough
def test_torch_does_not_complain_that_numpy_is_missing() -> None:
    code = (
        "import sys\n"
        "sys.modules['numpy'] = None\n"
        "from shapecalc.cli import main\n"
        "main(['check', 'lenet5'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stderr == ""


@pytest.fixture
def own_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "own_nets.py").write_text(
        "from torch import nn\n"
        "def lenet(classes=10, kernel=5, padding=0, bias=True):\n"
        "    return nn.Sequential(\n"
        "        nn.Conv2d(3, 6, kernel, padding=padding), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5),\n"
        "        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120, bias=bias), nn.ReLU(),\n"
        "        nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, classes))\n"
        "def without_relu():\n"
        "    return nn.Sequential(*(each for each in lenet() if not isinstance(each, nn.ReLU)))\n"
        "def broken():\n"
        "    return nn.Linear(7, 7)\n"
        "def raises():\n"
        "    raise KeyError('weights')\n"
        "number = 3\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "own_nets", raising=False)
    return "own_nets"


def against(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["check", "lenet5", "--against", *arguments])
    return done.exit_code, done.output


def test_ones_own_module_agrees_to_the_last_number(own_modules: str) -> None:
    status, output = against(f"{own_modules}:lenet")
    assert status == 0
    assert "numbers at 3 x 3 x 32 x 32" in output
    assert "DIFFERS" not in output


@pytest.mark.parametrize(
    ("target", "arguments", "phrases"),
    [
        (
            "lenet",
            ["classes=7"],
            [
                "linear3.weight is 10 x 84 in the spec, 9.weight is 7 x 84 in the module",
                "62,006 parameters in the spec, 61,751 in the module",
                "linear3 puts out 1 x 10 in the spec, 1 x 7 in the module (9)",
                "linear3 is 1 x 10 in the spec, 1 x 7 in the module",
            ],
        ),
        (
            "lenet",
            ["padding=2"],
            [
                "conv1 puts out 1 x 6 x 28 x 28 in the spec, 1 x 6 x 32 x 32 in the module (0)",
                "⌊(N + 2P − F)/S⌋ + 1 = ",
                "fails on an input of 1 x 3 x 32 x 32: RuntimeError: ",
                "; the last layer reached is 2",
            ],
        ),
        ("lenet", ["kernel=3"], ["conv1.weight is 6 x 3 x 5 x 5 in the spec, 0.weight is 6 x 3 x"]),
        ("lenet", ["bias=False"], ["linear1.bias of the spec, 120 elements: the module lacks it"]),
        (
            "without_relu",
            [],
            [
                "first apart is what comes into linear2 (Linear)",
                "between linear1 and linear2, the spec has relu1 (ReLU)\n",
                "the module calls nothing\n",
            ],
        ),
        ("broken", [], ["it fails on an input of 1 x 3 x 32 x 32: RuntimeError"]),
        ("raises", [], ["the factory fails: KeyError: 'weights'"]),
    ],
)
def test_every_difference_of_ones_own_module_is_told(
    target: str, arguments: list[str], phrases: list[str], own_modules: str
) -> None:
    given = [word for each in arguments for word in ("--arg", each)]
    status, output = against(f"{own_modules}:{target}", *given)
    assert status == 1
    for phrase in phrases:
        assert phrase in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("target", "phrase"),
    [
        ("own_nets:number", "is no function, class or module"),
        ("own_nets:nothing", "has no attribute 'nothing'"),
        ("nowhere:lenet", "No module named 'nowhere'"),
        ("own_nets", "is not package.module:factory"),
        ("nets/small.py:Net", "a module is named as it is imported: nets.small:Net"),
    ],
)
@pytest.mark.usefixtures("own_modules")
def test_what_is_no_factory_is_a_wrong_usage(target: str, phrase: str) -> None:
    status, output = against(target)
    assert status == 2
    assert phrase in output


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import torch; torch.nothing", "AttributeError"),
        ("import not_installed", "ModuleNotFoundError: No module named 'not_installed'"),
        ("def lenet(:", "SyntaxError"),
    ],
)
@pytest.mark.usefixtures("own_modules")
def test_a_module_that_cannot_be_imported_is_told(code: str, error: str, tmp_path: Path) -> None:
    (tmp_path / "broken_nets.py").write_text(f"{code}\n")
    status, output = against("broken_nets:lenet")
    assert (status, "Traceback" in output) == (1, False)
    assert f"importing broken_nets fails: {error}" in output


def test_findings_are_plain_data_on_request() -> None:
    done = CliRunner().invoke(main, ["check", "lenet5", "--format", "json", "--seed", "3"])
    findings = json.loads(done.stdout)
    assert done.exit_code == 0
    assert all(each["agrees"] and each["compared"] for each in findings)


def test_arguments_need_a_factory() -> None:
    done = CliRunner().invoke(main, ["check", "lenet5", "--arg", "a=1"])
    assert done.exit_code == 2
    assert "--against" in done.output


def test_without_torch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    done = CliRunner().invoke(main, ["check", "lenet5"])
    assert done.exit_code == 1
    assert "shapecalc-nn[torch]" in done.output
