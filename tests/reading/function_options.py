"""Calls of torch's functions with each of their options in turn, as torch takes them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import Any

from shapecalc.reading.functions.signatures import SIGNATURES

VALUES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("input", "tensor", "other", "x1", "x2", "mat2", "values", "vec2"), ("x",)),
    **dict.fromkeys(("tensor1", "tensor2", "prepend", "append", "target", "test_elements"), ("x",)),
    **dict.fromkeys(("batch1", "batch2"), ("x[0]",)),
    **dict.fromkeys(("condition", "mask"), ("x > 0",)),
    **dict.fromkeys(
        ("keepdim", "keepdims", "descending", "return_indices", "ceil_mode"), ("True",)
    ),
    **dict.fromkeys(("align_corners", "hard", "stable", "invert", "equal_nan"), ("True",)),
    **dict.fromkeys(("largest", "unbiased", "count_include_pad", "training"), ("False",)),
    **dict.fromkeys(("n", "k", "chunks", "repeats", "sections", "dilation", "groups"), ("2",)),
    **dict.fromkeys(("upscale_factor", "downscale_factor", "num_groups", "norm_type"), ("2",)),
    **dict.fromkeys(("exponent", "p", "step", "indices_or_sections"), ("2",)),
    **dict.fromkeys(("diagonal", "offset", "dim0", "start_dim", "shifts", "stride"), ("1",)),
    **dict.fromkeys(("padding", "start", "dimension", "max", "ord", "source"), ("1",)),
    **dict.fromkeys(("dim1", "end_dim", "length", "destination"), ("2",)),
    **dict.fromkeys(("alpha", "beta", "threshold", "lambd", "value", "weight", "q"), ("0.5",)),
    "correction": ("0",),
    "dim": ("1", "-1", "(1, 2)"),
    "dim2": ("3",),
    "dims": ("[1]", "(1, 2)", "(0, 2, 3, 1)"),
    "dtype": ("torch.float64",),
    "end": ("x",),
    "fill_value": ("1.0",),
    "index": ("torch.tensor([0, 1])", "1"),
    "indices": ("[1, 2]",),
    "kernel_size": ("2", "(2, 3)"),
    "min": ("0",),
    "mode": ("'bilinear'",),
    "normalized_shape": ("(8,)",),
    "num_classes": ("9",),
    "output_size": ("3", "(2, 3)"),
    "pad": ("(1, 1)", "(1, 2, 0, 1)"),
    "reduction": ("'none'", "'sum'"),
    "scale_factor": ("2", "(2, 3)"),
    "shape": ("(1, -1)",),
    "size": ("(1, -1)", "(2, 4, 8, 8)", "(5, 5)"),
    "sizes": ("(2, 2)",),
    "split_size": ("2",),
    "split_size_or_sections": ("2", "[1, 3]"),
    "tensors": ("[x, x]",),
}
"""What is given to an argument of a name; ``x`` is a batch of one map of 4 x 8 x 8."""

APART = ("init.", "new_", "rand", "empty", "backward", "cuda", "set_", "multi_head")
"""Parts of names of what makes tensors, or of what has tests of its own."""

IMPLIED = (
    "tensor_split",
    "vsplit",
    "dsplit",
    "3d",
    "atleast_",
    "polar",
    "x.view(torch",
    "x.view(dtype",
)
"""Calls that cut the batch, that take a batch for something else, or that see other bytes."""


def calls() -> Iterator[str]:
    """Calls of every function, by place and by name, with no option and with one."""
    for name, forms in SIGNATURES.items():
        if not any(each in name for each in APART):
            for form in forms:
                yield from _of_form(name, form)


def _of_form(name: str, form: str) -> Iterator[str]:
    places, _, keywords = form.partition(" *")
    first, *plain = places.split() or [""]
    options = [each for each in (*plain, *keywords.split()) if each in VALUES]
    for count in range(len(plain) + 1):
        needed = plain[:count]
        if not all(each in VALUES for each in needed):
            return
        for values in islice(product(*(VALUES[each] for each in needed)), 12):
            if by_torch(_call(name, first, values)) is None:
                continue
            yield _call(name, first, values)
            yield _call(name, first, [f"{n}={v}" for n, v in zip(needed, values)], is_named=True)
            for option in options:
                if option not in needed:
                    for value in VALUES[option]:
                        yield _call(name, first, [*values, f"{option}={value}"])
            return


def _call(name: str, first: str, given: Any, is_named: bool = False) -> str:
    listed = ", ".join(given)
    if name.startswith("Tensor."):
        return f"x.{name.removeprefix('Tensor.')}({listed})"
    value = VALUES.get(first, ("x",))[0]
    start = f"{first}={value}" if is_named else value
    function = name.replace("nn.functional", "F")
    return f"{function}({', '.join(filter(None, (start, listed)))})"


def by_torch(call: str) -> list[list[int]] | None:
    """The shapes that torch makes of a call; None where it takes none of it."""
    import torch

    try:
        x = torch.zeros(1, 4, 8, 8)
        return shapes(eval(call, {"torch": torch, "F": torch.nn.functional, "x": x}))
    except Exception:
        return None


def shapes(found: Any) -> list[list[int]] | None:
    """The shapes of what a function gives back; None where that is no tensor."""
    import torch

    if isinstance(found, torch.Tensor):
        return [list(found.shape)]
    if not isinstance(found, (tuple, list)):
        return None
    each = [shapes(part) for part in found]
    return None if None in each else [shape for part in each if part for shape in part]
