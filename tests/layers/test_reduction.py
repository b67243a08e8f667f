"""Reductions: what torch does not tell of them."""

from __future__ import annotations

import pytest

from shapecalc.layers import KINDS, FieldError, Tensor


def test_mean_adds_every_element_once():
    x, mean = Tensor((2, 3, 4)), KINDS["Mean"](dim=1)
    assert mean.elementwise(x, mean.output(x)) == 2 * 3 * 4


def test_mean_takes_one_dimension_without_a_list_and_no_empty_list():
    assert KINDS["Mean"](dim=1).dim == (1,)
    with pytest.raises(FieldError):
        KINDS["Mean"](dim=[])


@pytest.mark.parametrize(("name", "operations"), [("Sum", 1), ("Norm", 2), ("Var", 4), ("Std", 4)])
def test_work_is_counted_per_element_of_the_input(name, operations):
    x, layer = Tensor((2, 3, 4)), KINDS[name](dim=[1])
    assert layer.elementwise(x, layer.output(x)) == operations * 24


def test_all_dimensions_are_reduced_where_none_are_named():
    assert KINDS["Sum"](dim=None).output(Tensor((2, 3))).shape == ()
    assert KINDS["Max"](dim=None, keepdim=True).output(Tensor((2, 3))).shape == (1, 1)


def test_a_dimension_is_named_once():
    problems = [r.problem() for r in KINDS["Var"](dim=[1, -1]).requirements(Tensor((2, 3)))]
    assert problems == ["has dim [1, -1], which names a dimension twice"]
