"""Sine waves continued by two LSTM cells, trained with LBFGS in double precision."""

import torch
import torch.nn as nn
import torch.optim as optim


class Forecaster(nn.Module):
    def __init__(self, hidden=10):
        super().__init__()
        self.hidden = hidden
        self.lower = nn.LSTMCell(1, hidden)
        self.upper = nn.LSTMCell(hidden, hidden)
        self.readout = nn.Linear(hidden, 1)

    def forward(self, series, future=0):
        zeros = torch.zeros(series.size(0), self.hidden, dtype=torch.double)
        h1, c1, h2, c2 = zeros, zeros, zeros, zeros
        known = list(series.split(1, dim=1))
        predicted = []
        for t in range(len(known) + future):
            x = known[t] if t < len(known) else predicted[-1]
            h1, c1 = self.lower(x, (h1, c1))
            h2, c2 = self.upper(h1, (h2, c2))
            predicted += [self.readout(h2)]
        return torch.cat(predicted, dim=1)


torch.manual_seed(0)
shift = torch.randint(-20, 20, (8, 1)).double()
data = torch.sin((torch.arange(30).double() + shift) / 4.0)
x_train, y_train = data[2:, :-1], data[2:, 1:]
x_test, y_test = data[:2, :-1], data[:2, 1:]
model = Forecaster().double()
criterion = nn.MSELoss()
optimizer = optim.LBFGS(model.parameters(), lr=0.8, max_iter=6)
for step in range(3):
    print("step", step)

    def closure():
        optimizer.zero_grad()
        loss = criterion(model(x_train), y_train)
        print(f"loss {loss.item():.6f}")
        loss.backward()
        return loss

    optimizer.step(closure)
    with torch.no_grad():
        forecast = model(x_test, future=10)
        test_loss = criterion(forecast[:, :-10], y_test)
        ends = forecast.detach().numpy()[:, -1]
    print(f"test loss {test_loss.item():.6f} continued to {ends[0]:.5f} {ends[1]:.5f}")
