"""Modules of one's own against specs: signals that die, batches, and what is emitted itself."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.emitting.module import module
from shapecalc.verify import run, sides
from shapecalc.verify.against import check_against

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from tests.verify.nets import Writing, found, spec  # noqa: E402


def test_a_fault_where_signals_have_died_is_found() -> None:
    layers = [each for _ in range(100) for each in ({"Linear": 6}, "ReLU")]
    parts = [each for _ in range(100) for each in (nn.Linear(6, 6), nn.ReLU())]
    right = found(spec(*layers, given=[6]), nn.Sequential(*parts))
    assert all(each.agrees for each in right)
    wrong = found(spec(*layers, given=[6]), nn.Sequential(*parts[:7], *parts[8:]))
    told = [line for each in wrong for line in each.explanation]
    assert "between linear4 and linear5, the spec has relu4 (ReLU)" in told


SMALL = ["lenet5", "lenet5_mnist", "cifar10", "tinyvgg"]


@pytest.mark.parametrize("name", SMALL)
def test_what_is_emitted_agrees_with_what_it_is_emitted_from(name: str) -> None:
    network = shapecalc.load(name)
    findings = list(check_against(network, lambda: run.made(module(network))))
    assert [each.differences for each in findings if not each.agrees] == []
    assert [each.what for each in findings if each.what.startswith("training at ")]


RESHAPED = spec({"Reshape": {"shape": ["B", 16]}}, {"Linear": 3}, given=[4, 4])


def test_a_module_of_the_specs_own_that_fails_in_another_batch_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    emit = sides.module
    monkeypatch.setattr(
        sides, "module", lambda *given: emit(*given).replace("x.shape[0], 16", "1, 16")
    )
    make = Writing(lambda self, x: self.fc(x.flatten(1)), fc=nn.Linear(16, 3))
    told = [line for each in found(RESHAPED, make) for line in each.differences]
    assert told == [
        "the module that is emitted from the spec cannot be run: it fails on an input of 2 x 4 x "
        "4: RuntimeError: shape '[1, 16]' is invalid for input of size 32"
    ]


def test_a_spec_of_one_batch_only_is_computed_in_that_one() -> None:
    for batch in (1, 5):
        network = spec({"Reshape": {"shape": [batch, 16]}}, {"Linear": 3}, given=[4, 4])
        make = Writing(lambda self, x: self.fc(x.flatten(1)), fc=nn.Linear(16, 3))
        findings = found(network, make, B=batch)
        assert all(each.agrees for each in findings)
        assert f"numbers at {batch} x 4 x 4" in [each.what for each in findings]
        assert any("another network, or none" in each.note for each in findings)
        wrong = Writing(lambda self, x: self.fc(x.flatten(1)).relu(), fc=nn.Linear(16, 3))
        assert not all(each.agrees for each in found(network, wrong, B=batch))


def test_a_spec_that_cannot_be_trained_is_not() -> None:
    """A norm over a batch of one has nothing to take the mean of."""
    network = spec({"Reshape": {"shape": [1, 16]}}, "BatchNorm1d", given=[4, 4])
    findings = found(network, nn.Sequential(nn.Flatten(), nn.BatchNorm1d(16)))
    assert all(each.agrees for each in findings)
    assert any("the spec's own module cannot be trained" in each.note for each in findings)
