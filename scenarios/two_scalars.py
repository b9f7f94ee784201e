"""z = 3x² + y³: gradients 6 and 12, then 0.4 and 0.8."""

import torch

x = torch.tensor([1.0], requires_grad=True)
y = torch.tensor([2.0], requires_grad=True)
optimizer = torch.optim.SGD([x, y], lr=0.1)

for iteration in range(5):
    # Watch both gradients become None. The
    # first time they are None already.
    optimizer.zero_grad()

    # Four small operations; each leaves a
    # node in the graph for the way back.
    z = 3 * x**2 + y**3

    # Step through the nodes from z to the
    # leaves: 6x arrives in x.grad, 3y² in
    # y.grad. z itself is no leaf, so it keeps
    # no gradient.
    z.backward()
    print(f"iteration {iteration}: x.grad {x.grad}, y.grad {y.grad}")

    # Nothing here mentions z: the optimizer
    # reads .grad of the two tensors it was
    # given. In the first iteration 0.4 = 1 −
    # 0.1 · 6 and 0.8 = 2 − 0.1 · 12.
    optimizer.step()
    print(f"  x {x}, y {y}")
