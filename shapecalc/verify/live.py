"""A report against a live torch module: by path and name, and by their totals.

For modules of whose source the report was read, or which were emitted from it: the paths of
layers are those of submodules. What a function computes has a path that is no submodule's, and
is seen in what comes out of the next one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shapecalc.analysis.report import Report
from shapecalc.network import Network
from shapecalc.verify import run, weights
from shapecalc.verify.findings import Finding, Pair, compare
from shapecalc.verify.making import Called, RunError, made
from shapecalc.verify.meta import on_meta


def check_live(
    known: Network | Report,
    make: Any,
    given: Mapping[str, Any] | None = None,
    *,
    has_functions: bool = False,
) -> Iterator[Finding]:
    """Compare a report with a module, or with what ``make`` returns, one finding after another.

    ``given`` has example inputs by name; left out, they follow from the report. Shapes are found
    on torch's meta device, or where the module does not run there on the CPU. Of source that
    ``has_functions`` with the weights of modules, those that are not called are left out. Raises
    :class:`~shapecalc.verify.making.FactoryError` if there is no module.

    >>> import shapecalc
    >>> from torch import nn
    >>> net = shapecalc.load({"input": [8], "layers": [{"Linear": 4, "name": "fc"}]})
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.fc = nn.Linear(8, 4)
    ...     def forward(self, x):
    ...         return self.fc(x).relu()
    >>> [(each.what, each.agrees) for each in check_live(net, Net)][0]
    ('shapes by path', True)
    """
    run.torch()
    report = known.report() if isinstance(known, Network) else known
    called = Called(made(make), list(report.inputs))
    inputs = dict(given) if given is not None else weights.inputs(report, None, 0)
    try:
        called.set(False)
        with run.torch().no_grad():
            called(inputs)  # lazy layers come to their sizes
        ready, inputs, note = _ready(called, inputs)
        passed: dict[str, list[run.Passed]] = {}
        with on_meta(note == ""):
            paths = {layer.path for layer in report}
            output = run.watched(ready, lambda: called(inputs, ready), passed, paths)
            operations = run.counted(ready, lambda: called(inputs, ready))
    except RunError as error:
        yield Finding("a run of the module", 1, (str(error),))
        return
    tensors = [tuple(each.shape) for _, each in output.tensors]
    modules = dict(called.model.named_modules(remove_duplicate=False))
    if has_functions:
        modules = {name: each for name, each in modules.items() if name in passed}
    pairs = [*passing(report, passed, modules), *returning(report, tensors)]
    yield compare("shapes by path", pairs, report, note)
    yield compare("weights and buffers by name", holding(report, called.model), report)
    what = "operations (2 x MACs)"
    if note:
        yield Finding(what, 0, (), "none, since torch counts all of them on its meta device alone")
    else:
        yield compare(what, working(report, operations, modules), report)


def _ready(called: Called, inputs: dict[str, Any]) -> tuple[Any, dict[str, Any], str]:
    """The module and its inputs without data; with data, and why, where it does not run so."""
    meta = {name: x.to("meta") for name, x in inputs.items()}
    try:
        model = weights.copied(called.model, lambda each: each.to("meta"))
        with on_meta():
            called(meta, model)
    except Exception as error:  # whatever the user's code raises
        return called.model, inputs, f"on the CPU, since on the meta device {error}"
    return model, meta, ""


def passing(
    report: Report,
    passed: Mapping[str, list[run.Passed]],
    modules: Mapping[str, Any] | None = None,
) -> Iterator[Pair]:
    """What went through every module that is a layer of the report.

    With ``modules``, layers that are none of them are left out, and a submodule that is called
    several times has to put out a layer's shape in one of its runs.
    """
    sharers = {layer.node.shared for layer in report}
    for layer in report:
        if not layer.node.layer.in_torch:
            continue  # a function: what it puts out is some module's input, or returned
        if modules is not None and not _runs_alone(modules.get(layer.path)):
            continue  # a function that is given weights, or a part of what the module does
        # a layer with another's weights may be that other's module, run once more
        shared = layer.node.shared
        runs = passed.get(layer.path) or (passed.get(shared, []) if shared else [])
        if modules is None and layer.node.shared is None and layer.path not in sharers:
            runs = runs[-1:]
        seen = next((each for each in runs if each.output == layer.output_shape), None)
        seen = seen or (runs[0] if runs else None)
        if seen is not None and _are_same_but_ones(seen.output, layer.output_shape):
            continue  # torch takes channels without a batch, too
        if seen is not None and not layer.node.layer.joins:
            yield Pair(f"input of {layer.path}", layer.input_shapes[:1], seen.inputs[:1])
        what = f"output of {layer.path}"
        yield Pair(what, layer.output_shape, seen and seen.output, layer.path, "shape")


def _runs_alone(module: Any) -> bool:
    """Whether a module does what torch's does, and no class of the source something around it."""
    return module is not None and type(module).forward.__module__.startswith("torch.")


