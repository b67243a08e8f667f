"""Memory: published sizes by hand, and what torch keeps and frees on the meta device."""

from __future__ import annotations

import gc
import inspect
import math
import weakref
from typing import Any

import pytest
from click.testing import CliRunner

import shapecalc
from shapecalc.cli import main
from shapecalc.layers import KINDS
from shapecalc.network import Network
from tests.bundled import thorough

torch = pytest.importorskip("torch")
TorchDispatchMode = pytest.importorskip("torch.utils._python_dispatch").TorchDispatchMode
tree_leaves = pytest.importorskip("torch.utils._pytree").tree_leaves

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


def test_nothing_is_left_in_a_formula_of_what_is_freed() -> None:
    steps = shapecalc.load("llama").report(symbolic=True).memory.steps
    held = {
        block: [str(step.live) for step in steps if step.path.startswith(f"layers.{block}.")]
        for block in (1, 2)
    }
    assert held[1] == held[2]
    assert str(steps[-1].live) == "4*B*T*vocabulary + 4*B*T*width"


@pytest.mark.parametrize(
    ("name", "each"),
    {"llama_7b": 524_288, "llama2_70b": 327_680, "llama3_8b": 131_072, "gpt2_xl": 307_200}.items(),
)
def test_a_kv_cache_is_two_vectors_a_token_layer_and_head(name: str, each: int) -> None:
    """By hand in half precision: 2 x layers x heads of keys x size of a head x 2 bytes."""
    network = shapecalc.load(name).of_type("float16")
    report = network.report(symbolic=["B", "T"])
    batch, context = report.symbols["B"], report.symbols["T"]
    assert report.memory.kv_cache == each * batch * context
    assert sum(report.memory.of(layer).get("kv_cache", 0) for layer in report) == (
        each * batch * context
    )


def test_what_is_not_causal_has_no_cache() -> None:
    for name in ("vit", "bert"):
        report = shapecalc.load(name).report()
        assert report.memory.kv_cache == 0
        assert "kv_cache" not in report.to_dict()["totals"]["memory"]


def test_a_budget_may_bound_the_cache() -> None:
    network = shapecalc.load("gpt2").requiring(["kv_cache <= 10e6"])
    network.report(T=100)
    with pytest.raises(shapecalc.SpecError, match="kv_cache is 75,497,472"):
        network.report()


def test_the_most_of_a_folded_block_is_told_as_one_formula() -> None:
    done = CliRunner().invoke(
        main, ["show", "llama", "--depth", "1", "--symbolic=B,T", "--columns", "path,memory"]
    )
    (row,) = [line for line in done.output.splitlines() if line.startswith("layers")]
    assert row.split() == ["layers", "148480*B*T"]


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


@pytest.mark.one_in(3)
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


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", ["lenet5", "vgg16", "resnet18", "googlenet", "unet"])
def test_what_a_network_keeps_is_what_torch_keeps(name: str) -> None:
    network = shapecalc.load(name)
    report = network.report(B=2)
    inputs = [meta(each.shape, each.dtype) for each in report.inputs.values()]
    assert kept_by_torch(module(network), inputs) == report.memory.saved_for_backward


class Watch(TorchDispatchMode):
    """Adds up the storages that are alive behind each operation, those of weights aside."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        held = [*module.parameters(), *module.buffers()]
        self.own = {each.untyped_storage()._cdata for each in held}
        self.sizes: dict[int, int] = {}
        self.most = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for each in tree_leaves(result):
            storage = each.untyped_storage()
            if storage._cdata not in self.sizes and storage._cdata not in self.own:
                self.sizes[storage._cdata] = storage.nbytes()
                weakref.finalize(storage, self.sizes.pop, storage._cdata, None)
        self.most = max(self.most, sum(self.sizes.values()))
        return result


class Freeing(torch.fx.Interpreter):
    """Runs a module operation by operation, and lets go of what no later one takes."""

    def __init__(self, module: Any, inputs: dict[str, Any]) -> None:
        super().__init__(module)
        self.inputs = iter(inputs.values())

    def placeholder(self, target: Any, args: Any, kwargs: Any) -> Any:
        each = next(self.inputs)  # made here, so that no caller holds it
        return meta(each.shape, each.dtype, grad=False)


def peak_seen(network: Network, report: Any) -> int:
    made = torch.fx.symbolic_trace(module(network).eval())
    watch = Watch(made)
    gc.collect()
    with torch.no_grad(), watch:
        Freeing(made, report.inputs).run()
    return watch.most


def workspace(layer: Any) -> int:
    """What torch makes beside the output and drops, such as the places of maxima."""
    node = layer.node
    if node.layer.of_batch:  # on the meta device it makes statistics in evaluation, too
        return 2 * 4 * node.inputs[0].shape[1]
    beside = node.layer.beside(*node.inputs, y=node.output).values()
    return sum(math.prod(each.shape) * {"int64": 8}.get(each.dtype, 4) for each in beside)


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    "name",
    [
        *("lenet5", "lenet5_mnist", "alexnet", "alexnet_cifar", "vgg16", "resnet18", "googlenet"),
        *("unet", "squeezenet1_0", "mobilenet_v2", "resnet_cifar", "tcn", "dcgan"),
        *thorough(["resnet50", "unet3d", "densenet121", "mobilenet_v3_small", "shufflenet_v2"]),
        *thorough(["efficientnet_b0", "regnet_y_400mf", "yolov3", "inception_v3", "mnasnet1_0"]),
    ],
)
def test_the_peak_is_what_a_dispatch_mode_sees(name: str) -> None:
    network = shapecalc.load(name)
    report = network.report(B=2)
    held = zip(report.memory.steps, report, strict=True)
    assert peak_seen(network, report) == max(step.live + workspace(own) for step, own in held)


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_the_cache_is_what_attention_is_given_in_torch(name: str) -> None:
    class Watch(torch.overrides.TorchFunctionMode):
        """Adds up the keys and values that attention takes."""

        seen = 0

        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if func is torch.nn.functional.scaled_dot_product_attention:
                self.seen += sum(each.numel() * each.element_size() for each in args[1:3])
            return func(*args, **(kwargs or {}))

    network = shapecalc.load(name)
    report = network.report(B=2, T=12, layers=3)
    names: dict[str, Any] = {}
    exec(shapecalc.emit(network), names)
    (made,) = [each for each in names.values() if isinstance(each, type) and each.__name__ in MADE]
    with torch.device("meta"), Watch() as watch:
        made(T=12, layers=3)(meta((2, 12), "int64"))
    assert watch.seen == report.memory.kv_cache > 0


MADE = ("GPT2", "LLaMA")
"""The classes of the decoders that are emitted."""
