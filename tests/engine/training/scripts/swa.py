"""Averaging weights late in training, and an exponential average beside it."""

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.optim.swa_utils import SWALR, AveragedModel, get_ema_multi_avg_fn, update_bn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(2)
x = torch.randn(96, 6)
y = torch.sin(x[:, :1]) + 0.5 * x[:, 1:2] * x[:, 2:3] + 0.05 * torch.randn(96, 1)
loader = DataLoader(TensorDataset(x, y), batch_size=24, shuffle=True)

model = nn.Sequential(
    nn.Linear(6, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 1)
)
loss_fn = nn.HuberLoss(delta=0.5)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
scheduler = CosineAnnealingLR(optimizer, T_max=8)
swa_model = AveragedModel(model)
ema_model = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
swa_start = 5
swa_scheduler = SWALR(optimizer, swa_lr=0.03, anneal_epochs=2, anneal_strategy="linear")


def evaluate(network):
    network.eval()
    with torch.no_grad():
        return loss_fn(network(x), y).item()


for epoch in range(9):
    model.train()
    for inputs, targets in loader:
        optimizer.zero_grad()
        loss_fn(model(inputs), targets).backward()
        optimizer.step()
        ema_model.update_parameters(model)
    if epoch > swa_start:
        swa_model.update_parameters(model)
        swa_scheduler.step()
    else:
        scheduler.step()
    rate = optimizer.param_groups[0]["lr"]
    print(f"epoch {epoch}: loss {evaluate(model):.5f} lr {rate:.5f}")

update_bn(loader, swa_model)
update_bn(loader, ema_model)
print(f"{int(swa_model.n_averaged)} averaged: {evaluate(swa_model):.5f}")
print(f"exponential average: {evaluate(ema_model):.5f}")
print(f"weights {swa_model.module[0].weight.norm():.5f} {ema_model.module[0].weight.norm():.5f}")
