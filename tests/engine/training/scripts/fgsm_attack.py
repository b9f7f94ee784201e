"""Adversarial examples by the sign of the input's gradient, and training against them."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(48)
points = torch.randn(120, 10)
labels = ((points[:, :5] ** 2).sum(1) > (points[:, 5:] ** 2).sum(1)).long()
network = nn.Sequential(
    nn.Linear(10, 32), nn.BatchNorm1d(32), nn.LeakyReLU(0.1), nn.Dropout(0.2), nn.Linear(32, 2)
)


def fgsm(x, y, epsilon):
    x = x.clone().detach().requires_grad_(True)
    loss = F.nll_loss(F.log_softmax(network(x), dim=1), y)
    network.zero_grad()
    loss.backward()
    return (x + epsilon * x.grad.data.sign()).clamp(-3, 3).detach()


def pgd(x, y, epsilon, steps=3):
    start = x.detach()
    moved = start + torch.empty_like(start).uniform_(-epsilon, epsilon)
    for _ in range(steps):
        moved.requires_grad_()
        with torch.enable_grad():
            loss = F.cross_entropy(network(moved), y)
        (slope,) = torch.autograd.grad(loss, [moved])
        moved = moved.detach() + 0.5 * epsilon * torch.sign(slope)
        moved = torch.min(torch.max(moved, start - epsilon), start + epsilon)
    return moved.detach()


optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, nesterov=True)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=5, gamma=0.5)
for epoch in range(10):
    network.train()
    for rows in torch.randperm(120).split(40):
        attacked = pgd(points[rows], labels[rows], 0.1)
        mixed = torch.vstack((points[rows], attacked))
        loss = F.cross_entropy(network(mixed), labels[rows].repeat(2))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    if epoch % 3 == 0:
        print(f"epoch {epoch}: {loss.item():.5f}")
network.eval()
for epsilon in (0.0, 0.05, 0.1, 0.3):
    scores = network(fgsm(points, labels, epsilon))
    print(f"epsilon {epsilon:.2f}: {F.cross_entropy(scores, labels).item():.4f}")
