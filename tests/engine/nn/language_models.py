"""Three small language models, written against whichever engine is handed in as `torch`."""

from __future__ import annotations

import math
from typing import Any


def character_model(torch: Any) -> Any:
    """A decoder whose causal attention is written out by hand."""
    nn, functional = torch.nn, torch.nn.functional

    class Attention(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, width: int, heads: int, context: int) -> None:
            super().__init__()
            self.heads = heads
            self.attend = nn.Linear(width, 3 * width)
            self.project = nn.Linear(width, width)
            allowed = torch.tril(torch.ones(context, context)).view(1, 1, context, context)
            self.register_buffer("allowed", allowed)

        def forward(self, x: Any) -> Any:
            batch, length, width = x.size()
            q, k, v = (
                part.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
                for part in self.attend(x).split(width, dim=2)
            )
            scores = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
            hidden = self.allowed[:, :, :length, :length] == 0
            weights = functional.softmax(scores.masked_fill(hidden, float("-inf")), dim=-1)
            y = (weights @ v).transpose(1, 2).contiguous().view(batch, length, width)
            return self.project(y)

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, width: int, heads: int, context: int) -> None:
            super().__init__()
            self.norm1 = nn.LayerNorm(width)
            self.attention = Attention(width, heads, context)
            self.norm2 = nn.LayerNorm(width)
            self.mlp = nn.ModuleDict(
                {
                    "widen": nn.Linear(width, 4 * width),
                    "act": nn.GELU(approximate="tanh"),
                    "narrow": nn.Linear(4 * width, width),
                }
            )

        def forward(self, x: Any) -> Any:
            x = x + self.attention(self.norm1(x))
            m = self.mlp
            return x + m.narrow(m.act(m.widen(self.norm2(x))))

    class Model(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.tokens = nn.Embedding(11, 16)
            self.places = nn.Embedding(12, 16)
            self.blocks = nn.Sequential(*(Block(16, 4, 12) for _ in range(2)))
            self.norm = nn.LayerNorm(16)
            self.head = nn.Linear(16, 11, bias=False)
            self.apply(self._start)
            for name, parameter in self.named_parameters():
                if name.endswith("project.weight"):
                    nn.init.normal_(parameter, mean=0.0, std=0.02 / math.sqrt(4))

        @staticmethod
        def _start(module: Any) -> None:
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, mean=0.0, std=0.02)
                if isinstance(module, nn.Linear) and module.bias is not None:
                    nn.init.zeros_(module.bias)

        def forward(self, index: Any) -> Any:
            places = torch.arange(0, index.size(1), dtype=torch.long).unsqueeze(0)
            x = self.blocks(self.tokens(index) + self.places(places))
            logits = self.head(self.norm(x))
            targets = torch.roll(index, -1, dims=1)
            return functional.cross_entropy(
                logits.view(-1, logits.size(-1)), targets.reshape(-1), ignore_index=-1
            )

    return Model()


def encoder_model(torch: Any) -> Any:
    """An encoder with sines for places, length first."""
    nn = torch.nn

    class Places(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, width: int, longest: int = 50) -> None:
            super().__init__()
            place = torch.arange(longest).unsqueeze(1)
            rate = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
            table = torch.zeros(longest, 1, width)
            table[:, 0, 0::2] = torch.sin(place * rate)
            table[:, 0, 1::2] = torch.cos(place * rate)
            self.register_buffer("table", table)
            self.dropout = nn.Dropout(p=0.0)

        def forward(self, x: Any) -> Any:
            return self.dropout(x + self.table[: x.size(0)])

    class Model(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(11, 16)
            self.places = Places(16)
            layer = nn.TransformerEncoderLayer(16, 2, 32, 0.0)
            self.encoder = nn.TransformerEncoder(layer, 2)
            self.linear = nn.Linear(16, 11)
            self.embedding.weight.data.uniform_(-0.1, 0.1)
            self.linear.bias.data.zero_()
            self.linear.weight.data.uniform_(-0.1, 0.1)

        def forward(self, index: Any) -> Any:
            source = index.t()
            mask = nn.Transformer.generate_square_subsequent_mask(len(source))
            x = self.places(self.embedding(source) * math.sqrt(16))
            logits = self.linear(self.encoder(x, mask))
            targets = torch.roll(source, -1, dims=0)
            return nn.functional.cross_entropy(logits.view(-1, 11), targets.reshape(-1))

    return Model()


def translation_model(torch: Any) -> Any:
    """Encoder and decoder, padded: the target is the source backwards."""
    nn = torch.nn

    class Model(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.source = nn.Embedding(11, 16, padding_idx=0)
            self.target = nn.Embedding(11, 16, padding_idx=0)
            self.places = nn.Parameter(torch.zeros(1, 12, 16))
            self.transformer = nn.Transformer(
                16, 2, 1, 2, 32, dropout=0.0, batch_first=True, norm_first=True
            )
            self.head = nn.Linear(16, 11)

        def forward(self, index: Any) -> Any:
            targets = torch.flip(index, [1])
            given = targets[:, :-1]
            source = self.source(index) + self.places[:, : index.size(1)]
            target = self.target(given) + self.places[:, : given.size(1)]
            size = given.size(1)
            output = self.transformer(
                source,
                target,
                tgt_mask=torch.triu(torch.ones(size, size), diagonal=1).bool(),
                src_key_padding_mask=index == 0,
                memory_key_padding_mask=(index == 0),
            )
            logits = self.head(output)
            criterion = nn.CrossEntropyLoss(ignore_index=0)
            return criterion(logits.transpose(1, 2), targets[:, 1:])

    return Model()
