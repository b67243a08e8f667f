"""What a name in front of an input means: an input of forward's, or a size."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc
from shapecalc.language.problem import SpecError

SOURCE = """
from torch import nn


class One(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return self.conv(x)


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(8, 4)

    def forward(self, image, H, scale=None):
        return self.conv(image), self.fc(H)

class Others(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x, scale=1, **kwargs):
        return self.fc(x) * kwargs.get("mask", scale)
"""


@pytest.fixture
def net(tmp_path: Path) -> str:
    path = tmp_path / "net.py"
    path.write_text(SOURCE)
    return str(path)


def inputs_of(source: str, *inputs: str) -> tuple[dict[str, list[int]], list[str]]:
    """The inputs' shapes by name, and the symbols."""
    network = shapecalc.load(source, inputs=inputs)
    told = network.report().to_dict()["inputs"]
    return {each["name"]: each["shape"] for each in told}, list(network.spec.symbols)


def refused(source: str, *inputs: str) -> str:
    with pytest.raises(SpecError) as caught:
        shapecalc.load(source, inputs=inputs).report()
    return str(caught.value)


def test_the_name_of_a_parameter_of_forward_is_the_input(net):
    assert inputs_of(f"{net}:One", "x=3,32,32") == ({"input": [1, 3, 32, 32]}, [])


def test_any_other_name_is_a_symbol(net):
    assert inputs_of(f"{net}:One", "n=3,32,32") == ({"input": [1, 3, 32, 32]}, ["n"])
    assert inputs_of(f"{net}:One", "image=3,32,32")[1] == ["image"]


def test_an_input_with_a_name_may_have_a_symbol_in_front(net):
    assert inputs_of(f"{net}:One", "x=C=3,32,32") == ({"input": [1, 3, 32, 32]}, ["C"])


def test_a_word_is_an_input_where_forward_takes_any_and_has_what_it_needs(net):
    found = {"x": [1, 5, 8], "mask": [1, 5, 1]}
    assert inputs_of(f"{net}:Others", "x=5,8", "mask=5,1") == (found, [])
    assert inputs_of(f"{net}:Others", "5,8", "mask=T=5,1") == (found, ["T"])
    assert inputs_of(f"{net}:Others", "length=5,8") == ({"input": [1, 5, 8]}, ["length"])


def test_a_capital_letter_is_an_input_where_forward_calls_one_so(net):
    found, symbols = inputs_of(f"{net}:Two", "H=8", "image=3,W=10,10")
    assert found == {"H": [1, 8], "image": [1, 3, 10, 10]}
    assert symbols == ["W"]


def test_an_error_tells_what_a_name_was_taken_for(net):
    assert "y is taken for a size: forward has no parameter 'y', but x" in refused(
        f"{net}:One", "y=4,32,32"
    )
    assert "H is taken for the input that forward calls so" in refused(
        f"{net}:Two", "H=9", "image=3,9,9"
    )


def test_an_input_that_forward_does_not_take_is_told_with_those_that_it_takes(net):
    said = refused(f"{net}:Two", "imag=C=3,9,9")
    assert "forward has no parameter 'imag'" in said
    assert "did you mean 'image'?" in said


def test_an_input_that_is_not_given_is_asked_for(net):
    said = refused(f"{net}:Two", "3,9,9")
    assert "forward takes image, H, scale, of which H is not given" in said
    assert "--input H=3,224,224" in said
