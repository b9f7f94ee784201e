"""100·x and SGD: 0.001 · 100 is taken from each element."""

import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
optimizer = torch.optim.SGD([x], lr=0.001)

for _ in range(3):
    optimizer.zero_grad()
    print(f"before backward: {x.grad}")

    loss = (100 * x).sum()

    # The slope is 100 wherever x is: watch
    # the node of the multiplication send it
    # on.
    loss.backward()
    print(f"after backward: {x.grad}")

    # 0.9 = 1 − 0.001 · 100; the update needs
    # x.grad and the learning rate, never the
    # loss.
    optimizer.step()
    print(f"after step: {x}")
