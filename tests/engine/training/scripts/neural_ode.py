"""A vector field learned from spirals: the loss goes through a Runge–Kutta integrator."""

import itertools
import math

import torch
from torch import nn

torch.manual_seed(42)
torch.set_default_dtype(torch.float64)


class Field(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 20)
        self.outer = nn.Linear(20, 2)
        for name, parameter in self.named_parameters():
            if name.endswith("weight"):
                nn.init.normal_(parameter, std=0.3)
            else:
                nn.init.zeros_(parameter)

    def forward(self, t, y):
        return self.outer(torch.tanh(self.inner(y**3 + 0.1 * t)))


def rk4(field, y, times):
    states = [y]
    for start, end in itertools.pairwise(times):
        h = end - start
        k1 = field(start, y)
        k2 = field(start + h / 2, y + h / 2 * k1)
        k3 = field(start + h / 2, y + h / 2 * k2)
        k4 = field(end, y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        states.append(y)
    return torch.stack(states)


times = torch.linspace(0, 1.5, 8)
rotation = torch.tensor([[-0.1, 2.0], [-2.0, -0.1]])
with torch.no_grad():
    start = torch.tensor([[2.0, 0.0], [0.0, 1.5], [-1.0, 1.0]])
    truth = rk4(lambda t, y: y**3 @ rotation * 0.5, start, times)
field = Field()
optimizer = torch.optim.Adamax(field.parameters(), lr=0.02)
for step in range(25):
    optimizer.zero_grad()
    predicted = rk4(field, start, times)
    loss = (predicted - truth).abs().mean()
    loss.backward()
    optimizer.step()
    if step % 6 == 0:
        print(f"step {step}: {loss.item():.6f}")
jacobian = torch.autograd.functional.jacobian(lambda y: field(times[0], y), start[0])
turn = math.degrees(math.atan2(*predicted[-1, 0].tolist()))
print(f"divergence {jacobian.trace():.5f} turn {turn:.3f}")
