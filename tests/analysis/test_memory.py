"""Memory: published sizes by hand, and what torch keeps and frees on the meta device."""

from __future__ import annotations

import gc
import inspect
import math
import weakref
from typing import Any

import pytest

import shapecalc
from shapecalc.layers import KINDS
from shapecalc.network import Network

torch = pytest.importorskip("torch")

TYPES = {"float32": torch.float32, "int64": torch.int64, "bool": torch.bool}


def test_vgg_16_holds_two_maps_of_its_first_stage_and_its_weights() -> None:
    memory = shapecalc.load("vgg16").report().memory
    assert memory.weights == 4 * 138_357_544
    assert memory.peak == 4 * 2 * 64 * 224 * 224  # one map read, one written
    assert memory.peak_at == "group1.convrelu1.0.relu1"
    assert memory.training("adam") - memory.training("sgd") == 2 * memory.weights


@pytest.mark.parametrize(
    ("dtype", "size"), {"float64": 8, "float16": 2, "bfloat16": 2, "int8": 1}.items()
)
def test_the_type_of_floats_scales_what_is_float(dtype: str, size: int) -> None:
    memory = shapecalc.load("vgg16").of_type(dtype).report().memory
    assert (memory.weights, memory.peak) == (size * 138_357_544, size * 2 * 64 * 224 * 224)


def tokens(**more: Any) -> Network:
    layers = [{"Embedding": [100, 8], **more}, {"Linear": 4}]
    if "Embedding" in layers[0]:
        layers[0]["Embedding"] = {"num_embeddings": 100, "embedding_dim": 8}
    return shapecalc.load({"inputs": {"x": {"shape": [16], "dtype": "int64"}}, "layers": layers})


def test_weights_behind_tokens_have_the_network_s_type() -> None:
    report = tokens().of_type("float16").report()
    assert report.memory.weights == 2 * (100 * 8 + 8 * 4 + 4)
    assert report.memory.peak == max(8 * 16 + 2 * 16 * 8, 2 * 16 * 8 + 2 * 16 * 4)
    assert report.to_dict()["inputs"][0]["dtype"] == "int64"


def test_a_layer_has_a_type_of_its_own() -> None:
    memory = tokens(dtype="int8").report().memory
    assert memory.weights == 1 * 100 * 8 + 4 * (8 * 4 + 4)


def test_views_and_work_in_place_take_no_memory() -> None:
    layers = ["Flatten", {"ReLU": {"inplace": True}}, "Dropout"]
    memory = shapecalc.load({"input": [4, 8, 8], "layers": layers}).report().memory
    assert [step.live for step in memory.steps] == [1024, 1024, 1024]


def test_a_skip_is_held_until_it_is_added() -> None:
    layers = [{"Add": {"branches": [["ReLU", "Sigmoid", "ReLU"], []]}}]
    memory = shapecalc.load({"input": [256], "layers": layers}).report().memory
    assert [step.live for step in memory.steps] == [2048, 3072, 3072, 3072]
    assert memory.peak_at == "relu1" or memory.peak == 3072


@pytest.mark.parametrize("name", ["vgg16", "resnet18", "unet", "googlenet", "lenet5"])
@pytest.mark.parametrize("size", [(96, 96), (96, 160)])
def test_formulas_agree_with_numbers(name: str, size: tuple[int, int]) -> None:
    network = shapecalc.load(name)
    chosen = dict(zip("HW", size)) if name != "lenet5" else {"H": 40}
    formulas = network.report(symbolic=[*chosen]).memory
    numbers = network.report(chosen).memory

    def at(formula: Any) -> Any:
        return formula if isinstance(formula, int) else formula.at(**chosen)

    assert at(formulas.peak) == numbers.peak
    assert at(formulas.weights) == numbers.weights
    assert at(formulas.saved_for_backward) == numbers.saved_for_backward
    assert [at(step.live) for step in formulas.steps] == [step.live for step in numbers.steps]


# -- held against torch ---------------------------------------------------------------------------


def module(network: Network, style: Any = "module") -> Any:
    names: dict[str, Any] = {}
    exec(shapecalc.emit(network, style=style), names)
    classes = [each for each in names.values() if isinstance(each, type)]
    if style == "sequential":
        made = [*filter(inspect.isfunction, names.values())][-1]  # what it calls stands before it
        return made().to("meta")
    return [each for each in classes if issubclass(each, torch.nn.Module)][-1]().to("meta")


