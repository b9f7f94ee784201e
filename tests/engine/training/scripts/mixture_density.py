"""A mixture density network for a relation with several answers."""

import torch
from torch import nn
from torch.distributions import Categorical, MixtureSameFamily, Normal

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)

y = torch.linspace(-1, 1, 128)[torch.randperm(128)].unsqueeze(1)
x = y + 0.3 * torch.sin(2 * torch.pi * y) + 0.05 * torch.randn_like(y)


class MixtureDensity(nn.Module):
    def __init__(self, components=3, width=16):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(1, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh()
        )
        self.weights = nn.Linear(width, components)
        self.means = nn.Linear(width, components)
        self.log_scales = nn.Linear(width, components)
        nn.init.normal_(self.means.bias, std=0.5)

    def forward(self, x):
        h = self.body(x)
        scales = nn.functional.softplus(self.log_scales(h)) + 1e-2
        mixture = Categorical(logits=self.weights(h))
        return MixtureSameFamily(mixture, Normal(self.means(h), scales))


model = MixtureDensity()
optimizer = torch.optim.RMSprop(model.parameters(), lr=3e-3, momentum=0.5)
best, patience, kept = float("inf"), 0, None
train, held_out = slice(0, 96), slice(96, 128)
for epoch in range(60):
    model.train()
    optimizer.zero_grad()
    loss = -model(x[train]).log_prob(y[train].squeeze(1)).mean()
    loss.backward()
    optimizer.step()

    model.eval()
    with torch.no_grad():
        held = -model(x[held_out]).log_prob(y[held_out].squeeze(1)).mean().item()
    if held < best - 1e-4:
        best, patience = held, 0
        kept = {name: value.clone() for name, value in model.state_dict().items()}
    else:
        patience += 1
    if epoch % 12 == 0:
        print(f"epoch {epoch}: train {loss.item():.4f}, held out {held:.4f}")
    if patience >= 15:
        print("stopped early")
        break

print(model.load_state_dict(kept))
density = model(torch.tensor([[0.0], [0.5]]))
print("mean", *[f"{value:.3f}" for value in density.mean.tolist()])
print("deviation", *[f"{value:.3f}" for value in density.stddev.tolist()])
print(f"best {best:.4f}")
