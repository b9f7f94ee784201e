"""Previews and checks of updates, against the engine's own optimizers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

import gradstep_engine as torch
from gradstep.updates.check import compare
from gradstep.updates.preview import figures
from gradstep.updates.rule import Before, result_of
from gradstep.updates.rules import RULES, no_formula, work_out
from gradstep.views.cards.preview import figure_parts
from gradstep_engine import events

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {"lr": 0.1}),
    "sgd all": ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1, "nesterov": True}),
    "sgd damped": ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5, "maximize": True}),
    "adam": ("Adam", {"lr": 0.01, "weight_decay": 0.1, "amsgrad": True}),
    "adamw": ("AdamW", {"lr": 0.01}),
    "rmsprop": ("RMSprop", {"lr": 0.01, "momentum": 0.9, "centered": True}),
    "adagrad": ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1}),
    "adadelta": ("Adadelta", {"weight_decay": 0.01}),
    "adamax": ("Adamax", {"weight_decay": 0.1}),
    "nadam": ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    "radam": ("RAdam", {"lr": 0.1, "weight_decay": 0.1}),
    "asgd": ("ASGD", {"lr": 0.1, "weight_decay": 0.1, "t0": 2}),
    "rprop": ("Rprop", {"lr": 0.1, "maximize": True}),
}


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    yield
    events.listener = None


def updates(name: str, options: Mapping[str, Any], dtype: str) -> list[dict[str, Any]]:
    """Eight steps with gradients of very different sizes, one of them zero."""
    random = np.random.default_rng(0)
    kind = getattr(torch, dtype)
    w = torch.tensor(random.normal(size=100).tolist(), dtype=kind).requires_grad_()
    optimizer = getattr(torch.optim, name)([w], **options)
    found: list[dict[str, Any]] = []

    def listen(event: Any) -> None:
        if isinstance(event, events.Updated):
            state = {k: getattr(v, "_array", v) for k, v in event.state_before.items()}
            found.append(
                {
                    "value": event.before._array,
                    "grad": event.grad._array.copy(),
                    "hyper": dict(event.hyper),
                    "state": {k: np.array(v) for k, v in state.items()},
                    "after": event.parameter._array.copy(),
                }
            )

    events.listener = listen
    for step in range(8):
        sizes = random.normal(size=100) * 10 ** random.normal(size=100) * (step != 4)
        w.grad = torch.tensor(sizes.tolist(), dtype=kind)
        optimizer.step()
    events.listener = None
    assert len(found) == 8
    return found


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("case", CASES)
def test_every_rule_has_what_the_engine_does_within_rounding(case: str, dtype: str) -> None:
    name, options = CASES[case]
    for step, given in enumerate(updates(name, options, dtype)):
        check = compare(RULES[name], dtype, **given)
        assert check.is_fine, (step, check)
        assert check.looked == 100


@pytest.mark.parametrize("case", CASES)
def test_a_rate_that_is_off_by_two_in_a_hundred_is_found(case: str) -> None:
    name, options = CASES[case]
    found = 0
    for given in updates(name, options, "float32"):
        hyper = {**given["hyper"], "lr": given["hyper"]["lr"] * 1.02}
        found += compare(RULES[name], "float32", **{**given, "hyper": hyper}).wrong
    assert found > 50


def test_a_mismatch_names_the_worst_element() -> None:
    value = np.array([[1.0, 2.0], [3.0, 4.0]], dtype="float32")
    grad = np.ones_like(value)
    after = value - np.array([[0.1, 0.1], [0.25, 0.15]], dtype="float32")
    check = compare(RULES["SGD"], "float32", value, grad, {"lr": 0.1}, {}, after)
    assert (check.wrong, check.worst) == (2, 2)
    assert check.expected == pytest.approx(-0.1)
    assert check.happened == pytest.approx(-0.25)
    assert check.error == pytest.approx(1.5)


def test_an_update_that_became_nan_where_the_rule_has_none_is_found() -> None:
    value, grad = np.ones(3, "float32"), np.ones(3, "float32")
    after = np.array([0.9, np.nan, 0.9], "float32")
    check = compare(RULES["SGD"], "float32", value, grad, {"lr": 0.1}, {}, after)
    assert (check.wrong, check.worst) == (1, 1)


def test_the_figures_of_a_step_by_hand() -> None:
    value = np.array([3.0, -4.0, 0.5])
    grad = np.array([0.0, 10.0, 10.0])
    made = figures(RULES["SGD"], value, grad, {"lr": 0.1, "weight_decay": 0.5}, {})
    delta = -0.1 * (grad + 0.5 * value)
    assert made.change == pytest.approx(np.linalg.norm(delta))
    assert (made.lowest, made.highest) == pytest.approx((delta.min(), delta.max()))
    assert made.descent == pytest.approx(float(grad @ delta))
    assert (made.flips, made.odd, made.elements) == (1, 0, 3)
    decay, rest = np.linalg.norm(0.05 * value), np.linalg.norm(0.1 * grad)
    assert made.decay == pytest.approx(decay / (decay + rest))
    assert made.ratio == pytest.approx(np.linalg.norm(delta) / np.linalg.norm(value))


def test_figures_are_the_same_in_one_block_and_in_many() -> None:
    random = np.random.default_rng(1)
    value, grad = random.normal(size=(500, 300)), random.normal(size=(500, 300))
    grad[3, 4] = np.nan
    state = {"step": 2.0, "exp_avg": 0.1 * grad, "exp_avg_sq": grad**2}
    made = figures(RULES["Adam"], value, grad, {"lr": 0.1}, state)
    before = Before(value, grad, {"lr": 0.1}, state)
    RULES["Adam"](before)
    delta = result_of(before.statements) - value
    assert made.odd == 1
    assert made.change == pytest.approx(np.sqrt(np.nansum(delta**2)))
    assert made.flips == np.count_nonzero(value * (value + delta) < 0)
    assert asdict(made)["elements"] == 150_000


def test_an_optimizer_without_a_formula_says_why() -> None:
    assert work_out("LBFGS", Before(1.0, 1.0, {}, {})) is None
    assert no_formula("LBFGS").startswith("no formula for LBFGS: it moves all parameters together")
    assert no_formula("Mine") == "no formula for Mine"


def test_of_nothing_but_nan_there_are_no_figures() -> None:
    value = np.array([1.0, 2.0])
    one, all_ = (
        figures(RULES["SGD"], value, np.array(grad), {"lr": 0.1}, {})
        for grad in ([math.nan, 1.0], [math.nan, math.inf])
    )
    assert not one.is_all_odd
    assert figure_parts(one)[0].startswith("|Δ| 0.1000")
    assert all_.is_all_odd
    assert figure_parts(all_) == []
