"""What a text says: the network of a spec, or of source that says how it is read."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from shapecalc.analysis.measures import DEFAULT
from shapecalc.analysis.report import Report
from shapecalc.graph.build import MOST_LAYERS, Builder
from shapecalc.graph.graph import Node, Part, Role
from shapecalc.graph.scope import Fatal
from shapecalc.language.evaluation import Undecided
from shapecalc.language.problem import Mark, Problem, Source, SpecError
from shapecalc.language.symbols import SettingError
from shapecalc.language.text import LARGEST_FILE
from shapecalc.language.tree import Entry
from shapecalc.loading import from_code, parsed
from shapecalc.network import Network

_READ_AS = re.compile(r"^#[ \t]*shapecalc:[ \t]*(.*)$", re.M)
"""The comment of a file of source that says which network it holds, and what comes in."""


class Reading:
    r"""A text that was read once: its network, or what is wrong with it.

    >>> [each.message for each in of_spec("input: [3]\nlayers: [Relu]", "net.yaml").problems]
    ["unknown kind 'Relu'"]
    >>> of_spec("input: [3]\nlayers: [{Linear: 4}]", "net.yaml").report["linear1"].params
    16
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.network: Network | None = None
        self.report: Report | None = None  # of what there is of it, where something is wrong
        self.problems: list[Problem] = []

    @cached_property
    def closed(self) -> Report | None:
        """The report in the network's symbols, where it has some and works with all of them."""
        if self.network is None or self.problems:
            return None
        try:
            return self.network.report(symbolic=True)
        except (SpecError, SettingError):
            return None

    @cached_property
    def written(self) -> dict[Mark, list[Node | Part]]:
        """What every entry has made, by its place: layers, or parts that stand for several."""
        found: dict[Mark, list[Node | Part]] = {}
        if self.report is not None:
            _collect(self.report.built.root, None, found)
        return found


def _collect(part: Part, within: Entry | None, found: dict[Mark, list[Node | Part]]) -> None:
    """Note what a part is made of; copies of an entry are told as the one that they are."""
    for child in part.children:
        is_told = isinstance(child, Node) or child.role in (Role.USE, Role.REPEAT)
        if is_told and child.entry is not None and child.entry is not within:
            found.setdefault(child.entry.mark, []).append(child)
        if isinstance(child, Part):
            _collect(child, child.entry if child.role != Role.BRANCH else None, found)


def of_spec(text: str, name: str) -> Reading:
    """Read the text of a spec."""
    reading = Reading(Source(name, text))
    if len(text) > LARGEST_FILE:
        message = f"the file is too large: at most {LARGEST_FILE:,} characters are read"
        reading.problems = [Problem(Mark(1, 1), message)]
        return reading
    _read(reading, lambda: Network(parsed(reading.source), MOST_LAYERS))
    return reading


def of_code(text: str, path: Path, others: Mapping[Path, str] | None = None) -> Reading | None:
    """Read source, saved or not; None where no comment says how.

    ``others`` are the texts of files, by their resolved paths, that it may import.

    The comment has what a command takes: ``# shapecalc: Net(10) --input 3,224,224``.
    """
    said = _READ_AS.search(text)
    if said is None:
        return None
    reading = Reading(Source(str(path), text))
    line = text.count("\n", 0, said.start()) + 1
    try:
        make, inputs = _arguments(said[1])
    except ValueError as error:
        reading.problems = [Problem(Mark(line, 1, len(said[0])), str(error))]
        return reading
    name = f"{path}:{make}" if make else str(path)
    texts = {**(others or {}), path.resolve(): text}

    def make_network() -> Network:
        return from_code(name, inputs, texts=texts)

    _read(reading, make_network, Mark(line, 1, len(said[0])))
    return reading


def _arguments(text: str) -> tuple[str, list[str]]:
    """What a comment names, and the shapes that come in; raises ``ValueError`` with what else."""
    make: list[str] = []
    inputs: list[str] = []
    words = iter(shlex.split(text, posix=True))
    for word in words:
        option, equals, value = word.partition("=")
        if option == "--input":
            inputs.append(value if equals else next(words, ""))
        elif word.startswith("--"):
            raise ValueError(f"{word} is not understood here: expected a class and --input")
        else:
            make.append(word)
    return " ".join(make), inputs


def _read(reading: Reading, make: Any, place: Mark | None = None) -> None:
    try:
        reading.network = make()
        reading.report = reading.network.report()
    except SpecError as error:
        reading.problems = error.problems
        reading.report = _as_far_as_it_goes(reading.network)
    except (SettingError, OSError) as error:
        reading.problems = [Problem(place or Mark(1, 1), str(error))]


def _as_far_as_it_goes(network: Network | None) -> Report | None:
    """The layers of a network that could be placed, where others could not."""
    if network is None:
        return None
    try:
        values = network.values()
        built = Builder(network.spec, values, MOST_LAYERS).network()
        return Report(network.name, values, built, dtype=network.spec.dtype or DEFAULT)
    except (SpecError, SettingError, Undecided, Fatal):
        return None
