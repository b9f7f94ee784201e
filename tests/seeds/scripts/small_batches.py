import torch

model = torch.nn.Linear(2, 1)
rows, wanted = torch.randn(8, 2), torch.randn(8, 1)
criterion = torch.nn.MSELoss(reduction="sum")
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

criterion(model(rows), wanted).backward()
at_once = model.weight.grad.clone()
optimizer.zero_grad()
for start in range(0, 8, 2):
    criterion(model(rows[start : start + 2]), wanted[start : start + 2]).backward()
print(torch.allclose(at_once, model.weight.grad, atol=1e-5))
print(torch.zeros(1).requires_grad, at_once.requires_grad)
