"""`create_graph=True`: the mechanics, with functions that define their own derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradstep_engine
from gradstep_engine.autograd.custom import Function, once_differentiable
from gradstep_engine.autograd.differences import GradcheckError, gradcheck, gradgradcheck
from gradstep_engine.autograd.function import Op, apply

torch: Any = gradstep_engine

pytestmark = pytest.mark.filterwarnings("ignore:Using backward.. with create_graph")


class Cube(Function):
    """x³, whose derivative 3 x² is made of recorded operations."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return grad * 3 * x * x


class Exp(Function):
    """eˣ, which keeps its own output."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        result = x.exp()
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (result,) = ctx.saved_tensors
        return grad * result


class Wrong(Cube):
    """x³ with a second derivative of the wrong function."""

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return grad * 3 * (x * x).detach()


class Once(Cube):
    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return grad * 3 * x * x


class Opaque(Op):
    """An operation that says nothing of its second derivative."""

    op_name = "opaque"
    node_name = "OpaqueBackward0"

    def forward(self, a: Any) -> Any:
        return a * 2

    def backward(self, grad: Any) -> Any:
        return (grad * 2,)


def leaf(value: Any) -> Any:
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize(("kind", "second"), [(Cube, 12.0), (Exp, float(np.exp(2.0)))])
def test_second_derivative(kind: Any, second: float) -> None:
    x = leaf(2.0)
    (first,) = torch.autograd.grad(kind.apply(x), x, create_graph=True)
    assert first.requires_grad
    (found,) = torch.autograd.grad(first, x)
    assert found.item() == pytest.approx(second)


def test_backward_leaves_a_gradient_that_can_be_differentiated() -> None:
    x = leaf([1.0, 2.0])
    with pytest.warns(UserWarning, match="create a reference cycle"):
        Cube.apply(x).backward(torch.ones(2, dtype=torch.float64), create_graph=True)
    assert x.grad.grad_fn is not None
    assert x.grad.tolist() == [3.0, 12.0]
    (second,) = torch.autograd.grad(x.grad.sum(), x)
    assert second.tolist() == [6.0, 12.0]


def test_the_graph_is_kept_unless_told_otherwise() -> None:
    x = leaf(2.0)
    y = Cube.apply(x)
    torch.autograd.grad(y, x, create_graph=True)
    torch.autograd.grad(y, x, create_graph=True, retain_graph=False)
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(y, x)


def test_seeds_take_part() -> None:
    x, seed = leaf(2.0), leaf(5.0)
    (first,) = torch.autograd.grad(Cube.apply(x), x, seed, create_graph=True)
    assert torch.autograd.grad(first, seed)[0].item() == 12.0


def test_hooks_get_tensors_of_the_graph() -> None:
    x = leaf(2.0)
    seen: list[Any] = []

    def hook(grad: Any) -> Any:
        seen.append(grad.requires_grad)
        return grad * 10

    x.register_hook(hook)
    (first,) = torch.autograd.grad(Cube.apply(x), x, create_graph=True)
    assert seen == [True]
    assert first.item() == 120.0
    assert torch.autograd.grad(first, x)[0].item() == 10 * 120.0  # the hook runs again


def test_gradgradcheck_sees_a_wrong_second_derivative() -> None:
    x = leaf([0.5, 1.5])
    assert gradcheck(Wrong.apply, x)
    assert gradgradcheck(Cube.apply, x)
    with pytest.raises(GradcheckError):
        gradgradcheck(Wrong.apply, x)
    assert not gradgradcheck(Wrong.apply, x, raise_exception=False)


def test_once_differentiable_says_so() -> None:
    x = leaf(2.0)
    (first,) = torch.autograd.grad(Once.apply(x), x, create_graph=True)
    assert first.item() == 12.0
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.backward()


def test_an_operation_without_second_derivative_is_named() -> None:
    x = leaf(2.0)
    with pytest.raises(NotImplementedError, match="second derivative of OpaqueBackward0"):
        torch.autograd.grad(apply(Opaque, x), x, create_graph=True)
    assert torch.is_grad_enabled()


def test_grad_mode_is_off_in_a_plain_backward() -> None:
    modes: list[bool] = []

    class Watch(Cube):
        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            modes.append(torch.is_grad_enabled())
            return grad

    x = leaf(2.0)
    torch.autograd.grad(Watch.apply(x), x)
    torch.autograd.grad(Watch.apply(x), x, create_graph=True)
    assert modes == [False, True]
