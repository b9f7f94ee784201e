"""Strings read from noisy columns: convolution, a bidirectional RNN and the CTC loss."""

import torch
from torch import nn

torch.manual_seed(44)
LETTERS = "-abcd"
glyphs = torch.randn(len(LETTERS), 6)


def draw(lengths):
    rows, labels, widths = [], [], []
    for length in lengths:
        text = torch.randint(1, len(LETTERS), (length,))
        repeated = text.repeat_interleave(torch.randint(2, 4, (length,)))
        rows.append(glyphs[repeated] + 0.2 * torch.randn(len(repeated), 6))
        labels.append(text)
        widths.append(len(repeated))
    padded = nn.utils.rnn.pad_sequence(rows, batch_first=True)
    return padded, torch.cat(labels), torch.tensor(widths), torch.tensor(lengths)


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.columns = nn.Conv1d(6, 16, 3, padding="same")
        self.rnn = nn.RNN(16, 12, bidirectional=True, batch_first=True, nonlinearity="relu")
        self.letters = nn.Linear(24, len(LETTERS))

    def forward(self, x):
        x = self.columns(x.mT).relu().mT
        return self.letters(self.rnn(x)[0]).log_softmax(-1).transpose(0, 1)


def greedy(scores, width):
    best = torch.unique_consecutive(scores[:width].argmax(-1))
    return "".join(LETTERS[i] for i in best.tolist() if i)


model = Reader()
criterion = nn.CTCLoss(blank=0, zero_infinity=True)
optimizer = torch.optim.Adam(model.parameters(), lr=0.02, amsgrad=True)
for step in range(16):
    columns, labels, widths, lengths = draw([3, 4, 2, 5])
    loss = criterion(model(columns), labels, widths, lengths)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_value_(model.parameters(), 0.5)
    optimizer.step()
    if step % 4 == 3:
        print(f"step {step}: {loss.item():.5f}")
model.eval()
columns, labels, widths, lengths = draw([4, 3])
with torch.no_grad():
    scores = model(columns)
for row, (text, width) in enumerate(
    zip(labels.split(lengths.tolist()), widths.tolist(), strict=False)
):
    wanted = "".join(LETTERS[i] for i in text)
    print(f"wanted {wanted} sure {scores[:width, row].exp().amax(-1).mean():.3f}")
    print("read", len(greedy(scores[:, row], width)))
