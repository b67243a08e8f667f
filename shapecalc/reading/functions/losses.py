"""Losses, which end in one number."""

from __future__ import annotations

from typing import Any

from shapecalc.reading.functions.base import OPERATIONS, tensor
from shapecalc.reading.tensors.traced import TensorValue

OWN = OPERATIONS.part(__name__)
operation = OWN.function

LOSSES = {
    "mse_loss": "MSELoss",
    "l1_loss": "L1Loss",
    "smooth_l1_loss": "SmoothL1Loss",
    "huber_loss": "HuberLoss",
    "cross_entropy": "CrossEntropyLoss",
    "nll_loss": "NLLLoss",
    "binary_cross_entropy": "BCELoss",
    "binary_cross_entropy_with_logits": "BCEWithLogitsLoss",
    "kl_div": "KLDivLoss",
    "ctc_loss": "CTCLoss",
    "gaussian_nll_loss": "GaussianNLLLoss",
    "poisson_nll_loss": "PoissonNLLLoss",
    "margin_ranking_loss": "MarginRankingLoss",
    "hinge_embedding_loss": "HingeEmbeddingLoss",
    "triplet_margin_loss": "TripletMarginLoss",
    "cosine_embedding_loss": "CosineEmbeddingLoss",
    "soft_margin_loss": "SoftMarginLoss",
    "multilabel_soft_margin_loss": "MultiLabelSoftMarginLoss",
    "multi_margin_loss": "MultiMarginLoss",
}
"""Loss functions, and the modules that compute the same."""


_BROADCAST = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
_EQUAL = ("binary_cross_entropy", "binary_cross_entropy_with_logits")
_OF_CLASSES = ("cross_entropy", "nll_loss")


def reduction_of(rt: Any, reduction: Any, size_average: Any, reduce: Any) -> Any:
    """How a loss is reduced: in a word, or by the two flags that torch had for it."""
    if size_average is None and reduce is None:
        return reduction
    if reduce is not None and not rt.truth(reduce):
        return "none"
    return "mean" if size_average is None or rt.truth(size_average) else "sum"


def _loss(name: str) -> Any:
    """A loss: one number of all elements, or one for each where it is not reduced."""

    def run(rt: Any, input: Any, *others: Any, reduction: Any = "mean", **kwargs: Any) -> Any:
        x = tensor(rt, input)
        if rt.current is not None:
            rt.approximates(f"{name} stands as a mean")
        target = kwargs.get("target", others[0] if others else None)
        older = kwargs.get("size_average"), kwargs.get("reduce")
        reduction = reduction_of(rt, reduction, *older)
        if isinstance(target, TensorValue):
            _fits(rt, name, x, target)
        if reduction == "none" and name in _OF_CLASSES and len(x.shape) > 1:
            return rt.put("Mean", [x], {"dim": 1})  # one for each place
        if reduction == "none" and name == "multilabel_soft_margin_loss":
            return rt.put("Mean", [x], {"dim": -1})
        if reduction == "none" or not x.shape:
            return x
        return rt.put("Mean", [x], {"dim": list(range(len(x.shape)))})

    return run


def _fits(rt: Any, name: str, x: TensorValue, target: TensorValue) -> None:
    """Refuse a target whose shape is not what a loss compares with."""
    receives = f"receives {rt.told_of(x)}; {rt.told_of(target)}"
    if name in _BROADCAST:
        from shapecalc.layers.arithmetic import Sub  # with its family, where it is needed

        rt.require(name, Sub(), [x.tensor, target.tensor], [x, target], None)
    elif name in _EQUAL and tuple(x.shape) != tuple(target.shape):
        sizes = [list(map(int, each.shape)) for each in (target, x)]
        message = f"Using a target size {sizes[0]} that is different to the input size {sizes[1]}"
        raise rt.error("ValueError", message, receives)
    elif name in _OF_CLASSES and len(x.shape) > 1 and target.shape:
        if x.shape[0] != target.shape[0]:
            batch = f"batch_size ({x.shape[0]}) to match target batch_size ({target.shape[0]})"
            message = f"Expected input {batch}"
            hint = "a view or reshape that moves sizes into the batch does so: flatten(1) keeps it"
            raise rt.error("ValueError", message, receives, hint)
        of_each = (x.shape[0], *x.shape[2:])
        if tuple(target.shape) not in (of_each, tuple(x.shape)):
            sizes = [list(map(int, each)) for each in (of_each, target.shape)]
            message = f"Expected target size {sizes[0]}, got {sizes[1]}"
            raise rt.error("RuntimeError", message, receives)


for _name in LOSSES:
    operation(f"nn.functional.{_name}")(_loss(_name))
