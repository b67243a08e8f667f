"""Requirements on a network: what holds, what is told where it does not, and what stays open."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.network import Network


def problem(*conditions: str, name: str = "resnet18", **settings: int) -> str:
    with pytest.raises(shapecalc.SpecError) as caught:
        shapecalc.load(name).requiring(conditions).report(settings)
    return str(caught.value)


HOLD = [
    "params <= 11689512",
    "params < 11.7e6 and params > 11.6e6",
    "11e6 < params <= 12e6",
    "flops == 2*macs",
    "layer4.height == 7",
    "layer4.0.conv1.channels == 512",
    "layer1.params == 147968",
    "receptive_field(layer1) >= 43",
    "weight_bytes == 4*params",
    "H % 32 == 0",
    "not params < 5 or H == 3",
    "params != 3",
    "max(layer1.height, layer2.height) == 56",
]


@pytest.mark.parametrize("condition", HOLD)
def test_what_holds_is_not_told(condition: str) -> None:
    assert shapecalc.load("resnet18").requiring([condition]).report().totals.params == 11689512


@pytest.mark.parametrize("condition", HOLD)
def test_its_contrary_is_an_error(condition: str) -> None:
    assert "error: requires not (" in problem(f"not ({condition})")


def test_a_broken_budget_tells_both_numbers_and_the_layers_that_weigh_most() -> None:
    told = problem("params <= 11e6").splitlines()
    assert told[0] == ("require:1:1: error: requires params <= 11e6, but params is 11,689,512")
    assert "11,689,512 is 689,512, or 6.3%, more than 11,000,000" in told[3]
    assert "layer4.0.conv2 with 2,359,296 (20.2%)" in told[4]


def test_a_size_that_is_another_is_told() -> None:
    assert "but layer4.height is 7" in problem("layer4.height == 14")


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        ("parms < 3", "did you mean 'params'?"),
        ("layer4.hight == 3", "did you mean 'height'?"),
        ("layer9.height == 3", "did you mean 'layer"),
        ("params <=", "expected a number or a name"),
        ("params & 3", "'&' has no meaning"),
        ("receptive_field(avgpool) > 3", "no window describes"),
    ],
)
def test_what_cannot_be_asked_is_told_at_its_place(condition: str, hint: str) -> None:
    assert hint in problem(condition)


def network(*conditions: str) -> Network:
    return shapecalc.load(
        {
            "symbols": {"H": 32, "n": 8},
            "input": [3, "H", "H"],
            "require": list(conditions),
            "layers": [{"Conv2d": {"out_channels": "n", "kernel_size": 4, "stride": 4}}],
        }
    )


def test_a_spec_s_own_requirement_is_told_in_its_line() -> None:
    text = (
        "input: [3, 8, 8]\nrequire:\n- params <= 100\n"
        "layers: [{Conv2d: {out_channels: 8, kernel_size: 3}}]\n"
    )
    with pytest.raises(shapecalc.SpecError, match=r"<text>:3:3: error: requires params <= 100, b"):
        shapecalc.load(text).report()


def test_requirements_become_constraints_where_symbols_stay() -> None:
    report = network("H % 4 == 0", "conv1.height >= 3", "params <= 500").report(symbolic=True)
    assert [each.condition for each in report.constraints] == [
        *("H % 4 == 0", "H >= 12"),  # 12//4 = 3; below that a multiple of 4 gives 2 at most
        "n <= 10",  # 49 params a channel
    ]
    assert all(each.is_required for each in report.constraints)
    assert report.to_dict()["constraints"][0]["required"] is True


def test_what_can_never_hold_is_refused_with_symbols_as_well() -> None:
    with pytest.raises(shapecalc.SpecError, match="requires params < 10"):
        network("params < 10").report(symbolic=True)


@pytest.mark.parametrize("H", range(16, 64))
def test_constraints_from_requirements_agree_with_numbers(H: int) -> None:  # noqa: N803
    own = network("H % 8 == 4 and conv1.height >= 7", "macs <= 40000")
    (condition, *more) = [each.condition for each in own.report(symbolic=["H"]).constraints]
    holds = all(eval(each, {"H": H}) for each in (condition, *more))
    try:
        own.report(H=H)
    except shapecalc.SpecError:
        assert not holds
    else:
        assert holds


def test_whole_patches_are_required_of_a_vision_transformer() -> None:
    report = shapecalc.load("vit").report(symbolic=["H", "W"])
    found = [each.condition for each in report.constraints]
    assert found == ["H % 16 == 0", "W % 16 == 0"]
    assert "H is 250 and patch is 16" in problem(name="vit", H=250)


def test_solving_looks_for_values_that_keep_what_is_required() -> None:
    answer = shapecalc.solve("vit", "H", at="encoder", output=197)
    assert [each for each in range(200, 260) if each in answer.solutions] == [224]
    answer = shapecalc.solve("vit", "H", macs="<=5G")
    assert all(each % 16 == 0 for each in range(1, 300) if each in answer.solutions)


def test_a_name_that_is_nearly_known_is_told_alone() -> None:
    with pytest.raises(shapecalc.SpecError) as caught:
        network("parms <= 500").report()
    assert caught.value.problems[0].notes == ("did you mean 'params'?",)
