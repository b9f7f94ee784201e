import torch
from torch import optim

model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
optimizer = optim.Adam(model.parameters())
before = model[2].bias.item()
loss = model(torch.randn(5, 3)).pow(2).mean()
loss.backward()
optimizer.step()
# Adam's first step moves by the learning rate, whatever the size of the gradient.
print(f"{abs(model[2].bias.item() - before):.4f}")
