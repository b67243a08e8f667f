"""The catalogue as a whole: what torch has is there, with torch's words and defaults."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from fnmatch import fnmatch
from fractions import Fraction
from pathlib import Path

import pytest

from shapecalc.layers import KINDS
from shapecalc.layers.field import REQUIRED, SameAs
from tests.layers.torch_oracle import torch

LEFT_OUT = Path(__file__).parents[2] / "docs" / "not-in-the-catalogue.md"

TORCH_KINDS = [n for n, kind in KINDS.items() if hasattr(torch.nn, n) and not kind.is_state]

RECURRENT = ("RNN", "LSTM", "GRU")
STACKS = {
    "TransformerEncoder": torch.nn.TransformerEncoderLayer,
    "TransformerDecoder": torch.nn.TransformerDecoderLayer,
}


def left_out(heading):
    """The names, with stars for anything, that a table of the page tells the reasons for."""
    _, _, section = LEFT_OUT.read_text().partition(f"## {heading}")
    rows = [
        line.split("|")[1] for line in section.partition("\n## ")[0].splitlines() if "|" in line
    ]
    return [name for row in rows[2:] for name in re.findall(r"`(.*?)`", row)]


def is_left_out(name, heading):
    return any(fnmatch(name, pattern) for pattern in left_out(heading))


def signature(name):
    """The settings a torch module takes, with their defaults."""
    module = getattr(torch.nn, name)
    parameters = dict(
        inspect.signature(torch.nn.RNNBase if name in RECURRENT else module).parameters
    )
    if name in RECURRENT:  # their own signatures are (*args, **kwargs)
        del parameters["mode"]
    if name in STACKS:
        parameters |= inspect.signature(STACKS[name]).parameters
    rest = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {
        n: p.default for n, p in parameters.items() if p.kind not in rest and not n.startswith("_")
    }


def test_torchs_layers_are_there_or_left_out_for_a_reason():
    modules = {
        name
        for name, thing in vars(torch.nn).items()
        if isinstance(thing, type) and issubclass(thing, torch.nn.Module)
    }
    missing = {name for name in modules - KINDS.keys() if not is_left_out(name, "Layers")}
    assert not missing


def test_what_is_left_out_is_not_there():
    assert not [name for name in KINDS if is_left_out(name, "Layers")]
    fields = {field for name in TORCH_KINDS for field in KINDS[name].fields}
    assert not [name for name in fields if is_left_out(name, "Settings")]


@pytest.mark.parametrize("name", TORCH_KINDS)
def test_fields_are_torchs(name):
    theirs = signature(name).keys() | ({"nonlinearity"} if name == "RNN" else set())
    fields = KINDS[name].fields.keys()
    assert fields <= theirs
    missing = {field for field in theirs - fields if not is_left_out(field, "Settings")}
    assert missing == ({"proj_size"} if name in ("RNN", "GRU") else set())  # an LSTM's alone


@pytest.mark.parametrize("name", TORCH_KINDS)
def test_defaults_are_torchs(name):
    for field_name, default in signature(name).items():
        field = KINDS[name].fields.get(field_name)
        if field is None:
            continue
        if default is inspect.Parameter.empty:
            assert field.torch_default is REQUIRED
        elif isinstance(field.torch_default, SameAs):
            assert default is None
        elif isinstance(field.torch_default, Fraction):
            assert float(field.torch_default) == default
        elif field.torch_default == "relu":
            assert default in ("relu", torch.nn.functional.relu)
        elif name in STACKS and field_name == "norm":
            assert (field.torch_default, default) == (False, None)
        else:
            assert field.torch_default == default
            assert isinstance(default, bool) == isinstance(field.torch_default, bool)


def test_the_batch_is_first_where_torch_would_have_the_sequence_first():
    apart = {
        (name, n)
        for name, kind in KINDS.items()
        for n, field in kind.fields.items()
        if field.infer is None and field.torch_default != field.default
    }
    assert {n for _, n in apart} == {"batch_first"}
    assert all(
        kind.fields["batch_first"].default
        for kind in KINDS.values()
        if "batch_first" in kind.fields
    )


@pytest.mark.parametrize("name", KINDS)
def test_kinds_and_fields_are_documented(name):
    kind = KINDS[name]
    first_line = kind.__doc__.splitlines()[0]
    assert first_line.endswith(".")
    assert all(field.doc for field in kind.fields.values())


@pytest.mark.parametrize("name", KINDS)
def test_examples_work(name):
    kind = KINDS[name]
    layer = kind(**kind.example)
    x = kind.example_inputs()
    assert all(requirement.decide() is True for requirement in layer.requirements(*x))
    layer = layer.bound(*x)
    y = layer.output(*x)
    counts = [layer.macs(*x, y=y), layer.elementwise(*x, y=y), *y.shape]
    counts += [size for shape in layer.weights().values() for size in shape]
    counts += [size for buffer in layer.buffers().values() for size in buffer.shape]
    assert all(isinstance(count, int) and count >= 0 for count in counts)


@pytest.mark.parametrize("name", KINDS)
def test_binding_twice_changes_nothing(name):
    kind = KINDS[name]
    x = kind.example_inputs()
    bound = kind(**kind.example).bound(*x)
    assert bound.bound(*x) == bound
    assert all(requirement.decide() is True for requirement in bound.requirements(*x))


def test_numbers_need_no_heavy_library():
    code = (
        "import sys\n"
        "from shapecalc.layers import KINDS\n"
        "for kind in KINDS.values():\n"
        "    x = kind.example_inputs()\n"
        "    layer = kind(**kind.example)\n"
        "    assert all(r.decide() for r in layer.requirements(*x)), kind\n"
        "    layer.bound(*x).output(*x)\n"
        "assert not {'sympy', 'torch', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)


def test_what_slides_has_a_kernel_and_steps():
    for name, kind in KINDS.items():
        if kind.slides:
            assert {"kernel_size", "stride"} <= kind.fields.keys(), name
        if "ceil_mode" in kind.fields:
            assert kind.slides, name
            assert kind(**kind.example, ceil_mode=True).rounds_up, name
