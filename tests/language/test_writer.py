"""A spec that is written down reads as the same spec, whatever its words hold."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

import shapecalc
from shapecalc.cli import main
from shapecalc.language.writer import as_json, as_yaml

UNSEEN = "a \x1b[31m\x07 \u202e right to left \u200b\x85\u2028 \r\n\t \U000e0041 \U0001f600 é <b>"


@pytest.mark.parametrize("write", [as_yaml, as_json])
def test_signs_that_cannot_be_seen_are_written_out_and_read_back(write):
    spec = shapecalc.load({"name": UNSEEN, "input": [3], "layers": ["ReLU"]}).spec
    text = write(spec)
    assert text.replace("\n", "").isprintable()
    assert "\U0001f600 é <b>" in text


@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_a_converted_spec_has_the_same_name(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    network = shapecalc.load({"name": UNSEEN, "input": [3], "layers": ["ReLU"]})
    write = as_json if ending == "json" else as_yaml
    path.write_text(write(network.spec), encoding="utf-8")
    assert shapecalc.load(path).name == network.name


def test_a_spec_is_not_converted_onto_itself(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("input: [3]  # kept\nlayers: [ReLU]\n")
    result = CliRunner().invoke(main, ["convert", str(path), "-o", str(path)])
    assert (result.exit_code, "the spec itself" in result.output) == (2, True)
    assert "# kept" in path.read_text()


def test_a_spec_that_cannot_be_written_exits_with_1(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("input: [3]\nlayers: [ReLU]\n")
    target = str(tmp_path / "none" / "b.yaml")
    result = CliRunner().invoke(main, ["convert", str(path), "-o", target])
    assert (result.exit_code, "cannot write" in result.output) == (1, True)
