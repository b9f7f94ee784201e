"""Optimizers' rules against PyTorch's own steps, and how an update reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradstep.trace.reader import Trace
from gradstep.views.explain import explain
from gradstep.views.optimizer import optimizer_view
from gradstep.views.text import plain
from tests.views.tracing import T, TraceBuilder, find

OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {"lr": 0.1}),
    "sgd decay": ("SGD", {"lr": 0.1, "weight_decay": 0.1}),
    "sgd momentum": ("SGD", {"lr": 0.1, "momentum": 0.9}),
    "sgd dampening": ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}),
    "sgd nesterov": ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    "sgd maximize": ("SGD", {"lr": 0.1, "maximize": True}),
    "adam": ("Adam", {"lr": 0.01}),
    "adam decay": ("Adam", {"lr": 0.01, "weight_decay": 0.1}),
    "adam amsgrad": ("Adam", {"lr": 0.01, "amsgrad": True}),
    "adamw": ("AdamW", {"lr": 0.01, "weight_decay": 0.1}),
    "rmsprop": ("RMSprop", {"lr": 0.01}),
    "rmsprop all": ("RMSprop", {"lr": 0.01, "momentum": 0.9, "centered": True}),
    "adagrad": ("Adagrad", {"lr": 0.1, "lr_decay": 0.1}),
    "adadelta": ("Adadelta", {"lr": 0.5, "weight_decay": 0.1}),
    "adamax": ("Adamax", {"lr": 0.01, "weight_decay": 0.1}),
    "nadam": ("NAdam", {"lr": 0.01, "weight_decay": 0.1}),
    "nadam decoupled": (
        "NAdam",
        {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True},
    ),
    "radam": ("RAdam", {"lr": 0.01, "weight_decay": 0.1}),
    "radam trusted": ("RAdam", {"lr": 0.01, "betas": (0.9, 0.5)}),
    "asgd": ("ASGD", {"lr": 0.1, "t0": 1, "lambd": 0.1, "weight_decay": 0.1}),
    "rprop": ("Rprop", {"lr": 0.1}),
}


def plain_state(state: dict[str, Any]) -> dict[str, Any]:
    return {
        name: float(v) if getattr(v, "dim", lambda: 0)() == 0 else v.detach().clone().numpy()
        for name, v in state.items()
        if v is not None
    }


def record_steps(path: Path, class_name: str, options: dict[str, Any], steps: int = 3) -> Trace:
    """Let PyTorch's optimizer take steps and write down what it did."""
    import torch

    param = torch.tensor([[1.0, -2.0], [0.5, 3.0]], requires_grad=True)
    optimizer = getattr(torch.optim, class_name)([param], **options)
    group = {k: v for k, v in optimizer.param_groups[0].items() if k != "params"}
    b = TraceBuilder(path)
    w = b.tensor(param.detach().numpy().copy(), "w", "parameter", parameter=True)
    b.optimizer(1, class_name, [{"params": [w.id], **group}])
    for b.iteration in range(1, steps + 1):
        param.grad = param.detach() * b.iteration
        grad = b.tensor(param.grad.numpy().copy())
        b.enter("step", f"{class_name}.step", detail={"optimizer": 1})
        before, state_before = T(w.id, w.array, w.version), plain_state(optimizer.state[param])
        optimizer.step()
        b.write(w, param.detach().numpy().copy())
        state = plain_state(optimizer.state[param])
        refs = [("param", w), ("before", before), ("grad", grad)]
        for kind, entries in (("state", state), ("state_before", state_before)):
            refs += [
                (f"{kind}:{name}", b.tensor(v))
                for name, v in entries.items()
                if isinstance(v, np.ndarray)
            ]
        detail: dict[str, Any] = {"optimizer": 1, "class": class_name, "group": 0, "index": 0}
        detail["hyper"] = group
        for kind, entries in (("state", state), ("state_before", state_before)):
            detail[kind] = {k: v for k, v in entries.items() if isinstance(v, float)}
        b.event("updated", "w", refs, detail=detail)
        b.leave(f"{class_name}.step")
    return b.done()


@pytest.mark.torch
@pytest.mark.parametrize("case", OPTIMIZERS)
def test_the_rule_gives_the_parameter_that_torch_computed(case: str, tmp_path: Path) -> None:
    class_name, options = OPTIMIZERS[case]
    with record_steps(tmp_path / "trace.gradstep", class_name, options) as trace:
        for nth in (1, 2, 3):
            moment = find(trace, "updated", nth=nth)
            for element in ((0, 0), (1, 1)):
                card = explain(moment, element=element)
                assert card.matches is True, plain(card.lines)


