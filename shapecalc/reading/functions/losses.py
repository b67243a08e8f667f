"""Losses, which end in one number."""

from __future__ import annotations

from typing import Any

from shapecalc.reading.functions.base import operation, tensor


def _loss(rt: Any, input: Any, *others: Any, reduction: Any = "mean", **kwargs: Any) -> Any:
    """A loss: one number of all elements, or one for each where it is not reduced."""
    x = tensor(rt, input)
    if reduction == "none" or not x.shape:
        return x
    return rt.put("Mean", [x], {"dim": list(range(len(x.shape)))})


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

for _name in LOSSES:
    operation(f"nn.functional.{_name}")(_loss)
