"""Derivatives against finite differences, with hypothesis choosing what broadcasts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import gradstep_engine
from gradstep_engine.autograd.differences import GradcheckError, gradcheck

torch: Any = gradstep_engine

BINARY: dict[str, Any] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a.sub(b, alpha=3),
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "atan2": torch.atan2,
    "maximum": torch.maximum,
    "lerp": lambda a, b: torch.lerp(a, b, 0.25),
    "where": lambda a, b: torch.where(a > 1, a * 2, b),
    "addcmul": lambda a, b: torch.addcmul(a, a, b, value=0.5),
    "inplace": lambda a, b: (a * 1.5 + b).mul_(b).add_(a),
}

UNARY: dict[str, Any] = {
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "rsqrt": torch.rsqrt,
    "sin": torch.sin,
    "tan": lambda x: torch.tan(x / 2),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softmax": lambda x: torch.softmax(x, 0),
    "log_softmax": lambda x: torch.log_softmax(x, -1),
    "pow5": lambda x: x**5,
    "prod": torch.prod,
    "var": lambda x: x.var(0, unbiased=False),
    "std": lambda x: x.std(1),
    "norm": lambda x: x.norm(3, dim=1),
    "logsumexp": lambda x: x.logsumexp(1),
    "cumsum": lambda x: x.cumsum(1),
    "index": lambda x: x[:, [0, 2, 2]],
    "set": lambda x: _with_part_replaced(x),
    "view_changed": lambda x: _with_view_changed(x),
    "einsum": lambda x: torch.einsum("ij,kj->ik", x, x),
    "matmul": lambda x: x @ x.T,
    "split": lambda x: [part * (i + 1) for i, part in enumerate(x.split(2, 1))],
}


def _with_part_replaced(x: Any) -> Any:
    y = x * 2
    y[0] = x[1] ** 2
    y[:, 1:2] = 3.0
    return y


def _with_view_changed(x: Any) -> Any:
    y = x * 2
    part = y[:, 1:]
    turned = y.t()
    part.mul_(x[:, :1])
    return turned * 3 + part.sum()


def leaf(shape: tuple[int, ...], seed: int) -> Any:
    data = np.random.default_rng(seed).uniform(0.4, 1.6, shape)
    return torch.tensor(data, requires_grad=True)


SHAPES = hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3, min_side=1)


@pytest.mark.parametrize("name", BINARY)
@settings(max_examples=12, deadline=None)
@given(shapes=SHAPES, seed=st.integers(0, 99))
def test_two_operands_that_broadcast(name: str, shapes: Any, seed: int) -> None:
    first, second = shapes.input_shapes
    if name == "inplace":
        first = shapes.result_shape
    assert gradcheck(BINARY[name], (leaf(first, seed), leaf(second, seed + 1)))


@pytest.mark.parametrize("name", UNARY)
def test_one_operand(name: str) -> None:
    assert gradcheck(UNARY[name], (leaf((3, 3), 4),))


@settings(max_examples=30, deadline=None)
@given(shapes=hnp.mutually_broadcastable_shapes(signature="(n,k),(k,m)->(n,m)", max_dims=2))
def test_products_of_batches(shapes: Any) -> None:
    first, second = shapes.input_shapes
    assert gradcheck(torch.matmul, (leaf(first, 1), leaf(second, 2)))


class Wrong(torch.autograd.Function):  # type: ignore[misc]
    """A square whose derivative forgets the factor."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return grad * ctx.saved_tensors[0]


def test_a_wrong_derivative_is_found() -> None:
    with pytest.raises(GradcheckError, match="output 0 by input 0"):
        gradcheck(Wrong.apply, (leaf((2,), 3),))
    assert not gradcheck(Wrong.apply, (leaf((2,), 3),), raise_exception=False)


def test_float32_is_too_coarse() -> None:
    with pytest.raises(ValueError, match="float64"):
        gradcheck(torch.exp, (torch.ones(2, requires_grad=True),))
