"""What the card of a run's end says."""

from __future__ import annotations

import math
from pathlib import Path

from gradstep.trace.reader import Trace
from gradstep.views.explain import explain
from gradstep.views.text import plain, width_of
from tests.views.tracing import TraceBuilder, find


def run_of(path: Path, course: list[float], *, holds: bool = True) -> Trace:
    """A run whose backward() calls begin from these losses, and reach `w` once."""
    b = TraceBuilder(path)
    w = b.tensor(2.0, "w", parameter=True)
    b.optimizer(1, "SGD", [{"lr": 0.1, "params": [w.id] if holds else []}])
    for b.iteration, loss in enumerate(course, 1):
        root = b.tensor(loss, "loss")
        b.op("mul", [w], root, ["MulBackward0"])
        b.enter("backward", "backward", tensors=[("root", root)])
        b.accumulate("w", w, b.tensor(1.0), None, b.tensor(1.0))
        b.leave("backward")
    b.event("run_finished", "", detail={"exit_status": 0})
    return b.done()


def card(trace: Trace, width: int = 80) -> str:
    lines = explain(find(trace, "run_finished"), width=width).lines
    assert all(width_of(one) <= width for one in lines)
    return plain(lines)


def test_a_loss_that_is_no_number_any_more_says_since_when(tmp_path: Path) -> None:
    with run_of(tmp_path / "a.gradstep", [4.0, math.inf, math.nan]) as trace:
        _, (second, *_), _ = trace.run().losses(99)
        text = card(trace)
        assert "loss 4.0000 → NaN over 3 backward calls" in text
        assert f"▲ first not finite in iteration 2  → event {second}" in text
        card(trace, 40)


def test_a_loss_that_is_a_number_says_no_more(tmp_path: Path) -> None:
    with run_of(tmp_path / "a.gradstep", [4.0, 2.0]) as trace:
        assert card(trace).endswith("loss 4.0000 → 2.0000 over 2 backward calls")


def test_holes_are_told(tmp_path: Path) -> None:
    with run_of(tmp_path / "a.gradstep", [4.0], holds=False) as trace:
        assert "▲ 1 hole: 1 parameter is in no optimizer." in card(trace)
        assert "The connection view has a row for each." in card(trace)
