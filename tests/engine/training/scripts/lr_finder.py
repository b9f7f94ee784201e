"""A learning rate found by a range test, then one cycle with accumulated gradients."""

import io
import itertools

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR, OneCycleLR

torch.manual_seed(54)


class Residual(nn.Module):
    def __init__(self, *inner):
        super().__init__()
        self.inner = nn.Sequential(*inner)

    def forward(self, x):
        return x + self.inner(x)


def block(width):
    return Residual(
        nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU6(), nn.AlphaDropout(0.05)
    )


model = nn.Sequential(nn.Linear(6, 20), block(20), block(20), nn.Linear(20, 4))
model.apply(lambda m: nn.init.orthogonal_(m.weight) if type(m) is nn.Linear else None)
x = torch.randn(128, 6)
y = (x @ torch.randn(6, 4)).argmax(1)
criterion = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 1.0, 0.5]), label_smoothing=0.05)


def range_test(low=1e-4, high=1.0, steps=12):
    saved = io.BytesIO()
    torch.save({"model": model.state_dict(), "rng": torch.get_rng_state()}, saved)
    optimizer = torch.optim.SGD(model.parameters(), lr=low, momentum=0.9)
    schedule = LambdaLR(optimizer, lambda step: (high / low) ** (step / (steps - 1)))
    found, best = [], float("inf")
    for _ in range(steps):
        rate = optimizer.param_groups[0]["lr"]
        rows = torch.randperm(len(x))[:32]
        loss = criterion(model(x[rows]), y[rows])
        found.append((rate, loss.item()))
        best = min(best, loss.item())
        if loss.item() > 4 * best:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    saved.seek(0)
    kept = torch.load(saved)
    model.load_state_dict(kept["model"])
    torch.set_rng_state(kept["rng"])
    slopes = [b - a for (_, a), (_, b) in itertools.pairwise(found)]
    return found[slopes.index(min(slopes))][0], len(found)


rate, tried = range_test()
print(f"rate {rate:.6f} tried {tried}")
optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, weight_decay=5e-4)
schedule = OneCycleLR(optimizer, max_lr=rate, total_steps=12, three_phase=True)
for step in range(12):
    optimizer.zero_grad()
    for rows in torch.randperm(len(x))[:64].chunk(2):
        loss = criterion(model(x[rows]), y[rows]) / 2
        loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), 2.0, norm_type=float("inf"))
    optimizer.step()
    group = optimizer.param_groups[0]
    if step % 3 == 0:
        rates = f"lr {group['lr']:.6f} m {group['momentum']:.4f}"
        print(f"step {step}: {loss.item():.5f} {norm:.5f} {rates}")
    schedule.step()
model.eval()
with torch.no_grad():
    print(f"held {criterion(model(x), y):.5f} top {model(x).softmax(-1).amax(-1).mean():.4f}")
