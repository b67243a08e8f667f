"""Source against what was read of it: numbers are compared wherever they have to be the same."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

import shapecalc

check_code = pytest.importorskip("shapecalc.verify.code").check_code
Finding = pytest.importorskip("shapecalc.verify.findings").Finding
FactoryError = pytest.importorskip("shapecalc.verify.making").FactoryError

HEAD = """
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
"""


def findings(tmp_path: Path, body: str, inputs: Iterable[str]) -> list[Finding]:
    path = tmp_path / "net.py"
    path.write_text(HEAD + body)
    network = shapecalc.load(f"{path}:Net", inputs=list(inputs))
    return list(check_code(network, f"{path}:Net"))


def notes(found: list[Finding]) -> list[str]:
    """What is told of numbers that were not compared; nothing differs."""
    assert all(each.agrees for each in found), [each.differences for each in found]
    return [each.note for each in found if not each.compared]


def runs(found: list[Finding]) -> int:
    """How many runs were compared in their numbers."""
    return sum("at " in each.what for each in found if each.compared)


APPROXIMATED = {
    "a constant": (
        """
    def forward(self, x):
        return x + torch.linspace(0, 1, x.shape[-1])
""",
        "10: a constant stands as zeros",
    ),
    "a mask": (
        """
    def forward(self, x):
        mask = torch.ones(6, 6).triu(1).bool()
        return torch.softmax(x.masked_fill(mask, float("-inf")), -1)
""",
        "11: a choice by a constant, as a mask is one, is left out",
    ),
    "a mask of attention": (
        """
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(6, 2, 12, 0.0, batch_first=True)

    def forward(self, x):
        return self.layer(x, src_mask=torch.ones(6, 6).triu(1).bool())
""",
        "14: the src_mask of TransformerEncoderLayer is left out",
    ),
    "a part that is assigned": (
        """
    def forward(self, x):
        y = x * 2
        y[:, 0] = 0
        return y
""",
        "11: assignment to a part of a tensor is left out",
    ),
    "a triangle": (
        """
    def forward(self, x):
        return torch.tril(x)
""",
        "10: all of a tensor stands for what is on one side of its diagonal",
    ),
    "another function": (
        """
    def forward(self, x):
        return torch.sinh(x)
""",
        "10: torch.sinh stands as another function",
    ),
    "a computed weight": (
        """
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(6, 4, 3)

    def forward(self, x):
        weight = self.conv.weight
        weight = weight - weight.mean((1, 2), keepdim=True)
        return F.conv1d(x, weight, self.conv.bias)
""",
        "16: the weight, which is computed, is learned as it is",
    ),
    "gradients": (
        """
    def forward(self, x):
        return x + (x.round() - x).detach()
""",
        "10: gradients pass detach",
    ),
}


@pytest.mark.parametrize("which", APPROXIMATED)
def test_what_reading_approximates_is_no_difference(which: str, tmp_path: Path) -> None:
    body, told = APPROXIMATED[which]
    (note,) = notes(findings(tmp_path, body, ["6,6"]))
    assert note.startswith(f"none, since they may differ: {tmp_path / 'net.py'}:{told}")


CONSTANTS = {
    "positions": "x + self.table(torch.arange(x.shape[1]))",
    "positions of a batch": "x + self.table(torch.arange(x.size(1))[None].expand(x.shape[:2]))",
    "positions of copies": "x + self.table(torch.arange(x.size(1)).view(1, -1).repeat(len(x), 1))",
    "positions behind others": "x + self.table(torch.arange(2, x.size(1) + 2)[None])",
    "numbers along another dimension": "x * torch.arange(1, x.shape[1] + 1).float()[:, None]",
    "every second one": "x + self.table(torch.arange(1, 2 * x.shape[1], 2, dtype=torch.int32))",
    "positions behind an offset": "x + self.table(torch.arange(x.shape[1])[None] + 2)",
    "positions before an offset": "x + self.table(3 + torch.arange(x.shape[1]) - 1)",
    "ones": "torch.cat((x, torch.ones(1, 2, 6)), 1)",
    "zeros": "torch.cat((x, torch.zeros(1, 2, 6)), 1)",
    "a single number": "x / torch.sqrt(torch.tensor(16.0)) - torch.tensor(2)",
    "a single number of a dimension": "x * torch.tensor([0.5]) + torch.full((1, 1), 2.0)",
    "a number from a size": "x / torch.tensor(x.shape[1])",
}


@pytest.mark.parametrize("which", CONSTANTS)
def test_constants_that_have_a_kind_are_what_they_are(which: str, tmp_path: Path) -> None:
    body = f"""
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(20, 6)

    def forward(self, x):
        return {CONSTANTS[which]}
