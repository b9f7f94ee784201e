"""A network that writes the weights of another: functional_call, and weights shared by tasks."""

import torch
from torch import nn
from torch.func import functional_call

torch.manual_seed(51)
main = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
shapes = {name: p.shape for name, p in main.named_parameters()}
size = sum(shape.numel() for shape in shapes.values())


class Hyper(nn.Module):
    def __init__(self, tasks):
        super().__init__()
        self.codes = nn.Embedding(tasks, 5, max_norm=2.0)
        self.body = nn.Sequential(nn.Linear(5, 24), nn.Mish(), nn.Linear(24, size))
        self.scale = nn.Parameter(torch.full((len(shapes),), 0.5))

    def forward(self, task):
        flat = self.body(self.codes(task)).squeeze(0)
        pieces = flat.split([shape.numel() for shape in shapes.values()])
        return {
            name: piece.view(shape) * scale
            for (name, shape), piece, scale in zip(shapes.items(), pieces, self.scale, strict=False)
        }


hyper = Hyper(tasks=3)
x = torch.linspace(-2, 2, 20).unsqueeze(1)
tasks = [torch.sin(2 * x), x.abs() - 1, 0.5 * x**2 - 1]
optimizer = torch.optim.Adam(hyper.parameters(), lr=0.01, betas=(0.8, 0.99))
schedule = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=8)
for step in range(24):
    optimizer.zero_grad()
    losses = []
    for number, y in enumerate(tasks):
        weights = hyper(torch.tensor([number]))
        loss = nn.functional.mse_loss(functional_call(main, weights, (x,)), y)
        losses.append(loss)
        (loss / len(tasks)).backward()
    optimizer.step()
    schedule.step(step)
    if step % 6 == 5:
        print(f"step {step}: " + " ".join(f"{loss.item():.5f}" for loss in losses))
print(all(p.grad is None for p in main.parameters()), size)
lengths = hyper.codes.weight.norm(dim=1)
print(f"lengths {lengths.sum().item():.4f} scale {hyper.scale.prod().item():.5f}")
