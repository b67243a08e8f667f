"""Random numbers in a run, drawn alike on both sides in whatever order the calls come."""

from __future__ import annotations

import random
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from shapecalc.verify import run

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

STEPS = 2**12
"""Elements whose values are as near as that, in parts of the largest one, are dropped together."""

SPREADS = 0x9E3779B97F4A7C15 - 2**64
"""The golden ratio's digits, by which a multiplication spreads numbers over all that there are."""

Function = Callable[..., Any]


def drawn(
    function: Function, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], salt: int
) -> tuple[Any, bool]:
    """What a function gives that may draw random numbers, and whether it drew any.

    What it draws belongs to its name, its input's shape and the salt; a mask, of whatever function
    and shape, hangs on the number of its elements alone. Which elements a dropout drops hangs on
    their values, so that it is the same in whatever order they lie.
    """
    torch = run.torch()
    dropping = DROPPING.get(name)
    dropped = dropping(name.endswith("_"), salt, *args, **kwargs) if dropping else None
    if dropped is not None:
        return dropped, True
    first = next(tensors((*args, *kwargs.values())), None)
    shape = tuple(first.shape) if first is not None else args
    torch.manual_seed(_number(f"{name.rstrip('_')} {shape}", salt))
    before = torch.get_rng_state()
    with _inside(salt) if name == "multi_head_attention_forward" else nullcontext():
        out = function(*args, **kwargs)
    if torch.equal(before, torch.get_rng_state()):
        return out, False
    with torch.no_grad():
        if name in ("rand", "rand_like"):
            out.copy_(_uniform(out, salt))
        elif name in ("bernoulli", "bernoulli_"):
            kept: Any = first if name == "bernoulli" else _kept(*args, **kwargs)
            out.copy_(_uniform(out, salt) >= 1 - kept)
    return out, True


def _number(told: str, salt: int) -> int:
    return zlib.crc32(f"{told} {salt}".encode())


def _uniform(like: Any, salt: int) -> Any:
    """Numbers from 0 to 1, as many as a tensor has, in its shape."""
    torch = run.torch()
    source = torch.Generator().manual_seed(_number(f"{like.numel()}", salt))
    return torch.rand(like.numel(), generator=source, dtype=torch.float64).reshape(like.shape)


def _kept(input: Any, p: Any = 0.5, **_: Any) -> Any:
    return p


def _elements(
    is_inplace: bool,
    salt: int,
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    train: bool = True,
) -> Any:
    """Dropout by value; None where nothing is dropped, or where values are rounded too much."""
    torch = run.torch()
    if not training or not train or input.dtype != torch.float64 or not input.numel():
        return None
    values = input.detach()
    largest = values.abs().max().clamp(min=torch.finfo(values.dtype).tiny)
    steps = (values / largest * STEPS).nan_to_num().round().to(torch.int64) + salt
    chance = ((steps * SPREADS) >> 40 & 0xFFFF) / 0x10000
    return _scaled(input, chance >= p, p, is_inplace or inplace)


def _channels(
    is_inplace: bool,
    salt: int,
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    train: bool = True,
) -> Any:
    """Dropout of whole channels; None where nothing is dropped, or where that is left to torch."""
    if not training or not train or input.dim() < 3:
        return None
    channels = input.detach().flatten(2)[:, :, :1]
    mask = (_uniform(channels, salt) >= p).reshape(*input.shape[:2], *(input.dim() - 2) * [1])
    return _scaled(input, mask, p, is_inplace or inplace)


def _attended(
    is_inplace: bool,
    salt: int,
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """Attention whose weights are dropped by value; None where that is left to torch."""
    if not dropout_p or enable_gqa or query.dtype != run.torch().float64:
        return None
    scores = query @ key.transpose(-2, -1) * (query.shape[-1] ** -0.5 if scale is None else scale)
    if is_causal:
        attn_mask = run.torch().ones(scores.shape[-2:], dtype=run.torch().bool).tril()
    if attn_mask is not None and attn_mask.dtype == run.torch().bool:
        scores = scores.masked_fill(~attn_mask, float("-inf"))
    elif attn_mask is not None:
        scores = scores + attn_mask
    return _elements(False, salt, scores.softmax(-1), dropout_p) @ value


@contextmanager
def _inside(salt: int) -> Iterator[None]:
    """Drop by value inside a function of torch that calls others, which nothing follows."""
    functional = run.torch().nn.functional

    def instead(function: Function, dropping: Function) -> Function:
        def called(*args: Any, **kwargs: Any) -> Any:
            dropped = dropping(False, salt, *args, **kwargs)
            return function(*args, **kwargs) if dropped is None else dropped

        return called

    names = ("dropout", "scaled_dot_product_attention")
    kept = {name: getattr(functional, name) for name in names}
    try:
        for name, function in kept.items():
            setattr(functional, name, instead(function, DROPPING[name]))
        yield
    finally:
        for name, function in kept.items():
            setattr(functional, name, function)


def _scaled(input: Any, mask: Any, p: float, is_inplace: bool) -> Any:
    factor = mask.to(input.dtype) / ((1 - p) or 1)
    return input.mul_(factor) if is_inplace else input * factor


DROPPING: dict[str, Function] = {
    "dropout": _elements,
    "dropout_": _elements,
    "dropout1d": _channels,
    "feature_dropout": _channels,
    "feature_dropout_": _channels,
    "scaled_dot_product_attention": _attended,
}
"""What stands in for torch's functions that drop elements or channels, or weights of attention."""


def tensors(values: Any, depth: int = 2) -> Iterator[Any]:
    """The tensors among some values and in the sequences among them."""
    for each in values:
        if isinstance(each, run.torch().Tensor):
            yield each
        elif depth and isinstance(each, (tuple, list)):
            yield from tensors(each, depth - 1)


class Elsewhere:
    """Random numbers that are not torch's: those of Python and NumPy, which other seeds change."""

    def __init__(self) -> None:
        self.before = self._state()

    @property
    def drew(self) -> bool:
        """Whether any were drawn since this was made."""
        return bool(self._state() != self.before)

    @staticmethod
    def seed(salt: int) -> None:
        """Draw others from here on."""
        random.seed(salt)
        if "numpy.random" in sys.modules:
            sys.modules["numpy.random"].seed(salt)

    @staticmethod
    def _state() -> Any:
        numpy = sys.modules.get("numpy.random")
        if numpy is None:
            return random.getstate(), ()
        state = numpy.get_state()
        return random.getstate(), (state[1].tobytes(), state[2])
