"""Python's calls, read as the entry that says the same: ``nn.Linear(10, 5)`` is ``Linear: 5``."""

from __future__ import annotations

import ast
import re
from typing import Any

from shapecalc.layers import Layer

_ORDERS = {
    "Conv": (
        *("in_channels", "out_channels", "kernel_size", "stride", "padding"),
        *("dilation", "groups", "bias", "padding_mode"),
    ),
    "ConvTranspose": (
        *("in_channels", "out_channels", "kernel_size", "stride", "padding"),
        *("output_padding", "groups", "bias", "dilation", "padding_mode"),
    ),
    "MaxPool": ("kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode"),
    "Fold": ("output_size", "kernel_size", "dilation", "padding", "stride"),
    "GroupNorm": ("num_groups", "num_channels", "eps", "affine"),
    "MultiheadAttention": (
        *("embed_dim", "num_heads", "dropout", "bias", "add_bias_kv", "add_zero_attn"),
        *("kdim", "vdim", "batch_first"),
    ),
    "EmbeddingBag": (
        *("num_embeddings", "embedding_dim", "max_norm", "norm_type", "scale_grad_by_freq"),
        *("mode", "sparse"),
    ),
    "Transformer": (
        *("d_model", "nhead", "num_encoder_layers", "num_decoder_layers", "dim_feedforward"),
        *("dropout", "activation"),
    ),
    "RNN": ("input_size", "hidden_size", "num_layers", "nonlinearity", "bias", "batch_first"),
    "LSTM": ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout"),
    "GRU": ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout"),
    "TransformerEncoder": (),
    "TransformerDecoder": (),
}
"""The order of arguments in torch, by kinds without their rank, where it is not the usual one."""

_IDLE = ("device", "dtype", "inplace")
"""Arguments that tell nothing of sizes."""


def is_call(text: str) -> bool:
    """Whether a text is a call, as Python writes it.

    >>> is_call("Conv2d(3, 64, 3)"), is_call("Conv2d")
    (True, False)
    """
    return re.match(r"\s*[A-Za-z_][\w.]*\s*\(", text) is not None


def called(text: str) -> str:
    """What a call calls, with the module before it.

    >>> called("nn.Linear(10, 5)")
    'nn.Linear'
    """
    return text.partition("(")[0].strip()


def order(kind: type[Layer]) -> tuple[str, ...]:
    """The names of the arguments that torch's class takes by position.

    >>> order(KINDS["Linear"])
    ('in_features', 'out_features', 'bias')
    """
    special = _ORDERS.get(re.sub("[123]d$", "", kind.kind))
    if special is not None:
        return special
    inferred = [name for name, field in kind.fields.items() if field.infer is not None]
    return tuple(dict.fromkeys([*inferred, *kind.fields]))


def as_entry(text: str, kind: type[Layer]) -> str:
    """The entry that says what the call of a kind's class says; what is inferred is left out.

    Where the arguments are not understood, it is a sketch.

    >>> as_entry("Conv2d(3, 64, 3, padding=1)", KINDS["Conv2d"])
    'Conv2d: {out_channels: 64, kernel_size: 3, padding: 1}'
    >>> as_entry("nn.Linear(10, 5)", KINDS["Linear"])
    'Linear: 5'
    """
    given = _arguments(text, order(kind))
    if given is None:
        return sketch(kind)
    said = {
        name: value
        for name, value in given.items()
        if name not in _IDLE and not (name in kind.fields and kind.fields[name].infer is not None)
    }
    if not said:
        return kind.kind
    if list(said) == [next(iter(kind.fields))] and not said[next(iter(said))].startswith("{"):
        return f"{kind.kind}: {next(iter(said.values()))}"
    return f"{kind.kind}: {{{', '.join(f'{name}: {value}' for name, value in said.items())}}}"


def sketch(kind: type[Layer]) -> str:
    """An entry of a kind with the fields that it needs.

    >>> sketch(KINDS["Conv2d"])
    'Conv2d: {out_channels: ..., kernel_size: ...}'
    """
    required = [name for name, field in kind.fields.items() if field.is_required]
    if not required:
        return kind.kind
    if required == [next(iter(kind.fields))]:
        return f"{kind.kind}: ..."
    return f"{kind.kind}: {{{', '.join(f'{name}: ...' for name in required)}}}"


def _arguments(text: str, names: tuple[str, ...]) -> dict[str, str] | None:
    """The arguments of a call by name, as a spec writes them; None where they are no literals."""
    try:
        call = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(call, ast.Call) or len(call.args) > len(names):
        return None
    pairs: list[tuple[str | None, ast.expr]] = [*zip(names, call.args)]
    pairs += [(keyword.arg, keyword.value) for keyword in call.keywords]
    given = {}
    for name, value in pairs:
        said = _value(value)
        if name is None or said is None:
            return None
        given[name] = said
    return given


def _value(node: ast.expr) -> str | None:
    """A value as a spec writes it: a literal, a list of them, or an expression."""
    if isinstance(node, (ast.Tuple, ast.List)):
        items = [_value(item) for item in node.elts]
        return None if None in items else f"[{', '.join(filter(None, items))}]"
    if isinstance(node, ast.Constant):
        words: dict[Any, str] = {True: "true", False: "false", None: "null"}
        if node.value is None or isinstance(node.value, bool):
            return words[node.value]
        return str(node.value) if isinstance(node.value, (int, float, str)) else None
    allowed = (ast.BinOp, ast.UnaryOp, ast.Name, ast.Constant, ast.operator, ast.unaryop, ast.Load)
    if all(isinstance(each, allowed) for each in ast.walk(node)):
        return ast.unparse(node)
    return None
