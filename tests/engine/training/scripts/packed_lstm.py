"""Sequences of different lengths, padded and packed, through a bidirectional LSTM."""

import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(7)
VOCAB, PAD = 12, 0


class Sequences(Dataset):
    """Whether a sequence holds more high symbols than low ones."""

    def __init__(self, count):
        lengths = torch.randint(3, 11, (count,))
        self.sequences = [torch.randint(1, VOCAB, (int(n),)) for n in lengths]
        self.labels = [float((s > VOCAB // 2).float().mean() > 0.5) for s in self.sequences]

    def __len__(self):
        return len(self.sequences)

    def __getitem__(self, index):
        return self.sequences[index], self.labels[index]


def collate(batch):
    sequences, labels = zip(*batch, strict=True)
    lengths = torch.tensor([len(s) for s in sequences])
    padded = pad_sequence(sequences, batch_first=True, padding_value=PAD)
    return padded, lengths, torch.tensor(labels)


class Classifier(nn.Module):
    def __init__(self, embed=8, hidden=12):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, embed, padding_idx=PAD)
        self.lstm = nn.LSTM(embed, hidden, batch_first=True, bidirectional=True)
        self.attend = nn.Linear(2 * hidden, 1)
        self.fc = nn.Linear(4 * hidden, 1)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(
            self.embedding(x), lengths, batch_first=True, enforce_sorted=False
        )
        packed_output, (hidden, _) = self.lstm(packed)
        output, lengths = pad_packed_sequence(packed_output, batch_first=True)
        mask = torch.arange(output.size(1))[None, :] < lengths[:, None]
        scores = self.attend(output).squeeze(-1).masked_fill(~mask, float("-inf"))
        pooled = (torch.softmax(scores, dim=1).unsqueeze(-1) * output).sum(dim=1)
        last = torch.cat((hidden[-2], hidden[-1]), dim=1)
        return self.fc(torch.cat((pooled, last), dim=1)).squeeze(1)


loader = DataLoader(Sequences(60), batch_size=12, shuffle=True, collate_fn=collate)
model = Classifier()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.005)
for epoch in range(6):
    total, correct, seen = 0.0, 0, 0
    for x, lengths, y in loader:
        optimizer.zero_grad()
        logits = model(x, lengths)
        loss = criterion(logits, y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        correct += ((torch.sigmoid(logits) > 0.5) == y.bool()).sum().item()
        seen += len(y)
    print(f"epoch {epoch} loss {total / seen:.5f} accuracy {correct / seen:.3f}")
print("padding row", model.embedding.weight[PAD].abs().sum().item())
