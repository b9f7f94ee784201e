"""Learning to learn sines: the inner step stays in the graph of the outer one."""

import torch
import torch.nn.functional as F

torch.manual_seed(8)
INNER_RATE, TASKS, SHOTS = 0.05, 4, 10


def fresh(outputs, inputs):
    weight = torch.randn(outputs, inputs) / inputs**0.5
    return [weight.requires_grad_(), torch.zeros(outputs, requires_grad=True)]


def net(x, params):
    x = torch.tanh(F.linear(x, params[0], params[1]))
    x = torch.tanh(F.linear(x, params[2], params[3]))
    return F.linear(x, params[4], params[5])


class SineTask:
    def __init__(self):
        self.amplitude = torch.empty(1).uniform_(0.5, 2.0)
        self.phase = torch.rand(1) * 3.14159

    def sample(self):
        x = torch.rand(SHOTS, 1) * 6 - 3
        return x, self.amplitude * torch.sin(x + self.phase)


def adapt(params, task, steps=1, create_graph=True):
    x, y = task.sample()
    fast = params
    for _ in range(steps):
        loss = F.mse_loss(net(x, fast), y)
        grads = torch.autograd.grad(loss, fast, create_graph=create_graph)
        fast = [p - INNER_RATE * g for p, g in zip(fast, grads, strict=True)]
    return fast


params = fresh(24, 1) + fresh(24, 24) + fresh(1, 24)
meta_optimizer = torch.optim.Adam(params, lr=5e-3)
for iteration in range(20):
    meta_loss = 0.0
    for _ in range(TASKS):
        task = SineTask()
        fast = adapt(params, task, steps=2)
        x, y = task.sample()
        meta_loss = meta_loss + F.mse_loss(net(x, fast), y)
    meta_loss = meta_loss / TASKS
    meta_optimizer.zero_grad()
    meta_loss.backward()
    meta_optimizer.step()
    if iteration % 4 == 3:
        norm = torch.stack([p.grad.norm() for p in params]).norm()
        print(f"iteration {iteration + 1} meta loss {meta_loss.item():.5f} gradient {norm:.4f}")

task = SineTask()
x, y = task.sample()
before = F.mse_loss(net(x, params), y)
after = F.mse_loss(net(x, adapt(params, task, steps=3, create_graph=False)), y)
print(f"a new task: {before.item():.5f} -> {after.item():.5f}")
