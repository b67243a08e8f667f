"""Attention: every place of a sequence takes a mean over another sequence, weighted by likeness.

Its matrix products, scores and the weighing of values, count as multiply-accumulates for every
pair of places, masked or not. Each score is scaled and normalised by a softmax: 2 element-wise
operations, and one more where a mask is added. Vaswani et al., "Attention is all you need" (2017).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from shapecalc.algebra.arithmetic import Dim, Shape, prod
from shapecalc.algebra.requirement import Requirement, divides, equal, refuse
from shapecalc.layers.base import Layer
from shapecalc.layers.compound import Maybe
from shapecalc.layers.field import SameAs, field, inferred
from shapecalc.layers.joining import Inputs, Join, Listed, aligned, broadcast, stretched
from shapecalc.layers.needs import Divisors
from shapecalc.layers.tensor import FLOATS, Tensor
from shapecalc.layers.types import Flag, Number, Parts

_NOTHING = ("False", "None")
"""Settings that torch has by default."""

SCORE_OPERATIONS = 2
"""Element-wise operations on a score: scaling, and its share in the softmax."""


def sequence_axis(batch_first: bool) -> int:
    """The dimension along which places are counted; the other of the first two is the batch."""
    return 1 if batch_first else 0


def attention_weights(
    embed_dim: Dim, kdim: Dim, vdim: Dim, bias: bool, prefix: str = ""
) -> dict[str, Shape]:
    """The projections before and behind attention, by torch's names.

    torch keeps the three in front in one matrix where they take equal sizes. Which way they are
    kept changes names and not the number of weights, so formulas may be compared as they stand.
    """
    if embed_dim == kdim and embed_dim == vdim:
        weights: dict[str, Shape] = {"in_proj_weight": (3 * embed_dim, embed_dim)}
    else:
        weights = {
            "q_proj_weight": (embed_dim, embed_dim),
            "k_proj_weight": (embed_dim, kdim),
            "v_proj_weight": (embed_dim, vdim),
        }
    if bias:
        weights["in_proj_bias"] = (3 * embed_dim,)
    weights["out_proj.weight"] = (embed_dim, embed_dim)
    if bias:
        weights["out_proj.bias"] = (embed_dim,)
    return {prefix + name: shape for name, shape in weights.items()}


def attention_macs(query: Tensor, key: Tensor, value: Tensor, places: Dim) -> Dim:
    """Four projections, and for each place of the query two products with ``places`` others."""
    embed_dim = query.shape[-1]
    projections = 2 * prod(query.shape) + prod(key.shape) + prod(value.shape)
    return projections * embed_dim + 2 * prod(query.shape) * places


def attention_elementwise(query: Tensor, key: Tensor, heads: Dim, places: Dim, bias: bool) -> Dim:
    """The work on scores, and the biases of the four projections."""
    scores = prod(query.shape[:2]) * places * heads
    biases = 2 * prod(query.shape) + 2 * prod(key.shape[:2]) * query.shape[-1] if bias else 0
    return SCORE_OPERATIONS * scores + biases


def _roles(x: Sequence[Any]) -> tuple[Any, Any, Any]:
    """Query, key and value: one input is all three, the second of two both key and value."""
    return x[0], x[min(1, len(x) - 1)], x[-1]


class MultiheadAttention(Layer):
    """Attend from a query to keys and values, in several heads that share the features.

    One input attends to itself; of two, the first is the query and the second key and value; three
    are query, key and value. The weights that values get are put out as ``attn_output_weights``.

    The batch is the first dimension, as everywhere in a spec. torch's own default, batch_first
    false, takes the sequence for the first dimension; with false that is meant here too.

    >>> x = Tensor((1, 197, 768))
    >>> attention = MultiheadAttention(num_heads=12).bound(x)
    >>> attention.weights()["in_proj_weight"], attention.macs(x, y=attention.output(x))
    ((2304, 768), 524391936)
    """

    keeps_more = True

    takes = ("query", "key", "value")
    takes_also = (
        "key_padding_mask",
        "need_weights",
        "attn_mask",
        "average_attn_weights",
        "is_causal",
    )
    returns = "output, attn_output_weights"
    signature = (
        "embed_dim",
        "num_heads",
        "dropout",
        "bias",
        "add_bias_kv",
        "add_zero_attn",
        "kdim",
        "vdim",
        "batch_first",
    )

    arity = (1, 3)
    on_request = frozenset({"attn_output_weights"})
    ndims = (3,)
    work = "scale and softmax of the scores, and the biases"
    axes = ("length", "features")
    dtypes = FLOATS

    num_heads: Dim = field(Parts(), "parts the features are split into", letter="h")
    dropout: int | Fraction = field(
        Number(0, 1, formulas="any"), "probability of dropping a score while training", default=0
    )
    bias: bool = field(Flag(), "add learned numbers in all projections", default=True)
    add_bias_kv: bool = field(
        Flag(), "attend to one more place, whose key and value are learned", default=False
    )
    add_zero_attn: bool = field(Flag(), "attend to one more place, of zeros", default=False)
    batch_first: bool = field(
        Flag(), "the batch comes first, then the sequence", default=True, torch_default=False
    )
    embed_dim: Dim = inferred(
        lambda layer, *x: x[0].shape[-1], "features of the query, its last dimension", letter="C"
    )
    kdim: Dim = inferred(
        lambda layer, *x: _roles(x)[1].shape[-1],
        "features of the keys",
        torch_default=SameAs("embed_dim"),
    )
    vdim: Dim = inferred(
        lambda layer, *x: _roles(x)[2].shape[-1],
        "features of the values",
        torch_default=SameAs("embed_dim"),
    )

    example = {"num_heads": 4}
    example_shapes = ((1, 16, 64),)

    def requires(self, *x: Tensor) -> Iterator[Requirement]:
        yield divides(
            self.num_heads,
            self.embed_dim,
            "has num_heads {right}, which does not divide {left}",
            field="num_heads",
            hint="{divisors}",
            divisors=Divisors("num_heads", self.embed_dim, self.num_heads),
        )
        query, key, value = _roles(x)
        length = sequence_axis(self.batch_first)
        agreeing = [("batch", query, key, 1 - length), ("batch", key, value, 1 - length)]
        for what, a, b, axis in [*agreeing, ("length", key, value, length)]:
            yield equal(
                a.shape[axis],
                b.shape[axis],
                "receives {inputs}, which differ in {what}",
                inputs=Listed(x),
                what=what,
            )

    @classmethod
    def positional(cls) -> tuple[str, ...]:
        return ("embed_dim", "num_heads")

    def call(self, module: str, inputs: Sequence[str], wanted: Sequence[str] = ()) -> str:
        needed = () if "attn_output_weights" in wanted else ("need_weights=False",)
        return super().call(module, (*_roles(inputs), *needed))

    def _places(self, key: Tensor) -> Dim:
        """How many places the query attends to."""
        return key.shape[sequence_axis(self.batch_first)] + self.add_bias_kv + self.add_zero_attn

    def output(self, *x: Tensor) -> Tensor:
        return x[0]

    def outputs(self, *x: Tensor) -> dict[str, Tensor]:
        """The output, and on request the weights of the values, the mean of those of the heads."""
        query, key, _ = _roles(x)
        length = sequence_axis(self.batch_first)
        batch, places = query.shape[1 - length], query.shape[length]
        weights = query.with_shape((batch, places, self._places(key)))
        return {"output": x[0], "attn_output_weights": weights}

    def weights(self) -> dict[str, Shape]:
        weights = attention_weights(self.embed_dim, self.kdim, self.vdim, self.bias)
        if self.add_bias_kv:
            weights |= dict.fromkeys(("bias_k", "bias_v"), (1, 1, self.embed_dim))
        return weights

    def macs(self, *x: Tensor, y: Tensor) -> Dim:
        query, key, value = _roles(x)
        return attention_macs(query, key, value, self._places(key))

    def elementwise(self, *x: Tensor, y: Tensor) -> Dim:
        query, key, _ = _roles(x)
        return attention_elementwise(query, key, self.num_heads, self._places(key), self.bias)


class ScaledDotProductAttention(Join):
    """Weigh values by how alike query and keys are: softmax(q k^T / sqrt(E)) v.

    The last two dimensions are places and features; those before them broadcast. A fourth input is
    added to the scores: a mask, or a bias of positions. This is torch's function
    ``scaled_dot_product_attention``.

    >>> q, k, v = (Tensor((1, 12, 197, 64)),) * 3
    >>> attention = ScaledDotProductAttention()
    >>> y = attention.output(q, k, v)
    >>> y.shape, attention.macs(q, k, v, y=y) == 12 * 197 * 197 * (64 + 64)
    ((1, 12, 197, 64), True)
    """

    keeps_more = True

    called = ("nn.functional.scaled_dot_product_attention",)

    arity = (3, 4)
    ndims = range(2, 99)
    stretches = True
    work = "scale, mask and softmax of the scores"
    axes = ("heads", "length", "features")
    dtypes = FLOATS

    is_causal: bool = field(Flag(), "mask the places behind the query's own", default=False)
    scale: int | Fraction | None = field(
        Maybe(Number(), "1/sqrt(features)"), "factor of the scores", default=None
    )
    enable_gqa: bool = field(
        Flag(), "let groups of the query's heads share the heads of keys and values", default=False
    )

    example_shapes = ((1, 4, 16, 8),) * 3

    does = "attends with query, key and value"

    def requires(self, *x: Tensor) -> Iterator[Requirement]:
        query, key, value = (tensor.shape for tensor in x[:3])
        for what, a, b in (
            ("features of query and key", query[-1], key[-1]),
            ("length of key and value", key[-2], value[-2]),
        ):
            yield equal(
                a,
                b,
                "{join.does} {inputs}, which differ in {what} ({left} and {right})",
                join=self,
                inputs=Listed(x),
                what=what,
            )
        if self.enable_gqa:
            yield from self._shares_heads(x)
        n = max(map(len, (query, key, value)))
        for axis, sizes in enumerate(aligned(self._leading(x))):
            yield from self._agree(x[:3], axis, n, stretched(sizes))
        if len(x) > 3:
            yield from self._fits_scores(x)

    def _fits_scores(self, x: Inputs) -> Iterator[Requirement]:
        """What is added to the scores has their sizes, counted from the last, or 1."""
        scores = (*broadcast(self._leading(x)), x[0].shape[-2], x[1].shape[-2])
        mask = x[3].shape
        if self.is_causal:
            yield refuse(
                "{join.does} {inputs}, of which the fourth is a mask, and masks by is_causal too",
                field="is_causal",
                hint="torch takes one of the two",
                join=self,
                inputs=Listed(x),
            )
        if len(mask) > len(scores):
            yield refuse(
                "{join.does} {inputs}, of which the fourth has more dimensions than the scores",
                join=self,
                inputs=Listed(x),
            )
        for own, size in zip(reversed(mask), reversed(scores)):
            if own != 1:
                yield equal(
                    own,
                    size,
                    "{join.does} {inputs}, but adds a mask of {left} to scores of {right}",
                    join=self,
                    inputs=Listed(x),
                )

    def _shares_heads(self, x: Inputs) -> Iterator[Requirement]:
        if min(len(tensor.shape) for tensor in x[:3]) < 3:
            yield refuse(
                "{join.does} {inputs}, of which one has no heads",
                field="enable_gqa",
                hint="heads are the third dimension from the end",
                join=self,
                inputs=Listed(x),
            )
        heads = x[0].shape[-3]
        for tensor in x[1:3]:
            yield divides(
                tensor.shape[-3],
                heads,
                "{join.does} {inputs}, but {left} heads cannot share {right}",
                field="enable_gqa",
                join=self,
                inputs=Listed(x),
            )

    def _leading(self, x: Inputs) -> list[Shape]:
        """The dimensions before places and features; shared heads stand once for each user."""
        leading = [tensor.shape[:-2] for tensor in x[:3]]
        if self.enable_gqa:
            return [leading[0], *((*sizes[:-1], leading[0][-1]) for sizes in leading[1:])]
        return leading

    def output(self, *x: Tensor) -> Tensor:
        sizes = (*broadcast(self._leading(x)), x[0].shape[-2], x[2].shape[-1])
        return Tensor(sizes, x[0].dtype)

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        given = [f"{name}={text}" for name, text in settings.items() if text not in _NOTHING]
        return f"nn.functional.scaled_dot_product_attention({', '.join([*inputs, *given])})"

    def cached(self, *x: Tensor) -> tuple[Tensor, ...]:
        return x[1:] if self.is_causal else ()

    def _is_masked(self, x: Inputs) -> bool:
        return self.is_causal or len(x) > 3

    def _scores(self, x: Inputs) -> Dim:
        """One for each query and key; where only values are stretched, they share the scores."""
        query, key = self._leading(x)[:2]
        return prod(broadcast([query, key])) * x[0].shape[-2] * x[1].shape[-2]

    def macs(self, *x: Tensor, y: Tensor) -> Dim:
        return self._scores(x) * x[0].shape[-1] + prod(y.shape) * x[2].shape[-2]

    def elementwise(self, *x: Tensor, y: Tensor) -> Dim:
        return self._scores(x) * (SCORE_OPERATIONS + self._is_masked(x))
