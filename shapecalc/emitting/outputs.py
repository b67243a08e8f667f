"""Outputs of blocks that a user calls ``output``, as everywhere the first is called.

What ``name.output`` means is the output of that name, if there is one, and else the first. In what
is written it is the first: another of that name gets one that is free.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping

from shapecalc.language.tree import Block, Entry, Reference, Spec
from shapecalc.layers import OUTPUT
from shapecalc.network import Network

Known = Mapping[str, Block | None]
"""The blocks of the entries in a list, and of those around it, by the entries' names."""


def told_apart(network: Network) -> Network:
    """The network with another name for outputs that are called as the first one is.

    >>> import shapecalc
    >>> pair = {"layers": [{"Linear": 4}, {"Linear": 2}]}
    >>> pair["outputs"] = {"wide": "linear1", "output": "linear2"}
    >>> spec = {"input": [8], "blocks": {"pair": pair}, "layers": ["pair"]}
    >>> found = told_apart(shapecalc.load({**spec, "outputs": ["pair1.output"]})).spec
    >>> list(found.blocks["pair"].outputs), found.outputs[0].name
    (['wide', 'output_2'], 'pair1.output_2')
    """
    if not any(map(_is_unclear, network.spec.blocks.values())):
        return network
    spec = copy.deepcopy(network.spec)
    names = {name: _free(block) for name, block in spec.blocks.items() if _is_unclear(block)}
    _rename(spec, names)
    for name, new in names.items():
        outputs = spec.blocks[name].outputs
        own = [(new if each == OUTPUT else each, target) for each, target in outputs.items()]
        spec.blocks[name].outputs = dict(own)
    return Network(spec, network.most_layers, network.most_terms, network.most_work)


def _is_unclear(block: Block) -> bool:
    """Whether another output than the first is called as the first is everywhere."""
    return OUTPUT in [*block.outputs][1:]


def _free(block: Block) -> str:
    number = 2
    while f"{OUTPUT}_{number}" in block.outputs:
        number += 1
    return f"{OUTPUT}_{number}"


def _rename(spec: Spec, names: Mapping[str, str]) -> None:
    """Rename such outputs, by their blocks, wherever they are asked for."""
    known = _inside(spec.entries, {}, names)
    spec.outputs = [_renamed(each, known, names) for each in spec.outputs]
    for block in spec.blocks.values():
        known = _inside(block.entries, {}, names)
        block.outputs = {name: _renamed(each, known, names) for name, each in block.outputs.items()}


def _inside(entries: list[Entry], around: Known, names: Mapping[str, str]) -> Known:
    """Rename in a list of entries and the branches in it; what the list's names stand for."""
    known: dict[str, Block | None] = dict(around)
    for entry in entries:
        known[entry.name] = entry.block
        known |= {branch.name: None for branch in entry.branches or () if branch.name}
    for entry in entries:
        if entry.sources is not None:
            entry.sources = [_renamed(each, known, names) for each in entry.sources]
        for branch in entry.branches or ():
            _inside(branch.entries, known, names)
    return known


def _renamed(reference: Reference, known: Known, names: Mapping[str, str]) -> Reference:
    """A reference to an output of a block, or of a copy of one, by the output's new name."""
    owner, _, output = reference.name.rpartition(".")
    block = known.get(owner) or known.get(owner.rpartition(".")[0])
    if output != OUTPUT or block is None or block.name not in names:
        return reference
    return reference._replace(name=f"{owner}.{names[block.name]}")
