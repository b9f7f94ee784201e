import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)
        self.dropout = nn.Dropout(0.25)

    def forward(self, rows):
        return self.layer(self.dropout(rows))


epochs = 3
classes = torch.arange(8) % 3
loader = torch.utils.data.DataLoader(
    torch.utils.data.TensorDataset(torch.randn(8, 4), classes), batch_size=2
)
model = Classifier()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9, weight_decay=1e-4)
for epoch in range(1, epochs):
    for rows, wanted in loader:
        loss = criterion(model(rows), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch}: {loss.item():.4f}")

(group,) = optimizer.param_groups
for key in ("lr", "momentum", "dampening", "weight_decay", "nesterov"):
    print(key, group[key])
print(all(isinstance(held, nn.parameter.Parameter) for held in group["params"]))
print([tuple(optimizer.state[held]["momentum_buffer"].shape) for held in group["params"]])
