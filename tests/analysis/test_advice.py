"""Notes in errors on the sizes of the input that would work."""

from __future__ import annotations

import re
from typing import Any

import pytest

import shapecalc
from shapecalc.language.problem import SpecError


def notes(spec: Any, **settings: Any) -> list[str]:
    """The notes of all problems of a network that cannot be built."""
    with pytest.raises(SpecError) as caught:
        shapecalc.load(spec).report(settings)
    return [note for problem in caught.value.problems for note in problem.notes]


def lenet(stated: int, *sizes: Any, **symbols: Any) -> dict[str, Any]:
    """Five layers of LeNet-5 for an input of these sizes, before a stated in_features."""
    return {
        "symbols": symbols,
        "input": [3, *sizes],
        "layers": [
            {"Conv2d": {"out_channels": 6, "kernel_size": 5}},
            {"MaxPool2d": 2},
            {"Conv2d": {"out_channels": 16, "kernel_size": 5}},
            {"MaxPool2d": 2},
            "Flatten",
            {"Linear": {"in_features": stated, "out_features": 120}},
        ],
    }


def test_a_broken_condition_names_the_nearest_sizes() -> None:
    assert "works where H % 16 == 0: nearest are 240 and 256" in notes("unet", H=250)


def test_each_size_that_breaks_its_condition_has_a_note() -> None:
    found = notes("unet", H=250, W=100)
    assert "works where H % 16 == 0: nearest are 240 and 256" in found
    assert "works where W % 16 == 0: nearest are 96 and 112" in found


def test_a_symbol_tied_to_another_has_no_note_of_its_own() -> None:
    found = notes("unet", H=250, W="H")
    assert [note for note in found if "works" in note] == [
        "works where H % 16 == 0: nearest are 240 and 256"
    ]


def test_a_size_below_all_that_work_has_one_neighbour() -> None:
    assert "works where H >= 8: the nearest is 8" in notes("cifar10", H=5)


def test_sizes_written_as_numbers_are_called_by_their_axes() -> None:
    both: dict[str, Any] = {"a": [{"MaxPool2d": 2}, {"Upsample": {"scale_factor": 2}}], "b": []}
    found = notes({"input": [3, 9, 8], "layers": [{"Add": {"branches": both}}]})
    assert "works where height % 2 == 0: nearest are 8 and 10" in found
    assert not any("width" in note for note in found)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (lenet(400, 36, 36), "400 would need an input of 32 x 32 to 35 x 35, this one is 36 x 36"),
        (
            lenet(400, "H", "W", H=36, W=36),
            "400 would need an input of 32 x 32 to 35 x 35, this one is 36 x 36",
        ),
        (lenet(400, 36, 32), "400 would need an input of 32 x 32 to 35 x 32, this one is 36 x 32"),
    ],
)
def test_a_stated_size_names_the_input_it_was_meant_for(spec: dict[str, Any], says: str) -> None:
    assert any(note.endswith(f"; {says}") for note in notes(spec))


def test_a_single_input_is_called_one() -> None:
    layers = ["Flatten", {"Linear": {"in_features": 3072, "out_features": 10}}]
    found = notes({"input": [3, 36, 36], "layers": layers})
    assert found[0].endswith("3072 would need a 32 x 32 input, this one is 36 x 36")


def test_a_length_is_named_too() -> None:
    layers = ["Flatten", {"Linear": {"in_features": 60, "out_features": 10}}]
    found = notes({"input": [6, 14], "layers": layers})
    assert found[0].endswith("60 would need an input of 10, this one is 14")


def test_what_no_input_would_make_right_has_no_note() -> None:
    assert not any("would need" in note for note in notes(lenet(401, 36, 36)))


def test_the_sizes_that_are_named_do_work() -> None:
    for spec, name in (("unet", "H"), ("cifar10", "W"), ("alexnet", "H"), ("googlenet", "W")):
        for size in (1, 5, 7, 250, 333):
            try:
                shapecalc.load(spec).report({name: size})
                continue
            except SpecError as error:
                text = str(error)
            told = re.findall(r"works where .*: (?:the nearest is|nearest are) ([0-9 and]+)", text)
            assert told, text
            for near in told[0].split(" and "):
                shapecalc.load(spec).report({name: int(near)})


def test_what_has_nothing_to_do_with_sizes_has_no_advice() -> None:
    layers = [{"Conv2d": {"out_channels": 8, "kernel_size": 1, "groups": 4}}]
    found = notes({"input": [6, 8, 8], "layers": layers})
    assert not any("works" in note or "would need" in note for note in found)


def _growing(n: int) -> list[Any]:
    enlarged = [{"MaxPool2d": 2}, {"Upsample": {"scale_factor": 3}}]
    return [{"Concat": {"dim": 2, "branches": [[], [], enlarged]}}] * n


def _coprime() -> list[Any]:
    def kept(size: int) -> list[Any]:
        return [{"MaxPool2d": size}, {"Upsample": {"scale_factor": size}}]

    return [{"Add": {"branches": [kept(size), []]}} for size in (2, 3, 5, 7, 11, 13, 17, 4093)]


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    "layers",
    [
        _growing(25),
        _coprime(),
        [{"Conv2d": {"out_channels": 1, "kernel_size": 3}, "repeat": 1900}],
        [{"ReLU": None, "repeat": 5000}, {"Linear": {"in_features": 3, "out_features": 3}}],
    ],
    ids=["formulas that grow", "periods that multiply", "many layers", "too many layers"],
)
def test_advice_comes_to_an_end(layers: list[Any]) -> None:
    assert notes({"input": [1, 2**10 + 1, 2**10 + 1], "layers": layers})


def test_formulas_of_too_many_terms_end_the_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    assert any("works" in note for note in notes("unet", H=250))
    monkeypatch.setattr("shapecalc.analysis.advice.MOST_TERMS", 20)
    found = notes("unet", H=250)
    assert found
    assert not any("works" in note for note in found)


def test_an_error_survives_advice_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*arguments: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("shapecalc.analysis.advice._opened", failing)
    assert any("receives" in note for note in notes("unet", H=250))
