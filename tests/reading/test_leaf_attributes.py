"""What layers tell of themselves is what torch's modules tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import shapecalc
from shapecalc.language.problem import SpecError
from shapecalc.reading.modules.constructors import CONSTRUCTORS
from tests.reading.by_torch import by_torch, network
from tests.reading.torch_signatures import MADE_FILE, constructors

torch = pytest.importorskip("torch")

MADE = """
    Linear(4, 3)
    Linear(4, 3, bias=False)
    Bilinear(2, 3, 4)
    Bilinear(2, 3, 4, bias=False)
    Identity()
    Conv1d(4, 6, 3)
    Conv2d(4, 6, 3)
    Conv2d(4, 6, 3, bias=False)
    Conv2d(4, 6, (3, 5), 2, 1, groups=2, padding_mode="reflect")
    Conv2d(4, 6, 3, padding="same")
    Conv3d(4, 6, 3)
    ConvTranspose1d(4, 6, 3)
    ConvTranspose2d(4, 6, 3, 2, 1, 1)
    ConvTranspose2d(4, 6, 3, bias=False, groups=2)
    ConvTranspose3d(4, 6, 3)
    MaxPool1d(2)
    MaxPool2d(2)
    MaxPool2d(3, 2, 1, ceil_mode=True, return_indices=True)
    MaxPool3d(2)
    AvgPool1d(2)
    AvgPool2d(2)
    AvgPool2d(3, 2, 1, True, False, 7)
    AvgPool3d(2)
    LPPool1d(2, 3)
    LPPool2d(2, 3, 2)
    LPPool3d(2, 3)
    FractionalMaxPool2d(2, output_size=3)
    FractionalMaxPool2d(2, output_ratio=0.5)
    FractionalMaxPool3d(2, output_size=3)
    MaxUnpool1d(2)
    MaxUnpool2d(2)
    MaxUnpool2d(3, 2, 1)
    MaxUnpool3d(2)
    AdaptiveAvgPool1d(3)
    AdaptiveAvgPool2d((3, None))
    AdaptiveAvgPool2d(1)
    AdaptiveAvgPool3d(2)
    AdaptiveMaxPool1d(3)
    AdaptiveMaxPool2d(3, return_indices=True)
    AdaptiveMaxPool3d(3)
    BatchNorm1d(4)
    BatchNorm2d(4)
    BatchNorm2d(4, affine=False)
    BatchNorm2d(4, track_running_stats=False)
    BatchNorm2d(4, eps=0.001, momentum=None)
    BatchNorm3d(4)
    SyncBatchNorm(4)
    InstanceNorm1d(4)
    InstanceNorm2d(4)
    InstanceNorm2d(4, affine=True)
    InstanceNorm2d(4, track_running_stats=True)
    InstanceNorm3d(4)
    GroupNorm(2, 4)
    GroupNorm(2, 4, affine=False)
    LayerNorm(4)
    LayerNorm((2, 4))
    LayerNorm([2, 4], elementwise_affine=False)
    LayerNorm(4, bias=False)
    LocalResponseNorm(2)
    LocalResponseNorm(5, 1e-3, 0.5, 2.0)
    RMSNorm(4)
    RMSNorm((2, 4), 1e-6, False)
    Embedding(9, 4)
    Embedding(9, 4, padding_idx=-1, max_norm=2.0)
    EmbeddingBag(9, 4)
    EmbeddingBag(9, 4, mode="sum", include_last_offset=True)
    RNN(4, 5)
    RNN(4, 5, 2, "relu", bidirectional=True)
    LSTM(4, 5)
    LSTM(4, 5, num_layers=2, bias=False, batch_first=True, dropout=0.2, bidirectional=True)
    LSTM(4, 5, proj_size=2)
    GRU(4, 5)
    GRU(4, 5, 3, False)
    RNNCell(4, 5)
    RNNCell(4, 5, False, "relu")
    LSTMCell(4, 5)
    LSTMCell(4, 5, bias=False)
    GRUCell(4, 5)
    MultiheadAttention(8, 2)
    MultiheadAttention(8, 2, dropout=0.1, bias=False, add_bias_kv=True, kdim=3, vdim=4)
    TransformerEncoderLayer(8, 2)
    TransformerEncoderLayer(8, 2, 16, 0.2, "gelu", 1e-6, True, True, False)
    TransformerDecoderLayer(8, 2)
    TransformerEncoder(nn.TransformerEncoderLayer(8, 2), 2)
    TransformerEncoder(nn.TransformerEncoderLayer(8, 2), 2, nn.LayerNorm(8))
    TransformerDecoder(nn.TransformerDecoderLayer(8, 2), 2)
    Transformer(8, 2, 1, 1, 16)
    ReLU()
    ReLU(inplace=True)
    ReLU6()
    ReLU6(True)
    ELU()
    ELU(0.5, True)
    CELU(0.5)
    SELU()
    GELU()
    GELU("tanh")
    SiLU()
    SiLU(True)
    Mish()
    Hardswish()
    Hardsigmoid()
    Hardtanh()
    Hardtanh(-2.0, 3.0)
    Hardshrink()
    Hardshrink(0.3)
    Softshrink(0.3)
    Tanhshrink()
    Sigmoid()
    LogSigmoid()
    Tanh()
    Softplus()
    Softplus(2.0, 10.0)
    Softsign()
    Softmin(1)
    Softmax(1)
    Softmax()
    Softmax2d()
    LogSoftmax(dim=-1)
    LeakyReLU()
    LeakyReLU(0.2, True)
    PReLU()
    PReLU(4, 0.1)
    RReLU()
    RReLU(0.1, 0.2)
    Threshold(0.1, 20.0)
    GLU()
    GLU(1)
    Dropout()
    Dropout(0.2, True)
    Dropout1d(0.2)
    Dropout2d()
    Dropout3d()
    AlphaDropout(0.1)
    FeatureAlphaDropout()
    Flatten()
    Flatten(0, 2)
    Unflatten(1, (2, 2))
    Fold((4, 4), 2)
    Fold(4, (2, 2), 1, 0, 2)
    Unfold(2)
    Unfold((2, 3), 1, 1, 2)
    PixelShuffle(2)
    PixelUnshuffle(2)
    ChannelShuffle(2)
    Upsample(scale_factor=2)
    Upsample(size=(4, 4), mode="bilinear", align_corners=True)
    Upsample(scale_factor=(2, 3))
    UpsamplingNearest2d(scale_factor=2)
    UpsamplingBilinear2d(size=4)
    ZeroPad1d(1)
    ZeroPad2d(1)
    ZeroPad2d((1, 2, 3, 4))
    ZeroPad3d(1)
    ConstantPad1d(1, 2.0)
    ConstantPad2d(1, 0.5)
    ConstantPad3d(1, 0)
    ReflectionPad1d(1)
    ReflectionPad2d((1, 1, 2, 2))
    ReflectionPad3d(1)
    ReplicationPad1d(1)
    ReplicationPad2d(1)
    ReplicationPad3d(1)
    CircularPad1d(1)
    CircularPad2d(1)
    CircularPad3d(1)
    CosineSimilarity()
    CosineSimilarity(2, 1e-5)
    PairwiseDistance()
    PairwiseDistance(1.0, 1e-5, True)
    CrossEntropyLoss()
    CrossEntropyLoss(label_smoothing=0.1, ignore_index=3)
    MSELoss()
    MSELoss(reduction="sum")
    L1Loss()
    NLLLoss()
    BCELoss()
    BCEWithLogitsLoss()
    SmoothL1Loss()
    HuberLoss()
    KLDivLoss()
    TripletMarginLoss()
    CosineEmbeddingLoss()
    MarginRankingLoss()
    HingeEmbeddingLoss()
    CTCLoss()
    PoissonNLLLoss()
    GaussianNLLLoss()
    MultiMarginLoss()
    MultiLabelSoftMarginLoss()
    SoftMarginLoss()
