"""A spec that is not there: what was meant is looked for beside it and among the bundled ones."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import shapecalc
from shapecalc import bundled
from shapecalc.cli import main

ALL = "'shapecalc specs' lists all bundled ones"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yml").write_text("{input: [3], layers: [ReLU]}")
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "other.yaml").write_text("{input: [3], layers: [ReLU]}")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "old.yaml").symlink_to("gone.yaml")
    (tmp_path / "nets.py").write_text("")
    (tmp_path / "lint5.yaml").write_text("")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "empty").mkdir()
    return tmp_path


MEANT = {
    "mine.yaml": f"no spec 'mine.yaml'; did you mean 'mine.yml'? {ALL}",  # another suffix
    "mine": f"no spec 'mine'; did you mean 'mine.yml'? {ALL}",  # or none
    "minne.yml": f"no spec 'minne.yml'; did you mean 'mine.yml'? {ALL}",  # nearly its name
    "other.yaml": f"no spec 'other.yaml'; did you mean 'specs/other.yaml'? {ALL}",
    "specs/othr.yaml": "no spec 'specs/othr.yaml'; did you mean 'specs/other.yaml'?",
    "specs/mine.yml": "no spec 'specs/mine.yml'; did you mean 'mine.yml'?",
    "googlenet.yaml": f"no spec 'googlenet.yaml'; did you mean 'googlenet'? {ALL}",
    "lenet5.yaml": f"no spec 'lenet5.yaml'; did you mean 'lenet5'? {ALL}",
    "resnet_152": f"no spec 'resnet_152'; did you mean 'resnet152'? {ALL}",
    "zzzz": f"no spec 'zzzz'; there is no such file, and {ALL}",
    "notes": f"no spec 'notes'; there is no such file, and {ALL}",  # a text is no network
    "net.py:Net": f"no spec 'net.py'; did you mean 'nets.py'? {ALL}",  # source
    "nowhere/zzzz.yaml": "no spec 'nowhere/zzzz.yaml'; there is no folder 'nowhere'",
    "loop": "no spec 'loop'; it is a link that leads back to itself",
    "old.yaml": "no spec 'old.yaml'; it is a link to 'gone.yaml', which is not there",
    "": f"no spec is named; give a file or a name: {ALL}",
    "specs": "'specs' is a folder; it holds specs/other.yaml",
    "empty": "'empty' is a folder; give a file",
}


@pytest.mark.parametrize("name", MEANT)
def test_what_was_meant_is_told(folder, name):
    done = CliRunner().invoke(main, ["show", name])
    assert done.exit_code == 2
    assert done.output.splitlines()[-1] == f"Error: Invalid value for SPEC: {MEANT[name]}"
    with pytest.raises(OSError, match=r"spec|folder") as caught:
        shapecalc.load(name)
    assert str(caught.value) == MEANT[name]


def test_all_bundled_specs_are_listed_with_their_members():
    listed = CliRunner().invoke(main, ["specs"]).output
    assert {*listed.replace(",", " ").split()} == {*bundled.names()}
    told = json.loads(CliRunner().invoke(main, ["specs", "--format", "json"]).output)
    assert told == bundled.families()
    assert "vgg19" in told["vgg"]
