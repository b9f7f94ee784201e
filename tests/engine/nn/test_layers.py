"""Each layer against PyTorch: representation, state names, output and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine.nn.pairing import compare_modules, numbers, ours, run_both

pytestmark = pytest.mark.torch

LAYERS: dict[str, tuple[Any, list[Any]]] = {
    "linear": (lambda nn: nn.Linear(3, 4), [numbers(5, 3)]),
    "linear without bias": (lambda nn: nn.Linear(3, 4, bias=False), [numbers(5, 3)]),
    "linear of a vector": (lambda nn: nn.Linear(3, 4), [numbers(3)]),
    "linear of 3 dimensions": (lambda nn: nn.Linear(3, 4), [numbers(2, 5, 3)]),
    "linear of no rows": (lambda nn: nn.Linear(3, 4), [numbers(0, 3)]),
    "bilinear": (lambda nn: nn.Bilinear(3, 4, 2), [numbers(5, 3), numbers(5, 4, seed=1)]),
    "identity": (lambda nn: nn.Identity(), [numbers(5, 3)]),
    "relu": (lambda nn: nn.ReLU(), [numbers(5, 3)]),
    "relu6": (lambda nn: nn.ReLU6(), [numbers(5, 3) * 5]),
    "tanh": (lambda nn: nn.Tanh(), [numbers(5, 3)]),
    "sigmoid": (lambda nn: nn.Sigmoid(), [numbers(5, 3) * 9]),
    "softmax": (lambda nn: nn.Softmax(dim=1), [numbers(5, 3) * 9]),
    "softmax of dim 0": (lambda nn: nn.Softmax(dim=0), [numbers(5, 3)]),
    "log softmax": (lambda nn: nn.LogSoftmax(dim=-1), [numbers(5, 3) * 99]),
    "leaky relu": (lambda nn: nn.LeakyReLU(0.2), [numbers(5, 3)]),
    "elu": (lambda nn: nn.ELU(1.5), [numbers(5, 3)]),
    "celu": (lambda nn: nn.CELU(1.5), [numbers(5, 3)]),
    "selu": (lambda nn: nn.SELU(), [numbers(5, 3)]),
    "silu": (lambda nn: nn.SiLU(), [numbers(5, 3)]),
    "gelu": (lambda nn: nn.GELU(), [numbers(50, 3) * 3]),
    "gelu by tanh": (lambda nn: nn.GELU("tanh"), [numbers(5, 3)]),
    "softplus": (lambda nn: nn.Softplus(2.0, 3.0), [numbers(5, 3) * 3]),
    "softsign": (lambda nn: nn.Softsign(), [numbers(5, 3)]),
    "tanhshrink": (lambda nn: nn.Tanhshrink(), [numbers(5, 3)]),
    "log sigmoid": (lambda nn: nn.LogSigmoid(), [numbers(5, 3) * 9]),
    "hardtanh": (lambda nn: nn.Hardtanh(-0.5, 0.7), [numbers(5, 3)]),
    "flatten": (lambda nn: nn.Flatten(), [numbers(5, 3, 2)]),
    "flatten all": (lambda nn: nn.Flatten(0, 1), [numbers(5, 1)]),
    "unflatten": (lambda nn: nn.Unflatten(1, (2, 3)), [numbers(5, 6)]),
    "dropout of nothing": (lambda nn: nn.Dropout(0.0), [numbers(5, 3)]),
    "dropout of all": (lambda nn: nn.Dropout(1.0), [numbers(5, 3)]),
    "dropout in eval": (lambda nn: nn.Dropout(0.5).eval(), [numbers(5, 3)]),
    "batch norm 1d": (lambda nn: nn.BatchNorm1d(3), [numbers(5, 3)]),
    "batch norm 1d, 3 dimensions": (lambda nn: nn.BatchNorm1d(3), [numbers(5, 3, 4)]),
    "batch norm 2d": (lambda nn: nn.BatchNorm2d(3, momentum=0.3), [numbers(5, 3, 4, 2)]),
    "batch norm averaged": (lambda nn: nn.BatchNorm2d(3, momentum=None), [numbers(5, 3, 4, 2)]),
    "batch norm in eval": (lambda nn: nn.BatchNorm1d(3).eval(), [numbers(5, 3)]),
    "batch norm plain": (lambda nn: nn.BatchNorm1d(3, affine=False), [numbers(5, 3)]),
    "batch norm untracked": (
        lambda nn: nn.BatchNorm1d(3, track_running_stats=False).eval(),
        [numbers(5, 3)],
    ),
    "layer norm": (lambda nn: nn.LayerNorm(3), [numbers(5, 4, 3)]),
    "layer norm of 2": (lambda nn: nn.LayerNorm((4, 3)), [numbers(5, 4, 3)]),
    "layer norm plain": (
        lambda nn: nn.LayerNorm(3, elementwise_affine=False),
        [numbers(5, 3)],
    ),
    "embedding": (lambda nn: nn.Embedding(7, 3), [np.array([[1, 2, 2], [6, 0, 1]])]),
    "embedding with padding": (
        lambda nn: nn.Embedding(7, 3, padding_idx=2),
        [np.array([[1, 2, 2], [6, 0, 1]])],
    ),
    "conv1d": (lambda nn: nn.Conv1d(2, 4, 3, padding=1, stride=2), [numbers(3, 2, 9)]),
    "conv2d": (lambda nn: nn.Conv2d(2, 4, 3), [numbers(3, 2, 7, 6)]),
    "conv2d same": (lambda nn: nn.Conv2d(2, 4, 3, padding="same"), [numbers(3, 2, 7, 6)]),
    "conv2d unbatched": (lambda nn: nn.Conv2d(2, 4, 3, bias=False), [numbers(2, 7, 6)]),
    "adaptive pool": (lambda nn: nn.AdaptiveAvgPool2d((3, 2)), [numbers(2, 3, 7, 5)]),
    "mlp": (
        lambda nn: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)),
        [numbers(5, 3)],
    ),
    "convnet": (
        lambda nn: nn.Sequential(
            nn.Conv2d(1, 3, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(27, 2),
        ),
        [numbers(4, 1, 6, 6)],
    ),
    "inplace": (
        lambda nn: nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Linear(4, 2)),
        [numbers(5, 3)],
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layer_equals_torch(name: str) -> None:
    make, arrays = LAYERS[name]
    compare_modules(make, arrays)


@pytest.mark.parametrize("stride", [1, 2, (2, 3)])
@pytest.mark.parametrize("padding", [0, 1, (2, 1)])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("groups", [1, 2])
def test_conv2d_equals_torch(stride: Any, padding: Any, dilation: int, groups: int) -> None:
    compare_modules(
        lambda nn: nn.Conv2d(4, 6, (3, 2), stride, padding, dilation, groups),
        [numbers(2, 4, 8, 9)],
    )


def test_depthwise_convolution_equals_torch() -> None:
    compare_modules(lambda nn: nn.Conv2d(4, 8, 3, groups=4), [numbers(2, 4, 6, 5)])


@pytest.mark.parametrize("kernel", [2, 3, (3, 2)])
@pytest.mark.parametrize("stride", [None, 1, (2, 3)])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("kind", ["MaxPool2d", "AvgPool2d"])
def test_pooling_equals_torch(
    kernel: Any, stride: Any, padding: int, ceil_mode: bool, kind: str
) -> None:
    compare_modules(
        lambda nn: getattr(nn, kind)(kernel, stride, padding, ceil_mode=ceil_mode),
        [numbers(2, 3, 7, 8)],
    )


def test_max_pool_sends_the_gradient_to_the_first_of_equal_elements() -> None:
    array = np.round(numbers(2, 2, 6, 6))
    run_both(lambda e, xs: e.nn.functional.max_pool2d(xs[0], 3, 1), [array])
    run_both(lambda e, xs: e.nn.functional.max_pool2d(xs[0], 2), [array])


def test_max_pool_dilated() -> None:
    compare_modules(lambda nn: nn.MaxPool2d(2, 1, dilation=2), [numbers(2, 3, 7, 8)])


def test_max_pool_returns_torchs_indices() -> None:
    run_both(
        lambda e, xs: (
            e.nn.functional.max_pool2d(xs[0], 3, 2, padding=1, return_indices=True)[1].double()
            + xs[0].sum() * 0
        ),
        [numbers(2, 3, 7, 8)],
    )


@pytest.mark.parametrize("options", [{"count_include_pad": False}, {"divisor_override": 3}])
def test_avg_pool_counts_as_torch(options: dict[str, Any]) -> None:
    run_both(
        lambda e, xs: e.nn.functional.avg_pool2d(xs[0], 3, 2, padding=1, ceil_mode=True, **options),
        [numbers(2, 3, 8, 8)],
    )


def test_dropout_keeps_the_expectation_and_scales_the_gradient() -> None:
    ours.manual_seed(1)
    x = ours.ones(200, 200, requires_grad=True)
    y = ours.nn.Dropout(0.25)(x)
    kept = y.detach().numpy() != 0
    assert abs(kept.mean() - 0.75) < 0.01
    assert np.allclose(y.detach().numpy()[kept], 1 / 0.75)
    y.sum().backward()
    assert np.array_equal(x.grad.numpy(), y.detach().numpy())


def test_default_initial_values_are_spread_as_torchs() -> None:
    ours.manual_seed(0)
    for layer, fan_in in ((ours.nn.Linear(100, 300), 100), (ours.nn.Conv2d(8, 64, 5), 200)):
        for parameter in layer.parameters():
            values = parameter.detach().numpy()
            bound = fan_in**-0.5
            assert np.abs(values).max() <= bound
            assert np.abs(values).max() > 0.9 * bound
            assert abs(values.std() / (bound / 3**0.5) - 1) < 0.15
