"""A variational autoencoder: the reparameterised sample and the divergence from the prior."""

import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)


class VAE(nn.Module):
    def __init__(self, size=36, hidden=32, latent=4):
        super().__init__()
        self.fc1 = nn.Linear(size, hidden)
        self.fc_mu = nn.Linear(hidden, latent)
        self.fc_logvar = nn.Linear(hidden, latent)
        self.fc3 = nn.Linear(latent, hidden)
        self.fc4 = nn.Linear(hidden, size)

    def encode(self, x):
        h = F.relu(self.fc1(x))
        return self.fc_mu(h), self.fc_logvar(h)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return mu + eps * std

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 36))
        return self.decode(self.reparameterize(mu, logvar)), mu, logvar


def loss_function(reconstruction, x, mu, logvar):
    bce = F.binary_cross_entropy(reconstruction, x.view(-1, 36), reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return bce + kld, kld


ramp = torch.linspace(0, 1, 6)
weights = torch.rand(96, 2, 1, 1)
pictures = (weights[:, 0] * ramp + weights[:, 1] * ramp.unsqueeze(1)) / 2
loader = DataLoader(TensorDataset(pictures.unsqueeze(1)), batch_size=32, shuffle=True)

model = VAE()
optimizer = optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(1, 9):
    model.train()
    total = total_kld = 0.0
    for (batch,) in loader:
        optimizer.zero_grad()
        reconstruction, mu, logvar = model(batch)
        loss, kld = loss_function(reconstruction, batch, mu, logvar)
        loss.backward()
        total += loss.item()
        total_kld += kld.item()
        optimizer.step()
    size = len(loader.dataset)
    print(f"epoch {epoch} average loss {total / size:.5f} divergence {total_kld / size:.5f}")

with torch.no_grad():
    sample = model.decode(torch.randn(4, 4)).view(4, 1, 6, 6)
print(f"samples: mean {sample.mean():.5f}, brightest {sample.max():.5f}")
