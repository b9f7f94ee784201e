"""Whole training loops: they learn what they should, and reach torch's numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine.nn.pairing import copy_state, numbers, ours, torch_or_skip


def test_one_step_on_two_variables() -> None:
    a = ours.tensor([1.5], requires_grad=True)
    b = ours.tensor([-2.0], requires_grad=True)
    (2 * a**3 + b**2).backward()
    ours.optim.SGD([a, b], lr=0.1).step()
    assert [a.item(), b.item()] == pytest.approx([1.5 - 1.35, -2.0 + 0.4])
    assert str(b) == "tensor([-1.6000], requires_grad=True)"


def test_a_cubic_learns_a_cosine() -> None:
    ours.manual_seed(0)
    angles = ours.linspace(0, 3, 500)
    powers = angles.unsqueeze(-1).pow(ours.tensor([1, 2, 3]))
    model = ours.nn.Sequential(ours.nn.Linear(3, 1), ours.nn.Flatten(0, 1))
    criterion = ours.nn.MSELoss(reduction="sum")
    optimizer = ours.optim.RMSprop(model.parameters(), lr=2e-3)
    losses = []
    for _ in range(1500):
        optimizer.zero_grad()
        loss = criterion(model(powers), ours.cos(angles))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 5 < losses[0]


def test_one_sample_with_a_target_of_probabilities() -> None:
    model = ours.nn.Linear(4, 3)
    scores = model(ours.randn(4))
    loss = ours.nn.CrossEntropyLoss()(scores, ours.tensor([0.5, 2.0, 1.0]))
    assert [p.grad for p in model.parameters()] == [None, None]
    loss.backward()
    for parameter in model.parameters():
        assert parameter.grad.sum(0).abs().max().item() < 1e-5


@pytest.mark.torch
def test_a_convnet_follows_torch_for_thirty_steps() -> None:
    torch = torch_or_skip()

    def build(nn: Any) -> Any:
        return nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(4, 6, 3),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(24, 3),
        ).double()

    torch.manual_seed(0)
    theirs, mine = build(torch.nn), build(ours.nn)
    copy_state(mine, theirs)
    images, labels = numbers(8, 1, 12, 12), np.arange(8) % 3
    curves = []
    for engine, net in ((ours, mine), (torch, theirs)):
        optimizer = engine.optim.AdamW(net.parameters(), lr=0.01)
        scheduler = engine.optim.lr_scheduler.StepLR(optimizer, 10, gamma=0.5)
        x, y = engine.tensor(images), engine.tensor(labels)
        curve = []
        for _ in range(30):
            optimizer.zero_grad()
            loss = engine.nn.functional.cross_entropy(net(x), y)
            loss.backward()
            engine.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            curve.append(loss.item())
        curves.append(curve)
    assert curves[0] == pytest.approx(curves[1], rel=1e-7)
    assert curves[0][-1] < 0.5 * curves[0][0]
