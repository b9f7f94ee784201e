"""Four small batches add up to one large batch."""

import torch

inputs = torch.tensor(
    [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 1.0], [1.0, 2.0], [0.0, 2.0], [2.0, 0.0], [1.0, 3.0]]
)
targets = inputs @ torch.tensor([2.0, -1.0])

whole = torch.zeros(2, requires_grad=True)
pieces = torch.zeros(2, requires_grad=True)
criterion = torch.nn.MSELoss()
optimizer_whole = torch.optim.SGD([whole], lr=0.1)
optimizer_pieces = torch.optim.SGD([pieces], lr=0.1)

for iteration in range(3):
    # All eight rows at once.
    optimizer_whole.zero_grad()
    criterion(inputs @ whole, targets).backward()
    optimizer_whole.step()

    # Two rows at a time. Each loss is a mean
    # over two rows: a quarter of it makes the
    # sum of four the mean over eight. Watch
    # pieces.grad grow while zero_grad stays
    # outside this loop.
    optimizer_pieces.zero_grad()
    for start in range(0, 8, 2):
        loss = criterion(inputs[start : start + 2] @ pieces, targets[start : start + 2]) / 4
        loss.backward()
        print(f"  rows {start} and {start + 1}: {pieces.grad}")
    optimizer_pieces.step()

    print(f"iteration {iteration}: whole {whole.detach()}, pieces {pieces.detach()}")
