"""A small U-Net marks bright discs; Dice loss, accumulation of gradients, mixed with dropout."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Subset, TensorDataset, random_split

torch.manual_seed(0)
SIZE = 16

rows, columns = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")


def picture():
    centre = torch.randint(4, 12, (2,))
    radius = float(torch.randint(2, 5, (1,)))
    distance = ((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2).float().sqrt()
    mask = (distance <= radius).float()
    return mask * 0.8 + 0.3 * torch.randn(SIZE, SIZE), mask


pairs = [picture() for _ in range(40)]
images = torch.stack([image for image, _ in pairs]).unsqueeze(1)
masks = torch.stack([mask for _, mask in pairs]).unsqueeze(1)


def block(inputs, outputs):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="reflect"),
        nn.GroupNorm(2, outputs),
        nn.LeakyReLU(0.1),
        nn.Dropout2d(0.1),
    )


class UNet(nn.Module):
    def __init__(self, width=6):
        super().__init__()
        self.down = nn.ModuleList([block(1, width), block(width, 2 * width)])
        self.bottom = block(2 * width, 4 * width)
        self.grow = nn.ModuleList(
            [
                nn.ConvTranspose2d(4 * width, 2 * width, 2, stride=2),
                nn.ConvTranspose2d(2 * width, width, 2, stride=2),
            ]
        )
        self.up = nn.ModuleList([block(4 * width, 2 * width), block(2 * width, width)])
        self.head = nn.Conv2d(width, 1, 1)

    def forward(self, x):
        skipped = []
        for layer in self.down:
            x = layer(x)
            skipped.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bottom(x)
        for grow, layer in zip(self.grow, self.up, strict=True):
            x = layer(torch.cat([grow(x), skipped.pop()], dim=1))
        return self.head(x)


def dice_loss(logits, target):
    probability = torch.sigmoid(logits)
    overlap = (probability * target).sum(dim=(1, 2, 3))
    total = probability.sum(dim=(1, 2, 3)) + target.sum(dim=(1, 2, 3))
    return (1 - (2 * overlap + 1) / (total + 1)).mean()


training, validation = random_split(TensorDataset(images, masks), [32, 8])
assert isinstance(training, Subset)
loader = DataLoader(training, batch_size=8, shuffle=True)
model = UNet()
print("parameters", sum(p.numel() for p in model.parameters() if p.requires_grad))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5)
for epoch in range(3):
    model.train()
    optimizer.zero_grad()
    for number, (x, target) in enumerate(loader):
        logits = model(x)
        loss = F.binary_cross_entropy_with_logits(logits, target) + dice_loss(logits, target)
        (loss / 2).backward()
        if number % 2:
            optimizer.step()
            optimizer.zero_grad()
    model.eval()
    with torch.no_grad():
        x, target = next(iter(DataLoader(validation, batch_size=len(validation))))
        logits = model(x)
        value = F.binary_cross_entropy_with_logits(logits, target)
        found = logits > 0
        both = (found & target.bool()).sum()
        either = (found | target.bool()).sum().clamp(min=1)
    scheduler.step(value)
    rate = optimizer.param_groups[0]["lr"]
    print(f"epoch {epoch}: {loss.item():.4f}, {value.item():.4f}, lr {rate:.4f}")
print(f"overlap {(both / either).item():.2f}")
