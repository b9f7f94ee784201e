import torch

samples = torch.randn(6, 3)
wanted = torch.randn(6)
pairs = {}
for name in ("a", "b"):
    model = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1))
    criterion = torch.nn.MSELoss(reduction="sum")
    pairs[name] = model, criterion, torch.optim.SGD(model.parameters(), lr=0.01)


def is_empty(name):
    return [parameter.grad is None for parameter in pairs[name][0].parameters()]


def values(name):
    return [parameter.clone().detach() for parameter in pairs[name][0].parameters()]


# A second loss function is no second model: what counts is whose prediction it is given.
another_criterion = torch.nn.MSELoss(reduction="sum")
another_criterion(pairs["a"][0](samples), wanted).backward()
print("a", is_empty("a"), "b", is_empty("b"))

before = values("b")
pairs["b"][2].step()
print(all(torch.equal(old, new) for old, new in zip(before, values("b"), strict=True)))
before = values("a")
pairs["a"][2].step()
print(any(torch.equal(old, new) for old, new in zip(before, values("a"), strict=True)))

pairs["b"][1](pairs["b"][0](samples), wanted).backward()
print("a", is_empty("a"), "b", is_empty("b"))
