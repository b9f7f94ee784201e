"""Kernel parameters by the marginal likelihood: Cholesky factors, solves and a posterior."""

import math

import torch
from torch import nn
from torch.distributions import MultivariateNormal
from torch.nn.utils import parameters_to_vector

torch.manual_seed(46)


class Kernel(nn.Module):
    def __init__(self):
        super().__init__()
        self.log = nn.ParameterDict(
            {
                name: nn.Parameter(torch.tensor(value, dtype=torch.double))
                for name, value in (("length", 0.5), ("scale", 0.0), ("noise", -1.0))
            }
        )

    def forward(self, a, b):
        distance = torch.cdist(a / self.log["length"].exp(), b / self.log["length"].exp())
        return self.log["scale"].exp() * torch.exp(-0.5 * distance**2)


def likelihood(kernel, x, y):
    covariance = kernel(x, x) + (kernel.log["noise"].exp() + 1e-6) * torch.eye(len(x)).double()
    factor = torch.linalg.cholesky(covariance)
    alpha = torch.cholesky_solve(y.unsqueeze(1), factor)
    fit = 0.5 * y @ alpha.squeeze()
    return fit + factor.diagonal().log().sum() + 0.5 * len(x) * math.log(2 * math.pi), factor, alpha


x = torch.linspace(-3, 3, 18).double().unsqueeze(1)
y = torch.sin(1.3 * x).squeeze() + 0.1 * torch.randn(18).double()
kernel = Kernel()
optimizer = torch.optim.Rprop(kernel.parameters(), lr=0.05)
for step in range(12):
    optimizer.zero_grad()
    loss, factor, alpha = likelihood(kernel, x, y)
    loss.backward()
    optimizer.step()
    if step % 3 == 2:
        values = " ".join(f"{value:.4f}" for value in parameters_to_vector(kernel.parameters()))
        print(f"step {step}: {loss.item():.5f} [{values}]")
with torch.no_grad():
    loss, factor, alpha = likelihood(kernel, x, y)
    at = torch.tensor([[-0.5], [0.2], [4.0]]).double()
    across = kernel(at, x)
    mean = (across @ alpha).squeeze()
    half = torch.linalg.solve_triangular(factor, across.T, upper=False)
    spread = kernel(at, at) - half.T @ half
    posterior = MultivariateNormal(mean, spread + 1e-6 * torch.eye(3).double())
    print(" ".join(f"{m:.4f}±{s:.4f}" for m, s in zip(mean, posterior.stddev, strict=False)))
    density = posterior.log_prob(torch.sin(1.3 * at).squeeze())
    print(f"log density {density:.4f} entropy {posterior.entropy():.4f}")
