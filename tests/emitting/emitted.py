"""Emitted source put to the test: imported afresh, run on the meta device, set beside a report."""

from __future__ import annotations

import itertools
import linecache
import subprocess
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from shapecalc.analysis.report import Report
from shapecalc.emitting.module import module
from shapecalc.network import Network

torch = pytest.importorskip("torch")

_count = itertools.count()


def imported(source: str) -> dict[str, Any]:
    """The names of a module with this source."""
    name = f"emitted_{next(_count)}"
    fresh = types.ModuleType(name)
    sys.modules[name] = fresh
    try:
        lines = source.splitlines(keepends=True)  # torch.jit.script reads what it compiles
        linecache.cache[f"<{name}>"] = (len(source), None, lines, f"<{name}>")
        exec(compile(source, f"<{name}>", "exec", dont_inherit=True), fresh.__dict__)
    finally:
        del sys.modules[name]
    return fresh.__dict__


def maker(source: str) -> Any:
    """What makes the network of some source: its last class or function."""
    names = imported(source)
    own = [
        value
        for value in names.values()
        if getattr(value, "__module__", "") == names["__name__"] and callable(value)
    ]
    return own[-1]


def made(source: str, device: str = "meta", **knobs: Any) -> Any:
    """The network of some source."""
    with torch.device(device):
        return maker(source)(**knobs).eval()


def inputs_of(report: Report, device: str = "meta") -> list[Any]:
    """Tensors of zeros for a network's inputs."""
    return [
        torch.zeros(tensor.shape, dtype=getattr(torch, tensor.dtype), device=device)
        for tensor in report.inputs.values()
    ]


def outputs_of(model: Any, report: Report, device: str = "meta") -> list[tuple[int, ...]]:
    """The shapes that a model puts out, without those of outputs that are left out."""
    with torch.no_grad():
        output = model(*inputs_of(report, device))
    if isinstance(output, dict):
        assert tuple(output) == tuple(report.built.output_names) or None in output.values()
        output = tuple(output.values())
    outputs = output if isinstance(output, tuple) else (output,)
    return [tuple(each.shape) for each in outputs if each is not None]


def state_of(model: Any) -> dict[str, tuple[int, ...]]:
    """The shapes of a model's weights and buffers by their names."""
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def wanted_state(report: Report, *, shared: bool = False) -> dict[str, tuple[Any, ...]]:
    """What a model's state has to be, or what of it may be there where weights are shared."""
    found = {}
    for layer in report:
        if (layer.node.shared is not None) is not shared:
            continue
        for name, shape in layer.weights.items():
            found[layer.path_of(name)] = shape
        if not getattr(layer.node.layer, "persistent", True):
            continue  # a buffer that is not stored with the weights
        for name, tensor in layer.buffers_of.items():
            found[layer.path_of(name)] = tensor.shape
    return found


def assert_is(model: Any, report: Report) -> None:
    """A model must be what a report says: outputs, state, parameters and buffers."""
    state, wanted = state_of(model), wanted_state(report)
    assert {name: shape for name, shape in state.items() if name in wanted} == wanted
    others = {name: shape for name, shape in state.items() if name not in wanted}
    assert others.items() <= wanted_state(report, shared=True).items()
    assert outputs_of(model, report) == [tensor.shape for _, tensor in report.outputs]
    assert sum(each.numel() for each in model.parameters()) == report.totals.params
    assert sum(each.numel() for each in model.buffers()) == report.totals.buffers


def assert_emits(network: Network, knobs: Mapping[str, Any] | None = None) -> str:
    """The source of a network, after it was compared with the report, at other knobs too."""
    source = module(network)
    try:
        assert_is(made(source), network.report())
        if knobs:
            assert_is(made(source, **knobs), network.report(knobs))
    except Exception:
        print(source)
        raise
    return source


def ruff(*arguments: str, source: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run ruff with its own default settings, on some source or on the paths that are given."""
    return subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "--isolated", *(["-"] if source else [])],
        input=source,
        capture_output=True,
        text=True,
        check=False,
    )


def assert_is_clean(source: str) -> None:
    """Source must be formatted as ruff formats it, and ruff must find nothing in it."""
    pytest.importorskip("ruff")
    formatted = ruff("format", source=source)
    assert formatted.returncode == 0, formatted.stderr
    assert formatted.stdout == source
    checked = ruff("check", source=source)
    assert checked.returncode == 0, checked.stdout


def assert_all_are_clean(sources: list[str], folder: Path) -> None:
    """The same of many sources, in one run of ruff."""
    pytest.importorskip("ruff")
    for i, source in enumerate(sources):
        (folder / f"emitted_{i}.py").write_text(source)
    # conditional expressions of the spec stay what they are, where min would do; and what a spec
    # computes for nothing is computed for nothing
    for command in (["format", "--diff"], ["check", "--ignore", "FURB136,F841"]):
        found = ruff(*command, str(folder))
        assert found.returncode == 0, found.stdout
