"""Bundled networks as torch modules: what is written, its knobs, and its outputs."""

from __future__ import annotations

import ast
import inspect
import pickle
import runpy
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import shapecalc
from shapecalc.emitting.module import module
from shapecalc.emitting.names import EmitError
from shapecalc.language.problem import SpecError
from tests.bundled import NAMES, SMALL, SPECS, small_first
from tests.emitting.emitted import assert_emits, assert_is, assert_is_clean, inputs_of, made, torch

KNOBS: dict[str, list[dict[str, int]]] = {
    "alexnet": [{"num_classes": 7}],
    "alexnet_cifar": [{"num_classes": 7}],
    "cifar10": [{"num_classes": 7}],
    "conv5x5_direct": [],
    "conv5x5_reduced": [{"reduced": 24}],
    "googlenet": [{"num_classes": 7}, {"aux_logits": 0}, {"aux_logits": 0, "num_classes": 7}],
    "googlenet_cifar": [{"num_classes": 7}],
    "lenet5": [{"num_classes": 7}],
    "lenet5_mnist": [{"num_classes": 7}],
    "resnet18": [{"num_classes": 7}],
    "resnet18_d2l": [{"num_classes": 7}],
    "resnet_cifar": [{"num_classes": 7}],
    "tinyvgg": [{"num_classes": 7}, {"hidden_units": 3}, {"hidden_units": 16, "num_classes": 2}],
    "unet": [{"num_classes": 7}, {"channels": 6}, {"channels": 32, "num_classes": 1}],
    "vgg16": [
        {"convs1": 1, "convs2": 1, "convs3": 2, "convs4": 2, "convs5": 2},
        {"num_classes": 7, "convs3": 4, "convs5": 1},
    ],
    "vgg16_cifar": [{"num_classes": 7}],
}
"""Other values of each network's symbols, but for those of the input's size."""


@cache
def emitted(name: str) -> str:
    """The source of a bundled network."""
    return module(shapecalc.load(name))


def annotated(source: str) -> Iterator[ast.FunctionDef]:
    """The functions in some source, after it was checked that all they take and give has a type."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            assert node.returns is not None
            assert all(each.annotation for each in node.args.args if each.arg != "self")
            yield node


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", SPECS)
def test_a_bundled_network_is_what_its_report_says(name: str) -> None:
    source = emitted(name)
    assert_is(made(source), shapecalc.load(name).report())
    assert_is_clean(source)
    assert len(list(annotated(source))) >= 2


@pytest.mark.parametrize("name", KNOBS)
def test_symbols_but_for_those_of_the_input_are_knobs(name: str) -> None:
    network = shapecalc.load(name)
    model = type(made(emitted(name)))
    symbols = {*network.spec.symbols} - {"B", "H", "W"}
    assert {*inspect.signature(model).parameters} == symbols
    assert {knob for knobs in KNOBS[name] for knob in knobs} == symbols


@pytest.mark.parametrize(("name", "knobs"), [(name, k) for name in KNOBS for k in KNOBS[name]])
def test_a_network_at_other_knobs_is_what_its_report_says(name: str, knobs: dict[str, int]) -> None:
    assert_is(made(emitted(name), **knobs), shapecalc.load(name).report(knobs))


@pytest.mark.parametrize("name", small_first(name for name in NAMES if name not in KNOBS))
def test_every_knob_of_a_network_may_have_another_value(name: str) -> None:
    network = shapecalc.load(name)
    maker = type(made(emitted(name)))
    for knob, parameter in inspect.signature(maker).parameters.items():
        own = network.symbols[knob]
        assert parameter.default is None or float(parameter.default) == float(own)
        tried = [1 - own] if own in (0, 1) else [own + 1, 2 * own, 1]
        for value in tried:
            try:
                report = network.report({knob: value})
            except SpecError:
                continue
            given = value if isinstance(value, int) else float(value)
            try:
                model = made(emitted(name), **{knob: given})
            except ValueError as error:
                assert str(error).endswith("must be at least 1")  # noqa: PT017
            else:
                assert_is(model, report)
            break


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", ["googlenet", "tinyvgg", "unet"])
def test_settings_are_the_defaults_of_knobs(name: str) -> None:
    network = shapecalc.load(name)
    for settings in KNOBS[name]:
        assert_is(made(module(network, settings)), network.report(settings))


def test_a_setting_of_the_input_is_no_knob_but_decides_what_is_inferred() -> None:
    network = shapecalc.load("lenet5")
    model = made(module(network, {"H": 48, "W": 40}))
    assert_is(model, network.report(H=48, W=40))
    assert model.linear1.in_features == 16 * 9 * 7
    assert [*inspect.signature(type(model)).parameters] == ["num_classes"]


def test_default_of_a_knob_that_follows_from_another_follows_it() -> None:
    network = shapecalc.load(
        {
            "symbols": {"width": "3/4", "channels": "32*width", "deep": "2*channels"},
            "input": [3, 8, 8],
            "layers": [
                {"Conv2d": {"out_channels": "channels", "kernel_size": 3}},
                {"Conv2d": {"out_channels": "deep", "kernel_size": 1}},
            ],
        }
    )
    assert_is_clean(assert_emits(network, {"channels": 5}))
    assert_is(made(module(network), deep=4), network.report(deep=4))


def test_the_constructor_refuses_a_repeat_at_which_its_numbers_are_wrong() -> None:
    layers = [{"Linear": "4*(index + 1)", "repeat": "n"}, {"Linear": 5}]
    source = module(shapecalc.load({"symbols": {"n": 3}, "input": [3], "layers": layers}))
    with pytest.raises(ValueError, match="n must be at least 1"):
        made(source, n=0)


def test_defaults_of_arguments_may_stand_for_each_other() -> None:
    layers = [{"Linear": "wide"}, {"Linear": "deep"}]
    blocks = {"Block": {"args": {"wide": "2*deep", "deep": "wide"}, "layers": layers}}
    spec = {"input": [4], "blocks": blocks, "layers": [{"Block": 3}, {"Block": {"deep": 2}}]}
    assert_emits(shapecalc.load(spec))


def test_a_symbol_without_a_value_is_refused_with_what_to_do() -> None:
    network = shapecalc.load("symbols: {n: null}\ninput: [4]\nlayers: [{Linear: n}]")
    with pytest.raises(EmitError) as error:
        module(network)
    (problem,) = error.value.problems
    assert (problem.mark.line, problem.message) == (1, "symbol 'n' has no value")
    assert "set it: --set n=..." in str(error.value)
    assert_is(made(module(network, {"n": 3})), network.report(n=3))


# -- what is written ---------------------------------------------------------------------------


def test_a_block_is_one_class_however_often_it_is_used() -> None:
    tree = ast.parse(emitted("googlenet"))
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    assert classes == ["Inception", "AuxiliaryHead", "GoogLeNet"]
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert sum(getattr(call.func, "id", "") == "Inception" for call in uses) == 9


def settings_of(source: str) -> Iterator[tuple[str, Any, Any]]:
    """The constant settings of torch's modules in some source, each with torch's default."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not ast.unparse(call.func).startswith("nn."):
            continue
        made = getattr(torch.nn, ast.unparse(call.func)[3:], None)
        if made is None:  # a function of nn.functional
            continue
        parameters = inspect.signature(made).parameters
        for setting in call.keywords:
            if isinstance(setting.value, ast.Constant) and setting.arg in parameters:
                default = parameters[setting.arg].default
                yield f"{ast.unparse(call)} {setting.arg}", setting.value.value, default


