"""Momentum, dampening, Nesterov and weight decay in SGD."""

import torch

variants = {
    "plain": {},
    "momentum": {"momentum": 0.9},
    "dampening": {"momentum": 0.9, "dampening": 0.5},
    "nesterov": {"momentum": 0.9, "nesterov": True},
    "weight decay": {"weight_decay": 0.1},
    "momentum and decay": {"momentum": 0.9, "weight_decay": 0.1},
}

for name, options in variants.items():
    weight = torch.tensor([4.0], requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1, **options)
    path = []
    for _ in range(4):
        optimizer.zero_grad()
        loss = (weight**2).sum()
        loss.backward()

        # Watch the update formula: weight
        # decay adds to the gradient first,
        # then the momentum buffer is mixed
        # in. The first step has no buffer
        # yet, so dampening starts with the
        # second.
        optimizer.step()
        path.append(f"{weight.item():.4f}")
    print(f"{name:18s} {', '.join(path)}")
