"""What the cards say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gradstep.trace.reader import Trace
from gradstep.views.cards.forward import as_written
from gradstep.views.explain import explain
from gradstep.views.text import plain, width_of
from tests.views.tracing import TraceBuilder, at, find


def card(trace: Trace, kind: str, name: str = "", nth: int = 1) -> str:
    return plain(explain(find(trace, kind, name, nth), width=80).lines)


def test_a_node_is_worked_out_and_says_where_its_result_goes(trace: Trace) -> None:
    assert (
        card(trace, "node", "MulBackward0")
        == """\
MulBackward0  of mul_9  line 6
  grad_out 1.0000   arrives from the loss's side
  grad_a = grad_out · b   a is pow_8
    [0] 1.0000 · 3 = 3.0000 ✓
    → PowBackward0 of pow_8"""
    )


def test_a_node_at_a_leaf_shows_the_coming_sum(trace: Trace, uncleared: Trace) -> None:
    first = card(trace, "node", "PowBackward0", nth=2)
    assert "3.0000 · 2 · 1.0000 = 6.0000 ✓" in first
    assert "→ accumulates into x.grad: None + 6.0000" in first
    again = card(uncleared, "node", "PowBackward0", nth=4)
    assert "→ accumulates into x.grad: 6.0000 + 2.4000 = 8.4000" in again


def test_the_first_contribution_becomes_the_gradient(trace: Trace) -> None:
    assert (
        card(trace, "accumulated", "x")
        == """\
AccumulateGrad  x.grad
  x.grad = x.grad + contribution
  [0] None + 6.0000 = 6.0000 ✓
  The first contribution since .grad was None: it becomes .grad as it is.
  → read by optimizer.step(), which holds x"""
    )


def test_a_further_contribution_adds_up(uncleared: Trace) -> None:
    text = card(uncleared, "accumulated", "x", nth=2)
    assert "[0] 6.0000 + 2.4000 = 8.4000 ✓" in text
    assert "backward adds and never overwrites" in text


def test_zero_grad_says_what_it_cleared(trace: Trace) -> None:
    assert (
        card(trace, "zeroed", "x", nth=2)
        == """\
x.grad cleared
  was 6.0000 → now None
  Without this, the next backward would have added to 6.0000 instead of starting
  anew.
    [0] 6.0000 + 2.4000 = 8.4000 instead of 2.4000   event 41 brings it
  None (not zeros) means that an optimizer skips the parameter until then."""
    )
    assert "nothing to clear" in card(trace, "zeroed", "x")


def test_backward_starts_at_the_loss(trace: Trace) -> None:
    assert (
        card(trace, "phase_entered", "backward")
        == """\
z.backward()  line 7
  z = 11.0000   → dz/dz = 1 is where it starts
  It walks the graph from here to the leaves, and adds into each leaf's .grad.
  No optimizer is involved."""
    )


def test_a_phase_that_ended_sums_up(trace: Trace) -> None:
    assert (
        card(trace, "phase_exited", "SGD.step")
        == """\
