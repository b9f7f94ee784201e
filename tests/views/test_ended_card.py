"""The card of a phase that ended: how far an update went, and what the count of it means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gradstep.trace.reader import Trace
from gradstep.views.explain import explain
from gradstep.views.text import plain
from tests.views.tracing import T, TraceBuilder, find


@pytest.fixture
def trace(tmp_path: Path) -> Iterator[Trace]:
    """A weight moves so little that its norm stays the same to four figures; a closure follows."""
    b = TraceBuilder(tmp_path / "moved.gradstep")
    weight = b.tensor([[3.0, 4.0], [0.0, 12.0]], "weight", parameter=True)
    grad = b.tensor([[0.03, -0.04], [0.0, 0.0]])
    b.optimizer(1, "SGD", [{"params": [weight.id], "lr": 0.01}])
    detail = {"optimizer": 1, "class": "SGD", "hyper": {"lr": 0.01}}
    for closure in (False, True):
        begin = b.enter("step", "SGD.step", detail={"optimizer": 1})
        if closure:
            b.enter("backward", "backward", enclosing=begin)
            b.leave("backward")
            b.phase, b.enclosing = "step", begin
        before = T(weight.id, weight.array, weight.version)
        b.write(weight, weight.array - [[0.0003, -0.0004], [0.0, 0.0]])
        tensors = [("param", weight), ("before", before), ("grad", grad)]
        b.event("updated", "weight", tensors, detail=detail)
        b.leave("SGD.step", detail={"optimizer": 1})
    b.enter("zero_grad", "SGD.zero_grad", detail={"optimizer": 1})
    b.zero("weight", weight, grad)
    b.leave("SGD.zero_grad", detail={"optimizer": 1})
    with b.done() as found:
        yield found


def card(trace: Trace, name: str, nth: int = 1) -> str:
    return plain(explain(find(trace, "phase_exited", name, nth=nth), width=72).lines)


def test_an_update_of_many_elements_says_how_far_it_went(trace: Trace) -> None:
    assert "weight  [2,2] |·| 13.00 → 13.00  |Δ| 5.0e-4" in card(trace, "SGD.step")


def test_a_step_says_that_it_sees_no_loss_unless_it_was_given_a_closure(trace: Trace) -> None:
    assert "1 parameter changed by its .grad; step() sees no loss" in card(trace, "SGD.step")
    assert "1 parameter changed\n" in card(trace, "SGD.step", nth=2)


def test_clearing_says_that_values_stay(trace: Trace) -> None:
    assert "1 gradient cleared; values stay as they are" in card(trace, "SGD.zero_grad")
