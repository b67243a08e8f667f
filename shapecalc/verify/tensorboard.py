"""The emitted module's graph for TensorBoard, by torch's own writer."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shapecalc.emitting.module import module
from shapecalc.network import Network
from shapecalc.verify import run, weights
from shapecalc.verify.findings import MissingPackage


def write_graph(network: Network, settings: Mapping[str, Any], folder: Path) -> None:
    """Record the graph of the emitted module in a folder that TensorBoard reads.

    torch traces a run on the CPU, so the weights have to fit into memory. Raises
    :class:`MissingPackage` without torch or tensorboard.
    """
    torch = run.torch()
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        message = "a graph for TensorBoard needs the package tensorboard: pip install tensorboard"
        raise MissingPackage(message) from None
    model = run.made(module(network, settings))
    inputs = list(weights.inputs(network.report(settings), None, 0).values())
    with warnings.catch_warnings(), torch.no_grad(), SummaryWriter(str(folder)) as writer:
        warnings.simplefilter("ignore")  # of what tracing does not see, which is nothing here
        writer.add_graph(model, inputs)
