"""The library as a program uses it: loading, graphs, reports, notebooks."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

import shapecalc
from shapecalc.algebra.formula import Formula, evaluate
from shapecalc.bundled import folder
from shapecalc.language.problem import SpecError

# Measured with torch on independent implementations: see tests/data/README.md.
REFERENCE = json.loads(
    Path(__file__).with_name("data").joinpath("reference_networks.json").read_text()
)
COUNTED = ("Conv", "MaxPool", "AvgPool", "Adaptive", "Linear", "BatchNorm")
TINY = {
    "name": "tiny",
    "input": [3, 8, 8],
    "layers": [{"Conv2d": {"out_channels": 4, "kernel_size": 3}}],
}


@pytest.mark.parametrize("name", REFERENCE)
def test_bundled_networks_have_the_figures_measured_with_torch(name: str) -> None:
    wanted, report = REFERENCE[name], shapecalc.load(name).report()
    assert [list(t.shape) for t in report.inputs.values()] == [wanted["input"]]
    assert sorted(list(t.shape) for _, t in report.outputs) == sorted(wanted["outputs"])
    for figure in ("params", "buffers", "macs"):
        assert getattr(report.totals, figure) == wanted[figure]
    layers = Counter(
        f"{each.kind} {list(each.output_shape)}" for each in report if each.kind.startswith(COUNTED)
    )
    assert layers == wanted["layers"]


def test_googlenet_without_heads_has_its_published_figures() -> None:
    totals = shapecalc.load("googlenet").report(aux_logits=0).totals
    assert (totals.params, totals.macs) == (6_998_552, 1_582_671_872)


@pytest.mark.parametrize(
    ("convs", "params"),  # torchvision's published counts of VGG-11, 13 and 19
    [([1, 1, 2, 2, 2], 132_863_336), ([2] * 5, 133_047_848), ([2, 2, 4, 4, 4], 143_667_240)],
)
def test_the_other_configurations_of_vgg_have_their_published_parameters(
    convs: list[int], params: int
) -> None:
    settings = {f"convs{i}": count for i, count in enumerate(convs, start=1)}
    assert shapecalc.load("vgg16").report(settings).totals.params == params


@pytest.mark.parametrize("name", REFERENCE)
def test_formulas_equal_numbers_at_other_sizes(name: str) -> None:
    net = shapecalc.load(name)
    formulas = net.report(symbolic=True)
    for height, width in [(256, 288), (240, 304), (96, 112)]:
        settings = {"H": height, "W": width, "B": 3}
        values = {k: v for k, v in net.symbols.items() if isinstance(v, int)} | settings
        if any(
            each.symbol in values
            and each.solutions is not None
            and values[each.symbol] not in each.solutions
            for each in formulas.constraints
        ):
            with pytest.raises(shapecalc.SpecError):
                net.report({k: v for k, v in settings.items() if k in net.symbols})
            continue
        numbers = net.report({k: v for k, v in settings.items() if k in net.symbols})
        for one, other in zip(formulas, numbers):
            assert tuple(evaluate(n, values) for n in one.output_shape) == other.output_shape
            for figure in ("params", "buffers", "macs", "elementwise", "activations"):
                assert evaluate(getattr(one, figure), values) == getattr(other, figure), one.path


def test_the_graph_is_a_networkx_dag_of_layers_and_joins() -> None:
    graph = shapecalc.load("googlenet").graph
    assert isinstance(graph, nx.DiGraph)
    assert nx.is_directed_acyclic_graph(graph)
    assert list(graph) == list(nx.lexicographical_topological_sort(graph, key=list(graph).index))
    assert set(graph.predecessors("inception3a.concat1")) == {
        "inception3a.branch1.relu1",
        "inception3a.branch2.relu2",
        "inception3a.branch3.relu2",
        "inception3a.branch4.relu1",
    }
    node = graph.nodes["inception3a.branch2.conv1"]["node"]
    assert node.layer.out_channels == 96
    line = Path(folder() / "googlenet.yaml").read_text().splitlines()[node.mark.line - 1]
    assert "ch3x3red" in line


def test_a_spec_loads_from_a_path_a_name_a_text_or_a_dict(tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    path.write_text(json.dumps(TINY))
    loaded = [shapecalc.load(each) for each in (path, str(path), json.dumps(TINY), TINY)]
    assert {net.report().totals for net in loaded} == {loaded[0].report().totals}
    assert shapecalc.load("lenet5").name == "LeNet-5"
    with pytest.raises(FileNotFoundError, match="did you mean 'lenet5'"):
        shapecalc.load("lenet")


def test_settings_are_numbers_fractions_formulas_or_expressions() -> None:
    net = shapecalc.load("unet")
    by_number = net.report(H=512)["conv1"].output_shape
    assert by_number == net.report({"H": "2**9"})["conv1"].output_shape
    assert net.report(H=Fraction(512))["conv1"].output_shape == by_number
    h = Formula.symbol("h")
    assert net.report(H=16 * h)["conv1"].output_shape == net.report(H="16*h")["conv1"].output_shape
    assert net.report(H="16*h").constraints == []
    with pytest.raises(shapecalc.SettingError, match="did you mean 'channels'"):
        net.report(channel=3)


def test_a_report_is_found_by_path_and_counts_its_layers() -> None:
    report = shapecalc.load("lenet5").report()
    assert report["conv2"].weights == {"weight": (16, 6, 5, 5), "bias": (16,)}
    assert "conv2" in report
    assert len(report) == 10
    with pytest.raises(KeyError, match="did you mean 'conv1' or 'conv2'"):
        report["conv3"]
    assert repr(report) == "<Report of 'LeNet-5': 10 layers, 62006 params>"
    with pytest.raises(KeyError, match=r"inside is 'inception3a\.branch1\.conv1'"):
        shapecalc.load("googlenet").report()["inception3a"]


def test_bytes_are_those_of_torchs_tensors() -> None:
    torch = pytest.importorskip("torch")
    layers = [{"Conv2d": {"out_channels": 4, "kernel_size": 3}}, "BatchNorm2d"]
    for dtype in ("float32", "float16"):
        given = {"inputs": {"x": {"shape": [3, 8, 8], "dtype": dtype}}, "layers": layers}
        totals = shapecalc.load(given).report().totals
        module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
        module.to(getattr(torch, dtype))
        for counted, tensors in (
            (totals.weight_bytes, module.parameters()),
            (totals.buffer_bytes, module.buffers()),
        ):
            assert counted == sum(tensor.nbytes for tensor in tensors), dtype


def test_the_dict_of_a_report_is_the_contracts_json() -> None:
    plain = shapecalc.load("lenet5").report().to_dict()
    conv1 = plain["layers"][0]
    assert conv1["receptive_field"] == {"size": [5, 5], "stride": [1, 1], "padding": [0, 0]}
    del conv1["receptive_field"]
    assert conv1 == {
        "path": "conv1", "kind": "Conv2d", "inputs": ["input"],
        "input_shapes": [[1, 3, 32, 32]], "output_shape": [1, 6, 28, 28],
        "weights": {"weight": [6, 3, 5, 5], "bias": [6]}, "buffers_of": {},
        "params": 456, "buffers": 0, "macs": 352_800, "flops": 705_600,
        "elementwise": 4704, "activations": 4704,
    }  # fmt: skip
    assert json.loads(json.dumps(plain)) == plain


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_notebooks_show_networks_and_reports_as_tables() -> None:
    hostile = {**TINY, "name": "<script>alert(1)</script>"}
    for shown in (shapecalc.load(hostile), shapecalc.load(hostile).report()):
        html = shown._repr_html_()
        parser = _Tags()
        parser.feed(html)
        assert parser.open == []
        assert "<script>" not in html
        assert "Conv2d" in parser.text
        assert "alert(1)" in parser.text


def test_a_file_without_an_end_is_too_large() -> None:
    with pytest.raises(SpecError, match="the file is too large"):
        shapecalc.load("/dev/zero")


def test_a_symbol_that_decides_another_keeps_its_value() -> None:
    network = shapecalc.load(
        {"symbols": {"H": 32, "n": "H and 1"}, "input": [3], "layers": ["ReLU"]}
    )
    assert network.values(symbolic=["H"]) == {"B": 1, "H": 32, "n": 1}


def test_a_symbol_that_is_decided_by_one_without_a_value_is_an_error_with_its_place() -> None:
    spec = "symbols: {H: null, n: H and 1}\ninput: [3, H, H]\nlayers: [ReLU]"
    with pytest.raises(SpecError, match=r"<text>:1:\d+: error: .* depends on H, which"):
        _ = shapecalc.load(spec).symbols
