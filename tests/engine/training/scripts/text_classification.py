"""Text classification with nn.EmbeddingBag: ragged batches as one text with offsets."""

import torch
from torch import nn
from torch.utils.data import DataLoader
from torch.utils.data.dataset import random_split

torch.manual_seed(2)
sentences = [
    ("the team won the match by a goal", 0),
    ("the keeper lost the ball and the match", 0),
    ("a late goal for the home team", 0),
    ("the coach of the team spoke after the match", 0),
    ("shares of the bank fell by a point", 1),
    ("the market rose after the report", 1),
    ("the bank lost a point on the market", 1),
    ("prices and shares rose", 1),
]
word_to_ix = {}
for sentence, _ in sentences:
    for word in sentence.split():
        word_to_ix.setdefault(word, len(word_to_ix))


def collate_batch(batch):
    labels, ids, offsets = [], [], [0]
    for sentence, label in batch:
        labels.append(label)
        ids.append(torch.tensor([word_to_ix[w] for w in sentence.split()], dtype=torch.int64))
        offsets.append(ids[-1].size(0))
    offsets = torch.tensor(offsets[:-1]).cumsum(dim=0)
    return torch.tensor(labels, dtype=torch.int64), torch.cat(ids), offsets


class TextClassificationModel(nn.Module):
    def __init__(self, vocab_size, embed_dim, num_class):
        super().__init__()
        self.embedding = nn.EmbeddingBag(vocab_size, embed_dim, sparse=False)
        self.fc = nn.Linear(embed_dim, num_class)
        self.embedding.weight.data.uniform_(-0.5, 0.5)
        self.fc.weight.data.uniform_(-0.5, 0.5)
        self.fc.bias.data.zero_()

    def forward(self, text, offsets):
        return self.fc(self.embedding(text, offsets))


train, valid = random_split(sentences, [6, 2])
model = TextClassificationModel(len(word_to_ix), 8, 2)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=2.0)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
for epoch in range(6):
    model.train()
    for labels, text, offsets in DataLoader(train, 3, shuffle=True, collate_fn=collate_batch):
        optimizer.zero_grad()
        predicted = model(text, offsets)
        loss = criterion(predicted, labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        labels, text, offsets = next(iter(DataLoader(valid, 2, collate_fn=collate_batch)))
        predicted = model(text, offsets)
        correct = (predicted.argmax(1) == labels).sum().item()
        print(f"epoch {epoch} {loss.item():.5f} {criterion(predicted, labels):.5f} right {correct}")
