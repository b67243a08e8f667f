"""The language server, asked over standard input and output as an editor asks it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import shapecalc
from shapecalc.layers import KINDS
from tests.lsp.client import Client

pytest.importorskip("pygls")

GOOD = """\
input: [3, H, 32]
symbols: {H: 32}
layers:
  - Conv2d: {out_channels: 16, kernel_size: 5}
  - ReLU
  - Flatten
  - Linear: 10
    name: fc
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    client = Client(tmp_path_factory.mktemp("editor"))
    yield client
    assert client.close() == 0


def labels(found: Any) -> list[str]:
    return [item["label"] for item in found["items"]]


def test_it_says_what_it_does(client: Client) -> None:
    offered = client.server["capabilities"]
    assert {"hoverProvider", "inlayHintProvider", "completionProvider"} <= offered.keys()
    assert client.server["serverInfo"] == {"name": "shapecalc", "version": shapecalc.__version__}


def test_a_mistake_is_marked_as_it_is_typed_and_goes_as_it_is_mended(client: Client) -> None:
    uri = client.open("typed.yaml", GOOD)
    assert client.problems(uri) == []
    wrong = GOOD.replace("Linear: 10", "Linear: {in_features: 400, out_features: 10}")
    client.change(uri, 2, wrong)
    (problem,) = client.problems(uri, 2)
    assert problem["range"]["start"] == {"line": 6, "character": 26}
    assert problem["range"]["end"] == {"line": 6, "character": 29}
    assert problem["severity"] == 1
    assert problem["message"].startswith("Linear 'fc' states in_features 400 but receives 12544")
    client.change(uri, 3, GOOD)
    assert client.problems(uri, 3) == []


def test_all_mistakes_of_a_text_are_marked_at_once(client: Client) -> None:
    uri = client.open("wrong.yaml", "input: [3]\nlayer: []\nlayers: [Relu, {Linear: {out: 3}}]\n")
    messages = [each["message"] for each in client.problems(uri)]
    assert any("unknown kind 'Relu'" in each and "'ReLU'" in each for each in messages)
    assert any("no key 'layer'" in each for each in messages)
    assert any("no field 'out'" in each for each in messages)


def test_a_mistake_in_a_block_tells_where_it_is_used(client: Client) -> None:
    text = (
        "input: [3, 4, 4]\nblocks: {A: {layers: [{Conv2d: {out_channels: 2, kernel_size: 5}}]}}\n"
    )
    uri = client.open("used.yaml", text + "layers:\n  - A\n")
    (problem,) = client.problems(uri)
    assert problem["range"]["start"]["line"] == 1
    (use,) = problem["relatedInformation"]
    assert use["location"]["range"]["start"] == {"line": 3, "character": 4}


def test_what_is_probably_unwanted_is_a_warning_with_its_code(client: Client) -> None:
    uri = client.open("unwanted.yaml", "input: [1, 7, 7]\nlayers: [{MaxPool2d: 2}]\n")
    (problem,) = client.problems(uri)
    assert (problem["severity"], problem["code"]) == (2, "dropped-pixels")


def test_what_is_no_spec_at_all_is_an_error_and_no_end(client: Client) -> None:
    for version, text in enumerate(["", "\N{GRINNING FACE}: [", "\x00", "- a", "a: &a [*a]"]):
        uri = client.open(f"none{version}.yaml", text)
        assert client.problems(uri)[0]["severity"] == 1
        assert client.hints(uri) == {}


def test_shapes_stand_at_the_ends_of_lines(client: Client) -> None:
    uri = client.open("shapes.yaml", GOOD)
    told = client.hints(uri)
    assert told == {
        0: "3 x 32 x 32",
        3: "16 x 28 x 28",
        4: "16 x 28 x 28",
        5: "12544",
        6: "10",
    }
    assert client.hints(uri, 4, 5) == {4: told[4], 5: told[5]}
    span = {"start": {"line": 3, "character": 0}, "end": {"line": 3, "character": 0}}
    (hint,) = client.ask("textDocument/inlayHint", textDocument={"uri": uri}, range=span)
    assert hint["position"]["character"] == len(GOOD.splitlines()[3])


