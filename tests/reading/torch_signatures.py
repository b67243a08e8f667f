"""What torch's functions, methods and constructors call their parameters, asked of torch.

``python -m tests.reading.torch_signatures`` writes it where the reader looks it up.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shapecalc.reading.functions.base import OPERATIONS
from shapecalc.reading.functions.losses import LOSSES
from shapecalc.reading.index import MODULES

FILE = Path("shapecalc/reading/functions/signatures.py")

HEAD = '''"""What torch's functions call their parameters, those by keyword alone behind ``*``.

Asked of torch by ``python -m tests.reading.torch_signatures``.
"""

SIGNATURES: dict[str, tuple[str, ...]] = {
'''

MADE_FILE = Path("shapecalc/reading/modules/constructors.py")

MADE_HEAD = '''"""What torch's layers and losses are made with, with defaults, in torch's order.

Asked of torch by ``python -m tests.reading.torch_signatures``.
"""

CONSTRUCTORS: dict[str, tuple[str, ...]] = {
'''


def text() -> str:
    """The file's text."""
    lines = []
    for name in sorted(OPERATIONS):
        found = tuple(dict.fromkeys(signatures(name)))
        if found:
            listed = "".join(f'        "{each}",\n' for each in found)
            lines.append(f'    "{name}": (\n{listed}    ),\n')
    return f"{HEAD}{''.join(lines)}}}\n"


def signatures(name: str) -> Iterator[str]:
    """The parameters of a function, in each of its forms."""
    function = _of(name)
    if function is None:
        return
    written = _by_python(function)
    forms = [written] if written is not None else _by_schema(name)
    if written is None and name.startswith("nn.functional.") and "max_pool" in name:
        forms = [f"{each} return_indices" for each in forms]
    yield from forms or filter(None, [_by_override(function)])


def _of(name: str) -> Any:
    import torch

    owner: Any = torch.Tensor if name.startswith("Tensor.") else torch
    for part in name.removeprefix("Tensor.").removeprefix("torch.").split("."):
        owner = getattr(owner, part, None)
    return owner


def _by_python(function: Any) -> str | None:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD) for each in parameters):
        return None
    plain = [each.name for each in parameters if each.kind != each.KEYWORD_ONLY]
    return _said(plain, [each.name for each in parameters if each.kind == each.KEYWORD_ONLY])


def _by_schema(name: str) -> list[str]:
    """The forms of an operator, without those of numbers alone, which call theirs ``a``.

    Nor are those that write into a tensor, or name dimensions.
    """
    import torch

    short = name.rpartition(".")[2]
    rooms = [room for room in ("linalg", "special", "fft") if f".{room}." in name]
    for each in (*(f"{room}_{short}" for room in rooms), short):
        packet = getattr(torch.ops.aten, each, None)
        if packet is not None:
            schemas = [getattr(packet, form)._schema for form in packet.overloads()]
            return [
                _said(
                    [each.name for each in schema.arguments if not each.kwarg_only],
                    [each.name for each in schema.arguments if each.kwarg_only],
                )
                for schema in schemas
                if "Dimname" not in str(schema)
                and not any(each.is_out or each.name == "a" for each in schema.arguments)
            ]
    return []


def _by_override(function: Any) -> str:
    """The parameters that torch declares for whoever overrides the function."""
    from torch.overrides import get_testing_overrides

    stand_in = get_testing_overrides().get(function)
    return "" if stand_in is None else _said(list(inspect.signature(stand_in).parameters), [])


def _said(plain: list[str], keyword: list[str]) -> str:
    names = ["input" if each == "self" else each for each in plain]
    return " ".join([*names, "*", *keyword] if keyword else names)


def constructors() -> str:
    """The text of the file of constructors."""
    import torch

    names = sorted({*MODULES, "SyncBatchNorm", *LOSSES.values()})
    lines = [f"    {name!r}: {_constructor(getattr(torch.nn, name))},\n" for name in names]
    return f"{MADE_HEAD}{''.join(lines)}}}\n"


def _constructor(cls: Any) -> tuple[str, ...]:
    """What a class is made with; of a recurrent one what torch declares for type checkers."""
    declared = typing.get_overloads(cls.__init__)
    parameters = [*inspect.signature((declared or [cls.__init__])[0]).parameters.values()][1:]
    return tuple(
        each.name if each.default is each.empty else f"{each.name}={_default(each.default)}"
        for each in parameters
        if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    )


def _default(value: Any) -> str:
    return repr(getattr(value, "__name__", value))


if __name__ == "__main__":
    FILE.write_text(text())
    MADE_FILE.write_text(constructors())
