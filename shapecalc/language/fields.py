"""Fields that there are none of: what other frameworks call them, and values given by position."""

from __future__ import annotations

import re
from typing import Any

from shapecalc.language.calls import as_entry, sketch
from shapecalc.layers import Layer
from shapecalc.layers.types import FieldType, Number, Whole

_CALLED = {
    "out_channels": "filters numfilters nfilters outplanes nout",
    "out_features": "units outputdim outdim nout outputsize numoutputs",
    "hidden_size": "units hiddendim numunits outputdim",
    "kernel_size": "poolsize filtersize ksize kernelshape windowsize",
    "stride": "strides subsample subsampling",
    "dilation": "dilationrate dilationfactor rate",
    "p": "rate prob dropprob droprate dropout probability ratio",
    "bias": "usebias withbias",
    "affine": "center scale",
    "eps": "epsilon",
    "dim": "axis",
    "dims": "axes perm",
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
    "trainable": "leave it out: every weight counts",
    "returnsequences": "all outputs are there, each by its name: from: lstm1.h_n",
    "returnstate": "all outputs are there, each by its name: from: lstm1.h_n",
    "returnindices": "indices are there where they are asked for: from: maxpool1.indices",
}


def elsewhere(name: str, known: list[str]) -> tuple[str, str]:
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


def by_name(kind: type[Layer], values: list[str]) -> str:
    """The entry with values that are given in torch's order, or else in the order of fields.

    >>> from shapecalc.layers import KINDS
    >>> by_name(KINDS["Conv2d"], ["3", "64", "3"])
    'Conv2d: {out_channels: 64, kernel_size: 3}'
    >>> by_name(KINDS["Conv2d"], ["64", "3"])
    'Conv2d: {out_channels: 64, kernel_size: 3}'
    """
    required = [name for name, field in kind.fields.items() if field.is_required]
    entry = as_entry(f"{kind.kind}({', '.join(values)})", kind)
    if all(f"{name}: " in entry for name in required) and "..." not in entry:
        return entry
    if len(values) == len(required):
        return f"{kind.kind}: {{{', '.join(map('{}: {}'.format, required, values))}}}"
    return sketch(kind)
