"""An optimizer that goes on updating a replaced weight."""

import torch

inputs = torch.tensor([[1.0], [2.0]])
targets = torch.tensor([[3.0], [6.0]])

model = torch.nn.Linear(1, 1, bias=False)
criterion = torch.nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

# The optimizer holds the tensor that
# model.weight was, not the name.
model.weight = torch.nn.Parameter(torch.tensor([[0.5]]))

for iteration in range(6):
    if iteration == 3:
        # The cure: make the optimizer when
        # the model is as it will be.
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        print("a new optimizer, with the parameters that the model has now")

    # While the optimizer is stale, this
    # clears the old tensor: the new one's
    # gradients pile up.
    optimizer.zero_grad()
    loss = criterion(model(inputs), targets)
    loss.backward()

    # Watch that no update of model.weight
    # happens in the first three iterations.
    optimizer.step()
    print(
        f"iteration {iteration}: loss {loss.item():.4f},",
        f"weight {model.weight.item():.4f}, grad {model.weight.grad.item():.4f}",
    )
