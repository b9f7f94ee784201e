"""A character language model: an LSTM whose state is carried from chunk to chunk, detached."""

import torch
import torch.nn as nn
import torch.nn.functional as F

text = "she sells sea shells by the sea shore. the shells she sells are sea shells. " * 8
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}


class CharLSTM(nn.Module):
    def __init__(self, vocab, embed=12, hidden=24, layers=2, dropout=0.1):
        super().__init__()
        self.layers, self.hidden = layers, hidden
        self.drop = nn.Dropout(dropout)
        self.encoder = nn.Embedding(vocab, embed)
        self.lstm = nn.LSTM(embed, hidden, layers)
        self.decoder = nn.Linear(hidden, vocab)
        self.init_weights()

    def init_weights(self):
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)
        nn.init.xavier_uniform_(self.decoder.weight)

    def forward(self, x, state):
        out, state = self.lstm(self.drop(self.encoder(x)), state)
        return self.decoder(self.drop(out)), state

    def init_hidden(self, batch):
        weight = next(self.parameters())
        shape = (self.layers, batch, self.hidden)
        return weight.new_zeros(shape), weight.new_zeros(*shape)


def detach_state(h):
    if isinstance(h, torch.Tensor):
        return h.detach()
    return tuple(detach_state(v) for v in h)


def batchify(data, batch):
    length = data.size(0) // batch
    return data.narrow(0, 0, length * batch).view(batch, -1).t().contiguous()


torch.manual_seed(1111)
data = batchify(torch.tensor([stoi[c] for c in text]), 4)
model = CharLSTM(len(chars))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = nn.CrossEntropyLoss()
bptt = 25
for epoch in range(1, 6):
    model.train()
    total, chunks = 0.0, 0
    hidden = model.init_hidden(4)
    for i in range(0, data.size(0) - 1, bptt):
        length = min(bptt, len(data) - 1 - i)
        x, y = data[i : i + length], data[i + 1 : i + 1 + length].reshape(-1)
        hidden = detach_state(hidden)
        optimizer.zero_grad()
        logits, hidden = model(x, hidden)
        loss = criterion(logits.view(-1, len(chars)), y)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        total += loss.item()
        chunks += 1
    print(f"epoch {epoch} loss {total / chunks:.5f} norm {norm:.5f}")

model.eval()
with torch.no_grad():
    hidden = model.init_hidden(1)
    symbol = torch.tensor([[stoi["s"]]])
    for _ in range(5):
        logits, hidden = model(symbol, hidden)
        probabilities = F.softmax(logits.squeeze() / 0.8, dim=0)
        print(f"{probabilities.max().item():.4f} {chars[int(probabilities.argmax())]!r}")
        symbol.fill_(torch.multinomial(probabilities, 1)[0])
