"""Normalisation against PyTorch: values, gradients, state, errors; second derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine.nn.pairing import (
    check_twice,
    close,
    compare_modules,
    numbers,
    ours,
    run_both,
    torch_or_skip,
)

LAYERS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "batch norm 3d": (lambda nn: nn.BatchNorm3d(3), (2, 3, 2, 4, 3)),
    "batch norm without bias": (lambda nn: nn.BatchNorm2d(3, bias=False), (2, 3, 4, 3)),
    "batch norm of wide rows": (lambda nn: nn.BatchNorm1d(3, eps=1e-3), (4, 3, 7)),
    "batch norm in eval 3d": (lambda nn: nn.BatchNorm3d(3).eval(), (2, 3, 2, 4, 3)),
    "batch norm untracked plain": (
        lambda nn: nn.BatchNorm1d(3, affine=False, track_running_stats=False).eval(),
        (5, 3),
    ),
    "batch norm averaged 1d": (lambda nn: nn.BatchNorm1d(3, momentum=None), (5, 3)),
    "layer norm": (lambda nn: nn.LayerNorm([4, 3], eps=1e-3), (5, 4, 3)),
    "layer norm of all": (lambda nn: nn.LayerNorm((4, 3)), (4, 3)),
    "layer norm without bias": (lambda nn: nn.LayerNorm(3, bias=False), (5, 4, 3)),
    "layer norm plain": (lambda nn: nn.LayerNorm(3, elementwise_affine=False), (5, 4, 3)),
    "layer norm of nothing": (lambda nn: nn.LayerNorm(3), (0, 3)),
    "layer norm of a vector": (lambda nn: nn.LayerNorm(3), (3,)),
    "layer norm in blocks": (lambda nn: nn.LayerNorm(300), (3, 50, 300)),
    "layer norm plain in blocks": (
        lambda nn: nn.LayerNorm(300, elementwise_affine=False),
        (150, 300),
    ),
    "group norm in blocks": (lambda nn: nn.GroupNorm(2, 6), (9, 6, 40, 23)),
    "rms norm": (lambda nn: nn.RMSNorm(3), (5, 4, 3)),
    "rms norm of 2": (lambda nn: nn.RMSNorm([4, 3], eps=0.1), (5, 4, 3)),
    "rms norm plain": (lambda nn: nn.RMSNorm(3, elementwise_affine=False), (5, 3)),
    "group norm": (lambda nn: nn.GroupNorm(2, 6), (3, 6, 4)),
    "group norm in one group": (lambda nn: nn.GroupNorm(1, 6), (3, 6, 2, 3)),
    "group norm of vectors": (lambda nn: nn.GroupNorm(3, 6), (4, 6)),
    "group norm plain": (lambda nn: nn.GroupNorm(2, 6, affine=False), (3, 6, 4)),
    "group norm without bias": (lambda nn: nn.GroupNorm(6, 6, bias=False), (3, 6, 4)),
    "instance norm 1d": (lambda nn: nn.InstanceNorm1d(3), (2, 3, 5)),
    "instance norm 1d unbatched": (lambda nn: nn.InstanceNorm1d(3, affine=True), (3, 5)),
    "instance norm 2d": (lambda nn: nn.InstanceNorm2d(3, affine=True), (2, 3, 4, 5)),
    "instance norm without bias": (
        lambda nn: nn.InstanceNorm2d(3, affine=True, bias=False),
        (2, 3, 4, 5),
    ),
    "instance norm 3d": (lambda nn: nn.InstanceNorm3d(3), (2, 3, 2, 4, 5)),
    "instance norm tracked": (
        lambda nn: nn.InstanceNorm2d(3, affine=True, track_running_stats=True),
        (2, 3, 4, 5),
    ),
    "instance norm tracked in eval": (
        lambda nn: nn.InstanceNorm2d(3, affine=True, track_running_stats=True).eval(),
        (2, 3, 4, 5),
    ),
    "local response norm": (lambda nn: nn.LocalResponseNorm(3, 0.5, 0.6, 2.0), (2, 5, 4)),
    "local response norm of even size": (lambda nn: nn.LocalResponseNorm(4, 0.5), (2, 7, 3, 2)),
    "local response norm wider than the channels": (
        lambda nn: nn.LocalResponseNorm(9, 0.5),
        (2, 3, 4, 2),
    ),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", LAYERS)
def test_layer_equals_torch(name: str) -> None:
    make, shape = LAYERS[name]

    def with_other_weights(nn: Any) -> Any:
        layer = make(nn)
        engine = ours if nn is ours.nn else torch_or_skip()
        with engine.no_grad():
            for i, tensor in enumerate([*layer.parameters(), *layer.buffers()]):
                if tensor.ndim:
                    values = 1 + np.abs(numbers(*tensor.shape, seed=i + 5, dtype="float32"))
                    tensor.copy_(engine.tensor(values))
        return layer

    compare_modules(with_other_weights, [numbers(*shape) + 0.5])


# A function of x, weight (6) and bias (6), and the shape of x.
FUNCTIONS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "layer norm": (lambda f, x, w, b: f.layer_norm(x, (6,), w, b), (2, 3, 6)),
    "layer norm, weight only": (lambda f, x, w, b: f.layer_norm(x, (6,), w), (6,)),
    "layer norm, bias only": (lambda f, x, w, b: f.layer_norm(x, [6], None, b), (3, 6)),
    "layer norm of 2": (lambda f, x, w, b: f.layer_norm(x, (3, 6), eps=0.1), (2, 3, 6)),
    "rms norm": (lambda f, x, w, b: f.rms_norm(x, (6,), w), (2, 3, 6)),
    "rms norm plain": (lambda f, x, w, b: f.rms_norm(x, (3, 6), eps=0.1), (2, 3, 6)),
    "group norm": (lambda f, x, w, b: f.group_norm(x, 3, w, b), (2, 6, 3)),
    "group norm, bias only": (lambda f, x, w, b: f.group_norm(x, 2, None, b), (2, 6)),
    "instance norm": (lambda f, x, w, b: f.instance_norm(x, None, None, w, b), (2, 6, 4)),
    "batch norm": (lambda f, x, w, b: f.batch_norm(x, None, None, w, b, True), (2, 6, 3)),
    "batch norm, bias only": (
        lambda f, x, w, b: f.batch_norm(x, None, None, None, b, True, eps=0.1),
        (2, 6, 2, 2),
    ),
    "batch norm in eval": (
        lambda f, x, w, b: f.batch_norm(x, w.new_ones(6) / 3, w.new_ones(6) * 2, w, b),
        (2, 6, 3),
    ),
    "batch norm of vectors": (
        lambda f, x, w, b: f.batch_norm(x, None, None, w, b, training=True, eps=0.1),
        (4, 6),
    ),
    "local response norm": (lambda f, x, w, b: f.local_response_norm(x, 2, 1.0), (2, 4, 3)),
}


# PyTorch 2.13 fails in the backward of a group norm that has a bias but no weight.
@pytest.mark.torch
@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "group norm, bias only"])
def test_function_equals_torch(name: str) -> None:
    function, shape = FUNCTIONS[name]
    arrays = [numbers(*shape), numbers(6, seed=1), numbers(6, seed=2)]
    run_both(lambda e, xs: function(e.nn.functional, *xs), arrays)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_second_derivative(name: str) -> None:
    function, shape = FUNCTIONS[name]
    arrays = [numbers(*shape), numbers(6, seed=1), numbers(6, seed=2)]
    leaves = [ours.tensor(array, requires_grad=True) for array in arrays]
    check_twice(lambda *xs: function(ours.nn.functional, *xs), leaves)


@pytest.mark.torch
@pytest.mark.parametrize(("p", "dim"), [(2.0, 1), (1, -1), (3.0, 0)])
def test_normalize_equals_torch(p: float, dim: int) -> None:
    run_both(lambda e, xs: e.nn.functional.normalize(xs[0], p, dim), [numbers(3, 4)])


@pytest.mark.torch
def test_running_statistics_after_several_steps() -> None:
    torch = torch_or_skip()
    for make in (
        lambda nn: nn.BatchNorm2d(3, momentum=None),
        lambda nn: nn.BatchNorm2d(3, momentum=0.2),
        lambda nn: nn.InstanceNorm2d(3, momentum=0.2, track_running_stats=True),
    ):
        layers = [make(ours.nn), make(torch.nn)]
        for step in range(3):
            array = numbers(4, 3, 5, 2, seed=step, dtype="float32") * (step + 1)
            for engine, layer in zip((ours, torch), layers, strict=True):
                layer(engine.tensor(array))
        state = layers[1].state_dict()
        for name, value in layers[0].state_dict().items():
            close(value, state[name], 1e-5)


EDGES: dict[str, Any] = {
    "half layer norm": lambda e: e.nn.LayerNorm(4)((e.arange(8).view(2, 4) * 1000).half()),
    "half parameters": lambda e: e.nn.LayerNorm(4).half()((e.arange(8).view(2, 4) * 99).half()),
    "half group norm": lambda e: e.nn.GroupNorm(2, 4)(e.arange(8).view(1, 4, 2).half()),
    "half batch norm": lambda e: e.nn.BatchNorm1d(4)(e.arange(8).view(2, 4).half()),
    "half batch norm, half state": lambda e: e.nn.BatchNorm1d(4).half()(
        e.arange(8).view(2, 4).half()
    ),
    "no batch of planes": lambda e: e.nn.BatchNorm2d(3)(e.ones(0, 3, 2, 2)),
    "no groups": lambda e: e.nn.GroupNorm(1, 3)(e.ones(0, 3, 2, 2)),
    "no channels": lambda e: e.nn.LayerNorm(0)(e.ones(2, 0)),
    "one value in evaluation": lambda e: e.nn.BatchNorm2d(2).eval()(e.ones(1, 2, 1, 1)),
    "size of a tensor": lambda e: e.nn.LayerNorm(e.ones(2, 3).shape)(e.ones(4, 2, 3)),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", EDGES)
def test_edges_equal_torchs(name: str) -> None:
    mine, theirs = EDGES[name](ours), EDGES[name](torch_or_skip())
    close(mine, theirs, 1e-3)
    mine.sum().backward()


def zeros(engine: Any, *shape: int) -> Any:
    return engine.zeros(*shape)


ERRORS: dict[str, Any] = {
    "one value": lambda e: e.nn.BatchNorm1d(3)(zeros(e, 1, 3)),
    "one value 2d": lambda e: e.nn.BatchNorm2d(3)(zeros(e, 1, 3, 1, 1)),
    "batch norm of a vector": lambda e: e.nn.functional.batch_norm(
        zeros(e, 3), None, None, training=True
    ),
    "batch norm 3d rank": lambda e: e.nn.BatchNorm3d(3)(zeros(e, 2, 4)),
    "batch norm channels": lambda e: e.nn.BatchNorm1d(3)(zeros(e, 2, 4)),
    "batch norm weight": lambda e: e.nn.BatchNorm1d(3, track_running_stats=False)(zeros(e, 2, 4)),
    "batch norm type": lambda e: e.nn.BatchNorm1d(3)(zeros(e, 2, 3).double()),
    "batch norm eval": lambda e: e.nn.functional.batch_norm(zeros(e, 2, 3), None, None),
    "groups": lambda e: e.nn.GroupNorm(3, 4),
    "groups of the input": lambda e: e.nn.functional.group_norm(zeros(e, 2, 5, 3), 2),
    "group norm channels": lambda e: e.nn.GroupNorm(2, 4)(zeros(e, 2, 6, 3)),
    "group norm rank": lambda e: e.nn.GroupNorm(2, 4)(zeros(e, 4)),
    "group norm one value": lambda e: e.nn.GroupNorm(4, 4)(zeros(e, 1, 4)),
    "instance norm one value": lambda e: e.nn.InstanceNorm1d(3)(zeros(e, 2, 3, 1)),
    "instance norm channels": lambda e: e.nn.InstanceNorm1d(3, affine=True)(zeros(e, 2, 4, 5)),
    "instance norm rank": lambda e: e.nn.InstanceNorm2d(3)(zeros(e, 3, 5)),
    "instance norm running": lambda e: e.nn.functional.instance_norm(
        zeros(e, 2, 3, 4), use_input_stats=False
    ),
    "layer norm shape": lambda e: e.nn.LayerNorm((3, 4))(zeros(e, 4, 3)),
    "layer norm short": lambda e: e.nn.LayerNorm((3, 4))(zeros(e, 4)),
    "layer norm weight": lambda e: e.nn.functional.layer_norm(zeros(e, 2, 3), (3,), zeros(e, 2)),
    "layer norm bias": lambda e: e.nn.functional.layer_norm(
        zeros(e, 2, 3), (3,), None, zeros(e, 2)
    ),
    "layer norm of nothing": lambda e: e.nn.functional.layer_norm(zeros(e, 2, 3), ()),
    "layer norm by a number": lambda e: e.nn.functional.layer_norm(zeros(e, 2, 3), 3),
    "layer norm of integers": lambda e: e.nn.functional.layer_norm(zeros(e, 2, 3).long(), (3,)),
    "layer norm types": lambda e: e.nn.LayerNorm(3)(zeros(e, 2, 3).double()),
    "rms norm shape": lambda e: e.nn.RMSNorm(4)(zeros(e, 2, 3)),
    "rms norm weight": lambda e: e.nn.functional.rms_norm(zeros(e, 2, 3), (3,), zeros(e, 2)),
    "response rank": lambda e: e.nn.LocalResponseNorm(2)(zeros(e, 2, 3)),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", ERRORS)
def test_error_is_torchs(name: str) -> None:
    torch = torch_or_skip()
    with pytest.raises(Exception) as theirs:  # noqa: PT011 (torch says which)
        ERRORS[name](torch)
    with pytest.raises(type(theirs.value)) as mine:
        ERRORS[name](ours)
    assert str(mine.value) == str(theirs.value)


def test_instance_norm_warns_of_other_channels() -> None:
    with pytest.warns(UserWarning, match="does not match num_features"):
        ours.nn.InstanceNorm1d(3)(ours.randn(2, 4, 5))


def test_a_change_in_place_is_noticed() -> None:
    x = (ours.randn(2, 3, requires_grad=True) * 1).clone()
    y = ours.nn.LayerNorm(3)(x)
    x.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.parametrize(
    "build", [lambda e, **to: e.nn.LayerNorm(64, **to), lambda e, **to: e.nn.GroupNorm(4, 8, **to)]
)
def test_a_large_mean_costs_no_more_digits_than_it_must(build: Any) -> None:
    data = numbers(9, 8, 64, dtype="float32") + np.float32(1000)
    found = []
    for dtype in ("float32", "float64"):
        layer = build(ours, dtype=getattr(ours, dtype))
        x = ours.tensor(data.astype(dtype), requires_grad=True)
        y = layer(x)
        (y * y * y).sum().backward()
        grads = [x.grad, *(each.grad for each in layer.parameters())]
        found.append([each.detach().numpy().astype(np.float64) for each in (y, *grads)])
    for rough, exact in zip(*found, strict=True):
        assert np.abs(rough - exact).max() < 4e-4 * np.abs(exact).max()
