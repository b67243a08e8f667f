"""Modules that are known without a file: torch, and what of Python's library networks use."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable
from typing import Any

from shapecalc.reading.builtins import BUILTINS, is_instance
from shapecalc.reading.classes import (
    AUTO,
    DICT,
    ENUM,
    INT_ENUM,
    NAMED_TUPLE,
    OBJECT,
    Default,
)
from shapecalc.reading.files import read_text
from shapecalc.reading.frameworks import DEVICE, FRAMEWORK
from shapecalc.reading.functions import LOSSES, OPERATIONS, listed, prod
from shapecalc.reading.modules import MODULE, NN, stored
from shapecalc.reading.operators import plain
from shapecalc.reading.regular import REGULAR
from shapecalc.reading.sizes import Size
from shapecalc.reading.tensors import DTYPES, DType, constant
from shapecalc.reading.trace import TensorValue
from shapecalc.reading.values import (
    Builtin,
    Class,
    ClassMethod,
    Deque,
    Function,
    Instance,
    Method,
    Partial,
    Property,
    Quiet,
    Static,
    Suppressed,
    Unknown,
)

KNOWN: dict[str, Any] = {}
"""What modules hold, by dotted name."""

_PASSES = Quiet("passes", passes=True)


class Hint:
    """A type that only hints name; it may be subscripted and called."""

    def __init__(self, name: str) -> None:
        self.name = name

    def known_attribute(self, rt: Any, name: str) -> Any:
        """Anything, which only hints use."""
        return Hint(f"{self.name}.{name}")

    def known_call(self, rt: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A type that is called makes nothing that matters."""
        return args[0] if args else self

    def as_class(self) -> Class:
        """A base without names of its own."""
        return OBJECT


class Logger:
    """A logger, or what else only tells: its methods change nothing."""

    def known_attribute(self, rt: Any, name: str) -> Any:
        """A method that changes nothing."""
        return Quiet(name)


class Known:
    """A module that is known here."""

    def __init__(self, name: str) -> None:
        self.name = name

    def known_attribute(self, rt: Any, name: str) -> Any:
        """What it holds."""
        if name in ("__name__", "__version__", "__file__"):
            return self.name if name != "__version__" else "2.0.0"
        return resolve(f"{self.name}.{name}")

    def known_names(self) -> list[str]:
        """The names that ``import *`` takes."""
        start = f"{self.name}."
        return [
            n[len(start) :] for n in KNOWN if n.startswith(start) and "." not in n[len(start) :]
        ]


_PREFIXES = {
    "torch.nn.modules": "nn",
    "torch.nn.functional": "nn.functional",
    "torch.nn": "nn",
    "torch.functional": "torch",
    "np": "numpy",
    "collections.abc": "typing",
    "typing_extensions": "typing",
    "einops.layers.torch": "einops.layers",
}
_ROOTS = frozenset(
    [
        "torch",
        "math",
        "itertools",
        "functools",
        "collections",
        "copy",
        "typing",
        "typing_extensions",
        "dataclasses",
        "enum",
        "abc",
        "numpy",
        "einops",
        "os",
        "sys",
        "warnings",
        "logging",
        "random",
        "operator",
        "re",
        "types",
        "numbers",
        "time",
        "argparse",
        "inspect",
        "string",
        "json",
        "pathlib",
        "datetime",
        "contextlib",
        "__future__",
        "timm",
        "omegaconf",
        "fvcore",
        "absl",
        "tqdm",
        "tensorboardX",
        "torchsummary",
        "torchinfo",
        "thop",
        "ptflops",
        "apex",
        "mmcv",
        "mmengine",
        "pytorch_lightning",
        "lightning",
        "huggingface_hub",
        "transformers",
        "packaging",
        "pkg_resources",
        "distutils",
    ]
)
_UNLISTED = frozenset(
    [
        "mmengine",
        "pytorch_lightning",
        "lightning",
        "huggingface_hub",
        "transformers",
        "packaging",
        "pkg_resources",
        "distutils",
        "timm",
        "omegaconf",
        "fvcore",
        "mmcv",
        "apex",
        "absl",
        "tqdm",
        "torchsummary",
        "torchinfo",
        "thop",
        "ptflops",
    ]
)


REPLACED: dict[str, Any] = {
    "torchvision.models._utils.handle_legacy_interface": Quiet("handle_legacy_interface"),
    "torchvision.models._utils.kwonly_to_pos_or_kw": Quiet("kwonly_to_pos_or_kw"),
    "torchvision.models._api.register_model": Quiet("register_model"),
    "torchvision.utils._log_api_usage_once": Quiet("_log_api_usage_once"),
    "timm.models._builder.load_pretrained": Quiet("load_pretrained"),
    **{
        f"timm.layers.weight_init.{name}": Quiet(name, passes=True)
        for name in ("trunc_normal_", "trunc_normal_tf_", "lecun_normal_", "variance_scaling_")
    },
}
"""Functions of files that are read which change nothing of a network."""


