"""Entries with paths for names: the lists and dictionaries of modules that hold them."""

from __future__ import annotations

from typing import Any

import shapecalc
from tests.emitting.emitted import assert_is_clean, made, torch


def emitted(*layers: Any, **top: Any) -> tuple[str, Any]:
    net = shapecalc.load({"name": "Net", "input": [3, 8, 8], "layers": list(layers), **top})
    source = shapecalc.emit(net)
    assert_is_clean(source)
    return source, made(source)


def conv(name: str, **more: Any) -> dict[str, Any]:
    return {"Conv2d": {"out_channels": 3, "kernel_size": 1}, "name": name, **more}


def test_numbers_from_0_on_are_a_list_in_whatever_order_they_are_run() -> None:
    source, module = emitted(
        conv("ups.1"), conv("ups.0"), {"Add": None, "from": ["ups.1", "ups.0"]}
    )
    assert "nn.ModuleList(" in source
    assert "self.ups[1](x)" in source
    assert [*module.state_dict()] == ["ups.0.weight", "ups.0.bias", "ups.1.weight", "ups.1.bias"]
    assert module(torch.zeros(1, 3, 8, 8, device="meta")).shape == (1, 3, 8, 8)


def test_words_and_numbers_with_gaps_are_a_dictionary() -> None:
    source, module = emitted(conv("body.stem"), conv("body.3.a"), conv("tail.2"))
    assert 'self.body["stem"](x)' in source
    names = [name for name, _ in module.named_parameters() if name.endswith("weight")]
    assert names == ["body.stem.weight", "body.3.a.weight", "tail.2.weight"]


def test_learned_tensors_are_a_list_and_others_are_attributes_of_a_module() -> None:
    tensors = [{"Parameter": [3, 1, 1], "name": f"scales.{n}"} for n in range(2)]
    scaled = {"Mul": None, "from": ["input", "scales.1"]}
    unused = [
        {"Parameter": [4], "name": "aux.bn.weight"},
        {"Buffer": [4], "name": "aux.bn.running_mean"},
    ]
    source, module = emitted(*tensors, scaled, *unused, outputs="mul1")
    assert "nn.ParameterList(" in source
    assert {*module.state_dict()} == {
        *("scales.0", "scales.1", "aux.bn.weight", "aux.bn.running_mean"),
    }
    assert module(torch.zeros(1, 3, 8, 8, device="meta")).shape == (1, 3, 8, 8)


def test_what_may_be_left_out_is_none_in_its_list() -> None:
    layers = [conv("a.0"), conv("a.1", when="deep"), conv("a.2")]
    _, module = emitted(*layers, symbols={"deep": 0})
    assert [*module.state_dict()] == ["a.0.weight", "a.0.bias", "a.2.weight", "a.2.bias"]
    assert module(torch.zeros(1, 3, 8, 8, device="meta")).shape == (1, 3, 8, 8)