"""
    found = findings(tmp_path, body, ["T=5,6"])
    assert not notes(found)
    assert runs(found) > 3


def test_numbers_that_were_changed_are_not_known(tmp_path: Path) -> None:
    body = """
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(20, 6)

    def forward(self, x):
        places = torch.arange(5)
        view = places.view(1, -1)
        places[2] = 7
        return x + self.table(view)
"""
    (note,) = notes(findings(tmp_path, body, ["5,6"]))
    assert note.endswith("net.py:17: a constant stands as zeros")


@pytest.mark.parametrize("number", ["x.shape[1] ** 0.5", "float(x.shape[1])", "1.5 * len(x[0])"])
def test_what_follows_from_a_size_is_right_at_that_size(number: str, tmp_path: Path) -> None:
    body = f"""
    def forward(self, x):
        return x / ({number})
"""
    found = findings(tmp_path, body, ["T=5,6"])
    (note,) = notes(found)
    assert note == "none, since numbers in the code are those at T = 5"
    assert runs(found) > 3


def test_chance_is_no_difference(tmp_path: Path) -> None:
    body = """
    def forward(self, x):
        return x * torch.rand(1)
"""
    (note,) = notes(findings(tmp_path, body, ["6"]))
    assert "net.py:10: a random number stands as the middle of what it may be" in note


def test_zeros_are_zeros(tmp_path: Path) -> None:
    body = """
    def forward(self, x):
        return torch.cat((x, torch.zeros(1, 2, 6)), 1)
"""
    found = findings(tmp_path, body, ["6,6"])
    assert not notes(found)
    assert runs(found) > 1


def test_only_training_may_go_another_way(tmp_path: Path) -> None:
    body = """
    def forward(self, x):
        if self.training:
            return x * 2
        return x * 3
"""
    found = findings(tmp_path, body, ["6"])
    (note,) = notes(found)
    assert note.endswith("net.py:10: a branch goes by whether it is training")
    assert runs(found) > 2


def test_a_difference_that_nothing_explains_is_told(tmp_path: Path) -> None:
    body = """
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 6)

    def forward(self, x):
        return self.fc(x) * torch.jit.is_tracing.__name__.count("t")
"""
    path = tmp_path / "net.py"
    path.write_text(HEAD + body.replace('torch.jit.is_tracing.__name__.count("t")', "2"))
    network = shapecalc.load(f"{path}:Net", inputs=["6"])
    path.write_text(HEAD + body.replace('torch.jit.is_tracing.__name__.count("t")', "3"))
    found = list(check_code(network, f"{path}:Net"))
    assert not found[-1].agrees


def test_indices_stay_in_range_where_numbers_are_added_to_them(tmp_path: Path) -> None:
    body = """
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(11, 4)

    def forward(self, x):
        return self.table(x + 3)
"""
    found = findings(tmp_path, body, ["5:int64"])
    assert not notes(found)
    assert runs(found) > 1


def test_indices_stay_in_range_of_constants_that_are_not_known(tmp_path: Path) -> None:
    body = """
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(30, 4)

    def forward(self, x):
        return self.table(x + torch.tensor([0, 10, 20]))
"""
    (note,) = notes(findings(tmp_path, body, ["3:int64"]))
    assert note.endswith("net.py:14: a constant stands as zeros")


def test_indices_that_a_buffer_holds_stay_in_range_of_a_small_table(tmp_path: Path) -> None:
    body = """
    def __init__(self):
        super().__init__()
        self.kinds = nn.Embedding(2, 8)
        self.register_buffer("kind", torch.zeros((1, 32), dtype=torch.long))

    def forward(self, x):
        return x + self.kinds(self.kind[:, : x.size(1)])