def _timm_model(rt: Any, name: str, *more: Any) -> Any:
    """The function that makes a model of timm's, from the file that defines it."""
    folder = rt.find("timm.models", None).path.parent
    for path in sorted(folder.glob("*.py")):
        if f"\ndef {name}(" in read_text(path):
            return rt.open_file(path, f"timm.models.{path.stem}", "timm.models").lookup(rt, name)
    return None


REPLACED["timm.models._registry.model_entrypoint"] = Builtin("model_entrypoint", _timm_model)
REPLACED["timm.models._registry.is_model"] = Builtin(
    "is_model", lambda rt, name: _timm_model(rt, name) is not None
)


def lends(name: str) -> bool:
    """Whether a package is known in parts, and read from its source where that is there."""
    return name.partition(".")[0] == "timm"


def stays_unread(name: str) -> bool:
    """Whether a package that is installed is not read, beyond what is known of it."""
    return name.partition(".")[0] in _UNLISTED and not lends(name)


def module(name: str) -> Any:
    """A module by its dotted name, None if it is not known here."""
    root = name.partition(".")[0]
    if root not in _ROOTS or (
        root in _UNLISTED and not any(k.startswith(name + ".") for k in KNOWN)
    ):
        return None
    found = resolve(name)
    return Known(name) if isinstance(found, Unknown) else found


@functools.lru_cache(maxsize=4096)
def resolve(name: str) -> Any:
    """What a dotted name means."""
    for start, short in _PREFIXES.items():
        if name == start:
            return Known(name)
        if name.startswith(start + "."):
            rest = name[len(start) + 1 :]
            if short == "nn" and "." in rest:
                rest = (
                    rest.rpartition(".")[2]
                    if not rest.startswith(
                        ("functional", "init", "utils", "parallel", "parameter", "attention")
                    )
                    else rest
                )
            name = f"{short}.{rest}"
            break
    if name in KNOWN:
        return KNOWN[name]
    if name.startswith(("nn.init.", "torch.nn.init.")):
        return Quiet(name, passes=True)
    if name in OPERATIONS:
        return OPERATIONS[name]
    if name.startswith("nn.") and name[3:] in NN:
        return NN[name[3:]]
    if name.endswith("_") and name[:-1] in OPERATIONS:
        return _in_place(OPERATIONS[name[:-1]])
    if name.startswith("torch.") and name[6:] in DTYPES:
        return DType(name[6:])
    if name.startswith("torch.special.") and f"torch.{name[14:]}" in OPERATIONS:
        return OPERATIONS[f"torch.{name[14:]}"]
    root, _, rest = name.partition(".")
    if (
        (rest and root == "typing")
        or (root == "types" and rest != "SimpleNamespace")
        or root == "numbers"
    ):
        return Hint(name)
    full = {"nn": "torch.nn"}.get(root, root)
    shown = name if full == root else f"{full}.{rest}"
    if (
        any(known.startswith(name + ".") for known in (*KNOWN, *OPERATIONS))
        or not rest
        or name in ("nn.init", "nn.utils", "nn.parallel")
    ):
        return Known(shown if full != root and "." not in rest else name)
    if root in ("os", "sys", "time", "logging", "random", "json", "pathlib", "datetime", "re"):
        return Unknown(shown, "nothing outside the source is looked at")
    return Unknown(shown, "no kind of the catalogue is known by this name")


