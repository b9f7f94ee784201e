"""Limiting gradients, against PyTorch: every norm, mixed types, infinite gradients."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.engine.nn.pairing import numbers, ours, torch_or_skip

NORMS = [2.0, 1, 3, 0.5, 0, math.inf, -math.inf, "inf"]


def parameters(engine: Any, bad: float | None = None) -> list[Any]:
    made = []
    for n, shape in enumerate([(3, 4), (5,), (), (2,)]):
        kind = "float64" if n == 1 else "float32"
        parameter = engine.tensor(np.asarray(numbers(*shape, seed=n), kind), requires_grad=True)
        if n != 3:  # one has no gradient
            grad = np.asarray(numbers(*shape, seed=n + 9) * 2, kind)
            if bad is not None and n == 0:
                grad[0, 0] = bad
            parameter.grad = engine.tensor(grad)
        made.append(parameter)
    return made


CALLS: dict[str, Any] = {
    **{
        f"norm {norm}": lambda u, p, norm=norm: u.clip_grad_norm_(p, 1.5, norm_type=norm)
        for norm in NORMS
    },
    "large enough": lambda u, p: u.clip_grad_norm_(p, 1e3),
    "generator": lambda u, p: u.clip_grad_norm_((each for each in p), 0.5, foreach=False),
    "one": lambda u, p: u.clip_grad_norm_(p[0], 0.5),
    "none": lambda u, p: u.clip_grad_norm_([], 0.5),
    "without gradient": lambda u, p: u.clip_grad_norm_(p[3], 0.5),
    "value": lambda u, p: u.clip_grad_value_(p, 0.7),
    "value of one": lambda u, p: u.clip_grad_value_(p[0], 0.7),
    "total": lambda u, p: u.get_total_norm([each.grad for each in p[:3]], 3),
    "with norm": lambda u, p: u.clip_grads_with_norm_(
        p, 0.5, u.get_total_norm([each.grad for each in p[:3]])
    ),
}


@pytest.mark.torch
@pytest.mark.parametrize("bad", [None, math.inf, math.nan])
@pytest.mark.parametrize("name", CALLS)
def test_gradients_are_clipped_as_by_torch(name: str, bad: float | None) -> None:
    seen = []
    for engine in (ours, torch_or_skip()):
        several = parameters(engine, bad)
        result = CALLS[name](engine.nn.utils, several)
        grads: list[Any] = [None if each.grad is None else each.grad.numpy() for each in several]
        seen.append((None if result is None else float(result), grads))
    (mine, own), (theirs, other) = seen
    assert mine == (None if theirs is None else pytest.approx(theirs, rel=1e-5, nan_ok=True))
    for a, b in zip(own, other, strict=True):
        if b is None:
            assert a is None
        else:
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=1e-5)


@pytest.mark.torch
@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_a_norm_that_is_not_finite_can_be_refused(bad: float) -> None:
    raised = []
    for engine in (ours, torch_or_skip()):
        with pytest.raises(RuntimeError) as caught:
            engine.nn.utils.clip_grad_norm_(parameters(engine, bad), 1, error_if_nonfinite=True)
        raised.append(str(caught.value))
    assert raised[0] == raised[1]


def iter_nothing() -> Iterator[Any]:
    yield from ()


def test_an_empty_generator_warns() -> None:
    with pytest.warns(UserWarning, match="empty generator"):
        ours.nn.utils.clip_grad_norm_(iter_nothing(), 1)


def test_the_old_name_warns() -> None:
    with pytest.warns(FutureWarning, match="clip_grad_norm_"):
        ours.nn.utils.clip_grad_norm([], 1)
