"""What the short ways of operators and of the walk must not change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradstep_engine as torch
from gradstep_engine.autograd.constants import LIMIT, OF_FLOAT32


class Failing(torch.autograd.Function):  # type: ignore[misc]
    """The identity, whose backward raises."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        raise ValueError("no way back")


def test_an_error_leaves_the_gradients_that_were_complete() -> None:
    early, shared, behind = (torch.ones(2, requires_grad=True) for _ in range(3))
    failing = Failing.apply(behind * shared)
    loss = (early * 2 + shared * 3 + failing).sum()
    with pytest.raises(ValueError, match="no way back"):
        loss.backward()
    assert early.grad.tolist() == [2, 2]
    assert shared.grad is None
    assert behind.grad is None


def test_a_hook_on_a_leaf_runs_as_soon_as_its_gradient_is_complete() -> None:
    order: list[str] = []
    old, young = (torch.ones(1, requires_grad=True) for _ in range(2))
    first = old * 2
    second = young * 3
    old.register_hook(lambda grad: order.append("old leaf"))
    young.register_post_accumulate_grad_hook(lambda leaf: order.append("young leaf"))
    first.register_hook(lambda grad: order.append("first"))
    second.register_hook(lambda grad: order.append("second"))
    (first + second).backward()
    assert order == ["second", "young leaf", "first", "old leaf"]


def test_the_sign_of_zero_is_kept() -> None:
    x = torch.tensor([1.0, 2.0])
    signs = [np.signbit((x * zero).numpy()).tolist() for zero in (0.0, -0.0, 0, 0.0)]
    assert signs == [[False, False], [True, True], [False, False], [False, False]]


@pytest.mark.parametrize("number", [3, 0.1, -0.0, 1e300, 2**70, float("inf"), float("nan"), True])
def test_a_number_counts_as_in_numpy(number: float) -> None:
    x = torch.tensor([1.5, -2.0], requires_grad=True)
    y = x * number
    y.sum().backward()
    with np.errstate(all="ignore"):
        factor = np.float32(number)
        expected = np.array([1.5, -2.0], np.float32) * factor
    np.testing.assert_array_equal(y.detach().numpy(), expected)
    np.testing.assert_array_equal(x.grad.numpy(), [factor, factor])


def test_numbers_that_never_come_again_are_forgotten() -> None:
    x = torch.ones(1)
    for number in range(1, 2 * LIMIT):
        x * (number / 7)
    assert 0 < len(OF_FLOAT32) <= LIMIT


def test_a_gradient_from_several_outputs_meets_one_from_elsewhere() -> None:
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    a, b, c = (x * 2).unbind()
    ((a * b) + b * 5 + c * 0).backward()
    assert x.grad.tolist() == [8, 14, 0]