@pytest.mark.torch
def test_momentum_reads_line_by_line(tmp_path: Path) -> None:
    class_name, options = OPTIMIZERS["sgd nesterov"]
    with record_steps(tmp_path / "trace.gradstep", class_name, options) as trace:
        card = explain(find(trace, "updated", nth=2), element=(0, 0))
    assert (
        plain(card.lines)
        == """\
SGD.step  changes w
  w[0,0]   grad g = 1.5820
    lr 0.1  momentum 0.9  nesterov  weight_decay 0.1
  g  1.6611 = 1.5820 + 0.1 · 0.7910    g + wd·θ
  b  2.6511 = 0.9 · 1.1000 + 1.6611 ✓   μ·b + g
  d  4.0471 = 1.6611 + 0.9 · 2.6511    g + μ·b
  θ  0.3863 = 0.7910 − 0.1 · 4.0471 ✓   θ − lr·d
  ✓ matches the formula of SGD (4 elements, float32)
  The rule reads w.grad and its own state; the loss is no part of it."""
    )


def test_a_step_that_begins_previews_every_parameter(trace: Trace) -> None:
    card = explain(find(trace, "phase_entered", "SGD.step"))
    assert (
        plain(card.lines)
        == """\
SGD.step  is about to change
  all together, to first order, the loss changes by g·Δ -18.0000
  x                [0] 1.0000 → 0.4000
    |Δ| 0.6000 = 60% of |θ|  g·Δ -3.600  ▲ large
  y                [0] 2.0000 → 0.8000
    |Δ| 1.200 = 60% of |θ|  g·Δ -14.40  ▲ large

  x[0]   grad g = 6.0000   lr 0.1
  θ  0.4000 = 1.0000 − 0.1 · 6.0000    θ − lr·g"""
    )


def test_an_update_is_checked_against_what_was_recorded(trace: Trace) -> None:
    card = explain(find(trace, "updated", "x"))
    assert "θ  0.4000 = 1.0000 − 0.1 · 6.0000 ✓" in plain(card.lines)
    assert (card.matches, card.element) == (True, (0,))


def test_the_optimizer_pane_before_there_is_one(trace: Trace) -> None:
    assert plain(optimizer_view(trace.run().at(1)).lines).splitlines()[0] == "no optimizer yet"


def test_the_optimizer_pane_says_when_a_gradient_is_missing(trace: Trace) -> None:
    view = optimizer_view(find(trace, "phase_entered", "forward"), width=60)
    assert (
        plain(view.lines)
        == """\
optimizer = SGD  lr 0.1  2 parameters
 param        |θ|   |grad|  |Δ|/|θ|
▌x          1.000     None        –
  x.grad is None
  It was cleared, or no backward has reached this tensor
  yet: step() would skip it.
 y          2.000     None        –"""
    )


def test_the_optimizer_pane_works_out_the_selected_parameter(trace: Trace) -> None:
    moment = find(trace, "phase_exited", "backward")
    y = moment.tensor_named("y")
    view = optimizer_view(moment, selected=y, width=60)
    assert (
        plain(view.lines)
        == """\
optimizer = SGD  lr 0.1  2 parameters
 next step, to first order: the loss changes by g·Δ -18.0000
 param     |grad|      |Δ|  |Δ|/|θ|      g·Δ
 x          6.000   0.6000      60%   -3.600
▌y          12.00    1.200      60%   -14.40
 the next step would be
  |Δ| 1.200 = 60% of |θ|  g·Δ -14.40
  ▲ large
  y[0]   grad g = 12.0000   lr 0.1
  θ  0.8000 = 2.0000 − 0.1 · 12.0000    θ − lr·g"""
    )
    after = optimizer_view(find(trace, "phase_exited", "SGD.step"), selected=y, width=60)
    assert "last step, event 23" in plain(after.lines)
    assert plain([row.line for row in after.rows]).splitlines()[1].endswith("0.6000 ✓")


def test_lines_under_the_selected_row_are_no_parameters(trace: Trace) -> None:
    moment = find(trace, "phase_exited", "backward")
    view = optimizer_view(moment, selected=moment.tensor_named("x"), width=60)
    places = [view.line_of(number) for number in range(len(view.rows))]
    assert [plain([view.lines[place]]).strip(" ▌")[0] for place in places] == ["x", "y"]
    found = [view.row_at(index) for index in range(len(view.lines))]
    assert [number for number in found if number is not None] == [0, 1]
    assert found.index(1) - found.index(0) == len(view.formula) + 1 > 2
