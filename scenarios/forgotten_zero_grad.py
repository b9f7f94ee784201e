"""Old gradients stay in the sum: the value swings."""

import torch

forgetful = torch.tensor(0.0, requires_grad=True)
careful = torch.tensor(0.0, requires_grad=True)
optimizer_forgetful = torch.optim.SGD([forgetful], lr=0.2)
optimizer_careful = torch.optim.SGD([careful], lr=0.2)

for iteration in range(12):
    # Here a zero_grad is missing. Watch
    # forgetful.grad: each backward adds to
    # what the last ones left, so a step goes
    # in a direction that was right some
    # iterations ago.
    ((forgetful - 3) ** 2).backward()
    optimizer_forgetful.step()

    optimizer_careful.zero_grad()
    ((careful - 3) ** 2).backward()
    optimizer_careful.step()

    print(
        f"iteration {iteration:2d}:",
        f"forgetful {forgetful.item():7.3f} (grad {forgetful.grad.item():7.3f}),",
        f"careful {careful.item():6.3f} (grad {careful.grad.item():7.3f})",
    )
