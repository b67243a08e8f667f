"""Modules that are known without a file: how a dotted name is looked up."""

from __future__ import annotations

import functools
from typing import Any

from shapecalc.reading.evaluator.classes import (
    OBJECT,
)
from shapecalc.reading.evaluator.scopes import ModuleNames
from shapecalc.reading.evaluator.values import (
    Builtin,
    Class,
    Function,
    Quiet,
    Unknown,
)
from shapecalc.reading.files import read_text
from shapecalc.reading.functions import OPERATIONS
from shapecalc.reading.index import KNOWN_IN
from shapecalc.reading.modules import torch_class
from shapecalc.reading.tables import Table
from shapecalc.reading.tensors.dtypes import DTYPES, DType
from shapecalc.reading.tensors.unknown import not_in_catalogue

NAMES = Table("shapecalc.reading.known", KNOWN_IN)
"""What modules hold, by dotted name."""

PASSES = Quiet("passes", passes=True)


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


class Training(Hint):
    """``torch.optim`` and what is in it: what is made of it trains, and changes no shape."""

    def known_attribute(self, rt: Any, name: str) -> Any:
        """An optimizer, or a module of them."""
        return Training(f"{self.name}.{name}")

    def known_call(self, rt: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """An optimizer, or what sets its rate."""
        return Logger()


class Known:
    """A module that is known here."""

    def __init__(self, name: str) -> None:
        self.name = name

    def known_attribute(self, rt: Any, name: str) -> Any:
        """What it holds, or the source has put into it."""
        if (self.name, name) in rt.put_in:
            return rt.put_in[self.name, name]
        if name in ("__name__", "__version__", "__file__"):
            return self.name if name != "__version__" else "2.0.0"
        if name == "__dict__":
            return ModuleNames(rt, self)
        return resolve(f"{self.name}.{name}")

    def known_set(self, rt: Any, name: str, item: Any) -> None:
        """``nn.Own = Own``, in the reading that is under way."""
        rt.put_in[self.name, name] = item

    def known_names(self) -> list[str]:
        """The names that ``import *`` takes."""
        start = f"{self.name}."
        return [
            n[len(start) :] for n in NAMES if n.startswith(start) and "." not in n[len(start) :]
        ]


_PREFIXES = {
    "torch.nn.modules": "nn",
    "torch.nn.functional": "nn.functional",
    "torch.nn": "nn",
    "torch.functional": "torch",
    "torch.sparse.torch": "torch",
    "np": "numpy",
    "collections.abc": "typing",
    "typing_extensions": "typing",
    "einops.layers.torch": "einops.layers",
}

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
        "easydict",
        "yacs",
        "ml_collections",
        "attrdict",
        "munch",
        "box",
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
"""Packages that are known in parts alone."""

_OF_PICTURES = ("torchvision.transforms._presets",)
"""Modules that torchvision's networks import for what is done to pictures before."""

_ROOTS = frozenset(
    [
        *_UNLISTED,
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
        "yaml",
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
        "urllib",
        "inspect",
        "string",
        "json",
        "traceback",
        "keyword",
        "platform",
        "importlib",
        "pathlib",
        "datetime",
        "contextlib",
        "__future__",
        "tensorboardX",
    ]
)


REPLACED: dict[str, Any] = {
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


def _legacy(rt: Any, **weights: Any) -> Any:
    """Torchvision's decorator that takes ``pretrained=True``, and gives the weights it meant."""

    def decorate(rt: Any, function: Any) -> Any:
        def call(rt: Any, *args: Any, **kwargs: Any) -> Any:
            for name, (old, default) in weights.items():
                if args and isinstance(args[0], bool) and name == "weights":
                    kwargs[old], args = args[0], args[1:]
                if old not in kwargs:
                    continue
                wanted = rt.truth(kwargs.pop(old))
                is_made = wanted and isinstance(default, Function)
                found = rt.call(default, [kwargs], {}) if is_made else default
                kwargs.setdefault(name, found if wanted else None)
            return rt.call(function, list(args), kwargs)

        return Builtin(function.name, call)

    return Builtin("handle_legacy_interface", decorate)


REPLACED["torchvision.models._utils.handle_legacy_interface"] = Builtin(
    "handle_legacy_interface", _legacy
)


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


def replacement(rt: Any, module: str, name: str) -> Any:
    """What stands for a name of a file that is read; None where it is taken as it is written."""
    full = f"{module}.{name}"
    if full in REPLACED:
        return REPLACED[full]
    return (
        NAMES["transformers.*"].run(rt, module, name) if full.startswith("transformers.") else None
    )


def lends(name: str) -> bool:
    """Whether a package is known in parts, and read from its source where that is there."""
    return name.partition(".")[0] in ("timm", "transformers")


def stays_unread(name: str) -> bool:
    """Whether a package that is installed is not read, beyond what is known of it."""
    if name in _OF_PICTURES:
        return True
    return name.partition(".")[0] in _UNLISTED and not lends(name)


def module(name: str) -> Any:
    """A module by its dotted name, None if it is not known here."""
    root = name.partition(".")[0]
    if root not in _ROOTS or (root in _UNLISTED and not NAMES.has_below(name)):
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
            if start == "torch.nn.modules" and rest.islower() and "." not in rest:
                return Known(name)  # a file, of which a name comes
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
    if name in NAMES:
        return NAMES[name]
    if f"{name}.".startswith("torch.optim."):
        return Training(name)
    if name.startswith(("nn.init.", "torch.nn.init.")):
        return Quiet(name, passes=True)
    if name in OPERATIONS:
        return OPERATIONS[name]
    if name.startswith("nn.") and (found := torch_class(name[3:])) is not None:
        return found
    if name.endswith("_") and name[:-1] in OPERATIONS:
        return _in_place(OPERATIONS[name[:-1]])
    if name.startswith("torch.") and name[6:] in DTYPES:
        return DType(name[6:])
    if name.startswith("torch.special.") and f"torch.{name[14:]}" in OPERATIONS:
        return OPERATIONS[f"torch.{name[14:]}"]
    root, _, rest = name.partition(".")
    if rest and root in ("typing", "types", "numbers"):
        return Hint(name)
    full = {"nn": "torch.nn"}.get(root, root)
    shown = name if full == root else f"{full}.{rest}"
    if (
        NAMES.has_below(name)
        or OPERATIONS.has_below(name)
        or not rest
        or name in ("nn.init", "nn.utils", "nn.parallel")
    ):
        return Known(shown if full != root and "." not in rest else name)
    if root == "transformers":
        return Unknown(shown, "its files are read where transformers is installed, as by pip")
    if root in ("os", "sys", "time", "logging", "random", "json", "pathlib", "datetime", "re"):
        return Unknown(shown, "nothing outside the source is looked at")
    return not_in_catalogue(shown)


def _in_place(function: Builtin) -> Builtin:
    def run(rt: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        return x.become(function.run(rt, x, *args, **kwargs))

    return Builtin(function.name + "_", run)