def _are_same_but_ones(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return len(a) != len(b) and [n for n in a if n != 1] == [n for n in b if n != 1]


def returning(report: Report, shapes: list[tuple[int, ...]]) -> Iterator[Pair]:
    """The number and the shapes of what is returned."""
    yield Pair("number of outputs", len(report.outputs), len(shapes))
    for (path, tensor), shape in zip(report.outputs, shapes):
        yield Pair(f"returned {path}", tensor.shape, shape)


def holding(report: Report, model: Any) -> Iterator[Pair]:
    """The names and shapes of weights and buffers, layer by layer, and their totals.

    A tensor under several names counts once, and so it is enough that one of them is a layer's.
    """
    every = [
        *model.named_parameters(remove_duplicate=False),
        *model.named_buffers(remove_duplicate=False),
    ]
    theirs = {name: tuple(tensor.shape) for name, tensor in every}
    lone = {name.replace(".", "_"): name for name in theirs}  # what no layer has stands alone
    same: dict[int, list[str]] = {}
    for name, tensor in every:
        same.setdefault(id(tensor), []).append(name)
    met: set[str] = set()
    modules = dict(model.named_modules(remove_duplicate=False))
    loose: list[tuple[str, tuple[Any, ...], str]] = []
    for layer in report:
        own = {name: tensor.shape for name, tensor in layer.buffers_of.items()}
        for name, shape in {**layer.weights, **own}.items():
            path = layer.path_of(name)
            if path not in theirs and layer.path in theirs:
                path = layer.path  # a parameter of the module itself
            if path not in theirs and layer.node.layer.is_state:
                path = lone.get(layer.path, path)
            if path not in theirs and layer.node.shared is not None:
                continue
            is_made = {f"{path}_v", f"{path}_orig"} & theirs.keys()
            is_made |= {f"{layer.path}.parametrizations"} & modules.keys()
            if path not in theirs and (layer.path not in modules or is_made):
                loose.append((path, shape, layer.path))
                continue
            met.add(path)
            yield Pair(path, shape, theirs.get(path), layer.path, "cost")
    left = [names[0] for names in same.values() if not met.intersection(names)]
    for path, shape, layer_path in loose:  # of functions, by their shapes
        name = next((each for each in left if theirs[each] == shape), None)
        if name is not None:
            left.remove(name)
        yield Pair(name or path, shape, theirs.get(name or path), layer_path, "cost")
    for name in left:
        yield Pair(name, None, theirs[name])
    params = sum(each.numel() for each in model.parameters())
    buffers = sum(each.numel() for each in model.buffers())
    yield Pair("total params", report.totals.params, params)
    yield Pair("total buffers", report.totals.buffers, buffers)


def working(
    report: Report, theirs: Mapping[str, int], modules: Mapping[str, Any]
) -> Iterator[Pair]:
    """Twice the multiply-accumulates of every module that torch's counter saw, and of all."""
    counted = [layer for layer in report if layer.node.layer.counted_by_torch]
    sharers = {layer.node.shared for layer in report}
    for layer in counted:
        is_alone = layer.node.shared is None and layer.path not in sharers
        if layer.node.layer.in_torch and is_alone and layer.path in modules:
            found = theirs.get(layer.path, 0)
            yield Pair(f"operations of {layer.path}", layer.flops, found, layer.path, "cost")
    yield Pair("operations in all", sum(layer.flops for layer in counted), theirs.get("", 0))
