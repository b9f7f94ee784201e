"""What is said where training does not move: skipped parameters, gradients that nobody reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gradstep.trace.reader import Trace
from gradstep.views.explain import explain
from gradstep.views.glyphs import UNICODE
from gradstep.views.inline import inline_values
from gradstep.views.optimizer import optimizer_view
from gradstep.views.phases import phase_strip
from gradstep.views.text import plain
from tests.views.tracing import T, TraceBuilder, find


def written(path: Path) -> Trace:
    """SGD holds `gate` and the old `weight`; backward reaches the new `weight` only, later gate."""
    b = TraceBuilder(path)
    gate = b.tensor([5.0], "gate", parameter=True)
    old = b.tensor([1.0], "weight", "parameter", parameter=True)
    b.optimizer(1, "SGD", [{"params": [gate.id, old.id], "lr": 0.1}])
    new = b.tensor([2.0], "weight", "parameter", parameter=True)
    gate_grad = b.tensor([1.0])
    for b.iteration in (1, 2, 3):
        b.enter("backward", "backward")
        grad = b.tensor([3.0])
        b.accumulate("weight", new, grad, None, b.tensor([3.0]))
        if b.iteration == 2:
            b.accumulate("gate", gate, gate_grad, None, gate_grad)
        b.leave("backward")
        b.enter("step", "SGD.step", detail={"optimizer": 1})
        if b.iteration == 2:
            before = T(gate.id, gate.array, gate.version)
            b.write(gate, [4.9])
            tensors = [("param", gate), ("before", before), ("grad", gate_grad)]
            detail = {"optimizer": 1, "class": "SGD", "hyper": {"lr": 0.1}}
            b.event("updated", "gate", tensors, detail=detail)
        b.leave("SGD.step", detail={"optimizer": 1})
        if b.iteration == 2:
            b.zero("gate", gate, gate_grad)
    return b.done()


@pytest.fixture
def stale(tmp_path: Path) -> Iterator[Trace]:
    with written(tmp_path / "stale.gradstep") as found:
        yield found


def test_a_step_that_changed_nothing_says_why_and_who_is_left_out(stale: Trace) -> None:
    card = explain(find(stale, "phase_exited", "SGD.step"), width=90)
    assert (
        plain(card.lines)
        == """\
SGD.step  done
  0 parameters changed
  gate: .grad is None, skipped
  weight (old): .grad is None, skipped
  Nothing changed: step() only reads .grad, and that is None for everything that the
  optimizer holds.
  ▲ weight got a gradient, but no optimizer holds it
  The optimizer holds weight (old): the tensor that weight was before it was replaced. No
  backward reaches that any more."""
    )


def test_a_step_that_begins_names_the_leaf_that_it_does_not_hold(stale: Trace) -> None:
    text = plain(explain(find(stale, "phase_entered", "SGD.step", nth=2), width=90).lines)
    assert "weight (old)     .grad is None: skipped" in text
    assert "▲ weight got a gradient, but no optimizer holds it" in text
    assert "gate             [0] 5.0000 → 4.9000" in text


def test_a_step_lists_the_changed_and_the_skipped(stale: Trace) -> None:
    text = plain(explain(find(stale, "phase_exited", "SGD.step", nth=2), width=90).lines)
    assert (
        "  1 parameter changed by its .grad; step() sees no loss\n  gate  5.0000 → 4.9000\n" in text
    )
    assert "  ✓ 1 update matches the formula of SGD\n  weight (old): .grad is None" in text
    assert "Nothing changed" not in text


def test_nothing_is_said_where_every_gradient_is_read(trace: Trace) -> None:
    for kind in ("phase_entered", "phase_exited"):
        text = plain(explain(find(trace, kind, "SGD.step")).lines)
        assert "no optimizer" not in text
        assert "skipped" not in text


def test_a_replaced_leaf_is_called_old_once_it_is_replaced(stale: Trace) -> None:
    run = stale.run()
    made = find(stale, "optimizer_created")
    assert [run.at(made.seq).name(t) for t in (2, 3)] == ["weight", "weight"]
    assert [run.at(run.head).name(t) for t in (2, 3)] == ["weight (old)", "weight"]
    assert run.at(run.head).tensor_named("weight") == 3


def test_a_skipped_parameter_keeps_no_stale_change(stale: Trace) -> None:
    def change(nth: int) -> str:
        view = optimizer_view(find(stale, "phase_exited", "SGD.step", nth=nth), width=60)
        return plain([view.rows[0].line]).removeprefix("▌").split()[3]

    assert change(2) == "0.0200"
    assert change(3) == "–"
    view = optimizer_view(find(stale, "phase_exited", "SGD.step", nth=3), width=60)
    assert "gate.grad is None" in plain(view.lines)


def test_a_step_without_an_update_gets_no_tick_on_its_line(stale: Trace) -> None:
    moment = find(stale, "phase_exited", "SGD.step")
    assert plain([inline_values(moment, "train.py", UNICODE)[0]]).startswith("Δ nothing changed ")
    strip = plain([phase_strip(moment, width=140).strip])
    assert strip.endswith("Δ step SGD · nothing changed")


def test_a_failed_backward_is_failed_everywhere(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "failed.gradstep", iteration=1, line=4)
    x = b.tensor([1.0], "x", parameter=True)
    words = "one of the variables needed for gradient computation has been modified " * 3
    b.enter("backward", "backward", tensors=[("root", x)])
    b.leave("backward", detail={"error": f"RuntimeError: {words.strip()}"})
    with b.done() as trace:
        moment = find(trace, "phase_exited")
        card = plain(explain(moment, width=60).lines)
        strip = plain([phase_strip(moment, width=120).strip])
        inline = plain([inline_values(moment, "train.py", UNICODE)[4]])
    assert card.startswith("backward  ✗ failed\n")
    assert " ".join(card.split()).count(words.split(" ", 1)[1].strip()[:70]) >= 1
    assert card.count("modified") == 3
    assert "0 leaves got contributions before that" in card
    assert "✗ failed" in strip
    assert "✓" not in strip + inline + card
    assert inline == "✗ failed: RuntimeError"
