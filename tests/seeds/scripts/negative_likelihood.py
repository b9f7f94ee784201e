import torch
import torch.nn.functional as F
from torch import nn, optim

network = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3), nn.LogSoftmax(dim=1))
optimizer = optim.SGD(network.parameters(), lr=0.5)
data, target = torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])
losses = []
for _ in range(20):
    optimizer.zero_grad()
    output = network(data)
    loss = F.nll_loss(output, target)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
print(losses[-1] < losses[0])
print(torch.allclose(F.nll_loss(output, target), F.cross_entropy(output, target), atol=1e-6))
