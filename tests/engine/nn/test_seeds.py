"""Small published training scripts, in their own words of the same kind, run on this engine."""

from __future__ import annotations

import math

import pytest

import gradstep_engine as torch
from gradstep_engine import optim


def test_polynomial_and_two_variables() -> None:
    x = torch.tensor([1.0], requires_grad=True)
    y = torch.tensor([2.0], requires_grad=True)
    z = 3 * x**2 + y**3
    z.backward()
    optim.SGD([x, y], lr=0.1).step()
    assert [x.item(), y.item()] == pytest.approx([0.4, 0.8])
    assert str(x) == "tensor([0.4000], requires_grad=True)"


def test_sine_by_rmsprop_learns() -> None:
    torch.manual_seed(0)
    x = torch.linspace(-math.pi, math.pi, 2000)
    y = torch.sin(x)
    xx = x.unsqueeze(-1).pow(torch.tensor([1, 2, 3]))
    model = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1))
    loss_fn = torch.nn.MSELoss(reduction="sum")
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    for _ in range(2000):
        loss = loss_fn(model(xx), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 15
    assert 0.7 < model[0].weight[:, 0].item() < 0.95


def test_one_sample_with_a_target_of_probabilities() -> None:
    model = torch.nn.Linear(5, 2, bias=True)
    loss = torch.nn.CrossEntropyLoss()(
        model(torch.randn(5)), torch.tensor([1, 2], dtype=torch.float32)
    )
    assert [p.grad for p in model.parameters()] == [None, None]
    loss.backward()
    for parameter in model.parameters():
        assert parameter.grad.sum(0).abs().max().item() < 1e-5
