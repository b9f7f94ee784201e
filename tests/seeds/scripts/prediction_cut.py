import torch

model = torch.nn.Linear(3, 2)
criterion = torch.nn.CrossEntropyLoss()
samples, classes = torch.randn(4, 3), torch.tensor([0, 1, 1, 0])
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

prediction = model(samples)
print(prediction.grad_fn.name(), prediction.requires_grad)
prediction = prediction.clone().detach()
print(prediction.grad_fn, prediction.requires_grad)

loss = criterion(prediction, classes)
try:
    loss.backward()
except RuntimeError as error:
    print(error)

# A loss may be told to require a gradient; the way back still ends at once.
loss.requires_grad_()
loss.backward()
before = model.weight.clone()
optimizer.step()
print([parameter.grad for parameter in model.parameters()])
print(torch.equal(before, model.weight))
