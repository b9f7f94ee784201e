"""Convolutions against PyTorch over their options, and their second derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradstep_engine
from gradstep_engine.autograd.differences import gradgradcheck
from tests.engine.parity import assert_same, torch_or_skip

ours: Any = gradstep_engine

CONVOLUTIONS = [
    ("conv1d", (2, 3, 9), (4, 3, 3), {}),
    ("conv1d", (2, 4, 9), (6, 2, 2), {"stride": 2, "padding": 1, "groups": 2}),
    ("conv1d", (2, 3, 9), (4, 3, 4), {"padding": "same"}),
    ("conv1d", (3, 9), (4, 3, 3), {"dilation": 2}),
    ("conv1d", (2, 3, 9), (4, 3, 1), {}),
    ("conv2d", (2, 3, 7, 6), (4, 3, 3, 3), {}),
    ("conv2d", (3, 7, 6), (4, 3, 3, 2), {"padding": (1, 0)}),
    ("conv2d", (2, 3, 7, 6), (4, 3, 3, 2), {"stride": (2, 3), "padding": (2, 1)}),
    ("conv2d", (2, 3, 7, 6), (4, 3, 3, 2), {"dilation": (1, 2), "padding": 1}),
    ("conv2d", (2, 3, 7, 6), (4, 3, 1, 1), {"stride": 2}),
    ("conv2d", (2, 3, 4, 4), (4, 3, 1, 1), {"padding": 2}),
    ("conv2d", (2, 3, 4, 4), (2, 3, 2, 2), {"padding": 3}),
    ("conv2d", (2, 4, 5, 5), (4, 1, 3, 3), {"groups": 4, "padding": 1}),
    ("conv2d", (2, 4, 5, 5), (6, 2, 3, 3), {"groups": 2, "stride": 2}),
    ("conv2d", (2, 3, 5, 6), (2, 3, 2, 4), {"padding": "same", "dilation": (1, 2)}),
    ("conv2d", (2, 3, 5, 6), (2, 3, 3, 3), {"padding": "valid", "stride": 2}),
    ("conv2d", (70, 1, 5, 5), (2, 1, 3, 3), {"padding": 1}),
    ("conv3d", (2, 3, 5, 6, 4), (4, 3, 2, 3, 2), {}),
    ("conv3d", (2, 4, 5, 6, 5), (4, 2, 3, 2, 2), {"stride": 2, "padding": 1, "groups": 2}),
    ("conv3d", (3, 5, 6, 5), (2, 3, 2, 2, 2), {"dilation": (2, 1, 2), "padding": (1, 0, 1)}),
    ("conv3d", (2, 2, 3, 4, 3), (2, 2, 2, 3, 3), {"padding": "same"}),
]

TRANSPOSED = [
    ("conv_transpose1d", (2, 3, 5), (3, 4, 3), {}),
    ("conv_transpose1d", (3, 5), (3, 4, 3), {"stride": 3, "padding": 1, "output_padding": 2}),
    ("conv_transpose2d", (2, 3, 4, 5), (3, 2, 3, 3), {}),
    ("conv_transpose2d", (2, 3, 4, 5), (3, 2, 4, 4), {"stride": 2, "padding": 1}),
    ("conv_transpose2d", (3, 4, 5), (3, 2, 2, 3), {"stride": (2, 3), "output_padding": (1, 2)}),
    ("conv_transpose2d", (2, 4, 4, 5), (4, 3, 3, 3), {"groups": 2, "dilation": 2}),
    ("conv_transpose2d", (2, 3, 4, 5), (3, 2, 3, 3), {"dilation": 2, "output_padding": 1}),
    ("conv_transpose2d", (2, 3, 4, 5), (3, 2, 1, 1), {"stride": 2}),
    ("conv_transpose3d", (2, 3, 3, 2, 4), (3, 2, 2, 3, 2), {"stride": 2, "padding": 1}),
    ("conv_transpose3d", (2, 4, 3, 2, 2), (4, 1, 2, 2, 2), {"groups": 4, "dilation": 2}),
]


def numbers(*shapes: tuple[int, ...]) -> list[Any]:
    stream = np.random.default_rng(len(shapes))
    return [stream.standard_normal(shape) for shape in shapes]


def out_channels(name: str, weight: tuple[int, ...], options: dict[str, Any]) -> int:
    return weight[1] * options.get("groups", 1) if "transpose" in name else weight[0]


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize(("name", "shape", "weight", "options"), CONVOLUTIONS + TRANSPOSED)
@pytest.mark.parametrize("biased", [True, False])
def test_values_and_gradients(name, shape, weight, options, biased):
    data = numbers(shape, weight, (out_channels(name, weight, options),))
    unbatched = len(shape) == len(weight) - 1
    extended = options.get("output_padding") == 1 and "dilation" in options
    assert_same(
        lambda engine, *tensors: getattr(engine.nn.functional, name)(*tensors, **options),
        data if biased else data[:2],
        names=not unbatched and not extended,
    )


SMALL = [
    ("conv1d", (1, 2, 5), (2, 2, 2), {"stride": 2, "padding": 1}),
    ("conv2d", (1, 2, 4, 3), (2, 1, 2, 2), {"groups": 2, "stride": (2, 1)}),
    ("conv2d", (2, 1, 3, 3), (2, 1, 2, 2), {"padding": 1}),
    ("conv3d", (1, 1, 3, 2, 3), (2, 1, 2, 2, 2), {}),
    ("conv_transpose2d", (1, 2, 2, 2), (2, 1, 2, 2), {"stride": 2}),
    ("conv_transpose2d", (1, 2, 2, 2), (2, 1, 2, 2), {"groups": 2, "padding": 1}),
]


@pytest.mark.parametrize(("name", "shape", "weight", "options"), SMALL)
def test_second_derivatives(name, shape, weight, options):
    data = numbers(shape, weight, (out_channels(name, weight, options),))
    tensors = [ours.tensor(each, requires_grad=True) for each in data]
    function = getattr(ours.nn.functional, name)
    assert gradgradcheck(lambda *each: function(*each, **options), tensors)


LAYERS = [
    ("Conv1d", (2, 4, 7), (4, 6, 3), {"padding": 2, "padding_mode": "circular"}),
    ("Conv2d", (2, 4, 7, 5), (4, 6, (3, 2)), {"padding": 1, "padding_mode": "reflect"}),
    ("Conv2d", (4, 7, 5), (4, 6, (3, 2)), {"padding": "same", "padding_mode": "replicate"}),
    ("Conv2d", (2, 4, 7, 5), (4, 6, 3), {"groups": 2, "stride": 2, "bias": False}),
    ("Conv3d", (1, 4, 3, 4, 5), (4, 2, 2), {"padding": (1, 0, 2), "padding_mode": "circular"}),
    ("ConvTranspose1d", (2, 4, 7), (4, 6, 3), {"stride": 2, "output_padding": 1, "groups": 2}),
    ("ConvTranspose2d", (2, 4, 3, 3), (4, 3, 4), {"stride": 2, "padding": 1}),
    ("ConvTranspose3d", (2, 4, 3, 3, 2), (4, 3, 2), {"stride": 2, "dilation": 2}),
]


@pytest.mark.torch
@pytest.mark.parametrize(("name", "shape", "arguments", "options"), LAYERS)
def test_layers_with_the_same_weights(name, shape, arguments, options):
    torch = torch_or_skip()
    mine = getattr(ours.nn, name)(*arguments, **options).double()
    theirs = getattr(torch.nn, name)(*arguments, **options).double()
    assert repr(mine) == repr(theirs)
    mine.load_state_dict({k: ours.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    (x,) = numbers(shape)
    got, expected = mine(ours.tensor(x)), theirs(torch.tensor(x))
    np.testing.assert_allclose(got.detach().numpy(), expected.detach().numpy(), atol=1e-12)


@pytest.mark.torch
def test_initial_weights_have_the_bound_of_torch():
    ours.manual_seed(0)
    layer = ours.nn.ConvTranspose2d(4, 16, 3)
    bound = 1 / np.sqrt(16 * 9)
    for parameter in layer.parameters():
        largest = parameter.abs().max().item()
        assert 0.8 * bound < largest <= bound


@pytest.mark.torch
@pytest.mark.parametrize("size", [(9, 10), (1, 5, 10, 9)])
def test_output_size_chooses_the_output_padding(size):
    torch = torch_or_skip()
    shapes = [
        tuple(engine.nn.ConvTranspose2d(4, 5, 3, 2)(engine.ones(1, 4, 4, 4), size).shape)
        for engine in (ours, torch)
    ]
    assert shapes[0] == shapes[1]


X, W = (1, 4, 8, 8), (6, 4, 3, 3)

ERRORS = [
    lambda e, F: F.conv2d(e.ones(1, 3, 8, 8), e.ones(W)),
    lambda e, F: F.conv2d(e.ones(X), e.ones(W), e.ones(5)),
    lambda e, F: F.conv2d(e.ones(X), e.ones(W), stride=(1, 2, 3)),
    lambda e, F: F.conv2d(e.ones(X), e.ones(W), padding=-1),
    lambda e, F: F.conv2d(e.ones(X), e.ones(W), stride=0),
    lambda e, F: F.conv2d(e.ones(X), e.ones(W), dilation=0),
    lambda e, F: F.conv2d(e.ones(8, 8), e.ones(W)),
    lambda e, F: F.conv2d(e.ones(X), e.ones(6, 1, 3, 3), groups=4),
    lambda e, F: F.conv2d(e.ones(X), e.ones(W), groups=0),
    lambda e, F: F.conv2d(e.ones(X), e.ones(W), padding="all"),
    lambda e, F: F.conv2d(e.ones(X), e.ones(W), padding="same", stride=2),
    lambda e, F: F.conv2d(e.ones(X), e.ones(W).double()),
    lambda e, F: F.conv1d(e.ones(1, 4, 2), e.ones(6, 4, 3)),
    lambda e, F: F.conv3d(e.ones(1, 4, 2, 2, 2), e.ones(6, 4, 3, 3, 3)),
    lambda e, F: F.conv_transpose2d(e.ones(X), e.ones(5, 4, 3, 3)),
    lambda e, F: F.conv_transpose2d(e.ones(X), e.ones(4, 5, 3, 3), e.ones(4)),
    lambda e, F: F.conv_transpose2d(e.ones(X), e.ones(4, 5, 3, 3), output_padding=1),
    lambda e, F: F.conv_transpose2d(e.ones(X), e.ones(4, 5, 3, 3), output_padding=-1),
    lambda e, F: F.conv_transpose2d(e.ones(X), e.ones(4, 5, 3, 3), padding=5),
    lambda e, F: e.nn.ConvTranspose2d(4, 5, 3, 2)(e.ones(X), output_size=(17, 19)),
    lambda e, F: e.nn.ConvTranspose2d(4, 5, 3, 2)(e.ones(X), output_size=(1, 18, 18)),
    lambda e, F: e.nn.ConvTranspose2d(4, 5, 3, padding_mode="reflect"),
    lambda e, F: e.nn.Conv2d(4, 5, 3, padding="same", stride=2),
    lambda e, F: e.nn.Conv2d(4, 5, 3, groups=3),
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


def test_memory_is_not_used_again_while_a_result_is_held():
    convolution = ours.nn.Conv2d(4, 8, 3)
    x = ours.randn(16, 4, 16, 16)
    first = convolution(x)
    part = first[0]
    copy = first.detach().numpy().copy()
    del first
    for _ in range(3):
        convolution(x + 1)
    np.testing.assert_array_equal(part.detach().numpy(), copy[0])
