"""Optimises a picture, not a network: content of one, Gram matrices of another, by LBFGS."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class Loss(nn.Module):
    """Passes its input on and remembers how far it is from the target."""

    def __init__(self, target, of_style):
        super().__init__()
        self.of_style = of_style
        self.target = self.measure(target).detach()
        self.loss = torch.zeros(())

    def measure(self, x):
        if not self.of_style:
            return x
        batch, channels, height, width = x.size()
        features = x.view(batch * channels, height * width)
        return torch.mm(features, features.t()).div(batch * channels * height * width)

    def forward(self, x):
        self.loss = F.mse_loss(self.measure(x), self.target)
        return x


content = torch.rand(1, 3, 12, 12)
style = torch.rand(1, 3, 12, 12).cumsum(-1) / 12

network = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 8, 3, padding=1))
network.eval().requires_grad_(False)

model, contents, styles = nn.Sequential(), [], []
for number, layer in enumerate(network.children()):
    model.add_module(f"layer_{number}", layer)
    if isinstance(layer, nn.Conv2d):
        wanted = Loss(model(style), of_style=True)
        model.add_module(f"style_{number}", wanted)
        styles.append(wanted)
kept = Loss(model(content), of_style=False)
model.append(kept)
contents.append(kept)
print(model)

picture = content.clone().requires_grad_(True)
optimizer = torch.optim.LBFGS([picture], max_iter=6, history_size=10)
runs = [0]
while runs[0] < 18:

    def closure():
        with torch.no_grad():
            picture.clamp_(0, 1)
        optimizer.zero_grad()
        model(picture)
        style_score = sum(each.loss for each in styles)
        content_score = sum(each.loss for each in contents)
        loss = 1e4 * style_score + content_score
        loss.backward()
        runs[0] += 1
        if runs[0] % 6 == 0:
            print(f"run {runs[0]}: {style_score.item():.3e}, {content_score.item():.3e}")
        return loss

    optimizer.step(closure)
with torch.no_grad():
    picture.clamp_(0, 1)
print(f"mean {picture.mean().item():.3f}, moved {(picture - content).abs().mean().item():.3f}")
