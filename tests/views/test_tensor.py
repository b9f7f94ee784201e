"""The tensor pane."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gradstep.trace.reader import Trace
from gradstep.views.tensor import Lens, TensorView, tensor_view
from gradstep.views.text import plain
from tests.views.tracing import TraceBuilder, find


def view(tmp_path: Path, array: Any, **options: Any) -> TensorView:
    b = TraceBuilder(tmp_path / "trace.gradstep")
    t = b.tensor(array, "t")
    b.event("fetched", "", [("output", t)])
    with b.done() as trace:
        return tensor_view(find(trace, "fetched"), t.id, **options)


def test_a_small_matrix(tmp_path: Path) -> None:
    found = view(tmp_path, np.array([[0.5, -2.0], [0.0, 1.25]], np.float32), width=60)
    assert (
        plain(found.lines)
        == """\
t  f32[2,2]  since event 2
mean -0.0625  min -2.000  max 1.250  zeros 25.0%  NaN 0
             0        1
    0   0.5000  -2.0000
    1        ·   1.2500
hist   -2.000 █                   █     █      █ 1.250"""
    )
    assert [[round(c.heat or 0, 2) for c in row] for row in found.cells] == [
        [0.5, -1.0],
        [0.0, 0.79],
    ]


def test_a_window_moves_and_stays_inside(tmp_path: Path) -> None:
    array = np.arange(64 * 40, dtype=np.float32).reshape(64, 40)
    found = view(tmp_path, array, lens=Lens(row=60, column=99), width=72, height=12)
    assert (found.row, found.column) == (57, 35)
    assert found.cells[-1][-1].text.strip() == "2559.0"
    assert found.overview


def test_what_is_not_shown_is_counted(tmp_path: Path) -> None:
    found = view(tmp_path, np.ones((3, 64, 40), np.float32), lens=Lens(leading=(2,)), height=12)
    assert plain([found.more]) == "… 57 more rows · 35 more columns · [2, :, :] of 3"


def test_a_vector_is_folded(tmp_path: Path) -> None:
    found = view(tmp_path, np.arange(10, dtype=np.int64), width=24)
    assert [label.strip() for label in found.row_labels] == ["0", "4", "8"]
    assert [cell.text.strip() for cell in found.cells[2]] == ["8", "9"]


def test_nan_and_inf_have_glyphs_and_no_heat(tmp_path: Path) -> None:
    found = view(tmp_path, np.array([np.nan, np.inf, -np.inf, 1.0], np.float32))
    assert [cell.text.strip() for cell in found.cells[0]] == ["NaN", "+∞", "-∞", "1.0000"]
    assert [cell.heat for cell in found.cells[0]] == [None, None, None, 1.0]
    assert "NaN 1" in plain([found.stats])


def test_empty_and_bool_tensors(tmp_path: Path) -> None:
    assert plain([view(tmp_path, np.zeros((0, 3), np.float32)).stats]) == "no elements"
    (tmp_path / "b").mkdir()
    found = view(tmp_path / "b", np.array([True, False]))
    assert [cell.text.strip() for cell in found.cells[0]] == ["True", "False"]


def test_a_gradient_that_is_none_says_why(trace: Trace) -> None:
    before = find(trace, "optimizer_created")
    x = before.tensor_named("x")
    assert (
        plain(tensor_view(before, x, what="grad").lines)
        == """\
x.grad  None
No backward has run yet. z.backward() at line 7 will bring it a
gradient."""
    )
    cleared = tensor_view(find(trace, "phase_entered", "forward", nth=2), x, what="grad")
    assert "SGD.zero_grad() cleared it at line 5" in plain(cleared.lines)
    z = before.run.at(before.run.head).tensor_named("z")
    inner = tensor_view(find(trace, "phase_exited", "backward"), z, what="grad")
    assert "Only leaves keep a .grad" in plain(inner.lines)


def test_the_tensor_of_the_event_is_the_default(trace: Trace) -> None:
    moment = find(trace, "accumulated", "x")
    assert tensor_view(moment, None).tensor == moment.tensor_named("x")
    assert tensor_view(moment, None, what="grad").what == "value"
    assert (
        plain(tensor_view(moment, None).lines)
        == """\
