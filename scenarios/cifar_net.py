"""A small convnet on made-up images, with a DataLoader."""

import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, images):
        maps = self.pool(F.relu(self.conv1(images)))
        maps = self.pool(F.relu(self.conv2(maps)))
        hidden = torch.flatten(maps, 1)
        hidden = F.relu(self.fc1(hidden))
        hidden = F.relu(self.fc2(hidden))
        return self.fc3(hidden)


# Every class has a picture of its own, and
# its samples are that picture under noise.
torch.manual_seed(0)
labels = torch.arange(160) % 10
pictures = torch.randn(10, 3, 32, 32)
images = pictures[labels] + 0.5 * torch.randn(160, 3, 32, 32)
loader = DataLoader(TensorDataset(images, labels), batch_size=4, shuffle=True)

net = Net()
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.01, momentum=0.9)

for epoch in range(2):
    running_loss = 0.0
    for number, (batch, classes) in enumerate(loader, start=1):
        optimizer.zero_grad()

        # Watch shapes shrink and channels
        # grow: 3×32×32, 6×14×14, 16×5×5, 400,
        # 120, 84, 10.
        outputs = net(batch)
        loss = criterion(outputs, classes)

        # The optimizer is not mentioned here,
        # nor the loss in step(): ten .grad
        # tensors are all that passes from one
        # to the other.
        loss.backward()
        optimizer.step()

        # item() takes the number out of the
        # graph; adding up losses themselves
        # would keep every graph alive.
        running_loss += loss.item()
        if number % 10 == 0:
            print(f"epoch {epoch + 1}, batch {number}: mean loss {running_loss / 10:.3f}")
            running_loss = 0.0
