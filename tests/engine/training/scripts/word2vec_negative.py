"""Skip-gram with negative sampling on a small made-up corpus."""

from collections import Counter

import torch
from torch import nn
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler

torch.manual_seed(7)

SENTENCES = [
    "the",
    "king",
    "rules",
    "the",
    "land",
    "and",
    "the",
    "queen",
    "rules",
    "the",
    "land",
    "the",
    "king",
    "wears",
    "a",
    "crown",
    "and",
    "the",
    "queen",
    "wears",
    "a",
    "crown",
    "the",
    "dog",
    "chases",
    "the",
    "cat",
    "and",
    "the",
    "cat",
    "chases",
    "the",
    "mouse",
    "a",
    "dog",
    "eats",
    "meat",
    "and",
    "a",
    "cat",
    "eats",
    "fish",
    "and",
    "a",
    "mouse",
    "eats",
    "cheese",
]

counts = Counter(SENTENCES)
vocabulary = sorted(counts)
index = {word: number for number, word in enumerate(vocabulary)}
corpus = torch.tensor([index[word] for word in SENTENCES])
noise = torch.tensor([counts[word] for word in vocabulary]).float().pow(0.75)


class Pairs(Dataset):
    """Centre, context and five words that are not the context."""

    def __init__(self, window=2):
        self.pairs = [
            (i, j)
            for i in range(len(corpus))
            for j in range(max(0, i - window), min(len(corpus), i + window + 1))
            if i != j
        ]

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, position):
        centre, context = self.pairs[position]
        return corpus[centre], corpus[context], torch.multinomial(noise, 5, replacement=True)


class SkipGram(nn.Module):
    def __init__(self, words, size):
        super().__init__()
        self.inner = nn.Embedding(words, size)
        self.outer = nn.Embedding(words, size)
        nn.init.uniform_(self.inner.weight, -0.5 / size, 0.5 / size)
        nn.init.constant_(self.outer.weight, 0.01)

    def forward(self, centre, context, negatives):
        v = self.inner(centre)
        positive = (v * self.outer(context)).sum(1)
        negative = torch.bmm(self.outer(negatives), v.unsqueeze(2)).squeeze(2)
        return -(nn.functional.logsigmoid(positive) + nn.functional.logsigmoid(-negative).sum(1))


dataset = Pairs()
batches = BatchSampler(RandomSampler(dataset), batch_size=32, drop_last=False)
loader = DataLoader(dataset, batch_sampler=batches)
model = SkipGram(len(vocabulary), 12)
optimizer = torch.optim.Adagrad(model.parameters(), lr=0.3)
for epoch in range(5):
    losses = []
    for centre, context, negatives in loader:
        loss = model(centre, context, negatives).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"epoch {epoch}: {sum(losses) / len(losses):.5f}")

vectors = nn.functional.normalize(model.inner.weight.detach(), dim=1)
closeness = vectors @ vectors.T
print(f"king ~ queen {closeness[index['king'], index['queen']].item():.3f}")
print(f"king ~ cheese {closeness[index['king'], index['cheese']].item():.3f}")
values, _ = closeness[index["king"]].topk(4)
print("closest:", *[f"{value:.3f}" for value in values.tolist()])
