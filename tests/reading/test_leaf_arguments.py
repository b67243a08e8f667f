"""What layers are called with, by name or by place, is taken as torch takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc
from shapecalc.language.problem import SpecError
from tests.reading.by_torch import by_torch, network

pytest.importorskip("torch")

CASES: dict[str, tuple[str, list[list[int]]]] = {
    "attention by names, the query last": (
        network(
            "attend = nn.MultiheadAttention(16, 2, kdim=8, vdim=8, batch_first=True)",
            "return self.attend(value=y, key=y, query=x, need_weights=False)[0]",
            "x, y",
        ),
        [[5, 16], [7, 8]],
    ),
    "attention with a mask by its place": (
        network(
            "attend = nn.MultiheadAttention(16, 2, batch_first=True)",
            """mask = torch.ones(5, 5).tril() == 0
            return self.attend(x, x, x, None, False, mask)[0]""",
        ),
        [[5, 16]],
    ),
    "a decoder that is given its memory first": (
        network(
            "decode = nn.TransformerDecoderLayer(16, 2, 32, batch_first=True)",
            "return self.decode(memory=y, tgt=x)",
            "x, y",
        ),
        [[5, 16], [7, 16]],
    ),
    "a transformer by names": (
        network(
            "run = nn.Transformer(16, 2, 1, 1, 32, batch_first=True)",
            "return self.run(tgt=y, src=x)",
            "x, y",
        ),
        [[7, 16], [5, 16]],
    ),
    "a bilinear layer by names": (
        network("mix = nn.Bilinear(4, 6, 3)", "return self.mix(input2=y, input1=x)", "x, y"),
        [[4], [6]],
    ),
    "a state by name": (
        network(
            "run = nn.GRU(8, 4, batch_first=True)",
            """first, state = self.run(x)
            return self.run(hx=state, input=x)[0]""",
        ),
        [[5, 8]],
    ),
    "no state": (
        network("run = nn.LSTM(8, 4, batch_first=True)", "return self.run(x, None)[0]"),
        [[5, 8]],
    ),
    "a transposed convolution to the size of an input": (
        network(
            """down = nn.Conv2d(3, 8, 3, stride=2, padding=1)
            up = nn.ConvTranspose2d(8, 3, 3, stride=2, padding=1)""",
            "return self.up(self.down(x), output_size=x.size())",
        ),
        [[3, 32, 33]],
    ),
    "a transposed convolution to sizes of its own in two calls": (
        network(
            "up = nn.ConvTranspose1d(4, 4, 5, stride=3, output_padding=1)",
            """x = self.up(x, [25])
            return self.up(x, (79,)) + self.up(x, output_size=[79])""",
        ),
        [[4, 7]],
    ),
    "a pool undone to the size that it has": (
        network(
            """pool = nn.MaxPool2d(2, 2, return_indices=True)
            unpool = nn.MaxUnpool2d(2, 2)""",
            """y, places = self.pool(x)
            return self.unpool(indices=places, input=y, output_size=x.size())""",
        ),
        [[3, 8, 8]],
    ),
}


@pytest.mark.parametrize("what", CASES)
def test_a_layer_is_called_as_torch_calls_it(what: str, tmp_path: Path) -> None:
    source, inputs = CASES[what]
    path = tmp_path / "net.py"
    path.write_text(source)
    report = shapecalc.load(str(path), inputs=[",".join(map(str, each)) for each in inputs])
    found, expected = report.report(), by_torch(source, "Net()", inputs)
    assert found.totals.params == expected["params"]
    assert [each["shape"] for each in found.to_dict()["outputs"]] == [expected["output"]]


def test_the_size_asked_for_follows_the_input_where_that_is_a_symbol(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(CASES["a transposed convolution to the size of an input"][0])
    net = shapecalc.load(str(path), inputs=["3,H=32,33"])
    for size in (31, 32, 40):
        (output,) = net.report({"H": size}).to_dict()["outputs"]
        assert output["shape"] == [1, 3, size, 33]


REFUSED: dict[str, tuple[str, str, str]] = {
    "one argument too many": (
        "act = nn.ReLU()",
        "return self.act(x, 1)",
        r"TypeError: ReLU.forward\(\): too many positional arguments(.|\n)*it takes input",
    ),
    "an argument of another layer": (
        "conv = nn.Conv2d(3, 8, 3)",
        "return self.conv(x, output_size=[4, 4])",
        r"TypeError: Conv2d.forward\(\): got an unexpected keyword argument 'output_size'",
    ),
    "attention without keys": (
        "attend = nn.MultiheadAttention(8, 2)",
        "return self.attend(x)[0]",
        r"TypeError: MultiheadAttention.forward\(\): missing a required argument: 'key'",
    ),
    "a size that no padding makes": (
        "up = nn.ConvTranspose2d(3, 8, 3, stride=2)",
        "return self.up(x, output_size=[18, 20])",
        r"ValueError: requested an output size of 18 x 20, but valid sizes range from 17 x 17 "
        r"to 18 x 18 \(for an input of 8 x 8\)",
    ),
    "a size of too few dimensions": (
        "up = nn.ConvTranspose2d(3, 8, 3, stride=2)",
        "return self.up(x, output_size=[18])",
        r"ValueError: ConvTranspose2d: output_size must have 2 or 4 elements \(got 1\)",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_torch_refuses_is_refused(what: str, tmp_path: Path) -> None:
    layers, forward, said = REFUSED[what]
    source = network(layers, forward)
    with pytest.raises((TypeError, ValueError)):
        by_torch(source, "Net()", [[3, 8, 8]])
    path = tmp_path / "net.py"
    path.write_text(source)
    with pytest.raises(SpecError, match=said):
        shapecalc.load(str(path), inputs=["3,8,8"])


def test_what_an_unpool_cannot_make_here_is_told(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(CASES["a pool undone to the size that it has"][0])
    with pytest.raises(SpecError, match=r"a MaxUnpool2d that makes 9 x 8 of 4 x 4, and not 8 x 8"):
        shapecalc.load(str(path), inputs=["3,9,8"])
