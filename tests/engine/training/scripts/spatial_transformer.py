"""A network that looks at the right place first: an affine grid learnt with the classifier."""

import torch
import torch.nn.functional as F
from torch import nn, optim


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, kernel_size=3)
        self.conv2 = nn.Conv2d(6, 10, kernel_size=3)
        self.conv2_drop = nn.Dropout2d(0.2)
        self.fc1 = nn.Linear(10 * 2 * 2, 20)
        self.fc2 = nn.Linear(20, 3)
        self.localization = nn.Sequential(
            nn.Conv2d(1, 4, kernel_size=5),
            nn.MaxPool2d(2, stride=2),
            nn.ReLU(True),
            nn.Conv2d(4, 6, kernel_size=3),
            nn.ReLU(True),
        )
        self.fc_loc = nn.Sequential(nn.Linear(6 * 3 * 3, 16), nn.ReLU(True), nn.Linear(16, 3 * 2))
        self.fc_loc[2].weight.data.zero_()
        self.fc_loc[2].bias.data.copy_(torch.tensor([1, 0, 0, 0, 1, 0], dtype=torch.float))

    def stn(self, x):
        xs = self.localization(x)
        xs = xs.view(-1, 6 * 3 * 3)
        theta = self.fc_loc(xs).view(-1, 2, 3)
        grid = F.affine_grid(theta, x.size(), align_corners=False)
        return F.grid_sample(x, grid, align_corners=False)

    def forward(self, x):
        x = self.stn(x)
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.conv2_drop(self.conv2(x)), 2, padding=1))
        x = F.adaptive_avg_pool2d(x, 2).flatten(1)
        x = F.dropout(F.relu(self.fc1(x)), p=0.2, training=self.training)
        return F.log_softmax(self.fc2(x), dim=1)


def draw(count):
    """Put one of three small strokes at a random place of a 14x14 picture."""
    strokes = torch.stack((torch.eye(4), torch.eye(4).flip(1), torch.ones(4, 4)))
    target = torch.randint(3, (count,))
    data = 0.1 * torch.randn(count, 1, 14, 14)
    for picture, label in zip(data, target.tolist(), strict=True):
        top, left = torch.randint(0, 10, (2,)).tolist()
        picture[0, top : top + 4, left : left + 4] += strokes[label]
    return data, target


torch.manual_seed(6)
model = Net()
optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
data, target = draw(64)
for epoch in range(1, 5):
    model.train()
    for i in range(0, 64, 16):
        optimizer.zero_grad()
        loss = F.nll_loss(model(data[i : i + 16]), target[i : i + 16])
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch} loss {loss.item():.5f}")

model.eval()
with torch.no_grad():
    output = model(data)
    print(f"test loss {F.nll_loss(output, target, reduction='sum').item() / 64:.5f}")
    print(f"moved by {(model.stn(data) - data).abs().mean():.5f}")
    print(f"bias of the transform {model.fc_loc[2].bias.norm():.5f}")
