import math

import torch

positions = torch.linspace(-math.pi, math.pi, 2000)
heights = torch.sin(positions)
features = positions.unsqueeze(-1).pow(torch.tensor([1, 2, 3]))

fit = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1))
distance = torch.nn.MSELoss(reduction="sum")
trainer = torch.optim.RMSprop(fit.parameters(), lr=1e-3)

for turn in range(2000):
    guess = fit(features)
    error = distance(guess, heights)
    if turn % 500 == 499:
        print(turn, error.item())
    trainer.zero_grad()
    error.backward()
    trainer.step()

layer = fit[0]
terms = [layer.weight[:, power].item() for power in range(3)]
print(f"Result: y = {layer.bias.item()} + {terms[0]} x + {terms[1]} x^2 + {terms[2]} x^3")
print(error.item() < 60)
