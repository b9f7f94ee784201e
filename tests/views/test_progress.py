"""n/m while a phase runs, and the title's loss: with the trace ending at the cursor, as live."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gradstep.views.phases import phase_strip
from gradstep.views.text import plain
from gradstep.views.title import title_line
from tests.views.tracing import T, TraceBuilder, at


def live(b: TraceBuilder) -> str:
    """The strip at the newest event of an unfinished trace."""
    seq = b.seq
    with b.done() as trace:
        return plain([phase_strip(at(trace, seq), width=140).strip])


@pytest.fixture
def b(tmp_path: Path) -> TraceBuilder:
    return TraceBuilder(tmp_path / "live.gradstep", iteration=1)


def two_leaves(b: TraceBuilder) -> tuple[T, T]:
    x, y = b.tensor([1.0], "x", parameter=True), b.tensor([2.0], "y", parameter=True)
    b.tensor([3.0], "unused", parameter=True)
    b.optimizer(1, "SGD", [{"params": [x.id, y.id, 3], "lr": 0.1}])
    return x, y


def test_the_first_step_counts_the_parameters_with_a_gradient(b: TraceBuilder) -> None:
    x, y = two_leaves(b)
    b.enter("backward", "backward")
    for name, leaf in (("x", x), ("y", y)):
        grad = b.tensor([1.0])
        b.accumulate(name, leaf, grad, None, grad)
    b.leave("backward")
    b.enter("step", "SGD.step", detail={"optimizer": 1})
    b.event("updated", "x", [("param", x)], detail={"optimizer": 1})
    assert "SGD · 1/2 params" in live(b)


def test_the_first_zero_grad_counts_the_gradients_that_are_there(b: TraceBuilder) -> None:
    x, y = two_leaves(b)
    grad = b.tensor([1.0])
    for name, leaf in (("x", x), ("y", y)):
        b.accumulate(name, leaf, grad, None, grad)
    b.enter("zero_grad", "SGD.zero_grad", detail={"optimizer": 1})
    b.zero("x", x, grad)
    assert "∅ zero_grad  1/2 params" in live(b)


def test_a_zero_grad_without_gradients_has_nothing_to_clear(b: TraceBuilder) -> None:
    two_leaves(b)
    b.enter("zero_grad", "SGD.zero_grad", detail={"optimizer": 1})
    assert "∅ zero_grad  nothing to clear" in live(b)


def test_a_first_forward_does_not_know_its_end(b: TraceBuilder) -> None:
    x, _ = two_leaves(b)
    b.enter("forward", "forward")
    b.op("mul", [x], b.tensor([2.0]), ["MulBackward0"])
    assert "► forward  1 op " in live(b)


def test_each_backward_counts_the_nodes_that_it_can_reach(b: TraceBuilder) -> None:
    x, y = two_leaves(b)
    for number in (1, 2):
        b.enter("forward", "forward")
        a, other, out = b.tensor([2.0]), b.tensor([5.0]), b.tensor([4.0])
        first = b.op("mul", [x, y], a, ["MulBackward0"])
        b.op("exp", [y], other, ["ExpBackward0"])  # The loss is not made from it.
        b.op("add", [a, x], out, ["AddBackward0"])
        b.leave("forward")
        b.enter("backward", "backward", tensors=[("root", out)])
        one = b.tensor(np.ones(1, np.float32))
        b.node("AddBackward0", first + 2, [one], [one, one], ["MulBackward0", "AccumulateGrad"])
        if number == 1:
            b.node("MulBackward0", first, [one], [one, one], ["AccumulateGrad"] * 2)
            b.leave("backward")
    assert "◄ backward  1/2 nodes" in live(b)


def test_the_loss_of_the_title_is_the_one_of_this_forward(b: TraceBuilder) -> None:
    shown = []
    x, _ = two_leaves(b)
    for b.iteration, number in ((1, 5.0), (2, 4.0)):
        b.enter("zero_grad", "SGD.zero_grad", detail={"optimizer": 1})
        shown.append(b.leave("SGD.zero_grad"))
        b.enter("forward", "forward")
        loss = b.tensor([number], "loss")
        loss.requires_grad = True
        b.write(loss, [number])
        shown.append(b.op("mul", [x], loss, ["MulBackward0"]))
        shown.append(b.leave("forward"))
        b.enter("backward", "backward", tensors=[("root", loss)])
        shown.append(b.leave("backward"))
    with b.done() as trace:
        titles = [plain([title_line(at(trace, seq), state="paused", width=80)]) for seq in shown]
    found = [text.partition("it ")[2][1:].partition("|g|")[0] for text in titles]
    found = [text.partition("lr")[0].partition("■")[0].strip() for text in found]
    assert found == [
        "",
        "",
        "loss 5.0000",
        "loss 5.0000",
        "last loss 5.0000",
        "last loss 5.0000",
        "loss 4.0000 ▼",
        "loss 4.0000 ▼",
    ]


def test_the_norm_of_all_gradients_is_hidden_while_backward_is_adding_up(b: TraceBuilder) -> None:
    x, _ = two_leaves(b)
    grad = b.tensor([3.0])
    b.enter("backward", "backward")
    during = b.accumulate("x", x, grad, None, grad)
    after = b.leave("backward")
    with b.done() as trace:
        titles = [
            plain([title_line(at(trace, n), state="paused", width=80)]) for n in (during, after)
        ]
    assert ["|g| 3.000" in text for text in titles] == [False, True]
