"""Networks from files, bundled specs, texts, dicts and PyTorch source."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from shapecalc import bundled
from shapecalc.graph.build import MOST_LAYERS
from shapecalc.graph.graph import Built
from shapecalc.graph.place import MOST_TERMS
from shapecalc.language.problem import Source
from shapecalc.language.symbols import SettingError, as_member
from shapecalc.language.text import LARGEST_FILE, decode
from shapecalc.language.tree import Spec
from shapecalc.network import MOST_WORK, Network


def load(
    source: str | os.PathLike[str] | Mapping[str, Any],
    *,
    inputs: Iterable[Any] = (),
    training: bool = False,
    assume: Mapping[str, Any] | None = None,
    most_steps: int | None = None,
    most_layers: int = MOST_LAYERS,
    most_terms: int = MOST_TERMS,
    most_work: int = MOST_WORK,
) -> Network:
    """Read a network from a file, the name of a bundled spec, spec text, a dict, or source.

    PyTorch source, ``"model.py:Net(num_classes=10)"``, is read and not run: see
    ``docs/reading-code.md``. ``inputs`` are then the shapes that come in, without the batch, as
    ``"3,224,224"`` or ``[3, 224, 224]``; ``training`` reads what it does while training;
    ``assume`` gives shapes that calls put out which are not known, and ``most_steps`` how many
    steps the reading may take. The network may have so many layers, and its formulas so many terms;
    a module of it may take ``most_work`` steps to be written.

    Raises :class:`SpecError` with everything that is wrong with the spec, ``FileNotFoundError``
    if there is no such file.

    >>> import shapecalc
    >>> shapecalc.load("googlenet")
    <Network 'GoogLeNet'>
    """
    if isinstance(source, (str, Path)) and is_code(str(source)):
        limits = most_steps, most_layers, most_terms, most_work
        return from_code(str(source), list(inputs), training, assume, None, *limits)
    if inputs or training or assume or most_steps:
        raise SettingError("inputs, training, assume and most_steps tell how source is read")
    if isinstance(source, str) and (found := bundled.member(source)) is not None:
        path, name = found
        return Network(as_member(parsed(read(path)), name), most_layers, most_terms, most_work)
    return Network(parsed(read(source)), most_layers, most_terms, most_work)


def from_code(
    text: str,
    inputs: Sequence[Any] = (),
    training: bool = False,
    assume: Mapping[str, Any] | None = None,
    texts: Mapping[Path, str] | None = None,
    most_steps: int | None = None,
    most_layers: int = MOST_LAYERS,
    most_terms: int = MOST_TERMS,
    most_work: int = MOST_WORK,
) -> Network:
    """The network in source, in blocks that are tried: they make the layers that the code runs."""
    from shapecalc.reading import read_network

    tried: dict[int, Network] = {}
    limits = most_layers, most_terms, most_work

    def trial(spec: Spec) -> Built:
        network = tried[id(spec)] = Network(spec, *limits)
        return network.build_ahead()

    spec = read_network(text, inputs, training, assume, texts, trial, most_steps)
    return tried[id(spec)] if id(spec) in tried else Network(spec, *limits)


def is_code(text: str) -> bool:
    """Whether a text names PyTorch source: ``FILE.py`` or ``FILE.py:EXPR``.

    >>> is_code("model.py:Net(10)"), is_code("model.py"), is_code("net.yaml")
    (True, True, False)
    """
    file, dot, rest = text.partition(".py")
    return bool(file and dot) and rest[:1] in ("", ":") and "\n" not in file


def parsed(source: Source) -> Spec:
    """The spec that a text is; warnings that it silences are looked up.

    >>> parsed(Source("<text>", "{input: [3], layers: [ReLU], silence: dropped}"))
    Traceback (most recent call last):
    shapecalc.language.problem.SpecError: <text>:1:39: error: there is no warning 'dropped'
    ...
    """
    from shapecalc.language.parse import parse  # with YAML, which source has no need of

    return parse(source, _codes)


def _codes() -> Collection[str]:
    """The warnings that there are."""
    from shapecalc.lint import CHECKS

    return CHECKS


def read(source: str | os.PathLike[str] | Mapping[str, Any]) -> Source:
    """The text of a spec and what to call it; see :func:`load`."""
    if isinstance(source, Mapping):
        import json

        return Source("<dict>", json.dumps(source, indent=2, default=_as_text, ensure_ascii=False))
    if isinstance(source, str) and ("\n" in source or source.lstrip().startswith("{")):
        return Source("<text>", source)
    path = Path(source)
    if not path.exists() and path.name == str(source):
        path = bundled.file(str(source)) or path
    if not path.exists() or not str(source):
        from shapecalc.missing import no_such_spec  # only where something is wrong

        raise FileNotFoundError(no_such_spec(str(source)))
    if path.is_dir():
        from shapecalc.missing import is_folder

        raise IsADirectoryError(is_folder(path))
    with path.open("rb") as file:
        return decode(file.read(LARGEST_FILE + 1), str(path))


def _as_text(value: object) -> str:
    if isinstance(value, Fraction):
        return str(value)
    raise TypeError(f"a spec cannot hold {value!r}")
