"""What an entry says of an operation: its settings as the tree holds them."""

from __future__ import annotations

from typing import Any

from shapecalc.language.problem import Mark
from shapecalc.language.tree import Setting
from shapecalc.layers.compound import Either, PerAxis
from shapecalc.reading.evaluator import sizes
from shapecalc.reading.evaluator.sizes import Size
from shapecalc.reading.tensors.trace import exact
from shapecalc.reading.tensors.traced import Op


def settings(op: Op, mark: Mark) -> dict[str, Setting]:
    """What an entry says: no more than is not inferred, and not the default."""
    found: dict[str, Setting] = {}
    layer = op.layer
    for name, value in op.settings.items():
        declared = layer.fields.get(name)
        if declared is None or value is None:
            continue
        if declared.infer is not None and not _are_several(value):
            continue
        kept = layer.__dict__[name]
        has_default = declared.default is not None and not declared.is_required
        if has_default and kept == layer.default_of(name):
            continue
        per = declared.type.other if isinstance(declared.type, Either) else declared.type
        if isinstance(per, PerAxis) and isinstance(value, (list, tuple)):
            covers = len(value) == len(kept) or per.short == "repeated"
            alike = all(each == value[0] for each in value)
            if covers and (
                len(value) == 1 or (alike and not any(isinstance(each, Size) for each in value))
            ):
                value = value[0]
        found[name] = setting(value, mark)
    return found


def _are_several(value: Any) -> bool:
    """Whether it tells more than follows from what comes in: how many dimensions there are."""
    return isinstance(value, (list, tuple)) and len(value) > 1


def setting(value: Any, mark: Mark) -> Setting:
    """A value as the tree holds it."""
    if isinstance(value, Size):
        return Setting(Setting.EXPRESSION, sizes.expression(value), mark)
    if isinstance(value, (list, tuple)):
        return Setting(Setting.LIST, [setting(each, mark) for each in value], mark)
    if isinstance(value, dict):
        content = {name: setting(each, mark) for name, each in value.items()}
        return Setting(Setting.MAPPING, content, mark)
    return Setting(Setting.CONSTANT, exact(value), mark)