"""
    found = findings(tmp_path, body, ["6,8"])
    assert notes(found) == []
    assert runs(found) > 3


def test_constants_have_the_type_that_is_computed_in(tmp_path: Path) -> None:
    body = """
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 4)

    def forward(self, x):
        return self.fc(x) @ torch.zeros(4, 3)
"""
    found = findings(tmp_path, body, ["6"])
    assert not notes(found)
    assert runs(found) > 1


def test_weights_of_one_name_are_the_same(tmp_path: Path) -> None:
    body = """
    def __init__(self):
        super().__init__()
        self.first, self.second = Part(), Part()

    def forward(self, x):
        return self.second(self.first(x, True), False)


class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.ones(8, 8))

    def forward(self, x, is_linear):
        return F.linear(x, self.w) if is_linear else x @ self.w
"""
    found = findings(tmp_path, body, ["8"])
    assert not notes(found)
    assert runs(found) > 1


def test_what_cannot_be_emitted_is_compared_without_its_numbers(tmp_path: Path) -> None:
    body = """
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 4)

    def forward(self, x):
        return torch.sort(self.fc(x))[0] + torch.argsort(x)[:, :4]
"""
    found = findings(tmp_path, body, ["6"])
    (note,) = notes(found)
    assert note.startswith("none, since Opaque")
    assert next(each.what for each in found) == "shapes by path"


def test_without_numbers_a_module_of_several_names_is_compared_run_by_run(tmp_path: Path) -> None:
    body = """
    def __init__(self):
        super().__init__()
        self.shared = nn.Embedding(10, 4)
        self.encoder, self.decoder = Stack(self.shared), Stack(self.shared)

    def forward(self, x, y):
        return torch.argsort(self.encoder(x)), self.decoder(y)


class Stack(nn.Module):
    def __init__(self, embed):
        super().__init__()
        self.embed = embed

    def forward(self, x):
        return self.embed(x)
"""
    (note,) = notes(findings(tmp_path, body, ["8:int64", "6:int64"]))
    assert note.startswith("none, since Opaque")


def test_without_numbers_layers_within_a_forward_of_its_own_are_not_its_module(
    tmp_path: Path,
) -> None:
    body = """
    def __init__(self):
        super().__init__()
        self.positions = Positions(10, 4)

    def forward(self, x):
        return torch.argsort(x + self.positions(x.shape))


class Positions(nn.Embedding):
    def forward(self, shape):
        return super().forward(torch.arange(shape[1]))[None, :, :, None]
"""
    (note,) = notes(findings(tmp_path, body, ["8,4,3"]))
    assert note.startswith("none, since Opaque")


def test_a_sparse_buffer_is_given_values_as_others_are(tmp_path: Path) -> None:
    body = """
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 4)
        self.register_buffer("heads", torch.ones(2, 3).to_sparse())

    def forward(self, x):
        return self.fc(x)
"""
    found = findings(tmp_path, body, ["6"])
    assert not notes(found)
    assert runs(found) > 1


def test_a_batch_behind_other_dimensions_is_asked_for_there(tmp_path: Path) -> None:
    body = """
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.start = nn.Parameter(torch.zeros(1, 1, 8))

    def forward(self, x):
        y = x.transpose(0, 1)
        length, batch, _ = y.shape
        rows = self.fc(y).contiguous().view(-1, batch * 2, 4)
        return rows, torch.cat((y, self.start.repeat(1, batch, 1)))
"""
    found = findings(tmp_path, body, ["5,8"])
    assert not notes(found)
    assert runs(found) > 2


def test_a_file_that_does_not_run_is_told_by_its_name(tmp_path: Path) -> None:
    body = """
    def forward(self, x):
        return x


import no_such_package
"""
    with pytest.raises(FactoryError) as error:
        findings(tmp_path, body, ["6"])
    assert str(error.value).startswith(f"{tmp_path / 'net.py'}: ModuleNotFoundError: No module")
