"""The tools whose way of counting is known: what they count in, and how, in words.

Their rules are in :mod:`shapecalc.analysis.conventions`, which needs all kinds of layers.
"""

from __future__ import annotations

from typing import NamedTuple


class Tool(NamedTuple):
    """A tool by its name: its unit, and what it counts; ``macs`` says that it tells two figures."""

    name: str
    unit: str
    doc: str
    macs: bool = False


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "torch",
            "FLOPs",
            "torch.utils.flop_counter on the meta device: 2 for a multiply-accumulate",
        ),
        Tool(
            "torchvision",
            "MACs",
            "the published _ops, rounded there to 3 places of GMAC",
        ),
        Tool(
            "fvcore",
            "MACs, and operations of norms and pooling",
            "batch norm 2 an element, other norms 5; adaptive average pooling its input; "
            "no bias, no activations, no fused attention",
        ),
        Tool(
            "ptflops",
            "MACs, and operations on elements",
            "bias; batch norm 2 an element, layer norm 1; most activations and pooling "
            "twice: as a module, and again as the function that the module calls; "
            "attention with its softmax where it is a module, matrix products written @ not",
        ),
        Tool(
            "ptflops-aten",
            "MACs",
            "products with bias, as the operators of ATen show them; no fused attention",
        ),
        Tool(
            "thop",
            "MACs, and operations on elements",
            "norms 4 an element; average pooling its outputs, adaptive ones its kernel "
            "and 1 for each; no bias; transposed convolutions as if they were none; no attention",
        ),
        Tool(
            "torchinfo",
            "mult-adds",
            "parameters, bias and norms too, times the batch, and in convolutions times "
            "the positions of the output: a linear layer on a sequence counts once for "
            "all places; no attention",
        ),
        Tool(
            "calflops",
            "FLOPs",
            "2 for a multiply-accumulate; bias of convolutions; batch norm 2, other norms "
            "5 an element; activations, pooling and softmax 1; no fused attention",
            macs=True,
        ),
    )
}
"""The tools by name, in the order in which they are told."""
