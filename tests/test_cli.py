"""The commands as a group, and the catalogue that one of them lists."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from shapecalc.cli import main
from shapecalc.layers import KINDS


@pytest.mark.parametrize(
    ("command", "hint"), [("explan", "did you mean 'explain'?"), ("zzz", "there are show, diff")]
)
def test_an_unknown_command_is_refused_with_those_that_may_be_meant(
    command: str, hint: str
) -> None:
    done = CliRunner().invoke(main, [command])
    assert done.exit_code == 2
    assert f"no command '{command}'; {hint}" in done.output


def test_the_catalogue_lists_every_kind_in_two_columns() -> None:
    lines = CliRunner().invoke(main, ["layers"]).output.splitlines()
    families = [line for line in lines if not line.startswith(" ")]
    assert families == sorted({kind.family for kind in KINDS.values()})
    listed = [line.split(maxsplit=1) for line in lines if line.startswith(" ")]
    assert {kind for kind, _ in listed} == set(KINDS)
    begin = max(map(len, KINDS)) + 4
    assert all(line[begin - 2 : begin] == "  " for line in lines if line.startswith(" "))
    assert all(line[begin] != " " for line in lines if line.startswith(" "))


@pytest.mark.parametrize("arguments", [["layers"], ["layers", "Mish"]])
def test_the_catalogue_is_plain_text(arguments: list[str]) -> None:
    assert "`" not in CliRunner().invoke(main, arguments).output


def test_two_symbols_in_one_setting_are_refused_with_the_way_to_set_them() -> None:
    done = CliRunner().invoke(main, ["show", "lenet5", "--set", "H=64, W=64"])
    assert done.exit_code == 2
    assert "sets more than one symbol; give --set once for each" in done.output
    done = CliRunner().invoke(main, ["show", "lenet5", "--set", "H=max(64, W)", "--set", "W=32"])
    assert done.output.startswith("LeNet-5: input 3 x 64 x 32")


def test_a_symbol_given_as_an_argument_is_told_how_it_is_set() -> None:
    done = CliRunner().invoke(main, ["show", "lenet5", "H=64"])
    assert done.exit_code == 2
    assert "symbols are set as in --set H=64" in done.output
    assert "--set" not in CliRunner().invoke(main, ["layers", "Mish", "H=64"]).output


def test_what_is_refused_for_its_formulas_is_shown_where_more_terms_are_allowed():
    arguments = ["show", "alexnet", "--symbolic=H", "--max-terms"]
    refused = CliRunner().invoke(main, [*arguments, "5"])
    assert refused.exit_code == 1
    assert "longer than 5 terms together" in refused.output
    assert "--max-terms allows more" in refused.output
    assert CliRunner().invoke(main, [*arguments, "500"]).exit_code == 0
