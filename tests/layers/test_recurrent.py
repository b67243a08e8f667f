"""Recurrent layers: what test_differential.py does not ask of torch."""

from __future__ import annotations

import pytest

from shapecalc.layers import KINDS, Tensor
from tests.layers.torch_oracle import facts_of_torch, our_facts

NAMES = ["RNN", "LSTM", "GRU"]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_a_layer_does_at_each_place_what_its_cell_does(name, bias):
    x, place = Tensor((2, 7, 5)), Tensor((2, 5))
    layer = KINDS[name](hidden_size=3, bias=bias).bound(x)
    cell = KINDS[f"{name}Cell"](hidden_size=3, bias=bias).bound(place)
    assert layer.weights() == {f"{n}_l0": shape for n, shape in cell.weights().items()}
    for work in ("macs", "elementwise"):
        step = getattr(cell, work)(place, y=cell.output(place))
        assert getattr(layer, work)(x, y=layer.output(x)) == 7 * step


@pytest.mark.parametrize("name", NAMES)
def test_a_layer_above_takes_in_what_both_directions_put_out(name):
    x = Tensor((2, 7, 5))
    both = {"hidden_size": 3, "bidirectional": True}
    first = KINDS[name](**both).bound(x)
    between = first.output(x)
    second = KINDS[name](**both).bound(between)
    stacked = KINDS[name](**both, num_layers=2).bound(x)
    y = stacked.output(x)
    assert y == second.output(between) == Tensor((2, 7, 6))
    for work in ("macs", "elementwise"):
        parts = getattr(first, work)(x, y=between), getattr(second, work)(between, y=y)
        assert getattr(stacked, work)(x, y=y) == sum(parts)


def test_products_of_an_lstm_are_counted_one_by_one():
    x = Tensor((2, 7, 5))
    settings = {"hidden_size": 3, "proj_size": 2, "num_layers": 2, "bidirectional": True}
    layer = KINDS["LSTM"](**settings).bound(x)
    first = 4 * 3 * 5 + 4 * 3 * 2 + 2 * 3
    second = 4 * 3 * (2 + 2) + 4 * 3 * 2 + 2 * 3
    assert layer.macs(x, y=layer.output(x)) == 2 * 7 * 2 * (first + second) == 4704


@pytest.mark.parametrize(("name", "operations"), [("RNN", 2), ("LSTM", 13), ("GRU", 11)])
def test_work_is_so_many_operations_per_value_of_the_state(name, operations):
    x = Tensor((2, 7, 5))
    layer = KINDS[name](hidden_size=3, bias=False)
    assert layer.elementwise(x, y=layer.output(x)) == 2 * 7 * 3 * operations


@pytest.mark.parametrize("name", NAMES)
def test_which_dimension_is_the_batch_changes_no_figure(name):
    x = (Tensor((2, 7, 5)),)
    first = our_facts(KINDS[name](hidden_size=3), x)
    other = our_facts(KINDS[name](hidden_size=3, batch_first=False), x)
    states = [((1, 7, 3), "float32")] * len(first.others)
    assert first._replace(others=states) == other


def test_indices_need_an_embedding_first():
    (wrong, *_) = KINDS["LSTM"](hidden_size=3).requirements(Tensor((2, 7, 5), "int64"))
    assert wrong.problem().endswith("but receives int64: 7 x 5")
    assert wrong.hint() == "an Embedding turns indices into numbers"


def test_a_projection_is_smaller_than_the_state():
    (wrong,) = KINDS["LSTM"](hidden_size=3, proj_size=3).requirements(Tensor((2, 7, 5)))
    assert wrong.problem() == "has proj_size 3, not below hidden_size 3"


@pytest.mark.parametrize("directions", [1, 2])
def test_a_state_that_comes_in_has_the_sizes_of_the_one_that_goes_out(directions):
    settings = {"hidden_size": 8, "proj_size": 3, "num_layers": 2}
    layer = KINDS["LSTM"](**settings, bidirectional=directions == 2)
    x = Tensor((2, 7, 5))
    h, c = Tensor((2 * directions, 2, 3)), Tensor((2 * directions, 2, 8))
    assert our_facts(layer, (x, h, c)) == facts_of_torch(layer.bound(x, h, c), (x, h, c))
    assert our_facts(layer, (x, c, h)) is None
    assert facts_of_torch(layer.bound(x, c, h), (x, c, h)) is None


def test_an_lstm_starts_at_two_states_or_at_none():
    x, h = Tensor((2, 7, 5)), Tensor((1, 2, 3))
    assert _refused("LSTM", x, h) == "takes one input, or three with h_0 and c_0, but receives 2"
    assert _refused("GRU", x, h, hidden_size=4) == "receives h_0 of 1 x 2 x 3, not 1 x 2 x 4"


def _refused(name, *x, hidden_size=3):
    wanted = KINDS[name](hidden_size=hidden_size).requirements(*x)
    return next(each for each in wanted if each.decide() is False).problem()
