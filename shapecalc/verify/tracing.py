"""What a run of a module does: which weights and buffers it uses, in what order, for what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from shapecalc.verify import run
from shapecalc.verify.drawing import DRAWS, drawn, tensors

Size = tuple[int, ...]

LEAVES_NO_VALUE = frozenset({"__get__", "__set__", "size", "dim", "numel", "ndimension", "stride"})
"""Calls that ask a tensor for what it is and compute nothing with its values."""


class Use(NamedTuple):
    """The first use of a weight or buffer: by which call, and the call's tensors.

    ``position`` is that of the call among all calls; ``received`` and ``put_out`` are the first
    tensor in that is no weight, and the first out, ``taken`` and ``shape`` their shapes.
    """

    name: str
    call: str
    position: int
    shape: Size
    taken: Size = ()
    received: Any = None
    put_out: Any = None


class Trace:
    """A context in which a module's run is followed, call of torch by call.

    Follows the tensors of ``state``, by name. Where it ``is_seeded``, whatever draws random numbers
    draws those that belong to it, in whatever order the calls come, others with another ``salt``;
    ``drew`` tells whether anything did. With ``values``, what goes into and comes out of the calls
    is kept; with a ``spread``, the weights of layers are scaled while they run, so that what comes
    out of each varies by so much.
    """

    def __init__(
        self,
        state: Mapping[str, Any],
        *,
        values: bool = False,
        spread: float = 0.0,
        is_seeded: bool = False,
        salt: int = 0,
    ) -> None:
        self.names = {id(tensor): name for name, tensor in state.items()}
        self.values = values
        self.spread = spread
        self.is_seeded = is_seeded
        self.salt = salt
        self.drew = False
        self.scales: dict[str, float] = {}
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

    def called(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a function of torch and note what it uses."""
        name = getattr(function, "__name__", "")
        if name in LEAVES_NO_VALUE:
            return function(*args, **kwargs)
        own: list[str] = []
        others: list[Any] = []
        weights: list[Any] = []
        for tensor in tensors((*args, *kwargs.values())):
            names = self._names(tensor)
            if names:
                own += names
                weights.append(tensor)
            else:
                others.append(tensor)
        if self.is_seeded and name in DRAWS:
            out, drew = drawn(function, name, args, kwargs, self.salt)
            self.drew |= drew
        else:
            out = function(*args, **kwargs)
        first = next(tensors((out,)), None)
        if first is None:
            return out
        self.calls.append(name)
        if first.is_floating_point():
            self.dtypes.add(first.dtype)
        if own and not others and id(first) not in self.names:
            self._derived[id(first)] = (first, tuple(own))  # kept, so that no other has its id
        elif own and others:
            if self.spread and self._scale(name, weights, own, first):
                out = function(*args, **kwargs)
                first = next(tensors((out,)))
            self._note(own, name, weights[0], others[0], first)
        return out

    def _scale(self, call: str, weights: list[Any], names: list[str], out: Any) -> bool:
        """Whether the weight of a layer was scaled, its matrix or else the gain of a norm."""
        if names[0] in self.uses or not out.is_floating_point() or out.numel() < 2:
            return False
        named = [each for each in zip(names, weights) if each[1].is_floating_point()]
        scaled = [each for each in named if each[1].dim() > 1] if len(names) <= 2 else []
        spread = float(out.detach().std())
        if not scaled and "norm" in call and spread < self.spread:
            scaled = [each for each in named if each[0].endswith("weight")]
        if len(scaled) != 1 or not 0 < spread < float("inf"):
            return False
        if not scaled[0][1].is_leaf or scaled[0][1]._base is not None:  # a view of a weight
            return False
        scale = self.spread / spread
        with run.torch().no_grad():
            scaled[0][1].mul_(scale)
        self.scales[scaled[0][0]] = scale
        return True

    def _names(self, tensor: Any) -> tuple[str, ...]:
        name = self.names.get(id(tensor))
        if name is not None:
            return (name,)
        derived = self._derived.get(id(tensor))
        return derived[1] if derived else ()

    def _note(self, names: Any, call: str, weight: Any, received: Any, put_out: Any) -> None:
        position = len(self.calls) - 1
        shape = tuple(put_out.shape)
        taken = () if received is None else tuple(received.shape)
        kept = (_copy(received), _copy(put_out)) if self.values else (None, None)
        for name in names:
            if name not in self.uses:
                self.uses[name] = Use(name, call, position, shape, taken, *kept)


def _mode(trace: Trace) -> Any:
    """The mode of torch that hands every call to a trace."""
    from torch.overrides import TorchFunctionMode

    class Follow(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            return trace.called(func, args, kwargs or {})

    return Follow()


def _copy(tensor: Any) -> Any:
    return None if tensor is None else tensor.detach().clone()
