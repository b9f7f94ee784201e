"""Functions of layers under `torch` itself, and rarer methods, against PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.engine.nn.pairing import compare_modules, numbers, ours, run_both
from tests.engine.ops.comparing import (
    assert_same_error,
    assert_same_result,
    assert_same_warning,
)
from tests.engine.parity import torch_or_skip

X, Y, W = numbers(4, 3), numbers(4, 3, seed=1), numbers(3, seed=2)
SIGNS = np.array([1.0, -1.0, 1.0, -1.0])

CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "dropout": lambda e, t: e.dropout(t[0], 0.5, False),
    "alpha_dropout": lambda e, t: e.alpha_dropout(t[0], 0.5, False),
    "embedding": lambda e, t: e.embedding(t[0], e.tensor([1, 0, 3, 1])),
    "constant_pad_nd": lambda e, t: e.constant_pad_nd(t[0], (1, 2), 3.0),
    "layer_norm": lambda e, t: e.layer_norm(t[0], (3,), t[2]),
    "group_norm": lambda e, t: e.group_norm(t[0], 3, t[2]),
    "rms_norm": lambda e, t: e.rms_norm(t[0], (3,), t[2]),
    "batch_norm": lambda e, t: e.batch_norm(t[0], t[2], None, None, None, True, 0.1, 1e-5, True),
    "instance_norm": lambda e, t: e.instance_norm(
        t[0].unsqueeze(0), None, None, None, None, True, 0.1, 1e-5, True
    ),
    "bilinear": lambda e, t: e.bilinear(t[0], t[1], e.ones(2, 3, 3, dtype=e.float64)),
    "adaptive_max_pool1d": lambda e, t: e.adaptive_max_pool1d(t[0], 2)[0],
    "bce": lambda e, t: e.binary_cross_entropy_with_logits(t[0], t[1].sigmoid(), reduction=2),
    "kl_div": lambda e, t: e.kl_div(t[0], t[1].softmax(1), reduction=0),
    "cosine": lambda e, t: e.cosine_embedding_loss(t[0], t[1], e.tensor(SIGNS)),
    "hinge": lambda e, t: e.hinge_embedding_loss(t[0], t[1].detach().sign(), reduction=2),
    "ranking": lambda e, t: e.margin_ranking_loss(t[0], t[1], t[1].detach().sign()),
    "triplet": lambda e, t: e.triplet_margin_loss(t[0], t[1], t[0] * 2),
    "poisson": lambda e, t: e.poisson_nll_loss(t[0], t[1].exp(), True, False, 1e-8, 1),
    "max_pool1d_with_indices": lambda e, t: (
        e.nn.functional.max_pool1d_with_indices(t[0], 2)[0]
        + e.nn.functional.max_pool1d_with_indices(t[0], 2)[1]
    ),
    "adaptive_max_pool2d_with_indices": lambda e, t: (
        e.nn.functional.adaptive_max_pool2d_with_indices(t[0].unsqueeze(0), 2)[0]
    ),
    "prelu": lambda e, t: t[0].prelu(t[2]),
    "hardshrink": lambda e, t: t[0].hardshrink(0.3),
    "frexp": lambda e, t: t[0].frexp()[0] + e.frexp(t[0])[1],
}


@pytest.mark.torch
@pytest.mark.parametrize("name", CALLS)
def test_functions_equal_torchs(name: str) -> None:
    run_both(CALLS[name], [X, Y, W])


@pytest.mark.torch
def test_element_by_element() -> None:
    assert_same_result(lambda e: e.arange(4.0).apply_(lambda x: x * 2 + 1))
    assert_same_result(lambda e: e.arange(4).map_(e.ones(4, dtype=e.int64), lambda a, b: a - b))
    assert_same_result(lambda e: e.ones(2).map2_(e.ones(2), e.ones(2), lambda a, b, c: a + b + c))
    assert_same_result(lambda e: e.ones(2, dtype=e.float64).new([1, 2]))
    assert_same_error(lambda e: e.ones(2, requires_grad=True).apply_(lambda x: x))


@pytest.mark.torch
@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("options", [{"output_size": 2}, {"output_ratio": 0.6}])
def test_fractional_pooling_equals_torchs(axes: int, options: dict[str, Any]) -> None:
    def call(e: Any, leaves: Any) -> Any:
        e.manual_seed(5)
        return getattr(e.nn, f"FractionalMaxPool{axes}d")(2, **options)(leaves[0])

    run_both(call, [numbers(2, 3, *(5, 7, 6)[:axes])])
    run_both(call, [numbers(3, *(5, 7, 6)[:axes])])


WRONG: dict[str, Callable[[Any], Any]] = {
    "neither": lambda e: e.nn.FractionalMaxPool2d(2),
    "both": lambda e: e.nn.FractionalMaxPool2d(2, 2, 0.5),
    "ratio": lambda e: e.nn.FractionalMaxPool3d(2, output_ratio=1.5),
    "function": lambda e: e.nn.functional.fractional_max_pool2d(e.ones(1, 1, 4, 4), 2),
    "too large": lambda e: e.nn.functional.fractional_max_pool2d(e.ones(1, 1, 4, 4), 2, 4),
    "too long": lambda e: e.nn.functional.fractional_max_pool3d(e.ones(1, 2, 4, 4), 2, 2),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", WRONG)
def test_fractional_pooling_refuses_as_torch(name: str) -> None:
    assert_same_error(WRONG[name])


@pytest.mark.parametrize("axes", [2, 3])
def test_fractional_pooling_is_differentiable_twice(axes: int) -> None:
    samples = ours.tensor(np.random.default_rng(0).uniform(size=(1, 2, axes)))
    pool = getattr(ours.nn.functional, f"fractional_max_pool{axes}d")
    x = ours.tensor(numbers(1, 2, *(5, 6, 4)[:axes]), requires_grad=True)

    def squared(x: Any) -> Any:
        return pool(x, 2, 3, _random_samples=samples) ** 2

    assert ours.autograd.gradcheck(squared, (x,))
    assert ours.autograd.gradgradcheck(squared, (x,))


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["conv", "linear"])
def test_fusing_a_batch_norm_equals_torchs(kind: str) -> None:
    def make(nn: Any) -> Any:
        layer = nn.Conv2d(2, 3, 2, bias=False) if kind == "conv" else nn.Linear(2, 3)
        norm = nn.BatchNorm2d(3) if kind == "conv" else nn.BatchNorm1d(3)
        norm.running_mean += 0.5
        norm.running_var *= 2
        fuse = getattr(nn.utils, f"fuse_{kind}_bn_eval")
        weights = nn.init.constant_(layer.weight, 0.3)
        assert weights is layer.weight
        if kind == "linear":
            nn.init.constant_(layer.bias, 0.1)
        if kind == "conv":
            norm.requires_grad_(False)
        fused = fuse(layer.eval(), norm.eval())
        assert (fused.bias.requires_grad, fused.training) == (kind == "linear", False)
        return fused.requires_grad_()

    compare_modules(make, [numbers(4, 2, 3, 3) if kind == "conv" else numbers(4, 2)])


def test_no_worker_ever_asks() -> None:
    assert ours.utils.data.get_worker_info() is None


@pytest.mark.torch
@pytest.mark.parametrize("name", ["uniform", "xavier_normal", "kaiming_uniform", "orthogonal"])
def test_old_names_of_initial_values_warn_as_torchs(name: str) -> None:
    def fill(e: Any) -> Any:
        e.manual_seed(1)
        return getattr(e.nn.init, name)(e.zeros(3, 4))

    assert_same_warning(fill)
    found = []
    for engine in (ours, torch_or_skip()):
        with pytest.warns(FutureWarning, match=name):
            found.append(fill(engine).numpy())
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5)


@pytest.mark.torch
def test_old_names_of_upsampling_equal_torchs() -> None:
    for name in ("upsample_nearest", "upsample_bilinear"):

        def grow(e: Any, leaves: Any, name: str = name) -> Any:
            with pytest.warns(UserWarning, match="deprecated"):
                return getattr(e.nn.functional, name)(leaves[0], scale_factor=2)

        run_both(grow, [numbers(1, 2, 3, 4)])
        assert_same_warning(lambda e, n=name: getattr(e.nn.functional, n)(e.ones(1, 1, 2, 2), 4))
