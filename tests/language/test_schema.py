"""The JSON Schema of specs: what it takes and refuses, held against reading the same specs."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import shapecalc
from shapecalc.analysis.schema import report_schema
from shapecalc.language.composing import Node, compose
from shapecalc.language.parse import _uses, parse
from shapecalc.language.problem import Source
from shapecalc.language.schema import spec_schema
from shapecalc.language.text import decode
from shapecalc.layers import KINDS
from shapecalc.network import Network
from tests.bundled import thorough
from tests.fuzz.cases import case
from tests.test_errors import TOP

jsonschema = pytest.importorskip("jsonschema")

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.yaml"))
SCHEMA = spec_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def data(node: Node) -> Any:
    """A spec as plain data, as an editor's own reader has it."""
    if isinstance(node.value, dict):
        return {name: data(pair.value) for name, pair in node.value.items()}
    if isinstance(node.value, list):
        return [data(item) for item in node.value]
    return float(node.value) if isinstance(node.value, Fraction) else node.value


def told(source: Source) -> list[str]:
    """What the schema has against a spec."""
    errors = VALIDATOR.iter_errors(data(compose(source)))
    return [f"{list(each.absolute_path)}: {each.message[:200]}" for each in errors]


def is_all_built(network: Network) -> bool:
    """Whether every layer of a spec, those in its blocks too, is in the network."""
    built = {id(data["node"].entry) for _, data in network.graph.nodes(data=True)}
    lists = [network.spec.entries, *(block.entries for block in network.spec.blocks.values())]
    written = [entry for entries in lists for entry in _uses(entries)]
    return all(id(entry) in built for entry in written if entry.block is None)


def of_text(text: str) -> list[str]:
    return told(Source("<text>", text))


@pytest.mark.thorough
def test_it_is_a_schema_of_draft_2020_12() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_bundled_specs_are_valid(path: Path) -> None:
    assert told(decode(path.read_bytes(), path.name)) == []


@pytest.mark.one_in(3)
@pytest.mark.parametrize("first", range(0, 600, 100))
def test_what_works_is_valid(first: int) -> None:
    for number in range(first, first + 100):
        try:
            source = decode(case(11, number), "case")
            network = Network(parse(source), 1000)
            network.report()
        except (shapecalc.SpecError, shapecalc.SettingError):
            continue
        if not is_all_built(network):
            continue  # what is never built is never asked whether it can be
        assert told(source) == [], f"case({11}, {number}): {source.text}"


WRONG = {
    "a kind that is none": "input: [3, 8, 8]\nlayers: [{Conv2: 3}]",
    "a field that is none": "input: [3, 8, 8]\nlayers: [{Conv2d: {out_channels: 3, kernel: 3}}]",
    "a field left out": "input: [3, 8, 8]\nlayers: [{Conv2d: {out_channels: 3}}]",
    "a kind alone that needs a field": "input: [3]\nlayers: [Linear]",
    "a negative size": "input: [3]\nlayers: [{Linear: -1}]",
    "a list too long": "input: [3, 8, 8]\nlayers: [{MaxPool2d: [2, 2, 2]}]",
    "a flag that is a list": "input: [3]\nlayers: [{Linear: {out_features: 3, bias: [1]}}]",
    "a mapping for a number": "input: [3]\nlayers: [{Linear: {out_features: {a: 1}}}]",
    "no layers": "input: [3]\nname: none",
    "no input": "name: none\nlayers: [ReLU]",
    "two kinds of input": "input: [3]\ninputs: {x: [3]}\nlayers: [ReLU]",
    "layers that are none": "input: [3]\nlayers: []",
    "a key at the top": "input: [3]\nlayer: [ReLU]\nlayers: [ReLU]",
    "a type that is none": "inputs: {x: {shape: [3], dtype: float}}\nlayers: [ReLU]",
    "an input of no size": "input: [0]\nlayers: [ReLU]",
    "two kinds in one entry": "input: [3]\nlayers: [{Linear: 3, ReLU: }]",
    "two kinds beside blocks": (
        "input: [3]\nblocks: {A: {layers: [ReLU]}}\n"
        "layers: [{Linear: 3, ReLU: , Tanh: , Sigmoid: , GELU: , ELU: , SELU: , CELU: , Mish: }]"
    ),
    "a field in a block": "input: [3]\nblocks: {A: {layers: [{Linear: {out: 3}}]}}\nlayers: [A]",
    "a field in a branch": "input: [3]\nlayers: [{Add: {branches: [[{Linear: {out: 3}}], []]}}]",
    "a name that is none": "input: [3]\nlayers: [{ReLU: , name: 3x}]",
    "a symbol that has a meaning": "symbols: {index: 3}\ninput: [3]\nlayers: [ReLU]",
    "a block named like a kind": "input: [3]\nblocks: {ReLU: {layers: [Tanh]}}\nlayers: [Tanh]",
    "signs of no expression": "input: [3]\nlayers: [{Linear: '3 & 4'}]",
}


@pytest.mark.parametrize("what", WRONG)
def test_what_can_be_seen_to_be_wrong_is_refused_as_reading_refuses_it(what: str) -> None:
    with pytest.raises(shapecalc.SpecError):
        shapecalc.load(WRONG[what]).report()
    assert of_text(WRONG[what])


UNSEEN = (
    *("unknown name", "got the end", "a division by zero", "expected a number", "uses itself"),
    *(
        "expected a positive integer",
        "expected an integer up to",
        "no entry of 'layers' is named",
        "every output is left out",
    ),
)
"""What hangs on another place of the spec, or on what an expression comes to."""


@pytest.mark.parametrize(("marked", "phrase"), [row[:2] for row in TOP])
def test_of_all_mistakes_at_the_top_only_those_are_not_seen_that_cannot_be(
    marked: str, phrase: str
) -> None:
    source = Source("<text>", marked.replace("»", ""))
    try:
        compose(source)
    except shapecalc.SpecError:
        return  # not YAML, which the editor's own reader tells
    assert told(source) or any(each in phrase for each in UNSEEN)


def test_a_kind_beside_blocks_may_be_a_block() -> None:
    text = "input: [3]\nblocks: {Unit: {args: {n: 3}, layers: [{Linear: n}]}}\nlayers: "
    for layers in ("[Unit]", "[{Unit: 4}]", "[{Unit: {n: 4}, repeat: 2, name: units}]"):
        assert of_text(text + layers) == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_and_field_comes_with_its_words(kind: str) -> None:
    found = SCHEMA["$defs"][kind]
    assert found["description"].startswith(
        SCHEMA["$defs"]["layer"]["anyOf"][1]["properties"][kind]["description"]
    )
    fields = found["anyOf"][0]["properties"]
    for name, declared in KINDS[kind].fields.items():
        assert fields[name]["description"].startswith(declared.doc)


@pytest.mark.parametrize("name", ["lenet5", "unet", *thorough(["resnet18", "vit", "mixtral"])])
@pytest.mark.parametrize("symbolic", [False, True])
def test_reports_are_valid_by_the_report_s_own_schema(name: str, symbolic: bool) -> None:
    report = shapecalc.load(name).report(symbolic=symbolic).to_dict()
    jsonschema.Draft202012Validator.check_schema(report_schema())
    jsonschema.Draft202012Validator(report_schema()).validate(report)
