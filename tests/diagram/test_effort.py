"""What Graphviz would have to lay out, and what is refused before it is asked."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import networkx as nx
import pytest
from click.testing import CliRunner

import shapecalc
from shapecalc.cli import main
from shapecalc.diagram import dot, write
from shapecalc.diagram.effort import MOST_PIECES, Link, TooLarge, pieces
from shapecalc.notebook import drawing
from tests.bundled import SPECS


def conditioned(count: int) -> dict[str, Any]:
    """Layers in a row that each take the input, too."""
    layers: list[Any] = [{"Conv2d": {"out_channels": 3, "kernel_size": 1}, "name": "c0"}]
    layers += [
        {"Concat": 1, "from": ["input", f"c{i - 1}"], "name": f"c{i}"} for i in range(1, count)
    ]
    return {"input": [3, 8, 8], "layers": layers}


@pytest.mark.parametrize("seed", range(50))
def test_edges_count_as_many_ranks_as_the_longest_ways_to_their_ends_differ(seed: int) -> None:
    random = Random(seed)
    names = [f"v{i}" for i in range(random.randint(2, 12))]
    links = [Link(names[i - 1], name) for i, name in enumerate(names) if i]
    for _ in range(random.randint(0, 12)):
        a, b = sorted(random.sample(range(len(names)), 2))
        links.append(Link(names[a], names[b]))
    graph = nx.DiGraph((link.source, link.target) for link in links)
    far = {
        name: len(max(nx.all_simple_paths(graph, "v0", name), key=len, default=[0]))
        for name in names
    }
    expected = len(names) + sum(far[link.target] - far[link.source] for link in links)
    assert pieces(links, dict.fromkeys(names, 0), names[:1]) == {0: expected}, seed


def test_what_hangs_on_nothing_stands_beside_what_takes_it() -> None:
    chain = [Link(f"v{i}", f"v{i + 1}") for i in range(9)]
    aside = [Link("table", "bias"), Link("index", "bias"), Link("bias", "v9")]
    columns = dict.fromkeys(["table", "index", "bias", *(f"v{i}" for i in range(10))], 0)
    assert pieces([*chain, *aside], columns, ["v0"]) == {0: 13 + 9 + 3}


def test_each_column_counts_for_itself_and_an_edge_across_from_the_sign_at_its_top() -> None:
    links = [
        Link("a", "b"),
        Link("b", "to1"),
        Link("from1", "c"),
        Link("c", "d"),
        Link("from1", "d"),
    ]
    expected = {0: 2 + (1 + 1), 1: 2 + (1 + 1 + 2)}
    assert pieces(links, {"a": 0, "b": 0, "c": 1, "d": 1}, ["a"]) == expected


def test_edges_in_a_circle_are_counted_too() -> None:
    assert pieces([Link("a", "b"), Link("b", "a")], {"a": 0, "b": 0}, ["a"])[0] >= 2


@pytest.mark.parametrize("name", SPECS)
def test_a_third_of_the_limit_in_time_is_more_than_bundled_networks_need(name: str) -> None:
    report = shapecalc.load(name).report()
    for direction in ("TB", "LR"):
        dot(report, direction=direction, most_pieces=round(MOST_PIECES / 3**0.5))


def test_a_diagram_is_refused_with_the_count_and_the_option_that_raises_it(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text(json.dumps(conditioned(20)))
    # 22 boxes; 21 ranks along the way, and from the input to c1 ... c19: 2 + ... + 20
    needed = 22 + 21 + sum(range(2, 21))
    refused = [
        "render",
        str(path),
        "-o",
        str(tmp_path / "own.svg"),
        "--max-pieces",
        str(needed - 1),
    ]
    found = CliRunner().invoke(main, refused)
    assert found.exit_code == 2
    assert f"{needed:,} boxes" in found.stderr
    assert "--max-pieces" in found.stderr
    assert not Path(f"{path}.svg").exists()
    report = shapecalc.load(conditioned(20)).report()
    assert dot(report, most_pieces=needed) == dot(report)


def test_all_columns_together_may_have_twice_as_much_as_one() -> None:
    report = shapecalc.load({"input": [4], "layers": [{"Linear": 4}] * 100}).report()
    needed = 102 + 101 + 7  # boxes, edges, and those between eight columns once more
    with pytest.raises(TooLarge, match=f"{needed} boxes, and ranks that edges cross, are more"):
        dot(report, most_pieces=needed // 2 - 1)
    assert dot(report, most_pieces=needed // 2) == dot(report)


def test_a_picture_of_too_many_boxes_is_not_laid_out_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(write, "lay_out")
    report = shapecalc.load({"input": [4], "layers": [{"Linear": 4}] * 100}).report()
    with pytest.raises(TooLarge, match="203 boxes, and ranks that edges cross, are more"):
        dot(report, most_pieces=101)


@pytest.mark.parametrize(("count", "is_bounded"), [(50, False), (75, True)])
def test_edges_are_straightened_in_bounded_time_where_there_are_many_long_ones(
    count: int, is_bounded: bool
) -> None:
    written = dot(shapecalc.load(conditioned(count)).report(), most_pieces=MOST_PIECES)
    assert ("nslimit=" in written) is is_bounded


def test_no_more_is_given_to_graphviz_by_python_and_notebooks(tmp_path: Path) -> None:
    spec = conditioned(100)
    with pytest.raises(TooLarge):
        shapecalc.render(spec, tmp_path / "own.svg")
    assert shapecalc.render(spec, tmp_path / "own.dot").exists()
    assert drawing(shapecalc.load(spec).report()).startswith("<table")
