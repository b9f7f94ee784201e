"""A Wasserstein critic whose gradient is penalised, so the penalty differentiates a gradient."""

import torch
from torch import autograd, nn, optim

torch.manual_seed(12)
LAMBDA, N_CRITIC, BATCH = 10.0, 3, 32


def mlp(inputs, outputs, width=24):
    return nn.Sequential(
        nn.Linear(inputs, width),
        nn.Tanh(),
        nn.Linear(width, width),
        nn.Softplus(),
        nn.Linear(width, outputs),
    )


def gradient_penalty(critic, real, fake):
    alpha = torch.rand(real.size(0), 1).expand_as(real)
    mixed = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    scores = critic(mixed)
    (gradients,) = autograd.grad(
        outputs=scores,
        inputs=mixed,
        grad_outputs=torch.ones_like(scores),
        create_graph=True,
        retain_graph=True,
        only_inputs=True,
    )
    return ((gradients.norm(2, dim=1) - 1) ** 2).mean()


def real_samples():
    angle = torch.rand(BATCH) * 2 * torch.pi
    circle = torch.stack((torch.cos(angle), torch.sin(angle)), dim=1)
    return circle + 0.05 * torch.randn(BATCH, 2)


generator, critic = mlp(2, 2), mlp(2, 1)
optimizer_g = optim.Adam(generator.parameters(), lr=3e-3, betas=(0.0, 0.9))
optimizer_c = optim.Adam(critic.parameters(), lr=3e-3, betas=(0.0, 0.9))

for iteration in range(15):
    for p in critic.parameters():
        p.requires_grad = True
    for _ in range(N_CRITIC):
        critic.zero_grad()
        real = real_samples()
        with torch.no_grad():
            fake = generator(torch.randn(BATCH, 2))
        penalty = gradient_penalty(critic, real, fake)
        distance = critic(real).mean() - critic(fake).mean()
        (LAMBDA * penalty - distance).backward()
        optimizer_c.step()

    for p in critic.parameters():
        p.requires_grad = False
    generator.zero_grad()
    g_cost = -critic(generator(torch.randn(BATCH, 2))).mean()
    g_cost.backward()
    optimizer_g.step()
    if iteration % 3 == 2:
        print(f"{iteration + 1}: W {distance.item():.4f} penalty {penalty.item():.5f}")
        print(f"   generator {g_cost.item():.4f}")
