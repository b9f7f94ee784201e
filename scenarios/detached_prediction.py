"""clone().detach() cuts the graph: no gradient arrives."""

import torch

torch.manual_seed(0)
inputs = torch.tensor([[1.0], [2.0], [3.0]])
targets = torch.tensor([[2.0], [4.0], [6.0]])

model = torch.nn.Linear(1, 1)
# A second way to a leaf keeps backward from
# failing, so that the cut goes unnoticed.
scale = torch.tensor(1.0, requires_grad=True)
criterion = torch.nn.MSELoss()
optimizer = torch.optim.SGD([*model.parameters(), scale], lr=0.01)

for iteration in range(6):
    is_cut = iteration >= 3
    optimizer.zero_grad()

    prediction = model(inputs)
    if is_cut:
        # The copy has the same numbers and no
        # grad_fn: watch the rail end here.
        prediction = prediction.clone().detach()

    loss = criterion(scale * prediction, targets)
    loss.backward()

    # A parameter whose .grad is None is
    # passed over by step().
    before = model.weight.item()
    optimizer.step()
    print(
        f"iteration {iteration}: cut {is_cut},",
        f"model.weight.grad is None {model.weight.grad is None},",
        f"weight moved {model.weight.item() != before}",
    )
