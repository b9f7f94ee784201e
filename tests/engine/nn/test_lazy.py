"""Layers that learn the size of their first input, against PyTorch."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.nn.pairing import numbers, ours, run_both, torch_or_skip
from tests.engine.ops.comparing import assert_same_error

LAYERS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "linear": (lambda nn: nn.LazyLinear(3), numbers(4, 5, dtype="float32")),
    "linear without bias": (lambda nn: nn.LazyLinear(3, False), numbers(4, 5, dtype="float32")),
    "conv1d": (lambda nn: nn.LazyConv1d(4, 2), numbers(3, 5, 7, dtype="float32")),
    "conv2d": (
        lambda nn: nn.LazyConv2d(4, 3, padding=1, groups=2, padding_mode="reflect"),
        numbers(2, 6, 5, 5, dtype="float32"),
    ),
    "conv2d of one image": (lambda nn: nn.LazyConv2d(4, 3), numbers(6, 5, 5, dtype="float32")),
    "conv3d": (lambda nn: nn.LazyConv3d(2, 2), numbers(2, 3, 4, 4, 4, dtype="float32")),
    "transposed 1d": (
        lambda nn: nn.LazyConvTranspose1d(4, 2, 2, bias=False),
        numbers(3, 5, 7, dtype="float32"),
    ),
    "transposed 2d": (
        lambda nn: nn.LazyConvTranspose2d(4, 3, 2, 1, 1, 2),
        numbers(2, 6, 4, 4, dtype="float32"),
    ),
    "transposed 3d": (
        lambda nn: nn.LazyConvTranspose3d(2, 2),
        numbers(2, 3, 4, 4, 4, dtype="float32"),
    ),
    "batch norm 1d": (lambda nn: nn.LazyBatchNorm1d(), numbers(4, 5, dtype="float32")),
    "batch norm 2d": (lambda nn: nn.LazyBatchNorm2d(), numbers(4, 3, 2, 2, dtype="float32")),
    "batch norm 3d": (
        lambda nn: nn.LazyBatchNorm3d(1e-3, affine=False),
        numbers(4, 3, 2, 2, 2, dtype="float32"),
    ),
    "instance norm 1d": (lambda nn: nn.LazyInstanceNorm1d(), numbers(4, 3, 6, dtype="float32")),
    "instance norm 2d": (
        lambda nn: nn.LazyInstanceNorm2d(track_running_stats=False),
        numbers(4, 3, 6, 2, dtype="float32"),
    ),
    "instance norm 3d": (
        lambda nn: nn.LazyInstanceNorm3d(bias=False),
        numbers(4, 3, 6, 2, 2, dtype="float32"),
    ),
    "network": (
        lambda nn: nn.Sequential(nn.LazyConv2d(3, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2)),
        numbers(4, 1, 6, 6, dtype="float32"),
    ),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", LAYERS)
def test_lazy_layer_equals_torchs(name: str) -> None:
    torch = torch_or_skip()
    make, array = LAYERS[name]
    modules = {}
    for engine in (ours, torch):
        engine.manual_seed(1)
        modules[id(engine)] = make(engine.nn)
    mine, theirs = modules[id(ours)], modules[id(torch)]
    assert repr(mine) == repr(theirs)
    assert repr(dict(mine.state_dict())) == repr(dict(theirs.state_dict()))
    run_both(lambda engine, xs: modules[id(engine)](*xs), [array], 2e-5)
    assert repr(mine) == repr(theirs)
    assert type(mine).__name__ == type(theirs).__name__
    assert list(mine.state_dict()) == list(theirs.state_dict())
    for (name, a), (_, b) in zip(mine.named_parameters(), theirs.named_parameters(), strict=True):
        assert a.detach().numpy() == pytest.approx(b.detach().numpy(), abs=1e-6), name
        assert a.grad.numpy() == pytest.approx(b.grad.numpy(), abs=2e-5), name
    run_both(lambda engine, xs: modules[id(engine)](*xs), [array], 2e-5)  # an ordinary call


WRONG: dict[str, Callable[[Any], Any]] = {
    "shape": lambda e: e.nn.LazyLinear(3).weight.shape,
    "dimensions": lambda e: e.nn.LazyConv2d(3, 2)(e.ones(3, 2)),
    "transposed dimensions": lambda e: e.nn.LazyConvTranspose1d(3, 2)(e.ones(3)),
    "groups": lambda e: e.nn.LazyConv2d(4, 2, groups=2)(e.ones(1, 3, 4, 4)),
    "loaded into an ordinary layer": lambda e: e.nn.Linear(2, 2).load_state_dict(
        e.nn.LazyLinear(2).state_dict()
    ),
    "norm of too many dimensions": lambda e: e.nn.LazyBatchNorm1d()(e.ones(2, 3, 4, 4)),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_torchs(name: str) -> None:
    assert_same_error(WRONG[name])


@pytest.mark.parametrize(
    "use", [lambda w: w.sum(), lambda w: w + 1, lambda w: w.numel(), lambda w: 2 * w]
)
def test_using_an_uninitialized_parameter_says_so(use: Callable[[Any], Any]) -> None:
    with pytest.raises(ValueError, match=r"^Attempted to use an uninitialized parameter"):
        use(ours.nn.LazyLinear(3).weight)


def test_parameters_stay_the_same_objects() -> None:
    layer = ours.nn.LazyLinear(3)
    optimizer = ours.optim.SGD(layer.parameters(), lr=0.5)
    weight = layer.weight
    layer(ours.ones(2, 4)).sum().backward()
    before = weight.detach().clone()
    optimizer.step()
    assert layer.weight is weight
    assert type(weight) is ours.nn.Parameter
    assert (before - weight).detach().numpy() == pytest.approx(1.0)
    assert "_hooked" not in vars(layer)


def test_loading_gives_the_shapes() -> None:
    layer, full = ours.nn.LazyLinear(3), ours.nn.Linear(4, 3)
    layer.load_state_dict(full.state_dict())
    assert tuple(layer.weight.shape) == (3, 4)
    x = ours.ones(1, 4)
    assert layer(x).tolist() == full(x).tolist()
    assert repr(layer) == repr(full)


def test_a_copy_and_a_conversion_wait_too() -> None:
    layer = ours.nn.LazyLinear(3).double()
    other = copy.deepcopy(layer)
    assert other(ours.ones(2, 5).double()).dtype is ours.float64
    assert repr(layer.weight) == "<UninitializedParameter>"
    assert layer.weight.dtype is ours.float64


@pytest.mark.torch
def test_sync_batch_norm_is_batch_norm_of_one_process() -> None:
    from tests.engine.nn.pairing import compare_modules

    compare_modules(
        lambda nn: nn.SyncBatchNorm.convert_sync_batchnorm(
            nn.Sequential(nn.Conv2d(1, 2, 2), nn.BatchNorm2d(2, momentum=0.3))
        ).eval(),
        [numbers(3, 1, 4, 4)],
    )
