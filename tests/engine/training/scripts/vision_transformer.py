"""Patches of small images through a transformer encoder, with label smoothing and a warm-up."""

import math

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(47)
images = torch.rand(48, 1, 8, 8) * 0.3
labels = torch.arange(48) % 3
for image, label in zip(images, labels, strict=False):
    if label == 0:
        image[0, torch.randint(8, ()), :] += 0.8
    elif label == 1:
        image[0, :, torch.randint(8, ())] += 0.8
    else:
        image[0].diagonal().add_(0.8)


class DropPath(nn.Module):
    """Leave a whole branch of some samples out."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        keep = torch.empty(x.shape[0], 1, 1).bernoulli_(1 - self.p)
        return x * keep / (1 - self.p)

    def extra_repr(self):
        return f"p={self.p}"


class ViT(nn.Module):
    def __init__(self, dim=16, depth=2):
        super().__init__()
        self.patches = nn.Conv2d(1, dim, 2, stride=2)
        self.token = nn.Parameter(torch.zeros(1, 1, dim))
        self.position = nn.Parameter(torch.empty(1, 17, dim))
        nn.init.trunc_normal_(self.position, std=0.02)
        layer = nn.TransformerEncoderLayer(
            dim, 2, 32, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(
            layer, depth, norm=nn.LayerNorm(dim), enable_nested_tensor=False
        )
        self.drop = DropPath(0.1)
        self.head = nn.Linear(dim, 3)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], dim=1)
        x = x + self.drop(self.position.expand_as(x))
        return self.head(self.encoder(x)[:, 0])


model = ViT()
decay = [p for p in model.parameters() if p.ndim > 1]
plain = [p for p in model.parameters() if p.ndim <= 1]
optimizer = torch.optim.AdamW(
    [{"params": decay, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}], lr=4e-3
)
total = 24
schedule = torch.optim.lr_scheduler.LambdaLR(
    optimizer,
    lambda step: (step + 1) / 5 if step < 5 else 0.5 * (1 + math.cos(math.pi * step / total)),
)
print(model.drop, sum(p.numel() for p in model.parameters()))
for step in range(total):
    order = torch.randperm(48)[:24]
    loss = F.cross_entropy(model(images[order]), labels[order], label_smoothing=0.1)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    if step % 6 == 5:
        print(f"step {step}: {loss.item():.4f} lr {schedule.get_last_lr()[0]:.6f}")
model.eval()
with torch.no_grad():
    probabilities = F.softmax(model(images), dim=-1)
    print(f"right {probabilities.gather(1, labels[:, None]).mean():.4f}")