def test_shapes_stand_at_what_works_where_something_does_not(client: Client) -> None:
    uri = client.open(
        "half.yaml", GOOD.replace("Linear: 10", "Conv2d: {out_channels: 2, kernel_size: 1}")
    )
    assert client.hints(uri)[3] == "16 x 28 x 28"


def test_a_block_tells_the_shapes_of_its_uses(client: Client) -> None:
    spec = Path(__file__).parents[2] / "specs" / "resnet18.yaml"
    lines = spec.read_text().splitlines()
    uri = client.open("resnet18.yaml", spec.read_text())
    told = client.hints(uri)
    first = next(
        i for i, line in enumerate(lines) if "out_channels: channels, kernel_size: 3" in line
    )
    assert told[first] == "64 x 56 x 56, 128 x 28 x 28, ..., 512 x 7 x 7"
    assert (
        told[next(i for i, line in enumerate(lines) if "name: layer3" in line)] == "256 x 14 x 14"
    )


def test_every_hint_is_the_shape_of_the_report(client: Client) -> None:
    for name in ("lenet5", "alexnet", "cifar10"):
        spec = Path(__file__).parents[2] / "specs" / f"{name}.yaml"
        told = client.hints(client.open(spec.name, spec.read_text()))
        report = shapecalc.load(name).report()
        for layer in report:
            shown = " x ".join(map(str, layer.output_shape[1:]))
            assert told[layer.node.mark.line - 1] == shown
        assert len(told) == 1 + len(report)


def test_a_layer_tells_its_shape_parameters_and_formula(client: Client) -> None:
    uri = client.open("told.yaml", GOOD)
    told = client.at("hover", uri, 3, 6)["contents"]["value"]
    assert "Conv2d: 3 x 32 x 32 → 16 x 28 x 28" in told
    assert "| params | 1,216 |" in told
    assert "output: `16 x (H - 4) x 28`" in told
    assert "⌊(N + 2P − F)/S⌋ + 1" in told
    assert "fc" in client.at("hover", uri, 7, 8)["contents"]["value"]


def test_a_field_tells_what_it_is(client: Client) -> None:
    uri = client.open("field.yaml", GOOD)
    told = client.at("hover", uri, 3, 35)["contents"]["value"]
    assert told.startswith("**kernel_size**")
    assert KINDS["Conv2d"].fields["kernel_size"].doc in told


def test_there_is_nothing_to_tell_of_what_is_no_layer(client: Client) -> None:
    uri = client.open("nothing.yaml", GOOD)
    assert client.at("hover", uri, 2, 3) is None


def completed(client: Client, text: str, name: str) -> Any:
    before, _, behind = text.partition("|")
    uri = client.open(name, GOOD)
    client.change(uri, 2, before + behind)
    line = before.count("\n")
    return client.at("completion", uri, line, len(before) - (before.rfind("\n") + 1))


def test_kinds_are_completed_with_what_they_need(client: Client) -> None:
    found = completed(client, GOOD + "  - C|", "kinds.yaml")
    assert set(KINDS) <= set(labels(found))
    conv = next(item for item in found["items"] if item["label"] == "Conv2d")
    assert conv["insertText"] == "Conv2d: {out_channels: $1, kernel_size: $2}"
    assert conv["documentation"]["value"].startswith("Convolve over height and width")


def test_fields_are_completed_those_that_are_needed_first(client: Client) -> None:
    found = completed(client, GOOD + "  - Conv2d: {stride: 2, |}", "fields.yaml")
    assert labels(found)[:2] == ["out_channels", "kernel_size"]
    assert set(labels(found)) == KINDS["Conv2d"].fields.keys() - {"stride"}


