"""Transformers: attention and a pair of linear layers, each normalised and added to its input.

torch makes an encoder of a layer that it is given as a module; here the fields of that layer are
the encoder's own. Weights have the names they have in torch. Work is that of the parts, and one
element-wise operation per element for each addition. Vaswani et al., "Attention is all you need"
(2017).

The batch is the first dimension, as everywhere in a spec; torch's own default, batch_first false,
takes the sequence for the first dimension, and false means that here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from shapecalc.algebra.arithmetic import Dim, Shape, prod, total
from shapecalc.algebra.requirement import Requirement, divides, equal
from shapecalc.layers.attention import (
    attention_elementwise,
    attention_macs,
    attention_weights,
    sequence_axis,
)
from shapecalc.layers.base import MOST_STACKED, Layer
from shapecalc.layers.field import field, inferred
from shapecalc.layers.kinds import KINDS
from shapecalc.layers.needs import Divisors
from shapecalc.layers.normalisation import LayerNorm
from shapecalc.layers.tensor import FLOATS, Tensor
from shapecalc.layers.types import Choice, Flag, Number, Parts, Whole


def _prefixed(prefix: str, weights: dict[str, Shape]) -> dict[str, Shape]:
    return {prefix + name: shape for name, shape in weights.items()}


class _Transformer(Layer, abstract=True):
    """What all transformers have in common: the fields of a layer, and what is made of them."""

    keeps_more = True

    work = "scores, biases, activations, norms and the additions around them"
    ndims = (3,)
    axes = ("length", "features")
    dtypes = FLOATS

    nhead: Dim = field(Parts(), "parts the features are split into in attention", letter="h")
    dim_feedforward: Dim = field(
        Whole(), "features between the two linear layers", letter="F", default=2048
    )
    dropout: int | Fraction = field(
        Number(0, 1, formulas="any"),
        "probability of dropping out while training",
        default=Fraction(1, 10),
    )
    activation: str = field(
        Choice("relu", "gelu"), "what is applied between the two linear layers", default="relu"
    )
    layer_norm_eps: int | Fraction = field(
        Number(0, formulas="any"),
        "added to the variance, against division by zero",
        default=Fraction(1, 100000),
    )
    batch_first: bool = field(
        Flag(), "the batch comes first, then the sequence", default=True, torch_default=False
    )
    norm_first: bool = field(
        Flag(), "normalise before attention and linear layers, not after", default=False
    )
    bias: bool = field(Flag(), "add learned numbers in all parts", default=True)

    example = {"nhead": 4}

    d_model: Dim

    def _heads_divide(self) -> Requirement:
        return divides(
            self.nhead,
            self.d_model,
            "has nhead {right}, which does not divide d_model {left}",
            field="nhead",
            hint="{divisors}",
            divisors=Divisors("nhead", self.d_model, self.nhead),
        )

    def _remembers(self, x: tuple[Tensor, ...]) -> Iterator[Requirement]:
        """The second input must be of the same batch and features as the first."""
        batch = 1 - sequence_axis(self.batch_first)
        for what, axis in (("batch", batch), ("features", -1)):
            yield equal(
                x[0].shape[axis],
                x[1].shape[axis],
                "receives {x[0]} and {x[1]}, which differ in {what}",
                x=x,
                what=what,
            )

    def _norm(self) -> LayerNorm:
        return LayerNorm(bias=self.bias)

    def _norm_weights(self, name: str) -> dict[str, Shape]:
        names = ("weight", "bias") if self.bias else ("weight",)
        return {f"{name}.{each}": (self.d_model,) for each in names}

    def _layer_weights(self, *attentions: str) -> dict[str, Shape]:
        """The weights of an encoder's or decoder's layer, which has these attentions."""
        wide, narrow = self.dim_feedforward, self.d_model
        weights: dict[str, Shape] = {}
        for name in attentions:
            weights |= attention_weights(narrow, narrow, narrow, self.bias, f"{name}.")
        for name, outputs, inputs in (("linear1", wide, narrow), ("linear2", narrow, wide)):
            weights[f"{name}.weight"] = (outputs, inputs)
            if self.bias:
                weights[f"{name}.bias"] = (outputs,)
        for i in range(len(attentions) + 1):
            weights |= self._norm_weights(f"norm{i + 1}")
        return weights

    def _layer_macs(self, x: Tensor, *attended: Tensor) -> Dim:
        """Of a layer on ``x`` that attends to these, one after another."""
        length = sequence_axis(self.batch_first)
        macs = 2 * prod(x.shape) * self.dim_feedforward
        for other in attended:
            macs = macs + attention_macs(x, other, other, other.shape[length])
        return macs

    def _layer_elementwise(self, x: Tensor, *attended: Tensor) -> Dim:
        length = sequence_axis(self.batch_first)
        places, elements = prod(x.shape[:2]), prod(x.shape)
        work = places * self.dim_feedforward * (2 if self.bias else 1)
        work = work + (elements if self.bias else 0)
        for other in attended:
            work = work + attention_elementwise(
                x, other, self.nhead, other.shape[length], self.bias
            )
        parts = len(attended) + 1
        return work + parts * (elements + self._norm().elementwise(x, x))


class _Encoding(_Transformer, abstract=True):
    """What the encoder and its layer have in common."""

    takes = ("src",)

    d_model: Dim = inferred(
        lambda layer, x: x.shape[-1], "features of the input, its last dimension", letter="C"
    )

    example_shapes = ((1, 16, 64),)

    def requires(self, x: Tensor) -> Iterator[Requirement]:
        yield self._heads_divide()

    def output(self, x: Tensor) -> Tensor:
        return x


class _Decoding(_Transformer, abstract=True):
    """What the decoder and its layer have in common: a target, and the memory it attends to."""

    arity = (2, 2)
    takes = ("tgt", "memory")
    takes_also = (
        "tgt_mask",
        "memory_mask",
        "tgt_key_padding_mask",
        "memory_key_padding_mask",
        "tgt_is_causal",
        "memory_is_causal",
    )

    d_model: Dim = inferred(
        lambda layer, *x: x[0].shape[-1],
        "features of the first input, its last dimension",
        letter="C",
    )

    example_shapes = ((1, 12, 64), (1, 16, 64))

    def requires(self, *x: Tensor) -> Iterator[Requirement]:
        yield self._heads_divide()
        yield from self._remembers(x)

    def output(self, *x: Tensor) -> Tensor:
        return x[0]


class TransformerEncoderLayer(_Encoding):
    """Let a sequence attend to itself, then transform each place with two linear layers.

    >>> x = Tensor((1, 197, 768))
    >>> layer = TransformerEncoderLayer(nhead=12, dim_feedforward=3072).bound(x)
    >>> layer.weights()["self_attn.in_proj_weight"], layer.macs(x, layer.output(x))
    ((2304, 768), 1453954560)
    """

    takes_also = ("src_mask", "src_key_padding_mask", "is_causal")

    def weights(self) -> dict[str, Shape]:
        return self._layer_weights("self_attn")

    def macs(self, x: Tensor, y: Tensor) -> Dim:
        return self._layer_macs(x, x)

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return self._layer_elementwise(x, x)


class TransformerDecoderLayer(_Decoding):
    """Let a sequence attend to itself and then to a memory, then transform each place.

    The first input is the sequence, the second the memory.

    >>> target, memory = Tensor((1, 20, 512)), Tensor((1, 30, 512))
    >>> TransformerDecoderLayer(nhead=8).output(target, memory).shape
    (1, 20, 512)
    """

    def weights(self) -> dict[str, Shape]:
        return self._layer_weights("self_attn", "multihead_attn")

    def macs(self, *x: Tensor, y: Tensor) -> Dim:
        return self._layer_macs(x[0], *x)

    def elementwise(self, *x: Tensor, y: Tensor) -> Dim:
        return self._layer_elementwise(x[0], *x)


class _Stack(_Transformer, abstract=True):
    """What the stacks of alike layers have in common."""

    stacked = "num_layers"

    num_layers: int = field(Whole(most=MOST_STACKED, symbolic=False), "number of layers")
    norm: bool = field(Flag(), "normalise what the last layer puts out", default=False)

    example = {"nhead": 4, "num_layers": 2}

    @classmethod
    def constructor(cls, settings: Mapping[str, str]) -> str:
        """A stack is made of one layer, which torch copies."""
        of_layer = {n: text for n, text in settings.items() if n not in ("num_layers", "norm")}
        layer = KINDS[f"{cls.kind}Layer"].constructor(of_layer)
        named = {"eps": "layer_norm_eps", "bias": "bias"}
        of_norm = [f"{n}={settings[own]}" for n, own in named.items() if own in settings]
        norm = f"nn.LayerNorm({', '.join([settings['d_model'], *of_norm])})"
        condition = settings.get("norm", "False")
        if condition not in ("True", "False"):
            norm = f"{norm} if {condition} else None"
        given = [layer, settings["num_layers"], *([] if condition == "False" else [f"norm={norm}"])]
        return f"nn.{cls.kind}({', '.join(given)})"

    def depth(self) -> int:
        return self.num_layers

    def _stack_weights(self, layer: dict[str, Shape]) -> dict[str, Shape]:
        weights: dict[str, Shape] = {}
        for i in range(self.num_layers):
            weights |= _prefixed(f"layers.{i}.", layer)
        return weights | self._norm_weights("norm") if self.norm else weights

    def _final_norm(self, y: Tensor) -> Dim:
        return self._norm().elementwise(y, y) if self.norm else 0


class TransformerEncoder(_Encoding, _Stack):
    """Chain encoder layers, all alike but for their weights.

    In torch: ``TransformerEncoder(TransformerEncoderLayer(d_model, nhead, ...), num_layers)``, and
    with ``norm`` a ``LayerNorm(d_model, eps=layer_norm_eps, bias=bias)`` for its norm.

    >>> x = Tensor((1, 197, 768))
    >>> encoder = TransformerEncoder(nhead=12, num_layers=12, dim_feedforward=3072).bound(x)
    >>> encoder.macs(x, x) == 12 * 1453954560
    True
    """

    takes_also = ("mask", "src_key_padding_mask", "is_causal")
    made_of = "encoder_layer"
    signature = ("encoder_layer", "num_layers", "norm", "enable_nested_tensor", "mask_check")

    def weights(self) -> dict[str, Shape]:
        return self._stack_weights(self._layer_weights("self_attn"))

    def macs(self, x: Tensor, y: Tensor) -> Dim:
        return self.num_layers * self._layer_macs(x, x)

    def elementwise(self, x: Tensor, y: Tensor) -> Dim:
        return self.num_layers * self._layer_elementwise(x, x) + self._final_norm(y)


class TransformerDecoder(_Decoding, _Stack):
    """Chain decoder layers, which all attend to the same memory.

    In torch: ``TransformerDecoder(TransformerDecoderLayer(d_model, nhead, ...), num_layers)``, and
    with ``norm`` a ``LayerNorm(d_model, eps=layer_norm_eps, bias=bias)`` for its norm.

    >>> x = Tensor((1, 20, 512)), Tensor((1, 30, 512))
    >>> TransformerDecoder(nhead=8, num_layers=6).output(*x).shape
    (1, 20, 512)
    """

    made_of = "decoder_layer"
    signature = ("decoder_layer", "num_layers", "norm")

    def weights(self) -> dict[str, Shape]:
        return self._stack_weights(self._layer_weights("self_attn", "multihead_attn"))

    def macs(self, *x: Tensor, y: Tensor) -> Dim:
        return self.num_layers * self._layer_macs(x[0], *x)

    def elementwise(self, *x: Tensor, y: Tensor) -> Dim:
        return self.num_layers * self._layer_elementwise(x[0], *x) + self._final_norm(y)


class Transformer(_Transformer):
    """Encode a source, and decode a target that attends to it; both end in a normalisation.

    The first input is the source, the second the target.

    >>> source, target = Tensor((1, 30, 512)), Tensor((1, 20, 512))
    >>> Transformer().output(source, target).shape
    (1, 20, 512)
    """

    signature = (
        "d_model",
        "nhead",
        "num_encoder_layers",
        "num_decoder_layers",
        "dim_feedforward",
        "dropout",
        "activation",
        "custom_encoder",
        "custom_decoder",
        "layer_norm_eps",
        "batch_first",
        "norm_first",
        "bias",
    )

    arity = (2, 2)
    takes = ("src", "tgt")
    takes_also = (
        "src_mask",
        "tgt_mask",
        "memory_mask",
        "src_key_padding_mask",
        "tgt_key_padding_mask",
        "memory_key_padding_mask",
        "src_is_causal",
        "tgt_is_causal",
        "memory_is_causal",
    )

    nhead: Dim = field(
        Parts(), "parts the features are split into in attention", letter="h", default=8
    )
    num_encoder_layers: int = field(
        Whole(symbolic=False), "number of layers that encode", default=6
    )
    num_decoder_layers: int = field(
        Whole(symbolic=False), "number of layers that decode", default=6
    )
    d_model: Dim = inferred(
        lambda layer, *x: x[0].shape[-1],
        "features of the first input, its last dimension",
        letter="C",
        torch_default=512,
    )

    example = {"num_encoder_layers": 1, "num_decoder_layers": 1}
    example_shapes = ((1, 16, 64), (1, 12, 64))

    def requires(self, *x: Tensor) -> Iterator[Requirement]:
        yield self._heads_divide()
        yield from self._remembers(x)

    def output(self, *x: Tensor) -> Tensor:
        return x[1]

    def weights(self) -> dict[str, Shape]:
        stacks = {
            "encoder": (self.num_encoder_layers, self._layer_weights("self_attn")),
            "decoder": (
                self.num_decoder_layers,
                self._layer_weights("self_attn", "multihead_attn"),
            ),
        }
        weights: dict[str, Shape] = {}
        for name, (layers, own) in stacks.items():
            for i in range(layers):
                weights |= _prefixed(f"{name}.layers.{i}.", own)
            weights |= self._norm_weights(f"{name}.norm")
        return weights

    def macs(self, *x: Tensor, y: Tensor) -> Dim:
        source, target = x
        encoding = self.num_encoder_layers * self._layer_macs(source, source)
        return encoding + self.num_decoder_layers * self._layer_macs(target, target, source)

    def elementwise(self, *x: Tensor, y: Tensor) -> Dim:
        source, target = x
        encoding = self.num_encoder_layers * self._layer_elementwise(source, source)
        decoding = self.num_decoder_layers * self._layer_elementwise(target, target, source)
        norms = (self._norm().elementwise(each, each) for each in x)
        return total([encoding, decoding, *norms])