def alone(kind: str) -> Network:
    """The example of a kind as a network of one layer."""
    declared = KINDS[kind]
    dtype = declared.dtypes[0] if declared.dtypes else "float32"
    inputs = {
        f"x{i}": {"shape": list(shape[1:]), "dtype": dtype}
        for i, shape in enumerate(declared.example_shapes)
    }
    layer = {kind: dict(declared.example), "name": "layer", "from": list(inputs)}
    return shapecalc.load({"inputs": inputs, "layers": [layer]})


def kept_by_torch(made: Any, inputs: list[Any]) -> int:
    """The bytes that torch saves for the backward pass, without weights and buffers."""
    held = [*made.parameters(), *made.buffers()]
    own = {each.untyped_storage()._cdata for each in held}
    saved: dict[int, int] = {}
    alive = []

    def pack(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            saved[storage._cdata] = storage.nbytes()
            alive.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        made.train()(*inputs)
    return sum(saved.values())


def meta(shape: Any, dtype: str, *, grad: bool = True) -> Any:
    tensor = torch.empty(shape, device="meta", dtype=TYPES[dtype])
    return tensor.requires_grad_() * 1 if tensor.is_floating_point() and grad else tensor


def examples() -> list[str]:
    """The kinds whose example can stand alone and runs in torch."""
    special = ("MaxUnpool", "Index", "Where", "LPPool1d", "Opaque")
    return [
        kind
        for kind, declared in KINDS.items()
        if declared.arity[1] != 0 and not kind.startswith(special) and declared.example_shapes
    ]


@pytest.mark.filterwarnings("ignore:Implicit dimension")
@pytest.mark.parametrize("kind", examples())
def test_what_a_kind_keeps_is_what_torch_keeps(kind: str) -> None:
    try:
        network = alone(kind)
        report = network.report()
    except shapecalc.SpecError:
        pytest.skip("the example needs inputs of several types")
    inputs = [meta(each.shape, each.dtype) for each in report.inputs.values()]
    kept = kept_by_torch(module(network), inputs)
    if KINDS[kind].keeps_more:
        assert kept >= report.memory.saved_for_backward
        assert report.memory.is_least
    else:
        assert kept == report.memory.saved_for_backward


@pytest.mark.parametrize("name", ["lenet5", "vgg16", "resnet18", "googlenet", "unet"])
def test_what_a_network_keeps_is_what_torch_keeps(name: str) -> None:
    network = shapecalc.load(name)
    report = network.report(B=2)
    inputs = [meta(each.shape, each.dtype) for each in report.inputs.values()]
    assert kept_by_torch(module(network), inputs) == report.memory.saved_for_backward


@pytest.mark.parametrize("name", ["lenet5", "lenet5_mnist", "alexnet", "alexnet_cifar"])
def test_the_peak_of_a_chain_is_what_a_dispatch_mode_sees(name: str) -> None:
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class Watch(TorchDispatchMode):
        """Adds up the storages that are alive behind each operation."""

        def __init__(self) -> None:
            super().__init__()
            self.sizes: dict[int, int] = {}
            self.most = 0

        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            result = func(*args, **(kwargs or {}))
            for each in tree_leaves(result):
                storage = each.untyped_storage()
                if storage._cdata not in self.sizes and storage._cdata not in own:
                    self.sizes[storage._cdata] = storage.nbytes()
                    weakref.finalize(storage, self.sizes.pop, storage._cdata, None)
            self.most = max(self.most, sum(self.sizes.values()))
            return result

    network = shapecalc.load(name)
    report = network.report()
    made = module(network, "sequential").eval()
    own = {each.untyped_storage()._cdata for each in [*made.parameters(), *made.buffers()]}
    watch = Watch()
    gc.collect()
    with torch.no_grad(), watch:
        made(meta(next(iter(report.inputs.values())).shape, "float32", grad=False))
    beside = [own.node.layer.beside(*own.node.inputs, y=own.node.output) for own in report]
    workspace = [
        sum(math.prod(each.shape) * {"int64": 8}.get(each.dtype, 4) for each in own.values())
        for own in beside  # such as the places of maxima, which torch makes and drops
    ]
    held = zip(report.memory.steps, workspace, strict=True)
    first, *later = [step.live + more for step, more in held]
    held_by_caller = 4 * math.prod(next(iter(report.inputs.values())).shape)
    assert watch.most == max(first, max(later) + held_by_caller)
