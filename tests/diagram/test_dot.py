"""Diagrams: what is drawn, read back from the source for Graphviz, and how ``dot`` lays it out."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import combinations, pairwise
from math import dist
from typing import Any, NamedTuple

import pytest

import shapecalc
from shapecalc.analysis.report import Report
from shapecalc.diagram import Frame, Vertex, dot, plan
from shapecalc.diagram.colours import BORDERS, THEMES
from shapecalc.graph.graph import Role
from shapecalc.layers.tensor import times
from tests.bundled import SPECS

DEPTHS = (1, 2, 3, None)
OPEN = 45
"""The most boxes of a picture that is to be a page even with everything unfolded."""

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


# -- reading DOT -------------------------------------------------------------------------------


class Graph(NamedTuple):
    """What a source says: attributes of nodes, edges in order, and who stands in which cluster."""

    nodes: dict[str, dict[str, str]]
    edges: list[tuple[str, str, dict[str, str]]]
    clusters: dict[str, dict[str, str]]
    inside: dict[str, str]


TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|->|[\w.-]+|[\[\]{}=,;])', re.S)


def parse(source: str) -> Graph:
    """Read the subset of DOT that is written here; anything else fails."""
    tokens = []
    place = 0
    source = source.rstrip()
    while place < len(source):
        found = TOKEN.match(source, place)
        assert found, source[place : place + 40]
        tokens.append(found[1])
        place = found.end()
    graph = Graph({}, [], {}, {})
    assert tokens[:3] == ["digraph", "network", "{"]
    end = body(tokens, 3, graph, "")
    assert end == len(tokens)
    return graph


def body(tokens: list[str], i: int, graph: Graph, cluster: str) -> int:
    while tokens[i] != "}":
        if tokens[i] in ("subgraph", "{"):
            name = tokens[i + 1] if tokens[i] == "subgraph" else cluster
            if tokens[i] == "subgraph":
                graph.inside[name] = cluster
                i += 2
            assert tokens[i] == "{"
            i = body(tokens, i + 1, graph, name)
            continue
        if tokens[i + 1] == "=":  # rank=same;
            assert tokens[i + 3] == ";"
            i += 4
            continue
        names = [tokens[i]]
        i += 1
        while tokens[i] == "->":
            names.append(tokens[i + 1])
            i += 2
        attributes, i = listed(tokens, i)
        if len(names) > 1:
            graph.edges.extend((a, b, attributes) for a, b in pairwise(names))
        elif names == ["graph"]:
            graph.clusters[cluster] = attributes
        elif names[0] not in ("node", "edge"):
            assert names[0] not in graph.nodes, "declared twice"
            graph.nodes[names[0]] = attributes
            graph.inside[names[0]] = cluster
    return i + 1


def listed(tokens: list[str], i: int) -> tuple[dict[str, str], int]:
    assert tokens[i] == "["
    found: dict[str, str] = {}
    i += 1
    while tokens[i] != "]":
        name, equals, value = tokens[i : i + 3]
        assert equals == "="
        found[name] = value[1:-1].replace('\\"', '"') if value[0] == '"' else value
        i += 4 if tokens[i + 3] == "," else 3
    return found, i + 1


def drawn(edges: list[tuple[str, str, dict[str, str]]]) -> Iterator[tuple[str, str, str]]:
    """The edges that can be seen, in the direction of the tensor, with their labels."""
    for a, b, attributes in edges:
        if attributes.get("style") != "invis":
            ends = (b, a) if attributes.get("dir") == "back" else (a, b)
            yield (*ends, attributes["label"].strip())


def text_of(label: str) -> str:
    """What Graphviz shows of a label."""
    plain = re.sub(r"\\(.)", lambda found: {"n": "\n", "l": "\n"}.get(found[1], found[1]), label)
    return plain.replace("&lt;", "<").replace("&amp;", "&")


def report_of(spec: Any, **settings: Any) -> Report:
    return shapecalc.load(spec).report(**settings)


def frames(frame: Frame) -> Iterator[Frame]:
    for item in frame.items:
        if isinstance(item, Frame):
            yield item
            yield from frames(item)


# -- what is drawn -----------------------------------------------------------------------------


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", SPECS)
def test_every_layer_stands_in_one_box(name: str, depth: int | None) -> None:
    report = report_of(name)
    found = [node.path for vertex in plan(report, depth).vertices for node in vertex.layers]
    assert sorted(found) == sorted(layer.path for layer in report)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", SPECS)
def test_edges_are_those_of_the_network(name: str, depth: int | None) -> None:
    report = report_of(name)
    drawing = plan(report, depth)
    homes = {node.path: vertex.id for vertex in drawing.vertices for node in vertex.layers}
    homes |= {vertex.name: vertex.id for vertex in drawing.vertices if vertex.role == "input"}
    shown = {node.path for vertex in drawing.vertices for node in vertex.nodes}  # no more copies
    wanted = {
        (homes[source.path], homes[layer.path], times(report.told(shape)))
        for layer in report
        for source, shape in zip(layer.node.sources, layer.input_shapes)
        if layer.path in shown and homes[source.path] != homes[layer.path]
    }
    wanted |= {
        (homes[path], f"output{i}", times(report.told(tensor.shape)))
        for i, (path, tensor) in enumerate(report.outputs)
    }
    for direction in ("TB", "LR"):
        graph = parse(dot(report, depth=depth, direction=direction))
        edges = list(drawn(graph.edges))
        links = {a: b for b, a, _ in edges if a.startswith("to")}  # a sign and what leads to it
        found = {
            (links.get(a.replace("from", "to"), a), b, label)
            for a, b, label in edges
            if not b.startswith("to")
        }
        assert found == wanted


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", SPECS)
def test_frames_are_clusters_and_boxes_stand_in_them(name: str, depth: int | None) -> None:
    report = report_of(name)
    drawing = plan(report, depth)
    graph = parse(dot(report, depth=depth))

    def check(frame: Frame, cluster: str) -> None:
        for item in frame.items:
            own = item.id if isinstance(item, Vertex) else f"cluster_{item.id}"
            around = graph.inside[own]
            assert around == cluster or around.startswith("cluster_column")
            if isinstance(item, Frame):
                assert graph.clusters[own]["id"] == item.id
                check(item, own)

    check(drawing.root, "")
    assert sum(name.startswith("cluster_part") for name in graph.clusters) == len(
        list(frames(drawing.root))
    )


@pytest.mark.parametrize("name", SPECS)
def test_ids_are_unique_and_the_same_at_every_depth(name: str) -> None:
    report = report_of(name)
    paths: dict[str, str] = {}
    for depth in DEPTHS:
        source = dot(report, depth=depth)
        ids = re.findall(r'\bid="([^"]*)"', source)
        assert len(ids) == len(set(ids))
        pattern = r"(input|layer|part|output|edge)\d+(run\d+)?"
        assert all(re.fullmatch(pattern, each) for each in ids)
        for vertex in plan(report, depth).vertices:
            if vertex.role in ("layer", "part"):
                path = vertex.part.path if vertex.part else vertex.nodes[0].path
                assert paths.setdefault(vertex.id, path) == path
    index = {f"layer{i}": layer.path for i, layer in enumerate(report)}
    assert all(index[k] == path for k, path in paths.items() if k.startswith("layer"))
    assert 'id="' not in dot(report, ids=False)


def test_googlenet_is_folded_as_its_spec_is_written() -> None:
    graph = parse(dot(report_of("googlenet"), depth=1))
    folded = [each for each in graph.nodes.values() if each.get("class", "").startswith("part")]
    assert sum("Inception" in each["label"] for each in folded) == 9
    assert sum("AuxiliaryHead" in each["label"] for each in folded) == 2
    assert len([name for name in graph.nodes if name.startswith("output")]) == 3
    labels = {label for _, _, label in drawn(graph.edges)}
    assert {"3 x 224 x 224", "64 x 56 x 56", "1024 x 1 x 1"} <= labels


def test_edges_carry_formulas_whose_names_are_told() -> None:
    graph = parse(dot(report_of("googlenet", symbolic=["H", "W"]), depth=1))
    assert "64 x h2 x w2" in {label for _, _, label in drawn(graph.edges)}
    assert "h2 = (H + 1)//2" in graph.clusters[""]["label"]


# -- repeats -----------------------------------------------------------------------------------


def repeated(count: int, channels: Any = 4) -> dict[str, Any]:
    block = {"args": {"k": None}, "layers": [{"Conv2d": {"out_channels": "k", "kernel_size": 1}}]}
    return {
        "input": [4, 8, 8],
        "blocks": {"Unit": block},
        "layers": ["ReLU", {"Unit": channels, "repeat": count, "name": "stage"}, "Tanh"],
    }


def test_copies_that_are_alike_are_drawn_once() -> None:
    for depth in (1, 2, None):
        graph = parse(dot(report_of(repeated(9)), depth=depth))
        labels = [each["label"] for each in [*graph.nodes.values(), *graph.clusters.values()]]
        assert sum("Unit x 9" in label for label in labels) == 1, labels
        assert sum("Conv2d" in label for label in labels) == (depth is None)


def test_copies_that_differ_are_drawn_apart() -> None:
    report = report_of(repeated(5, "4 if index < 2 else 8"))
    names = [(v.name, v.copies) for v in plan(report, 2).vertices if v.role == "part"]
    # copy 2 takes 4 channels, those behind it take 8
    assert names == [("stage.0 to 1", 2), ("stage.2", 1), ("stage.3 to 4", 2)]


def test_a_layer_that_is_repeated_is_one_box() -> None:
    report = report_of({"input": [8], "layers": [{"Linear": 8, "repeat": 9, "name": "fc"}]})
    (box,) = [vertex for vertex in plan(report).vertices if vertex.role == "layer"]
    assert (box.name, box.copies, len(box.layers)) == ("fc", 9, 9)
    assert "fc x 9" in dot(report)


def test_a_join_that_is_repeated_with_its_branches_is_one_frame() -> None:
    branches = {"a": [{"Conv2d": {"out_channels": 4, "kernel_size": 1}}], "b": []}
    report = report_of(
        {"input": [4, 8, 8], "layers": [{"Add": {"branches": branches}, "repeat": 3}]}
    )
    (frame,) = frames(plan(report).root)
    assert frame.copies == 3
    assert [vertex.name for vertex in frame.vertices()] == ["0.a.conv1", "0"]


def test_copies_that_take_a_shortcut_from_outside_are_not_alike_the_first() -> None:
    report = report_of(
        {
            "input": [4],
            "layers": [
                {"ReLU": {}, "name": "start"},
                {"Add": {"branches": [[{"ReLU": {}, "from": "start"}], []]}, "repeat": 3},
            ],
        }
    )
    copies = [frame.copies for frame in frames(plan(report).root) if frame.count == 1]
    assert copies == [2]


def test_copies_in_which_all_is_left_out_are_not_drawn() -> None:
    block = {"args": {"on": None}, "layers": [{"ReLU": {}, "when": "on"}]}
    layers = [{"Maybe": "index % 2", "repeat": 5, "name": "stage"}]
    report = report_of({"input": [4], "blocks": {"Maybe": block}, "layers": layers})
    for depth in (1, 2, None):
        boxes = [v for v in plan(report, depth).vertices if v.role not in ("input", "output")]
        assert sum(len(vertex.layers) for vertex in boxes) == 2
        assert parse(dot(report, depth=depth))


# -- text --------------------------------------------------------------------------------------

HOSTILE = [
    '"; evil [label="x',
    "<b>bold</b><script>alert(1)</script>",
    "back\\slash \\N \\G \\",
    "&lt;script&gt; &#60;",
    "two\nlines\rand\ttabs\x00\x1b",
    "]]> --> */ // #",
    'URL="http://example.com" href=javascript:alert(1)',
    "\u202eright to left\ud800",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_a_user_is_shown_as_it_is(text: str) -> None:
    source = dot(report_of("lenet5"), title=text)
    graph = parse(source)
    assert graph.nodes.keys() == parse(dot(report_of("lenet5"))).nodes.keys()
    shown = text_of(graph.clusters[""]["label"])
    assert shown == "".join(c if c.isprintable() else " " for c in text)
    assert "URL" not in graph.clusters[""]
    assert source.encode()


@needs_dot
@pytest.mark.parametrize("text", HOSTILE)
def test_graphviz_shows_the_text_of_a_user_as_it_is(text: str) -> None:
    svg = run_dot(dot(report_of("lenet5"), title=text), "svg")
    shown = "".join(c if c.isprintable() else " " for c in text)
    escaped = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = escaped.replace('"', "&quot;").replace("'", "&#39;")
    title = re.search(r"<text [^>]*>([^<]*)</text>", svg)
    assert title is not None
    assert title[1].replace("&#45;", "-").replace("&#160;", " ").split() == escaped.split()
    assert "<script" not in svg
    assert "href" not in svg.replace("xlink", "").replace("href=javascript", "")
    assert "<a " not in svg


def test_long_names_are_cut() -> None:
    report = report_of({"input": [4], "layers": [{"ReLU": {}, "name": "x" * 5000}]})
    lines = [line for each in parse(dot(report)).nodes.values() for line in [each["label"]]]
    assert max(map(len, lines)) < 100


def labels_of(layers: list[Any], *shape: int) -> str:
    return dot(report_of({"input": list(shape), "layers": layers}))


def test_a_box_of_several_layers_tells_each() -> None:
    assert 'label="flatten1"' in labels_of(["Flatten"], 3, 8, 8)
    dropout = {"Dropout": {"p": "2/5"}}
    assert 'label="flatten1\\nFlatten\\nDropout p 0.4"' in labels_of(["Flatten", dropout], 3, 8, 8)


@pytest.mark.parametrize(
    ("written", "shown"),
    [("0.4", "0.4"), ("2/5", "0.4"), ("1e-3", "0.001"), ("1/3", "1/3"), ("7/8", "0.875")],
)
def test_fractions_are_decimals_where_they_are_one_exactly(written: str, shown: str) -> None:
    assert f"Dropout p {shown}" in labels_of([{"Dropout": {"p": written}}], 3)


def test_long_settings_are_broken_at_a_comma() -> None:
    conv = {"out_channels": 64, "kernel_size": 3, "stride": 2, "padding": 1, "groups": 32}
    source = labels_of([{"Conv2d": {**conv, "bias": False, "dilation": 2}}], 64, 99, 99)
    (box,) = [each for each in parse(source).nodes.values() if "Conv2d" in each["label"]]
    assert box["label"].split("\\n")[1:] == [
        "Conv2d 64, 3 x 3, stride 2, padding 1, groups 32,",
        "dilation 2, no bias",
    ]


def test_settings_that_are_defaults_are_left_out() -> None:
    conv = {"out_channels": 6, "kernel_size": [3, 5], "stride": 2, "padding": 0, "bias": False}
    report = report_of({"input": [3, 9, 9], "layers": [{"Conv2d": conv}]})
    assert "conv1\\nConv2d 6, 3 x 5, stride 2, no bias" in dot(report)


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ({"Permute": [0, 2, 3, 1]}, "Permute dims [0 2 3 1]"),
        ({"Select": {"dim": 1, "index": 0}}, "Select dim 1, index 0"),
        ({"Unbind": 2}, "Unbind dim 2"),
    ],
)
def test_dimensions_and_places_do_not_look_like_sizes(entry: Any, shown: str) -> None:
    outputs = [entry, "Identity"]
    assert shown in dot(report_of({"input": [3, 8, 8], "layers": outputs}))


# -- choices -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SPECS)
def test_the_same_spec_gives_the_same_bytes(name: str) -> None:
    options: dict[str, Any] = {"legend": True, "widths": True, "color_by": "macs"}
    assert dot(report_of(name), **options) == dot(report_of(name), **options)


def luminance(colour: str) -> float:
    """By WCAG 2.1, from sRGB."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("color_by", [None, "macs", "params", "activations"])
