"""A classifier with mixup, label smoothing, frozen layers that thaw, and per-layer rates."""

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler

torch.manual_seed(0)
np.random.seed(0)


class Rings(Dataset):
    """Points on rings, some rings much rarer than others."""

    def __init__(self, transform=None):
        self.labels = np.random.choice(3, 120, p=[0.6, 0.3, 0.1])
        angle = np.random.rand(120) * 2 * np.pi
        radius = 1.0 + self.labels + 0.1 * np.random.randn(120)
        self.points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).astype(
            "float32"
        )
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        point = torch.from_numpy(self.points[i])
        if self.transform:
            point = self.transform(point)
        return {"point": point, "label": int(self.labels[i])}


def turned(point):
    angle = torch.rand(()) * 2 * torch.pi
    c, s = angle.cos(), angle.sin()
    return torch.stack([torch.stack([c, -s]), torch.stack([s, c])]) @ point


data = Rings(turned)
share = torch.bincount(torch.as_tensor(data.labels)).float()
sampler = WeightedRandomSampler((1 / share)[data.labels], num_samples=96)
loader = DataLoader(data, batch_size=24, sampler=sampler, drop_last=True)

body = nn.Sequential(nn.Linear(2, 32), nn.Mish(), nn.Linear(32, 32), nn.Hardswish())
head = nn.Sequential(nn.LayerNorm(32), nn.Linear(32, 3))
model = nn.Sequential()
model.add_module("body", body)
model.add_module("head", head)
for parameter in body.parameters():
    parameter.requires_grad_(False)

criterion = nn.CrossEntropyLoss(label_smoothing=0.1, weight=torch.tensor([1.0, 1.0, 1.5]))
optimizer = torch.optim.AdamW(head.parameters(), lr=1e-2)
for epoch in range(5):
    if epoch == 2:
        for parameter in body.parameters():
            parameter.requires_grad_(True)
        optimizer.add_param_group({"params": body.parameters(), "lr": 5e-3, "weight_decay": 0.0})
    total, right = 0.0, 0
    for batch in loader:
        x, y = batch["point"], batch["label"]
        mix = float(np.random.beta(0.4, 0.4))
        order = torch.randperm(len(x))
        out = model(mix * x + (1 - mix) * x[order])
        loss = mix * criterion(out, y) + (1 - mix) * criterion(out, y[order])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(model.parameters(), 0.5)
        optimizer.step()
        total += loss.item()
        with torch.no_grad():
            right += model(x).argmax(-1).eq(y).sum().item()
    rates = [f"{group['lr']:.4f}" for group in optimizer.param_groups]
    print(f"epoch {epoch}: loss {total / len(loader):.5f}, right {right / 96:.2f}, rates {rates}")
