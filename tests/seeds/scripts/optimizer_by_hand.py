import warnings

import torch

# The arithmetic that older PyTorch had in Python, with the scalar-first add_ of those days.
warnings.simplefilter("ignore")


class ByHand(torch.optim.SGD):
    def zero_grad(self):
        for group in self.param_groups:
            for held in group["params"]:
                if held.grad is not None:
                    held.grad.detach_()
                    held.grad.zero_()

    def step(self, closure=None):
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            momentum = group["momentum"]
            for held in group["params"]:
                if held.grad is None:
                    continue
                direction = held.grad.data
                if group["weight_decay"] != 0:
                    direction.add_(group["weight_decay"], held.data)
                if momentum != 0:
                    state = self.state[held]
                    if "momentum_buffer" not in state:
                        buffer = state["momentum_buffer"] = torch.clone(direction).detach()
                    else:
                        buffer = state["momentum_buffer"]
                        buffer.mul_(momentum).add_(1 - group["dampening"], direction)
                    direction = direction.add(momentum, buffer) if group["nesterov"] else buffer
                held.data.add_(-group["lr"], direction)
        return loss


for options in (
    {},
    {"momentum": 0.9},
    {"momentum": 0.9, "nesterov": True},
    {"momentum": 0.9, "dampening": 0.1, "weight_decay": 0.01},
):
    ends = []
    for kind in (ByHand, torch.optim.SGD):
        place = torch.tensor([1.0, 2.0], requires_grad=True)
        optimizer = kind([place], lr=0.1, **options)
        for _ in range(3):
            optimizer.zero_grad()
            (place**2).sum().backward()
            optimizer.step()
        optimizer.zero_grad()
        print(place, place.grad)
        ends.append(place)
    print(torch.allclose(*ends))
