"""The catalogue as a whole: what torch has is there, with torch's words and defaults."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from fractions import Fraction

import pytest

from shapecalc.layers import KINDS
from shapecalc.layers.field import REQUIRED, SameAs
from tests.layers.torch_oracle import torch

FAMILIES = (
    "activation batchnorm conv dropout flatten instancenorm linear normalization padding pooling"
)
"""The modules of torch.nn whose layers are all to be in the catalogue."""

LEFT_OUT = {
    "CrossMapLRN2d": "an older LocalResponseNorm, which torch keeps for old files",
    "FractionalMaxPool2d": "its windows are random",
    "FractionalMaxPool3d": "its windows are random",
    "MaxUnpool1d": "needs the places of the maxima, which a max pool does not return here",
    "MaxUnpool2d": "needs the places of the maxima, which a max pool does not return here",
    "MaxUnpool3d": "needs the places of the maxima, which a max pool does not return here",
    "MultiheadAttention": "returns two tensors; it is not one layer but a small network",
    "SyncBatchNorm": "a batch norm for training on several devices, of the same sizes",
}
"""Layers of torch.nn that are not in the catalogue, and why. (Lazy ones infer sizes as all do.)"""

FIELDS_LEFT_OUT = {
    "device": "where a layer lives is no matter of sizes",
    "dtype": "weights are of torch's default type",
    "return_indices": "a layer has one output",
    "min_value": "a deprecated name of min_val",
    "max_value": "a deprecated name of max_val",
}
"""Settings in torch that are no fields here, and why."""

BIAS_LEFT_OUT = ("BatchNorm", "InstanceNorm", "GroupNorm")
"""Norms whose ``bias`` setting is too new in torch to be written into a module."""

TORCH_KINDS = [name for name in KINDS if hasattr(torch.nn, name)]


def signature(name):
    """The settings a torch module takes, with their defaults."""
    parameters = inspect.signature(getattr(torch.nn, name)).parameters.values()
    return {
        p.name: p.default for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    }


def test_torchs_layers_are_there_or_left_out_for_a_reason():
    missing = {
        name
        for family in FAMILIES.split()
        for name in getattr(torch.nn.modules, family).__all__
        if name not in KINDS and not name.startswith("Lazy")
    }
    assert missing <= LEFT_OUT.keys()


@pytest.mark.parametrize("name", TORCH_KINDS)
def test_fields_are_torchs(name):
    theirs = signature(name)
    assert set(KINDS[name].fields) <= theirs.keys()
    left_out = theirs.keys() - KINDS[name].fields - FIELDS_LEFT_OUT.keys()
    assert left_out <= ({"bias"} if name.startswith(BIAS_LEFT_OUT) else set())


@pytest.mark.parametrize("name", TORCH_KINDS)
def test_defaults_are_torchs(name):
    for field_name, default in signature(name).items():
        field = KINDS[name].fields.get(field_name)
        if field is None or field.infer is not None:
            continue
        if default is inspect.Parameter.empty:
            assert field.default is REQUIRED
        elif isinstance(field.default, SameAs):
            assert default is None
        elif isinstance(field.default, Fraction):
            assert float(field.default) == default
        else:
            assert field.default == default
            assert isinstance(default, bool) == isinstance(field.default, bool)


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
    x = x if kind.joins else x[0]
    assert all(requirement.decide() is True for requirement in layer.requirements(x))
    layer = layer.bound(x)
    y = layer.output(x)
    counts = [layer.macs(x, y), layer.elementwise(x, y), *y.shape]
    counts += [size for shape in layer.weights().values() for size in shape]
    counts += [size for buffer in layer.buffers().values() for size in buffer.shape]
    assert all(isinstance(count, int) and count >= 0 for count in counts)


@pytest.mark.parametrize("name", KINDS)
def test_binding_twice_changes_nothing(name):
    kind = KINDS[name]
    x = kind.example_inputs()
    x = x if kind.joins else x[0]
    bound = kind(**kind.example).bound(x)
    assert bound.bound(x) == bound
    assert all(requirement.decide() is True for requirement in bound.requirements(x))


def test_numbers_need_no_heavy_library():
    code = (
        "import sys\n"
        "from shapecalc.layers import KINDS\n"
        "for kind in KINDS.values():\n"
        "    x = kind.example_inputs()\n"
        "    x = x if kind.joins else x[0]\n"
        "    layer = kind(**kind.example)\n"
        "    assert all(r.decide() for r in layer.requirements(x)), kind\n"
        "    layer.bound(x).output(x)\n"
        "assert not {'sympy', 'torch', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)
