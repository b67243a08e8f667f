"""Base classes of frameworks that are modules with more methods, and what packages lend."""

from __future__ import annotations

from typing import Any

from shapecalc.reading.evaluator.classes import DICT, OBJECT
from shapecalc.reading.evaluator.values import Builtin, Class, ClassMethod, Instance, Quiet
from shapecalc.reading.known.base import NAMES
from shapecalc.reading.modules import MODULE, method

KNOWN = NAMES.part(__name__)

ATTRIBUTES = Class("AttributeDict", (DICT,))
"""A dictionary whose items are attributes as well."""

LIGHTNING = Class("LightningModule", (MODULE,))
HUB_MIXIN = Class("PyTorchModelHubMixin", (OBJECT,))
for _name in ("__init_subclass__", "save_pretrained", "from_pretrained", "push_to_hub"):
    HUB_MIXIN.names[_name] = Quiet(_name)

FRAMEWORK: dict[str, Any] = {
    "huggingface_hub.PyTorchModelHubMixin": HUB_MIXIN,
    "mmcv.runner.BaseModule": MODULE,
    "mmengine.model.BaseModule": MODULE,
}
"""What frameworks hold, by dotted name."""

for _name in ("pytorch_lightning", "lightning", "lightning.pytorch"):
    FRAMEWORK[f"{_name}.LightningModule"] = LIGHTNING
    FRAMEWORK[f"{_name}.core.LightningModule"] = LIGHTNING
    FRAMEWORK[f"{_name}.seed_everything"] = Quiet("seed_everything")


def attribute_dict(values: dict[str, Any]) -> Instance:
    """A dictionary that is asked by attribute as well as by item."""
    found = Instance(ATTRIBUTES)
    found.attributes = found.data = values
    return found


@method(LIGHTNING, "save_hyperparameters")
def _save_hyperparameters(rt: Any, self: Instance, *names: Any, **more: Any) -> None:
    """Keep the arguments of the method that is running as ``self.hparams``."""
    frame = rt.frame
    values: dict[str, Any] = {}
    if frame is not None and frame.function is not None:
        code = frame.function.code
        ignored = more.get("ignore") or ()
        ignored = (ignored,) if isinstance(ignored, str) else tuple(ignored)
        for name in [*code.positional[1:], *code.keyword_only]:
            if name in frame.names and name not in ignored:
                values[name] = frame.names[name]
        if code.double_star is not None:
            values.update(frame.names.get(code.double_star, {}))
    if len(names) == 1 and not isinstance(names[0], str):
        values = dict(rt.as_dict(names[0]))
    elif names:
        values = {name: value for name, value in values.items() if name in names}
    self.attributes["hparams"] = attribute_dict(values)


for _name in ("log", "log_dict", "print", "freeze", "unfreeze"):
    LIGHTNING.names[_name] = Quiet(_name)


def version_of(rt: Any, text: Any) -> tuple[int, ...]:
    """A version as its numbers, which compare as versions do."""
    found = []
    for part in str(text).partition("+")[0].split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        found.append(int(digits))
    return tuple(found)


for _name in (
    "packaging.version.parse",
    "packaging.version.Version",
    "pkg_resources.parse_version",
    "distutils.version.LooseVersion",
    "distutils.version.StrictVersion",
    "torch.torch_version.TorchVersion",
):
    FRAMEWORK[_name] = Builtin(_name, version_of)


class Loaded:
    """``sys.modules``: the files that are read, by their names."""

    def known_item(self, rt: Any, name: Any) -> Any:
        """A file that is read already; else what is known under the name."""
        if name in rt.modules:
            return rt.modules[name]
        return rt.imported(str(name), None)

    def known_attribute(self, rt: Any, name: str) -> Any:
        """A method of the dictionary."""
        if name == "get":
            return Builtin(name, lambda rt, key, default=None: rt.modules.get(key, default))
        return Quiet(name)


FRAMEWORK["sys.modules"] = Loaded()


class Environment(dict):
    """``os.environ``: empty, whatever is put into it."""

    def __setitem__(self, name: Any, value: Any) -> None:
        pass

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is kept."""


FRAMEWORK["os.environ"] = Environment()

# -- torch.autograd.Function --------------------------------------------------------------------

FUNCTION = Class("Function", (OBJECT,))
CONTEXT = Class("FunctionCtx", (OBJECT,))
for _name in (
    "save_for_backward",
    "mark_dirty",
    "mark_non_differentiable",
    "set_materialize_grads",
):
    CONTEXT.names[_name] = Quiet(_name)


def _applied(rt: Any, cls: Class, *args: Any) -> Any:
    """Its forward; what it does backwards changes no shape."""
    context = Instance(CONTEXT)
    context.attributes["needs_input_grad"] = (False,) * len(args)
    forward = rt.class_attribute(cls, "forward")
    is_split = cls.has("setup_context")
    return rt.call(forward, [*args] if is_split else [context, *args], {})


FUNCTION.names["apply"] = ClassMethod(Builtin("apply", _applied))
for _name in ("torch.autograd.Function", "torch.autograd.function.Function"):
    FRAMEWORK[_name] = FUNCTION

KNOWN.update(FRAMEWORK)
