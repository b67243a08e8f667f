"""A network of one layer, made of what is typed at the command line."""

from __future__ import annotations

from collections.abc import Sequence

from shapecalc.language.problem import did_you_mean
from shapecalc.layers import KINDS
from shapecalc.reading.inputs import read_input

NAME = "layer"
"""What the layer is called."""


class KindError(ValueError):
    """There is no kind of the name."""


def spec_of(kind: str, settings: Sequence[str], inputs: Sequence[str]) -> str:
    """The text of a spec with this layer alone.

    Settings are ``kernel_size=3`` or, for the first field, a value alone; several values are
    separated by commas. Inputs are ``3,224,224`` or ``3,H=224,W=224``, without the batch.

    >>> print(spec_of("Conv2d", ["64", "kernel_size=7"], ["3,H=224,224"]))
    symbols: {H: 224}
    inputs:
      input: {shape: [3, H, 224], dtype: float32}
    layers:
      - Conv2d: {out_channels: 64, kernel_size: 7}
        name: layer
    """
    declared = KINDS.get(kind)
    if declared is None:
        hint = did_you_mean(kind, KINDS) or "'shapecalc layers' lists the kinds there are"
        raise KindError(f"unknown kind {kind!r}; {hint}")
    shapes = [read_input(each).meant(None) for each in inputs]
    names = [shape.name or ("input" if len(shapes) == 1 else f"input{i}")
             for i, shape in enumerate(shapes, start=1)]  # fmt: skip
    symbols = {name: size for shape in shapes for name, size in shape.sizes if name}
    given = ", ".join(map(_setting, settings, [next(iter(declared.fields), "")] * len(settings)))
    lines = [f"symbols: {{{', '.join(f'{name}: {size}' for name, size in symbols.items())}}}"]
    lines = (lines if symbols else []) + ["inputs:"]
    for name, shape in zip(names, shapes):
        sizes = ", ".join(each or str(size) for each, size in shape.sizes)
        lines.append(f"  {name}: {{shape: [{sizes}], dtype: {shape.dtype}}}")
    if not shapes:
        lines.append("  input: [1]")
    lines += ["layers:", f"  - {kind}: {{{given}}}", f"    name: {NAME}"]
    if len(shapes) > 1:
        lines.append(f"    from: [{', '.join(names)}]")
    return "\n".join(lines)


def _setting(text: str, first: str) -> str:
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        name, value = first, text
    is_several = "," in value and value.strip()[:1] not in ("[", "'", '"', "{")
    return f"{name.strip()}: {f'[{value}]' if is_several else value}"
