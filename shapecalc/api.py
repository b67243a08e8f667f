"""What the command line does, for Python: offered as ``shapecalc.solve`` and so on.

Each takes a network, or whatever :func:`shapecalc.load` takes: a file, the name of a bundled spec,
the text of one, or a dict. ``settings`` are values of symbols, as for :meth:`Network.report`.
Wrong specs are a :class:`~shapecalc.SpecError`, wrong symbols a :class:`~shapecalc.SettingError`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from shapecalc.loading import load
from shapecalc.network import Network

if TYPE_CHECKING:
    from shapecalc.comparing.comparison import Comparison
    from shapecalc.solving.network import Answer
    from shapecalc.verify.findings import Finding

Spec = Network | str | os.PathLike[str] | Mapping[str, Any]
"""What a network is given as."""

Settings = Mapping[str, Any] | None


def _network(spec: Spec) -> Network:
    return spec if isinstance(spec, Network) else load(spec)


def solve(
    spec: Spec,
    symbol: str,
    settings: Settings = None,
    *,
    at: str | None = None,
    output: int | tuple[int, ...] | None = None,
    exact: bool = False,
    **amounts: int | str,
) -> Answer:
    """Every value of one symbol that gives what is wanted.

    Wanted are an ``output`` of the layer, block or branch ``at`` a path, and amounts of the whole
    network: ``params``, ``macs``, ``flops`` or ``activations``, as a number or as in ``"<=5M"``.
    ``exact`` keeps only values at which no window drops a pixel. Raises
    :class:`shapecalc.solving.network.NoSolution` where there is none, and
    :class:`shapecalc.solving.network.QuestionError` for a question that makes no sense.

    >>> import shapecalc
    >>> answer = shapecalc.solve("cifar10", "H", at="maxpool3", output=4)
    >>> 31 in answer.solutions, 32 in answer.solutions
    (False, True)
    >>> print(shapecalc.solve("conv5x5_reduced", "reduced", macs="<=20M"))
    reduced <= 24 (largest: 24)
    ...
    """
    from shapecalc.solving import network as solving
    from shapecalc.solving.amount import read_amount

    if (at is None) != (output is None):
        raise solving.QuestionError(
            "at and output go together: where, and what is wanted there", "at"
        )
    wanted: list[solving.OutputSize | solving.Amount] = []
    if at is not None and output is not None:
        sizes = output if isinstance(output, tuple) else (output,)
        wanted.append(solving.OutputSize(at, sizes))
    wanted += [solving.Amount(name, *read_amount(value)) for name, value in amounts.items()]
    return solving.solve(_network(spec), symbol, wanted, settings, exact=exact)


def diff(
    a: Spec,
    b: Spec | None = None,
    settings: Settings = None,
    *,
    settings_a: Settings = None,
    settings_b: Settings = None,
    symbolic: bool | Iterable[str] = (),
    depth: int | None = None,
) -> Comparison:
    """What changes from one network to another, or from one under ``settings_a`` to ``settings_b``.

    ``settings`` hold for both. Parts below ``depth`` are one row. Printed, a comparison is the
    table of what differs.

    >>> import shapecalc
    >>> shapecalc.diff("conv5x5_direct", "conv5x5_reduced").totals["macs"].change
    -147316736
    """
    from shapecalc.comparing.comparison import compare

    left = _network(a)
    right = left if b is None else _network(b)
    symbolic = symbolic if symbolic is True else list(symbolic or ())
    return compare(
        left.report({**(settings or {}), **(settings_a or {})}, symbolic=symbolic),
        right.report({**(settings or {}), **(settings_b or {})}, symbolic=symbolic),
        depth,
    )


def explain(
    spec: Spec,
    layer: str | None = None,
    settings: Settings = None,
    *,
    symbolic: bool | Iterable[str] = (),
    form: Literal["text", "markdown"] = "text",
    ascii: bool = False,
) -> str:
    """How a layer's numbers come about, step by step; of a block or a network in brief.

    Raises ``KeyError`` with the nearest names if there is nothing at the path.

    >>> import shapecalc
    >>> print(shapecalc.explain("lenet5", "conv1", ascii=True))
    conv1: Conv2d
    ...
    shape
      channels          K = 6  (out_channels)
      height and width  floor((N + 2P - F)/S) + 1 = floor((32 + 2*0 - 5)/1) + 1 = ...
    ...
    """
    from shapecalc.algebra.steps import ASCII, UNICODE
    from shapecalc.derivation.closed import closed
    from shapecalc.derivation.layer import explain as derived
    from shapecalc.explaining.network import inside, whole
    from shapecalc.explaining.write import markdown, text

    network = _network(spec)
    report = network.report(settings, symbolic=symbolic)
    own, style = inside(report, layer), ASCII if ascii else UNICODE
    if layer is None or layer not in report:
        return whole(report, own, style, form)
    told = derived(report, layer, closed(network, report, dict(settings or {})))
    return markdown(told) if form == "markdown" else text(told, style, ascii=ascii)


def render(
    spec: Spec,
    path: str | os.PathLike[str],
    settings: Settings = None,
    *,
    symbolic: bool | Iterable[str] = (),
    depth: int | None = None,
    title: str | None = None,
    **choices: Any,
) -> Path:
    """Draw the network into a file, or write its report page; the ending says which.

    Graphviz draws ``.svg``, ``.png`` and ``.pdf``; :class:`shapecalc.diagram.files.NoGraphviz` is
    raised without it. ``.dot`` and ``.html`` need no program. A picture folds all blocks unless
    ``depth`` says how deep to look, and takes the ``choices`` of :func:`shapecalc.diagram.dot`;
    what Graphviz would not come to an end with raises :class:`shapecalc.diagram.effort.TooLarge`.

    >>> import pathlib, shapecalc, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = shapecalc.render("lenet5", pathlib.Path(folder, "lenet5.dot"))
    ...     path.read_text().startswith("digraph")
    True
    """
    from shapecalc.files import save

    network, path = _network(spec), Path(path)
    form = path.suffix.lower()[1:]
    if form == "html":
        from shapecalc.diagram.page import page

        if choices:
            raise TypeError(f"a page does not take {', '.join(choices)}; a picture does")
        data = page(network, settings, symbolic, depth=depth, title=title).encode()
    elif form in ("dot", "svg", "png", "pdf"):
        from shapecalc.diagram import dot
        from shapecalc.diagram.effort import MOST_PIECES
        from shapecalc.diagram.files import drawn

        if form != "dot":
            choices.setdefault("most_pieces", MOST_PIECES)
        report = network.report(settings, symbolic=symbolic)
        data = drawn(dot(report, depth=depth or 1, title=title, **choices), form)
    else:
        raise ValueError(f"{path.name!r} ends in none of .dot, .svg, .png, .pdf, .html")
    save(path, data)
    return path


def emit(
    spec: Spec,
    path: str | os.PathLike[str] | None = None,
    settings: Settings = None,
    *,
    style: Literal["module", "sequential"] = "module",
) -> str:
    """The source of the equivalent torch module, written to a file as well where one is named.

    ``sequential`` is one ``nn.Sequential`` where the network is a chain. torch is not needed. A
    network that is loaded with ``most_work`` may take so many steps to be written.

    >>> import shapecalc
    >>> "class LeNet5(nn.Module):" in shapecalc.emit("lenet5")
    True
    """
    from shapecalc.emitting.module import module
    from shapecalc.emitting.sequential import sequential

    styles = {"module": module, "sequential": sequential}
    if style not in styles:
        raise ValueError(f"style is 'module' or 'sequential', not {style!r}")
    source = styles[style](_network(spec), settings)
    if path is not None:
        from shapecalc.files import save

        save(Path(path), source.encode())
    return source


def check(spec: Spec, settings: Settings = None, *, seed: int | None = None) -> list[Finding]:
    """What comparing the report and the emitted module with torch finds.

    Each finding tells ``what`` was compared, and whether it ``agrees``. Needs torch; without it
    :class:`shapecalc.verify.findings.MissingPackage` is raised.

    >>> import shapecalc
    >>> all(finding.agrees for finding in shapecalc.check("lenet5"))  # doctest: +SKIP
    True
    """
    from shapecalc.verify.check import check as checked

    return list(checked(_network(spec), dict(settings or {}), seed=seed))
