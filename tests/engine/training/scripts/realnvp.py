"""A normalizing flow of affine couplings learns a curved density."""

import math

import torch
from torch import distributions, nn

torch.manual_seed(3)


class Coupling(nn.Module):
    """Scales and shifts one half of the numbers by functions of the other half."""

    def __init__(self, mask):
        super().__init__()
        self.register_buffer("mask", mask)
        self.net = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 4))
        nn.init.zeros_(self.net[-1].weight)
        nn.init.zeros_(self.net[-1].bias)

    def parameters_for(self, kept):
        scale, shift = self.net(kept).chunk(2, dim=1)
        free = 1 - self.mask
        return torch.tanh(scale) * free, shift * free

    def forward(self, x):
        scale, shift = self.parameters_for(x * self.mask)
        return x * scale.exp() + shift, scale.sum(1)

    def inverse(self, y):
        scale, shift = self.parameters_for(y * self.mask)
        return (y - shift) * (-scale).exp()


class Flow(nn.Module):
    def __init__(self, layers):
        super().__init__()
        masks = [torch.tensor([float(i % 2), float(1 - i % 2)]) for i in range(layers)]
        self.couplings = nn.ModuleList(Coupling(mask) for mask in masks)
        self.register_buffer("loc", torch.zeros(2))
        self.register_buffer("covariance", torch.eye(2))

    @property
    def base(self):
        return distributions.MultivariateNormal(self.loc, self.covariance)

    def log_prob(self, x):
        total = x.new_zeros(len(x))
        for coupling in self.couplings:
            x, slope = coupling(x)
            total = total + slope
        return self.base.log_prob(x) + total

    def sample(self, count):
        x = self.base.sample((count,))
        for coupling in reversed(self.couplings):
            x = coupling.inverse(x)
        return x


def crescent(count):
    angle = torch.rand(count) * math.pi
    ring = torch.stack([angle.cos(), angle.sin()], dim=1) * 2
    return ring + 0.1 * torch.randn(count, 2)


flow = Flow(4)
optimizer = torch.optim.Adam(flow.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.99)
for step in range(40):
    loss = -flow.log_prob(crescent(128)).mean()
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
    optimizer.step()
    scheduler.step()
    if step % 8 == 0:
        print(f"step {step}: {loss.item():.4f}, lr {scheduler.get_last_lr()[0]:.5f}")

with torch.no_grad():
    drawn = flow.sample(256)
    again = drawn.clone()
    for coupling in flow.couplings:
        again, _ = coupling(again)
print(f"mean radius {drawn.norm(dim=1).mean().item():.3f}")
print(f"likelihood of samples {flow.log_prob(drawn).mean().item():.3f}")
