"""`copy` and `pickle` of tensors, models, optimizers and schedulers, also after a backward."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import gradstep_engine
from tests.engine.ops.comparing import assert_same_error, assert_same_result, assert_same_warning

ours: Any = gradstep_engine

WAYS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda thing: pickle.loads(pickle.dumps(thing)),
}


def trained(e: Any, optimizer: str = "Adam") -> tuple[Any, Any, Any]:
    """Return a model, its optimizer and a scheduler after two steps."""
    e.manual_seed(0)
    model = e.nn.Sequential(e.nn.Linear(2, 3), e.nn.Tanh(), e.nn.Linear(3, 1))
    made = getattr(e.optim, optimizer)(model.parameters(), lr=0.1)
    scheduler = e.optim.lr_scheduler.StepLR(made, 1)
    for _ in range(2):
        step(e, model, made)
        scheduler.step()
    return model, made, scheduler


def step(e: Any, model: Any, optimizer: Any) -> None:
    def closure() -> Any:
        optimizer.zero_grad()
        loss = model(e.linspace(-1, 1, 8).reshape(4, 2)).square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)


def rounded(tensors: Any) -> Any:
    return [
        None if x is None else [round(value, 3) for value in x.detach().flatten().tolist()]
        for x in tensors
    ]


@pytest.mark.torch
@pytest.mark.parametrize("way", WAYS)
class TestEqualsTorch:
    def test_model(self, way: str) -> None:
        def function(e: Any) -> Any:
            parameters = list(WAYS[way](trained(e)[0]).parameters())
            grads = [p.grad for p in parameters]
            assert all(isinstance(p, e.nn.Parameter) for p in parameters)
            return rounded(parameters), grads, [p.requires_grad for p in parameters]

        assert_same_result(function)

    @pytest.mark.parametrize("optimizer", ["Adam", "SGD", "RMSprop"])
    def test_model_and_optimizer_stay_together(self, optimizer: str, way: str) -> None:
        def function(e: Any) -> Any:
            model, made, _ = trained(e, optimizer)
            other, its_optimizer = WAYS[way]((model, made))
            assert its_optimizer.param_groups[0]["params"][0] is other[0].weight
            before = rounded(model.parameters())
            step(e, other, its_optimizer)
            assert rounded(model.parameters()) == before
            return before, rounded(other.parameters()), its_optimizer.param_groups[0]["lr"]

        assert_same_result(function)

    def test_scheduler(self, way: str) -> None:
        def function(e: Any) -> Any:
            scheduler = WAYS[way](trained(e)[2])
            scheduler.optimizer.step()
            scheduler.step()
            return scheduler.last_epoch, [f"{lr:.3g}" for lr in scheduler.get_last_lr()]

        assert_same_result(function)

    def test_leaf_after_backward(self, way: str) -> None:
        def function(e: Any) -> Any:
            x = e.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
            (x * 2).sum().backward()
            other = WAYS[way](x)
            return other, other.requires_grad, rounded([other.grad])

        assert_same_result(function)

    def test_tensor_is_itself_twice(self, way: str) -> None:
        x = ours.ones(2)
        first, second = WAYS[way]((x, x))
        assert first is second
        assert first is not x
        first.add_(1)
        assert x.tolist() == [1, 1]

    def test_what_the_user_attached(self, way: str) -> None:
        def function(e: Any) -> Any:
            x, p = e.ones(2), e.nn.Parameter(e.ones(2))
            x.tag = p.tag = "mine"
            return getattr(WAYS[way](x), "tag", None), getattr(WAYS[way](p), "tag", None)

        assert_same_result(function)

    def test_recurrent_layer(self, way: str) -> None:
        def function(e: Any) -> Any:
            layer = e.nn.LSTM(2, 3)
            layer(e.ones(4, 1, 2))[0].sum().backward()
            other = WAYS[way](layer)
            other(e.ones(4, 1, 2))[0].sum().backward()
            return [list(p.grad.shape) for p in other.parameters()]

        assert_same_result(function)


@pytest.mark.parametrize("way", WAYS)
def test_lbfgs_goes_on(way: str) -> None:
    model, made, _ = trained(ours, "LBFGS")
    other, its_optimizer = WAYS[way]((model, made))
    step(ours, model, made)
    step(ours, other, its_optimizer)
    assert rounded(other.parameters()) == rounded(model.parameters())


@pytest.mark.torch
def test_result_of_an_operation() -> None:
    assert_same_error(lambda e: copy.deepcopy(e.ones(2, requires_grad=True) * 2))
    for way in (copy.copy, WAYS["pickle"]):

        def function(e: Any, way: Any = way) -> Any:
            x = way(e.ones(2, requires_grad=True) * 2)
            return x, x.requires_grad, x.is_leaf

        assert_same_result(function)


def test_hooks_are_not_copied() -> None:
    x = ours.ones(2, requires_grad=True)
    x.register_hook(lambda grad: grad * 10)
    for way in WAYS.values():
        other = way(x)
        other.sum().backward()
        assert other.grad.tolist() == [1, 1]


@pytest.mark.torch
def test_only_inputs_is_ignored_with_a_warning() -> None:
    def function(e: Any) -> Any:
        x = e.ones(2, requires_grad=True)
        (grad,) = e.autograd.grad((x * 2).sum(), x, only_inputs=False)
        assert grad.tolist() == [2, 2]

    assert_same_warning(function)
