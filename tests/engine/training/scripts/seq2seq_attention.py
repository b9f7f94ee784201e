"""Reversing sequences: a GRU encoder and a GRU decoder with additive attention."""

import random

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

SOS, EOS, LENGTH, VOCAB, HIDDEN = 0, 1, 6, 10, 20


class Encoder(nn.Module):
    def __init__(self, vocab, hidden):
        super().__init__()
        self.embedding = nn.Embedding(vocab, hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x):
        return self.gru(self.dropout(self.embedding(x)))


class Attention(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.query, self.key = nn.Linear(hidden, hidden), nn.Linear(hidden, hidden)
        self.score = nn.Linear(hidden, 1)

    def forward(self, query, keys):
        scores = self.score(torch.tanh(self.query(query) + self.key(keys)))
        weights = F.softmax(scores.squeeze(2).unsqueeze(1), dim=-1)
        return torch.bmm(weights, keys), weights


class Decoder(nn.Module):
    def __init__(self, hidden, vocab):
        super().__init__()
        self.embedding = nn.Embedding(vocab, hidden)
        self.attention = Attention(hidden)
        self.gru = nn.GRU(2 * hidden, hidden, batch_first=True)
        self.out = nn.Linear(hidden, vocab)

    def forward(self, encoded, hidden, target=None):
        token = torch.empty(encoded.size(0), 1, dtype=torch.long).fill_(SOS)
        outputs, attentions = [], []
        for i in range(LENGTH):
            context, weights = self.attention(hidden.permute(1, 0, 2), encoded)
            step, hidden = self.gru(torch.cat((self.embedding(token), context), dim=2), hidden)
            outputs.append(self.out(step))
            attentions.append(weights)
            guess = outputs[-1].topk(1)[1].squeeze(-1).detach()
            token = guess if target is None else target[:, i].unsqueeze(1)
        return F.log_softmax(torch.cat(outputs, dim=1), dim=-1), torch.cat(attentions, dim=1)


torch.manual_seed(4)
random.seed(4)
source = torch.randint(2, VOCAB, (48, LENGTH))
target = source.flip(1)
target[:, -1] = EOS
pairs = TensorDataset(source, target)
loader = DataLoader(pairs, sampler=RandomSampler(pairs), batch_size=12)
encoder, decoder = Encoder(VOCAB, HIDDEN), Decoder(HIDDEN, VOCAB)
optimizers = [torch.optim.Adam(m.parameters(), lr=0.01) for m in (encoder, decoder)]
criterion = nn.NLLLoss()
for epoch in range(1, 7):
    total = 0.0
    for x, y in loader:
        for optimizer in optimizers:
            optimizer.zero_grad()
        encoded, hidden = encoder(x)
        outputs, _ = decoder(encoded, hidden, y if random.random() < 0.7 else None)
        loss = criterion(outputs.view(-1, outputs.size(-1)), y.view(-1))
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        total += loss.item()
    print(f"epoch {epoch} loss {total / len(loader):.5f}")
encoder.eval()
decoder.eval()
with torch.no_grad():
    outputs, attentions = decoder(*encoder(source[:2]))
print(attentions[0].max(dim=-1).values, outputs.max().item())
