"""Entries with several outputs, and copies of repeats, as what others are fed from."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.graph.graph import Part, Role, Source
from shapecalc.language.problem import SpecError
from shapecalc.layers import KINDS, Layer, Tensor


@pytest.fixture(autouse=True)
def halves():
    """A kind that puts out both halves of its channels."""

    class Halves(Layer):
        def output(self, x: Tensor) -> Tensor:
            return x.with_channels(x.channels - x.channels // 2)

        def outputs(self, x: Tensor) -> dict[str, Tensor]:
            return {"output": self.output(x), "rest": x.with_channels(x.channels // 2)}

    yield
    del KINDS["Halves"]


def network(layers, **more):
    return shapecalc.load({"input": [7, 8, 8], "layers": layers, **more})


def refused(layers, **more):
    with pytest.raises(shapecalc.SpecError) as caught:
        network(layers, **more).report()
    return [(each.message, *each.notes) for each in caught.value.problems]


def test_what_follows_goes_on_with_the_first_output():
    found = network(["Halves", "ReLU"]).report()
    assert found["relu1"].inputs == ("halves1",)
    assert found["relu1"].output_shape == (1, 4, 8, 8)


def test_an_output_is_named_behind_a_dot():
    found = network(["Halves", {"ReLU": None, "from": "halves1.rest"}]).report()
    assert found["relu1"].inputs == ("halves1.rest",)
    assert found["relu1"].node.sources == (Source("halves1", "rest"),)
    assert found["relu1"].output_shape == (1, 3, 8, 8)


def test_the_report_has_all_outputs_and_counts_what_all_of_them_write():
    found = network(["Halves"], outputs=["halves1.rest", "halves1"]).report()
    assert found["halves1"].activations == 7 * 8 * 8
    data = found.to_dict()
    (layer,) = data["layers"]
    assert layer["output_shape"] == [1, 4, 8, 8]
    assert layer["output_shapes"] == {"output": [1, 4, 8, 8], "rest": [1, 3, 8, 8]}
    assert data["outputs"] == [
        {"path": "halves1.rest", "shape": [1, 3, 8, 8]},
        {"path": "halves1", "shape": [1, 4, 8, 8]},
    ]


def test_a_layer_with_one_output_says_nothing_of_several():
    assert "output_shapes" not in network(["ReLU"]).report().to_dict()["layers"][0]


def test_an_edge_knows_which_outputs_go_along_it():
    entry = {"Concat": None, "from": ["halves1.rest", "halves1", "halves1.rest"]}
    graph = network(["Halves", entry]).graph
    assert graph.edges["halves1", "concat1"]["outputs"] == ("rest", "output", "rest")


def test_an_output_that_is_not_there_is_told_with_those_that_are():
    assert refused(["Halves", {"ReLU": None, "from": "halves1.rast"}]) == [
        ("'halves1' has no output or copy 'rast'", "did you mean 'rest'?")
    ]


def test_a_copy_of_a_repeat_is_named_by_its_number():
    layers = [
        {"Conv2d": {"out_channels": "4 + index", "kernel_size": 1}, "repeat": 3, "name": "stage"},
        {"Concat": None, "from": ["stage.0", "stage.2", "stage"]},
    ]
    found = network(layers).report()
    assert found["concat1"].inputs == ("stage.0", "stage.2", "stage.2")
    assert found["concat1"].output_shape == (1, 4 + 6 + 6, 8, 8)


def test_an_output_of_a_copy_is_named_with_two_dots():
    layers = [{"Halves": None, "repeat": 2, "name": "h"}, {"ReLU": None, "from": "h.1.rest"}]
    found = network(layers).report()
    assert found["relu1"].inputs == ("h.1.rest",)
    assert found["relu1"].output_shape == (1, 2, 8, 8)


def test_a_copy_that_is_not_there_is_told():
    layers = [{"ReLU": None, "repeat": 2, "name": "r"}, {"Tanh": None, "from": "r.2"}]
    assert refused(layers) == [("'r' has no output or copy '2'", "it has 0, 1")]


def test_each_copy_of_a_repeat_is_a_part():
    join = {"Add": {"branches": {"body": ["ReLU"], "shortcut": []}}, "repeat": 2, "name": "stage"}
    (repeat,) = network([join]).report().built.root.children
    assert (repeat.role, repeat.name, repeat.written) == (Role.REPEAT, "stage", "Add")
    copies = [each for each in repeat.children if isinstance(each, Part)]
    assert [(each.role, each.name, each.path, each.number) for each in copies] == [
        (Role.COPY, "0", "stage.0", 0),
        (Role.COPY, "1", "stage.1", 1),
    ]
    assert [child.called for child in copies[1].children] == ["1.body", "1.shortcut", "1"]


def test_a_block_may_have_the_name_of_a_role():
    blocks = {"branch": {"layers": ["ReLU"]}, "repeat": {"layers": ["branch"]}}
    first, second = network(["branch", "repeat"], blocks=blocks).report().built.root.children
    assert [(each.role, each.written) for each in (first, second)] == [
        (Role.USE, "branch"),
        (Role.USE, "repeat"),
    ]


def test_a_copy_that_fails_is_reported_once_where_its_size_is_asked_for():
    layers = [
        {"Conv2d": {"out_channels": "3/2", "kernel_size": 1}},
        {"Concat": {"branches": {"p": ["ReLU"]}}, "repeat": 2, "name": "l1"},
        {"Parameter": [1, "channels_of(l1.1)", 1, 1]},
    ]
    with pytest.raises(SpecError) as found:
        shapecalc.load({"input": [3, 6, 6], "layers": layers}).report()
    (problem,) = found.value.problems
    assert problem.message == "Conv2d: out_channels expects a positive integer, got 3/2"
