"""A cubic fitted to a sine: by hand, by autograd, and through a function of one's own."""

import math

import torch

torch.manual_seed(4)
x = torch.linspace(-math.pi, math.pi, 200, dtype=torch.float)
y = torch.sin(x)
rate = 2e-6

# The derivatives written out.
a, b, c, d = (torch.randn(()) for _ in range(4))
for t in range(60):
    y_pred = a + b * x + c * x**2 + d * x**3
    grad = 2.0 * (y_pred - y)
    if t % 20 == 19:
        print(f"by hand {t + 1}: {(y_pred - y).pow(2).sum().item():.4f}")
    a -= rate * grad.sum()
    b -= rate * (grad * x).sum()
    c -= rate * (grad * x**2).sum()
    d -= rate * (grad * x**3).sum()

# Autograd, with updates that stay out of the graph.
a, b, c, d = (torch.randn((), requires_grad=True) for _ in range(4))
for t in range(60):
    loss = (a + b * x + c * x**2 + d * x**3 - y).pow(2).sum()
    if t % 20 == 19:
        print(f"autograd {t + 1}: {loss.item():.4f}")
    loss.backward()
    with torch.no_grad():
        for parameter in (a, b, c, d):
            parameter -= rate * parameter.grad
            parameter.grad = None
print(f"y = {a.item():.5f} + {b.item():.5f} x + {c.item():.5f} x^2 + {d.item():.5f} x^3")


class LegendrePolynomial3(torch.autograd.Function):
    """The third Legendre polynomial, (5 x^3 - 3 x) / 2."""

    @staticmethod
    def forward(ctx, inputs):
        ctx.save_for_backward(inputs)
        return 0.5 * (5 * inputs**3 - 3 * inputs)

    @staticmethod
    def backward(ctx, grad_output):
        (inputs,) = ctx.saved_tensors
        return grad_output * 1.5 * (5 * inputs**2 - 1)


P3 = LegendrePolynomial3.apply
a, b, c, d = (torch.full((), v, requires_grad=True) for v in (0.0, -1.0, 0.0, 0.3))
for t in range(60):
    loss = (a + b * P3(c + d * x) - y).pow(2).sum()
    if t % 20 == 19:
        print(f"own function {t + 1}: {loss.item():.4f}")
    loss.backward()
    with torch.no_grad():
        for parameter in (a, b, c, d):
            parameter -= 5e-6 * parameter.grad
            parameter.grad.zero_()

# The same as a layer over the powers of x.
features = x.unsqueeze(-1).pow(torch.tensor([1, 2, 3]))
model = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1))
loss_fn = torch.nn.MSELoss(reduction="sum")
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
for t in range(60):
    loss = loss_fn(model(features), y)
    if t % 20 == 19:
        print(f"layer {t + 1}: {loss.item():.4f}")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
