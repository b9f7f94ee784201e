import torch
import torch.nn.functional as F
from torch import nn, optim


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 6, 5)
        self.shrink = nn.MaxPool2d(2, 2)
        self.second = nn.Conv2d(6, 16, 5)
        self.wide = nn.Linear(16 * 5 * 5, 120)
        self.middle = nn.Linear(120, 84)
        self.narrow = nn.Linear(84, 10)

    def forward(self, images):
        maps = self.shrink(F.relu(self.first(images)))
        maps = self.shrink(F.relu(self.second(maps)))
        rows = F.relu(self.wide(torch.flatten(maps, 1)))
        return self.narrow(F.relu(self.middle(rows)))


images, labels = torch.randn(32, 3, 32, 32), torch.randint(0, 10, (32,))
dataset = torch.utils.data.TensorDataset(images, labels)
loader = torch.utils.data.DataLoader(dataset, batch_size=4, shuffle=True, num_workers=0)
net = Net()
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.001, momentum=0.9)

for epoch in range(2):
    total = 0.0
    for i, data in enumerate(loader, 0):
        inputs, classes = data
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, classes)
        loss.backward()
        optimizer.step()
        total += loss.item()
        if i % 4 == 3:
            print(f"[{epoch + 1}, {i + 1:5d}] loss: {total / 4:.3f}")
            total = 0.0

print("Finished")
