import torch

point = torch.tensor([1.0, 2.0], requires_grad=True)
scaled = 100 * point
objective = scaled.sum()
print(point.grad)
objective.backward()
print(point.grad)

descent = torch.optim.SGD([point], lr=0.001)
print(point)
descent.step()
print(point)
