"""Pooling against PyTorch over its options, and its second derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradstep_engine
from gradstep_engine.autograd.differences import gradgradcheck
from tests.engine.parity import assert_same, torch_or_skip

ours: Any = gradstep_engine

SEQUENCE, IMAGE, VOLUME = (2, 3, 11), (2, 3, 7, 8), (2, 2, 5, 6, 7)

CASES = [
    ("max_pool1d", SEQUENCE, (3,), {}),
    ("max_pool1d", (3, 11), (2, 2, 1), {"dilation": 2}),
    ("max_pool2d", IMAGE, (2,), {}),
    ("max_pool2d", IMAGE, (2, 2), {"ceil_mode": True}),
    ("max_pool2d", IMAGE, (3, 2), {"padding": 1}),
    ("max_pool2d", IMAGE, (3, 2), {"padding": 1, "ceil_mode": True}),
    ("max_pool2d", IMAGE, ((3, 2), (1, 2)), {"padding": (1, 0), "dilation": (2, 1)}),
    ("max_pool2d", (3, 7, 8), ((2, 3), (3, 2)), {"ceil_mode": True}),
    ("max_pool2d", IMAGE, (1,), {"stride": 2}),
    ("max_pool3d", VOLUME, (2,), {}),
    ("max_pool3d", VOLUME, ((2, 3, 2), (1, 2, 2)), {"padding": 1, "ceil_mode": True}),
    ("avg_pool1d", SEQUENCE, (3, 2), {"padding": 1, "ceil_mode": True}),
    ("avg_pool2d", IMAGE, (2,), {}),
    ("avg_pool2d", IMAGE, (3, 2), {"padding": 1}),
    ("avg_pool2d", IMAGE, (3, 2), {"padding": 1, "count_include_pad": False}),
    ("avg_pool2d", IMAGE, (3, 2), {"padding": 1, "ceil_mode": True}),
    ("avg_pool2d", (3, 7, 8), ((3, 2), (2, 3)), {"divisor_override": 5, "ceil_mode": True}),
    ("avg_pool3d", VOLUME, (2, (1, 2, 2)), {"padding": 1, "count_include_pad": False}),
    ("adaptive_avg_pool1d", SEQUENCE, (4,), {}),
    ("adaptive_avg_pool2d", IMAGE, ((3, 4),), {}),
    ("adaptive_avg_pool2d", IMAGE, (1,), {}),
    ("adaptive_avg_pool2d", (3, 7, 8), ((None, 3),), {}),
    ("adaptive_avg_pool2d", (2, 3, 2, 2), (5,), {}),
    ("adaptive_avg_pool3d", VOLUME, ((2, 3, 1),), {}),
    ("adaptive_max_pool1d", SEQUENCE, (4,), {}),
    ("adaptive_max_pool2d", IMAGE, ((3, 4),), {}),
    ("adaptive_max_pool2d", IMAGE, ((7, None),), {}),
    ("adaptive_max_pool3d", VOLUME, ((2, 4, 1),), {}),
    ("lp_pool1d", SEQUENCE, (2, 3), {"ceil_mode": True}),
    ("lp_pool2d", IMAGE, (3.0, (2, 3)), {"stride": 2}),
    ("lp_pool3d", VOLUME, (2, 2), {}),
]


def numbers(shape: tuple[int, ...]) -> Any:
    return np.random.default_rng(3).permutation(np.prod(shape)).reshape(shape) / 7 + 0.1


@pytest.mark.torch
@pytest.mark.parametrize(("name", "shape", "arguments", "options"), CASES)
def test_values_and_gradients(name, shape, arguments, options):
    assert_same(
        lambda engine, x: getattr(engine.nn.functional, name)(x, *arguments, **options),
        [numbers(shape)],
        names=not name.startswith("lp"),
    )


WITH_INDICES = [case for case in CASES if "max" in case[0]]


@pytest.mark.torch
@pytest.mark.parametrize(("name", "shape", "arguments", "options"), WITH_INDICES)
def test_indices(name, shape, arguments, options):
    torch = torch_or_skip()
    found = [
        getattr(engine.nn.functional, name)(
            engine.tensor(numbers(shape)), *arguments, return_indices=True, **options
        )
        for engine in (ours, torch)
    ]
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())


@pytest.mark.torch
@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (3, 2), (3, 1)])
def test_the_first_of_equal_elements_gets_the_gradient(kernel, stride):
    flat = np.random.default_rng(0).integers(0, 3, (2, 3, 9, 9)).astype("float64")
    assert_same(
        lambda engine, x: engine.nn.functional.max_pool2d(x, kernel, stride), [flat], names=False
    )


@pytest.mark.parametrize("kernel", [2, 3])
def test_an_infinite_gradient_stays_where_it_belongs(kernel):
    x = ours.tensor(numbers((1, 1, 6, 6)), requires_grad=True)
    result = ours.nn.functional.max_pool2d(x, kernel)
    seed = np.full(tuple(result.shape), np.inf)
    result.backward(ours.tensor(seed))
    grad = x.grad.numpy()
    assert np.isinf(grad).sum() == seed.size
    assert (grad == 0).sum() == grad.size - seed.size


@pytest.mark.torch
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("sized", [False, True])
def test_unpooling(axes, sized):
    size = (2, 3, *((7, 6, 5) if sized else (8, 6, 4))[:axes])

    def there_and_back(engine, x):
        pool = getattr(engine.nn, f"MaxPool{axes}d")(2, return_indices=True)
        unpool = getattr(engine.nn, f"MaxUnpool{axes}d")(2)
        return unpool(*pool(x), output_size=x.size() if sized else None)

    assert_same(there_and_back, [numbers(size)], names=False)


@pytest.mark.parametrize(
    "function",
    [
        lambda F, x: F.max_pool2d(x, 2, 1) ** 2,
        lambda F, x: F.max_pool2d(x, 2, padding=1) ** 2,
        lambda F, x: F.avg_pool2d(x, 2, 1, 1) ** 2,
        lambda F, x: F.adaptive_avg_pool2d(x, 2) ** 2,
        lambda F, x: F.adaptive_max_pool2d(x, 2) ** 2,
        lambda F, x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2) ** 2,
        lambda F, x: F.lp_pool2d(x, 2, 2),
    ],
)
def test_second_derivatives(function):
    x = ours.tensor(numbers((1, 2, 4, 4)), requires_grad=True)
    assert gradgradcheck(lambda x: function(ours.nn.functional, x), (x,), atol=1e-4)


LAYERS = [
    "MaxPool1d(3)",
    "MaxPool2d(3, 2, 1, ceil_mode=True)",
    "MaxPool3d((2, 3, 1))",
    "AvgPool1d(2, 1)",
    "AvgPool2d((2, 1), divisor_override=3)",
    "AvgPool3d(2)",
    "LPPool1d(2, 3)",
    "LPPool2d(2, 3, stride=1)",
    "AdaptiveAvgPool1d(3)",
    "AdaptiveAvgPool2d((2, None))",
    "AdaptiveAvgPool3d(2)",
    "AdaptiveMaxPool1d(3)",
    "AdaptiveMaxPool2d(2)",
    "AdaptiveMaxPool3d((1, 2, 3))",
]


@pytest.mark.torch
@pytest.mark.parametrize("text", LAYERS)
def test_layers(text):
    torch = torch_or_skip()
    shape = {"1": SEQUENCE, "2": IMAGE, "3": VOLUME}[text.split("(")[0][-2]]
    x = numbers(shape)
    mine, theirs = (eval(f"nn.{text}", {"nn": engine.nn}) for engine in (ours, torch))
    assert repr(mine) == repr(theirs)
    np.testing.assert_allclose(mine(ours.tensor(x)).numpy(), theirs(torch.tensor(x)).numpy())


X = (1, 4, 8, 8)

ERRORS = [
    lambda e, F: F.max_pool2d(e.ones(X), 3, padding=2),
    lambda e, F: F.max_pool2d(e.ones(X), 9),
    lambda e, F: F.max_pool2d(e.ones(X), (1, 2, 3)),
    lambda e, F: F.max_pool2d(e.ones(X), 3, stride=0),
    lambda e, F: F.max_pool2d(e.ones(8, 8), 3),
    lambda e, F: F.max_pool1d(e.ones(4, 8), 9),
    lambda e, F: F.max_pool1d(e.ones(4, 8), 3, padding=2),
    lambda e, F: F.max_pool1d(e.ones(8), 3),
    lambda e, F: F.max_pool3d(e.ones(8, 4, 4), 3),
    lambda e, F: F.avg_pool2d(e.ones(X), 3, padding=2),
    lambda e, F: F.avg_pool2d(e.ones(X), 9),
    lambda e, F: F.avg_pool2d(e.ones(X), 3, divisor_override=0),
    lambda e, F: F.avg_pool1d(e.ones(4, 8), 9),
    lambda e, F: F.avg_pool1d(e.ones(8), 3),
    lambda e, F: F.adaptive_avg_pool2d(e.ones(8, 3), 3),
    lambda e, F: F.adaptive_max_pool2d(e.ones(8, 3), 3),
    lambda e, F: F.adaptive_avg_pool1d(e.ones(8), 3),
    lambda e, F: F.max_unpool2d(e.ones(1, 1, 2, 2), e.tensor([[[[0, 1], [2, 99]]]]), 2),
    lambda e, F: F.max_unpool2d(
        e.ones(1, 1, 2, 2), e.tensor([[[[0, 1], [2, 3]]]]), 2, output_size=(9, 9)
    ),
]


@pytest.mark.torch
@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_errors_are_those_of_torch(number):
    torch = torch_or_skip()
    call = ERRORS[number]
    with pytest.raises((RuntimeError, ValueError)) as theirs:
        call(torch, torch.nn.functional)
    with pytest.raises(theirs.type) as mine:
        call(ours, ours.nn.functional)
    assert str(mine.value) == str(theirs.value)
