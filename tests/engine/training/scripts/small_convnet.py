"""A small convolutional network on drawn shapes: train, evaluate, save and load again."""

import os
import tempfile

import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader, Dataset


class Bars(Dataset):
    """Noisy 12x12 pictures of a horizontal bar, a vertical bar or a square."""

    def __init__(self, count, transform=None):
        self.pictures = torch.randn(count, 1, 12, 12) * 0.3
        self.labels = torch.randint(0, 3, (count,))
        self.transform = transform
        for picture, label in zip(self.pictures, self.labels, strict=True):
            row, column = torch.randint(1, 8, (2,)).tolist()
            if label == 0:
                picture[0, row : row + 2, :] += 1.0
            elif label == 1:
                picture[0, :, column : column + 2] += 1.0
            else:
                picture[0, row : row + 4, column : column + 4] += 1.0

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        picture = self.pictures[index]
        if self.transform is not None:
            picture = self.transform(picture)
        return picture, self.labels[index]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3, padding=1)
        self.conv2 = nn.Conv2d(6, 12, 3)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(0.25)
        self.fc1 = nn.Linear(12 * 2 * 2, 24)
        self.fc2 = nn.Linear(24, 3)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = self.drop(torch.flatten(x, 1))
        return F.log_softmax(self.fc2(F.relu(self.fc1(x))), dim=1)


def train(model, device, loader, optimizer, epoch):
    model.train()
    for step, (data, target) in enumerate(loader):
        data, target = data.to(device), target.to(device)
        optimizer.zero_grad()
        loss = F.nll_loss(model(data), target)
        loss.backward()
        optimizer.step()
        if step % 4 == 0:
            print(f"epoch {epoch} [{step * len(data)}/{len(loader.dataset)}] {loss.item():.5f}")


def evaluate(model, device, loader):
    model.eval()
    total, correct = 0.0, 0
    with torch.no_grad():
        for data, target in loader:
            output = model(data.to(device))
            total += F.nll_loss(output, target.to(device), reduction="sum").item()
            guess = output.argmax(dim=1, keepdim=True)
            correct += guess.eq(target.view_as(guess)).sum().item()
    size = len(loader.dataset)
    print(f"test: loss {total / size:.5f}, {correct}/{size} right")


torch.manual_seed(1)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
train_loader = DataLoader(Bars(128, lambda x: (x - 0.15) / 0.5), batch_size=16, shuffle=True)
test_loader = DataLoader(Bars(48, lambda x: (x - 0.15) / 0.5), batch_size=24)
model = Net().to(device)
optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.5)
for epoch in range(1, 4):
    train(model, device, train_loader, optimizer, epoch)
    evaluate(model, device, test_loader)

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "net.pt")
    torch.save(model.state_dict(), path)
    restored = Net()
    restored.load_state_dict(torch.load(path, weights_only=True))
evaluate(restored, device, test_loader)
