"""What only scripts do, contexts, devices and checkpoints: of no effect on shapes."""

from __future__ import annotations

import math
from typing import Any

from shapecalc.layers.tensor import BYTES
from shapecalc.reading.evaluator.types import is_instance
from shapecalc.reading.evaluator.values import (
    Builtin,
    Function,
    Method,
    Quiet,
    Suppressed,
    Unknown,
)
from shapecalc.reading.functions import OPERATIONS, prod
from shapecalc.reading.known.base import NAMES, PASSES, Hint, Logger
from shapecalc.reading.modules import MODULE
from shapecalc.reading.tensors.dtypes import DEVICE, DTYPES, DType, TorchSize
from shapecalc.reading.tensors.traced import TensorValue

KNOWN = NAMES.part(__name__)
known = KNOWN.function

for _name in [
    "torch.manual_seed",
    "torch.cuda.manual_seed",
    "torch.cuda.manual_seed_all",
    "torch.cuda.empty_cache",
    "torch.set_default_dtype",
    "torch.set_num_threads",
    "warnings.warn",
    "warnings.filterwarnings",
    "warnings.simplefilter",
    "random.seed",
    "numpy.random.seed",
    "numpy.set_printoptions",
    "torch._assert_async",
    "torch._C._log_api_usage_once",
    "torch.set_float32_matmul_precision",
    "torch.use_deterministic_algorithms",
    "torch.autograd.set_detect_anomaly",
    "torch.random.manual_seed",
    "torch._C._jit_set_profiling_mode",
    "torch.jit.annotate",
    "torch.cuda.synchronize",
    "torch.set_default_device",
    "torch.set_printoptions",
    "torch.utils.data.DataLoader",
]:
    KNOWN[_name] = Quiet(_name)

known("torch.jit.isinstance")(lambda rt, value, kind: is_instance(rt, value, kind))

KNOWN["torch.jit.annotate"] = Builtin("annotate", lambda rt, kind, value: value)

for _name in [
    "torch.jit.script",
    "torch.jit.export",
    "torch.jit.ignore",
    "torch.jit.unused",
    "torch.compile",
    "torch.jit.interface",
    "torch.jit.script_method",
    "torch.jit.trace",
    "torch.jit.freeze",
    "torch.no_grad_",
    "torch.inference_mode_",
    "torch.fx.wrap",
    "torch.jit.script_if_tracing",
    "torch._dynamo.disable",
    "torch.compiler.disable",
    "torch.nn.utils.skip_init_",
]:
    KNOWN[_name] = Quiet(_name, passes=True)


