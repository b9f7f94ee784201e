"""L-BFGS against PyTorch: the same path, the same number of evaluations, the same state."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from gradstep_engine import events
from tests.engine.nn.pairing import numbers, ours, torch_or_skip

OPTIONS: list[dict[str, Any]] = [
    {},
    {"line_search_fn": "strong_wolfe"},
    {"lr": 0.5, "max_iter": 5},
    {"lr": 0.8, "line_search_fn": "strong_wolfe", "history_size": 3, "max_iter": 30},
    {"max_eval": 4, "line_search_fn": "strong_wolfe"},
    {"tolerance_grad": 1e-2, "tolerance_change": 1e-3, "line_search_fn": "strong_wolfe"},
]


def rosenbrock(engine: Any, dtype: str) -> tuple[list[Any], Any]:
    x = engine.tensor(np.array([-1.2, 1.0], dtype=dtype), requires_grad=True)
    return [x], lambda: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def sine(engine: Any, dtype: str) -> tuple[list[Any], Any]:
    """A small network that learns to continue a sine, as in PyTorch's example of a series."""
    times = np.arange(40, dtype=dtype) / 4
    series = np.sin(times)
    inputs = engine.tensor(np.stack([series[:-2], series[1:-1]], axis=1))
    targets = engine.tensor(series[2:, None].copy())
    shapes = [(2, 6), (6,), (6, 1), (1,)]
    parameters = [
        engine.tensor(numbers(*shape, seed=n, dtype=dtype) / 2, requires_grad=True)
        for n, shape in enumerate(shapes)
    ]
    a, b, c, d = parameters
    return parameters, lambda: ((((inputs @ a + b).tanh() @ c + d) - targets) ** 2).mean()


def minimise(
    engine: Any, problem: Any, options: dict[str, Any], dtype: str, steps: int
) -> tuple[Any, list[Any], list[float]]:
    parameters, loss_of = problem(engine, dtype)
    optimizer = engine.optim.LBFGS(parameters, **options)
    seen: list[float] = []

    def closure() -> Any:
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        seen.append(loss.item())
        return loss

    for _ in range(steps):
        optimizer.step(closure)
    return optimizer, parameters, seen


def as_numbers(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [as_numbers(each) for each in value]
    return value.numpy().tolist() if hasattr(value, "numpy") else value


@pytest.mark.torch
@pytest.mark.parametrize("problem", [rosenbrock, sine])
@pytest.mark.parametrize("options", OPTIONS)
def test_the_path_is_torchs(problem: Any, options: dict[str, Any]) -> None:
    torch = torch_or_skip()
    options = {"lr": 1e-3, **options} if problem is rosenbrock and not options else options
    steps = 3 if problem is sine else 4
    mine, own, seen = minimise(ours, problem, options, "float64", steps)
    theirs, other, expected = minimise(torch, problem, options, "float64", steps)
    assert len(seen) == len(expected)
    np.testing.assert_allclose(seen, expected, rtol=1e-4, atol=1e-9)  # rounding is amplified
    for a, b in zip(own, other, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-4, atol=1e-6)
    state, wanted = mine.state[own[0]], theirs.state[other[0]]
    assert sorted(state) == sorted(wanted)
    for name, value in wanted.items():
        assert type(as_numbers(state[name])) is type(as_numbers(value)), name
        assert hasattr(state[name], "numpy") == hasattr(value, "numpy"), name
        if name not in ("al", "ro", "H_diag", "old_dirs", "old_stps", "d", "prev_flat_grad"):
            assert as_numbers(state[name]) == pytest.approx(as_numbers(value), rel=1e-3, abs=1e-6)
        elif isinstance(value, list):
            assert len(state[name]) == len(value)
    assert repr(mine) == repr(theirs)
    assert list(mine.state_dict()["param_groups"][0]) == list(
        theirs.state_dict()["param_groups"][0]
    )


@pytest.mark.torch
def test_float32_ends_where_torch_ends() -> None:
    options = {"line_search_fn": "strong_wolfe", "max_iter": 60}
    _, own, _ = minimise(ours, rosenbrock, options, "float32", 3)
    _, other, _ = minimise(torch_or_skip(), rosenbrock, options, "float32", 3)
    for result in (own, other):
        np.testing.assert_allclose(result[0].detach().numpy(), [1, 1], atol=1e-3)


def test_rosenbrock_is_solved() -> None:
    options = {"line_search_fn": "strong_wolfe", "max_iter": 60}
    _, (x,), seen = minimise(ours, rosenbrock, options, "float64", 4)
    assert x.tolist() == pytest.approx([1, 1], abs=1e-4)
    assert len(seen) < 80


def test_state_resumes_where_it_was_saved() -> None:
    options = {"line_search_fn": "strong_wolfe", "max_iter": 4}
    _, whole, _ = minimise(ours, rosenbrock, options, "float64", 4)
    first, (x,), _ = minimise(ours, rosenbrock, options, "float64", 2)
    second = ours.optim.LBFGS([x], **options)
    second.load_state_dict(copy.deepcopy(first.state_dict()))

    def closure() -> Any:
        second.zero_grad()
        loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
        loss.backward()
        return loss

    for _ in range(2):
        second.step(closure)
    assert x.tolist() == whole[0].tolist()


def test_parameters_without_gradient_stay() -> None:
    a, b = (ours.ones(2, requires_grad=True) for _ in range(2))
    optimizer = ours.optim.LBFGS([a, b], max_iter=3)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (a * a).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert b.tolist() == [1, 1]
    assert abs(a.detach().numpy()).max() < 1


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_every_change_of_a_parameter_is_told(search: str | None) -> None:
    told: list[Any] = []
    values: list[list[float]] = []

    def listen(event: Any) -> None:
        told.append(event)
        if isinstance(event, events.Updated):
            values.append(event.parameter.detach().numpy().tolist())

    parameters, loss_of = rosenbrock(ours, "float64")
    (x,) = parameters
    optimizer = ours.optim.LBFGS(parameters, lr=1e-3, max_iter=4, line_search_fn=search)
    starts: list[list[float]] = []

    def closure() -> Any:
        starts.append(x.detach().numpy().tolist())
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        return loss

    version = x._version
    first = x.detach().numpy().tolist()
    events.listener = listen
    try:
        optimizer.step(closure)
    finally:
        events.listener = None
    updates = [event for event in told if isinstance(event, events.Updated)]
    assert x._version - version == len(updates)
    chain = [event.before._array.tolist() for event in updates]
    assert chain == [first, *values[:-1]]
    assert values[-1] == x.tolist()
    assert all(start in ([first, *values]) for start in starts)
    phases = [
        (type(event).__name__, event.name)
        for event in told
        if isinstance(event, (events.PhaseEntered, events.PhaseExited))
    ]
    assert phases[0] == ("PhaseEntered", "LBFGS.step")
    assert phases[-1] == ("PhaseExited", "LBFGS.step")
    assert phases.count(("PhaseEntered", "backward")) == len(starts)


def test_mistakes_are_reported() -> None:
    a, b = (ours.ones(2, requires_grad=True) for _ in range(2))
    with pytest.raises(ValueError, match="per-parameter options"):
        ours.optim.LBFGS([{"params": [a]}, {"params": [b]}])
    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
        minimise(ours, rosenbrock, {"line_search_fn": "armijo"}, "float64", 1)
