"""The losses as curves, and the drawing of curves."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from gradstep.trace.reader import Trace
from gradstep.views.glyphs import ASCII, UNICODE, Glyphs
from gradstep.views.loss import LossView, loss_view, running_mean
from gradstep.views.plot import Canvas, Scale
from gradstep.views.text import plain, width_of
from gradstep.views.title import title_line
from tests.views.tracing import TraceBuilder

NAN = math.nan


def losses(path: Path, values: dict[int, list[float]]) -> Trace:
    """One backward() per iteration at each line of `values`, which begins from these numbers."""
    b = TraceBuilder(path)
    for b.iteration in range(1, len(next(iter(values.values()))) + 1):
        for b.line, course in values.items():
            root = b.tensor(course[b.iteration - 1], f"loss_of_{b.line}")
            b.enter("backward", "backward", tensors=[("root", root)])
            b.leave("backward")
    return b.done()


def view(
    trace: Trace, seq: int = 0, *, width: int = 40, height: int = 6, **how: object
) -> LossView:
    run = trace.run()
    return loss_view(run.at(seq or run.head), head=run.head, width=width, height=height, **how)  # type: ignore[arg-type]


def test_a_falling_loss(tmp_path: Path) -> None:
    with losses(tmp_path / "a.gradstep", {4: [8.0, 4.0, 2.0]}) as trace:
        found = view(trace, glyphs=ASCII)
        assert plain(found.lines) == (
            "loss_of_4 2.0000 v  lowest 2.000 at it 3\n"
            "8.000 |.....\n"
            "      |     .......\n"
            "      |            .............\n"
            "2.000 |                         ........\n"
            "       it 1                         it 3"
        )
        assert all(width_of(one) <= 40 for one in found.lines)


def test_the_past_marks_the_cursor_and_dims_what_comes_after(tmp_path: Path) -> None:
    with losses(tmp_path / "a.gradstep", {4: [8.0, 4.0, 2.0]}) as trace:
        (first, second, third) = (loss[0] for loss in trace.run().losses(99))
        found = view(trace, second)
        assert plain(found.lines[:1]).startswith("loss_of_4 4.0000")
        assert "◆" in plain(found.lines[-1:])
        dots = [span for line in found.lines[1:-1] for span in line if max(span.text) > "\u2800"]
        assert [span.style for span in dots] == ["forward"] * 3 + ["dim"] * 2
        assert "none yet" in plain(view(trace, 1).lines)
        row = found.seqs[1]
        assert (row[0], row[7], row[-1]) == (0, first, third)
        assert second in row
        assert len(row) == 40


def test_every_line_that_calls_backward_has_its_curve(tmp_path: Path) -> None:
    with losses(tmp_path / "a.gradstep", {4: [3.0, 2.0], 9: [1.0, 5.0]}) as trace:
        high = plain(view(trace, height=12).lines).split("\n")
        assert len(high) == 12
        assert high[0].startswith("loss_of_4 2.0000 ▼")
        assert high[6].startswith("loss_of_9 5.0000 ▲")
        # Which of the two it is stays to be read where the file's name has no room.
        assert high[0].endswith("  line 4")
        assert high[6].endswith("  line 9")
        # The row that is left over goes to the first curve.
        odd = plain(view(trace, height=13).lines).split("\n")
        assert (len(odd), odd[7][:9]) == (13, "loss_of_9")
        title = plain([title_line(trace.run().at(trace.run().head), state="recorded", width=80)])
        assert "loss_of_9 5.0000" in title
        assert (
            plain(view(trace, height=5).lines) == "loss_of_4 2.0000 ▼  █▁\nloss_of_9 5.0000 ▲  ▁█"
        )


def test_what_is_not_finite_is_marked(tmp_path: Path) -> None:
    with losses(tmp_path / "a.gradstep", {4: [1.0, 2.0, NAN, NAN, 3.0]}) as trace:
        text = plain(view(trace, width=70).lines)
        assert "✗ 2 not finite, first at it 3" in text
        assert text.count("✗") == 3
    with losses(tmp_path / "b.gradstep", {4: [NAN, NAN]}) as trace:
        shown = plain(view(trace, width=48).lines)
        assert shown == "loss_of_4 NaN  ✗ 2 not finite, first at it 1"


def test_a_wide_range_is_logarithmic_and_long_courses_are_smoothed(tmp_path: Path) -> None:
    values = [1000 * 0.7**index for index in range(40)]
    with losses(tmp_path / "a.gradstep", {4: values}) as trace:
        text = plain(view(trace, width=90).lines)
        assert "mean of 5" in text
        assert "log" in text


@pytest.mark.parametrize("values", [[], [5.0]])
def test_one_loss_or_none(tmp_path: Path, values: list[float]) -> None:
    with losses(tmp_path / "a.gradstep", {4: values}) as trace:
        text = plain(view(trace).lines)
        assert ("loss_of_4 5.0000" in text) if values else text.startswith("no loss yet")
        assert max(width_of(text) for text in view(trace, width=24).lines) <= 24


@pytest.mark.parametrize("glyphs", [ASCII, UNICODE])
def test_values_that_are_all_the_same_have_one_label(tmp_path: Path, glyphs: Glyphs) -> None:
    for count in (1, 4):
        with losses(tmp_path / f"{count}.gradstep", {4: [0.25] * count}) as trace:
            rows = plain(view(trace, glyphs=glyphs).lines[1:]).splitlines()
            labelled = [row for row in rows if "0.2500" in row]
            assert len(labelled) == 1
            # It stands beside the curve.
            assert labelled[0].split(maxsplit=1)[1].strip(f" {glyphs.rail}{glyphs.tee_left}")


def test_backward_from_no_single_number(tmp_path: Path) -> None:
    b = TraceBuilder(tmp_path / "a.gradstep")
    b.enter("backward", "backward", tensors=[("root", b.tensor([1.0, 2.0], "y"))])
    with b.done() as trace:
        assert "from no single number" in plain(view(trace).lines)


def test_long_courses_are_sampled_with_their_end(tmp_path: Path) -> None:
    with losses(tmp_path / "a.gradstep", {4: [float(n) for n in range(12)]}) as trace:
        run = trace.run()
        (course,) = run._courses.upto(run.head, most=4)
        assert (course.calls, course.stride) == (12, 4)
        assert [loss[3] for loss in course.losses] == [0.0, 4.0, 8.0, 11.0]
        (early,) = run._courses.upto(course.losses[1][0], most=4)
        assert [loss[3] for loss in early.losses] == [0.0, 2.0, 4.0]


def test_running_mean() -> None:
    assert running_mean([1.0, 3.0, NAN, 5.0], 2) == [1.0, 2.0, 3.0, 5.0]
    assert running_mean([1e308, 1e308], 2)[1] == pytest.approx(1e308)
    assert running_mean([1.0], 0) == []


def test_scales_hold_for_extreme_numbers() -> None:
    assert Scale.of([NAN, math.inf]) is None
    flat = Scale.of([2.0, 2.0])
    assert flat is not None
    assert flat.share(2.0) == 0.5
    huge = Scale.of([-1.7e308, 1.7e308])
    assert huge is not None
    assert (huge.share(-1.7e308), huge.share(0.0), huge.share(1.7e308)) == (0.0, 0.5, 1.0)


def test_braille_has_eight_dots_in_a_cell() -> None:
    canvas = Canvas(1, 1)
    canvas.draw([0.0, 1.0], Scale(0.0, 1.0, False))
    ((text, layer),) = canvas.cells(0)
    assert layer == 0
    # From the lower left corner to the upper right one.
    assert ord(text) - 0x2800 == 0x40 + 0x04 + 0x10 + 0x08