SGD.step  done
  2 parameters changed by their .grad; step() sees no loss
  x  1.0000 → 0.4000
  y  2.0000 → 0.8000
  ✓ 2 updates match the formula of SGD"""
    )


def test_a_selected_op_shows_its_node_once_it_ran(trace: Trace) -> None:
    op = find(trace, "op", "mul").seq
    before = explain(find(trace, "phase_exited", "forward"), selected=op)
    after = explain(find(trace, "phase_exited", "backward"), selected=op)
    assert (before.title, after.title) == ("mul", "MulBackward0")


def test_no_line_is_wider_than_asked_for(trace: Trace, uncleared: Trace) -> None:
    for found in (trace, uncleared):
        run = found.run()
        for seq in range(1, run.head + 1):
            for width in (24, 40, 72):
                lines = explain(run.at(seq), width=width).lines
                assert all(width_of(text) <= width for text in lines), seq


def test_an_op_without_a_formula_says_so(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "trace.gradstep")
    a = b.tensor([2.0], "a", parameter=True)
    seq = b.op("strange", [a], b.tensor([1.0]), ["StrangeBackward0"])
    b.node("StrangeBackward0", seq, [b.tensor([1.0])], [b.tensor([3.5])], ["AccumulateGrad"])
    composite = b.op("l1_loss", [a], b.tensor([1.0]), ["SubBackward0", "AbsBackward0"])
    b.node("AbsBackward0", composite, [b.tensor([1.0])], [b.tensor([1.0])], ["SubBackward0"])
    with b.done() as trace:
        unknown = explain(find(trace, "node", "StrangeBackward0"))
        whole = plain(explain(find(trace, "op", "l1_loss")).lines)
        inner = explain(find(trace, "node", "AbsBackward0"))
    assert "[0] 3.5000   no formula for StrangeBackward0: recorded numbers" in plain(unknown.lines)
    assert "one of several nodes of l1_loss" in plain(inner.lines)
    assert whole.count("remembers") == 1
    assert (unknown.matches, inner.matches) == (None, None)


def test_contents_that_were_not_kept_leave_statistics(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "trace.gradstep")
    a, out = b.tensor([[2.0, 1.0]], "a", parameter=True), b.tensor([[4.0, 1.0]])
    seq = b.op("pow", [a], out, ["PowBackward0"], {"exponent": "2"})
    grad = b.tensor([[4.0, 2.0]])
    b.node("PowBackward0", seq, [b.tensor([[1.0, 1.0]])], [grad], ["AccumulateGrad"])
    b.writer._batch.values[:] = [(*value[:-1], None) for value in b.writer._batch.values]
    with b.done() as trace:
        found = explain(find(trace, "node"))
    assert "result [1,2] |·| 4.472" in plain(found.lines)


def test_the_rest_of_the_loop(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "trace.gradstep")
    x = b.tensor(np.ones((4, 2), np.float32), "x")
    w = b.tensor([1.0], "w", parameter=True)
    b.event("fetched", "", [("output", x)], detail={"indices": [3, 1, 0, 2]})
    b.event("clipped", "norm", [("param", w)], detail={"norm": 4.0, "limit": 1.0})
    b.event("clipped", "norm", [("param", w)], detail={"norm": "nan", "limit": 1.0})
    b.event("scheduled", "StepLR", detail={"before": [{"lr": 0.1}], "after": [{"lr": 0.01}]})
    b.event("mode_changed", "training", detail={"before": True, "after": False})
    b.event("written", "mul_", [("param", w)])
    b.event("graph_cut", "detach", [("source", w), ("result", b.tensor([1.0], "v"))])
    error = {"type": "RuntimeError", "message": "boom", "traceback": 'File "a.py", line 3'}
    b.event("run_finished", "", detail={"exit_status": 1, "error": error})
    with b.done() as trace:
        texts = [plain(explain(at(trace, seq)).lines) for seq in range(2, trace.run().head + 1)]
    assert "samples 3, 1, 0, 2" in texts[0]
    assert "total |grad| 4.0000 > 1" in texts[1]
    assert "1 / 4.0000 = 0.2500" in texts[1]
    assert "total |grad| is NaN" in texts[2]
    assert "lr 0.1 → 0.01" in texts[3]
    assert texts[4].startswith("training  True → False\n  eval():")
    assert texts[5].startswith("w  written by mul_")
    assert texts[6].startswith("⊘ detach  the gradient stops here")
    assert texts[7] == 'RuntimeError  ended the run\n  boom\n  File "a.py", line 3'


def test_a_forward_op_is_worked_out_with_its_plain_numbers(trace: Trace) -> None:
    assert (
        card(trace, "op", "mul")
        == """\
mul  line 6
  out = a · b
    [0] 3 · 1.0000 = 3.0000 ✓
  in   pow_8  1.0000
  with 3 (a plain number)
  out  mul_9  3.0000
  → remembers MulBackward0  grad_a = grad_out · b"""
    )
    assert "[0] 2.0000^3 = 8.0000 ✓" in card(trace, "op", "pow", nth=2)
    assert "[0] 3.0000 + 8.0000 = 11.0000 ✓" in card(trace, "op", "add")


def test_cross_entropy_is_log_softmax_then_nll(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "trace.gradstep")
    logits = b.tensor([[1.0, 2.0], [0.5, 0.0]], "logits", parameter=True)
    target = b.tensor(np.array([1, 1]), "target")
    log = np.log(np.exp(logits.array).sum(axis=1, keepdims=True))
    loss = -float((logits.array - log)[[0, 1], [1, 1]].mean())
    nodes = ["LogSoftmaxBackward0", "NllLossBackward0"]
    seq = b.op("cross_entropy", [logits, target], b.tensor(np.float32(loss), "loss"), nodes)
    grad = b.tensor(np.array([[0.0, -0.5], [0.0, -0.5]], np.float32))
    b.node(nodes[1], seq, [b.tensor(np.float32(1))], [grad, None], [nodes[0], None])
    with b.done() as trace:
        op, nll = card(trace, "op"), card(trace, "node")
    assert "lp = a − ln Σ e^a  then  loss = mean of −lp[target]" in op
    assert "((−ln 0.7311) + (−ln 0.3775)) / 2 = 0.6437 ✓" in op
    assert "grad_lp = −grad_out / n at the target, 0 elsewhere\n" in nll
    assert "[0,1] −1.0000 / 2 = -0.5000 ✓\n    → LogSoftmaxBackward0" in nll
    assert "of logits" not in nll


def test_the_end_of_backward_lists_gradients_in_the_order_of_parameters(trace: Trace) -> None:
    assert (
        card(trace, "phase_exited", "backward")
        == """\
backward  done
  2 leaves got contributions, added into their .grad
  x.grad  None → 6.0000
  y.grad  None → 12.0000"""
    )


@pytest.mark.parametrize(
    ("recorded", "written"),
    [
        ("(slice(None, None, None), -1)", "[:, -1]"),
        ("(slice(1, 3, None),)", "[1:3]"),
        ("(Ellipsis, slice(None, None, 2))", "[..., ::2]"),
        ("(1,)", "(1,)"),
        (0.5, "0.5"),
    ],
)
def test_an_index_stands_as_in_the_script(recorded: object, written: str) -> None:
    assert as_written(recorded) == written
