"""What is emitted of a spec that was written of source computes what the source does."""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest

import shapecalc
from shapecalc.language.writer import as_yaml
from tests.reading.test_samples import CASES, CODE

torch = pytest.importorskip("torch")

FILES = (
    *("sequential", "makelayer", "cfglist", "modulelist", "moduledict", "attention", "inception"),
    *("unet", "partial", "squeeze", "conv3d1d", "einops_net"),
)
OTHERWISE = ("hostile.py", "script.py", "tied.py:TiedAE", "functional.py:HandMade", "lm.py:CharGRU")
"""Code that asks for data, and weights that stand in the spec as other layers' or constants."""


def _params() -> Iterator[Any]:
    seen: set[str] = set()
    for case in CASES["read"]:
        file, make = case["file"], case["make"]
        is_plain = all(isinstance(each, list) for each in case["inputs"]) and "/" not in file
        if not is_plain or f"{file}:{make}" in seen or f"{file}:{make}".startswith(OTHERWISE):
            continue
        is_first = file not in seen and file.removesuffix(".py") in FILES
        seen |= {file, f"{file}:{make}"}
        marks = () if is_first else pytest.mark.thorough
        yield pytest.param(case, id=f"{file}:{make}", marks=marks)


def _tensors(value: Any) -> list[Any]:
    if isinstance(value, torch.Tensor):
        return [value]
    items = value.values() if isinstance(value, dict) else value
    return [tensor for each in items for tensor in _tensors(each)]


def _module(source: str) -> Any:
    """The network of emitted source."""
    emitted = types.ModuleType("emitted")
    exec(compile(source, "<emitted>", "exec"), vars(emitted))
    classes = [each for each in vars(emitted).values() if isinstance(each, type)]
    return [each for each in classes if issubclass(each, torch.nn.Module)][-1]()


@pytest.mark.parametrize("case", _params())
def test_the_codes_checkpoint_loads_and_gives_the_codes_outputs(
    case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = CODE / case["file"]
    found = importlib.util.spec_from_file_location(f"code_{file.stem}", file)
    assert found is not None
    assert found.loader is not None
    code = importlib.util.module_from_spec(found)
    monkeypatch.setitem(sys.modules, code.__name__, code)  # data classes look for it there
    found.loader.exec_module(code)
    torch.manual_seed(0)
    original = eval(case["make"], vars(code))
    original = (original() if isinstance(original, type) else original).eval()
    inputs = [torch.randn(2, *shape) for shape in case["inputs"]]
    with torch.no_grad():
        wanted = _tensors(original(*inputs))
    text = as_yaml(shapecalc.load(f"{file}:{case['make']}", inputs=case["inputs"]).spec)
    module = _module(shapecalc.emit(shapecalc.load(text))).eval()
    module.load_state_dict(original.state_dict())
    with torch.no_grad():
        given = _tensors(module(*inputs))
    torch.testing.assert_close(given, wanted, atol=1e-4, rtol=1e-3)
