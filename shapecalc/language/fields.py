"""Fields that there are none of: what other frameworks call them, and values given by position."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from shapecalc.language.calls import entry_of, settings_of, sketch
from shapecalc.language.problem import listing
from shapecalc.language.slips import THOUSANDS
from shapecalc.layers import Layer
from shapecalc.layers.types import FieldType, Number, Whole

_CALLED = {
    "out_channels": (
        "filters numfilters nfilters outplanes nout features out cout channels numoutput "
        "outputchannels outchannel"
    ),
    "out_features": (
        "units outputdim outdim nout outputsize numoutputs features out size hidden numunits"
    ),
    "hidden_size": "units hiddendim numunits outputdim hidden size",
    "kernel_size": "poolsize filtersize ksize kernelshape windowsize windowshape k ks size",
    "stride": "strides subsample subsampling s step",
    "padding": "pad pads p",
    "dilation": "dilationrate dilationfactor rate d",
    "in_channels": "in cin inputchannels nin inplanes inchannel",
    "in_features": "in nin inputdim indim inputsize",
    "num_features": "channels numchannels nchannels features nfeatures",
    "output_size": "size outsize",
    "mode": "interpolation method",
    "num_layers": "layers depth",
    "dim_feedforward": "ffndim dff ff ffdim mlpdim",
    "embed_dim": "dmodel",
    "p": "rate prob dropprob droprate dropout probability ratio",
    "bias": "usebias withbias",
    "affine": "center scale",
    "eps": "epsilon",
    "dim": "axis",
    "dims": "axes perm",
    "shape": "targetshape newshape",
    "negative_slope": "alpha slope leak",
    "num_embeddings": "inputdim vocabsize",
    "embedding_dim": "outputdim embeddim",
    "num_groups": "groups",
    "scale_factor": "scale factor",
    "num_heads": "heads nhead",
    "nhead": "heads numheads",
}
"""The fields of the catalogue, and their names elsewhere, without signs and capitals."""

_BESIDE = {
    "activation": "an activation is an entry by its own name, such as ReLU",
    "inputshape": "the network's input stands at the top: input: [3, 224, 224]",
    "batchinputshape": "the network's input stands at the top: input: [3, 224, 224]",
    "dataformat": "channels come first here, as in torch",
    "device": "leave it out: there are no numbers here, only shapes",
    "kernelinitializer": "leave it out: there are no numbers here, only shapes",
    "biasinitializer": "leave it out: there are no numbers here, only shapes",
    "kernelregularizer": "leave it out: there are no numbers here, only shapes",
    "keepprob": "p is the share that is dropped: 1 - keep_prob",
    "trainable": "leave it out: every weight counts",
    "returnsequences": "all outputs are there, each by its name: from: lstm1.h_n",
    "returnstate": "all outputs are there, each by its name: from: lstm1.h_n",
    "returnindices": "indices are there where they are asked for: from: maxpool1.indices",
}


def elsewhere(name: str, known: Collection[str]) -> tuple[str, str]:
    """Which of the known fields another framework calls so, and a hint; empty if there is none.

    >>> elsewhere("filters", ["out_channels", "kernel_size"])
    ('out_channels', "called 'out_channels' here")
    >>> elsewhere("activation", ["out_features"])
    ('', 'an activation is an entry by its own name, such as ReLU')
    """
    plain = name.casefold().replace("_", "")
    for field in known:
        if plain in _CALLED.get(field, "").split():
            return field, f"called {field!r} here"
    return "", _BESIDE.get(plain, "")


def is_several(type: FieldType[Any], value: Any) -> bool:
    """Whether several values are given, as torch takes them, for a field that is one number.

    >>> [is_several(Whole(), value) for value in ([3, 64, 3], "(3, 64)", "n + 1")]
    [True, True, False]
    """
    if not isinstance(type, (Whole, Number)):
        return False
    if isinstance(value, list):
        return len(value) > 1
    return isinstance(value, str) and re.fullmatch(r"\(?[^()]+(,[^()]+)+\)?", value) is not None


def by_name(kind: type[Layer], values: list[str]) -> tuple[str, ...]:
    """Hints on values that are given in torch's order, or else in the order of fields.

    >>> from shapecalc.layers import KINDS
    >>> by_name(KINDS["Conv2d"], ["3", "64", "3"])[0]
    'written here: Conv2d: {out_channels: 64, kernel_size: 3}'
    >>> by_name(KINDS["Linear"], ["784", "10"])
    ('written here: Linear: 10', 'in_features follows from what comes in')
    """
    if isinstance(next(iter(kind.fields.values())).type, Number) and len(values) == 2:
        return (f"a decimal fraction has a point: {kind.kind}: {'.'.join(values)}",)
    if re.fullmatch(THOUSANDS, ",".join(values)):
        return (f"digits stand together: {''.join(values)}",)
    named = in_order(kind, values)
    if named is None:
        return (f"written here: {sketch(kind)}",)
    written = f"written here: {entry_of(kind, named)}"
    inferred = [name for name in kind.parameters()[: len(values)]
                if name in kind.fields and kind.fields[name].infer is not None]  # fmt: skip
    if not inferred or len(named) == len(values):
        return (written,)
    return written, f"{listing(inferred)} follows from what comes in"


def by_keyword(kind: type[Layer], text: str) -> str:
    """The entry that text like a call's arguments by name means; empty if it is none.

    >>> from shapecalc.layers import KINDS
    >>> by_keyword(KINDS["MaxPool2d"], "kernel_size=2, stride=1")
    'MaxPool2d: {kernel_size: 2, stride: 1}'
    """
    if not re.match(r"\s*[A-Za-z_]\w*\s*=(?!=)", text):
        return ""
    apart = re.sub(r"(?<=[^\s,=])\s+(?=[A-Za-z_]\w*\s*=)", ", ", text)
    named = settings_of(f"{kind.kind}({apart})", kind)
    return entry_of(kind, named) if named and named.keys() <= kind.fields.keys() else ""


def in_order(kind: type[Layer], values: list[str]) -> dict[str, str] | None:
    """The fields that values are meant for, in torch's order or else in the order of fields.

    >>> from shapecalc.layers import KINDS
    >>> in_order(KINDS["Linear"], ["784", "256"])
    {'out_features': '256'}
    """
    named = settings_of(f"{kind.kind}({', '.join(values)})", kind)
    is_whole = named is not None and all(
        name in named for name, field in kind.fields.items() if field.is_required
    )
    return named if is_whole else None
