"""What a run of a module does: which weights and buffers it uses, in what order, for what."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from shapecalc.verify import run

Size = tuple[int, ...]

LEAVES_NO_VALUE = frozenset({"__get__", "__set__", "size", "dim", "numel", "ndimension", "stride"})
"""Calls that ask a tensor for what it is and compute nothing with its values."""

DRAWS = frozenset(
    [
        "dropout",
        "dropout_",
        "dropout1d",
        "dropout2d",
        "dropout3d",
        "alpha_dropout",
        "feature_dropout",
        "alpha_dropout_",
        "feature_alpha_dropout",
        "feature_alpha_dropout_",
        "feature_dropout_",
        "rrelu",
        "rrelu_",
        "bernoulli",
        "bernoulli_",
        "rand",
        "rand_like",
        "randn",
        "randn_like",
        "normal",
        "normal_",
        "uniform_",
        "randint",
        "randint_like",
        "randperm",
        "random_",
        "exponential_",
        "multinomial",
        "gumbel_softmax",
        "multi_head_attention_forward",
        "scaled_dot_product_attention",
        "lstm",
        "gru",
        "rnn_tanh",
        "rnn_relu",
        "fractional_max_pool2d",
        "fractional_max_pool3d",
        "fractional_max_pool2d_with_indices",
        "fractional_max_pool3d_with_indices",
    ]
)
"""torch's functions that may draw random numbers."""


class Use(NamedTuple):
    """The first use of a weight or buffer: by which call, and the call's tensors.

    ``position`` is that of the call among all calls; ``received`` and ``put_out`` are the first
    tensor in that is no weight, and the first out.
    """

    name: str
    call: str
    position: int
    shape: Size
    received: Any = None
    put_out: Any = None


class Trace:
    """A context in which a module's run is followed, call of torch by call.

    Follows the tensors of ``state``, by name. Whatever draws random numbers inside draws those
    that belong to its name and its input's shape, in whatever order the calls come. With
    ``values``, what goes into and comes out of the calls is kept; with ``unit``, the weights of
    layers are scaled while they run, so that what comes out of each has a variance of one.
    """

    def __init__(
        self,
        state: Mapping[str, Any],
        *,
        values: bool = False,
        unit: bool = False,
        is_seeded: bool = False,
    ) -> None:
        self.names = {id(tensor): name for name, tensor in state.items()}
        self.values = values
        self.unit = unit
        self.is_seeded = is_seeded
        self.calls: list[str] = []
        self.uses: dict[str, Use] = {}
        self.dtypes: set[Any] = set()
        self.outputs: tuple[tuple[str, Any], ...] = ()
        self._derived: dict[int, tuple[Any, tuple[str, ...]]] = {}
        self._mode: Any = None

    def __enter__(self) -> Trace:
        self._mode = _mode(self)
        self._mode.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        self._mode.__exit__(*failure)
        for tensor, names in self._derived.values():
            self._note(names, "", tensor, None, tensor)
        self._derived = {}

    @property
    def order(self) -> list[str]:
        """The names of what was used, in the order of the first uses."""
        return list(self.uses)

    def called(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a function of torch and note what it uses."""
        name = getattr(function, "__name__", "")
        if name in LEAVES_NO_VALUE:
            return function(*args, **kwargs)
        if self.is_seeded and name in DRAWS:
            _seed(name, args, kwargs)
        own: list[str] = []
        others: list[Any] = []
        weights: list[Any] = []
        for tensor in _tensors((*args, *kwargs.values())):
            names = self._names(tensor)
            if names:
                own += names
                weights.append(tensor)
            else:
                others.append(tensor)
        out = function(*args, **kwargs)
        first = next(_tensors((out,)), None)
        if first is None:
            return out
        self.calls.append(name)
        if first.is_floating_point():
            self.dtypes.add(first.dtype)
        if own and not others and id(first) not in self.names:
            self._derived[id(first)] = (first, tuple(own))  # kept, so that no other has its id
        elif own and others:
            if self.unit and _scaled(weights, own, self.uses, first):
                out = function(*args, **kwargs)
                first = next(_tensors((out,)))
            self._note(own, name, weights[0], others[0], first)
        return out

    def _names(self, tensor: Any) -> tuple[str, ...]:
        name = self.names.get(id(tensor))
        if name is not None:
            return (name,)
        derived = self._derived.get(id(tensor))
        return derived[1] if derived else ()

    def _note(self, names: Any, call: str, weight: Any, received: Any, put_out: Any) -> None:
        position = len(self.calls) - 1
        shape = tuple(put_out.shape)
        kept = (_copy(received), _copy(put_out)) if self.values else (None, None)
        for name in names:
            if name not in self.uses:
                self.uses[name] = Use(name, call, position, shape, *kept)


def _mode(trace: Trace) -> Any:
    """The mode of torch that hands every call to a trace."""
    from torch.overrides import TorchFunctionMode

    class Follow(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            return trace.called(func, args, kwargs or {})

    return Follow()


def _tensors(values: Any, depth: int = 2) -> Iterator[Any]:
    for each in values:
        if isinstance(each, run.torch().Tensor):
            yield each
        elif depth and isinstance(each, (tuple, list)):
            yield from _tensors(each, depth - 1)


def _copy(tensor: Any) -> Any:
    return None if tensor is None else tensor.detach().clone()


def _seed(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    first = next(_tensors((*args, *kwargs.values())), None)
    shape = tuple(first.shape) if first is not None else args
    run.torch().manual_seed(zlib.crc32(f"{name.rstrip('_')} {shape}".encode()))


def _scaled(weights: list[Any], names: list[str], uses: Mapping[str, Use], out: Any) -> bool:
    """Whether the one weight of a layer was divided by the spread of what came out."""
    matrices = [each for each in weights if each.dim() > 1]
    if len(matrices) != 1 or len(names) > 2 or names[0] in uses or not matrices[0].is_leaf:
        return False
    if not out.is_floating_point() or out.numel() < 2:
        return False
    spread = float(out.detach().std())
    if not 0 < spread < float("inf"):
        return False
    with run.torch().no_grad():
        matrices[0].div_(spread)
    return True
