"""Weights, running statistics and inputs that hide nothing: random, repeatable, alive."""

from __future__ import annotations

import copy
import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shapecalc.analysis.report import Report
from shapecalc.verify import run

SPREAD = 0.3
"""How far weights and statistics of single channels lie around what they are at first."""

FEW = 8
"""Indices of what no table limits are below this."""

HALVED_AT_MOST = 40
"""So often ranges of indices are halved, until all are 0."""


def drawn(name: str, tensor: Any, seed: int) -> Any:
    """Random values for a weight or buffer, by what its name says it is.

    Rows of a matrix have the length 1, so that what comes out varies as much as what goes in.
    Nothing is 0 or 1, under which a missing bias, a second normalisation or a scale would hide, but
    whole numbers that are many: they may be indices, and tables have two rows at least.
    """
    torch = run.torch()
    source = torch.Generator().manual_seed(zlib.crc32(f"{seed} {name}".encode()))
    shape, leaf = tuple(tensor.shape), name.rpartition(".")[2]
    if not tensor.is_floating_point():
        low, high = (0, 2) if tensor.numel() > 1 else (1, 9)
        return torch.randint(low, high, shape, generator=source).to(tensor.dtype)
    if len(shape) > 1:
        fan_in = math.prod(shape[1:])
        values = torch.randn(shape, generator=source).div_(math.sqrt(max(fan_in, 1)))
    elif "bias" in leaf or "mean" in leaf:
        values = SPREAD * torch.randn(shape, generator=source)
    else:
        values = 0.5 + torch.rand(shape, generator=source)
    return values.to(tensor.dtype)


def draw(model: Any, seed: int) -> None:
    """Draw all weights and buffers of a module."""
    with run.torch().no_grad():
        for name, each in state_of(model).items():
            each.copy_(drawn(name, each, seed))


def by_shape(tensor: Any) -> Any:
    """Values that depend on a tensor's shape alone, the same wherever it is in whatever module."""
    return drawn(f"weight of {tuple(tensor.shape)}", tensor, 0)


def put(tensors: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Give tensors the values of the same names, in their own element types."""
    with run.torch().no_grad():
        for name, value in values.items():
            tensors[name].copy_(value.to_sparse() if tensors[name].is_sparse else value)


class Scaled(Mapping[str, Any]):
    """Values by name, some of them multiplied where they are asked for; they are held only once."""

    def __init__(self, values: Mapping[str, Any], scales: Mapping[str, float]) -> None:
        self.unscaled = values
        self.scales = scales

    def __getitem__(self, name: str) -> Any:
        value = self.unscaled[name]
        return value * self.scales[name] if name in self.scales else value

    def __iter__(self) -> Iterator[str]:
        return iter(self.unscaled)

    def __len__(self) -> int:
        return len(self.unscaled)


def state_of(model: Any) -> dict[str, Any]:
    """All weights and buffers of a module by name, those too that are not saved; each once."""
    return dict([*model.named_parameters(), *model.named_buffers()])


def copied(model: Any, replaced: Callable[[Any], Any]) -> Any:
    """A copy of a module with other tensors for its weights and buffers, those tied that are."""
    parameter = run.torch().nn.Parameter
    memo: dict[int, Any] = {}
    for each in state_of(model).values():
        new = replaced(each.detach())
        is_parameter = isinstance(each, parameter)
        memo[id(each)] = parameter(new, each.requires_grad) if is_parameter else new
    return copy.deepcopy(model, memo)


def has_indices(report: Report) -> bool:
    """Whether there are whole numbers among the inputs, which may be indices."""
    return any("int" in tensor.dtype for tensor in report.inputs.values())


def in_range(
    report: Report,
    dtype: Any,
    seed: int,
    call: Callable[[dict[str, Any]], Any],
    halved: int = 0,
) -> tuple[Any, int]:
    """What a call gives of random inputs, and how often the ranges of indices had to be halved.

    They are where numbers are added on the way to a table, which then has more rows than the input
    has values; ``halved`` so often before the first call.
    """
    while True:
        try:
            return call(inputs(report, dtype, seed, halved)), halved
        except Exception as error:
            if not (has_indices(report) and _is_out_of_range(error.__cause__ or error)):
                raise
            if halved == HALVED_AT_MOST:
                raise
            halved += 1


def _is_out_of_range(error: object) -> bool:
    """Whether a run has failed for an index that is too large."""
    is_class = isinstance(error, RuntimeError) and "Class values" in str(error)
    return is_class or isinstance(error, IndexError)


def inputs(report: Report, dtype: Any, seed: int, halved: int = 0) -> dict[str, Any]:
    """Random inputs by name: numbers in an element type, indices over their whole range.

    Or over half of it, or a quarter, where that is ``halved`` so often.
    """
    torch = run.torch()
    limits = ranges(report)
    found = {}
    for name, tensor in report.inputs.items():
        source = torch.Generator().manual_seed(zlib.crc32(f"{seed} {name}".encode()))
        own = getattr(torch, tensor.dtype)
        shape = tuple(tensor.shape)
        if own.is_floating_point:
            value = torch.randn(shape, generator=source, dtype=torch.float64).to(dtype or own)
        elif own.is_complex:
            value = torch.randn(shape, generator=source, dtype=own)
        elif own == torch.bool:
            value = torch.rand(shape, generator=source) < 0.5
        else:
            value = _indices(shape, max(limits.get(name, FEW) >> halved, 1), source).to(own)
        found[name] = value
    return found


def _indices(shape: Any, limit: int, source: Any) -> Any:
    """Indices below a limit, among them the first and the last if there is room."""
    torch = run.torch()
    values = torch.randint(0, limit, shape, generator=source)
    flat = values.reshape(-1)
    if flat.numel() > 2:
        flat[1], flat[-1] = limit - 1, 0
    return flat.reshape(shape)


def ranges(report: Report) -> dict[str, int]:
    """How many values an input of whole numbers may take: the rows of the tables it indexes."""
    origins: dict[str, set[str]] = {name: {name} for name in report.inputs}
    limits: dict[str, int] = {}
    for layer in report:
        seen: set[str] = set().union(
            *(origins.get(source.path, set()) for source in layer.node.sources)
        )
        rows = getattr(layer.node.layer, "num_embeddings", None)
        if isinstance(rows, int):
            for name in seen:
                limits[name] = min(rows, limits.get(name, rows))
        elif "int" in layer.node.output.dtype:
            origins[layer.path] = seen
    return limits


def depth(report: Report) -> int:
    """The number of layers on the longest way from an input to an output."""
    longest: dict[str, int] = {}
    for layer in report:
        behind = (longest.get(source.path, 0) for source in layer.node.sources)
        longest[layer.path] = 1 + max(behind, default=0)
    return max(longest.values(), default=1)
