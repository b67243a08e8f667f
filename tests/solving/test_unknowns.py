"""Every kind of unknown is solved for as by trying: what ``solve`` says is what ``show`` says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, note, settings
from hypothesis import strategies as st

import shapecalc
from shapecalc.analysis.report import Report
from shapecalc.cli import main
from shapecalc.graph.build import build
from shapecalc.language.problem import SpecError
from shapecalc.language.symbols import SettingError, bind
from shapecalc.network import Network
from shapecalc.solving.network import Amount, Answer, NoSolution, OutputSize, QuestionError, solve
from shapecalc.solving.write import text

LIMIT = 40
"""Values up to this are tried."""

HOLDS = {
    "==": lambda a, b: a == b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}

channels = st.sampled_from([4, 6, 8, 12, 16, 24, 64])
sides = st.sampled_from([5, 7, 8, 9, 12, 16, 20, 32])


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def conv(**fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    defaults = {"out_channels": 8, "kernel_size": 3}
    own = {k: v if isinstance(v, st.SearchStrategy) else st.just(v) for k, v in fields.items()}
    return st.fixed_dictionaries(own).map(lambda f: {"Conv2d": {**defaults, **f}, "name": "x"})


def layer(kind: str, **fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    own = {k: v if isinstance(v, st.SearchStrategy) else st.just(v) for k, v in fields.items()}
    return st.fixed_dictionaries(own).map(lambda f: {kind: f, "name": "x"})


IMAGES = {
    "window": conv(
        kernel_size=one_of("n", 3, "2*n + 1", "n + 1"),
        stride=one_of("n", 1, 2),
        padding=one_of("n", 0, "n//2", "n - 1"),
    ),
    "dilation": conv(dilation="n", padding=one_of(0, 1, "n"), stride=one_of(1, 2)),
    "pool": layer(
        "MaxPool2d",
        kernel_size=one_of("n", 3),
        stride=one_of("n", 2),
        padding=one_of(0, 1, "n"),
        ceil_mode=st.booleans(),
    ),
    "groups": conv(out_channels=one_of(8, 24, 60), groups="n", padding=1),
    "norm": layer("GroupNorm", num_groups="n"),
    "shuffle": layer("PixelShuffle", upscale_factor="n"),
    "unshuffle": layer("PixelUnshuffle", downscale_factor="n"),
    "unflatten": layer("Unflatten", dim=1, unflattened_size=one_of(["n", -1], ["n", 4])),
    "transposed": layer(
        "ConvTranspose2d",
        out_channels=4,
        kernel_size=one_of("n", 4, 3),
        stride=one_of("n", 2, 3),
        padding=one_of("n", 0, 1),
        output_padding=one_of("n", 0, 1),
    ),
    "channels": conv(out_channels=one_of("n", "max(8, n)", "n//2 + 1", "8*n")),
}
SEQUENCES = {
    "heads": layer("MultiheadAttention", num_heads="n"),
    "encoder": layer("TransformerEncoderLayer", nhead="n", dim_feedforward=one_of(32, "n")),
}


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """A small network with one unknown setting ``n``."""
    if draw(st.integers(0, 5)):
        kind = draw(st.sampled_from(sorted(IMAGES)))
        size, entry = [draw(channels), draw(sides), draw(sides)], draw(IMAGES[kind])
        more = [{"Conv2d": {"out_channels": 4, "kernel_size": 1}}] if draw(st.booleans()) else []
    else:
        kind = draw(st.sampled_from(sorted(SEQUENCES)))
        size, entry = [5, draw(st.sampled_from([12, 16, 60, 64]))], draw(SEQUENCES[kind])
        more = []
    return {"symbols": {"n": 2}, "input": size, "layers": [entry, *more]}


@st.composite
def structures(draw: st.DrawFn) -> dict[str, Any]:
    """A small network of which the unknown ``n`` decides which layers there are."""
    size = [draw(channels), draw(sides), draw(sides)]
    same = {"out_channels": size[0], "kernel_size": 3, "padding": 1}
    down = {"out_channels": 8, "kernel_size": 3, "stride": 2, "padding": draw(one_of(0, 1))}
    wider = {"out_channels": "4 + 2*index", "kernel_size": 3, "padding": draw(one_of(0, 1))}
    dense: dict[str, Any] = {"dim": 1, "branches": [[], [{"Conv2d": same}]]}
    count = draw(one_of("n", "n + 1", "2*n"))
    first = draw(
        one_of(
            {"Conv2d": same, "repeat": count},
            {"Conv2d": down, "repeat": count},
            {"Conv2d": wider, "repeat": count},
            {"Concat": dense, "repeat": count},
            {"Conv2d": same, "when": draw(one_of("n >= 5", "n == 7", "n", "not n", "n > 20"))},
        )
    )
    last = {"Conv2d": {"out_channels": draw(one_of(8, "n")), "kernel_size": 1}, "name": "x"}
    return {"symbols": {"n": 2}, "input": size, "layers": [{**first, "name": "s"}, last]}


def shown(network: Network) -> dict[int, Report]:
    """The report for every value for which there is one, in plain numbers."""
    found = {}
    for n in range(LIMIT + 1):
        try:
            values = bind(network.spec, {"n": n}, ())
            found[n] = Report(network.name, values, build(network.spec, values))
        except (SpecError, SettingError):
            continue
    return found


def members(network: Network, wanted: list[Any], *, exact: bool = False) -> set[int]:
    try:
        answer = solve(network, "n", wanted, exact=exact)
    except (NoSolution, SpecError) as error:
        reason = str(error)
    else:
        reason = ""
    if reason:
        note(reason)
        assert "open" not in reason
        return set()
    note(text(answer))
    assert not answer.open
    assert answer.method.is_complete
    return {n for n in range(LIMIT + 1) if n in answer.solutions}


def compare(spec: dict[str, Any], data: st.DataObject) -> None:
    """Solve with wishes drawn at random, and by trying."""
    network = shapecalc.load(spec)
    legal = shown(network)
    if not legal:
        return
    own = legal[data.draw(st.sampled_from(sorted(legal)), label="a value that works")]
    wanted: list[Any] = []
    expected = set(legal)
    if data.draw(st.booleans(), label="a size"):
        shape = own["x"].output_shape[1:]
        wanted.append(OutputSize("x", shape))
        expected = {n for n in expected if legal[n]["x"].output_shape[1:] == shape}
    if data.draw(st.booleans(), label="a total"):
        column = data.draw(one_of("params", "macs", "activations"))
        relation = data.draw(st.sampled_from(sorted(HOLDS)))
        value = getattr(own.totals, column) + data.draw(one_of(-1, 0, 1))
        wanted.append(Amount(column, relation, value))
        expected = {n for n in expected if HOLDS[relation](getattr(legal[n].totals, column), value)}
    assert members(network, wanted) == expected, (json.dumps(spec), wanted)


@given(specs(), st.data())
@settings(max_examples=40, deadline=None)
def test_settings_are_solved_for_as_by_trying(spec: dict[str, Any], data: st.DataObject) -> None:
    compare(spec, data)


@given(structures(), st.data())
@settings(max_examples=15, deadline=None)
def test_structure_is_solved_for_as_by_trying(spec: dict[str, Any], data: st.DataObject) -> None:
    compare(spec, data)


@given(specs().filter(lambda spec: "Conv2d" in spec["layers"][0]))
@settings(max_examples=20, deadline=None)
def test_exact_keeps_the_values_at_which_no_window_drops_a_pixel(spec: dict[str, Any]) -> None:
    network = shapecalc.load(spec)

    def drops(report: Report) -> bool:
        """Whether a cell is beyond the last position of the first window, counted one by one."""
        own = report["x"]
        for window, size in zip(own.node.layer.windows(*own.node.inputs), own.input_shapes[0][2:]):
            extent, stride, before, after = window
            padded = size + before + after
            starts = [at for at in range(0, padded, stride) if at + extent <= padded]
            if starts[-1] + extent != padded:
                return True
        return False

    legal = shown(network)
    expected = {n for n, report in legal.items() if not drops(report)}
    if legal and any(
        isinstance(v, str)
        for k, v in spec["layers"][0]["Conv2d"].items()
        if k in ("kernel_size", "stride", "padding", "dilation")
    ):
        assert members(network, [], exact=True) == expected


def asked(spec: dict[str, Any], *wanted: Any, **options: Any) -> Answer:
    return solve(shapecalc.load(spec), "n", wanted, **options)


def net(size: list[int], *layers: Any) -> dict[str, Any]:
    return {"symbols": {"n": 2}, "input": size, "layers": list(layers)}


HEADS = net([10, 512], {"MultiheadAttention": {"num_heads": "n"}})


def test_heads_are_the_divisors_and_it_is_told_why_there_are_no_more() -> None:
    answer = asked(HEADS)
    assert list(answer.solutions.members()) == [2**k for k in range(10)]
    assert answer.method.how == "tried"
    assert (answer.method.last, answer.method.is_complete) == (512, True)
    assert "all n from 0 to 512 tried or ruled out; beyond, 512 % n == 0 never holds" in text(
        answer
    )


def test_a_divisor_of_a_large_number_takes_few_tries() -> None:
    answer = asked(net([1000000], {"Unflatten": {"dim": 1, "unflattened_size": ["n", -1]}}))
    assert answer.solutions.size == 49  # 10**6 has (6 + 1)**2 divisors
    assert answer.solutions.greatest == 10**6


def deep() -> dict[str, Any]:
    conv = {"out_channels": 8, "kernel_size": 3, "padding": 1}
    return net([8, 16, 16], {"Conv2d": conv, "repeat": "n", "name": "body"})


def test_a_depth_ends_where_its_copies_cost_more_than_is_wanted() -> None:
    each = 8 * 8 * 9 + 8
    answer = asked(deep(), Amount("params", "<=", 3 * each))
    assert list(answer.solutions.members()) == [0, 1, 2, 3]
    assert answer.method.how == "built"
    assert answer.method.is_complete


def test_where_every_further_copy_is_like_the_last_totals_grow_along_a_line() -> None:
    each = 8 * 8 * 9 + 8
    answer = asked(deep(), Amount("params", "==", 1000 * each))
    assert list(answer.solutions.members()) == [1000]
    limited = shapecalc.load(deep(), most_layers=50)
    assert solve(limited, "n").solutions.greatest == 50


def test_a_depth_ends_where_a_copy_does_not_fit() -> None:
    answer = asked(net([8, 16, 16], {"MaxPool2d": 2, "repeat": "n", "name": "down"}))
    assert list(answer.solutions.members()) == [0, 1, 2, 3, 4]
    assert "does not fit" in answer.method.beyond


def test_a_copy_of_a_repeat_can_be_asked_for() -> None:
    answer = asked(deep(), OutputSize("body.11", (8, 16, 16)))
    assert answer.solutions.least == 12
    with pytest.raises(NoSolution, match="gives the network a copy"):
        asked(
            net([8, 16, 16], {"MaxPool2d": 2, "repeat": "n", "name": "s"}), OutputSize("s.9", (1,))
        )
    with pytest.raises(QuestionError, match="no layer at 'bodies'"):
        asked(deep(), OutputSize("bodies", (8,)))


def test_a_comparison_parts_the_values_into_stretches() -> None:
    conv = {"out_channels": 8, "kernel_size": 3, "padding": 1}
    spec = net([8, "n", 8], {"Conv2d": conv, "when": "n >= 1000", "name": "c"}, "ReLU")
    answer = asked(spec, Amount("params", ">", 0))
    assert (answer.solutions.least, answer.solutions.greatest) == (1000, None)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_the_layers_of_a_stack_are_counted_to_the_last_that_may_be(kind: str) -> None:
    spec = net([8, 10], {kind: {"hidden_size": 16, "num_layers": "n"}, "name": "r"})
    network = shapecalc.load(spec)
    for depth in (1, 3, 7, 40):
        params = network.report(n=depth).totals.params
        assert list(solve(network, "n", [Amount("params", "==", params)]).solutions.members()) == [
            depth
        ]
    answer = solve(network, "n")
    assert answer.method.is_complete
    assert answer.solutions.greatest == 10_000


def test_copies_that_differ_by_a_comparison_of_their_index_become_alike() -> None:
    strided = {
        "out_channels": 8,
        "kernel_size": 3,
        "padding": 1,
        "stride": "2 if index == 0 else 1",
    }
    spec = net([8, 16, 16], {"Conv2d": strided, "repeat": "n", "name": "stage"}, "ReLU")
    network = shapecalc.load(spec)
    macs = network.report(n=30).totals.macs
    assert list(solve(network, "n", [Amount("macs", "==", macs)]).solutions.members()) == [30]
    assert solve(network, "n", [Amount("macs", ">=", macs)]).method.is_complete


def test_values_that_no_proof_ends_are_called_open() -> None:
    conv = {"out_channels": "8 + index % 2", "kernel_size": 3, "padding": 1}
    answer = asked(net([8, 16, 16], {"Conv2d": conv, "repeat": "n", "name": "s"}))
    assert not answer.method.is_complete
    assert "beyond, the question stays open" in text(answer)


def test_zero_is_a_value_where_torch_takes_it() -> None:
    conv = {"out_channels": 1, "kernel_size": 3, "padding": "n"}
    spec = net([3, 7, 7], {"Conv2d": conv, "name": "c"})
    assert list(asked(spec, OutputSize("c", (5,))).solutions.members()) == [0]
    assert asked(spec).solutions.least == 0


def test_the_condition_in_json_is_true_of_the_values_alone(tmp_path: Any) -> None:
    specs = [HEADS, deep(), net(["n", 8, 8], {"Conv2d": {"out_channels": 4, "kernel_size": 3}})]
    for spec in specs:
        file = tmp_path / "net.json"
        file.write_text(json.dumps(spec))
        done = CliRunner().invoke(main, ["solve", str(file), "--for", "n", "--format", "json"])
        found = json.loads(done.output)
        answer = asked(spec)
        assert found["found"]["how"] == answer.method.how
        assert found["count"] == answer.solutions.size
        for n in range(600):
            assert eval(found["condition"], {"n": n}) == (n in answer.solutions), n


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ({"Slice": {"dim": 2, "start": 1, "end": "5 - n"}}, [*range(4), *range(6, 16)]),
        ({"Split": {"split_size": "n", "dim": 1}}, [*range(1, 30)]),
        ({"Unbind": {"dim": 1}}, None),
        ({"Select": {"dim": 2, "index": "n - 3"}}, [*range(15)]),
        ({"Softmax": {"dim": "n"}}, [0, 1, 2, 3]),
        ({"Max": {"dim": 2, "keepdim": "n // 2"}}, [0, 1, 2, 3]),
        ({"Dropout": {"p": "n/9"}}, [*range(10)]),
        ({"FractionalMaxPool2d": {"kernel_size": 2, "output_ratio": "n/9"}}, None),
        ({"BatchNorm2d": {"momentum": "n"}}, [*range(30)]),
    ],
)
def test_settings_that_decide_what_a_layer_does_are_solved_for(
    layer: dict[str, Any], expected: list[int] | None
) -> None:
    network = shapecalc.load({"symbols": {"n": 2}, "input": [8, 12, 12], "layers": [layer]})
    answer = solve(network, "n")
    legal = [n for n in range(30) if shows(network, n)]
    assert [n for n in range(30) if n in answer.solutions] == legal
    assert expected is None or legal == expected
    assert answer.method.is_complete


def shows(network: Network, n: int, symbol: str = "n") -> bool:
    """Whether the network is one at a value."""
    try:
        network.report({symbol: n})
    except SpecError:
        return False
    return True


def test_a_size_that_torch_rounds_down_is_what_show_says() -> None:
    up = {"Upsample": {"scale_factor": ["15/11", 1]}}
    network = shapecalc.load({"symbols": {"H": 8}, "input": [3, "H", 8], "layers": [up]})
    answer = solve(network, "H", [OutputSize("upsample1", (3, 119, 8))])
    assert [*answer.solutions.members()] == [88]
    assert network.report({"H": 88})["upsample1"].output_shape[2] == 119


def test_the_nearest_total_is_told_where_totals_rise_and_fall() -> None:
    conv = {"Conv1d": {"out_channels": 4, "kernel_size": "K", "padding": 1}}
    network = shapecalc.load({"symbols": {"K": 3}, "input": [4, 16], "layers": [conv]})
    macs = {network.report({"K": k}).totals.macs for k in range(1, 19)}
    with pytest.raises(NoSolution) as error:
        solve(network, "K", [Amount("macs", "==", 1000)])
    assert f"{max(m for m in macs if m < 1000):,} at" in str(error.value)
    assert f"{min(m for m in macs if m > 1000):,} at" in str(error.value)


@pytest.mark.parametrize(
    ("name", "symbol", "most"),
    [("efficientnet_v2", "n1", 5_000), ("regnet", "d1", 5_000), ("vgg", "early", 5_000)],
)
def test_the_depth_of_a_stage_among_others_is_found_to_its_end(
    name: str, symbol: str, most: int
) -> None:
    network = shapecalc.load(name)
    own = network.report().totals.params + 100_000
    answer = solve(network, symbol, [Amount("params", "<=", own)])
    assert answer.method.is_complete
    greatest = answer.solutions.greatest
    assert greatest is not None
    assert greatest < most
    assert network.report({symbol: greatest}).totals.params <= own
    assert network.report({symbol: greatest + 1}).totals.params > own


def test_a_path_that_moves_as_copies_are_added_is_looked_up_in_each_network() -> None:
    network = shapecalc.load("vgg")
    answer = solve(network, "early", [OutputSize("features.8", (128, 112, 112))])
    legal = [n for n in range(8) if output(network, "early", n, "features.8") == (128, 112, 112)]
    assert [n for n in range(8) if n in answer.solutions] == legal


def output(network: Network, symbol: str, n: int, path: str) -> tuple[Any, ...] | None:
    """What a layer puts out at a value, if there is one at the path."""
    report = network.report({symbol: n})
    return next((each.output_shape[1:] for each in report if each.path == path), None)


def test_a_divisor_that_is_0_at_0_is_tried_elsewhere() -> None:
    groups = {"Conv2d": {"out_channels": 48, "kernel_size": 1, "groups": "48 // min(g, 48)"}}
    network = shapecalc.load({"symbols": {"g": 8}, "input": [48, 4, 4], "layers": [groups]})
    answer = solve(network, "g", [Amount("params", "<=", 1000)])
    legal = [n for n in range(1, 60) if network_params(network, n) <= 1000]
    assert [n for n in range(1, 60) if n in answer.solutions] == legal


def network_params(network: Network, n: int) -> int:
    """The parameters at a value; more than any where there is no network."""
    return network.report({"g": n}).totals.params if shows(network, n, "g") else 10**12