"""

DROPOUTS = ("dropout", "dropout1", "dropout2", "dropout3")

INNER = (*DROPOUTS, "norm", "use_nested_tensor", "activation_relu_or_gelu")
"""Of transformers, modules without weights and how torch runs them, which are not read."""


def attributes(module: Any) -> dict[str, Any]:
    """What a module tells: its own attributes, tensors and modules, and those that it may lack."""
    kept = ("_parameters", "_buffers", "_modules")
    declared = [
        name
        for each in ("__annotations__", "__constants__")
        for name in getattr(type(module), each, ())
    ]
    names = [*vars(module), *(name for each in kept for name in vars(module)[each]), *declared]
    return {
        name: getattr(module, name)
        for name in names
        if not name.startswith("_") and name not in ("training", "call_super_init")
        if hasattr(module, name)
        if not ("Transformer" in type(module).__name__ and name in INNER)
    }


def condition(name: str, value: Any) -> str:
    """What holds of an attribute that is told as torch does."""
    if isinstance(value, torch.Tensor):
        return f"tuple(m.{name}.shape) == {tuple(value.shape)}"
    if value is None or isinstance(value, bool):
        return f"m.{name} is {value}"
    if isinstance(value, (int, float, str, tuple)):
        return f"m.{name} == {value!r} and type(m.{name}) is {type(value).__name__}"
    return f"m.{name} is not None"


@pytest.mark.parametrize("made", MADE.strip().splitlines(), ids=str.strip)
def test_a_layer_tells_what_torchs_does(made: str, tmp_path: Path) -> None:
    module = eval(f"torch.nn.{made.strip()}", {"torch": torch, "nn": torch.nn})
    lines = [
        "import torch.nn as nn",
        "class Net(nn.Module):",
        "    def __init__(self):",
        "        super().__init__()",
        f"        m = nn.{made.strip()}",
        *(
            f"        assert {condition(name, value)}, m.{name}"
            for name, value in attributes(module).items()
        ),
        "    def forward(self, x):",
        "        return x + 1",
    ]
    file = tmp_path / "net.py"
    file.write_text("\n".join(lines) + "\n")
    shapecalc.load(f"{file}:Net", inputs=[[3, 8, 8]])


def test_the_constructors_are_those_of_torch() -> None:
    found: dict[str, Any] = {}
    exec(constructors(), found)
    assert found["CONSTRUCTORS"] == CONSTRUCTORS
    assert MADE_FILE.name == "constructors.py"


CONSTRUCTS: dict[str, tuple[str, list[list[int]]]] = {
    "an attention whose projection is initialised": (
        network(
            "attend = nn.MultiheadAttention(16, 2, batch_first=True)",
            """nn.init.zeros_(self.attend.out_proj.bias)
            return self.attend(x, x, x)[0]""",
        ),
        [[5, 16]],
    ),
    "an encoder whose layers are initialised one by one": (
        network(
            """run = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32), 2)
            ends = [nn.init.zeros_(layer.linear2.bias) for layer in self.run.layers]
            wide = nn.Linear(16, self.run.layers[-1].linear1.weight.shape[0])""",
            "return self.wide(self.run(x, mask=torch.ones(1, 1).bool()))",
        ),
        [[5, 16]],
    ),
    "layers of an encoder called one by one": (
        network(
            """layer = nn.TransformerEncoderLayer(16, 2, 32)
            run = nn.TransformerEncoder(self.layer, 2, nn.LayerNorm(16))
            layer = None""",
            """found = []
            for layer in self.run.layers:
                x = layer(x)
                found.append(self.run.norm(x))
            return torch.cat(found, 1)""",
        ),
        [[5, 16]],
    ),
    "layers of a decoder called one by one": (
        network(
            "run = nn.TransformerDecoder(nn.TransformerDecoderLayer(16, 2, 32), 2)",
            """for layer in self.run.layers:
                x = layer(x, y)
            return x""",
            "x, y",
        ),
        [[5, 16], [5, 16]],
    ),
    "a transformer whose encoder and decoder are called": (
        network(
            "run = nn.Transformer(16, 2, 1, 1, 32, batch_first=True)",
            "return self.run.decoder(y, self.run.encoder(x, mask=None))",
            "x, y",
        ),
        [[5, 16], [7, 16]],
    ),
    "weights of layers inside that are tied": (
        network(
            "run = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32), 2)",
            """own = self.run.layers[0].self_attn.out_proj.weight
            assert own.shape == self.run.layers[1].self_attn.out_proj.weight.shape
            return self.run(x)""",
        ),
        [[5, 16]],
    ),
    "an instance norm without weights": (
        network(
            "norm = nn.InstanceNorm2d(4)",
            """if self.norm.weight is not None or self.norm.running_mean is not None:
                x = torch.cat([x, x], 1)
            return self.norm(x)""",
        ),
        [[4, 8, 8]],
    ),
    "settings of a pool as they are written": (
        network(
            "pool = nn.MaxPool2d(2)",
            """if self.pool.stride == 2 and self.pool.padding == 0:
                x = self.pool(x)
            return self.pool(x)""",
        ),
        [[4, 8, 8]],
    ),
}


@pytest.mark.parametrize(("source", "inputs"), CONSTRUCTS.values(), ids=CONSTRUCTS)
def test_what_asks_layers_for_what_they_are_is_read(
    source: str, inputs: list[list[int]], tmp_path: Path
) -> None:
    expected = by_torch(source, "Net()", inputs)
    file = tmp_path / "net.py"
    file.write_text(source)
    report = shapecalc.load(f"{file}:Net", inputs=inputs).report()
    (output,) = report.to_dict()["outputs"]
    assert report.totals.params == expected["params"]
    assert output["shape"] == expected["output"]


def test_a_module_put_into_a_layer_of_the_catalogue_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(
        network(
            """run = nn.TransformerEncoderLayer(16, 2, 32)
            run.linear1 = nn.Linear(16, 32)""",
            "return self.run(x)",
        )
    )
    with pytest.raises(
        SpecError, match=r"net.py:7:9: error: a TransformerEncoderLayer whose linear1"
    ):
        shapecalc.load(f"{file}:Net", inputs=[[5, 16]])
