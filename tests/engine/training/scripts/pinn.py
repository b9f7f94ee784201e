"""A differential equation solved by a network: the loss holds its own second derivatives."""

import torch
from torch import nn

torch.manual_seed(45)


class Swish(nn.Module):
    def __init__(self):
        super().__init__()
        self.beta = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return x * torch.sigmoid(self.beta * x)


network = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 16), Swish(), nn.Linear(16, 1))
stiffness = nn.Parameter(torch.tensor(1.0))  # learned together with the solution


def residual(x):
    """u'' + k u = 0, the derivatives by autograd."""
    x = x.requires_grad_()
    u = network(x)
    (du,) = torch.autograd.grad(u, x, torch.ones_like(u), create_graph=True)
    (ddu,) = torch.autograd.grad(du.sum(), x, create_graph=True)
    return ddu + stiffness * u


samples = torch.linspace(0, 2, 9).unsqueeze(1)
measured = torch.cos(1.5 * samples)
optimizer = torch.optim.AdamW(
    [{"params": network.parameters()}, {"params": [stiffness], "lr": 0.03, "weight_decay": 0.0}],
    lr=0.01,
)
warm = torch.optim.lr_scheduler.LinearLR(optimizer, 0.2, total_iters=5)
cool = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.98)
schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [warm, cool], milestones=[5])
for step in range(30):
    optimizer.zero_grad()
    inside = 2 * torch.rand(24, 1)
    physics = residual(inside).square().mean()
    data = nn.functional.mse_loss(network(samples), measured)
    (data + 0.05 * physics).backward()
    optimizer.step()
    schedule.step()
    if step % 6 == 5:
        parts = f"data {data.item():.5f} physics {physics.item():.5f}"
        print(f"step {step}: {parts} k {stiffness.item():.4f}")
point = torch.tensor([1.0])
slope = torch.func.grad(lambda x: network(x).squeeze())(point)
curvature = torch.autograd.functional.hessian(lambda x: network(x).squeeze(), point)
print(f"u(1) {network(point).item():.4f} u' {slope.item():.4f} u'' {curvature.item():.4f}")
