"""Features that do not tell the domain: a gradient reversal written as an autograd Function."""

import torch
from torch import nn
from torch.autograd import Function, gradcheck

torch.manual_seed(49)


class Reverse(Function):
    @staticmethod
    def forward(ctx, x, strength):
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad_output):
        return -ctx.strength * grad_output, None


class Quantise(Function):
    """Round to steps of 1/levels; gradients pass within [−1, 1] only."""

    @staticmethod
    def forward(ctx, x, levels):
        ctx.save_for_backward(x)
        return torch.round(x.clamp(-1, 1) * levels) / levels

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * (x.abs() <= 1).to(grad_output.dtype), None


class SmoothStep(Function):
    @staticmethod
    def forward(x):
        return x * x * (3 - 2 * x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * 6 * x * (1 - x)


print(gradcheck(SmoothStep.apply, (torch.rand(4, dtype=torch.double, requires_grad=True),)))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(4, 16), nn.SiLU(), nn.Linear(16, 6))
        self.label = nn.Linear(6, 2)
        self.domain = nn.Sequential(nn.Linear(6, 8), nn.Hardtanh(), nn.Linear(8, 1))

    def forward(self, x, strength):
        features = Quantise.apply(self.features(x), 8)
        gate = SmoothStep.apply(torch.sigmoid(features))
        return self.label(features * gate), self.domain(Reverse.apply(features, strength))


source = torch.randn(60, 4)
target = torch.randn(60, 4) + torch.tensor([1.5, 0, 0, 0])
labels = (source[:, 1] * source[:, 2] > 0).long()
model = Network()
optimizer = torch.optim.Adadelta(model.parameters(), lr=0.8)
for step in range(20):
    strength = 2 / (1 + torch.exp(torch.tensor(-10.0 * step / 20))).item() - 1
    scores, of_source = model(source, strength)
    _, of_target = model(target, strength)
    told = nn.functional.binary_cross_entropy_with_logits(
        torch.cat([of_source, of_target]),
        torch.cat([torch.zeros(60, 1), torch.ones(60, 1)]),
        pos_weight=torch.tensor([1.5]),
    )
    known = nn.functional.multi_margin_loss(scores, labels, p=2)
    optimizer.zero_grad()
    (known + told).backward()
    optimizer.step()
    if step % 5 == 4:
        slope = model.features[0].weight.grad.norm().item()
        print(f"step {step}: label {known.item():.5f} domain {told.item():.5f} slope {slope:.5f}")
