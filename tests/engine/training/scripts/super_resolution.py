"""Sub-pixel convolution: small pictures made larger by shuffling channels into space."""

from math import log10

import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.nn import init
from torch.utils.data import DataLoader, Dataset


class Waves(Dataset):
    """Plane waves; the input is the picture averaged down, the target the picture itself."""

    def __init__(self, count, upscale_factor):
        super().__init__()
        axis = torch.linspace(0, 3, 12)
        slope = torch.rand(count, 2, 1, 1) * 2
        phase = slope[:, 0] * axis + slope[:, 1] * axis.unsqueeze(1)
        self.pictures = (0.5 + 0.5 * torch.cos(phase)).unsqueeze(1)
        self.factor = upscale_factor

    def __getitem__(self, index):
        target = self.pictures[index]
        small = F.avg_pool2d(target.unsqueeze(0), self.factor).squeeze(0)
        return small, target

    def __len__(self):
        return self.pictures.shape[0]


class Net(nn.Module):
    def __init__(self, upscale_factor):
        super().__init__()
        self.relu = nn.ReLU()
        self.conv1 = nn.Conv2d(1, 12, (5, 5), (1, 1), (2, 2))
        self.conv2 = nn.Conv2d(12, 8, (3, 3), (1, 1), (1, 1))
        self.conv3 = nn.Conv2d(8, upscale_factor**2, (3, 3), (1, 1), (1, 1))
        self.pixel_shuffle = nn.PixelShuffle(upscale_factor)
        for conv in (self.conv1, self.conv2):
            init.orthogonal_(conv.weight, init.calculate_gain("relu"))
        init.orthogonal_(self.conv3.weight)

    def forward(self, x):
        x = self.relu(self.conv1(x))
        x = self.relu(self.conv2(x))
        return self.pixel_shuffle(self.conv3(x))


torch.manual_seed(123)
training = DataLoader(Waves(48, 3), batch_size=8, shuffle=True, num_workers=0)
testing = DataLoader(Waves(16, 3), batch_size=8, shuffle=False)
model = Net(upscale_factor=3)
criterion = nn.MSELoss()
optimizer = optim.Adam(model.parameters(), lr=5e-3)

for epoch in range(1, 5):
    epoch_loss = 0
    for small, target in training:
        optimizer.zero_grad()
        loss = criterion(model(small), target)
        epoch_loss += loss.item()
        loss.backward()
        optimizer.step()
    avg_psnr = 0
    with torch.no_grad():
        for small, target in testing:
            avg_psnr += 10 * log10(1 / criterion(model(small), target).item())
    avg_psnr /= len(testing)
    print(f"epoch {epoch}: loss {epoch_loss / len(training):.5f}, PSNR {avg_psnr:.4f} dB")

small, target = next(iter(testing))
bicubic = F.interpolate(small, scale_factor=3, mode="bicubic", align_corners=False)
bilinear = F.interpolate(small, size=target.shape[-2:], mode="bilinear", align_corners=False)
print(f"bicubic {criterion(bicubic, target):.5f}, bilinear {criterion(bilinear, target):.5f}")
