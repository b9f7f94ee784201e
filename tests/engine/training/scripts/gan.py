"""A generator and a discriminator with an optimizer each, on squashed Gaussian vectors."""

import torch
import torch.nn as nn

torch.manual_seed(0)
latent_dim, batch_size = 4, 32


class Generator(nn.Module):
    def __init__(self):
        super().__init__()

        def block(inputs, outputs, normalize=True):
            layers = [nn.Linear(inputs, outputs)]
            if normalize:
                layers.append(nn.BatchNorm1d(outputs, 0.8))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
            return layers

        self.model = nn.Sequential(
            *block(latent_dim, 16, normalize=False), *block(16, 32), nn.Linear(32, 8), nn.Tanh()
        )

    def forward(self, z):
        return self.model(z)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Linear(8, 32),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(32, 16),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(16, 1),
            nn.Sigmoid(),
        )

    def forward(self, sample):
        return self.model(sample)


adversarial_loss = nn.BCELoss()
generator, discriminator = Generator(), Discriminator()
optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.999))
optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-3, betas=(0.5, 0.999))

for step in range(40):
    real = torch.tanh(torch.randn(batch_size, 8) * 0.3 + 0.5)
    valid = torch.ones(batch_size, 1)
    fake = torch.zeros(batch_size, 1)

    optimizer_g.zero_grad()
    generated = generator(torch.randn(batch_size, latent_dim))
    g_loss = adversarial_loss(discriminator(generated), valid)
    g_loss.backward()
    optimizer_g.step()

    optimizer_d.zero_grad()
    real_loss = adversarial_loss(discriminator(real), valid)
    fake_loss = adversarial_loss(discriminator(generated.detach()), fake)
    d_loss = (real_loss + fake_loss) / 2
    d_loss.backward()
    optimizer_d.step()

    if step % 8 == 7:
        print(f"step {step + 1} D {d_loss.item():.5f} G {g_loss.item():.5f}")
