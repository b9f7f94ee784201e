"""Denoising diffusion of points in the plane, with an exponential average of the weights."""

import torch
import torch.nn as nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

torch.manual_seed(0)
STEPS = 20

betas = torch.linspace(1e-3, 0.2, STEPS)
alphas = 1.0 - betas
kept = torch.cumprod(alphas, dim=0)


class Denoiser(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.time = nn.Embedding(STEPS, width)
        self.enter = nn.Linear(2, width)
        self.middle = nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.leave = nn.Linear(width, 2)

    def forward(self, x, t):
        return self.leave(self.middle(self.enter(x) + self.time(t)))


def batch(count):
    corner = torch.randint(0, 2, (count, 2)).float() * 2 - 1
    return corner + 0.05 * torch.randn(count, 2)


model = Denoiser()
average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.95))
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-4)
warmup = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=10)
decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=50)
schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [warmup, decay], milestones=[10])

for step in range(60):
    x0 = batch(64)
    t = torch.randint(0, STEPS, (64,))
    noise = torch.randn_like(x0)
    level = kept[t].unsqueeze(1)
    xt = level.sqrt() * x0 + (1 - level).sqrt() * noise
    loss = nn.functional.mse_loss(model(xt, t), noise)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    average.update_parameters(model)
    if step % 12 == 0:
        print(f"step {step}: loss {loss.item():.4f}")


@torch.no_grad()
def sample(network, count):
    x = torch.randn(count, 2)
    for t in reversed(range(STEPS)):
        guess = network(x, torch.full((count,), t))
        x = (x - betas[t] / (1 - kept[t]).sqrt() * guess) / alphas[t].sqrt()
        if t > 0:
            x = x + betas[t].sqrt() * torch.randn_like(x)
    return x


for name, network in (("model", model), ("average", average)):
    network.eval()
    drawn = sample(network, 64)
    print(f"{name}: mean |x| {drawn.abs().mean().item():.3f}, spread {drawn.std().item():.3f}")
