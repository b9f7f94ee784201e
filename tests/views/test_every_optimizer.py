"""Every optimizer of the engine, with its options: the card's lines end in a check that holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import gradstep_engine as torch
from gradstep.trace.reader import RunTrace
from gradstep.views import updates
from gradstep.views.cards import update as cards
from gradstep.views.explain import explain
from gradstep.views.text import plain
from gradstep.views.updates import Update
from tests.provenance.recorded import record

OPTIONS: dict[str, list[dict[str, Any]]] = {
    "SGD": [
        {},
        {"momentum": 0.9},
        {"momentum": 0.9, "dampening": 0.5},
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
        {"weight_decay": 0.1, "maximize": True},
    ],
    "ASGD": [{}, {"t0": 1, "lambd": 0.1, "weight_decay": 0.1}, {"maximize": True}],
    "Rprop": [{}, {"etas": (0.4, 1.3), "maximize": True}],
    "RMSprop": [
        {},
        {"momentum": 0.9, "centered": True},
        {"weight_decay": 0.1, "maximize": True},
    ],
    "Adagrad": [
        {},
        {"lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.2},
        {"maximize": True},
    ],
    "Adadelta": [{}, {"rho": 0.8, "weight_decay": 0.1}, {"maximize": True}],
    "Adam": [
        {},
        {"amsgrad": True},
        {"weight_decay": 0.1, "maximize": True},
        {"weight_decay": 0.1, "decoupled_weight_decay": True},
    ],
    "AdamW": [{}, {"weight_decay": 0.1, "amsgrad": True}, {"maximize": True}],
    "Adamax": [{}, {"weight_decay": 0.1, "maximize": True}],
    "NAdam": [{}, {"weight_decay": 0.1, "decoupled_weight_decay": True}, {"maximize": True}],
    "RAdam": [
        {},
        {"betas": (0.9, 0.5), "weight_decay": 0.1},
        {"weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True},
    ],
    "Adafactor": [{}, {"weight_decay": 0.1, "maximize": True}, {"d": 1.5, "beta2_decay": -0.5}],
    "Muon": [{}, {"nesterov": False}, {"adjust_lr_fn": "match_rms_adamw", "weight_decay": 0.0}],
}

EXCEPTIONS = {
    "LBFGS": "it moves all parameters together, along a direction that it searches",
    "Optimizer": "the base of all others",
}

SCRIPT = """\
import torch

torch.manual_seed(0)
made = []
for name, several in {options!r}.items():
    for options in several:
        w = torch.randn(3, 4).requires_grad_()
        b = torch.randn(4).requires_grad_()
        params = [w] if name == "Muon" else [w, b]
        optimizer = getattr(torch.optim, name)(params, lr=0.1, **options)
        made.append(optimizer)
        for step in range(3):
            optimizer.zero_grad()
            (sum((p**2).sum() for p in params) * (step + 1)).backward()
            optimizer.step()
"""


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory, child_environment: dict[str, str]
) -> Iterator[RunTrace]:
    script = SCRIPT.format(options=OPTIONS)
    with record(tmp_path_factory.mktemp("optimizers"), script, child_environment) as trace:
        yield trace.run()


def test_no_optimizer_is_left_out() -> None:
    assert {*OPTIONS, *EXCEPTIONS} == set(torch.optim.__all__)


def test_every_update_ends_with_a_check_that_holds(run: RunTrace) -> None:
    cards = 0
    for row in run.events(1, None, ("updated",)):
        for element in (None, (0, 0), (2, 3)):
            card = explain(run.at(row.seq), element=element, width=100)
            text = plain(card.lines)
            assert card.matches is True, text
            last = [line for line in text.splitlines() if line.strip().startswith("θ ")][-1]
            assert re.search(r"θ +-?\d.* = .*✓", last + text[text.index(last) :]), text
            cards += 1
    several = sum(len(options) for options in OPTIONS.values())
    alone = len(OPTIONS["Muon"])
    assert cards == 3 * 3 * (2 * several - alone)


@pytest.mark.parametrize("name", OPTIONS)
def test_a_result_that_was_not_computed_so_is_told(
    run: RunTrace, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same update with another recorded result: the card says that it does not match."""
    read = updates.recorded_update

    def altered(moment: Any, event: Any) -> Update | None:
        found = read(moment, event)
        assert found is not None
        return replace(found, after=np.asarray(found.after) * 1.01)

    row = next(r for r in run.events(1, None, ("updated",)) if r.detail["class"] == name)
    monkeypatch.setattr(cards, "recorded_update", altered)
    card = explain(run.at(row.seq), width=100)
    assert card.matches is False
    assert "✗ What was recorded is not what the formula gives." in plain(card.lines)
