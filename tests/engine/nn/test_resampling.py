"""Interpolation, grids, shuffles and blocks against PyTorch, and their second derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradstep_engine
from gradstep_engine.autograd.differences import gradgradcheck
from tests.engine.parity import assert_same, torch_or_skip

ours: Any = gradstep_engine

SEQUENCE, IMAGE, VOLUME = (2, 3, 5), (2, 3, 5, 4), (1, 2, 3, 4, 5)

INTERPOLATIONS = [
    (SEQUENCE, {"size": 8}),
    (IMAGE, {"scale_factor": 2}),
    (IMAGE, {"size": (3, 9)}),
    (IMAGE, {"scale_factor": (1.7, 0.6)}),
    (IMAGE, {"size": (7, 3), "mode": "nearest-exact"}),
    (VOLUME, {"size": (2, 8, 7)}),
    (SEQUENCE, {"size": 8, "mode": "linear"}),
    (SEQUENCE, {"scale_factor": 1.3, "mode": "linear"}),
    (SEQUENCE, {"size": 3, "mode": "linear", "align_corners": True}),
    (IMAGE, {"scale_factor": 2, "mode": "bilinear"}),
    (IMAGE, {"scale_factor": 2, "mode": "bilinear", "align_corners": True}),
    (IMAGE, {"size": (1, 7), "mode": "bilinear", "align_corners": True}),
    (IMAGE, {"scale_factor": 1.3, "mode": "bilinear", "recompute_scale_factor": True}),
    (IMAGE, {"size": (3, 2), "mode": "bilinear"}),
    (IMAGE, {"scale_factor": 2, "mode": "bicubic"}),
    (IMAGE, {"size": (3, 9), "mode": "bicubic", "align_corners": True}),
    (VOLUME, {"scale_factor": 1.5, "mode": "trilinear"}),
    (IMAGE, {"size": (3, 6), "mode": "area"}),
    (SEQUENCE, {"size": 3, "mode": "area"}),
]

OTHERS = [
    ("pixel_shuffle", (2, 8, 3, 2), (2,), {}),
    ("pixel_unshuffle", (2, 3, 6, 4), (2,), {}),
    ("channel_shuffle", (2, 6, 3, 2), (3,), {}),
    ("unfold", (2, 3, 5, 6), (2,), {}),
    ("unfold", (3, 5, 6), ((2, 3),), {"dilation": (1, 2), "padding": (1, 0), "stride": 2}),
    ("fold", (2, 12, 20), ((5, 6), 2), {}),
    ("fold", (2, 12, 9), ((6, 6), 2), {"stride": 2}),
    ("fold", (12, 12), ((5, 6), 2), {"stride": 2, "padding": 1}),
]


def numbers(shape: tuple[int, ...], seed: int = 2) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.torch
@pytest.mark.parametrize(("shape", "options"), INTERPOLATIONS)
def test_interpolation(shape, options):
    assert_same(
        lambda engine, x: engine.nn.functional.interpolate(x, **options),
        [numbers(shape)],
        tolerance=1e-6,
    )


@pytest.mark.torch
@pytest.mark.parametrize(("name", "shape", "arguments", "options"), OTHERS)
def test_rearranging(name, shape, arguments, options):
    assert_same(
        lambda engine, x: getattr(engine.nn.functional, name)(x, *arguments, **options),
        [numbers(shape)],
        names=False,
    )


@pytest.mark.torch
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("padding_mode", ["zeros", "border"])
@pytest.mark.parametrize("align_corners", [True, False])
def test_grid_sampling(mode, padding_mode, align_corners):
    def transform(engine, x, theta):
        F = engine.nn.functional
        grid = F.affine_grid(theta, (2, 3, 4, 6), align_corners)
        return F.grid_sample(x, grid, mode, padding_mode, align_corners)

    data = [numbers(IMAGE), numbers((2, 2, 3)) + np.eye(2, 3)]
    torch_or_skip()
    if mode == "nearest":
        data[1] = data[1].astype("float32")
        data[0] = data[0].astype("float32")
    assert_same(transform, data, names=False, tolerance=1e-5 if mode == "nearest" else 1e-9)


@pytest.mark.parametrize(
    "function",
    [
        lambda F, x: F.interpolate(x, scale_factor=2),
        lambda F, x: F.interpolate(x, size=(5, 2), mode="bilinear"),
        lambda F, x: F.interpolate(x, size=(3, 5), mode="bicubic"),
        lambda F, x: F.unfold(x, 2),
        lambda F, x: F.fold(F.unfold(x, 2), (4, 2), 2),
        lambda F, x: F.pixel_shuffle(x, 2),
        lambda F, x: F.pixel_unshuffle(x, 2),
    ],
)
def test_second_derivatives(function):
    x = ours.tensor(numbers((1, 4, 4, 2)), requires_grad=True)
    assert gradgradcheck(lambda x: function(ours.nn.functional, x) ** 2, (x,))


LAYERS = [
    "Upsample(scale_factor=2, mode='bilinear')",
    "Upsample(size=(3, 4))",
    "UpsamplingBilinear2d(3)",
    "UpsamplingNearest2d(scale_factor=2)",
    "PixelShuffle(2)",
    "PixelUnshuffle(2)",
    "ChannelShuffle(2)",
    "Unfold(2, stride=2)",
]


@pytest.mark.torch
@pytest.mark.parametrize("text", LAYERS)
def test_layers(text):
    torch = torch_or_skip()
    x = numbers((2, 4, 6, 4))
    mine, theirs = (eval(f"nn.{text}", {"nn": engine.nn}) for engine in (ours, torch))
    assert repr(mine) == repr(theirs)
    np.testing.assert_allclose(mine(ours.tensor(x)).numpy(), theirs(torch.tensor(x)).numpy())


X = (1, 4, 8, 8)

ERRORS = [
    lambda e, F: F.interpolate(e.ones(X)),
    lambda e, F: F.interpolate(e.ones(X), size=3, scale_factor=2),
    lambda e, F: F.interpolate(e.ones(X), size=(3, 3, 3)),
    lambda e, F: F.interpolate(e.ones(X), scale_factor=(2, 2, 2)),
    lambda e, F: F.interpolate(e.ones(X), size=4, mode="linear"),
    lambda e, F: F.interpolate(e.ones(X), size=4, mode="cubic"),
    lambda e, F: F.interpolate(e.ones(X), size=4, align_corners=True),
    lambda e, F: F.interpolate(e.ones(X), size=(0, 4)),
    lambda e, F: F.pixel_shuffle(e.ones(1, 3, 2, 2), 2),
    lambda e, F: F.pixel_unshuffle(e.ones(1, 3, 3, 2), 2),
    lambda e, F: F.pixel_shuffle(e.ones(3, 2), 2),
    lambda e, F: F.channel_shuffle(e.ones(1, 3, 2, 2), 2),
    lambda e, F: F.unfold(e.ones(1, 3, 2, 2), 3),
    lambda e, F: F.fold(e.ones(1, 5, 4), (3, 3), 2),
    lambda e, F: F.fold(e.ones(1, 4, 5), (3, 3), 2),
    lambda e, F: F.grid_sample(e.ones(X), e.ones(1, 3, 3, 3), align_corners=True),
    lambda e, F: F.grid_sample(e.ones(X), e.ones(2, 3, 3, 2), align_corners=True),
    lambda e, F: F.grid_sample(e.ones(X), e.ones(1, 3, 3, 2), "cubic", align_corners=True),
    lambda e, F: F.affine_grid(e.ones(1, 2, 2), (1, 1, 4, 4), True),
]


@pytest.mark.torch
@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_errors_are_those_of_torch(number):
    torch = torch_or_skip()
    call = ERRORS[number]
    with pytest.raises((RuntimeError, ValueError, NotImplementedError)) as theirs:
        call(torch, torch.nn.functional)
    with pytest.raises(theirs.type) as mine:
        call(ours, ours.nn.functional)
    assert str(mine.value) == str(theirs.value)
