import torch
from torch import optim

wide, narrow = 5, 2
vector = torch.randn(wide)
# Floats as a target are weights of the classes, and there is no batch dimension.
weights = torch.tensor([1, 2], dtype=torch.float32)

layer = torch.nn.Linear(wide, narrow, bias=True)
scores = layer(vector)
loss = torch.nn.CrossEntropyLoss()(scores, weights)
for parameter in layer.parameters():
    print(parameter.grad)

loss.backward()
for parameter in layer.parameters():
    print(tuple(parameter.grad.shape))
print(torch.allclose(layer.weight.grad[0], -layer.weight.grad[1], atol=1e-6))
print(torch.allclose(layer.weight.grad[0], layer.bias.grad[0] * vector, atol=1e-6))
expected = 3 * torch.softmax(scores, dim=0) - weights
print(torch.allclose(layer.bias.grad, expected, atol=1e-6))

optimizer = optim.SGD(layer.parameters(), lr=1e-3)
old_bias = layer.bias.clone().detach()
optimizer.step()
print(torch.allclose(layer.bias, old_bias - 1e-3 * layer.bias.grad))
optimizer.zero_grad()
for parameter in layer.parameters():
    print(parameter.grad)
