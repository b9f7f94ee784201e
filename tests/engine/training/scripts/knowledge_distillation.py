"""A small student learns from the softened answers of a trained teacher."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

centres = torch.randn(4, 8) * 2
labels = torch.randint(0, 4, (160,))
points = centres[labels] + torch.randn(160, 8)
loader = DataLoader(TensorDataset(points, labels), batch_size=32, shuffle=True)

teacher = nn.Sequential(nn.Linear(8, 64), nn.GELU(), nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 4))
student = nn.Sequential(nn.LazyLinear(6), nn.ReLU(), nn.LazyLinear(4))
student(points[:1])

optimizer = torch.optim.AdamW(teacher.parameters(), lr=3e-3)
for epoch in range(4):
    total = 0.0
    for x, y in loader:
        loss = F.cross_entropy(teacher(x), y, label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
    print(f"teacher {epoch}: {total / len(points):.5f}")

teacher.requires_grad_(False).eval()
temperature, alpha = 3.0, 0.7
optimizer = torch.optim.NAdam(student.parameters(), lr=1e-2)
for epoch in range(5):
    hard = soft = 0.0
    for x, y in loader:
        with torch.no_grad():
            target = F.log_softmax(teacher(x) / temperature, dim=1)
        logits = student(x)
        guess = F.log_softmax(logits / temperature, dim=1)
        distilled = F.kl_div(guess, target, reduction="batchmean", log_target=True)
        plain = F.cross_entropy(logits, y)
        loss = alpha * temperature**2 * distilled + (1 - alpha) * plain
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        hard, soft = hard + plain.item(), soft + distilled.item()
    print(f"student {epoch}: hard {hard / len(loader):.5f}, soft {soft / len(loader):.5f}")

student.eval()
with torch.inference_mode():
    agree = (student(points).argmax(1) == teacher(points).argmax(1)).float().mean()
print(f"agreement {agree.item():.4f}")
