"""Ratings by matrix factorisation: samplers, a collate function, summed bags and ranking."""

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler

torch.manual_seed(53)


class Ratings(Dataset):
    def __init__(self, users=12, items=15, count=120):
        self.user = torch.randint(users, (count,))
        self.item = torch.randint(items, (count,))
        taste, quality = torch.randn(users, 3), torch.randn(items, 3)
        raw = (taste[self.user] * quality[self.item]).sum(1)
        self.rating = raw.sub(raw.mean()).div(raw.std()).mul(1.2).add(3).clamp(1, 5)
        self.genres = [torch.randperm(6)[: 1 + i % 3] for i in range(items)]

    def __len__(self):
        return len(self.rating)

    def __getitem__(self, index):
        item = self.item[index]
        return {
            "user": self.user[index],
            "item": item,
            "genres": self.genres[item],
            "rating": self.rating[index],
        }


def collate(rows):
    lengths = torch.tensor([0] + [len(row["genres"]) for row in rows[:-1]])
    together = {key: torch.stack([row[key] for row in rows]) for key in ("user", "item", "rating")}
    return together | {
        "genres": torch.cat([row["genres"] for row in rows]),
        "offsets": lengths.cumsum(0),
    }


class Factors(nn.Module):
    def __init__(self, users=12, items=15, dim=4):
        super().__init__()
        self.users, self.items = nn.Embedding(users, dim), nn.Embedding(items, dim)
        self.genres = nn.EmbeddingBag(6, dim, mode="mean")
        self.biases = nn.ModuleDict(
            {"user": nn.Embedding(users, 1), "item": nn.Embedding(items, 1)}
        )
        self.mean = nn.Parameter(torch.tensor(3.0))
        for bias in self.biases.values():
            nn.init.zeros_(bias.weight)

    def forward(self, batch):
        item = self.items(batch["item"]) + self.genres(batch["genres"], batch["offsets"])
        matched = torch.einsum("bd,bd->b", self.users(batch["user"]), item)
        biases = self.biases["user"](batch["user"]) + self.biases["item"](batch["item"])
        return matched + biases.squeeze(-1) + self.mean


data = Ratings()
weights = 1 / torch.bincount(data.item)[data.item].double()
sampler = WeightedRandomSampler(weights, num_samples=96, replacement=True)
loader = DataLoader(data, batch_size=24, sampler=sampler, collate_fn=collate)
model = Factors()
biases = {id(p) for p in model.biases.parameters()}
groups = [
    {"params": [p for p in model.parameters() if id(p) in biases], "lr": 0.1},
    {"params": [p for p in model.parameters() if id(p) not in biases], "weight_decay": 1e-2},
]
optimizer = torch.optim.Adagrad(groups, lr=0.15, lr_decay=1e-2)
for epoch in range(6):
    total = torch.zeros(())
    for batch in loader:
        loss = nn.functional.mse_loss(model(batch), batch["rating"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.detach()
    print(f"epoch {epoch}: {total / len(loader):.5f}")
with torch.no_grad():
    everything = collate([data[i] for i in range(len(data))])
    error = (model(everything) - everything["rating"]).square().mean().sqrt()
    print(f"root mean square {error:.4f} mean {model.mean.item():.4f}")