@known("torch.autograd.Variable")
def _variable(rt: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
    """The same tensor, which no gradient passes."""
    if isinstance(x, TensorValue):
        rt.cuts_gradients(x, "Variable")
    return x


@known("torch.autograd.grad")
def _gradients(rt: Any, outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
    """A gradient for each input, of its shape, which stands as Opaque."""
    given = [inputs] if isinstance(inputs, TensorValue) else list(rt.iterate(inputs))
    of = [outputs] if isinstance(outputs, TensorValue) else list(rt.iterate(outputs))
    return tuple(rt.opaque([each, *of], each.shape, each.dtype, "grad") for each in given)


def _context(rt: Any, function: Any = None, *args: Any, **kwargs: Any) -> Any:
    return function if isinstance(function, (Function, Method)) else PASSES


def _without_gradients(rt: Any, function: Any = None, *args: Any, **kwargs: Any) -> Any:
    if rt.current is not None:
        rt.approximates("gradients are found of what is computed without them")
    return _context(rt, function)


for _name in ["torch.no_grad", "torch.inference_mode", "torch.autograd.no_grad"]:
    known(_name)(_without_gradients)

known("torch.set_grad_enabled")(
    lambda rt, mode: PASSES if rt.truth(mode) else _without_gradients(rt)
)

for _name in [
    "torch.enable_grad",
    "torch.autocast",
    "torch.cuda.amp.autocast",
    "torch.amp.autocast",
    "torch.autograd.profiler.record_function",
    "torch.profiler.record_function",
    "contextlib.nullcontext",
    "torch.backends.cuda.sdp_kernel",
    "torch.nn.attention.sdpa_kernel",
    "warnings.catch_warnings",
]:
    known(_name)(_context)

KNOWN["contextlib.contextmanager"] = PASSES

known("contextlib.suppress")(lambda rt, *kinds: Suppressed(kinds))

known("torch.device")(lambda rt, *args, **kwargs: DEVICE)

for _name in (
    "torch.cuda.is_available",
    "torch.backends.mps.is_available",
    "torch.jit.is_scripting",
    "torch.jit.is_tracing",
    "torch.distributed.is_initialized",
    "torch.distributed.is_available",
    "torch.is_grad_enabled",
    "torch.compiler.is_compiling",
    "torch.compiler.is_exporting",
    "torch.onnx.is_in_onnx_export",
    "torch.backends.cudnn.is_available",
    "torch.is_autocast_enabled",
    "torch._C._get_tracing_state",
    "torch._C._is_tracing",
    "torch.cpu._is_avx2_supported",
    "torch.cpu._is_avx512_supported",
    "torch.backends.mps.is_built",
    "torch.xpu.is_available",
):
    known(_name)(lambda rt, *args: False)

known("torch.cuda.device_count", "torch.distributed.get_rank", "os.cpu_count")(lambda rt, *args: 0)

known("torch.is_floating_point")(lambda rt, x: x.dtype.startswith(("float", "bf")))

known("torch.get_default_dtype")(lambda rt: DType("float32"))

known("torch.typename")(lambda rt, x: "torch.Tensor")

known("os.getenv")(lambda rt, name, default=None: default)

known("os.path.join")(lambda rt, *parts: "/".join(map(str, parts)))

known("os.path.exists", "os.path.isfile", "os.path.isdir")(lambda rt, path: False)

known("time.time")(lambda rt: 0.0)

KNOWN["__future__.annotations"] = None

KNOWN["logging.getLogger"] = Builtin("getLogger", lambda rt, *args: Logger())

KNOWN["sys.version_info"] = (3, 11, 0)

KNOWN["sys.maxsize"] = 2**63 - 1

KNOWN["sys.float_info"] = Unknown("sys.float_info")

KNOWN["torch.__version__"] = "2.0.0"

KNOWN["torch.pi"] = math.pi

KNOWN["torch.inf"] = math.inf

KNOWN["torch.nan"] = math.nan

KNOWN["numpy.inf"] = math.inf

KNOWN["numpy.pi"] = math.pi

KNOWN["numpy.e"] = math.e

KNOWN["numpy.nan"] = math.nan

KNOWN["numpy.newaxis"] = None

KNOWN["torch.Size"] = Builtin("Size", lambda rt, values=(): TorchSize(rt.iterate(values)))

KNOWN["torch.nn.Module"] = KNOWN["nn.Module"] = MODULE

KNOWN["torch.ScriptModule"] = KNOWN["torch.jit.ScriptModule"] = MODULE


for _name in (
    "Optional",
    "Union",
    "List",
    "Tuple",
    "Dict",
    "Callable",
    "Any",
    "Type",
    "Sequence",
    "Iterable",
    "Literal",
    "Iterator",
    "Mapping",
    "Set",
    "Generator",
    "Final",
    "ClassVar",
    "Hashable",
    "MutableMapping",
    "Text",
    "Number",
):
    KNOWN[f"typing.{_name}"] = Hint(f"typing.{_name}")


class DTypeInfo:
    """What ``torch.finfo`` gives."""

    def __init__(self, most: float) -> None:
        self.values = {"max": most, "min": -most, "eps": 1.1920929e-07, "tiny": 1.1754944e-38}

    def known_attribute(self, rt: Any, name: str) -> Any:
        """A bound."""
        return self.values.get(name, 0.0)


known("torch.finfo", "numpy.finfo")(lambda rt, *args: DTypeInfo(3.4028234663852886e38))


@known("torch.iinfo", "numpy.iinfo")
def _iinfo(rt: Any, dtype: Any) -> DTypeInfo:
    width = BYTES[DTYPES.get(getattr(dtype, "name", ""), "int64")]
    return DTypeInfo(2 ** (8 * width - 1) - 1 if width > 1 else 255)


@known("torch._assert")
def _assert(rt: Any, condition: Any, message: Any = "") -> None:
    if isinstance(condition, bool) and not condition:
        raise rt.error("AssertionError", rt.text(message))


@known("torch.numel")
def _numel(rt: Any, x: TensorValue) -> Any:
    return prod(x.shape)


@known("torch.broadcast_tensors")
def _broadcast_tensors(rt: Any, *tensors: Any) -> Any:
    from shapecalc.layers.joining import broadcast

    shape = broadcast([each.shape for each in tensors])
    return tuple(OPERATIONS["Tensor.expand"].run(rt, each, *shape) for each in tensors)


@known("torch.broadcast_shapes")
def _broadcast_shapes(rt: Any, *shapes: Any) -> Any:
    from shapecalc.layers.joining import broadcast

    return tuple(broadcast([tuple(shape) for shape in shapes]))


@known("torch.utils.checkpoint.checkpoint", "torch.jit.fork")
def _checkpoint(rt: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
    for name in ("use_reentrant", "preserve_rng_state", "determinism_check", "debug", "context_fn"):
        kwargs.pop(name, None)
    return rt.call(function, list(args), kwargs)


@known("torch.utils.checkpoint.checkpoint_sequential")
def _checkpoint_sequential(
    rt: Any, functions: Any, segments: Any, input: Any, **kwargs: Any
) -> Any:
    for each in rt.iterate(functions):
        input = rt.call(each, [input], {})
    return input


KNOWN["torch.jit.wait"] = Builtin("wait", lambda rt, value: value)
