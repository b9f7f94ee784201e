"""Variational Bayes: weights are distributions, the loss is the evidence lower bound."""

import torch
from torch import distributions as D
from torch import nn
from torch.distributions import kl_divergence

torch.manual_seed(4)


class BayesianLinear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.mean = nn.Parameter(torch.empty(outputs, inputs + 1))
        self.rho = nn.Parameter(torch.full((outputs, inputs + 1), -3.0))
        nn.init.xavier_normal_(self.mean)
        self.register_buffer("prior_mean", torch.zeros(outputs, inputs + 1))
        self.register_buffer("prior_scale", torch.ones(outputs, inputs + 1))

    def posterior(self):
        scale = nn.functional.softplus(self.rho)
        return D.Independent(D.Normal(self.mean, scale), 2)

    def divergence(self):
        prior = D.Independent(D.Normal(self.prior_mean, self.prior_scale), 2)
        return kl_divergence(self.posterior(), prior)

    def forward(self, x):
        weight = self.posterior().rsample()
        return nn.functional.linear(x, weight[:, :-1], weight[:, -1])


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleDict({"hidden": BayesianLinear(1, 16), "out": BayesianLinear(16, 1)})
        self.noise = nn.ParameterDict({"log": nn.Parameter(torch.tensor(-1.0))})

    def forward(self, x):
        mean = self.layers["out"](torch.tanh(self.layers["hidden"](x))).squeeze(-1)
        return D.StudentT(df=torch.tensor(6.0), loc=mean, scale=self.noise["log"].exp())

    def divergence(self):
        return sum(layer.divergence() for layer in self.layers.values())


x = torch.linspace(-2, 2, 48).unsqueeze(1)
y = torch.sin(2 * x).squeeze(1) + 0.1 * torch.randn(48)
model = Network()
optimizer = torch.optim.Adamax(model.parameters(), lr=2e-2)
for epoch in range(60):
    warm = min(1.0, epoch / 30)
    likelihood = model(x).log_prob(y).sum()
    divergence = model.divergence()
    loss = (warm * divergence - likelihood) / len(x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 12 == 0:
        print(f"epoch {epoch}: {loss.item():.4f}, divergence {divergence.item():.3f}")

model.eval()
with torch.no_grad():
    draws = torch.stack([model(torch.tensor([[0.0], [5.0]])).mean for _ in range(32)])
inside, outside = draws.std(dim=0).tolist()
print(f"uncertainty inside {inside:.3f}, outside {outside:.3f}")
