"""Zeros, infinities and NaN, as operands and as incoming gradients: what comes out is PyTorch's.

Values and gradients are compared, those of `create_graph=True` too. The sign of a zero is not.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import gradstep_engine as ours
from tests.engine.parity import outputs, torch_or_skip
from tests.engine.special_values.cases import ONE, ROWS, TWO

pytestmark = pytest.mark.torch

ALONE = (0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 0.3, 2.0, 3.0, -3.0, 6.0, 20.0, -20.0, math.inf,
         -math.inf, math.nan)  # fmt: skip
PAIRED = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, math.inf, -math.inf, math.nan)
IN_ROWS = (0.0, 1.0, -2.0, math.inf, -math.inf, math.nan)
EXTREME = (
    0.0,
    1.0,
    1e-45,
    -1e-45,
    float(np.finfo(np.float32).max),
    -float(np.finfo(np.float32).max),
)
GRADIENTS = (1.0, 0.0, -2.0, math.inf, -math.inf, math.nan)

# PyTorch computes these poles from the sine of a rounded π: huge numbers where ±∞ is meant.
POLES: dict[str, tuple[float, ...]] = {
    "digamma": (-1.0, -3.0, -20.0, -math.inf),
    "polygamma": (-1.0, -3.0, -20.0, math.inf, -math.inf),
}
# Infinite gradients meet zeros in another order; no script can tell what such losses should be.
FINITE_GRADIENTS = {"cdist", "multi_margin_loss"}
# No second derivative, or one by a formula that is not for infinite numbers.
ONCE = {"scatter_prod", "logcumsumexp"}
# On the way to these results something overflows or vanishes in one engine and not in the other:
# PyTorch multiplies in another order, in double precision (var, std, cumsum) or in one step (fma).
OTHERWISE_ROUNDED = {
    "addcdiv", "add_alpha", "cdist", "cumprod", "cumsum", "digamma", "div", "fmod",
    "gaussian_nll_loss", "glu", "hypot", "kl_div_log", "ldexp", "polygamma", "remainder",
    "remainder_negative", "renorm", "soft_margin_loss", "std", "std of all", "var", "var_biased",
}  # fmt: skip
LANES = 64
"""Filled up to whole vectors: PyTorch's code for the rest of one treats NaN otherwise at times."""


def grid(*axes: Sequence[float]) -> list[Any]:
    """Return every combination, one array of float32 per axis, filled up to a multiple of LANES."""
    rows = list(itertools.product(*axes))
    rows += [(1.0,) * len(axes)] * (-len(rows) % LANES)
    return list(np.array(rows, np.float32).T)


def evaluated(
    engine: Any, function: Any, data: list[Any], gradient: Any, create_graph: bool
) -> list[Any]:
    """Return the value, the gradients and their types, as lists that `assert_array_equal` takes."""
    leaves = [engine.tensor(np.array(array), requires_grad=True) for array in data]
    (result,) = outputs(function(engine, *leaves))
    found = [result]
    if result.requires_grad:
        shape = (-1,) + (1,) * (result.ndim - 1) if result.ndim else ()
        seed = gradient.reshape(shape) if shape else gradient[0]
        seed = engine.tensor(np.broadcast_to(seed, tuple(result.shape)).copy()).to(result.dtype)
        grads = engine.autograd.grad(
            result, leaves, seed, create_graph=create_graph, allow_unused=True
        )
        found += grads
    return [None if x is None else x.detach().to(engine.float64).numpy() for x in found]


def compare(
    name: str, function: Any, data: list[Any], gradient: Any, *, twice: bool = True
) -> None:
    torch = torch_or_skip()
    for create_graph in (False, True) if twice and name not in ONCE else (False,):
        got, expected = (
            evaluated(engine, function, data, gradient, create_graph) for engine in (ours, torch)
        )
        assert [x is None for x in got] == [x is None for x in expected]
        for mine, theirs in zip(got, expected, strict=True):
            if mine is not None:
                np.testing.assert_allclose(mine, theirs, rtol=3e-5, atol=1e-6)


def gradients_for(name: str) -> list[float]:
    return [g for g in GRADIENTS if name not in FINITE_GRADIENTS or math.isfinite(g)]


@pytest.mark.parametrize("name", ONE)
def test_one_operand(name: str) -> None:
    left_out = POLES.get(name, ())
    x, gradient = grid([x for x in ALONE if x not in left_out], gradients_for(name))
    compare(name, ONE[name], [x], gradient)


@pytest.mark.parametrize("name", TWO)
def test_two_operands(name: str) -> None:
    a, b, gradient = grid(PAIRED, PAIRED, gradients_for(name))
    compare(name, TWO[name], [a, b], gradient)


@pytest.mark.parametrize("name", ROWS)
def test_rows(name: str) -> None:
    one_by_one = name.endswith("of all") or name == "unique"
    first = (0.0, math.inf, math.nan) if one_by_one else IN_ROWS
    *row, gradient = grid(first, IN_ROWS, IN_ROWS, gradients_for(name))
    compare(name, ROWS[name], [np.stack(row, 1)], gradient)


@pytest.mark.parametrize(
    "name", [name for name in ONE | TWO | ROWS if name not in OTHERWISE_ROUNDED]
)
def test_the_smallest_and_the_largest_numbers(name: str) -> None:
    count = 1 if name in ONE else 2 if name in TWO else 3
    *data, gradient = grid(*[EXTREME] * count, (1.0, -2.0))
    given = [np.stack(data, 1)] if name in ROWS else data
    compare(name, (ONE | TWO | ROWS)[name], given, gradient, twice=False)
