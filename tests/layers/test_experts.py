"""Mixtures of experts: their work and params by hand, and what torch makes of what is emitted."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

import shapecalc
from shapecalc.analysis.roofline import moved
from shapecalc.cli import main

SMALL = {
    "T": 6,
    "vocabulary": 50,
    "width": 32,
    "heads": 4,
    "kv_heads": 2,
    "layers": 2,
    "hidden": 24,
    "experts": 5,
    "active": 3,
}


def test_mixtral_has_the_published_active_params() -> None:
    """Jiang et al. (2024): 47B parameters, of which 13B are active for a token."""
    report = shapecalc.load("mixtral_8x7b").report(T=16)
    every = 3 * 14336 * 4096  # one expert of one layer
    assert report.totals.active_params == report.totals.params - 32 * 6 * every == 12_879_925_248
    assert shapecalc.load("mixtral_8x22b").report(T=16).totals.active_params == 39_152_031_744


def test_the_work_is_that_of_the_experts_that_were_chosen() -> None:
    network = shapecalc.load("mixtral")
    one, two = (network.report(SMALL | {"active": n}) for n in (2, 3))
    expert = 3 * SMALL["hidden"] * SMALL["width"]
    combined = SMALL["width"]  # the sum of the experts' outputs by their shares
    added = SMALL["layers"] * SMALL["T"] * (expert + combined)
    assert two.totals.macs - one.totals.macs == added
    assert two.totals.params == one.totals.params
    assert network.report(SMALL | {"experts": 9, "active": 2}).totals.macs - one.totals.macs == (
        SMALL["layers"] * SMALL["T"] * 4 * SMALL["width"]  # a router of four experts more
    )


def test_all_is_a_formula_of_batch_context_and_experts() -> None:
    network = shapecalc.load("mixtral")
    given = {name: n for name, n in SMALL.items() if name not in ("T", "experts", "active")}
    report = network.report(given, symbolic=["B", "T", "experts", "active"])
    values = {"B": 2, "T": 7, "experts": 8, "active": 3}
    numbers = network.report(given | values)
    for name in ("params", "active_params", "macs", "activations"):
        formula: Any = getattr(report.totals, name)
        assert formula.at(**values) == getattr(numbers.totals, name), name


def test_without_experts_nothing_is_said_of_active_params() -> None:
    report = shapecalc.load("gpt2").report()
    assert "active_params" not in report.to_dict()["totals"]
    assert "active" not in CliRunner().invoke(main, ["show", "gpt2"]).output


def test_the_report_tells_active_params_where_they_are() -> None:
    told = shapecalc.load("mixtral").report(SMALL).to_dict()
    found = {own["path"]: own["active_params"] for own in told["layers"] if "active_params" in own}
    assert len(found) == 2 * SMALL["layers"]
    assert found["layers.0.mlp.down_proj"] == 3 * 32 * 24
    assert (
        sum(own.get("active_params", own["params"]) for own in told["layers"])
        == (told["totals"]["active_params"])
    )
    shown = CliRunner().invoke(main, ["show", "mixtral", "--columns", "path,active_params"]).output
    assert "active params      12,879,925,248 (what a token uses, 12.9 G)" in shown


def test_a_mixture_may_be_compared_with_what_is_none() -> None:
    for names in (("mixtral", "llama"), ("llama", "mixtral")):
        done = CliRunner().invoke(main, ["diff", *names])
        assert done.exception is None or isinstance(done.exception, SystemExit)
        assert "46,702,792,704" in done.output


def test_a_budget_may_bound_active_params() -> None:
    network = shapecalc.load("mixtral").requiring(["active_params <= 1e10"])
    with pytest.raises(shapecalc.SpecError, match="active_params is 12,879,925,248"):
        network.report(T=16)


def test_no_more_is_moved_for_certain_than_the_experts_of_one_token() -> None:
    report = shapecalc.load("mixtral").report(SMALL)
    layer = report["layers.0.mlp.closed"]
    tokens, choice, written = 6 * 3 * 24, 6 * 3, 6 * 3 * 32
    assert moved(layer) == 4 * (tokens + written + 3 * 32 * 24) + 8 * choice


@pytest.mark.parametrize(
    ("layers", "why"),
    [
        ([{"Linear": 4}], "takes the experts that were chosen, whole numbers"),
        ([{"Linear": 4}, {"ArgMax": -1}], "chooses 6 of 4 experts"),
        ([{"Linear": 4}, {"TopK": 5}], "takes the 5 greatest of dim -1 of batch x 6 x 4"),
    ],
)
def test_what_is_no_choice_is_refused(layers: list[Any], why: str) -> None:
    experts = {"Parameter": [4, 3, 8], "name": "experts"}
    chosen = {**layers[-1], "name": "chosen"} if isinstance(layers[-1], dict) else layers[-1]
    source = "chosen.indices" if "TopK" in chosen else "chosen"
    use = {"ExpertLinear": None, "from": ["input", source, "experts"]}
    spec = {"input": [6, 8], "layers": [*layers[:-1], chosen, experts, use]}
    with pytest.raises(shapecalc.SpecError, match=why):
        shapecalc.load(spec).report()


def test_what_is_emitted_is_a_decoder_by_hand() -> None:
    """A mixture written token by token and expert by expert, on the weights of the emitted one."""
    torch = pytest.importorskip("torch")
    layers = [
        {"Linear": {"out_features": 5, "bias": False}, "name": "gate"},
        {"TopK": 3, "name": "chosen"},
        {"Softmax": -1, "name": "shares"},
        {"Unsqueeze": -2, "from": "input", "name": "token"},
        {"Parameter": [5, 7, 8], "name": "experts"},
        {"ExpertLinear": None, "from": ["token", "chosen.indices", "experts"], "name": "each"},
        {"Einsum": "b t k d, b t k -> b t d", "from": ["each", "shares"]},
    ]
    names: dict[str, Any] = {}
    spec = {"name": "Mixture", "input": [6, 8], "layers": layers}
    exec(shapecalc.emit(shapecalc.load(spec)), names)
    made = names["Mixture"]()
    torch.manual_seed(5)
    with torch.no_grad():
        made.experts.normal_()
        x = torch.randn(2, 6, 8)
        told = made(x)
        for row in range(2):
            for token in range(6):
                scores = [float(s) for s in made.gate(x[row, token])]
                best = sorted(range(5), key=lambda expert: -scores[expert])[:3]
                shares = torch.softmax(torch.tensor([scores[expert] for expert in best]), 0)
                by_hand = sum(
                    share * (made.experts[expert] @ x[row, token])
                    for share, expert in zip(shares, best, strict=True)
                )
                torch.testing.assert_close(told[row, token], by_hand)
