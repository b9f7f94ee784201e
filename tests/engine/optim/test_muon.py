"""Muon against PyTorch's, whose Newton–Schulz steps are in bfloat16."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine.nn.pairing import numbers, ours, torch_or_skip

WRONG: dict[str, Any] = {
    "rate": lambda e, w: e.optim.Muon([w], lr=-1.0),
    "momentum": lambda e, w: e.optim.Muon([w], momentum=-1.0),
    "decay": lambda e, w: e.optim.Muon([w], weight_decay=-1.0),
    "adjustment": lambda e, w: e.optim.Muon([w], adjust_lr_fn="other"),
    "vector": lambda e, w: e.optim.Muon([w[0].detach().requires_grad_()]),
    "adafactor rate": lambda e, w: e.optim.Adafactor([w], lr=-1.0),
    "adafactor decay": lambda e, w: e.optim.Adafactor([w], beta2_decay=1.0),
    "adafactor eps1": lambda e, w: e.optim.Adafactor([w], eps=(-1.0, 0.1)),
    "adafactor eps2": lambda e, w: e.optim.Adafactor([w], eps=(None, -0.1)),
    "adafactor d": lambda e, w: e.optim.Adafactor([w], d=0.5),
    "adafactor weight decay": lambda e, w: e.optim.Adafactor([w], weight_decay=-0.5),
}


@pytest.mark.torch
@pytest.mark.parametrize("shape", [(4, 6), (7, 3)])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"nesterov": False, "momentum": 0.8, "weight_decay": 0.0},
        {"adjust_lr_fn": "match_rms_adamw", "ns_steps": 3},
    ],
)
def test_steps_equal_torchs(shape: tuple[int, int], options: dict[str, Any]) -> None:
    results = []
    for engine in (ours, torch_or_skip()):
        w = engine.tensor(numbers(*shape, dtype="float32"), requires_grad=True)
        start = w.detach().clone()
        target = engine.tensor(numbers(*shape, seed=1, dtype="float32"))
        optimizer = engine.optim.Muon([w], lr=0.05, **options)
        for _ in range(5):
            optimizer.zero_grad()
            ((w - target) ** 2).sum().backward()
            optimizer.step()
        (state,) = optimizer.state.values()
        results.append(((w.detach() - start).numpy(), state["momentum_buffer"].numpy()))
        assert list(state) == ["momentum_buffer"]
    for mine, theirs in zip(*results, strict=True):
        # bfloat16 has eight bits: PyTorch's own kernels differ by so much from each other.
        np.testing.assert_allclose(mine, theirs, rtol=0.03, atol=0.01)


@pytest.mark.torch
@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_torchs(name: str) -> None:
    texts = []
    for engine in (ours, torch_or_skip()):
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            WRONG[name](engine, engine.ones(2, 3, requires_grad=True))
        texts.append(str(caught.value))
    assert texts[0] == texts[1]


def test_a_step_is_nearly_orthogonal() -> None:
    w = ours.zeros(4, 6, requires_grad=True)
    w.grad = ours.tensor(numbers(4, 6, dtype="float32"))
    ours.optim.Muon([w], lr=1.0, ns_steps=20).step()
    singular = ours.linalg.svdvals(w.detach())
    assert singular.min().item() > 0.5
    assert singular.max().item() < 1.5
