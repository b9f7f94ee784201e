"""Activation functions against PyTorch: values, gradients, second derivatives, in place, layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.engine.nn.pairing import close, compare_modules, numbers, ours, torch_or_skip
from tests.engine.parity import assert_same

SLOPES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]

FUNCTIONS: dict[str, Any] = {
    **{
        name: lambda e, x, name=name: getattr(e.nn.functional, name)(x)
        for name in [
            "celu",
            "elu",
            "gelu",
            "glu",
            "hardshrink",
            "hardsigmoid",
            "hardswish",
            "hardtanh",
            "leaky_relu",
            "logsigmoid",
            "mish",
            "relu",
            "relu6",
            "rrelu",
            "selu",
            "sigmoid",
            "silu",
            "softplus",
            "softshrink",
            "softsign",
            "tanh",
            "tanhshrink",
        ]
    },
    "celu 2": lambda e, x: e.nn.functional.celu(x, 2.0),
    "elu 2": lambda e, x: e.nn.functional.elu(x, 2.0),
    "gelu tanh": lambda e, x: e.nn.functional.gelu(x, approximate="tanh"),
    "glu dim": lambda e, x: e.nn.functional.glu(x, 0),
    "hardshrink 1": lambda e, x: e.nn.functional.hardshrink(x, 1.0),
    "hardtanh 2": lambda e, x: e.nn.functional.hardtanh(x, -2.0, 0.5),
    "leaky 3": lambda e, x: e.nn.functional.leaky_relu(x, 3.0),
    "log_softmax": lambda e, x: e.nn.functional.log_softmax(x, 0),
    "prelu": lambda e, x: e.nn.functional.prelu(x, e.tensor(SLOPES, dtype=x.dtype)),
    "prelu of one": lambda e, x: e.nn.functional.prelu(x, e.tensor([0.2], dtype=x.dtype)),
    "softmax": lambda e, x: e.nn.functional.softmax(x, -1),
    "softmin": lambda e, x: e.nn.functional.softmin(x, 1),
    "softplus 2": lambda e, x: e.nn.functional.softplus(x, 2.0, 3.0),
    "softshrink 1": lambda e, x: e.nn.functional.softshrink(x, 1.0),
    "threshold": lambda e, x: e.nn.functional.threshold(x, 0.5, 7.0),
}


# torch has no second derivative of it.
UNDIFFERENTIABLE = {"hardsigmoid"}


def weights(engine: Any, shape: Any, start: int) -> Any:
    count = int(np.prod(shape))
    return engine.tensor(np.cos(np.arange(start, start + count)).reshape(tuple(shape)))


@pytest.mark.torch
@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_gradients(name: str) -> None:
    names = name not in ("softmin", "softsign", "tanhshrink")
    # torch keeps the constant of its hardsigmoid in single precision.
    tolerance = 1e-7 if name == "hardsigmoid" else 1e-9
    assert_same(FUNCTIONS[name], [numbers(4, 6) * 3], names=names, tolerance=tolerance)
    assert_same(FUNCTIONS[name], [(numbers(4, 6) * 9).astype("float32")], tolerance=2e-5)


@pytest.mark.torch
@pytest.mark.parametrize("name", sorted({*FUNCTIONS} - UNDIFFERENTIABLE))
def test_second_derivatives(name: str) -> None:
    results = []
    for engine in (ours, torch_or_skip()):
        x = engine.tensor(numbers(4, 6) * 3, requires_grad=True)
        y = FUNCTIONS[name](engine, x)
        v = weights(engine, y.shape, 0).requires_grad_()
        (grad,) = engine.autograd.grad(y, x, v, create_graph=True)
        grad.backward(weights(engine, x.shape, 50))
        zeros = engine.zeros(1).double()
        results.append((grad, v.grad, zeros if x.grad is None else x.grad))
    for a, b in zip(*results, strict=True):
        a, b = a.detach().numpy(), b.detach().numpy()
        np.testing.assert_allclose(a + 0 * b, b + 0 * a, rtol=1e-8, atol=1e-9)


@pytest.mark.torch
def test_prelu_learns_its_weights_twice() -> None:
    results = []
    for engine in (ours, torch_or_skip()):
        x = engine.tensor(numbers(4, 3), requires_grad=True)
        w = engine.tensor(numbers(3, seed=1), requires_grad=True)
        y = engine.nn.functional.prelu(x, w)
        grads = engine.autograd.grad(y, (x, w), weights(engine, y.shape, 0), create_graph=True)
        grads[0].backward(weights(engine, x.shape, 7), retain_graph=True)
        grads[1].backward(weights(engine, w.shape, 9))
        results.append((*grads, x.grad, w.grad))
    for a, b in zip(*results, strict=True):
        close(a, b)


INPLACE: dict[str, Any] = {
    **{
        name: lambda e, x, name=name: getattr(e.nn.functional, name)(x, inplace=True)
        for name in (
            [
                "celu",
                "elu",
                "hardsigmoid",
                "hardswish",
                "hardtanh",
                "leaky_relu",
                "mish",
                "relu",
                "relu6",
                "selu",
                "silu",
            ]
        )
    },
    **{
        name: lambda e, x, name=name: getattr(e.nn.functional, name)(x)
        for name in ["celu_", "elu_", "hardtanh_", "leaky_relu_", "relu_", "selu_", "rrelu_"]
    },
    "threshold_": lambda e, x: e.nn.functional.threshold_(x, 0.5, 7.0),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", INPLACE)
def test_in_place(name: str) -> None:
    def run(engine: Any, x: Any) -> Any:
        inner = x * 1
        result = INPLACE[name](engine, inner)
        assert result is inner
        assert inner._version == 1
        return result

    # torch numbers the nodes of some functions in place apart: EluBackward1.
    assert_same(run, [numbers(4, 6) * 3], names=False, tolerance=1e-7)


LAYERS: dict[str, Any] = {
    **{
        name: lambda nn, name=name: getattr(nn, name)()
        for name in [
            "Hardshrink",
            "Hardsigmoid",
            "Hardswish",
            "Mish",
            "PReLU",
            "Softshrink",
            "GLU",
            "CELU",
            "Tanhshrink",
            "LogSigmoid",
        ]
    },
    "PReLU 3": lambda nn: nn.PReLU(6, init=0.1),
    "Softmin": lambda nn: nn.Softmin(1),
    "Threshold": lambda nn: nn.Threshold(0.5, 7.0),
    "RReLU": lambda nn: nn.RReLU().eval(),
    "Hardshrink 1": lambda nn: nn.Hardshrink(1.0),
    "GLU 0": lambda nn: nn.GLU(0),
    "RReLU inplace": lambda nn: nn.Sequential(nn.Linear(6, 2), nn.RReLU(0.2, 0.2, inplace=True)),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", LAYERS)
def test_layers(name: str) -> None:
    compare_modules(LAYERS[name], [numbers(4, 6) * 2], tolerance=1e-7)


@pytest.mark.torch
def test_softmax_over_channels() -> None:
    compare_modules(lambda nn: nn.Softmax2d(), [numbers(2, 3, 4, 4)])
    with pytest.raises(ValueError, match="expected input to be 3D or 4D, got 2D instead"):
        ours.nn.Softmax2d()(ours.zeros(2, 2))


def test_random_slopes_stay_in_their_interval() -> None:
    ours.manual_seed(0)
    x = -ours.ones(1000, requires_grad=True)
    y = ours.nn.RReLU(0.1, 0.3)(x)
    assert 0.1 <= float(-y.max()) < 0.11
    assert 0.29 < float(-y.min()) <= 0.3
    assert "inplace=True" in repr(ours.nn.RReLU(inplace=True))


def test_gumbel_softmax_draws_from_the_distribution() -> None:
    ours.manual_seed(0)
    logits = ours.log(ours.tensor([0.7, 0.2, 0.1])).repeat(4000, 1).requires_grad_()
    soft = ours.nn.functional.gumbel_softmax(logits, tau=0.5)
    assert np.allclose(soft.detach().numpy().sum(1), 1, atol=1e-5)
    hard = ours.nn.functional.gumbel_softmax(logits, hard=True)
    assert set(np.unique(hard.detach().numpy().round(5))) == {0.0, 1.0}
    assert np.allclose(hard.detach().numpy().mean(0), [0.7, 0.2, 0.1], atol=0.03)
    (hard * ours.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert float(logits.grad.abs().sum()) > 0


@pytest.mark.torch
@pytest.mark.parametrize(
    "mistake",
    [
        lambda e, f: f.glu(e.zeros(3)),
        lambda e, f: f.glu(e.tensor(1.0)),
        lambda e, f: f.glu(e.zeros(2, 2), 5),
        lambda e, f: f.softshrink(e.zeros(3), -1),
        lambda e, f: f.prelu(e.zeros(2, 3), e.zeros(2)),
        lambda e, f: f.gelu(e.zeros(2), approximate="foo"),
    ],
)
def test_mistakes(mistake: Any) -> None:
    texts = []
    for engine in (ours, torch_or_skip()):
        with pytest.raises((RuntimeError, IndexError)) as caught:
            mistake(engine, engine.nn.functional)
        texts.append((type(caught.value), str(caught.value)))
    assert texts[0] == texts[1]


def test_extreme_inputs_stay_finite() -> None:
    x = ours.tensor([-1e4, -50.0, 0.0, 50.0, 1e4], requires_grad=True)
    for name in ("gelu", "silu", "mish", "softplus", "logsigmoid", "sigmoid", "elu"):
        y = getattr(ours.nn.functional, name)(x)
        (grad,) = ours.autograd.grad(y, x, ours.ones(5))
        assert np.isfinite(y.detach().numpy()).all(), name
        assert np.isfinite(grad.numpy()).all(), name


def test_gelu_in_single_precision_is_as_exact_as_that_type() -> None:
    values = np.linspace(-12, 12, 70_001, dtype=np.float32)  # several blocks
    x = ours.tensor(values, requires_grad=True)
    y = ours.nn.functional.gelu(x)
    y.sum().backward()
    wide = values.astype(np.float64)
    below = np.array([math.erfc(-value / math.sqrt(2)) / 2 for value in wide])
    slope = below + wide * np.exp(-wide * wide / 2) / math.sqrt(2 * math.pi)
    assert np.abs(y.detach().numpy() - wide * below).max() < 7e-7  # half of what x = 12 rounds to
    assert np.abs(y.detach().numpy() - wide * below)[np.abs(wide) < 4].max() < 5e-7
    assert np.abs(x.grad.numpy() - slope).max() < 2.5e-7


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_gelu_far_out_is_zero_or_its_input(dtype: str) -> None:
    far = [300.0, 6e4, -300.0, -6e4]
    x = ours.tensor(far, dtype=getattr(ours, dtype), requires_grad=True)
    y = ours.nn.functional.gelu(x)
    assert y.tolist() == [*x.tolist()[:2], 0, 0]
    assert ours.nn.functional.gelu(ours.tensor(float("nan"))).isnan()
