"""Each optimizer with its options against PyTorch: twenty steps, parameters and state."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from tests.engine.nn.pairing import numbers, ours, torch_or_skip

OPTIONS: dict[str, list[dict[str, Any]]] = {
    "SGD": [
        {},
        {"momentum": 0.9},
        {"momentum": 0.9, "dampening": 0.3},
        {"momentum": 0.9, "nesterov": True},
        {"weight_decay": 0.1},
        {"maximize": True},
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "maximize": True},
        {"momentum": 0.8, "dampening": 0.1, "weight_decay": 0.2, "maximize": True},
    ],
    "Adam": [
        {},
        {"betas": (0.8, 0.9), "eps": 1e-3},
        {"weight_decay": 0.1},
        {"amsgrad": True},
        {"maximize": True},
        {"amsgrad": True, "weight_decay": 0.1, "maximize": True},
    ],
    "AdamW": [{}, {"weight_decay": 0.3}, {"amsgrad": True}, {"maximize": True, "amsgrad": True}],
    "RMSprop": [
        {},
        {"alpha": 0.9, "eps": 1e-3},
        {"momentum": 0.9},
        {"centered": True},
        {"weight_decay": 0.1, "maximize": True},
        {"momentum": 0.9, "centered": True, "weight_decay": 0.1},
    ],
    "Adagrad": [
        {},
        {"lr_decay": 0.1},
        {"weight_decay": 0.1, "initial_accumulator_value": 0.5, "maximize": True},
    ],
    "Adadelta": [{}, {"rho": 0.5, "eps": 1e-3}, {"weight_decay": 0.1, "maximize": True}],
    "Adamax": [{}, {"betas": (0.7, 0.9), "eps": 1e-3}, {"weight_decay": 0.1, "maximize": True}],
    "NAdam": [
        {},
        {"betas": (0.7, 0.9), "eps": 1e-3, "momentum_decay": 0.1},
        {"weight_decay": 0.1, "maximize": True},
        {"weight_decay": 0.1, "decoupled_weight_decay": True},
    ],
    "RAdam": [
        {},
        {"betas": (0.7, 0.9), "eps": 1e-3},
        {"betas": (0.7, 0.5), "weight_decay": 0.1, "maximize": True},
        {"weight_decay": 0.1, "decoupled_weight_decay": True},
    ],
    "ASGD": [{}, {"lambd": 0.1, "alpha": 0.5, "t0": 4}, {"weight_decay": 0.1, "maximize": True}],
    "Adafactor": [
        {},
        {"beta2_decay": -0.5, "eps": (1e-3, 1e-2), "d": 2.0},
        {"weight_decay": 0.1, "maximize": True},
    ],
    "Rprop": [
        {},
        {"etas": (0.3, 1.5), "step_sizes": (1e-3, 0.1)},
        {"maximize": True, "step_sizes": (1e-3, 0.02)},
    ],
}
CASES = [
    pytest.param(name, options, id=f"{name}-{number}")
    for name, several in OPTIONS.items()
    for number, options in enumerate(several)
]


def train(engine: Any, name: str, options: dict[str, Any], dtype: str, steps: int = 20) -> Any:
    """Return optimizer and parameters after `steps` on a small nonlinear regression."""
    shapes = [(3, 4), (4,), (), (33_001,)]  # the last one takes two blocks
    parameters = [
        engine.tensor(numbers(*shape, seed=n, dtype=dtype), requires_grad=True)
        for n, shape in enumerate(shapes)
    ]
    groups = [{"params": parameters[:2]}, {"params": parameters[2:], "lr": 0.02}]
    optimizer = getattr(engine.optim, name)(groups, lr=0.05, **options)
    x = engine.tensor(numbers(5, 3, seed=9, dtype=dtype))
    for step in range(steps):
        optimizer.zero_grad()
        w, b, c, long = parameters
        loss = ((x @ w + b) ** 2).mean() + c * c * 3
        if step % 2:  # a parameter without gradient is left alone
            loss = loss + (long * long).sum() / 1000
        loss.backward()
        optimizer.step()
    return optimizer, parameters


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_twenty_steps_equal_torchs(name: str, options: dict[str, Any], dtype: str) -> None:
    torch = torch_or_skip()
    mine, own = train(ours, name, options, dtype)
    theirs, other = train(torch, name, options, dtype)
    tolerance = 1e-10 if dtype == "float64" else 2e-5
    for a, b in zip(own, other, strict=True):
        np.testing.assert_allclose(
            a.detach().numpy(), b.detach().numpy(), rtol=tolerance, atol=tolerance
        )
        assert list(mine.state[a]) == list(theirs.state[b])
        for key, value in mine.state[a].items():
            expected = theirs.state[b][key]
            assert repr(value.dtype) == repr(expected.dtype), key
            assert tuple(value.shape) == tuple(expected.shape)
            np.testing.assert_allclose(
                value.numpy(), expected.numpy(), rtol=tolerance * 10, atol=tolerance
            )
    assert repr(mine) == repr(theirs)
    for group, expected in zip(mine.param_groups, theirs.param_groups, strict=True):
        assert list(group) == list(expected)
    packed, expected_packed = mine.state_dict(), theirs.state_dict()
    assert packed["param_groups"] == expected_packed["param_groups"]
    assert list(packed["state"]) == list(expected_packed["state"])


@pytest.mark.parametrize(("name", "options"), CASES)
def test_state_resumes_where_it_was_saved(name: str, options: dict[str, Any]) -> None:
    _, whole = train(ours, name, options, "float64", 12)
    first, halfway = train(ours, name, options, "float64", 6)
    saved = copy.deepcopy(first.state_dict())
    groups = [{"params": halfway[:2]}, {"params": halfway[2:]}]
    second = getattr(ours.optim, name)(groups, lr=1.0)
    second.load_state_dict(saved)
    x = ours.tensor(numbers(5, 3, seed=9))
    for step in range(6, 12):
        second.zero_grad()
        w, b, c, long = halfway
        loss = ((x @ w + b) ** 2).mean() + c * c * 3
        if step % 2:
            loss = loss + (long * long).sum() / 1000
        loss.backward()
        second.step()
    for a, b in zip(whole, halfway, strict=True):
        # As in torch, loading turns a scalar float32 of the state into the parameter's type.
        tolerance = 1e-6 if name in ("NAdam", "ASGD") else 0
        np.testing.assert_allclose(
            a.detach().numpy(), b.detach().numpy(), rtol=tolerance, atol=tolerance
        )


WRONG: dict[str, Any] = {
    "empty": lambda e, o, x: o.SGD([], lr=0.1),
    "single tensor": lambda e, o, x: o.SGD(x, lr=0.1),
    "non-leaf": lambda e, o, x: o.SGD([x * 2], lr=0.1),
    "number": lambda e, o, x: o.SGD([1], lr=0.1),
    "lr": lambda e, o, x: o.SGD([x], lr=-1),
    "momentum": lambda e, o, x: o.SGD([x], lr=1, momentum=-1),
    "nesterov": lambda e, o, x: o.SGD([x], lr=1, nesterov=True),
    "weight decay": lambda e, o, x: o.SGD([x], lr=1, weight_decay=-1),
    "beta 0": lambda e, o, x: o.Adam([x], betas=(1, 1)),
    "beta 1": lambda e, o, x: o.AdamW([x], betas=(0.9, 1)),
    "eps": lambda e, o, x: o.Adam([x], eps=-1),
    "alpha": lambda e, o, x: o.RMSprop([x], alpha=-1),
    "two groups": lambda e, o, x: o.SGD([{"params": [x]}, {"params": [x]}], lr=1),
    "no params": lambda e, o, x: o.SGD([{"params": [x]}, {"foo": [x]}], lr=1),
    "set": lambda e, o, x: o.SGD([{"params": {x}}], lr=1),
    "abstract": lambda e, o, x: o.Optimizer([x], {}).step(),
    "other size": lambda e, o, x: o.SGD([x], lr=1).load_state_dict(
        o.SGD([x, e.zeros(1, requires_grad=True)], lr=1).state_dict()
    ),
    "other groups": lambda e, o, x: o.SGD([x], lr=1).load_state_dict(
        o.SGD([{"params": [x]}, {"params": [e.zeros(1, requires_grad=True)]}], lr=1).state_dict()
    ),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_reported_in_torchs_words(name: str) -> None:
    raised = []
    for engine in (ours, torch_or_skip()):
        with pytest.raises(Exception) as caught:  # noqa: PT011 (compared below)
            WRONG[name](engine, engine.optim, engine.zeros(2, requires_grad=True))
        raised.append((type(caught.value).__name__, str(caught.value)))
    assert raised[0] == raised[1]


def test_duplicates_in_a_group_warn() -> None:
    x = ours.zeros(2, requires_grad=True)
    with pytest.warns(UserWarning, match="duplicate parameters"):
        ours.optim.SGD([x, x], lr=1)


def test_groups_have_their_own_hyper_parameters() -> None:
    a, b = (ours.ones(1, requires_grad=True) for _ in range(2))
    optimizer = ours.optim.SGD([{"params": [a]}, {"params": b, "lr": 1.0}], lr=0.5)
    (a + b).sum().backward()
    optimizer.step()
    assert (a.item(), b.item()) == (0.5, 0.0)
    c = ours.ones(1, requires_grad=True)
    optimizer.add_param_group({"params": [c], "lr": 0.25})
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 1.0, 0.25]


def test_zero_grad_sets_none_or_zeros() -> None:
    x = ours.ones(2, requires_grad=True)
    optimizer = ours.optim.SGD([x], lr=0.1)
    x.sum().backward()
    grad = x.grad
    optimizer.zero_grad(set_to_none=False)
    assert x.grad is grad
    assert x.grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert x.grad is None


def test_step_evaluates_its_closure_with_gradients() -> None:
    x = ours.ones(1, requires_grad=True)
    optimizer = ours.optim.SGD([x], lr=0.25)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    with ours.no_grad():
        assert float(optimizer.step(closure)) == 1.0
    assert x.item() == 0.5


def test_updates_are_in_place_and_raise_the_version() -> None:
    x = ours.ones(1, requires_grad=True)
    optimizer = ours.optim.Adam([x], lr=0.25)
    array, version = x._array, x._version
    (x * 2).sum().backward()
    optimizer.step()
    assert x._array is array
    assert x._version == version + 1


def test_changing_weights_between_forward_and_backward_is_noticed() -> None:
    net = ours.nn.Sequential(ours.nn.Linear(2, 2), ours.nn.Linear(2, 1))
    optimizer = ours.optim.SGD(net.parameters(), lr=0.1)
    loss = net(ours.ones(1, 2)).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
