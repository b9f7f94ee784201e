""".grad is None, filled, added to, and cleared."""

import torch

torch.manual_seed(0)
features = torch.tensor([[0.5, -1.0, 2.0, 0.0], [1.5, 0.5, -0.5, 1.0]])
classes = torch.tensor([0, 2])

model = torch.nn.Linear(4, 3)
criterion = torch.nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def describe(moment):
    norms = []
    for name, parameter in model.named_parameters():
        gradient = parameter.grad
        norms.append(f"{name} {'None' if gradient is None else f'{gradient.norm().item():.4f}'}")
    print(f"{moment}: {', '.join(norms)}")


for iteration in range(3):
    print(f"iteration {iteration}")
    describe("  before backward")

    criterion(model(features), classes).backward()
    describe("  after backward")

    # The same loss once more, without
    # clearing: each gradient is now exactly
    # twice as large. Watch the accumulation:
    # contribution + what was there = what is
    # there.
    criterion(model(features), classes).backward()
    describe("  after a second backward")

    optimizer.step()

    # Only now do the gradients go; an
    # optimizer never clears them by itself.
    optimizer.zero_grad()
    describe("  after zero_grad")
