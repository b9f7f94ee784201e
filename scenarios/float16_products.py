"""x1·x2 + x3·x4 in half precision: the factors swap."""

import torch

x1 = torch.tensor(2, requires_grad=True, dtype=torch.float16)
x2 = torch.tensor(3, requires_grad=True, dtype=torch.float16)
x3 = torch.tensor(1, requires_grad=True, dtype=torch.float16)
x4 = torch.tensor(4, requires_grad=True, dtype=torch.float16)
factors = [x1, x2, x3, x4]
optimizer = torch.optim.SGD(factors, lr=0.1)

for iteration in range(3):
    optimizer.zero_grad()
    left = x1 * x2
    right = x3 * x4
    total = left + right

    # Watch the sum send 1 both ways, and each
    # product swap its factors.
    total.backward()
    print(f"iteration {iteration}: total {total.item()}")
    print("  gradients", ", ".join(f"{factor.grad}" for factor in factors))

    # Half precision has 11 significant bits:
    # 2 − 0.1 · 3 comes out as 1.7002, not
    # 1.7.
    optimizer.step()
    print("  factors", ", ".join(f"{factor.item():.4f}" for factor in factors))
