"""The solver of whole networks, against exhaustive search, and its command."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import shapecalc
from shapecalc.algebra.solutions import Solutions
from shapecalc.cli import main
from shapecalc.language.problem import SpecError
from shapecalc.network import Network
from shapecalc.solving.network import Amount, NoSolution, OutputSize, QuestionError, solve
from shapecalc.solving.write import text
from tests.bundled import NAMES, SMALL, small_first

SIZED = [name for name in NAMES if "H" in shapecalc.load(name).spec.symbols]
LIMIT = 100
"""Values up to this are tried."""

GIVEN = {"googlenet": {"aux_logits": 0}}
"""Settings without which a network takes none of the small sizes that are tried."""


class Tried(NamedTuple):
    """What a network is for one value of the unknown; no layers if it is none."""

    shapes: dict[str, tuple[int, ...]]
    totals: dict[str, int]
    drops: bool


def tried(network: Network, given: dict[str, Any]) -> Tried | None:
    """The network for plain numbers, None where it is refused."""
    try:
        report = network.report(given)
    except SpecError:
        return None
    return Tried(
        {layer.path: layer.output_shape[1:] for layer in report},
        report.totals.by_name,
        any(_drops(layer) for layer in report),
    )


def _drops(layer: Any) -> bool:
    """Whether a window leaves cells of the height over, counted position by position."""
    own = layer.node.layer
    if "kernel_size" not in own.fields or getattr(own, "ceil_mode", False):
        return False
    windows = own.windows(*layer.node.inputs)
    if not windows:
        return False
    extent, stride, before, after = windows[0]
    padded = layer.input_shapes[0][2] + before + after
    last = max(start for start in range(0, padded, stride) if start + extent <= padded)
    return last + extent != padded


@lru_cache
def search(name: str, tied: bool) -> tuple[Tried | None, ...]:
    """A bundled network at every height up to the limit, with the width tied to it or not."""
    network = shapecalc.load(name)
    return tuple(
        tried(network, {**GIVEN.get(name, {}), "H": n, **({"W": n} if tied else {})})
        for n in range(1, LIMIT + 1)
    )


def members(solutions: Solutions) -> set[int]:
    return {n for n in range(1, LIMIT + 1) if n in solutions}


def solved(network: Network, wanted: Iterable[Any], given: Any, *, exact: bool = False) -> set[int]:
    try:
        return members(solve(network, "H", wanted, given, exact=exact).solutions)
    except NoSolution:
        return set()


HOLDS = {
    "==": lambda a, b: a == b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", small_first(SIZED))
def test_the_legal_sizes_of_every_spec_are_those_found_by_trying(name: str) -> None:
    found = solved(shapecalc.load(name), [], GIVEN.get(name))
    assert found == {n for n, each in enumerate(search(name, False), 1) if each is not None}


TIED = ("cifar10", "resnet_cifar", "tinyvgg", "unet")
TRIED = [name for name in SIZED if name in SMALL]


@given(st.data())
@settings(max_examples=60)
def test_sizes_and_totals_are_solved_as_by_trying(data: st.DataObject) -> None:
    tied = data.draw(st.booleans())
    name = data.draw(st.sampled_from(TIED if tied else TRIED))
    legal = {n: each for n, each in enumerate(search(name, tied), 1) if each is not None}
    assume(legal)  # some want larger images than are tried
    of = legal[data.draw(st.sampled_from(sorted(legal)))]
    exact = data.draw(st.booleans())
    wanted: list[Any] = []
    expected = {n for n, each in legal.items() if not (exact and each.drops)}
    spatial = [path for path, shape in of.shapes.items() if len(shape) == 3]
    if spatial and data.draw(st.booleans()):
        path = data.draw(st.sampled_from(spatial))
        size = of.shapes[path][1] + data.draw(st.integers(-1, 1))
        if len({each.shapes[path][1] for each in legal.values()}) > 1:
            wanted.append(OutputSize(path, (size,)))
            expected &= {n for n in expected if legal[n].shapes[path][1] == size}
    if data.draw(st.booleans()):
        column = data.draw(st.sampled_from(["macs", "flops", "activations"]))
        relation = data.draw(st.sampled_from(sorted(HOLDS)))
        value = of.totals[column] + data.draw(st.sampled_from([-1, 0, 1]))
        wanted.append(Amount(column, relation, value))
        expected &= {n for n in expected if HOLDS[relation](legal[n].totals[column], value)}
    given_settings = {**GIVEN.get(name, {}), **({"W": "H"} if tied else {})}
    assert solved(shapecalc.load(name), wanted, given_settings, exact=exact) == expected


@st.composite
def chains(draw: st.DrawFn) -> dict[str, Any]:
    """A random chain of windows, pools and enlargements, with a skip around it at times."""
    layers: list[Any] = []
    for _ in range(draw(st.integers(1, 5))):
        kernel = draw(st.integers(1, 5))
        stride = draw(st.integers(1, 3))
        kind = draw(st.sampled_from(["conv", "pool", "ceil", "up", "transposed"]))
        if kind == "conv":
            padding = draw(st.integers(0, 3))
            own = {"out_channels": 2, "kernel_size": kernel, "stride": stride, "padding": padding}
            layers.append({"Conv2d": own})
        elif kind in ("pool", "ceil"):
            own = {"kernel_size": kernel, "stride": stride, "ceil_mode": kind == "ceil"}
            layers.append({"MaxPool2d": own})
        elif kind == "up":
            layers.append({"Upsample": {"scale_factor": 2}})
        else:
            layers.append({"ConvTranspose2d": {"out_channels": 2, "kernel_size": 2, "stride": 2}})
    if draw(st.booleans()):
        layers = [{"Concat": {"dim": 1, "branches": {"body": layers, "skip": []}}}]
    return {"symbols": {"H": 32, "W": 32}, "input": [2, "H", "W"], "layers": layers}


@given(chains(), st.integers(1, LIMIT), st.booleans(), st.sampled_from(sorted(HOLDS)))
@settings(max_examples=60)
def test_random_chains_are_solved_as_by_trying(
    spec: dict[str, Any], n: int, exact: bool, relation: str
) -> None:
    network = shapecalc.load(spec)
    tries = {n: tried(network, {"H": n, "W": n}) for n in range(1, LIMIT + 1)}
    legal = {n: each for n, each in tries.items() if each is not None}
    of = legal.get(n)
    value = of.totals["activations"] if of else 10_000
    wanted = [Amount("activations", relation, value)]
    expected = {
        n
        for n, each in legal.items()
        if HOLDS[relation](each.totals["activations"], value) and not (exact and each.drops)
    }
    try:
        found = solved(network, wanted, {"W": "H"}, exact=exact)
    except SpecError:  # no height at all is legal
        found = set()
    assert found == expected


@given(st.integers(1, 40), st.sampled_from(sorted(HOLDS)), st.integers(-1, 1))
@settings(max_examples=30)
def test_channels_are_solved_for_params_and_macs(n: int, relation: str, shift: int) -> None:
    network = shapecalc.load("tinyvgg")
    every = {m: tried(network, {"hidden_units": m}) for m in (n - 1, n, n + 1) if m}
    value = every[n].totals["params"] + shift  # type: ignore[union-attr]
    try:
        found = solve(network, "hidden_units", [Amount("params", relation, value)]).solutions
    except NoSolution:
        assert not any(HOLDS[relation](e.totals["params"], value) for e in every.values() if e)
        return
    for m, each in every.items():
        assert each is not None
        assert (m in found) == HOLDS[relation](each.totals["params"], value)


NARROW = {
    "symbols": {"width": "3/4", "H": 32},
    "input": [3, "H", 32],
    "layers": [
        {"Conv2d": ["max(8, floor((32 * width + 4) / 8) * 8)", 3]},
        {"Conv2d": ["ceil(100 * width)", 3]},
        "Flatten",
        {"Linear": 10},
    ],
}


def narrow() -> Network:
    spec = json.loads(json.dumps(NARROW))
    for layer in spec["layers"][:2]:
        channels, kernel = layer["Conv2d"]
        layer["Conv2d"] = {"out_channels": channels, "kernel_size": kernel}
    return shapecalc.load(spec)


def test_a_width_is_solved_for_through_an_integer_in_its_place() -> None:
    network = narrow()
    with pytest.raises(QuestionError, match="--set width=w/8 --for w"):
        solve(network, "width", [Amount("params", "<=", 100_000)])
    limit = 700_000
    found = solve(network, "w", [Amount("params", "<=", limit)], {"width": "w/8"}).solutions
    for w in range(1, 40):
        each = tried(network, {"width": f"{w}/8"})
        assert each is not None
        assert (w in found) == (each.totals["params"] <= limit)


def test_a_formula_for_a_size_keeps_the_size_a_positive_whole_number() -> None:
    network = shapecalc.load("conv5x5_direct")
    found = solve(network, "h", [], {"H": "h/2 - 3"}).solutions
    assert [n for n in range(1, 13) if n in found] == [8, 10, 12]


def test_a_symbol_that_follows_the_unknown_in_the_spec_is_no_constant() -> None:
    spec = {"symbols": {"H": 8, "W": "H"}, "input": [1, "H", "W"], "layers": ["Flatten"]}
    found = solve(shapecalc.load(spec), "H", [OutputSize("flatten1", (49,))]).solutions
    assert list(found.members()) == [7]


@pytest.mark.parametrize(
    ("symbol", "wanted", "given", "says"),
    [
        ("H", [OutputSize("nowhere", (1,))], {}, "no layer at 'nowhere'"),
        ("H", [OutputSize("maxpool", (1,))], {}, "did you mean 'maxpool[123]'"),
        ("H", [OutputSize("conv1", (1, 2, 3, 4))], {}, "give one size for what depends on H"),
        ("Q", [], {}, "no symbol 'Q'"),
        ("H", [], {"H": 3}, "cannot be set as well"),
        ("H", [], {"W": "v"}, "v has no value"),
    ],
)
def test_questions_that_make_no_sense_are_refused(
    symbol: str, wanted: Any, given: Any, says: str
) -> None:
    with pytest.raises(QuestionError, match=says):
        solve(shapecalc.load("cifar10"), symbol, wanted, given)


@pytest.mark.parametrize(
    ("spec", "symbol", "wanted", "says"),
    [
        ("unet", "H", [OutputSize("up4", (31,))], "nearest are 30 at H = 240 and 32 at H = 256"),
        ("cifar10", "num_classes", [OutputSize("conv1", (4,))], "whatever num_classes is"),
        ("cifar10", "H", [OutputSize("maxpool3", (4, 5))], "never 5, whatever H is"),
        ("cifar10", "H", [Amount("params", "<", 5)], "the nearest is [0-9,]+ at H = 8 .. 15"),
        (
            "cifar10",
            "H",
            [OutputSize("maxpool3", (4,)), Amount("macs", ">", 10**9)],
            "each alone can be had, but not together: .* where H = 32 .. 39; the MACs > ",
        ),
    ],
)
def test_where_there_is_no_solution_the_reason_is_told(
    spec: str, symbol: str, wanted: Any, says: str
) -> None:
    with pytest.raises(NoSolution, match=says):
        solve(shapecalc.load(spec), symbol, wanted)


def test_a_budget_that_the_unknown_has_no_part_in_is_only_checked() -> None:
    network = shapecalc.load("resnet18")
    size, params = OutputSize("layer4", (7,)), 11_689_512  # as torchvision publishes them
    alone = solve(network, "H", [size])
    for relation, limit in (("<=", params), ("<", params + 1), ("==", params), (">=", params)):
        found = solve(network, "H", [size, Amount("params", relation, limit)])
        assert found.solutions == alone.solutions
        assert f"{limit:,}: 11,689,512, whatever H is" in text(found)
    for relation, limit in (("<=", params - 1), ("<", params), ("==", params + 1)):
        with pytest.raises(NoSolution, match="the params are 11,689,512, whatever H is"):
            solve(network, "H", [size, Amount("params", relation, limit)])


# -- the command ----------------------------------------------------------------------------------


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, ["solve", *arguments])


def test_cifar10_ends_in_4_for_32_to_39() -> None:
    done = run("cifar10", "--for", "H", "--at", "maxpool3", "--output", "4")
    assert done.exit_code == 0
    assert done.output.splitlines()[0] == "H = 32 .. 39"
    assert "exact    H = 32" in done.output


def test_resnet18_ends_in_7_for_193_to_224() -> None:
    done = run("resnet18", "--for", "H", "--at", "layer4", "--output", "7")
    assert done.output.splitlines()[0] == "H = 193 .. 224"


def test_unet_wants_multiples_of_16() -> None:
    assert run("unet", "--for", "H").output.splitlines()[0] == "H % 16 == 0: 16, 32, 48, 64, ..."


def test_tied_symbols_are_written_as_settings() -> None:
    both = ("--set", "W=H", "--at", "maxpool3", "--output", "64x4x4")
    assert run("cifar10", "--for", "H", *both).output.startswith("H = 32 .. 39\n")


def test_json_says_the_same_as_the_library() -> None:
    done = run("unet", "--for", "H", "--macs", "<=50G", "--set", "W=H", "--format", "json")
    found = json.loads(done.output)
    answer = solve(shapecalc.load("unet"), "H", [Amount("macs", "<=", 50 * 10**9)], {"W": "H"})
    listed = {
        n
        for each in found["intervals"]
        for n in range(each["first"], each["last"] + 1, each["step"])
    }
    assert listed == set(answer.solutions.members())
    assert found["count"] == len(listed)
    assert found["greatest"] == max(listed)
    assert all(eval(found["condition"], {"H": n}) == (n in listed) for n in range(1, 300))


@pytest.mark.parametrize(
    ("amount", "relation", "value"),
    [
        ("<=300M", "<=", 300 * 10**6),
        (">1.5k", ">", 1500),
        ("< 2.5 G", "<", 25 * 10**8),
        ("=540", "==", 540),
        ("540", "==", 540),
        ("<3T", "<", 3 * 10**12),
    ],
)
def test_amounts_are_exact_and_have_decimal_suffixes(
    amount: str, relation: str, value: int
) -> None:
    done = run("tinyvgg", "--for", "hidden_units", "--params", amount, "--format", "json")
    wanted = json.loads(done.output)["wanted"][0]
    assert (wanted["relation"], wanted["value"]) == (relation, value)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--for", "H", "--at", "conv1"), "--output does not say"),
        (("--for", "H", "--output", "4"), "--at does not say"),
        (("--for", "H", "--at", "conv1", "--output", "4by4"), "is no size"),
        (("--for", "H", "--macs", "many"), "is no amount"),
        (("--for", "H", "--macs", "1.5"), "no whole number"),
        (("--for", "H", "--set", "H=3"), "solved for"),
        (("--for", "Z"), "no symbol 'Z'"),
        (("--for", "H", "--at", "conv9", "--output", "4"), "did you mean 'conv"),
        ((), "--for"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: tuple[str, ...], says: str) -> None:
    done = run("cifar10", *arguments)
    assert done.exit_code == 2
    assert says in done.stderr


def test_no_solution_exits_with_1_and_says_why_on_standard_error() -> None:
    done = run("unet", "--for", "H", "--at", "up4", "--output", "31")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "nearest are 30 at H = 240 and 32 at H = 256" in done.stderr


def test_a_symbol_that_decides_anothers_value_can_be_solved_for() -> None:
    spec = {"symbols": {"H": 32, "n": "H and 1"}, "input": [3, "H", "H"], "layers": ["ReLU"]}
    found = solve(shapecalc.load(spec), "H", [Amount("activations", "==", 300)])
    assert list(found.solutions.members()) == [10]
