"""The module in a file of source, held against what was read of the file.

This is the only place where code of the user's is run because of a ``FILE.py:EXPR``.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from shapecalc.emitting.names import EmitError
from shapecalc.language.opening import size_symbols
from shapecalc.network import Network
from shapecalc.reading.network import parts_of
from shapecalc.verify import run
from shapecalc.verify.against import FactoryError, check_against
from shapecalc.verify.findings import Finding
from shapecalc.verify.live import check_live
from shapecalc.verify.sides import Doing
from shapecalc.verify.supervise import reason

COUNTED = ("parameters", "buffers")
"""What is the same however code is run."""


def check_code(
    network: Network,
    text: str,
    settings: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    doing: Doing = lambda what: None,
) -> Iterator[Finding]:
    """Run the source that a network was read from, and compare the two.

    What cannot be emitted, as what chooses by chance cannot, is compared without its numbers.
    Raises :class:`FactoryError` where the source does not run.
    """
    doing("importing torch")
    run.torch()
    path, make = parts_of(text)
    doing(f"importing {path}")

    def compared(at: Mapping[str, Any]) -> Iterator[Finding]:
        return check_against(
            network, lambda: _made(path, make), at, seed=seed, doing=doing, are_named=True
        )

    given = dict(settings or {})
    report = network.report(given)
    open_ones = [name for name in size_symbols(network.spec) if name not in given]
    sizes = {name: report.symbols[name] for name in open_ones}
    try:
        for each in _at_some_size(compared, given, sizes):
            if each.agrees or not network.spec.otherwise or each.what in COUNTED:
                yield each
            else:
                yield Finding(each.what, 0, (), f"none, since {network.spec.otherwise}")
    except EmitError as error:
        doing("running the module")
        yield from check_live(report, lambda: _made(path, make), has_functions=True)
        yield Finding("numbers", 0, (), f"none, since {error.problems[0].message}")


def _at_some_size(
    compared: Callable[[Mapping[str, Any]], Iterator[Finding]],
    given: Mapping[str, Any],
    sizes: Mapping[str, Any],
) -> Iterator[Finding]:
    """The findings at several sizes; at the given ones, where all is right at these alone.

    So it is where the code computes with a size by the way of numbers that know no symbols.
    """
    for count, each in enumerate(compared(given)):
        if not each.agrees and sizes:
            again = list(compared({**given, **sizes}))[count:]
            if all(finding.agrees for finding in again):
                told = " and ".join(f"{name} = {size}" for name, size in sizes.items())
                yield Finding(
                    each.what, 0, (), f"none, since numbers in the code are those at {told}"
                )
                yield from again
                return
        yield each


def _made(path: Path, make: str) -> Any:
    """What the expression makes, by torch."""
    module = _module(path)
    try:
        value = eval(make, vars(module))  # noqa: S307, what the user asks to be run
    except Exception as wrong:
        raise FactoryError(f"{make}: {reason(wrong)}") from None
    if inspect.isclass(value) or inspect.isfunction(value):
        value = value()
    return value


def _module(path: Path) -> Any:
    """The file as a module, imported under the name it has in its package."""
    path = path.resolve()
    folder, names = path.parent, [path.stem]
    while (folder / "__init__.py").exists():
        names.insert(0, folder.name)
        folder = folder.parent
    if path.stem == "__init__":
        names.pop()
    for each in (str(folder), str(path.parent)):
        if each not in sys.path:
            sys.path.insert(0, each)
    name = ".".join(names)
    try:
        if len(names) > 1:
            return importlib.import_module(name)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    except Exception as wrong:
        raise FactoryError(f"{path}: {reason(wrong)}") from None
    return module
