"""Names and texts of a spec in emitted source: refused where they have a meaning, else harmless."""

from __future__ import annotations

import ast
import builtins
import json
import keyword
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import shapecalc
from shapecalc.emitting.module import module
from shapecalc.emitting.names import MODULE_ATTRIBUTES
from shapecalc.emitting.printer import docstring
from shapecalc.emitting.sequential import sequential
from shapecalc.language.problem import SpecError
from shapecalc.network import Network
from tests.emitting.emitted import assert_is, assert_is_clean, made, torch


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def conv(channels: Any) -> dict[str, Any]:
    return {"Conv2d": {"out_channels": channels, "kernel_size": 1}}


def spec(*layers: Any, **top: Any) -> dict[str, Any]:
    return {"name": "Net", "input": [3, 8, 8], "layers": list(layers), **top}


def layer(name: str) -> dict[str, Any]:
    others = [{"ReLU": None, "name": "last"}, {"Add": None, "from": [name, "last"]}]
    return spec({**conv(3), "name": name}, *others)


def optional_layer(name: str) -> dict[str, Any]:
    first, last = {"ReLU": None, "name": "first"}, {**conv(3), "name": name, "when": "on"}
    return spec(first, last, symbols={"on": 1}, outputs=["first", name])


def repeated_layer(name: str) -> dict[str, Any]:
    return spec({**conv("index + 1"), "name": name, "repeat": "n"}, symbols={"n": 2})


def repeated_join(name: str) -> dict[str, Any]:
    join = {"Add": {"branches": {"body": [conv(3)], "shortcut": []}}}
    return spec({**join, "name": name, "repeat": 2})


def function(name: str) -> dict[str, Any]:
    return spec({"Permute": [0, 1, 3, 2], "name": name, "repeat": "n"}, symbols={"n": 3})


def branch(name: str) -> dict[str, Any]:
    inside = [{**conv(3), "name": name}, {"ReLU": None, "from": "input"}]
    return spec({"Add": {"branches": {name: inside, "shortcut": []}}})


def block(name: str) -> dict[str, Any]:
    uses = [{name: 3, "name": "one"}, {name: None, "repeat": 2, "name": "more"}]
    return spec(*uses, blocks={name: {"args": {"n": 3}, "layers": [conv("n")]}})


def argument(name: str) -> dict[str, Any]:
    layers = [conv(name), {**conv("twice"), "repeat": name}]
    blocks = {"Block": {"args": {name: None, "twice": f"2*{name}"}, "layers": layers}}
    return spec({"Block": 3}, {"Block": {name: "index + 1"}, "repeat": 2}, blocks=blocks)


def symbol(name: str) -> dict[str, Any]:
    blocks = {"Block": {"args": {"n": None}, "layers": [conv(f"n*{name}")]}}
    optional = {"ReLU": None, "when": f"{name} > 1"}
    layers = [{"Block": 3}, {**conv(name), "repeat": name}, optional]
    return spec(*layers, symbols={name: 2}, blocks=blocks)


def tensor(name: str) -> dict[str, Any]:
    first, join = {**conv(3), "from": name}, {"Add": None, "from": ["other", name]}
    inputs = {name: [3, 8, 8], "other": [3, 8, 8]}
    return {"name": "Net", "inputs": inputs, "layers": [first, join]}


def network(name: str) -> dict[str, Any]:
    return {**spec("Net"), "name": name, "blocks": {"Net": {"layers": ["ReLU"]}}}


Role = Callable[[str], dict[str, Any]]

LAYERS: list[Role] = [layer, optional_layer, repeated_layer, repeated_join, function, branch]
"""What is named like a submodule."""

OTHERS: list[Role] = [block, argument, symbol, tensor]

WORDS = dict.fromkeys(
    [
        *(name for name in dir(builtins) if name.islower() or name.startswith("__")),
        *("self", "torch", "nn", "math", "Tensor", "Fraction", "OrderedDict", "device"),
        *("x", "y", "out", "each", "layers", "model", "output", "index", "match", "case", "type"),
        *("B", "H", "W", "in_channels", "in_height", "last_", "has_last", "Net_", "NetNetwork"),
        *("_", "__", "_n", "__n", "__n__", "__n_", "__class__", "__init__", "__dict__"),
    ]
)


