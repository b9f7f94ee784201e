"""Inference mode, anomaly mode and their errors."""

from __future__ import annotations

from typing import Any

import pytest

import gradstep_engine

torch: Any = gradstep_engine


def test_inference_tensors_cannot_be_saved_for_backward() -> None:
    weight = torch.ones(2, requires_grad=True)
    with torch.inference_mode():
        made = torch.ones(2) * 2
        assert torch.is_inference_mode_enabled()
    assert not torch.is_inference_mode_enabled()
    assert made.is_inference()
    assert not made.requires_grad
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        made * weight
    assert (made.clone() * weight).requires_grad
    assert (made + weight).requires_grad  # an addition saves nothing


def test_inference_tensors_change_in_place_only_in_inference_mode() -> None:
    with torch.inference_mode():
        made = torch.ones(2) * 2
        made.add_(1)
    assert made.tolist() == [3, 3]
    with pytest.raises(RuntimeError, match="Inplace update to inference tensor"):
        made.add_(1)
    with pytest.raises(RuntimeError, match="do not track version counter"):
        print(made._version)


def test_views_of_inference_tensors_are_inference_tensors() -> None:
    with torch.inference_mode():
        row = (torch.ones(2, 2) * 2)[0]
    assert row.is_inference()


def test_inference_mode_decorates_and_can_be_off() -> None:
    double = torch.inference_mode()(lambda x: x * 2)
    assert double(torch.ones(1)).is_inference()
    with torch.inference_mode(False):
        assert not (torch.ones(1) * 2).is_inference()


def test_anomaly_mode_names_the_operation_and_its_line() -> None:
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    with torch.autograd.set_detect_anomaly(True):
        y = (x.sqrt() * x.detach()).sum()  # sqrt'(0) · 0 = ∞ · 0
        with (
            pytest.warns(UserWarning, match=r"(?s)Error detected in SqrtBackward0.*test_modes"),
            pytest.raises(RuntimeError, match="'SqrtBackward0' returned nan values in its 0th"),
        ):
            y.backward()
    assert not torch.autograd.is_anomaly_enabled()


def test_anomaly_mode_off_lets_nan_pass() -> None:
    x = torch.tensor([0.0], requires_grad=True)
    (x.sqrt() * x.detach()).sum().backward()
    assert x.grad.isnan().all()


def test_anomaly_mode_without_the_forward_says_so() -> None:
    x = torch.tensor([0.0], requires_grad=True)
    y = (x.sqrt() * x.detach()).sum()
    with pytest.warns(UserWarning, match="Anomaly Detection has been enabled"):
        detecting = torch.autograd.detect_anomaly()
    with detecting:
        assert torch.autograd.is_anomaly_enabled()
        with (
            pytest.warns(UserWarning, match="No forward pass information"),
            pytest.raises(RuntimeError, match="nan values"),
        ):
            y.backward()


def test_anomaly_mode_without_trouble_gives_the_same_gradient() -> None:
    x = torch.tensor([1.0, 4.0], requires_grad=True)
    with torch.autograd.set_detect_anomaly(True):
        x.sqrt().sum().backward()
    assert x.grad.tolist() == [0.5, 0.25]


def test_a_change_during_backward_is_noticed() -> None:
    weight = torch.tensor([3.0], requires_grad=True)
    other = torch.tensor([2.0], requires_grad=True)

    def change(grad: Any) -> None:
        with torch.no_grad():
            weight.mul_(2)

    product = weight * other
    later = product * 5
    later.register_hook(change)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        later.sum().backward()
