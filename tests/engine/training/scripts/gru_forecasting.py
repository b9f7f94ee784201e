"""A seasonal series forecast by stacked GRUs, with early stopping on held-out windows."""

import copy

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(41)
time = torch.arange(220, dtype=torch.float32)
series = torch.sin(time / 6) + 0.4 * torch.cos(time / 2.5) + 0.01 * time
series += 0.05 * torch.randn_like(series)
low, high = series.min(), series.max()
scaled = (series - low) / (high - low) * 2 - 1
windows = scaled.unfold(0, 17, 2)
inputs, targets = windows[:, :16].unsqueeze(-1), windows[:, 16:]
train, held_out = random_split(
    TensorDataset(inputs, targets), [0.8, 0.2], generator=torch.Generator().manual_seed(1)
)


class Forecaster(nn.Module):
    def __init__(self, hidden=12):
        super().__init__()
        self.gru = nn.GRU(1, hidden, num_layers=2, batch_first=True, dropout=0.1)
        self.head = nn.Sequential(nn.LayerNorm(hidden), nn.Linear(hidden, 1))

    def forward(self, x, state=None):
        output, state = self.gru(x, state)
        return self.head(output[:, -1]), state


def evaluate(model, loader):
    model.eval()
    total, count = 0.0, 0
    with torch.inference_mode():
        for x, y in loader:
            total += nn.functional.l1_loss(model(x)[0], y, reduction="sum").item()
            count += y.numel()
    model.train()
    return total / count


model = Forecaster()
optimizer = torch.optim.RMSprop(model.parameters(), lr=8e-3, momentum=0.5)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
loader, check = DataLoader(train, 16, shuffle=True), DataLoader(held_out, 32)
best, patience, kept = float("inf"), 2, None
for epoch in range(8):
    for x, y in loader:
        loss = nn.functional.smooth_l1_loss(model(x)[0], y, beta=0.1)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    error = evaluate(model, check)
    scheduler.step(error)
    print(f"epoch {epoch}: {error:.5f} norm {norm:.5f} lr {scheduler.get_last_lr()[0]:.5f}")
    if error < best:
        best, kept, waited = error, copy.deepcopy(model.state_dict()), 0
    else:
        waited += 1
        if waited > patience:
            break
print(model.load_state_dict(kept))
model.eval()
with torch.no_grad():
    step, state = model(inputs[-1:])
    ahead = [step]
    for _ in range(4):
        step, state = model(step.unsqueeze(1), state)
        ahead.append(step)
print(
    " ".join(
        f"{value:.4f}"
        for value in (torch.cat(ahead) + 1).div(2).mul(high - low).add(low)[:, 0].tolist()
    )
)
