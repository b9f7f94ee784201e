"""A coordinate network with a positional encoding fits a picture; saved halfway and resumed."""

import io

import torch
import torch.nn as nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)

axis = torch.linspace(-1, 1, 16)
grid = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1).reshape(-1, 2)
picture = torch.sin(6 * grid[:, :1]) * torch.cos(4 * grid[:, 1:]) + (
    grid.norm(dim=1, keepdim=True) < 0.6
)


class Encoding(nn.Module):
    def __init__(self, octaves):
        super().__init__()
        self.register_buffer("rates", torch.pi * 2.0 ** torch.arange(octaves), persistent=False)

    def forward(self, x):
        angles = (x.unsqueeze(-1) * self.rates).flatten(start_dim=-2)
        return torch.cat([x, angles.sin(), angles.cos()], dim=-1)


class Field(nn.Module):
    def __init__(self, octaves=3, width=32):
        super().__init__()
        self.encode = Encoding(octaves)
        inputs = 2 + 4 * octaves
        self.first = nn.Sequential(nn.Linear(inputs, width), nn.ReLU())
        self.second = nn.Sequential(nn.Linear(width + inputs, width), nn.ReLU())
        self.out = nn.utils.parametrizations.weight_norm(nn.Linear(width, 1))

    def forward(self, x):
        encoded = self.encode(x)
        hidden = self.first(encoded)
        return self.out(self.second(torch.cat([hidden, encoded], dim=-1)))


def make():
    field = Field()
    optimizer = torch.optim.Adam(field.parameters(), lr=1e-2, amsgrad=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-2, total_steps=40)
    return field, optimizer, schedule


field, optimizer, schedule = make()
for step in range(40):
    if step == 20:
        file = io.BytesIO()
        torch.save(
            {
                "step": step,
                "model": field.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
            },
            file,
        )
        file.seek(0)
        checkpoint = torch.load(file)
        field, optimizer, schedule = make()
        field.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        schedule.load_state_dict(checkpoint["schedule"])
        print(
            "resumed at step", checkpoint["step"], "with rate", f"{schedule.get_last_lr()[0]:.6f}"
        )
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(field(grid), picture)
    loss.backward()
    optimizer.step()
    schedule.step()
    if step % 8 == 0:
        print(f"step {step}: {10 * torch.log10(1 / loss).item():.4f} dB")
print(f"final {loss.item():.6f}")
