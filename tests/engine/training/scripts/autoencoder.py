"""A convolutional autoencoder that removes noise, with a plateau schedule."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 6, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(6, 12, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Flatten(),
            nn.Linear(12 * 3 * 3, 8),
        )
        self.decoder = nn.Sequential(
            nn.Linear(8, 12 * 3 * 3),
            nn.Unflatten(1, (12, 3, 3)),
            nn.Upsample(scale_factor=2, mode="nearest"),
            nn.Conv2d(12, 6, 3, padding=1),
            nn.GELU(),
            nn.ConvTranspose2d(6, 1, 3, stride=2, padding=1, output_padding=1),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return self.decoder(self.encoder(x))


torch.manual_seed(17)
rows, columns = torch.meshgrid(torch.arange(12.0), torch.arange(12.0), indexing="ij")
centre = torch.rand(80, 2, 1, 1) * 6 + 3
blobs = torch.exp(-((rows - centre[:, 0]) ** 2 + (columns - centre[:, 1]) ** 2) / 6).unsqueeze(1)
train_set, val_set = random_split(TensorDataset(blobs), [64, 16])
train_loader = DataLoader(train_set, batch_size=16, shuffle=True)
val_loader = DataLoader(val_set, batch_size=16)

model = Autoencoder()
criterion = nn.MSELoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)

for epoch in range(5):
    model.train()
    running = 0.0
    for (clean,) in train_loader:
        noisy = (clean + 0.2 * torch.randn_like(clean)).clamp(0.0, 1.0)
        loss = criterion(model(noisy), clean)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        running += loss.item() * clean.size(0)
    model.eval()
    with torch.inference_mode():
        val_loss = sum(criterion(model(clean), clean).item() for (clean,) in val_loader)
    scheduler.step(val_loss)
    rate = optimizer.param_groups[0]["lr"]
    print(f"epoch {epoch}: train {running / len(train_set):.5f} val {val_loss:.5f} lr {rate:.5f}")