def assert_harmless(source: str, wanted: Network) -> None:
    try:
        assert_is(made(source), wanted.report())
    except Exception:
        print(source)
        raise


def is_written(wanted: dict[str, Any], word: str, style: Any) -> bool:
    """Whether a spec is written, and right; else it must be refused at the word's place."""
    try:
        network = shapecalc.load(wanted)
        network.report()
        source = style(network)
    except SpecError as error:
        assert word in error.problems[0].message  # noqa: PT017
        assert error.problems[0].mark.line > 1  # noqa: PT017
        return False
    assert_harmless(source, network)
    return True


@pytest.fixture
def words(request: pytest.FixtureRequest) -> list[str]:
    """All words with ``--thorough``, else every eighth."""
    return [*WORDS][:: 1 if request.config.getoption("--thorough") else 8]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("role", [*LAYERS, *OTHERS, network])
def test_a_word_that_means_something_is_refused_or_harmless(role: Role, words: list[str]) -> None:
    written = [word for word in words if is_written(role(word), word, module)]
    assert len(written) > len(words) // 2


@pytest.mark.one_in(3)
@pytest.mark.parametrize("role", [repeated_layer, block, argument, symbol, network])
def test_a_word_that_means_something_is_harmless_in_a_sequential(
    role: Role, words: list[str]
) -> None:
    written = [word for word in words if is_written(role(word), word, sequential)]
    assert len(written) > len(words) // 2


@pytest.mark.parametrize("role", [argument, symbol, tensor])
@pytest.mark.parametrize("word", ["range", "torch", "int"])
def test_source_with_a_word_that_means_something_is_clean(role: Role, word: str) -> None:
    assert_is_clean(module(shapecalc.load(role(word))))


@pytest.mark.parametrize("names", [("torch", "torch_"), ("in_channels", "in_channels_")])
def test_arguments_whose_names_are_changed_stay_apart(names: tuple[str, str]) -> None:
    first, second = names
    layers = [conv(f"{first} + 2*{second}")]
    blocks = {"Block": {"args": {first: 2, second: 3}, "layers": layers}}
    wanted = shapecalc.load(spec({"Block": 1}, blocks=blocks))
    assert_harmless(module(wanted), wanted)


def test_a_symbol_and_a_size_that_has_to_be_given_stay_apart() -> None:
    blocks = {"Block": {"layers": ["Flatten", {"Linear": "linear1_in_features"}]}}
    layers = ["Block", {"Linear": 7}, "Block"]
    wanted = shapecalc.load(spec(*layers, blocks=blocks, symbols={"linear1_in_features": 3}))
    assert_harmless(module(wanted), wanted)


def test_an_input_that_is_called_as_a_layer_is_by_its_kind_is_refused_or_harmless() -> None:
    is_written(tensor("conv1"), "conv1", module)


# -- attributes of modules ---------------------------------------------------------------------


def test_the_attributes_of_modules_are_those_of_torch() -> None:
    nn = torch.nn
    own = {
        name
        for made in (nn.Module(), nn.Sequential(), nn.ModuleDict(), nn.ModuleList())
        for name in dir(made)
        if not name.startswith("__")
    }
    assert own - MODULE_ATTRIBUTES == set()


@pytest.mark.one_in(3)
@pytest.mark.parametrize("role", LAYERS)
def test_no_layer_is_called_like_an_attribute_of_modules(role: Role) -> None:
    attributes = [name for name in dir(torch.nn.Module()) if not name.startswith("__")]
    for name in [*attributes, "keys", "append"]:
        with pytest.raises(SpecError) as error:
            module(shapecalc.load(role(name)))
        (problem,) = error.value.problems
        assert problem.message.startswith(repr(name))
        assert "attribute of torch's modules" in problem.message or name.startswith("_")
        assert problem.notes == ("choose another name",)
        assert problem.mark.line > 1


# -- what is no identifier ---------------------------------------------------------------------

HOSTILE = [
    *('a"b', "a'b", "a\\", "a\nb", "a b", "a..b", "a-b", "a;b", "a)", "a[0]", "a\x00", "", "1a"),
    *("x) or print(", '"]; import os; ["', "#", "\u00e9", "a\u200b", "a\u202eb"),
    *("\uff53\uff45\uff4c\uff46", "\ufb01", "\u0430"),  # look like self, fi and a
    *keyword.kwlist,
]


