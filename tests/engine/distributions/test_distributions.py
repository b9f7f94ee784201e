"""Distributions against torch's: densities, moments, samples, gradients, divergences, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradstep_engine as ours
import gradstep_engine.distributions
from tests.engine.parity import torch_or_skip

Make = Callable[..., Any]

A = np.array([[0.3, 1.2, 2.5], [0.7, 4.0, 0.9]])
B = np.array([[1.5, 0.4, 2.0], [3.0, 1.1, 0.8]])
P = np.array([[0.1, 0.5, 0.85], [0.3, 0.99, 0.4]])
L = np.array([[0.3, -1.2, 2.5], [0.7, -4.0, 0.1]])


def warm(like: Any) -> Any:
    """Return a temperature as torch wants it here, a tensor."""
    return like.detach().sum() * 0 + 0.7


M = np.array([[1.1, 0.2, -0.3], [0.5, 0.9, 0.4], [-0.2, 0.1, 1.4]])


def diagonal(like: Any) -> Any:
    """Return 2 on the diagonal of a matrix like M."""
    return (like.detach() * 0 + 2).diagonal().diag()


# name: (how to make it of an engine's distributions, its parameters, values in its support)
FAMILIES: dict[str, tuple[Make, tuple[Any, ...], Any]] = {
    "Normal": (lambda d, a, b: d.Normal(a, b), (L, B), L + 0.4),
    "Uniform": (lambda d, a, b: d.Uniform(a, a + b), (L, B), L + 0.3),
    "Exponential": (lambda d, a: d.Exponential(a), (A,), B),
    "Laplace": (lambda d, a, b: d.Laplace(a, b), (L, B), L + 0.4),
    "Cauchy": (lambda d, a, b: d.Cauchy(a, b), (L, B), L + 0.4),
    "Gumbel": (lambda d, a, b: d.Gumbel(a, b), (L, B), L + 0.4),
    "LogNormal": (lambda d, a, b: d.LogNormal(a, b), (L, B), A),
    "HalfNormal": (lambda d, b: d.HalfNormal(b), (B,), A),
    "Gamma": (lambda d, a, b: d.Gamma(a, b), (A, B), B),
    "Chi2": (lambda d, a: d.Chi2(a), (A,), B),
    "Beta": (lambda d, a, b: d.Beta(a, b), (A, B), P),
    "Dirichlet": (lambda d, a: d.Dirichlet(a), (A,), P / P.sum(-1, keepdims=True)),
    "Bernoulli of probs": (lambda d, a: d.Bernoulli(a), (P,), P > 0.4),
    "Bernoulli of logits": (lambda d, a: d.Bernoulli(logits=a), (L,), P > 0.4),
    "Geometric of probs": (lambda d, a: d.Geometric(a), (P,), np.floor(A)),
    "Geometric of logits": (lambda d, a: d.Geometric(logits=a), (L,), np.floor(A)),
    "Poisson": (lambda d, a: d.Poisson(a), (A,), np.floor(B)),
    "Binomial of probs": (lambda d, a: d.Binomial(5, a), (P,), np.floor(B)),
    "Binomial of logits": (lambda d, a: d.Binomial(5, logits=a), (L,), np.floor(B)),
    "Categorical of probs": (lambda d, a: d.Categorical(a), (P,), np.array([2, 0])),
    "Categorical of logits": (lambda d, a: d.Categorical(logits=a), (L,), np.array([1, 2])),
    "OneHotCategorical": (lambda d, a: d.OneHotCategorical(a), (P,), np.eye(3)[[2, 0]]),
    "Multinomial": (lambda d, a: d.Multinomial(4, a), (P,), np.array([[1, 3, 0], [0, 2, 2]])),
    "Independent": (lambda d, a, b: d.Independent(d.Normal(a, b), 1), (L, B), L + 0.4),
    "RelaxedBernoulli": (lambda d, a: d.RelaxedBernoulli(warm(a), a), (P,), 1 - P),
    "RelaxedOneHotCategorical": (
        lambda d, a: d.RelaxedOneHotCategorical(warm(a), a),
        (P,),
        P / P.sum(-1, keepdims=True),
    ),
    "StudentT": (lambda d, a, b, c: d.StudentT(a, b, c), (A, L, B), L + 0.4),
    "FisherSnedecor": (lambda d, a, b: d.FisherSnedecor(a * 3, b * 3), (A, B), P),
    "Weibull": (lambda d, a, b: d.Weibull(a, b), (A, B), P),
    "Pareto": (lambda d, a, b: d.Pareto(a, b), (A, B), A + 0.5),
    "HalfCauchy": (lambda d, a: d.HalfCauchy(a), (A,), B),
    "InverseGamma": (lambda d, a, b: d.InverseGamma(a, b), (A, B), B),
    "Kumaraswamy": (lambda d, a, b: d.Kumaraswamy(a, b), (A, B), P),
    "LogisticNormal": (
        lambda d, a, b: d.LogisticNormal(a, b),
        (L, B),
        np.array([[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]]),
    ),
    "NegativeBinomial of probs": (lambda d, a: d.NegativeBinomial(5, a), (P,), np.floor(B)),
    "NegativeBinomial of logits": (
        lambda d, a: d.NegativeBinomial(4, logits=a),
        (L,),
        np.floor(A),
    ),
    "MultivariateNormal of covariance": (
        lambda d, a, m: d.MultivariateNormal(a, m @ m.mT + diagonal(m)),
        (L, M),
        L + 0.4,
    ),
    "MultivariateNormal of scale": (
        lambda d, a, m: d.MultivariateNormal(a, scale_tril=m.tril(-1) + diagonal(m)),
        (L, M),
        L + 0.4,
    ),
    "MultivariateNormal of precision": (
        lambda d, a, m: d.MultivariateNormal(a, precision_matrix=m @ m.mT + diagonal(m)),
        (L, M),
        L + 0.4,
    ),
    "MixtureSameFamily": (
        lambda d, p, a, b: d.MixtureSameFamily(d.Categorical(p), d.Normal(a, b)),
        (P, L, B),
        np.array([0.3, -0.8]),
    ),
    "mixture of vectors": (
        lambda d, p, a, b: d.MixtureSameFamily(
            d.Categorical(p[0, :2]), d.Independent(d.Normal(a, b), 1)
        ),
        (P, L, B),
        L[0] + 0.4,
    ),
    "squashed normal": (
        lambda d, a, b: d.TransformedDistribution(
            d.Normal(a, b), [d.AffineTransform(0.1, 2.0), d.TanhTransform()]
        ),
        (L, B),
        P - 0.6,
    ),
    "logit-normal": (
        lambda d, a, b: d.TransformedDistribution(d.Normal(a, b), d.SigmoidTransform()),
        (L, B),
        P,
    ),
}


def pair(name: str) -> list[tuple[Any, Any, list[Any], Any]]:
    """Return (engine, distribution, its leaves, values) for both engines."""
    make, parameters, values = FAMILIES[name]
    result = []
    for engine in (torch_or_skip(), ours):
        leaves = [engine.tensor(np.array(p), requires_grad=True) for p in parameters]
        kind = np.int64 if name.startswith("Categorical") else np.float64
        value = engine.tensor(np.asarray(values).astype(kind))
        result.append((engine, make(engine.distributions, *leaves), leaves, value))
    return result


def evaluated(function: Callable[[], Any]) -> Any:
    """Return what `function` returns, or the kind of its refusal."""
    try:
        return function()
    except NotImplementedError:
        return NotImplementedError


def assert_equal(got: Any, expected: Any, tolerance: float = 1e-9) -> None:
    if expected is NotImplementedError:
        assert got is NotImplementedError
        return
    assert tuple(got.shape) == tuple(expected.shape)
    assert repr(got.dtype) == repr(expected.dtype)
    assert got.requires_grad == expected.requires_grad
    np.testing.assert_allclose(
        got.detach().numpy(), expected.detach().numpy(), rtol=tolerance, atol=tolerance
    )


def assert_same_gradients(got: Any, expected: Any, mine: Any, theirs: Any, tol: float) -> None:
    if expected is NotImplementedError or not expected.requires_grad:
        return
    got.sum().backward()
    expected.sum().backward()
    for ours_leaf, torch_leaf in zip(mine, theirs, strict=True):
        if torch_leaf.grad is None:
            assert ours_leaf.grad is None
            continue
        np.testing.assert_allclose(
            ours_leaf.grad.numpy(), torch_leaf.grad.numpy(), rtol=tol, atol=tol
        )


@pytest.mark.torch
@pytest.mark.parametrize("name", FAMILIES)
def test_log_prob(name: str) -> None:
    (_, p, theirs, x), (_, q, mine, y) = pair(name)
    assert repr(q.batch_shape) == repr(p.batch_shape)
    assert repr(q.event_shape) == repr(p.event_shape)
    expected, got = p.log_prob(x), q.log_prob(y)
    assert_equal(got, expected)
    assert_same_gradients(got, expected, mine, theirs, 1e-8)


@pytest.mark.torch
@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("what", ["entropy", "mean", "variance", "stddev", "mode", "cdf", "icdf"])
def test_numbers(name: str, what: str) -> None:
    results = []
    for engine, distribution, leaves, value in pair(name):

        def ask(d: Any = distribution, v: Any = value, e: Any = engine) -> Any:
            if what == "icdf":
                return d.icdf(e.tensor(P))
            found = getattr(d, what)
            if what == "cdf":
                return found(v)
            return found() if what == "entropy" else found

        if what in ("cdf", "icdf") and distribution.event_shape:
            return
        if what == "mode" and name == "Kumaraswamy":
            return  # PyTorch's is NaN; the engine has none
        results.append((evaluated(ask), leaves))
    (expected, theirs), (got, mine) = results
    assert_equal(got, expected, 1e-7)  # torch has a constant of Multinomial's in float32
    if what == "cdf" and name in ("Gamma", "Chi2", "InverseGamma"):
        return  # torch too has no slope by the shape
    assert_same_gradients(got, expected, mine, theirs, 1e-7)


@pytest.mark.torch
@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("shape", [(), (4,)])
def test_samples(name: str, shape: tuple[int, ...]) -> None:
    drawn = []
    for engine, distribution, _, _ in pair(name):
        engine.manual_seed(11)
        sample = distribution.sample(shape)
        drawn.append((sample, engine.rand(1).item()))
    (expected, after), (got, mine_after) = drawn
    assert_equal(got, expected)
    assert mine_after == after


@pytest.mark.torch
@pytest.mark.parametrize("name", FAMILIES)
def test_differentiable_samples(name: str) -> None:
    drawn = []
    for engine, distribution, leaves, _ in pair(name):
        if not distribution.has_rsample:
            return
        engine.manual_seed(11)
        sample = distribution.rsample((4,))
        drawn.append((sample * sample, leaves))
    (expected, theirs), (got, mine) = drawn
    assert_equal(got, expected)
    # Torch approximates the slopes of gamma and Beta numbers to four digits or so.
    rough = name in GAMMA_LIKE
    assert_same_gradients(got, expected, mine, theirs, 2e-3 if rough else 1e-7)


@pytest.mark.torch
@pytest.mark.parametrize("name", FAMILIES)
def test_expand(name: str) -> None:
    found = []
    for _, distribution, _, value in pair(name):
        shape = (4, *distribution.batch_shape)
        wide = distribution.expand(shape)
        assert type(wide) is type(distribution)
        assert tuple(wide.batch_shape) == shape
        found.append(wide.log_prob(value))
    assert_equal(found[1], found[0])


GAMMA_LIKE = ("Gamma", "Chi2", "Beta", "Dirichlet", "StudentT", "FisherSnedecor", "InverseGamma")

SHIFTED = {
    "Normal": 0.4,
    "LogNormal": 0.4,
    "HalfNormal": 0.4,
    "Exponential": 0.4,
    "Laplace": 0.4,
    "Gamma": 0.4,
    "Beta": 0.4,
    "Dirichlet": 0.4,
    "Poisson": 0.4,
    "Bernoulli of probs": 0.005,
    "Bernoulli of logits": 0.4,
    "Geometric of probs": 0.005,
    "Binomial of probs": 0.005,
    "Categorical of probs": 0.4,
    "Categorical of logits": 0.4,
    "OneHotCategorical": 0.4,
    "Independent": 0.4,
    "Cauchy": 0.4,
    "Gumbel": 0.4,
    "Pareto": -0.1,
    "MultivariateNormal of covariance": 0.4,
    "MultivariateNormal of scale": 0.4,
}


@pytest.mark.torch
@pytest.mark.parametrize("name", SHIFTED)
def test_divergences(name: str) -> None:
    results = []
    for engine, p, leaves, _ in pair(name):
        others = [engine.tensor(np.array(x) + SHIFTED[name]) for x in FAMILIES[name][1]]
        q = FAMILIES[name][0](engine.distributions, *others)
        results.append((engine.distributions.kl_divergence(p, q), leaves))
    (expected, theirs), (got, mine) = results
    assert_equal(got, expected)
    assert_same_gradients(got, expected, mine, theirs, 1e-7)


REFUSED: dict[str, Callable[[Any], Any]] = {
    "scale": lambda t: t.distributions.Normal(0.0, -1.0),
    "scales": lambda t: t.distributions.Normal(t.zeros(2), t.tensor([1.0, -1.0])),
    "NaN": lambda t: t.distributions.Normal(float("nan"), 1.0),
    "probs": lambda t: t.distributions.Bernoulli(t.tensor([0.5, 1.5])),
    "both": lambda t: t.distributions.Bernoulli(t.tensor(0.5), t.tensor(0.5)),
    "neither": lambda t: t.distributions.Categorical(),
    "scalar probs": lambda t: t.distributions.Categorical(t.tensor(0.5)),
    "bounds": lambda t: t.distributions.Uniform(1.0, 0.0),
    "value": lambda t: t.distributions.Bernoulli(t.tensor([0.5])).log_prob(t.tensor([2.0])),
    "class": lambda t: t.distributions.Categorical(t.ones(3)).log_prob(t.tensor([3])),
    "shape": lambda t: t.distributions.Normal(t.zeros(2), 1.0).log_prob(t.zeros(3)),
    "number": lambda t: t.distributions.Normal(0.0, 1.0).log_prob(0.5),
    "text": lambda t: t.distributions.Normal("a", 1.0),
    "too few dims": lambda t: t.distributions.Independent(t.distributions.Normal(0.0, 1.0), 1),
    "no divergence": lambda t: t.distributions.kl_divergence(
        t.distributions.Cauchy(0.0, 1.0), t.distributions.Poisson(1.0)
    ),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", REFUSED)
def test_refusals_are_torchs(name: str) -> None:
    torch = torch_or_skip()
    with pytest.raises(Exception) as expected:  # noqa: PT011 (whatever torch raises)
        REFUSED[name](torch)
    with pytest.raises(expected.type) as got:
        REFUSED[name](ours)
    assert str(got.value) == str(expected.value)


@pytest.mark.torch
@pytest.mark.parametrize("name", FAMILIES)
def test_representation(name: str) -> None:
    (_, p, _, _), (_, q, _, _) = pair(name)
    assert repr(q) == repr(p)


def test_missing_family_is_named() -> None:
    with pytest.raises(NotImplementedError, match=r"torch\.distributions\.Wishart"):
        _ = ours.distributions.Wishart


def test_reinforce_moves_towards_the_reward() -> None:
    ours.manual_seed(0)
    logits = ours.zeros(3, requires_grad=True)
    optimizer = ours.optim.SGD([logits], lr=0.5)
    for _ in range(60):
        policy = ours.distributions.Categorical(logits=logits)
        action = policy.sample((16,))
        loss = -(policy.log_prob(action) * (action == 2).float()).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert ours.distributions.Categorical(logits=logits).probs[2].item() > 0.8
