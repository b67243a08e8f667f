"""Constants, random numbers, parameters and buffers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shapecalc.layers.tensor import FLOATS
from shapecalc.reading.evaluator.operators import plain
from shapecalc.reading.evaluator.sizes import Size
from shapecalc.reading.evaluator.values import Instance, Unknown
from shapecalc.reading.functions.base import OPERATIONS, number, numbers, prod, tensor
from shapecalc.reading.functions.elementwise import typed
from shapecalc.reading.modules import learned, stored
from shapecalc.reading.tensors.dtypes import DType, TorchSize, element_type
from shapecalc.reading.tensors.numbers import as_type, is_small
from shapecalc.reading.tensors.rows import Row
from shapecalc.reading.tensors.traced import MOST_KNOWN, TensorValue

OWN = OPERATIONS.part(__name__)
operation = OWN.function

ARANGES = frozenset(("int64", "int32", *FLOATS))
"""The element types of numbers in a row."""

MOST_CHANCES = 64
"""Of more random numbers than these none is known."""


_OF_NUMBERS = {bool: "bool", int: "int64", Size: "int64"}
"""The element types of numbers that are no floats."""


def _dtype_of(kwargs: dict[str, Any], default: str = "float32") -> str:
    return element_type(kwargs.get("dtype")) or default


def filled(found: TensorValue, value: Any) -> TensorValue:
    """A constant whose numbers are all the same, which are kept where they are few."""
    value = plain(value)
    shape = found.shape
    is_row = len(shape) == 1 and shape[0] <= 64
    if isinstance(value, (int, float)) and (
        is_row or (len(shape) != 1 and is_small(shape) and prod(shape) <= MOST_FILLED)
    ):
        one = as_type([value], found.dtype)
        found.data = None if one is None else one * int(prod(shape))
    if isinstance(value, (int, float)):
        found.own_fill = value
    return found


MOST_FILLED = 256
"""Of more equal numbers than these in several dimensions none is known."""


def _filled(value: Any) -> Any:
    def run(rt: Any, *sizes: Any, size: Any = None, **kwargs: Any) -> Any:
        if size is not None:
            sizes = (size,)
        found = TensorValue(tuple(numbers(rt, sizes)), _dtype_of(kwargs))
        return found if value is None else filled(found, value)

    return run


operation("torch.zeros")(_filled(0.0))

operation("torch.ones")(_filled(1.0))

operation("torch.empty", "torch.randn")(_filled(None))


@operation("torch.rand")
def _rand(rt: Any, *sizes: Any, **kwargs: Any) -> Any:
    found = _filled(None)(rt, *sizes, **kwargs)
    return _middle(rt, found, 0.5)


def _middle(rt: Any, found: TensorValue, number: Any) -> TensorValue:
    """Random numbers that code may ask for: each is the middle of what it may be."""
    count = int(prod(found.shape))
    if count == 1 or (len(found.shape) == 1 and count <= MOST_CHANCES):
        found.data = [number] * count
        if rt.current is not None:
            rt.approximates("a random number stands as the middle of what it may be")
    return found


@operation("Tensor.uniform_")
def _uniform(rt: Any, x: TensorValue, low: Any = 0.0, high: Any = 1.0, **kwargs: Any) -> Any:
    bounds = [plain(kwargs.get("from", low)), plain(kwargs.get("to", high))]
    x.data = None
    return _middle(rt, x, sum(bounds) / 2) if x.is_constant and _are_known(bounds) else x


@operation("Tensor.random_")
def _random(rt: Any, x: TensorValue, *bounds: Any, **kwargs: Any) -> Any:
    bounds = (*bounds, *(kwargs[name] for name in ("from", "to") if name in kwargs))
    x.data = None
    if not bounds or not x.is_constant or not _are_known(bounds):
        return x
    return _middle(rt, x, _whole_middle(bounds))


def _are_known(bounds: Sequence[Any]) -> bool:
    """Whether what random numbers lie between are numbers."""
    return all(isinstance(plain(each), (int, float)) for each in bounds)


def _whole_middle(bounds: Sequence[Any]) -> Any:
    """The middle of whole numbers below one bound, or from the first one to below the second."""
    return sum(map(plain, bounds[:2])) // 2


def _typed_tensor(dtype: str) -> Any:
    """``torch.LongTensor`` and the like: of sizes, or of the elements as one list."""

    def run(rt: Any, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and isinstance(plain(args[0]), (list, tuple, TensorValue)):
            if not isinstance(args[0], TorchSize):
                return OPERATIONS["torch.tensor"].run(rt, args[0], DType(dtype))
        return _filled(None)(rt, *args, **{**kwargs, "dtype": DType(dtype)})

    return run


for _name, _dtype in (
    ("Tensor", "float32"),
    ("FloatTensor", "float32"),
    ("DoubleTensor", "float64"),
    ("HalfTensor", "float16"),
    ("LongTensor", "int64"),
    ("IntTensor", "int32"),
    ("BoolTensor", "bool"),
    ("ByteTensor", "uint8"),
):
    operation(f"torch.{_name}", f"torch.cuda.{_name}")(_typed_tensor(_dtype))


@operation("torch.full")
def _full(rt: Any, size: Any, fill_value: Any, **kwargs: Any) -> Any:
    own = _OF_NUMBERS.get(type(plain(fill_value)), "float32")
    found = TensorValue(tuple(numbers(rt, [size])), _dtype_of(kwargs, own))
    return filled(found, fill_value)


@operation("torch.scalar_tensor")
def _scalar(rt: Any, s: Any, **kwargs: Any) -> Any:
    return filled(TensorValue((), _dtype_of(kwargs)), s)


for _name, _number in (("zeros_like", 0.0), ("ones_like", 1.0)):

    @operation(f"torch.{_name}")
    def _same_shape(rt: Any, x: TensorValue, *, _number: float = _number, **kwargs: Any) -> Any:
        found = TensorValue(x.shape, _dtype_of(kwargs, x.dtype))
        return filled(found, _number)


@operation(
    "torch.empty_like",
    "torch.rand_like",
    "torch.randn_like",
    "torch.full_like",
)
def _like(rt: Any, x: TensorValue, *more: Any, **kwargs: Any) -> Any:
    return TensorValue(x.shape, _dtype_of(kwargs, x.dtype))


def _new(value: Any) -> Any:
    def run(rt: Any, x: TensorValue, *sizes: Any, size: Any = None, **kwargs: Any) -> Any:
        given = sizes if size is None else (size,)
        found = TensorValue(tuple(numbers(rt, given)), _dtype_of(kwargs, x.dtype))
        return filled(found, value) if value is not None else found

    return run


_NEW: dict[str, Any] = {"new_zeros": 0.0, "new_ones": 1.0, "new_empty": None, "new": None}

for _name, _value in _NEW.items():
    operation(f"Tensor.{_name}")(_new(_value))


@operation("Tensor.new_full")
def _new_full(rt: Any, x: TensorValue, size: Any, fill_value: Any, **kwargs: Any) -> Any:
    return _new(fill_value)(rt, x, size, **kwargs)


@operation("Tensor.new_tensor")
def _new_tensor(rt: Any, x: TensorValue, data: Any, **kwargs: Any) -> Any:
    return OPERATIONS["torch.tensor"].run(rt, data, **kwargs)


@operation(
    "torch.tensor",
    "torch.as_tensor",
    "torch.from_numpy",
    "torch.asarray",
)
def _tensor(rt: Any, data: Any = (), dtype: Any = None, **kwargs: Any) -> Any:
    if isinstance(data, TensorValue):
        return data if dtype is None else typed(rt, data, element_type(dtype) or "float32")
    shape: list[int] = []
    inner = plain(data)
    flat: Any = inner
    if isinstance(inner, Unknown):
        raise rt.not_known(inner)
    while isinstance(inner, (list, tuple)):
        shape.append(len(inner))
        inner = plain(inner[0]) if inner else None
    named = _OF_NUMBERS.get(type(inner), "float32")
    found = TensorValue(tuple(shape), element_type(dtype) or named)
    if isinstance(inner, TensorValue):
        return TensorValue((*shape, *inner.shape), inner.dtype)
    if not shape:
        found.data = [flat]
    elif len(shape) == 1 or is_small(shape):
        rt.step(prod(shape) // 4)
        found.data = _in_a_row(flat, shape)
    return found


def _in_a_row(values: Any, shape: list[int]) -> list[Any] | None:
    """Numbers of lists in lists, one behind the other; None where there are others among them."""
    rows = [list(values)]
    for size in shape[1:]:
        inner = [plain(each) for row in rows for each in row]
        if not all(isinstance(each, (list, tuple)) and len(each) == size for each in inner):
            return None
        rows = [list(each) for each in inner]
    found = [each for row in rows for each in row]
    is_plain = len(shape) == 1 or all(isinstance(plain(e), (int, float)) for e in found)
    return found if is_plain else None


@operation("torch.range")
def _range(rt: Any, start: Any = 0, end: Any = None, step: Any = 1, **kwargs: Any) -> Any:
    """Numbers up to an end that is one of them."""
    first, last, step = (number(rt, each) for each in (start, end, step))
    for each in (first, last, step):
        if isinstance(each, Unknown):
            raise rt.not_known(each)
    return TensorValue((int((last - first) // step) + 1,), _dtype_of(kwargs))


@operation("torch.arange")
def _arange(
    rt: Any, *args: Any, start: Any = 0, end: Any = None, step: Any = 1, **kwargs: Any
) -> Any:
    given = [number(rt, each) for each in args]
    if end is not None:
        given = [start, end, *given]
    if len(given) == 1:
        given = [0, *given]
    first, last = given[:2]
    step = number(rt, given[2] if len(given) > 2 else step)
    if isinstance(first, Unknown) or isinstance(last, Unknown):
        raise rt.not_known(first if isinstance(first, Unknown) else last)
    is_whole = all(isinstance(each, int) for each in (first, last, step))
    if is_whole:
        count = -(-(last - first) // step)
    else:
        import math

        count = math.ceil((last - first) / step)
    found = TensorValue((max(count, 0),), _dtype_of(kwargs, "int64" if is_whole else "float32"))
    if not isinstance(count, Size) and count <= 64:
        found.data = [first + n * step for n in range(count)]
    if is_whole and step > 0 and first >= 0 and found.dtype in ARANGES and found.shape[0] > 0:
        found.own_row = Row(first, first + count * step, step)
    return found


@operation("torch.linspace", "torch.logspace")
def _linspace(rt: Any, start: Any, end: Any, steps: Any = 100, **kwargs: Any) -> Any:
    start, end, steps = number(rt, start), number(rt, end), number(rt, steps)
    found = TensorValue((steps,), _dtype_of(kwargs))
    if steps <= MOST_KNOWN:
        gap = (end - start) / max(1, steps - 1)
        found.data = [start + n * gap for n in range(steps)]
        if steps > 1:
            found.data[-1] = end + 0 * gap  # as it is given, of the type of the others
    return found


@operation("torch.eye")
def _eye(rt: Any, n: Any, m: Any = None, **kwargs: Any) -> Any:
    return TensorValue((n, n if m is None else m), _dtype_of(kwargs))


@operation("torch.randint")
def _randint(rt: Any, *args: Any, size: Any = None, **kwargs: Any) -> Any:
    given = [*args, *(kwargs[name] for name in ("low", "high") if name in kwargs)]
    bounds, rest = _bounds_and_size(given if size is None else [*given, size])
    found = TensorValue(tuple(numbers(rt, [rest])), _dtype_of(kwargs, "int64"))
    return _middle(rt, found, _whole_middle(bounds)) if bounds and _are_known(bounds) else found


def _bounds_and_size(given: list[Any]) -> tuple[list[Any], Any]:
    """What random whole numbers lie between, and the shape, which is given as a list."""
    sizes = [each for each in given if isinstance(plain(each), (list, tuple))]
    bounds = [each for each in given if not isinstance(plain(each), (list, tuple))]
    return bounds, sizes[0] if sizes else bounds.pop()


@operation("torch.randperm")
def _randperm(rt: Any, n: Any, **kwargs: Any) -> Any:
    """An order of numbers: from the middle on to the last, and then those before."""
    count = number(rt, n)
    found = TensorValue((count,), _dtype_of(kwargs, "int64"))
    if not isinstance(count, Size) and 0 < count <= MOST_CHANCES:
        found.data = [(count // 2 + each) % count for each in range(count)]
    return found


@operation("torch.normal")
def _normal(rt: Any, mean: Any = 0.0, std: Any = 1.0, size: Any = None, **kwargs: Any) -> Any:
    if isinstance(mean, TensorValue):
        return TensorValue(mean.shape, mean.dtype)
    return TensorValue(tuple(numbers(rt, [size])), "float32")


@operation("torch.tril_indices", "torch.triu_indices")
def _indices(rt: Any, row: int, col: int, offset: int = 0, **kwargs: Any) -> Any:
    return TensorValue((2, sum(max(0, min(col, r + offset + 1)) for r in range(row))), "int64")


@operation("Tensor.bernoulli", "Tensor.bernoulli_", "torch.bernoulli", "nn.init.normal_of")
def _bernoulli(rt: Any, x: TensorValue, *more: Any, **kwargs: Any) -> Any:
    return x


@operation("Tensor.normal_", "Tensor.copy_")
def _noise(rt: Any, x: TensorValue, *more: Any, **kwargs: Any) -> Any:
    x.data = None
    return x


@operation("Tensor.zero_", "Tensor.fill_")
def _fill(rt: Any, x: TensorValue, value: Any = 0) -> Any:
    value = plain(value)
    is_known = x.data is not None and isinstance(value, (int, float))
    x.data = [value] * len(x.data) if is_known else None
    return x


@operation("nn.Parameter", "nn.parameter.Parameter")
def _parameter(rt: Any, data: Any = None, requires_grad: Any = True) -> Any:
    if data is None:
        data = TensorValue((0,))
    if isinstance(data, Instance):
        raise rt.error("TypeError", "a Parameter is made of a Tensor")
    found = tensor(rt, data)
    return learned(rt, TensorValue(found.shape, found.dtype) if found.stored else found)


@operation("nn.Buffer", "nn.parameter.Buffer")
def _buffer(rt: Any, data: Any, persistent: Any = True) -> Any:
    found = stored(data.shape, data.dtype, True)
    assert found.stored is not None
    found.stored.is_persistent = rt.truth(persistent)
    return found


for _name in ("hann", "hamming", "blackman", "bartlett", "kaiser"):

    @operation(f"torch.{_name}_window")
    def _window(rt: Any, window_length: Any, *more: Any, **kwargs: Any) -> Any:
        return TensorValue((number(rt, window_length),), _dtype_of(kwargs))