x.grad 6.0000  x 1.0000  f32[1]  since event 19
◄ event 19   backward adds  .grad  None → 6.0000"""
    )


def test_contents_that_were_not_recorded(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "trace.gradstep")
    t = b.tensor(np.ones((2, 2), np.float32), "t")
    b.event("fetched", "", [("output", t)])
    b.writer._batch.values[:] = [(*value[:-1], None) for value in b.writer._batch.values]
    with b.done() as trace:
        found = tensor_view(find(trace, "fetched"), t.id)
    assert "not recorded: statistics only" in plain(found.lines)
    assert "mean 1.000" in plain(found.lines)


def test_a_gradient_that_passes_through_is_named_by_its_node(trace: Trace) -> None:
    found = tensor_view(find(trace, "node", "MulBackward0"), None)
    assert plain([found.header]).startswith("gradient of pow_8 3.0000  f32[1]  from MulBackward0")


def test_value_and_gradient_of_a_leaf_stand_together(trace: Trace, tmp_path: Path) -> None:
    done = find(trace, "phase_exited", "backward")
    x = done.tensor_named("x")
    assert plain(tensor_view(done, x).lines).startswith("x 1.0000  .grad 6.0000  f32[1]  parameter")
    assert plain(tensor_view(done, x, what="grad").lines).startswith("x.grad 6.0000  x 1.0000")
    cleared = tensor_view(find(trace, "phase_entered", "forward", nth=2), x)
    assert plain(cleared.lines).startswith("x 0.4000  .grad None")
    b = TraceBuilder(tmp_path / "large.gradstep")
    w = b.tensor(np.ones((2, 2), np.float32), "w", parameter=True)
    grad = b.tensor(np.full((2, 2), 3.0, np.float32))
    b.accumulate("w", w, grad, None, grad)
    with b.done() as found:
        lines = plain(tensor_view(find(found, "accumulated"), w.id).lines).splitlines()
    assert lines[1].startswith("mean 1.000")
    assert lines[2].startswith(".grad mean 3.000")


def test_a_result_that_is_no_leaf_says_why_and_shows_what_passed(trace: Trace) -> None:
    done = find(trace, "phase_exited", "backward")
    tripled = find(trace, "op", "mul").tensors[-1].tensor
    text = plain(tensor_view(done, tripled, what="grad").lines)
    assert text.startswith("mul_9.grad None  passed: 1.0000  f32[1]")
    assert "mul_9 is no leaf. Only leaves keep a .grad" in text
    squared = find(trace, "op", "pow").tensors[-1].tensor
    text = plain(tensor_view(done, squared, what="grad").lines)
    assert text.startswith("pow_8.grad None  passed: 3.0000")


def test_a_gradient_keeps_its_label_at_other_events(trace: Trace) -> None:
    passing = find(trace, "node", "MulBackward0").tensors[1].tensor
    step = find(trace, "phase_exited", "SGD.step")
    assert plain([tensor_view(step, passing).header]).startswith("gradient of pow_8")
    none = plain(tensor_view(step, passing, what="grad").lines)
    assert "a gradient on its way through backward" in none


def test_a_short_header_drops_facts_as_a_whole(trace: Trace) -> None:
    done = find(trace, "phase_exited", "backward")
    headers = [
        plain([tensor_view(done, done.tensor_named("x"), width=width).header])
        for width in (60, 40, 30)
    ]
    assert headers == [
        "x 1.0000  .grad 6.0000  f32[1]  parameter  since event 2",
        "x 1.0000  .grad 6.0000  f32[1]",
        "x 1.0000  .grad 6.0000  f32[1]",
    ]
