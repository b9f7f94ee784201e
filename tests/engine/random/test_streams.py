"""The same seed gives torch's numbers: the same draws, and as many of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradstep_engine as ours
from tests.engine.parity import torch_or_skip

Draw = Callable[[Any], Any]

FLOATS = ("float16", "float32", "float64")
ALL = (*FLOATS, "int8", "int16", "int32", "int64", "uint8", "bool")
# 15 and 16 are where normal numbers begin to come in blocks, 20000 is drawn in several portions.
COUNTS = (1, 15, 16, 17, 20000)


def assert_same_stream(draw: Draw, tolerance: float = 0.0, seed: int = 3) -> None:
    """Compare what is drawn, and the next number of the stream after it."""
    torch = torch_or_skip()
    torch.manual_seed(seed)
    ours.manual_seed(seed)
    theirs, mine = torch.as_tensor(draw(torch)), ours.as_tensor(draw(ours))
    assert repr(mine.dtype) == repr(theirs.dtype)
    got, expected = mine.detach().numpy(), theirs.detach().numpy()
    if tolerance:
        scale = max(1.0, float(np.abs(expected).max()))
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance * scale)
    else:
        np.testing.assert_array_equal(got, expected)
    assert ours.rand(1).item() == torch.rand(1).item()


def empty(t: Any, dtype: str, *size: int) -> Any:
    return t.empty(*size, dtype=getattr(t, dtype))


def ramp(t: Any, dtype: str, count: int, low: float = 0.1, high: float = 1.0) -> Any:
    return t.linspace(low, high, count, dtype=t.float64).to(getattr(t, dtype))


EXACT: dict[str, Callable[[Any, str, int], Any]] = {
    "rand": lambda t, d, n: t.rand(n, dtype=getattr(t, d)),
    "uniform_": lambda t, d, n: empty(t, d, n).uniform_(-0.1, 0.3),
    "bernoulli_": lambda t, d, n: empty(t, d, n).bernoulli_(0.3),
    "bernoulli of a tensor": lambda t, d, n: t.bernoulli(ramp(t, d, n)),
    "geometric_": lambda t, d, n: empty(t, d, n).geometric_(0.3),
    "poisson": lambda t, d, n: t.poisson(ramp(t, d, min(n, 500), 0, 30)),
    "random_": lambda t, d, n: empty(t, d, n).random_(),
    "random_(to)": lambda t, d, n: empty(t, d, n).random_(100),
    "random_(from, to)": lambda t, d, n: empty(t, d, n).random_(5, 100),
}


@pytest.mark.torch
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", EXACT)
def test_same_bits(name: str, dtype: str, count: int) -> None:
    assert_same_stream(lambda t: EXACT[name](t, dtype, count))


ROUNDED: dict[str, Callable[[Any, str, int], Any]] = {
    "randn": lambda t, d, n: t.randn(n, dtype=getattr(t, d)),
    "normal_": lambda t, d, n: empty(t, d, n).normal_(0.5, 3),
    "log_normal_": lambda t, d, n: empty(t, d, n).log_normal_(0.5, 0.3),
    "cauchy_": lambda t, d, n: empty(t, d, n).cauchy_(0.5, 0.3),
    "exponential_": lambda t, d, n: empty(t, d, n).exponential_(0.3),
}
TOLERANCES = {"float16": 1e-3, "float32": 1e-6, "float64": 1e-12}


@pytest.mark.torch
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ROUNDED)
def test_same_to_rounding(name: str, dtype: str, count: int) -> None:
    assert_same_stream(lambda t: ROUNDED[name](t, dtype, count), TOLERANCES[dtype])


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ALL)
def test_whole_numbers_of_every_type(dtype: str) -> None:
    assert_same_stream(lambda t: empty(t, dtype, 50).random_())
    assert_same_stream(lambda t: t.randint(0, 2, (4, 5), dtype=getattr(t, dtype)))
    if dtype != "bool":
        assert_same_stream(lambda t: t.randint(3, 100, (4, 5), dtype=getattr(t, dtype)))


MORE: dict[str, Draw] = {
    "randint(high)": lambda t: t.randint(7, (3,)),
    "randint by name": lambda t: t.randint(high=7, size=(3,)),
    "randint below 2^28": lambda t: t.randint(0, 2**28 - 1, (30,)),
    "randint from 2^28": lambda t: t.randint(0, 2**28, (30,)),
    "randint wide": lambda t: t.randint(-5, 2**40, size=(300,)),
    "randint_like": lambda t: t.randint_like(t.zeros(3, 4), 2, 9),
    "randperm": lambda t: t.cat([t.randperm(n) for n in (1, 2, 10, 1000)]),
    "rand_like transposed": lambda t: t.rand_like(t.zeros(3, 4).t()),
    "multinomial of one": lambda t: t.multinomial(ramp(t, "float32", 9), 1),
    "multinomial": lambda t: t.multinomial(ramp(t, "float32", 9), 5),
    "multinomial with replacement": lambda t: t.multinomial(ramp(t, "float64", 9), 50, True),
    "multinomial rows": lambda t: t.multinomial(ramp(t, "float32", 20).reshape(4, 5), 3),
    "multinomial rows, replacement": lambda t: t.multinomial(
        ramp(t, "float32", 20).reshape(4, 5), 30, True
    ),
    "binomial": lambda t: t.binomial(t.arange(200.0), ramp(t, "float32", 200, 0, 1)),
    "scalar": lambda t: t.empty(()).uniform_(),
    "generator": lambda t: t.rand(3, generator=t.Generator().manual_seed(7)),
    "negative seed": lambda t: (t.manual_seed(-3), t.rand(4))[1],
    "seed of 40 bits": lambda t: (t.manual_seed(2**40 + 9), t.rand(4))[1],
    "state": lambda t: t.get_rng_state(),
    "state after draws": lambda t: (t.rand(624), t.randn(3), t.get_rng_state())[2],
    "state set": lambda t: _again(t),
    "fork_rng": lambda t: _forked(t),
}


def _again(t: Any) -> Any:
    t.randn(3)
    state = t.get_rng_state()
    first = t.rand(5)
    t.set_rng_state(state)
    return t.cat([first, t.rand(5)])


def _forked(t: Any) -> Any:
    with t.random.fork_rng():
        inside = t.rand(5)
    return t.cat([inside, t.rand(5)])


@pytest.mark.torch
@pytest.mark.parametrize("name", MORE)
def test_same_draws(name: str) -> None:
    assert_same_stream(MORE[name])


NORMALS: dict[str, Draw] = {
    "two tensors": lambda t: t.normal(t.arange(20.0), t.arange(1.0, 21)),
    "mean tensor": lambda t: t.normal(t.arange(20.0).reshape(4, 5), 2.0),
    "std tensor": lambda t: t.normal(2.0, t.arange(1.0, 21)),
    "broadcast": lambda t: t.normal(t.arange(4.0).reshape(4, 1), t.arange(1.0, 6)),
    "size": lambda t: t.normal(2.0, 3.0, (5, 6)),
    "randn_like transposed": lambda t: t.randn_like(t.zeros(5, 4).t()),
    "pairs are kept": lambda t: t.cat([t.randn(3), t.rand(2), t.randn(4), t.randn(40), t.randn(1)]),
    "gamma": lambda t: t._standard_gamma(ramp(t, "float64", 100, 0.05, 9)),
    "dirichlet": lambda t: t._sample_dirichlet(ramp(t, "float64", 100, 0.05, 9).reshape(20, 5)),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", NORMALS)
def test_same_normal_numbers(name: str) -> None:
    assert_same_stream(NORMALS[name], 1e-6)


@pytest.mark.torch
@pytest.mark.parametrize("fill", ["uniform_", "normal_", "exponential_", "random_", "bernoulli_"])
def test_targets_with_strides(fill: str) -> None:
    def transposed(t: Any) -> Any:
        x = t.zeros(8, 6)
        getattr(x.t()[1:5], fill)()
        return x

    def with_gaps(t: Any) -> Any:
        x = t.zeros(8, 6, 4)
        getattr(x.permute(2, 0, 1)[:, ::2], fill)()
        return x

    assert_same_stream(transposed, 1e-6)
    assert_same_stream(with_gaps, 1e-6)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 100, 5000])
def test_a_permutation_is_that_of_the_textbooks_loop(count: int) -> None:
    for seed in range(20):
        stream = ours.Generator().manual_seed(seed)
        order = list(range(count))
        for place in range(count - 1):
            other = place + int(stream.draw(1)[0]) % (count - place)
            order[place], order[other] = order[other], order[place]
        ours.manual_seed(seed)
        assert ours.randperm(count).tolist() == order
        assert ours.rand(1).item() == ours.rand(1, generator=stream).item()


def test_numbers_that_do_not_change() -> None:
    """Frozen from torch 2.13, for whoever has no torch."""
    ours.manual_seed(0)
    assert ours.rand(3).tolist() == pytest.approx([0.4962565899, 0.7682217956, 0.0884774327])
    ours.manual_seed(0)
    assert ours.randn(3).tolist() == pytest.approx([1.5409961, -0.2934289, -2.1787894])
    ours.manual_seed(0)
    assert ours.randn(16)[:3].tolist() == pytest.approx([-1.1258398, -1.1523602, -0.2505786])
    ours.manual_seed(0)
    assert ours.randperm(10).tolist() == [4, 1, 7, 5, 3, 9, 0, 8, 6, 2]
    ours.manual_seed(0)
    assert ours.randint(0, 10, (5,)).tolist() == [4, 9, 3, 0, 3]
    ours.manual_seed(0)
    assert ours.empty(4).bernoulli_(0.5).tolist() == [0, 0, 1, 0]
    ours.manual_seed(0)
    assert ours.nn.Linear(2, 1).weight.tolist()[0] == pytest.approx([-0.005293981, 0.379322886])


ERRORS: dict[str, Draw] = {
    "bernoulli_": lambda t: t.empty(3).bernoulli_(1.5),
    "exponential_": lambda t: t.empty(3).exponential_(0.0),
    "normal_": lambda t: t.empty(3).normal_(0, -1),
    "uniform_": lambda t: t.empty(3).uniform_(2, 1),
    "geometric_": lambda t: t.empty(3).geometric_(0.0),
    "cauchy_": lambda t: t.empty(3).cauchy_(0, -1),
    "log_normal_": lambda t: t.empty(3).log_normal_(0, -1),
    "randint": lambda t: t.randint(5, 5, (2,)),
    "randint of uint8": lambda t: t.randint(300, (2,), dtype=t.uint8),
    "randperm": lambda t: t.randperm(-1),
    "rand of int": lambda t: t.rand(3, dtype=t.int64),
    "randn of int": lambda t: t.randn(3, dtype=t.int64),
    "rand of a negative size": lambda t: t.rand(2, -3),
    "exponential_ of int": lambda t: t.empty(3, dtype=t.int64).exponential_(),
    "multinomial of negatives": lambda t: t.multinomial(t.tensor([0.0, -1.0]), 1),
    "multinomial of nothing": lambda t: t.multinomial(t.tensor([0.0, 0.0]), 1),
    "multinomial of too many": lambda t: t.multinomial(t.tensor([1.0, 1.0]), 3),
    "multinomial of int": lambda t: t.multinomial(t.tensor([1, 1]), 1),
    "multinomial of 3 dims": lambda t: t.multinomial(t.ones(2, 2, 2), 1),
    "poisson": lambda t: t.poisson(t.tensor([-1.0])),
    "normal": lambda t: t.normal(t.zeros(2), t.tensor([-1.0, 1])),
    "normal shapes": lambda t: t.normal(t.zeros(3), t.ones(4)),
    "leaf": lambda t: t.empty(2).requires_grad_().normal_(),
    "seed": lambda t: t.manual_seed(2**64),
    "state": lambda t: t.set_rng_state(t.zeros(3)),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", ERRORS)
def test_refusals_are_torchs(name: str) -> None:
    torch = torch_or_skip()
    with pytest.raises(Exception) as expected:  # noqa: PT011 (whatever torch raises)
        ERRORS[name](torch)
    with pytest.raises(expected.type) as got:
        ERRORS[name](ours)
    assert str(got.value).split("\n")[0] == str(expected.value).split("\n")[0]


def test_drawn_values_have_no_gradient() -> None:
    mean = ours.zeros(3, requires_grad=True)
    drawn = ours.normal(mean, 1.0)
    assert drawn.grad_fn.name() == "NormalBackward1"
    drawn.sum().backward()
    assert mean.grad.tolist() == [0, 0, 0]
    x = ours.ones(3, requires_grad=True)
    y = x * 2
    y.uniform_()
    y.sum().backward()
    assert x.grad.tolist() == [0, 0, 0]
