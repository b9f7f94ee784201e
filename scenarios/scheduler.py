"""StepLR halves the learning rate: the steps get shorter."""

import torch

x = torch.tensor([8.0], requires_grad=True)
optimizer = torch.optim.SGD([x], lr=0.4)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)

for iteration in range(6):
    rate = optimizer.param_groups[0]["lr"]
    optimizer.zero_grad()
    loss = (x**2).sum()
    loss.backward()

    # Watch the update formula: the rate in it
    # is that of the optimizer's param_groups.
    optimizer.step()

    # The scheduler changes param_groups and
    # nothing else; it comes after the step.
    scheduler.step()
    print(f"iteration {iteration}: lr {rate:.2f}, grad {x.grad.item():.4f}, x {x.item():.4f}")