def test_settings_at_the_defaults_of_torch_are_left_out() -> None:
    found = [each for name in SMALL for each in settings_of(emitted(name))]
    assert len(found) > 100
    assert [what for what, value, default in found if value == default] == []


def test_torch_is_all_that_is_imported_besides_the_standard_library() -> None:
    for name in SMALL:
        tree = ast.parse(emitted(name))
        plain = {a.name for node in tree.body if isinstance(node, ast.Import) for a in node.names}
        parts = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
        assert plain | parts <= {"torch", "collections", "fractions", "math", "typing"}


def test_shapes_are_told_in_knobs_where_they_hang_on_them() -> None:
    layers = [{"Conv2d": {"out_channels": "64*width", "kernel_size": 3}}]
    spec = {"symbols": {"width": "3/4"}, "input": [3, 8, 8], "layers": layers}
    assert "# [B, 64 * width, 6, 6]" in module(shapecalc.load(spec))


def test_the_docstring_tells_the_totals() -> None:
    told = ast.get_docstring(ast.parse(emitted("resnet18")))
    assert told is not None
    assert "11,689,512 parameters and 1,814,073,344 multiply-accumulates" in told


# -- outputs -----------------------------------------------------------------------------------


def test_outputs_come_in_the_order_of_the_spec_and_heads_can_be_left_out() -> None:
    network = shapecalc.load("googlenet")
    report = network.report()
    assert [path for path, _ in report.outputs] == ["fc", "aux2.linear2", "aux1.linear2"]
    model = made(emitted("googlenet"))
    put_out: dict[str, Any] = {}
    for name, part in model.named_children():
        part.register_forward_hook(lambda _, __, output, name=name: put_out.update({name: output}))
    outputs = model(*inputs_of(report))
    assert len(outputs) == 3
    assert all(a is put_out[b] for a, b in zip(outputs, ["fc", "aux2", "aux1"], strict=True))

    without = made(emitted("googlenet"), aux_logits=0)
    assert (without.aux1, without.aux2) == (None, None)
    only, *none = without(*inputs_of(report))
    assert only.shape == (1, 1000)
    assert none == [None, None]
    assert not any(name.startswith("aux") for name in without.state_dict())


@pytest.mark.parametrize(
    ("settings", "printed"),
    [
        ({"aux_logits": 0}, "(1, 1000)\n"),
        ({"num_classes": 7, "B": 2}, "(2, 7)\n(2, 7)\n(2, 7)\n"),
    ],
)
def test_as_a_script_it_prints_the_shape_of_each_output(
    settings: dict[str, int],
    printed: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "googlenet.py"
    path.write_text(module(shapecalc.load("googlenet"), settings))
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out == printed


def test_several_inputs_of_other_types_are_given_in_order() -> None:
    network = shapecalc.load(
        {
            "inputs": {"words": {"shape": [5], "dtype": "int64"}, "picture": [3, 8, 8]},
            "layers": [
                {"Embedding": {"num_embeddings": 10, "embedding_dim": 4}, "from": "words"},
                {"Conv2d": {"out_channels": 2, "kernel_size": 3}, "from": "picture"},
            ],
            "outputs": ["conv1", "embedding1"],
        }
    )
    source = assert_emits(network)
    assert_is_clean(source)
    assert "model(torch.zeros(1, 5, dtype=torch.int64), torch.zeros(1, 3, 8, 8))" in source


def test_an_error_is_the_same_in_another_process() -> None:
    with pytest.raises(EmitError) as caught:
        shapecalc.emit({"input": [4], "layers": [{"Opaque": {"shape": [4]}}]})
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (EmitError, str(caught.value))
