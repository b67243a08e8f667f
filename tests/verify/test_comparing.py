"""What rounding does to gradients that are nothing but rounding is no difference."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
comparing = pytest.importorskip("shapecalc.verify.comparing")
Outcome = pytest.importorskip("shapecalc.verify.outcome").Outcome


def of_key(number: float) -> Outcome:
    """A run that has a gradient of a query's weight, and of a key's bias, which may be noise."""
    gradients = {"query.weight": torch.ones(2), "key.bias": torch.tensor([number, -number])}
    return Outcome((), gradients, {}, frozenset(gradients), frozenset(), False)


@pytest.mark.parametrize(("number", "is_wrong"), [(5e-17, False), (1e-3, True)])
def test_a_gradient_that_is_noise_may_be_any_noise(number: float, is_wrong: bool) -> None:
    module = torch.nn.Linear(1, 1)
    pairs = {"query.weight": "query.weight", "key.bias": "key.bias"}
    both = comparing.Comparison(module, module, pairs, 1, 1)
    gaps = both._of_gradients(of_key(1e-18), of_key(number), of_key(3e-18), {}, 1e-12)
    assert [gap.is_too_wide for gap in gaps] == [False, is_wrong]
