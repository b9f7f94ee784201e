"""Functions around the gamma function, and the inverse of the error function."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradstep_engine.ops.reparameterized import beta_slope, gamma_slope
from tests.engine.nn.pairing import ours
from tests.engine.parity import assert_same, torch_or_skip

POSITIVE = np.concatenate([np.logspace(-6, 5, 300), np.linspace(0.02, 25, 300), [1.0, 2.0]])
NEGATIVE = -np.linspace(0.013, 9.007, 200)

# Torch's trigamma ends its series early; what closed forms say of ours stands below.
SHORT_SERIES = 1e-9

FUNCTIONS: dict[str, tuple[Callable[[Any, Any], Any], Any]] = {
    "lgamma": (lambda t, x: x.lgamma(), np.concatenate([POSITIVE, NEGATIVE])),
    "digamma": (lambda t, x: t.digamma(x), np.concatenate([POSITIVE, NEGATIVE])),
    "polygamma(1)": (lambda t, x: t.polygamma(1, x), POSITIVE),
    "polygamma(3)": (lambda t, x: x.polygamma(3), POSITIVE),
    "i0": (lambda t, x: x.i0(), np.linspace(-60, 60, 301)),
    "i0e": (lambda t, x: t.special.i0e(x), np.linspace(-90, 90, 301)),
    "i1": (lambda t, x: t.special.i1(x), np.linspace(-60, 60, 301)),
    "i1e": (lambda t, x: t.special.i1e(x), np.linspace(-90, 90, 301)),
    "mvlgamma": (lambda t, x: t.mvlgamma(x + 1.6, 3) if x.min() < 1 else x.mvlgamma(1), POSITIVE),
    "igamma": (lambda t, x: t.igamma(x.detach() * 0 + 7.3, x), POSITIVE),
    "igammac": (lambda t, x: t.igammac(x.detach() * 0 + 2.5, x), POSITIVE[POSITIVE < 300]),
    "erfinv": (lambda t, x: t.erfinv(x), np.linspace(-0.9999, 0.9999, 501)),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_gradients(name: str) -> None:
    function, x = FUNCTIONS[name]
    torch = torch_or_skip()
    mine, theirs = ours.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    got, expected = function(ours, mine), function(torch, theirs)
    if name != "mvlgamma":  # several nodes here
        assert got.grad_fn.name() == expected.grad_fn.name()
    np.testing.assert_allclose(
        got.detach().numpy(), expected.detach().numpy(), rtol=SHORT_SERIES, atol=1e-12
    )
    got.sum().backward()
    expected.sum().backward()
    np.testing.assert_allclose(
        mine.grad.numpy(), theirs.grad.numpy(), rtol=SHORT_SERIES, atol=1e-12
    )


@pytest.mark.torch
@pytest.mark.parametrize("name", ["lgamma", "digamma", "erfinv"])
def test_edges_and_in_place(name: str) -> None:
    edges = np.array([0.0, -0.0, -1.0, -2.0, 1.0, 2.0, np.inf, np.nan, 1.5])
    assert_same(lambda t, x: getattr(x.detach(), name)(), [edges])
    assert_same(lambda t, x: getattr(x * 1, name + "_")(), [np.array([0.3, 0.7])])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives(name: str) -> None:
    x = ours.tensor([0.3, 0.55, 0.8], dtype=ours.float64, requires_grad=True)
    assert ours.autograd.gradcheck(lambda y: FUNCTIONS[name][0](ours, y), (x,))
    assert ours.autograd.gradgradcheck(lambda y: FUNCTIONS[name][0](ours, y), (x,))


def test_values_from_closed_forms() -> None:
    pi, euler, catalan = math.pi, 0.57721566490153286, 0.915965594177219015
    half, one = ours.tensor(0.5, dtype=ours.float64), ours.tensor(1.0, dtype=ours.float64)
    for got, expected in (
        (half.lgamma(), 0.5 * math.log(pi)),
        (half.digamma(), -euler - 2 * math.log(2)),
        (one.digamma(), -euler),
        (half.polygamma(1), pi**2 / 2),
        (one.polygamma(1), pi**2 / 6),
        ((half / 2).polygamma(1), pi**2 + 8 * catalan),
        (one.polygamma(3), pi**4 / 15),
        (ours.tensor(math.erf(0.3), dtype=ours.float64).erfinv(), 0.3),
        (ours.tensor(math.erf(2.1), dtype=ours.float64).erfinv(), 2.1),
    ):
        assert got.item() == pytest.approx(expected, rel=1e-13)


def test_slopes_of_gamma_and_beta_numbers_from_closed_forms() -> None:
    # Of Beta(a, 1), F = x^a, so that dx/da = −x log(x) / a; Beta(1, b) has F = 1 − (1 − x)^b.
    x = np.array([0.05, 0.4, 0.7, 0.97])
    np.testing.assert_allclose(beta_slope(x, 2.5, 1.0), -x * np.log(x) / 2.5, rtol=1e-12)
    # By the symmetry of a and b, dx/db of Beta(1, b) is minus the slope of 1 − x by its first.
    np.testing.assert_allclose(
        beta_slope(1 - x, 2.5, 1.0), -(1 - x) * np.log1p(-x) / 2.5, rtol=1e-12
    )
    # The mean of a gamma number grows as its shape does: the slopes have mean 1.
    ours.manual_seed(0)
    for shape in (0.4, 3.0, 2000.0):
        drawn = ours._standard_gamma(ours.full((4000,), shape, dtype=ours.float64)).numpy()
        slopes = gamma_slope(drawn, np.full(4000, shape))
        assert math.isclose(slopes.mean(), 1, abs_tol=0.06)