@pytest.mark.parametrize("name", ["googlenet", "unet", "vgg16"])
def test_text_stands_out_from_what_is_behind_it(
    name: str, color_by: str | None, theme: str
) -> None:
    source = dot(report_of(name), theme=theme, color_by=color_by, legend=True)
    graph = parse(source)
    text = graph.clusters[""]["fontcolor"]
    for each in graph.nodes.values():
        assert contrast(each["fontcolor"], each["fillcolor"]) >= 4.5, each
    for each in graph.clusters.values():
        assert contrast(text, each.get("fillcolor", graph.clusters[""]["bgcolor"])) >= 4.5


@pytest.mark.parametrize("theme", THEMES.values())
def test_every_colour_of_a_theme_bears_text(theme: Any) -> None:
    for fill in (*theme.fills.values(), theme.plain, theme.ground, *theme.frames):
        assert contrast(theme.text, fill) >= 4.5


# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision
# Deficiency", 2009: what of linear red, green and blue is seen without one kind of cone
DEFICIENCIES = {
    "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))


def times_matrix(matrix: Any, vector: Any) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector)) for row in matrix]


def lab(colour: str, deficiency: str) -> tuple[float, float, float]:
    """CIE L*a*b* of what is seen of a colour in sRGB."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    seen = times_matrix(XYZ, times_matrix(DEFICIENCIES[deficiency], linear))
    x, y, z = (
        part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116
        for part in (a / white for a, white in zip(seen, (0.9505, 1, 1.089)))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize("theme", THEMES.values())
def test_families_are_told_apart_by_the_colour_blind(theme: Any, deficiency: str) -> None:
    """Boxes of two families differ by 10 or more in fill or border; 2.3 is just noticeable."""
    for pair in combinations([name for name in theme.fills if name != "other"], 2):
        differences = [
            dist(*(lab(colours[name], deficiency) for name in pair))
            for colours in (theme.fills, BORDERS)
        ]
        assert max(differences) >= 10, pair


@pytest.mark.parametrize("theme", THEMES.values())
def test_shades_are_in_order_of_lightness(theme: Any) -> None:
    shades = [luminance(fill) for fill in theme.scale]
    assert shades in (sorted(shades), sorted(shades, reverse=True))


def test_shades_follow_the_shares() -> None:
    report = report_of("vgg16")
    graph = parse(dot(report, depth=1, color_by="params"))
    scale = THEMES["light"].scale
    boxes = {each["label"].split("\\n")[0]: each["fillcolor"] for each in graph.nodes.values()}
    assert boxes["linear1"] == scale[-1]  # 102,764,544 of 138,357,544
    assert boxes["group1"] == scale[0]
    assert "74.3 % of params" in dot(report, depth=1, color_by="params")


def test_formulas_have_no_shades_or_widths() -> None:
    report = report_of("unet", symbolic=["H"])
    assert dot(report, color_by="params")  # no symbol in them
    with pytest.raises(ValueError, match="needs numbers"):
        dot(report, color_by="macs")
    with pytest.raises(ValueError, match="needs numbers"):
        dot(report, widths=True)


def test_widths_grow_with_tensors() -> None:
    report = report_of("vgg16")
    sizes = {
        b: float(attributes["penwidth"])
        for _, b, attributes in parse(dot(report, widths=True, depth=1)).edges
    }
    groups = [vertex.id for vertex in plan(report, 1).vertices if vertex.role == "part"]
    assert sizes[groups[1]] == max(sizes.values())  # what leaves the first one, 64 x 112 x 112
    assert sizes["output0"] == min(sizes.values())


def test_the_legend_tells_the_colours_that_are_there() -> None:
    graph = parse(dot(report_of("lenet5"), legend=True))
    legend = [each["label"] for name, each in graph.nodes.items() if name.startswith("legend")]
    assert legend == [
        "convolution",
        "linear, embedding, experts",
        "pooling, resampling, padding",
        "reshaping",
    ]


def test_parts_are_opened_one_by_one() -> None:
    report = report_of("googlenet")
    drawing = plan(report, opened={"inception4a"})
    assert [frame.name for frame in frames(drawing.root)] == ["inception4a"]
    assert [v.name for v in frames(drawing.root).__next__().vertices()][:2] == [
        "branch1",
        "branch2",
    ]


def test_layers_can_be_boxes_of_their_own() -> None:
    report = report_of("lenet5_mnist")
    assert len(plan(report).vertices) < len(report) + 2
    assert len(plan(report, grouped=False).vertices) == len(report) + 2


def test_ten_thousand_layers_that_are_alike_are_one_box() -> None:
    layer = {"Conv2d": {"out_channels": 3, "kernel_size": 1}, "repeat": 10_000, "name": "deep"}
    assert "deep x 10000" in dot(report_of({"input": [3, 8, 8], "layers": [layer]}))


# -- how dot lays it out -----------------------------------------------------------------------


def run_dot(source: str, form: str) -> str:
    done = subprocess.run(
        ["dot", f"-T{form}"], input=source.encode(), capture_output=True, check=True
    )
    assert not done.stderr, done.stderr.decode()
    return done.stdout.decode()


def layout(source: str) -> tuple[dict[str, tuple[float, float]], tuple[float, float]]:
    """Where the boxes are, and the width and height of the picture, in points."""
    data = json.loads(run_dot(source, "json0"))
    places = {}
    for each in data["objects"]:
        if "pos" in each:
            x, y = map(float, each["pos"].split(","))
            places[each["name"]] = (x, -y)
    _, _, width, height = map(float, data["bb"].split(","))
    return places, (width, height)


@needs_dot
@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("depth", [2, None])
@pytest.mark.parametrize("name", ["googlenet", "resnet_cifar", "resnet18_d2l"])
def test_branches_stand_side_by_side_in_the_specs_order(
    name: str, depth: int | None, direction: str
) -> None:
    report = report_of(name)
    places, _ = layout(dot(report, depth=depth, direction=direction))
    first: dict[str, list[str]] = {}
    for vertex in plan(report, depth).vertices:
        part = vertex.part or (vertex.nodes[0].part if vertex.nodes else None)
        if part is not None and part.role == Role.BRANCH and vertex.nodes[0] is next(part.nodes()):
            first.setdefault(part.parent.path if part.parent else "", []).append(vertex.id)
    axis = 0 if direction == "TB" else 1
    for row in first.values():
        across = [places[each][axis] for each in row]
        along = {round(places[each][1 - axis]) for each in row}
        assert across == sorted(across)
        assert len(along) == 1


@needs_dot
@pytest.mark.parametrize("name", ["vgg16", "googlenet", "resnet18", "unet"])
def test_a_folded_picture_fits_a_page_at_full_size(name: str) -> None:
    svg = run_dot(dot(report_of(name), depth=1), "svg")
    size = re.search(r'<svg width="(\d+)pt" height="(\d+)pt"', svg)
    assert size is not None
    width, height = map(int, size.groups())
    assert width <= 538  # A4 is 595 x 842 points: margins of a centimetre
    assert height <= 785
    assert min(map(float, re.findall(r'font-size="([\d.]+)"', svg))) >= 9


@needs_dot
@pytest.mark.parametrize("depth", [1, None])
@pytest.mark.parametrize("name", SPECS)
def test_no_picture_is_a_mere_chain(
    name: str, depth: int | None, request: pytest.FixtureRequest
) -> None:
    if (name, depth) == ("squeezenet", None):
        why = "columns are made of what stands at the top, and nearly all stands in one frame"
        request.applymarker(pytest.mark.xfail(reason=why, strict=True))
    if depth is None and len(plan(report_of(name)).vertices) > OPEN:
        return
    _, (width, height) = layout(dot(report_of(name), depth=depth))
    assert height < 2300
    assert height < 800 or height < 4.5 * width


@needs_dot
def test_the_legend_stands_beside_networks_in_several_pieces() -> None:
    spec = {
        "inputs": {"a": [8], "b": [8]},
        "layers": [{"Linear": 4, "from": "a"}, {"Linear": 4, "from": "b"}],
        "outputs": ["linear1", "linear2"],
    }
    places, _ = layout(dot(report_of(spec), legend=True))
    assert places["input0"][0] < places["input1"][0] < places["legend0"][0]


@needs_dot
def test_a_long_chain_is_broken_into_columns_in_reading_order() -> None:
    layers = [{"Linear": 8 + i % 3} for i in range(100)]
    report = report_of({"input": [8], "layers": layers})
    places, (width, height) = layout(dot(report))
    assert 0.3 < height / width < 3
    order = sorted((round(x), y, k) for k, (x, y) in places.items() if k.startswith("layer"))
    xs = [x for x, _, _ in order]
    assert len(set(xs)) > 3
    assert [int(k[5:]) for _, _, k in order] == list(range(100))


def test_a_path_is_not_broken_where_that_would_not_make_it_shorter() -> None:
    conv = {"Conv2d": {"out_channels": 8, "kernel_size": 1}}
    layers: list[Any] = [{**conv, "name": "first"}, *[dict(conv) for _ in range(30)]]
    layers.append({"Add": {}, "from": ["first", "conv30"]})
    assert "from1" not in dot(report_of({"input": [8, 4, 4], "layers": layers}))


@needs_dot
def test_the_main_path_of_googlenet_is_straight() -> None:
    report = report_of("googlenet")
    places, _ = layout(dot(report, depth=1))
    aside = ("AuxiliaryHead",)
    across = {
        round(places[vertex.id][0])
        for vertex in plan(report, 1).vertices
        if (vertex.part is None or vertex.part.written not in aside) and vertex.id != "output1"
        if vertex.id != "output2"
    }
    assert len(across) == 2  # one for each column


@needs_dot
def test_the_levels_of_a_u_net_are_rows() -> None:
    report = report_of("unet")
    folded = ("encoder{}", "concat{}", "decoder{}")
    unfolded = ("encoder{}.conv2", "concat{}", "decoder{}.conv1")
    for depth, names in ((1, folded), (None, unfolded)):
        places, _ = layout(dot(report, depth=depth))
        ids = {
            vertex.part.path if vertex.part else vertex.nodes[0].path: vertex.id
            for vertex in plan(report, depth).vertices
            if vertex.nodes
        }
        for level in (1, 2, 3, 4):
            numbers = (level, 5 - level, level)  # concat1 is at the bottom
            row = [places[ids[name.format(n)]] for name, n in zip(names, numbers)]
            xs, ys = zip(*row)
            assert max(ys) - min(ys) < 1
            assert sorted(xs) == list(xs)


@needs_dot
@pytest.mark.parametrize("name", ["googlenet", "resnet18", "resnet_cifar", "vgg16"])
def test_the_main_path_has_no_bends(name: str) -> None:
    """Edges between boxes above each other, which weigh most, are vertical lines."""
    data = json.loads(run_dot(dot(report_of(name)), "json0"))
    main = [each for each in data["edges"] if each.get("weight") == "1000"]
    assert main
    for each in main:
        _, *points = (p.split(",") for p in each["pos"].replace("e,", "").split())
        xs = [float(x) for x, _ in points]
        assert max(xs) - min(xs) < 2, each


@pytest.mark.one_in(3)
@needs_dot
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", SPECS)
def test_boxes_do_not_overlap(name: str, depth: int | None) -> None:
    for options in ({}, {"direction": "LR"}, {"legend": True, "color_by": "macs"}):
        data = json.loads(run_dot(dot(report_of(name), depth=depth, **options), "json0"))
        boxes = []
        for each in data["objects"]:
            if "pos" in each:
                x, y = map(float, each["pos"].split(","))
                wide, high = 36 * float(each["width"]), 36 * float(each["height"])
                boxes.append((x - wide, x + wide, y - high, y + high))
        boxes.sort()
        for i, (_, right, low, high) in enumerate(boxes):
            for left, _, bottom, top in boxes[i + 1 :]:
                if left >= right:
                    break
                assert top <= low or bottom >= high


Area = tuple[float, float, float, float]


def areas_of_text(data: Any) -> Iterator[tuple[str, Area]]:
    """The labels of edges and the headings of frames: whose they are, and where they stand."""
    for each in data["edges"]:
        for piece in each.get("_ldraw_", ()):
            if piece["op"] == "T":  # centred, on a base line, in letters of 9 points
                x, y = piece["pt"]
                wide = piece["width"] / 2
                yield f"edge {each['_gvid']}", (x - wide, x + wide, y - 1, y + 6.5)
    for each in data["objects"]:
        if "bb" in each and "lp" in each:
            x, y = map(float, each["lp"].split(","))
            wide, high = 36 * float(each["lwidth"]), 36 * float(each["lheight"])
            yield each["name"], (x - wide, x + wide, y - high, y + high)


def areas_of_boxes(data: Any) -> Iterator[tuple[str, Area]]:
    for each in data["objects"]:
        if "pos" in each:
            x, y = map(float, each["pos"].split(","))
            wide, high = 36 * float(each["width"]), 36 * float(each["height"])
            yield each["name"], (x - wide, x + wide, y - high, y + high)


def points_of_lines(data: Any) -> Iterator[tuple[str, list[tuple[float, float]]]]:
    """Every edge as points on it, which is a chain of Bezier curves."""
    for each in data["edges"]:
        for piece in each.get("_draw_", ()):
            if piece["op"] == "b":
                chain = piece["points"]
                curves = [chain[i : i + 4] for i in range(0, len(chain) - 1, 3)]
                yield (
                    f"edge {each['_gvid']}",
                    [bezier(curve, step / 20) for curve in curves for step in range(21)],
                )


def bezier(curve: list[list[float]], t: float) -> tuple[float, float]:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    x, y = (sum(w * point[axis] for w, point in zip(weights, curve)) for axis in (0, 1))
    return x, y


@pytest.mark.one_in(3)
@needs_dot
@pytest.mark.parametrize("depth", [1, None])
@pytest.mark.parametrize("name", SPECS)
def test_nothing_hides_a_text(name: str, depth: int | None) -> None:
    """No text on an edge or a frame is under a box, another text, or another edge."""
    if depth is None and len(plan(report_of(name)).vertices) > OPEN:
        return
    for options in ({}, {"direction": "LR"}, {"legend": True, "color_by": "macs"}):
        data = json.loads(run_dot(dot(report_of(name), depth=depth, **options), "json"))
        texts = list(areas_of_text(data))
        others = [*texts, *areas_of_boxes(data)]
        lines = list(points_of_lines(data))
        for own, (left, right, low, high) in texts:
            for other, (a, b, c, d) in others:
                if other != own:
                    assert min(right, b) - max(left, a) < 1 or min(high, d) - max(low, c) < 1
            for other, points in lines:
                if other != own:
                    assert not any(left < x < right and low < y < high for x, y in points)
