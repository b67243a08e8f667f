"""Functions of torch: the shapes they give, and the page of those that are not read."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest

import shapecalc
from shapecalc.layers import KINDS, Layer
from shapecalc.reading.evaluator.values import Unknown
from shapecalc.reading.functions import OPERATIONS, QUIET
from shapecalc.reading.index import CALLED, MODULES
from shapecalc.reading.known import NAMES, resolve
from shapecalc.reading.tables import Table

torch = pytest.importorskip("torch")

STALE = "./dev docs writes shapecalc/reading/index.py anew"

PAGE = Path(__file__).parents[2] / "docs" / "functions-not-read.md"
LEFT_OUT = [
    name
    for line in PAGE.read_text().splitlines()
    if line.startswith("| `")
    for name in re.findall(r"`(.*?)`", line.split("|")[1])
]

CALLS = """
torch.hsplit(x, 2)[0]
torch.vsplit(x[0], 2)[1]
torch.trace(x[0])
torch.inverse(x @ x.mT)
torch.linalg.pinv(x)
torch.logdet(x @ x.mT)
torch.quantile(x, 0.5, dim=1)
torch.count_nonzero(x, dim=2)
torch.kthvalue(x, 2, 1)[0]
torch.aminmax(x, dim=1)[1]
torch.cummax(x, 1)[0]
torch.logcumsumexp(x, 1)
torch.column_stack((x[0, :, 0], x[0]))
torch.atleast_2d(x.sum())
x * torch.hann_window(6)
torch.layer_norm(x, (6,))
torch.xlogy(x, x[:, :1])
torch.asinh(x).arctan()
torch.take(x, torch.arange(3))
x.fmax(x[0])
x.repeat_interleave(2)
x.max(dim=1, keepdims=True)[0]
x.flip(-1)
torch.cat((x[:, 4:], x), 1)
F.max_pool1d_with_indices(x, 2)[0]
F.embedding(torch.arange(3), x[0].T @ x[0])
"""


@pytest.mark.parametrize("call", CALLS.strip().splitlines())
def test_a_function_gives_the_shape_that_torch_gives(call: str, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        "import torch\nimport torch.nn.functional as F\n"
        f"class Net(torch.nn.Module):\n    def forward(self, x):\n        return {call}\n"
    )
    names = {"torch": torch, "F": torch.nn.functional, "x": torch.rand(1, 4, 6)}
    report = shapecalc.load(f"{path}:Net", inputs=["4,6"]).report()
    assert report.to_dict()["outputs"][0]["shape"] == list(eval(call, names).shape)


def _functions() -> dict[str, bool]:
    """Every function and method of torch's by name, and whether it is read."""
    found: dict[str, bool] = {}

    def note(name: str, read: bool) -> None:
        found[name] = found.get(name, True) and read

    functional: Any = torch.nn.functional
    for name in dir(functional):
        value = getattr(functional, name)
        is_own = getattr(value, "__module__", None) not in ("typing", "importlib")
        if is_own and not name.startswith("_") and callable(value) and not inspect.isclass(value):
            note(name, not isinstance(resolve(f"nn.functional.{name}"), Unknown))
    for name in {*dir(torch._C._VariableFunctions), *torch.functional.__all__}:
        if not name.startswith("_"):
            note(name, not isinstance(resolve(f"torch.{name}"), Unknown))
    for name in dir(torch.Tensor):
        if not name.startswith("_") and callable(getattr(torch.Tensor, name, None)):
            plain = name.removesuffix("_")
            known = any(
                f"{p}.{n}" in OPERATIONS for p in ("Tensor", "torch") for n in (name, plain)
            )
            note(name, known or name in QUIET or name == "is_floating_point")
    return found


def test_every_function_that_is_not_read_is_on_the_page() -> None:
    unread = {name for name, read in _functions().items() if not read}
    missing = {n for n in unread if not any(fnmatch(n, each) for each in LEFT_OUT)}
    assert sorted(missing) == []


def test_the_page_names_no_function_that_is_read() -> None:
    functions = _functions()
    assert [each for each in LEFT_OUT if "*" not in each and functions.get(each, False)] == []


def test_the_index_names_the_kind_of_every_module_and_function():
    modules = {name: kind for name, kind in KINDS.items() if kind.in_torch and _is_ours(kind)}
    assert list(MODULES) == list(modules), STALE
    assert {name for name, is_inferred in MODULES.items() if is_inferred} == {
        name
        for name, kind in modules.items()
        if any(field.infer is not None for field in kind.fields.values())
    }, STALE
    ours = [(name, kind) for name, kind in KINDS.items() if _is_ours(kind)]
    assert {call: name for name, kind in ours for call, _ in kind.calls()} == CALLED, STALE


@pytest.mark.parametrize("table", [OPERATIONS, NAMES], ids=["functions", "known"])
def test_the_index_names_the_file_of_every_name(table: Table):
    for module in iter_modules(import_module(table.package).__path__):
        import_module(f"{table.package}.{module.name}")
    written = {name: file for name, file in table.written.items() if file != "catalogue"}
    assert table.file_of == written, STALE


def test_a_table_imports_the_file_that_has_a_name_alone():
    code = """
import sys
from shapecalc.reading.known import resolve
resolve("torch.stft"), resolve("numpy.zeros")
print(sorted(name for name in sys.modules if name.endswith((".spectral", ".arrays", ".losses"))))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == [
        "['shapecalc.reading.functions.spectral',",
        "'shapecalc.reading.known.arrays']",
    ]


def _is_ours(kind: type[Layer]) -> bool:
    return kind.__module__.startswith("shapecalc.layers.")
