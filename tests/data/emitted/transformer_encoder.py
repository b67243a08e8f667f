"""Transformer encoder.

Vaswani et al., Attention Is All You Need, 2017: token and position embeddings, and six
layers of attention and two linear layers, each with a residual connection and a
normalisation after it.

24,099,840 parameters and 2,516,582,400 multiply-accumulates for an input of 128,
batch 1.
"""

import torch
from torch import Tensor, nn


class EncoderLayer(nn.Module):
    def __init__(self, features: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(features, heads, batch_first=True)
        self.dropout1 = nn.Dropout(dropout)
        self.norm1 = nn.LayerNorm(features)
        self.linear1 = nn.Linear(features, hidden)
        self.relu1 = nn.ReLU()
        self.linear2 = nn.Linear(hidden, features)
        self.dropout2 = nn.Dropout(dropout)
        self.norm2 = nn.LayerNorm(features)

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        x, _ = self.attention(x, x, x, need_weights=False)  # [B, L, features]
        x = self.dropout1(x)
        x = identity + x
        norm1 = self.norm1(x)
        x = self.linear1(norm1)  # [B, L, hidden]
        x = self.relu1(x)
        x = self.linear2(x)  # [B, L, features]
        x = self.dropout2(x)
        x = norm1 + x
        x = self.norm2(x)
        return x


class TransformerEncoder(nn.Module):
    """Transformer encoder."""

    def __init__(
        self,
        tokens: int = 128,
        vocabulary: int = 10000,
        features: int = 512,
        heads: int = 8,
        hidden: int | None = None,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if hidden is None:
            hidden = 4 * features
        self.embedding = nn.Embedding(vocabulary, features)
        self.position = nn.Parameter(torch.zeros((1, tokens, features)))
        self.layers = nn.Sequential(
            *(EncoderLayer(features, heads, hidden, dropout) for _ in range(6))
        )

    def forward(self, words: Tensor) -> Tensor:
        x: Tensor = self.embedding(words)  # [B, tokens, features]
        x = x + self.position
        x = self.layers(x)
        return x


if __name__ == "__main__":
    model = TransformerEncoder().eval()
    with torch.no_grad():
        output = model(torch.zeros(1, 128, dtype=torch.int64))
    print(tuple(output.shape))
