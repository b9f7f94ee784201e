"""A convolutional adversarial pair: transposed convolutions and weights drawn by `apply`."""

import torch
from torch import nn, optim

nz, ngf, ndf, nc = 8, 8, 8, 1


def weights_init(m):
    classname = m.__class__.__name__
    if classname.find("Conv") != -1:
        nn.init.normal_(m.weight.data, 0.0, 0.02)
    elif classname.find("BatchNorm") != -1:
        nn.init.normal_(m.weight.data, 1.0, 0.02)
        nn.init.constant_(m.bias.data, 0)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, ngf * 2, 4, 1, 0, bias=False),
            nn.BatchNorm2d(ngf * 2),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, ngf, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, z):
        return self.main(z)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(nc, ndf, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf, ndf * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ndf * 2),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf * 2, 1, 4, 1, 0, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return self.main(x).view(-1)


torch.manual_seed(999)
net_g, net_d = Generator(), Discriminator()
net_g.apply(weights_init)
net_d.apply(weights_init)
criterion = nn.BCELoss()
optimizer_d = optim.Adam(net_d.parameters(), lr=2e-3, betas=(0.5, 0.999))
optimizer_g = optim.Adam(net_g.parameters(), lr=2e-3, betas=(0.5, 0.999))
fixed_noise = torch.randn(4, nz, 1, 1)
stripes = torch.sin(torch.arange(16).float()).expand(1, 1, 16, 16)

for i in range(6):
    net_d.zero_grad()
    real = (stripes + 0.1 * torch.randn(16, 1, 16, 16)).clamp(-1, 1)
    label = torch.full((16,), 1.0, dtype=torch.float)
    err_real = criterion(net_d(real), label)
    err_real.backward()

    fake = net_g(torch.randn(16, nz, 1, 1))
    label.fill_(0.0)
    output = net_d(fake.detach())
    err_fake = criterion(output, label)
    err_fake.backward()
    d_g_z1 = output.mean().item()
    optimizer_d.step()

    net_g.zero_grad()
    label.fill_(1.0)
    output = net_d(fake)
    err_g = criterion(output, label)
    err_g.backward()
    d_g_z2 = output.mean().item()
    optimizer_g.step()
    print(
        f"[{i}] Loss_D {(err_real + err_fake).item():.4f} Loss_G {err_g.item():.4f} "
        f"D(G(z)) {d_g_z1:.4f} / {d_g_z2:.4f}"
    )

with torch.no_grad():
    print(f"spread of the pictures {net_g(fixed_noise).detach().cpu().std():.4f}")
