"""How many steps the writing of a module may take; no chain of names is too long for it."""

from __future__ import annotations

import importlib.util

import pytest
from click.testing import CliRunner

import shapecalc
from shapecalc.cli import main
from shapecalc.emitting import emission
from shapecalc.emitting.names import EmitError
from shapecalc.emitting.work import Work
from shapecalc.network import MOST_WORK

CONV = {"Conv1d": {"out_channels": "k", "kernel_size": "f", "padding": "f//2"}}
UNIT = {"args": {"k": None, "f": 3}, "layers": [CONV, "ReLU"]}

KINDS = {
    "blocks": lambda n: {
        "blocks": {f"Unit{i}": UNIT for i in range(n)},
        "layers": [{f"Unit{i}": {"k": i + 1}} for i in range(n)],
    },
    "uses": lambda n: {
        "blocks": {"Unit": UNIT},
        "layers": [{"Unit": {"k": f"c + {i}"}} for i in range(n)],
    },
    "symbols": lambda n: {
        "symbols": {"c": 8, **{f"s{i}": i + 1 for i in range(n)}},
        "layers": [{"Linear": f"s{i}"} for i in range(n)],
    },
    "conditions": lambda n: {
        "symbols": {"c": 8, **{f"s{i}": i % 2 for i in range(n)}},
        "layers": ["ReLU", *({"Tanh": None, "when": f"s{i}"} for i in range(n))],
    },
    "unlike layers": lambda n: {"layers": [{"Linear": i + 1} for i in range(n)]},
    "outputs": lambda n: {
        "layers": [{"Linear": 8, "name": f"l{i}", "from": "input"} for i in range(n)],
        "outputs": [f"l{i}" for i in range(n)],
    },
    "sources": lambda n: {
        "layers": [
            {"Linear": 8, "name": "first"},
            *({"Add": None, "from": ["first"] * (i + 2)} for i in range(n // 2)),
        ],
    },
    "sizes that follow from each other": lambda n: {
        "layers": [{"Conv1d": {"out_channels": "c", "kernel_size": 3}}, *["ReLU"] * n],
    },
}


def network(kind: str, count: int, most_work: int = MOST_WORK) -> shapecalc.Network:
    spec = {"symbols": {"c": 8}, "input": [8, 9], **KINDS[kind](count)}
    return shapecalc.load(spec, most_work=most_work)


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_there_is_much_of_is_bounded(kind: str) -> None:
    assert shapecalc.emit(network(kind, 4, 50_000))
    with pytest.raises(EmitError, match="more than 50,000 steps"):
        shapecalc.emit(network(kind, 320, 50_000))


def test_the_error_tells_place_limit_and_option(tmp_path) -> None:
    path = tmp_path / "two.yaml"
    path.write_text("input: [3, 8, 8]\nlayers:\n  - ReLU\n  - Linear: 3\n")
    result = CliRunner().invoke(main, ["emit", str(path), "--torch", "--max-work", "100"])
    assert result.exit_code == 1
    assert "two.yaml:3:5: error: the writing of a module takes more than 100 steps" in result.stderr
    assert "--max-work allows more steps" in result.stderr
    allowed = CliRunner().invoke(main, ["emit", str(path), "--torch", "--max-work", "10000"])
    assert (allowed.exit_code, allowed.stderr) == (0, "")


def test_what_is_bound_to_be_too_much_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(emission.lettering, "build")
    with pytest.raises(EmitError, match="more than 1,000 steps"):
        shapecalc.emit(network("unlike layers", 16, 1_000))


def test_what_is_foreseen_counts_while_other_values_are_tried() -> None:
    written: list[None] = []

    def write(*_: object) -> str:
        written.append(None)
        return ""

    emission.emit(network("symbols", 320, 200_000), None, write)
    assert len(written) == 1
    with pytest.raises(EmitError, match="more than 180,000 steps"):
        emission.emit(network("symbols", 320, 180_000), None, write)
    assert len(written) == 1


SHARED = {"Embedding": {"num_embeddings": 9, "embedding_dim": 8}, "name": "words"}
HEAD = {"Linear": {"out_features": 9, "bias": False}, "share": "words"}
DEEP = {"args": {"k": None}, "layers": [{"Linear": "k"}, {"ReLU": None}] * 8}


def steps_of(spec: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> int:
    counted: list[Work] = []
    monkeypatch.setattr(emission, "Work", lambda *given: counted.append(Work(*given)) or counted[0])
    shapecalc.emit(spec)
    return counted[0].steps


def test_weights_shared_elsewhere_do_not_keep_uses_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = {
        "symbols": {"c": 8},
        "inputs": {"ids": {"shape": [4], "dtype": "int64"}},
        "blocks": {"Deep": DEEP},
        "layers": [SHARED, {"Deep": {"k": "c"}, "repeat": 40}, {"Linear": 8}, HEAD],
    }
    apart = {**spec, "layers": [*spec["layers"][:-1], {"Linear": HEAD["Linear"]}]}
    assert steps_of(spec, monkeypatch) < 1.1 * steps_of(apart, monkeypatch)


def test_what_fails_at_other_values_is_not_built_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heads = {"MultiheadAttention": {"num_heads": "heads"}}
    few, many = (
        {
            "symbols": {"heads": 4},
            "input": [4, 24],
            "blocks": {"Unit": {"layers": [heads, {"Linear": 24}]}},
            "layers": [{"Unit": None, "repeat": count}],
        }
        for count in (4, 40)
    )
    assert steps_of(many, monkeypatch) < 4 * steps_of(few, monkeypatch)


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
def test_what_is_checked_is_written_within_the_same_limit() -> None:
    with pytest.raises(EmitError, match="more than 100 steps"):
        shapecalc.check(shapecalc.load("lenet5", most_work=100))


@pytest.mark.parametrize("name", ["densenet201", "gpt2_xl", "llama3_70b", "swin_v2_b"])
def test_the_largest_bundled_networks_take_less_than_two_thirds_of_the_limit(name: str) -> None:
    assert shapecalc.emit(shapecalc.load(name, most_work=2 * MOST_WORK // 3))


@pytest.mark.parametrize("step", ["{} + 1", "{}", "2*{} - {}"])
def test_a_long_chain_of_symbols_is_written(step: str) -> None:
    symbols = {"s0": 3, **{f"s{i}": step.format(*[f"s{i - 1}"] * 2) for i in range(1, 1500)}}
    last = {"Linear": {"out_features": "s1499"}}
    source = shapecalc.emit({"symbols": symbols, "input": [4], "layers": [last]})
    assert "s0: int = 3" in source
    assert "nn.Linear(4, s1499)" in source


def test_a_size_that_follows_through_too_many_layers_is_refused_where_it_is_asked_for() -> None:
    grown = {"Linear": "(in_features + 7*c)//2", "repeat": 400}
    spec = {"symbols": {"c": 2}, "input": ["c"], "layers": [{"ReLU": None}, grown]}
    with pytest.raises(EmitError, match="follows through too many layers before it"):
        shapecalc.emit(spec)
