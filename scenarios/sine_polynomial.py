"""A cubic polynomial learns the sine, with RMSprop."""

import math

import torch

torch.manual_seed(0)
angles = torch.linspace(-math.pi, math.pi, 200)
targets = torch.sin(angles)
# One row per angle: the angle, its square and
# its cube.
powers = angles.unsqueeze(-1).pow(torch.tensor([1, 2, 3]))

model = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1))
criterion = torch.nn.MSELoss(reduction="sum")
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.002)

for iteration in range(1000):
    optimizer.zero_grad()
    predictions = model(powers)
    loss = criterion(predictions, targets)
    loss.backward()

    # Watch square_avg in the optimizer's
    # state: a running mean of the squared
    # gradients. Each weight is moved by its
    # gradient divided by the root of it, so
    # all move at a similar pace although
    # their gradients differ by orders of
    # magnitude.
    optimizer.step()

    if iteration % 100 == 99:
        print(f"iteration {iteration + 1}: loss {loss.item():.3f}")

linear = model[0]
constant = linear.bias.item()
first, second, third = linear.weight[0].tolist()
print(f"sin(x) is about {constant:.3f} + {first:.3f} x + {second:.3f} x^2 + {third:.3f} x^3")
