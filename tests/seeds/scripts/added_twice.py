import torch

layer = torch.nn.Linear(4, 3)
rows, classes = torch.randn(5, 4), torch.tensor([0, 1, 2, 1, 0])
optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)


def backward():
    torch.nn.functional.cross_entropy(layer(rows), classes).backward()
    return layer.weight.grad.clone()


once = backward()
twice = backward()
print(torch.allclose(twice, 2 * once))
optimizer.zero_grad()
print(layer.weight.grad)
print(torch.equal(backward(), once))
optimizer.zero_grad(set_to_none=False)
print(layer.bias.grad)