def _in_place(function: Builtin) -> Builtin:
    def run(rt: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        return x.become(function.run(rt, x, *args, **kwargs))

    return Builtin(function.name + "_", run)


def known(*names: str) -> Callable[[Any], Any]:
    """Make a function known under dotted names."""

    def note(run: Any) -> Any:
        for name in names:
            KNOWN[name] = Builtin(name, run)
        return run

    return note


# -- math, operator, itertools -----------------------------------------------------------------


def _real(function: Any) -> Any:
    def run(rt: Any, *args: Any) -> Any:
        given = [rt.tensor_number(a) if isinstance(a, TensorValue) else plain(a) for a in args]
        for each in given:
            if isinstance(each, Unknown):
                raise rt.not_known(each)
        try:
            return function(*given)
        except (ValueError, OverflowError, TypeError) as wrong:
            raise rt.error(type(wrong).__name__, str(wrong)) from None

    return run


def _elementwise(function: Any) -> Any:
    """A function of a number, or of each number of an array."""
    real = _real(function)

    def run(rt: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, TensorValue) and value.data is not None and len(value.shape) == 1:
            return listed([real(rt, each, *args) for each in value.data], "float32")
        return real(rt, value, *args)

    return run


for _name in [
    "sqrt",
    "exp",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "tanh",
    "atan",
    "atan2",
    "pow",
    "fabs",
    "floor",
    "ceil",
    "trunc",
    "isclose",
    "isnan",
    "isinf",
    "hypot",
    "erf",
    "degrees",
    "radians",
    "copysign",
    "fmod",
]:
    known(f"math.{_name}")(_real(getattr(math, _name)))
    if _name not in ("isclose", "fabs", "copysign"):
        known(f"numpy.{_name}")(_elementwise(getattr(math, _name)))
known("math.modf")(lambda rt, value: math.modf(rt.binary("+", plain(value), 0.0)))
for _name in ("gcd", "lcm", "comb", "factorial", "perm", "isqrt"):

    def _bounded(*args: Any, _name: str = _name) -> Any:
        _function = getattr(math, _name)
        if any(abs(each) > 2**64 for each in args) or (
            _function in (math.factorial, math.comb, math.perm) and args[0] > 500
        ):
            raise ValueError("the number is larger than any network needs")
        return _function(*args)

    known(f"math.{_name}")(_real(_bounded))
KNOWN.update(
    {
        "math.pi": math.pi,
        "math.e": math.e,
        "math.inf": math.inf,
        "math.nan": math.nan,
        "math.tau": math.tau,
    }
)


@known("math.prod", "numpy.prod", "numpy.product")
def _prod(rt: Any, values: Any, *more: Any, start: Any = 1, **kwargs: Any) -> Any:
    found = start
    for value in rt.iterate(values):
        found = rt.binary("*", found, value)
    return found


@known("math.ceil")
def _ceil(rt: Any, value: Any) -> Any:
    return value if isinstance(value, Size) else _real(math.ceil)(rt, value)


@known("math.floor", "math.trunc")
def _floor(rt: Any, value: Any) -> Any:
    return value if isinstance(value, Size) else _real(math.floor)(rt, value)


for _word, _name in (
    ("+", "add"),
    ("-", "sub"),
    ("*", "mul"),
    ("/", "truediv"),
    ("//", "floordiv"),
    ("%", "mod"),
    ("**", "pow"),
    ("@", "matmul"),
):
    known(f"operator.{_name}")(lambda rt, a, b, _word=_word: rt.binary(_word, a, b))
for _word, _name in (
    ("==", "eq"),
    ("!=", "ne"),
    ("<", "lt"),
    ("<=", "le"),
    (">", "gt"),
    (">=", "ge"),
):
    known(f"operator.{_name}")(lambda rt, a, b, _word=_word: rt.compare(_word, a, b))


@known("operator.itemgetter")
def _itemgetter(rt: Any, *keys: Any) -> Any:
    def get(rt: Any, value: Any) -> Any:
        found = [rt.subscript(value, key) for key in keys]
        return found[0] if len(found) == 1 else tuple(found)

    return Builtin("itemgetter", get)


@known("operator.attrgetter")
def _attrgetter(rt: Any, name: str) -> Any:
    def get(rt: Any, value: Any) -> Any:
        for part in name.split("."):
            value = rt.attribute(value, part)
        return value

    return Builtin("attrgetter", get)


@known("itertools.chain")
def _chain(rt: Any, *values: Any) -> Any:
    return rt.iterator([item for value in values for item in rt.iterate(value)])


@known("itertools.chain.from_iterable")
def _chain_all(rt: Any, values: Any) -> Any:
    return _chain(rt, *list(rt.iterate(values)))


KNOWN["itertools.chain"] = Instance(
    Class(
        "chain",
        (OBJECT,),
        {"__call__": Builtin("chain", lambda rt, self, *values: _chain(rt, *values))},
    )
)
KNOWN["itertools.chain"].attributes["from_iterable"] = KNOWN["itertools.chain.from_iterable"]


@known("itertools.repeat")
def _repeat(rt: Any, value: Any, times: Any = None) -> Any:
    return rt.iterator(
        itertools.repeat(value) if times is None else iter([value] * min(times, 1_000_000))
    )


@known("itertools.count")
def _count(rt: Any, start: Any = 0, step: Any = 1) -> Any:
    return rt.iterator(itertools.count(start, step))


@known("itertools.cycle")
def _cycle(rt: Any, values: Any) -> Any:
    return rt.iterator(itertools.cycle(list(rt.iterate(values))))


@known("itertools.accumulate")
def _accumulate(rt: Any, values: Any, function: Any = None, *, initial: Any = None) -> Any:
    found: list[Any] = [] if initial is None else [initial]
    for value in rt.iterate(values):
        if not found:
            found.append(value)
        elif function is None:
            found.append(rt.binary("+", found[-1], value))
        else:
            found.append(rt.call(function, [found[-1], value], {}))
    return rt.iterator(found)


@known("itertools.product")
def _product(rt: Any, *values: Any, repeat: int = 1) -> Any:
    pools = [list(rt.iterate(value)) for value in values] * min(repeat, 8)
    if prod(len(pool) for pool in pools) > 1_000_000:
        raise rt.cannot("this would be larger than any network needs")
    return rt.iterator(list(itertools.product(*pools)))


@known("itertools.islice")
def _islice(rt: Any, values: Any, *args: Any) -> Any:
    return rt.iterator(itertools.islice(iter(rt.iterate(values)), *args))


@known("itertools.zip_longest")
def _zip_longest(rt: Any, *values: Any, fillvalue: Any = None) -> Any:
    return rt.iterator(itertools.zip_longest(*[rt.iterate(v) for v in values], fillvalue=fillvalue))


@known("itertools.pairwise")
def _pairwise(rt: Any, values: Any) -> Any:
    return rt.iterator(list(itertools.pairwise(list(rt.iterate(values)))))


@known("itertools.combinations")
def _combinations(rt: Any, values: Any, r: int) -> Any:
    found = list(rt.iterate(values))
    if math.comb(min(len(found), 100), min(r, 100)) > 1_000_000:
        raise rt.cannot("this would be larger than any network needs")
    return rt.iterator(list(itertools.combinations(found, r)))


# -- functools, collections, copy --------------------------------------------------------------


@known("functools.partial")
def _partial(rt: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
    if isinstance(function, Partial):
        args, kwargs = (*function.args, *args), {**function.kwargs, **kwargs}
        function = function.function
    return Partial(function, args, kwargs)


@known("functools.reduce")
def _reduce(rt: Any, function: Any, values: Any, *initial: Any) -> Any:
    items = [*initial, *rt.iterate(values)]
    if not items:
        raise rt.error("TypeError", "reduce() of empty iterable with no initial value")
    found = items[0]
    for item in items[1:]:
        found = rt.call(function, [found, item], {})
    return found


@known("functools.lru_cache")
def _lru_cache(rt: Any, function: Any = None, **kwargs: Any) -> Any:
    return function if isinstance(function, (Function, Method)) else _PASSES


KNOWN["functools.cache"] = _PASSES
known("functools.wraps", "functools.update_wrapper")(lambda rt, *args, **kwargs: _PASSES)
KNOWN["functools.cached_property"] = Builtin("cached_property", lambda rt, getter: Property(getter))
KNOWN["functools.partialmethod"] = Builtin("partialmethod", lambda rt, f, *a, **k: Partial(f, a, k))
KNOWN["functools.total_ordering"] = _PASSES
KNOWN["functools.singledispatch"] = _PASSES
KNOWN["collections.OrderedDict"] = BUILTINS["dict"]


@known("collections.deque")
def _deque(rt: Any, values: Any = (), maxlen: Any = None) -> Any:
    found = Deque(rt.iterate(values))
    found.maxlen = maxlen
    found.kept()
    return found


class _DefaultDict(dict):
    """A dictionary that makes what it has not."""

    default_factory: Any = None


@known("collections.defaultdict")
def _defaultdict(rt: Any, factory: Any = None, *more: Any) -> Any:
    found = _DefaultDict(*[dict(rt.as_dict(each)) for each in more])
    found.default_factory = factory
    return found


@known("collections.Counter")
def _counter(rt: Any, values: Any = ()) -> Any:
    found = _DefaultDict()
    found.default_factory = BUILTINS["int"]
    for value in rt.iterate(values):
        found[value] = found.get(value, 0) + 1
    return found


@known("collections.namedtuple")
def _namedtuple(rt: Any, name: str, fields: Any, defaults: Any = (), **kwargs: Any) -> Any:
    names = (
        fields.replace(",", " ").split() if isinstance(fields, str) else list(rt.iterate(fields))
    )
    cls = Class(name, (OBJECT,), {"__annotations__": dict.fromkeys(names)})
    values = list(rt.iterate(defaults or ()))
    cls.names.update(zip(names[len(names) - len(values) :], values))
    rt.as_record(cls, named_tuple=True)
    for each in names:
        cls.names.pop(each, None)
    return cls


KNOWN["typing.NamedTuple"] = NAMED_TUPLE
KNOWN["typing.TypedDict"] = DICT
KNOWN["typing.Generic"] = KNOWN["typing.Protocol"] = OBJECT
KNOWN["typing.TYPE_CHECKING"] = False
KNOWN["typing.cast"] = Builtin("cast", lambda rt, kind, value: value)
KNOWN["typing.TypeVar"] = Builtin("TypeVar", lambda rt, *args, **kwargs: Hint("TypeVar"))
for _name in ("final", "overload", "no_type_check", "runtime_checkable", "override"):
    KNOWN[f"typing.{_name}"] = _PASSES
KNOWN["abc.ABC"] = OBJECT
KNOWN["abc.ABCMeta"] = Hint("abc.ABCMeta")
for _name in ("abstractmethod",):
    KNOWN[f"abc.{_name}"] = _PASSES
KNOWN["abc.abstractproperty"] = BUILTINS["property"]
KNOWN["enum.Enum"] = KNOWN["enum.Flag"] = ENUM
KNOWN["enum.IntEnum"] = KNOWN["enum.StrEnum"] = KNOWN["enum.IntFlag"] = INT_ENUM
KNOWN["enum.auto"] = Builtin("auto", lambda rt: AUTO())
KNOWN["enum.unique"] = _PASSES


@known("copy.deepcopy")
def _deepcopy(rt: Any, value: Any, memo: Any = None) -> Any:
    return copied(value, {})


def copied(value: Any, memo: dict[int, Any]) -> Any:
    """A copy of a value and of all inside it."""
    if id(value) in memo:
        return memo[id(value)]
    found: Any
    if isinstance(value, list):
        found = memo[id(value)] = []
        found.extend(copied(each, memo) for each in value)
    elif isinstance(value, dict):
        found = memo[id(value)] = type(value)()
        if isinstance(value, _DefaultDict):
            found.default_factory = value.default_factory
        found.update({key: copied(each, memo) for key, each in value.items()})
    elif type(value) in (tuple, set):
        found = type(value)([copied(each, memo) for each in value])
    elif isinstance(value, Instance) and "__members__" not in value.cls.names:
        found = memo[id(value)] = Instance(value.cls)
        found.attributes.update({k: copied(v, memo) for k, v in value.attributes.items()})
        found.data = copied_data(value.data, found, memo)
    elif isinstance(value, TensorValue):
        from shapecalc.reading.modules import stored

        if value.stored is None:
            return value
        found = memo[id(value)] = stored(value.shape, value.dtype, value.stored.is_buffer)
    elif isinstance(value, Method):
        found = Method(value.function, copied(value.self, memo))
    else:
        return value
    memo[id(value)] = found
    return found


def copied_data(data: Any, owner: Instance, memo: dict[int, Any]) -> Any:
    """What a class known here keeps, for a copy of its instance."""
    from shapecalc.reading.modules import Leaf

    if isinstance(data, Leaf):
        found = Leaf(data.kind, dict(data.raw), data.place)
        found.given, found.layer = data.given, data.layer
        return found
    return copied(data, memo)


@known("copy.copy")
def _copy(rt: Any, value: Any) -> Any:
    if isinstance(value, (list, dict, set)):
        return value.copy()
    if isinstance(value, Instance):
        found = Instance(value.cls)
        found.attributes.update(value.attributes)
        found.data = value.data
        return found
    return value


# -- dataclasses -------------------------------------------------------------------------------


@known("dataclasses.dataclass", "torch.jit.script_dataclass")
def _dataclass(rt: Any, cls: Any = None, **kwargs: Any) -> Any:
    if isinstance(cls, Class):
        return rt.as_record(cls)
    return Builtin(
        "dataclass", lambda rt, each: rt.as_record(each) if isinstance(each, Class) else each
    )


@known("dataclasses.field")
def _field(rt: Any, *, default: Any = ..., default_factory: Any = None, **kwargs: Any) -> Any:
    return Default(default, default_factory, default is not ...)


@known("dataclasses.asdict")
def _asdict(rt: Any, value: Any) -> Any:
    return {name: value.attributes[name] for name in value.cls.find("__fields__")}


@known("dataclasses.replace")
def _replace(rt: Any, value: Any, **kwargs: Any) -> Any:
    return rt.call(value.cls, [], {**_asdict(rt, value), **kwargs})


@known("dataclasses.fields")
def _fields(rt: Any, value: Any) -> Any:
    cls = value if isinstance(value, Class) else value.cls
    found = []
    for name in cls.find("__fields__"):
        each = Instance(Class("Field", (OBJECT,)))
        each.attributes["name"] = name
        found.append(each)
    return found


@known(
    "types.SimpleNamespace", "argparse.Namespace", "easydict.EasyDict", "omegaconf.OmegaConf.create"
)
def _namespace(rt: Any, values: Any = None, **kwargs: Any) -> Any:
    found = Instance(Class("SimpleNamespace", (OBJECT,)))
    found.attributes.update({**(rt.as_dict(values) if values is not None else {}), **kwargs})
    return found


known("inspect.isclass")(lambda rt, value: isinstance(value, Class))
known("inspect.isfunction")(lambda rt, value: isinstance(value, Function))

# -- what only scripts do -----------------------------------------------------------------------

for _name in [
    "torch.manual_seed",
    "torch.set_grad_enabled",
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
    "torch.autograd.Variable",
    "torch.nn.utils.skip_init_",
]:
    KNOWN[_name] = Quiet(_name, passes=True)
KNOWN["torch.autograd.Variable"] = Builtin("Variable", lambda rt, x, *args, **kwargs: x)


def _context(rt: Any, function: Any = None, *args: Any, **kwargs: Any) -> Any:
    return function if isinstance(function, (Function, Method)) else _PASSES


for _name in [
    "torch.no_grad",
    "torch.inference_mode",
    "torch.enable_grad",
    "torch.autocast",
    "torch.cuda.amp.autocast",
    "torch.amp.autocast",
    "torch.autograd.no_grad",
    "torch.autograd.profiler.record_function",
    "torch.profiler.record_function",
    "contextlib.nullcontext",
    "torch.backends.cuda.sdp_kernel",
    "torch.nn.attention.sdpa_kernel",
    "warnings.catch_warnings",
]:
    known(_name)(_context)
KNOWN["contextlib.contextmanager"] = _PASSES
known("contextlib.suppress")(lambda rt, *kinds: Suppressed(kinds))
known("torch.device")(lambda rt, *args, **kwargs: DEVICE)
KNOWN.update(FRAMEWORK)
KNOWN.update(REGULAR)
for _name in (
    "torch.cuda.is_available",
    "torch.backends.mps.is_available",
    "torch.jit.is_scripting",
    "torch.jit.is_tracing",
    "torch.distributed.is_initialized",
    "torch.distributed.is_available",
    "torch.is_grad_enabled",
    "torch.compiler.is_compiling",
    "torch.onnx.is_in_onnx_export",
    "torch.backends.cudnn.is_available",
    "torch.is_autocast_enabled",
    "torch._C._get_tracing_state",
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
known("random.random", "numpy.random.rand_", "random.uniform")(
    lambda rt, *args: Unknown("random.random()")
)
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
KNOWN["torch.Tensor"] = KNOWN["torch.FloatTensor"] = OPERATIONS["torch.Tensor"]
KNOWN["torch.Size"] = Builtin("Size", lambda rt, values=(): tuple(rt.iterate(values)))
KNOWN["torch.nn.Module"] = KNOWN["nn.Module"] = MODULE
KNOWN["torch.ScriptModule"] = KNOWN["torch.jit.ScriptModule"] = MODULE
KNOWN["nn.utils.rnn.pack_padded_sequence"] = Unknown(
    "torch.nn.utils.rnn.pack_padded_sequence", "lengths are known only when it runs"
)
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
    KNOWN.setdefault(f"typing.{_name}", Hint(f"typing.{_name}"))


class DTypeInfo:
    """What ``torch.finfo`` gives."""

    def __init__(self, most: float) -> None:
        self.values = {"max": most, "min": -most, "eps": 1.1920929e-07, "tiny": 1.1754944e-38}

    def known_attribute(self, rt: Any, name: str) -> Any:
        """A bound."""
        return self.values.get(name, 0.0)


known("torch.finfo", "numpy.finfo")(lambda rt, *args: DTypeInfo(3.4028234663852886e38))
known("torch.iinfo", "numpy.iinfo")(lambda rt, *args: DTypeInfo(2**63 - 1))


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

# -- normalised weights, and losses -------------------------------------------------------------


@known("nn.utils.weight_norm", "nn.utils.parametrizations.weight_norm")
def _weight_norm(rt: Any, module: Any, name: str = "weight", dim: Any = 0) -> Any:
    """A weight as its direction and its size: a learned number more for each of its rows."""
    weight = rt.attribute(module, name)
    if isinstance(weight, TensorValue):
        sizes = [size if n == dim else 1 for n, size in enumerate(weight.shape)]
        module.attributes[f"{name}_g"] = stored(
            tuple(sizes) if dim is not None else (), "float32", False
        )
    return module


@known("nn.utils.spectral_norm", "nn.utils.parametrizations.spectral_norm")
def _spectral_norm(rt: Any, module: Any, name: str = "weight", *more: Any, **kwargs: Any) -> Any:
    """A weight divided by its largest singular value: two vectors are kept for it."""
    weight = rt.attribute(module, name)
    if isinstance(weight, TensorValue):
        dim = kwargs.get("dim")
        is_turned = dim == 1 or (dim is None and module.cls.name.startswith("ConvTranspose"))
        rows = weight.shape[1 if is_turned else 0]
        module.attributes[f"{name}_u"] = stored((rows,), "float32", True)
        module.attributes[f"{name}_v"] = stored((prod(weight.shape) // rows,), "float32", True)
    return module


for _name in ("remove_weight_norm", "remove_spectral_norm", "fuse_conv_bn_eval"):
    KNOWN[f"nn.utils.{_name}"] = Quiet(_name, passes=True)
for _name in ("clip_grad_norm_", "clip_grad_value_"):
    KNOWN[f"nn.utils.{_name}"] = Quiet(_name)
known("nn.utils.parameters_to_vector")(
    lambda rt, found: TensorValue((sum(prod(each.shape) for each in rt.iterate(found)),))
)

for _function, _name in LOSSES.items():
    _cls = Class(_name, (MODULE,))

    def _loss_init(rt: Any, self: Instance, *args: Any, **kwargs: Any) -> None:
        self.attributes.update(
            {"training": rt.training, "reduction": kwargs.get("reduction", "mean")}
        )

    def _loss_forward(rt: Any, self: Instance, *args: Any, _function: str = _function) -> Any:
        run = OPERATIONS[f"nn.functional.{_function}"].run
        return run(rt, *args, reduction=self.attributes["reduction"])

    _cls.names["__init__"] = Builtin(f"{_name}.__init__", _loss_init)
    _cls.names["forward"] = Builtin("forward", _loss_forward)
    NN[_name] = _cls

# -- numpy, as networks use it ------------------------------------------------------------------

for _name in ("array", "asarray"):
    known(f"numpy.{_name}")(
        lambda rt, values, *args, **kwargs: OPERATIONS["torch.tensor"].run(rt, values)
    )
known("numpy.linspace")(
    lambda rt, a, b, n=50, **kwargs: OPERATIONS["torch.linspace"].run(rt, a, b, n)
)
known("numpy.arange")(lambda rt, *args, **kwargs: OPERATIONS["torch.arange"].run(rt, *args))
known("numpy.cumsum")(
    lambda rt, values, *args: OPERATIONS["torch.cumsum"].run(
        rt, OPERATIONS["torch.tensor"].run(rt, list(rt.iterate(values)))
    )
)
for _name in ("zeros", "ones"):
    known(f"numpy.{_name}")(
        lambda rt, shape, *args, _name=_name, **kwargs: OPERATIONS[f"torch.{_name}"].run(rt, shape)
    )
known("numpy.sum")(lambda rt, values, *args: BUILTINS["sum"].run(rt, values))
known("numpy.max", "numpy.amax")(lambda rt, values, *args: BUILTINS["max"].run(rt, values))
known("numpy.min", "numpy.amin")(lambda rt, values, *args: BUILTINS["min"].run(rt, values))
known("numpy.mean")(
    lambda rt, values, *args: sum(rt.iterate(values)) / max(1, len(list(rt.iterate(values))))
)
known("numpy.abs")(lambda rt, value: abs(value))
known("numpy.round", "numpy.around", "numpy.rint")(
    _elementwise(lambda value, digits=0: float(round(value, digits)))
)
for _name, _word in (("power", "**"), ("multiply", "*"), ("add", "+"), ("subtract", "-")):
    known(f"numpy.{_name}")(lambda rt, a, b, _word=_word: rt.binary(_word, a, b))
known("numpy.full")(
    lambda rt, shape, value, **kwargs: OPERATIONS["Tensor.fill_"].run(
        rt, OPERATIONS["torch.zeros"].run(rt, shape), value
    )
)
known("numpy.unique")(
    lambda rt, values, **kwargs: OPERATIONS["torch.unique"].run(
        rt, OPERATIONS["torch.tensor"].run(rt, values), **kwargs
    )
)
known("numpy.int64", "numpy.int32", "numpy.intp")(
    lambda rt, value=0: BUILTINS["int"].run(rt, value)
)
known("numpy.float32", "numpy.float64")(lambda rt, value=0.0: BUILTINS["float"].run(rt, value))
known("numpy.maximum")(lambda rt, a, b: max(a, b))
known("numpy.minimum")(lambda rt, a, b: min(a, b))


# -- argparse: what a script takes where nothing is given --------------------------------------


class Parser:
    """``argparse.ArgumentParser``: its arguments have their defaults."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def known_attribute(self, rt: Any, name: str) -> Any:
        """A method of a parser."""
        found: Any = {
            "add_argument": self.add,
            "parse_args": self.parse,
            "parse_known_args": lambda rt, *a, **k: (self.parse(rt), []),
            "add_argument_group": lambda rt, *a, **k: self,
            "add_mutually_exclusive_group": lambda rt, *a, **k: self,
            "set_defaults": lambda rt, **k: self.values.update(k),
            "get_default": lambda rt, key: self.values.get(key),
        }.get(name)
        return Builtin(name, found) if found is not None else Quiet(name)

    def add(self, rt: Any, *names: Any, **kwargs: Any) -> None:
        """An argument with its default."""
        name = kwargs.get("dest") or next((n for n in names if n.startswith("--")), names[0])
        name = name.lstrip("-").replace("-", "_")
        default = kwargs.get("default")
        action = kwargs.get("action")
        if "default" not in kwargs and action in ("store_true", "store_false"):
            default = action == "store_false"
        kind = kwargs.get("type")
        if isinstance(default, str) and kind is not None and not isinstance(kind, Unknown):
            default = rt.call(kind, [default], {})
        if "default" not in kwargs and kwargs.get("required"):
            default = Unknown(f"argument --{name}", "it has no default, and no arguments are given")
        self.values[name] = default

    def parse(self, rt: Any, *args: Any, **kwargs: Any) -> Any:
        """All arguments with their defaults."""
        found = Instance(Class("Namespace", (OBJECT,)))
        found.attributes.update(self.values)
        return found


known("argparse.ArgumentParser")(lambda rt, *args, **kwargs: Parser())
for _name in ("ArgumentDefaultsHelpFormatter", "RawTextHelpFormatter", "SUPPRESS", "REMAINDER"):
    KNOWN[f"argparse.{_name}"] = Unknown(f"argparse.{_name}")

# -- helpers that many copy from timm -----------------------------------------------------------


def _tuple_of(n: int) -> Any:
    def run(rt: Any, value: Any) -> Any:
        return tuple(value) if isinstance(value, (list, tuple)) else (value,) * n

    return run


DROP_PATH = Class("DropPath", (MODULE,))


def _drop_path_init(
    rt: Any, self: Instance, drop_prob: Any = 0.0, *args: Any, **kwargs: Any
) -> None:
    self.attributes.update({"training": rt.training, "drop_prob": drop_prob})


DROP_PATH.names["__init__"] = Builtin("DropPath.__init__", _drop_path_init)
DROP_PATH.names["forward"] = Builtin("forward", lambda rt, self, x: x)

for _place in ("timm.models.layers", "timm.layers", "timm.models.layers.drop", "timm.layers.drop"):
    KNOWN[f"{_place}.DropPath"] = DROP_PATH
    KNOWN[f"{_place}.drop_path"] = Builtin("drop_path", lambda rt, x, *args, **kwargs: x)
    for _name in ("trunc_normal_", "lecun_normal_", "variance_scaling_", "trunc_normal_tf_"):
        KNOWN[f"{_place}.{_name}"] = Quiet(_name, passes=True)
    for _n, _name in enumerate(("to_1tuple", "to_2tuple", "to_3tuple", "to_4tuple"), 1):
        known(f"{_place}.{_name}")(_tuple_of(_n))
    known(f"{_place}.to_ntuple")(lambda rt, n: Builtin("parse", _tuple_of(n)))
for _place in ("timm.models.layers.weight_init", "timm.layers.weight_init"):
    KNOWN[f"{_place}.trunc_normal_"] = Quiet("trunc_normal_", passes=True)
for _place in ("timm.models.layers.helpers", "timm.layers.helpers"):
    known(f"{_place}.to_2tuple")(_tuple_of(2))
for _place in ("timm.models.registry", "timm.models"):
    KNOWN[f"{_place}.register_model"] = _PASSES


@known(
    "timm.models.layers.make_divisible",
    "timm.layers.make_divisible",
    "timm.layers.helpers.make_divisible",
)
def _make_divisible(
    rt: Any, v: Any, divisor: int = 8, min_value: Any = None, round_limit: float = 0.9
) -> Any:
    least = min_value or divisor
    found = max(least, int(v + divisor / 2) // divisor * divisor)
    return found + divisor if found < round_limit * v else found


for _name in ("torchsummary.summary", "torchinfo.summary", "thop.profile", "tqdm.tqdm"):
    KNOWN[_name] = Quiet(_name)
KNOWN["thop.clever_format"] = Quiet("clever_format")

# -- einops' layers -----------------------------------------------------------------------------

for _name, _function in (("Rearrange", "rearrange"), ("Reduce", "reduce")):
    _cls = Class(_name, (MODULE,))

    def _init(rt: Any, self: Instance, *args: Any, **kwargs: Any) -> None:
        self.attributes["training"] = rt.training
        self.data = ("pattern", args, kwargs)

    def _forward(rt: Any, self: Instance, x: Any, _function: str = _function) -> Any:
        _, args, kwargs = self.data
        return OPERATIONS[f"einops.{_function}"].run(rt, x, *args, **kwargs)

    _cls.names["__init__"] = Builtin(f"{_name}.__init__", _init)
    _cls.names["forward"] = Builtin("forward", _forward)
    KNOWN[f"einops.layers.torch.{_name}"] = KNOWN[f"einops.layers.{_name}"] = _cls


@known("einops.pack")
def _pack(rt: Any, tensors: Any, pattern: str) -> Any:
    before, _, after = pattern.partition("*")
    axis, behind = len(before.split()), len(after.split())
    found, shapes = [], []
    for each in tensors:
        shape = list(each.shape)
        inner = shape[axis : len(shape) - behind]
        shapes.append(tuple(inner))
        merged = [*shape[:axis], prod(inner), *shape[len(shape) - behind :]]
        found.append(
            each if len(inner) == 1 else OPERATIONS["Tensor.reshape"].run(rt, each, merged)
        )
    return OPERATIONS["torch.cat"].run(rt, found, axis), shapes


@known("einops.unpack")
def _unpack(rt: Any, x: TensorValue, shapes: Any, pattern: str) -> Any:
    before, _, _ = pattern.partition("*")
    axis = len(before.split())
    parts = OPERATIONS["torch.split"].run(rt, x, [prod(shape) for shape in shapes], axis)
    return [
        part
        if len(shape) == 1
        else OPERATIONS["Tensor.reshape"].run(
            rt, part, [*part.shape[:axis], *shape, *part.shape[axis + 1 :]]
        )
        for part, shape in zip(parts, shapes)
    ]


@known("einops.parse_shape")
def _parse_shape(rt: Any, x: TensorValue, pattern: str) -> Any:
    return {name: size for name, size in zip(pattern.split(), x.shape) if name != "_"}


__all__ = [
    "KNOWN",
    "ClassMethod",
    "Known",
    "Static",
    "constant",
    "is_instance",
    "module",
    "operator",
]