def test_names_that_stand_before_are_completed(client: Client) -> None:
    found = completed(client, GOOD + "  - {Add: , from: [fc, |]}", "names.yaml")
    assert labels(found) == ["fc", "flatten1", "relu1", "conv1", "input"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("dty|", "dtype"),
        ("dtype: |", "bfloat16"),
        ("layers:\n  - {ReLU: , |}", "repeat"),
        ("layers:\n  - Conv2d: {padding_mode: |}", "reflect"),
        ("layers:\n  - Conv2d: {bias: |}", "false"),
        ("layers:\n  - Linear: |", "H"),
        ("layers:\n  - Add: {|}", "branches"),
        ("inputs: {x: {|}}", "shape"),
    ],
)
def test_keys_words_and_symbols_are_completed(client: Client, written: str, expected: str) -> None:
    assert expected in labels(completed(client, written, f"{expected}.yaml"))


def test_source_is_read_where_a_comment_says_how(client: Client) -> None:
    text = (
        "# shapecalc: Net(7) --input 3,32,32\n"
        "from torch import nn\n\n\nclass Net(nn.Module):\n"
        "    def __init__(self, classes):\n        super().__init__()\n"
        "        self.conv = nn.Conv2d(3, 16, 5)\n        self.fc = nn.Linear(16, classes)\n\n"
        "    def forward(self, x):\n        x = self.conv(x)\n        x = x.mean((2, 3))\n"
        "        return self.fc(x)\n"
    )
    uri = client.open("net.py", text)
    assert client.problems(uri) == []
    assert client.hints(uri) == {0: "3 x 32 x 32", 11: "16 x 28 x 28", 12: "16", 13: "7"}
    assert "16 x 28 x 28" in client.at("hover", uri, 11, 16)["contents"]["value"]
    wrong = client.open("wrong.py", text.replace("nn.Linear(16", "nn.Linear(17"))
    (problem,) = client.problems(wrong)
    assert problem["range"]["start"]["line"] == 13
    other = client.open("other.py", text.replace("# shapecalc:", "# another:"))
    assert client.problems(other) == []
    assert client.hints(other) == {}


def test_source_is_read_as_it_stands_in_the_editor_saved_or_not(client: Client) -> None:
    text = (
        "# shapecalc: net --input 3,32,32\nfrom torch import nn\nfrom wide import WIDTH\n\n"
        "net = nn.Sequential(nn.Conv2d(3, WIDTH, 5), nn.ReLU())\n"
    )
    wide = client.open("wide.py", "WIDTH = 16\n")
    uri = client.open("typed.py", text)
    assert client.problems(uri) == []
    assert "16 x 28 x 28" in str(client.hints(uri))
    client.change(uri, 2, text.replace("5)", "7)"))
    assert client.problems(uri, 2) == []
    assert "16 x 26 x 26" in str(client.hints(uri))
    client.change(wide, 2, "WIDTH = 24\n")
    client.change(uri, 3, text)
    assert client.problems(uri, 3) == []
    assert "24 x 28 x 28" in str(client.hints(uri))
    assert (client.folder / "typed.py").read_text() == text
    client.change(uri, 4, text.replace("nn.ReLU()", "nn.Linear(16, 8)"))
    (problem,) = client.problems(uri, 4)
    assert "in_features 16 but receives 28" in problem["message"]


@pytest.mark.thorough
def test_characters_are_counted_as_the_editor_counts_them(tmp_path: Path) -> None:
    text = "input: [3]\nlayers: [{ReLU: , silence: '\U0001d54f', name: 3x}]\n"
    columns = {}
    for encoding in ("utf-16", "utf-32", "utf-8"):
        general = {"positionEncodings": [encoding]}
        client = Client(tmp_path, general=general)
        assert client.server["capabilities"]["positionEncoding"] == encoding
        uri = client.open("signs.yaml", text)
        columns[encoding] = max(
            each["range"]["start"]["character"] for each in client.problems(uri)
        )
        client.close()
    column = text.splitlines()[1].index("3x")
    assert columns == {"utf-32": column, "utf-16": column + 1, "utf-8": column + 3}


def test_without_pygls_it_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "pygls.py").write_text("raise ImportError('no', name='pygls')")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "NO_COLOR": "1"}
    script = (
        "import sys; sys.path.insert(0, sys.argv.pop()); import shapecalc.cli as c; c.main(['lsp'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 1
    assert "pip install 'shapecalc-nn[lsp]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
