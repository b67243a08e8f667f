"""Methods of modules and tensors, with arguments by place and by name, are read as by torch."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc
from tests.reading.by_torch import by_torch

pytest.importorskip("torch")

HEAD = """from collections import OrderedDict
import torch
import torch.nn as nn
import torch.nn.functional as F
class Net(nn.Module):
    def __init__(self):
        super().__init__()
"""

MADE = """
self.add_module(name="a", module=nn.Conv2d(4, 2, 1))
self.add_module("a", nn.Conv2d(4, 2, 1))
self.register_module(name="a", module=nn.Conv2d(4, 2, 1))
self.a = nn.Conv2d(in_channels=4, out_channels=2, kernel_size=(1, 1), device=None, dtype=None)
self.a = nn.Sequential(OrderedDict(c=nn.Conv2d(4, 2, 1)))
self.a = nn.Sequential(OrderedDict([("c", nn.Conv2d(4, 2, 1)), ("r", nn.ReLU(inplace=True))]))
self.a = nn.Sequential(*[nn.Conv2d(4, 2, 1)]).to("cpu", non_blocking=True)
self.a = nn.Sequential(nn.Identity()).append(module=nn.Conv2d(4, 2, 1))
self.a = nn.Sequential(nn.Identity()).insert(index=0, module=nn.Conv2d(4, 2, 1))
self.a = nn.utils.weight_norm(module=nn.Conv2d(4, 2, 1), name="weight", dim=0)
self.a = nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 2, 1), name="weight")
self.a = nn.utils.spectral_norm(module=nn.Conv2d(4, 2, 1))
self.a = nn.utils.parametrizations.spectral_norm(nn.Conv2d(4, 2, 1), n_power_iterations=2)
self.a = nn.Conv2d(4, 2, 1); nn.init.constant_(tensor=self.a.weight, val=0.5)
self.a = nn.Conv2d(4, 2, 1); nn.init.kaiming_normal_(self.a.weight, nonlinearity="relu")
self.a = nn.Conv2d(4, 2, 1); self.a.weight.data.normal_(mean=0.0, std=0.1)
self.a = nn.Conv2d(4, 2, 1); self.a.requires_grad_(requires_grad=False)
self.a = nn.Conv2d(4, 2, 1); self.a.train(mode=False)
self.a = nn.Conv2d(4, 2, 1); self.a.apply(fn=lambda m: None)
self.a = nn.Conv2d(4, 2, 1); self.n = sum(p.numel() for p in self.parameters(recurse=True))
self.a = nn.Conv2d(4, 2, 1); n = dict(self.named_parameters(prefix="x")); n["x.a.bias"]
self.a = nn.Conv2d(4, 2, 1); n = list(self.named_modules(memo=None, prefix=""))
self.a = nn.Conv2d(4, 2, 1); self.b = self.get_submodule(target="a")
self.a = nn.Conv2d(4, 2, 1); self.n = self.state_dict(prefix="", keep_vars=False)["a.weight"].shape
self.a = nn.Conv2d(4, 2, 1); self.load_state_dict(state_dict=self.state_dict(), strict=False)
""".strip().splitlines()
"""What makes a layer ``a`` of four channels, which is called."""

KEPT = [
    ('self.register_buffer(name="b", tensor=torch.zeros(4, 1, 1), persistent=False)', "x + self.b"),
    ('self.register_buffer("b", tensor=torch.ones(size=(4, 1, 1)))', "x + self.b"),
    (
        'self.register_parameter(name="b", param=nn.Parameter(data=torch.zeros(4, 1, 1)))',
        "x + self.b",
    ),
    ('self.register_parameter("b", None)', "x if self.b is None else x + self.b"),
    ("self.b = nn.Parameter(torch.empty(size=(4, 1, 1)))", "x + self.b"),
    (
        'self.b = nn.Parameter(torch.empty((4, 1, 1), dtype=torch.float32, device="cpu"))',
        "x + self.b",
    ),
    ("self.b = nn.Parameter(torch.randn(size=(4, 1, 1)) * 0.02)", "x + self.b"),
    ("self.b = nn.Parameter(torch.full(size=(4, 1, 1), fill_value=0.1))", "x + self.b"),
    ("self.b = nn.Parameter(torch.rand(4, 1, 1, requires_grad=True))", "x + self.b"),
    ("self.b = nn.Parameter(torch.tensor(data=[[[0.1]]] * 4))", "x + self.b"),
    ("self.b = nn.Parameter(torch.zeros(1), requires_grad=False)", "x * self.b"),
    ("self.b = nn.Parameter(torch.Tensor(4, 1, 1))", "x + self.b"),
    ("self.b = nn.Parameter(torch.FloatTensor(4, 1, 1).uniform_(-1, 1))", "x + self.b"),
    (
        "self.b = nn.ParameterList([nn.Parameter(torch.zeros(4, 1, 1)) for _ in range(2)])",
        "x + self.b[0] + self.b[1]",
    ),
    (
        'self.b = nn.ParameterDict(parameters={"k": nn.Parameter(torch.zeros(4, 1, 1))})',
        'x + self.b["k"]',
    ),
    ('self.b = nn.ParameterDict({"k": nn.Parameter(torch.zeros(4, 1, 1))})', 'x + self.b["k"]'),
    ("self.b = nn.ModuleList(modules=[nn.Conv2d(4, 4, 1)])", "self.b[0](x)"),
    ('self.b = nn.ModuleDict(modules={"k": nn.Conv2d(4, 4, 1)})', 'self.b["k"](x)'),
    ('self.b = nn.ModuleDict([["k", nn.Conv2d(4, 4, 1)]])', 'self.b["k"](x)'),
    (
        "self.b = nn.Embedding.from_pretrained(embeddings=torch.zeros(9, 3), freeze=True)",
        "self.b(x.argmax(dim=1))",
    ),
    ("self.b = nn.Embedding(9, 3, padding_idx=0)", "self.b(x.argmax(dim=1).clamp(min=0))"),
    ("self.n = torch.arange(start=0, end=8, step=2, dtype=torch.float32)", "x[..., :4] * self.n"),
    ("self.n = torch.arange(0, 8, step=2).float()", "x[..., :4] * self.n"),
    ("self.n = torch.linspace(start=0, end=1, steps=8)", "x * self.n"),
]
"""What a module keeps, and what it makes of that."""

CALLED = """
x + torch.arange(x.size(dim=-1), device=x.device)[None, None, None, :]
x.size(dim=1) * x
x.reshape(x.size(0), -1).unsqueeze(dim=-1)
torch.zeros(size=(x.size(0), 3), device=x.device) + x.mean(dim=(1, 2, 3)).unsqueeze(1)
torch.ones_like(input=x, dtype=torch.float32)  * x
x.new_zeros(size=(x.size(0), 4, 8, 8)) + x
x.new_full(size=(1, 4, 8, 8), fill_value=2.0) + x
torch.cat((x, x.new_ones((x.size(0), 1, 8, 8))), dim=1)
torch.meshgrid(torch.arange(8), torch.arange(8), indexing="ij")[0] + x
torch.stack(torch.meshgrid([torch.arange(8), torch.arange(8)]), dim=0).float().sum() + x
x.masked_fill(torch.triu(torch.ones(8, 8), diagonal=1).bool(), float("-inf"))
torch.tril(input=torch.ones(8, 8), diagonal=-1) @ x
x.flatten(start_dim=2).transpose(dim0=1, dim1=2).contiguous(memory_format=torch.contiguous_format)
x.permute(0, 2, 3, 1).view(x.size(0), -1, x.size(1))
x.expand(size=(-1, -1, -1, -1))
x.unfold(dimension=2, size=3, step=1)
x.as_strided(size=(1, 3, 4), stride=x.stride()[:3])
torch.as_strided(x, (2, 2), (1, 2), 1)
x.narrow(dim=1, start=1, length=2)
x.index_select(dim=1, index=torch.tensor([0, 2]))
x.select(dim=1, index=0)
x.unbind(dim=1)[0]
x.topk(k=2, dim=1, largest=True, sorted=True).values
x.scatter(dim=1, index=x.argmax(dim=1, keepdim=True), src=torch.ones(1, 1, 8, 8))
torch.einsum("bchw,bdhw->bcd", [x, x])
torch.tensordot(x, x, dims=([2, 3], [2, 3]))
torch.chunk(x, chunks=2, dim=1)[1]
x.split(split_size=[1, 3], dim=1)[1]
x.std(dim=[2, 3], keepdim=True, unbiased=True)
F.interpolate(x, size=x.shape[-2:], mode="nearest")
F.interpolate(x, (16, 16), None, "bilinear", False)
F.pad(x, [1, 1, 1, 1], "reflect")
F.layer_norm(x, x.shape[1:])
F.scaled_dot_product_attention(x, x, x, dropout_p=0.0, is_causal=True)
F.conv2d(x, torch.ones(4, 1, 3, 3), padding=1, groups=4)
x.mean(-1, True)
x.max(1, True)[0]
x.max(-1, keepdim=True).values
torch.max(input=x, dim=1).values
x.norm(p="fro", dim=(2, 3))
torch.norm(input=x, p=2, dim=1, keepdim=True)
x.clamp_(min=0.0, max=6.0)
x.add_(other=1)
x.type(dtype=torch.float32)
x.repeat(repeats=(1, 2, 1, 1))
x.roll(shifts=-1, dims=2)
x.squeeze(dim=-1)
x.moveaxis(source=1, destination=-1)
torch.movedim(x, source=1, destination=3)
x.swapaxes(axis0=1, axis1=2)
x.diagonal(offset=0, dim1=-2, dim2=-1)
x.cumsum(dim=1)
x.var(dim=1, correction=1)
x.softmax(dim=1, dtype=torch.float32)
x.view(-1, *x.shape[2:])
torch.Tensor.view(x, (1, -1))
torch.Tensor.mean(x, dim=1)
getattr(torch, "relu")(input=x)
getattr(F, "gelu")(x, approximate="none")
nn.functional.hardtanh(x, min_val=0.0, max_val=20.0)
nn.Softmax(dim=1)(input=x)
torch.zeros([1, 4, 8, 8], dtype=x.dtype, device=x.device, requires_grad=False) + x
x.sum(dim=-1, keepdim=False)
torch.bmm(x.flatten(2), mat2=x.flatten(2).transpose(1, 2))
torch.addmm(input=torch.zeros(8), mat1=x[0, 0], mat2=x[0, 1], beta=1, alpha=1)
torch.cdist(x1=x.flatten(2), x2=x.flatten(2), p=2.0)
torch.cosine_similarity(x, x, dim=1, eps=1e-8)
torch.pixel_shuffle(input=x, upscale_factor=2)
""".strip().splitlines()
"""What is made of a map of four channels."""

CASES = [*((made, "self.a(x)") for made in MADE), *KEPT, *(("pass", each) for each in CALLED)]


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("made", "returned"), CASES)
@pytest.mark.filterwarnings("ignore")
def test_it_is_read_as_torch_runs_it(made: str, returned: str, tmp_path: Path) -> None:
    lines = "".join(f"        {each.strip()}\n" for each in made.split(";"))
    source = f"{HEAD}{lines}    def forward(self, x):\n        return {returned}\n"
    expected = by_torch(source, "Net()", [[4, 8, 8]])
    path = tmp_path / "net.py"
    path.write_text(source)
    report = shapecalc.load(str(path), inputs=["4,8,8"]).report()
    assert report.totals.params == expected["params"]
    assert [each["shape"] for each in report.to_dict()["outputs"]] == [expected["output"]]
