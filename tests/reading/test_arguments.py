"""Functions of torch are called by the names that torch has for their arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc
from shapecalc.language.problem import SpecError
from shapecalc.reading.functions.base import OPERATIONS
from shapecalc.reading.functions.signatures import SIGNATURES
from tests.reading.by_torch import by_torch
from tests.reading.function_options import IMPLIED, calls
from tests.reading.function_options import by_torch as shapes_by_torch
from tests.reading.torch_signatures import signatures

pytest.importorskip("torch")

HEAD = """import torch
import torch.nn as nn
import torch.nn.functional as F
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(6, 4, 3, 3))
        self.v = nn.Parameter(torch.zeros(6, 8))
    def forward(self, x):
        return """

CALLS = """
F.scaled_dot_product_attention(x, x, x, None, 0.0, True)
F.scaled_dot_product_attention(query=x, key=x, value=x)
torch.max_pool2d(x, 3, 2, 0, 1, True)
F.max_pool2d(x, 3, 2, 0, 1, True)
F.max_pool2d(x, kernel_size=3, stride=2, ceil_mode=True)
torch.norm(x, p=1, dim=1)
x.norm(p=2, dim=-1, keepdim=True)
x.norm(2, -1, True)
torch.linalg.norm(x, dim=-1, keepdim=True)
torch.linalg.vector_norm(x, ord=2, dim=1)
torch.swapaxes(x, axis0=1, axis1=2)
x.transpose(dim0=1, dim1=2)
torch.transpose(input=x, dim0=1, dim1=2)
x.unflatten(1, sizes=(2, 2))
x.unflatten(dim=1, sizes=(2, 2))
torch.unflatten(x, 1, (2, 2))
torch.split(x, split_size_or_sections=2, dim=1)[0]
torch.split(tensor=x, split_size_or_sections=2, dim=1)[0]
x.split(split_size=2, dim=1)[1]
x.split(2, dim=1)[1]
torch.where(condition=x > 0, input=x, other=x)
torch.where(x > 0, x, 0.0)
torch.where(x > 0, input=x, other=x * 2)
x.where(x > 0, 0.0)
x.tile(dims=(1, 2, 1, 1))
torch.tile(x, dims=(1, 2, 1, 1))
F.softmax(x, dim=1, dtype=torch.float64)
F.softmax(input=x, dim=1)
x.softmax(dim=-1)
torch.softmax(x, dim=-1)
torch.cumsum(x, dim=1, dtype=torch.float64)
x.sum(dim=1, dtype=torch.float64)
torch.sum(input=x, dim=(1, 2), keepdim=True)
torch.add(x, x, alpha=2)
torch.add(input=x, other=1)
x.add(other=x)
torch.sub(x, other=x, alpha=2)
torch.mul(input=x, other=x)
torch.div(x, 2, rounding_mode="floor")
x.flatten(1).view(-1, 2, torch.div(x[0].numel(), 2, rounding_mode="trunc"))
torch.pow(x, exponent=2)
torch.pow(2, x)
torch.rsub(x, 1)
torch.matmul(input=x, other=x.transpose(2, 3))
torch.bmm(input=x.flatten(1, 2), mat2=x.flatten(1, 2).transpose(1, 2))
torch.flatten(x, start_dim=1, end_dim=2)
torch.flatten(input=x, start_dim=1)
torch.squeeze(x[:, :1], dim=1)
torch.unsqueeze(input=x, dim=1)
torch.cat(tensors=[x, x], dim=1)
torch.cat(tensors=(x, x), axis=1)
torch.stack(tensors=[x, x], dim=1)
torch.chunk(input=x, chunks=2, dim=1)[0]
x.chunk(chunks=2, dim=1)[0]
torch.clamp(x, min=0, max=1)
torch.clamp(input=x, max=1)
x.clamp(min=0)
F.relu(x, inplace=True)
F.relu(input=x)
F.leaky_relu(x, negative_slope=0.1, inplace=False)
F.gelu(x, approximate="tanh")
F.elu(x, alpha=0.5)
F.hardtanh(x, min_val=0.0, max_val=6.0)
F.dropout(x, p=0.2, training=False, inplace=True)
F.dropout(input=x, p=0.2, training=False)
torch.dropout(x, p=0.2, train=False)
F.dropout2d(x, 0.2, False)
F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False, antialias=False)
F.interpolate(x, scale_factor=2, recompute_scale_factor=False)
F.interpolate(input=x, size=(9, 9))
F.upsample(x, scale_factor=2, mode="nearest")
F.pad(x, pad=(1, 1), mode="constant", value=0)
F.pad(input=x, pad=(1, 1, 2, 2))
F.adaptive_avg_pool2d(x, output_size=(2, 2))
F.adaptive_avg_pool2d(input=x, output_size=1)
F.avg_pool2d(x, kernel_size=2, stride=1, padding=1, ceil_mode=False, count_include_pad=False)
F.avg_pool2d(x, 2, 2, 0, False, True, None)
F.lp_pool2d(x, norm_type=2, kernel_size=2)
F.unfold(x, kernel_size=2, stride=2)
F.fold(x.flatten(2), output_size=(9, 9), kernel_size=(2, 2))
F.pixel_shuffle(x, upscale_factor=2)
F.normalize(x, p=2, dim=1, eps=1e-6)
F.normalize(x, p=2.0, dim=-1)
F.layer_norm(x, normalized_shape=(8, 8))
F.layer_norm(x, (8,), weight=None, bias=None, eps=1e-6)
F.group_norm(x, num_groups=2, eps=1e-3)
F.instance_norm(x, eps=1e-3)
F.glu(x, dim=1)
F.cosine_similarity(x1=x, x2=x, dim=1)
F.pairwise_distance(x, x, p=1)
F.one_hot(x.argmax(dim=1), num_classes=4)
torch.argmax(x, dim=1, keepdim=True).float()
x.max(dim=1)[0]
torch.max(x, dim=1, keepdim=True).values
torch.max(x, other=x)
torch.topk(x, k=2, dim=1)[0]
x.sort(dim=1, descending=True)[0]
torch.sort(x, -1, True).values
torch.repeat_interleave(x, repeats=2, dim=1)
x.repeat_interleave(2, dim=1)
torch.roll(x, shifts=(1, 1), dims=(2, 3))
torch.flip(x, dims=[2])
torch.permute(x, dims=(0, 2, 3, 1))
x.permute(dims=(0, 2, 3, 1))
x.view(size=(1, -1))
x.reshape(shape=(1, -1))
torch.reshape(input=x, shape=(1, -1))
x.expand(size=(1, 4, 8, 8))
x.to(dtype=torch.float64, non_blocking=True, copy=True)
x.to(torch.float64, memory_format=torch.contiguous_format)
torch.einsum("bchw,bdhw->bcd", x, x)
torch.gather(x, dim=1, index=x.argmax(dim=1, keepdim=True))
torch.index_select(x, dim=1, index=torch.tensor([0, 1]))
torch.narrow(x, dim=1, start=0, length=2)
torch.select(x, dim=1, index=0)
torch.diff(x, n=1, dim=1)
torch.tril(x, diagonal=1)
torch.masked_fill(x, mask=x > 0, value=0.0)
x.masked_fill(mask=x > 0, value=0.0)
torch.lerp(x, end=x, weight=0.5)
torch.addcmul(x, x, x, value=0.5)
torch.baddbmm(x[0], x[0], x[0], beta=0.5, alpha=2)
torch.std(x, dim=1, unbiased=False)
torch.var(x, dim=(2, 3), correction=0, keepdim=True)
torch.var_mean(x, dim=1, keepdim=True)[0]
torch.logsumexp(x, dim=1)
torch.amax(x, dim=(2, 3), keepdim=True)
torch.mean(x, dim=1, dtype=torch.float64)
F.conv2d(input=x, weight=self.w, bias=None, stride=2, padding=1, dilation=1, groups=1)
F.linear(input=x, weight=self.v, bias=None)
F.embedding(input=x.argmax(dim=1), weight=self.v)
F.gumbel_softmax(x, tau=1, hard=True, dim=1)
F.grid_sample(x, torch.zeros(1, 8, 8, 2), mode="bilinear", align_corners=False)
F.grid_sample(input=x, grid=torch.zeros(1, 5, 5, 2))
F.affine_grid(torch.zeros(1, 2, 3), size=(1, 4, 8, 8))
F.relu(x, inplac=True)
F.softmax(x, dims=1)
F.max_pool2d(x, 2, strid=2)
F.dropout(x, probability=0.1)
torch.flatten(x, start=1)
x.mean(axes=1)
x.view(sizes=(1, -1))
torch.stack([x, x], dims=1)
F.interpolate(x, factor=2)
F.adaptive_avg_pool2d(x, size=2)
x.sum(dims=1)
""".strip().splitlines()


@pytest.mark.one_in(4)
@pytest.mark.parametrize("call", CALLS)
def test_a_call_is_taken_or_refused_as_by_torch(call: str, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(HEAD + call)
    try:
        expected = by_torch(HEAD + call, "Net()", [[4, 8, 8]])["output"]
    except TypeError:
        with pytest.raises(SpecError, match="TypeError"):
            shapecalc.load(str(path), inputs=["4,8,8"])
        return
    (output,) = shapecalc.load(str(path), inputs=["4,8,8"]).report().to_dict()["outputs"]
    assert output["shape"] == expected


def test_the_names_are_those_of_torch() -> None:
    ours = {name: tuple(dict.fromkeys(signatures(name))) for name in OPERATIONS}
    assert {name: forms for name, forms in ours.items() if forms} == SIGNATURES


PARTS = 24


@pytest.mark.one_in(12)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.filterwarnings("ignore")
def test_options_of_functions_are_taken_as_by_torch(part: int, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    wrong = {}
    for call in sorted(set(calls()))[part::PARTS]:
        expected = shapes_by_torch(call)
        if expected is None or any(each in call for each in IMPLIED):
            continue
        path.write_text(HEAD + call)
        try:
            report = shapecalc.load(str(path), inputs=["4,8,8"]).report()
            found = [list(each["shape"]) for each in report.to_dict()["outputs"]]
        except SpecError as error:
            if any(each in str(error) for each in ("not known", "not in the", "depends on what")):
                continue
            found = str(error).splitlines()[0]
        if found != expected:
            wrong[call] = found, expected
    assert wrong == {}
