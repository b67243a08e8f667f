"""Networks of transformers, from its installed source, which is not imported."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

import shapecalc
from shapecalc.language.problem import SpecError

INSTALLED = any((Path(each) / "transformers").is_dir() for each in sys.path)
ROWS = list(csv.reader((Path(__file__).parents[1] / "data" / "transformers.csv").open()))[1:]
"""Parameters, and twice the multiplications by torch's flop counter, attention written out."""

pytestmark = pytest.mark.skipif(not INSTALLED, reason="transformers is not installed")


def written(folder: Path, text: str) -> str:
    """A file that takes what it names from transformers."""
    path = folder / "net.py"
    path.write_text(f"import torch\nfrom torch import nn\nimport transformers\n{text}\n")
    return str(path)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_network_is_what_torch_counts(tmp_path: Path, row: list[str]) -> None:
    model, config, given, params, flops = row
    make = f"transformers.{model}(transformers.{config})"
    totals = shapecalc.load(f"{written(tmp_path, '')}:{make}", inputs=[given]).report().totals
    assert (totals.params, totals.flops) == (int(params), int(flops))


AROUND = """
from transformers import AutoModel, BertConfig, BertModel
from transformers.models.bert import BertPreTrainedModel
class Around(nn.Module):
    def __init__(self, bert):
        super().__init__()
        self.bert = bert
        self.fc = nn.Linear(bert.config.hidden_size, 3)
    def forward(self, input_ids, attention_mask):
        found = self.bert(input_ids=input_ids, attention_mask=attention_mask)
        _, pooled = self.bert(input_ids, attention_mask, return_dict=False)
        return self.fc(found.pooler_output + found[1] + pooled + found["pooler_output"])
class Derived(BertPreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.bert = BertModel(config)
        self.fc = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()
    def forward(self, input_ids):
        return self.fc(self.bert(input_ids).last_hidden_state)
CONFIG = BertConfig(num_hidden_layers=1, hidden_size=24, num_attention_heads=2, vocab_size=50)
"""

TWO = ["input_ids=16:int64", "attention_mask=16:int64"]


@pytest.mark.parametrize("make", ["BertModel(CONFIG)", "AutoModel.from_config(CONFIG)"])
def test_a_network_stands_in_one_of_ones_own(tmp_path: Path, make: str) -> None:
    source = written(tmp_path, AROUND)
    own = shapecalc.load(f"{source}:{make}", inputs=["16:int64"]).report()
    report = shapecalc.load(f"{source}:Around({make})", inputs=TWO).report()
    assert report.outputs[0][1].shape == (1, 3)
    assert report.totals.params == own.totals.params + 24 * 3 + 3
    assert own["bert.pooler.dense" if "bert.pooler.dense" in own else "pooler.dense"].params == 600


def test_a_network_derives_from_one(tmp_path: Path) -> None:
    source = written(tmp_path, AROUND)
    report = shapecalc.load(f"{source}:Derived(CONFIG)", inputs=["16:int64"]).report()
    assert report.outputs[0][1].shape == (1, 16, 2)


@pytest.mark.parametrize(
    ("make", "advised"),
    [
        ('BertModel.from_pretrained("bert-base-uncased")', "as in BertModel(BertConfig())"),
        ('Derived.from_pretrained("mine")', "as in Derived(BertConfig())"),
        ('AutoModel.from_pretrained("gpt2")', "as in BertModel(BertConfig())"),
        ('BertModel(BertConfig.from_pretrained("mine"))', "a configuration tells all sizes"),
    ],
)
def test_a_checkpoint_is_not_looked_at(tmp_path: Path, make: str, advised: str) -> None:
    with pytest.raises(SpecError, match="is made of is not in the source") as caught:
        shapecalc.load(f"{written(tmp_path, AROUND)}:{make}", inputs=["16:int64"]).report()
    assert advised in str(caught.value)


@pytest.mark.parametrize(
    ("make", "given", "params"),
    [
        ("CLIPVisionModel._from_config(transformers.CLIPVisionConfig())", "3,224,224", 87456000),
        ("BartModel(transformers.BartConfig(encoder_layers=1))", "16:int64", 267_732_992),
        ("LlavaForConditionalGeneration(transformers.LlavaConfig())", "16:int64", 7_062_902_784),
    ],
)
def test_others_are_read(tmp_path: Path, make: str, given: str, params: int) -> None:
    source = f"{written(tmp_path, '')}:transformers.{make}"
    assert shapecalc.load(source, inputs=[given]).report().totals.params == params
