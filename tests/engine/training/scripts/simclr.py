"""Contrastive learning: two noisy views of a pattern should agree with each other only."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)

patterns = torch.randn(6, 1, 12, 12)


def view(images):
    images = images + 0.2 * torch.randn_like(images)
    flip = torch.rand(len(images)) < 0.5
    images = torch.where(flip.view(-1, 1, 1, 1), images.flip(-1), images)
    shift = int(torch.randint(-1, 2, ()))
    return torch.roll(images, shifts=shift, dims=-1) * (
        0.8 + 0.4 * torch.rand(len(images), 1, 1, 1)
    )


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.head = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 8))

    def forward(self, x):
        return self.head(self.features(x))


def nt_xent(first, second, temperature=0.5):
    z = F.normalize(torch.cat([first, second]), dim=1)
    similarity = z @ z.T / temperature
    similarity.fill_diagonal_(float("-inf"))
    count = len(first)
    target = torch.arange(2 * count).roll(count)
    return F.cross_entropy(similarity, target)


model = Encoder()
optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9, weight_decay=1e-4)
for step in range(16):
    chosen = patterns[torch.randint(0, 6, (24,))]
    loss = nt_xent(model(view(chosen)), model(view(chosen)))
    optimizer.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    if step % 3 == 0:
        print(f"step {step}: loss {loss.item():.4f}, gradient {norm.item():.4f}")

# A linear probe on the frozen features.
model.eval()
for parameter in model.parameters():
    parameter.requires_grad = False
labels = torch.arange(6).repeat(8)
with torch.no_grad():
    features = model.features(view(patterns[labels]))
probe = nn.Linear(16, 6)
optimizer = torch.optim.LBFGS(probe.parameters(), lr=0.5, max_iter=10)


def closure():
    optimizer.zero_grad()
    loss = F.cross_entropy(probe(features), labels)
    loss.backward()
    return loss


for round_ in range(3):
    print(f"probe {round_}: {optimizer.step(closure).item():.3f}")
