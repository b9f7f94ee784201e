"""Two losses, two optimizers: the graph keeps them apart."""

import torch

torch.manual_seed(0)
inputs = torch.linspace(-1, 1, 8).unsqueeze(-1)

model_a = torch.nn.Linear(1, 1)
model_b = torch.nn.Linear(1, 1)
criterion_a = torch.nn.MSELoss()
criterion_b = torch.nn.MSELoss()
optimizer_a = torch.optim.SGD(model_a.parameters(), lr=0.1)
optimizer_b = torch.optim.SGD(model_b.parameters(), lr=0.1)


def report(moment):
    a = "no gradient" if model_a.weight.grad is None else "a gradient"
    b = "no gradient" if model_b.weight.grad is None else "a gradient"
    print(f"  {moment}: a has {a}, b has {b}")


for iteration in range(4):
    print(f"iteration {iteration}")
    optimizer_a.zero_grad()
    optimizer_b.zero_grad()

    # Both losses see the same inputs, but
    # only the operations behind a loss lead
    # to parameters.
    loss_a = criterion_a(model_a(inputs), 2 * inputs)
    loss_b = criterion_b(model_b(inputs), 1 - inputs)

    # Watch the backward nodes: the way from
    # loss_a never comes to a parameter of
    # model_b.
    loss_a.backward()
    report("after the backward of loss a")
    loss_b.backward()
    report("after the backward of loss b")

    # Each optimizer touches the parameters it
    # was made with, and no others.
    weight_b = model_b.weight.item()
    optimizer_a.step()
    print(f"  the step of optimizer a left model b alone: {model_b.weight.item() == weight_b}")
    optimizer_b.step()
