"""Distances: what test_differential.py does not ask of torch."""

from __future__ import annotations

import pytest

from shapecalc.layers import KINDS, Tensor


@pytest.mark.parametrize(
    ("name", "shapes", "operations"),
    [
        ("CosineSimilarity", [(2, 8), (2, 8)], 3 * 2 * 8 + 2),
        ("CosineSimilarity", [(2, 8, 3, 3), (2, 8, 1, 1)], 3 * 2 * 8 * 9 + 2 * 9),
        ("PairwiseDistance", [(2, 8), (2, 8)], 2 * 2 * 8),
        ("PairwiseDistance", [(2, 5, 8), (8,)], 2 * 2 * 5 * 8),
    ],
)
def test_work_is_done_on_what_the_inputs_broadcast_to(name, shapes, operations):
    x = tuple(map(Tensor, shapes))
    layer = KINDS[name]()
    assert layer.elementwise(*x, y=layer.output(*x)) == operations


def test_what_does_not_broadcast_is_told():
    layer = KINDS["CosineSimilarity"]()
    x = Tensor((1, 8, 3)), Tensor((1, 8, 4))
    (wrong,) = [r for r in layer.requirements(*x) if r.decide() is not True]
    assert wrong.problem() == "compares 8 x 3 and 8 x 4, which differ in length (3 and 4)"
