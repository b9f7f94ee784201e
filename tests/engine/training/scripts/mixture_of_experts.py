"""Samples routed to the best two of several experts, the load kept even."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(50)


class Expert(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.up, self.down = nn.Linear(3, width), nn.Linear(width, 1)

    def forward(self, x):
        return self.down(F.gelu(self.up(x)))


class Mixture(nn.Module):
    def __init__(self, count=4, chosen=2):
        super().__init__()
        self.count, self.chosen = count, chosen
        self.experts = nn.ModuleList(Expert(6 + 2 * i) for i in range(count))
        self.gate = nn.Linear(3, count, bias=False)
        self.register_buffer("used", torch.zeros(count))

    def forward(self, x):
        logits = self.gate(x)
        if self.training:
            logits = logits + 0.1 * torch.randn_like(logits)
        values, index = logits.topk(self.chosen, dim=-1)
        weights = values.softmax(-1)
        result = x.new_zeros(len(x), 1)
        for number, expert in enumerate(self.experts):
            rows, slot = (index == number).nonzero(as_tuple=True)
            if rows.numel() == 0:
                continue
            result.index_add_(0, rows, expert(x[rows]) * weights[rows, slot, None])
        share = F.one_hot(index, self.count).float().mean((0, 1))
        self.used.mul_(0.9).add_(share, alpha=0.1)
        balance = self.count * (share * logits.softmax(-1).mean(0)).sum()
        return result, balance


x = torch.randn(90, 3)
y = torch.where(x[:, :1] > 0, x[:, 1:2].sin() * 2, x[:, 2:].abs()) + 0.05 * torch.randn(90, 1)
model = Mixture()
optimizer = torch.optim.RAdam(model.parameters(), lr=0.02, weight_decay=1e-3)
history = []
for epoch in range(12):
    for rows in torch.randperm(90).chunk(3):
        predicted, balance = model(x[rows])
        loss = F.huber_loss(predicted, y[rows], delta=0.5) + 0.02 * balance
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    history.append(loss.item())
    if epoch % 4 == 3:
        print(f"epoch {epoch}: {loss.item():.5f} balance {balance.item():.5f}")
model.eval()
with torch.no_grad():
    predicted, _ = model(x)
    print(f"error {(predicted - y).abs().median():.4f} used {model.used.sum():.4f}")
print(sorted(model.state_dict())[:3], f"{min(history):.5f}")
