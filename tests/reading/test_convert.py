"""What is written of torchvision's networks: the same report, and modules with their names."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest

import shapecalc
from shapecalc.language.writer import as_yaml
from tests.reading.test_torchvision import MODELS, ROWS, source_of

torch = pytest.importorskip("torch")

FEW = (
    *("alexnet", "vgg11_bn", "resnet18", "squeezenet1_1", "mobilenet_v2", "mobilenet_v3_small"),
    *("shufflenet_v2_x0_5", "mnasnet0_5", "regnet_y_400mf", "convnext_tiny", "vit_b_16", "swin_t"),
)
"""One of each family, small ones."""

UNORDERED = ("densenet", "googlenet", "inception", "swin")
"""Families whose modules are made in another order than they are run, or in lists of their own."""


PARAMS = [
    pytest.param(row, id=row[0], marks=() if row[0] in FEW else pytest.mark.thorough)
    for row in ROWS
]


@pytest.fixture(scope="module")
def models() -> Iterator[Any]:
    """The package's models; its operators need not be there."""
    if MODELS is None:
        pytest.skip("torchvision is not installed")
    before = torch.library.register_fake
    torch.library.register_fake = lambda *args, **kwargs: lambda function: function
    try:
        from torchvision import models
    finally:
        torch.library.register_fake = before
    yield models
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]


def made(models: Any, name: str) -> Any:
    """A network on the meta device; what calculates its sizes by tensors does so on the CPU."""
    linspace = torch.linspace
    params = models.regnet.BlockParams
    from_init = params.from_init_params.__func__

    def on_cpu(cls: Any, *args: Any, **kwargs: Any) -> Any:
        with torch.device("cpu"):
            return from_init(cls, *args, **kwargs)

    torch.linspace = lambda *args, **kwargs: linspace(*args, **{**kwargs, "device": "cpu"})
    params.from_init_params = classmethod(on_cpu)
    more = (
        {"aux_logits": True, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
    )
    try:
        with torch.device("meta"):
            return models.get_model(name, weights=None, **more)
    finally:
        torch.linspace = linspace
        params.from_init_params = classmethod(from_init)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("row", PARAMS)
def test_the_spec_has_the_codes_report_and_its_module_the_codes_names(
    row: list[str], models: Any
) -> None:
    name = row[0]
    size = "224" if name == "vit_h_14" else row[2]  # what it is made for without weights
    arguments = "aux_logits=True" if name in ("googlenet", "inception_v3") else ""
    net = shapecalc.load(source_of(name, arguments), inputs=[f"3,{size},{size}"])
    text = as_yaml(net.spec)
    again = shapecalc.load(text)
    ours, theirs = net.report(), again.report()
    assert [
        (layer.path, layer.kind, layer.inputs, layer.output_shape, layer.params) for layer in ours
    ] == [
        (layer.path, layer.kind, layer.inputs, layer.output_shape, layer.params) for layer in theirs
    ]
    assert ours.totals == theirs.totals
    wanted = {k: tuple(v.shape) for k, v in made(models, name).state_dict().items()}
    emitted = types.ModuleType("emitted")
    exec(compile(shapecalc.emit(again), "<emitted>", "exec"), vars(emitted))
    classes = [each for each in vars(emitted).values() if isinstance(each, type)]
    network = [each for each in classes if issubclass(each, torch.nn.Module)][-1]
    with torch.device("meta"):
        found = {k: tuple(v.shape) for k, v in network().state_dict().items()}
    assert found == wanted
    if not name.startswith(UNORDERED):
        assert [*found] == [*wanted]
