"""A codebook learned by straight-through gradients and moving averages."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(52)


class Codebook(nn.Module):
    def __init__(self, count=8, dim=4, decay=0.9):
        super().__init__()
        self.decay = decay
        codes = torch.empty(count, dim).uniform_(-1, 1)
        self.register_buffer("codes", codes)
        self.register_buffer("sums", codes.clone())
        self.register_buffer("counts", torch.ones(count))

    def forward(self, z):
        flat = z.permute(0, 2, 3, 1).reshape(-1, z.shape[1])
        distance = (
            flat.pow(2).sum(1, keepdim=True) - 2 * flat @ self.codes.t() + self.codes.pow(2).sum(1)
        )
        index = distance.argmin(1)
        quantised = F.embedding(index, self.codes)
        if self.training:
            with torch.no_grad():
                hits = F.one_hot(index, len(self.codes)).to(flat.dtype)
                self.counts.lerp_(hits.sum(0), 1 - self.decay)
                self.sums.lerp_(hits.t() @ flat, 1 - self.decay)
                self.codes.copy_(self.sums / self.counts.clamp(min=1e-2).unsqueeze(1))
        commitment = F.mse_loss(flat, quantised.detach())
        quantised = quantised.view(*z.shape[:1], *z.shape[2:], -1).permute(0, 3, 1, 2)
        share = torch.bincount(index, minlength=len(self.codes)) / len(index)
        perplexity = torch.exp(-(share * (share + 1e-10).log()).sum())
        return z + (quantised - z).detach(), commitment, perplexity


class VQ(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 8, 4, 2, 1), nn.ReLU(inplace=True), nn.Conv2d(8, 4, 3, padding=1)
        )
        self.codebook = Codebook()
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(4, 8, 4, 2, 1), nn.CELU(), nn.Conv2d(8, 1, 1), nn.Hardsigmoid()
        )

    def forward(self, x):
        quantised, commitment, perplexity = self.codebook(self.encoder(x))
        return self.decoder(quantised), commitment, perplexity


images = (torch.randn(20, 1, 8, 8).cumsum(2).cumsum(3) > 0).float()
model = VQ()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(15):
    picture, commitment, perplexity = model(images)
    loss = F.binary_cross_entropy(picture.clamp(1e-4, 1 - 1e-4), images) + 0.25 * commitment
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 4 == 2:
        print(f"step {step}: {loss.item():.4f} {commitment.item():.4f} {perplexity.item():.3f}")
print(f"codes {model.codebook.codes.abs().sum().item():.3f}")