@pytest.mark.parametrize("role", [*LAYERS, *OTHERS])
def test_what_is_no_identifier_is_refused(role: Role) -> None:
    for name in HOSTILE:
        with pytest.raises(SpecError) as error:
            module(shapecalc.load(role(name)))
        assert all(problem.mark.line >= 1 for problem in error.value.problems)


def test_words_as_arguments_are_no_way_in() -> None:
    layers = [{"Conv2d": {"out_channels": 3, "kernel_size": 1, "padding_mode": "mode"}}]
    blocks = {"Block": {"args": {"mode": None}, "layers": layers}}
    wanted = shapecalc.load(spec({"Block": "circular"}, blocks=blocks))
    assert_harmless(module(wanted), wanted)
    for name in ['a"', '"); import os; ("', "zeros\n", "\\"]:
        with pytest.raises(SpecError):
            module(shapecalc.load(spec({"Block": name}, blocks=blocks)))


# -- texts -------------------------------------------------------------------------------------

TEXTS = [
    *('"""', "'''", '"', "'", "\\", 'ends with "', "ends with \\", '"""\nimport os\n"""', '\\"""'),
    *("\\N{BULLET}", "\\x00", "\\u0022" * 3, "{0} %s", "# noqa", ">>> print(1)\n1", "\x00", "\x1b"),
    *("\u2028import os", "\x85import os", "\u202e\u2066", "long " * 500, "l" * 500, "wörld 漢字"),
    *("  a\tb\n  c", "A table:\n\n  a  1\n  b  2", "a\r\nb\r\rc", "a\u00a0b", ".", "-", "3"),
]


def statements(source: str) -> str:
    """What some source does: its syntax tree without docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                assert isinstance(first.value.value, str)
                del node.body[0]
    return ast.dump(tree)


@pytest.mark.one_in(5)
@pytest.mark.parametrize("style", [module, sequential])
@pytest.mark.parametrize("text", TEXTS)
def test_what_is_told_of_a_network_stays_in_docstrings(text: str, style: Any) -> None:
    def told(about: str) -> str:
        blocks = {"Block": {"about": about, "layers": ["ReLU"]}}
        source: str = style(shapecalc.load(spec("Block", about=about, blocks=blocks)))
        return source

    assert statements(told(text)) == statements(told("A network."))
    assert_is_clean(told(text))


@pytest.mark.one_in(5)
@pytest.mark.parametrize("style", [module, sequential])
@pytest.mark.parametrize("text", TEXTS)
def test_a_networks_name_is_a_name_and_text_in_docstrings(text: str, style: Any) -> None:
    def named(name: str) -> str:
        source: str = style(shapecalc.load(network(name)))
        return source

    source = named(text)
    kinds = (ast.ClassDef, ast.FunctionDef)
    name = [node.name for node in ast.parse(source).body if isinstance(node, kinds)][-1]
    assert name.isascii()
    assert name.isidentifier()
    assert statements(source) == statements(named(name))
    assert_is_clean(source)


def test_what_cannot_be_printed_is_shown_to_be_there() -> None:
    (told,) = docstring('one\x00two\u202ethree, a slash \\ and a "quote".', 0)
    assert told == '"""one\ufffdtwo\ufffdthree, a slash / and a \'quote\'."""'


def test_a_table_is_told_as_it_is() -> None:
    table = "     a   b\n  1  12  3\n  2   4  5"
    about = f"How many there are:\n\n{table}\n\nThat is all."
    network = shapecalc.load(json.dumps(spec("ReLU", about=about)))
    assert f"\n{table}\n" in module(network)


@given(st.text() | st.text("\"'\\\n x"), st.sampled_from([0, 4]))
def test_any_text_is_one_docstring(text: str, indent: int) -> None:
    pad = " " * indent
    source = "\n".join(["if True:"] * bool(indent) + [*docstring(f"A {text}", indent), f"{pad}end"])
    body = ast.parse(source).body
    inner = body[0].body if isinstance(body[0], ast.If) else body
    assert [type(node) for node in inner] == [ast.Expr, ast.Expr]
    assert len(body) == (1 if indent else 2)
