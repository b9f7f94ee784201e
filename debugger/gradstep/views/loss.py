"""The losses of a run as curves: one for each line of the script that calls backward()."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from gradstep.views import numbers
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.plot import Canvas, Scale
from gradstep.views.reading import is_op_name
from gradstep.views.text import Line, Span, line, whole_parts, width_of

if TYPE_CHECKING:
    from gradstep.trace.courses import Course
    from gradstep.trace.moment import Moment

SMOOTHED_FROM: Final = 20
"""With fewer values than this there is no running mean."""

LEAST_ROWS: Final = 2
"""A curve has at least so many rows; where they are not there, each loss has one line."""


@dataclass(frozen=True, slots=True)
class LossView:
    """Lines, and for each line the calls that stand in its cells (0 for none), for clicks."""

    lines: tuple[Line, ...]
    seqs: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A course with what the cursor makes of it: `at` values are by the cursor."""

    course: Course
    name: str
    values: list[float]
    means: list[float]
    window: int
    at: int


def loss_view(
    moment: Moment, *, head: int, width: int, height: int, glyphs: Glyphs = UNICODE
) -> LossView:
    """Draw every loss up to the event `head`; what comes after the cursor is dim."""
    courses = moment.run.loss_courses(head)
    if not courses:
        return _empty(moment, head)
    shown = [_shown(moment, course, head) for course in courses]
    each = height // len(shown)
    # The header has one row, and the axis another where that leaves enough to the curve.
    has_axis = each - 2 >= LEAST_ROWS
    rows = each - 1 - has_axis
    lines: list[Line] = []
    seqs: list[tuple[int, ...]] = []
    for one in shown:
        if rows < LEAST_ROWS:
            lines.append(_one_line(one, width, glyphs))
            seqs.append(())
            continue
        lines.append(_header(one, width, glyphs))
        seqs.append(())
        curve = _curve(one, width, rows, glyphs)
        for text, places in curve if has_axis else curve[:-1]:
            lines.append(text)
            seqs.append(places)
    return LossView(tuple(lines), tuple(seqs))


def _empty(moment: Moment, head: int) -> LossView:
    calls = moment.run.course(head)
    seen = any(
        event.phase == "backward" for event in moment.run.events(1, head + 1, {"phase_entered"})
    )
    if calls is None and seen:
        lines = (
            line(("no loss to draw", "bold")),
            line(("backward() began from no single number whose value was recorded.", "dim")),
        )
    else:
        lines = (
            line(("no loss yet", "bold")),
            line(("Each backward() adds a point: the number it began from.", "dim")),
        )
    return LossView(lines, ((), ()))


def _shown(moment: Moment, course: Course, head: int) -> _Shown:
    values = [loss[3] for loss in course.losses]
    at = bisect_right([loss[0] for loss in course.losses], moment.seq)
    window = max(5, len(values) // 20) if len(values) >= SMOOTHED_FROM else 0
    latest = course.losses[-1]
    then = moment.run.at(min(head, latest[0]))
    name, op = then.name(latest[2]), then.op_of_result(latest[2])
    if not name or name.startswith("tensor_") or (op is not None and is_op_name(name, op.name)):
        name = "loss"
    return _Shown(course, name, values, running_mean(values, window), window, at)


def running_mean(values: list[float], window: int) -> list[float]:
    """Average each value with those before it, `window` in all; a value that is not finite is out.

    No window gives no means.
    """
    if not window:
        return []
    means = []
    for index in range(len(values)):
        part = [v for v in values[max(0, index + 1 - window) : index + 1] if math.isfinite(v)]
        means.append(sum(v / len(part) for v in part) if part else math.nan)
    return means


def _header(one: _Shown, width: int, glyphs: Glyphs) -> Line:
    """Name, place, value at the cursor, lowest value, mean: as many as fit."""
    course, gap = one.course, Span("  ")
    spans = [*_now(one, glyphs)]
    place = f"{PurePath(course.file).name}:{course.line}" if course.file else ""
    bad = [loss for loss in course.losses[: one.at] if not math.isfinite(loss[3])]
    if bad:
        text = f"{glyphs.cross} {len(bad)} not finite, first at it {numbers.count(bad[0][1])}"
        spans += [gap, Span(text, "error")]
    before = [value for value in one.values[: one.at] if math.isfinite(value)]
    if len(before) > 1:
        lowest = min(before)
        iteration = course.losses[one.values.index(lowest)][1]
        spans += [gap, Span(f"lowest {numbers.short(lowest)} at it {numbers.count(iteration)}")]
    if one.window and one.at:
        mean = numbers.short(one.means[one.at - 1])
        spans += [gap, Span(f"mean of {one.window}: {mean}", "forward")]
    if course.stride > 1:
        spans += [gap, Span(f"every {_ordinal(course.stride)} of {course.calls:,}", "dim")]
    if place:
        spans += [gap, Span(place, "dim")]
    return whole_parts(tuple(spans), width)


def _now(one: _Shown, glyphs: Glyphs) -> Line:
    if not one.at:
        return line((f"{one.name}: none yet", "dim"))
    now = one.values[one.at - 1]
    style = "bold" if math.isfinite(now) else "error bold"
    spans = [Span(f"{one.name} ", "forward bold"), Span(numbers.number(now), style)]
    before = one.values[one.at - 2] if one.at > 1 else now
    if math.isfinite(now) and math.isfinite(before) and now != before:
        falls = now < before
        look = "success" if falls else "warning"
        # No blank span of its own: the trend stays with the value where room is short.
        spans.append(Span(f" {glyphs.down if falls else glyphs.up}", look))
    return tuple(spans)


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{'th' if number % 100 in (11, 12, 13) else ending}"


def _one_line(one: _Shown, width: int, glyphs: Glyphs) -> Line:
    left = _now(one, glyphs)
    room = width - width_of(left) - 2
    course = numbers.sparkline(one.values[: one.at], max(0, room), glyphs) if room > 0 else ""
    return (*left, Span("  "), Span(course, "forward"))


def _curve(
    one: _Shown, width: int, rows: int, glyphs: Glyphs
) -> list[tuple[Line, tuple[int, ...]]]:
    """Draw the rows of the curve and the axis under it."""
    scale = Scale.of(one.values)
    if scale is None:
        return []
    high, low = numbers.short(scale.high), numbers.short(scale.low)
    left = max(len(high), len(low), 3)
    columns = max(4, width - left - 2)
    canvas = Canvas(columns, rows, glyphs)
    canvas.draw(one.values, scale)
    if one.means:
        canvas.draw(one.means, scale)
    count = len(one.values)
    places = _places(one, canvas)
    future = canvas.cell(one.at - 1, count) if one.at else -1
    bad = {canvas.cell(i, count) for i, v in enumerate(one.values) if not math.isfinite(v)}
    found = []
    for row in range(rows):
        label = {0: high, rows - 1: low}.get(row, "")
        if row == rows // 2 and scale.is_log and not label:
            label = "log"
        edge = glyphs.tee_left if label and label != "log" else glyphs.rail
        spans = [Span(label.rjust(left) + " ", "dim"), Span(edge, "dim")]
        for column, (text, layer) in enumerate(canvas.cells(row)):
            if row == rows - 1 and column in bad:
                spans.append(Span(glyphs.cross, "error"))
                continue
            if column == future and one.at < count and not text.strip():
                spans.append(Span(glyphs.rail, "accent"))
                continue
            raw = layer == 0 and bool(one.means)
            style = "dim" if column > future or raw else "forward"
            spans.append(Span(text, style if layer >= 0 else ""))
        found.append((tuple(_joined(spans)), (*([0] * (left + 2)), *places)))
    found.append((_axis(one, left + 2, columns, future, glyphs), ()))
    return found


def _places(one: _Shown, canvas: Canvas) -> list[int]:
    """Give the call of every cell; a cell between two values stands for the nearer one."""
    count = len(one.values)
    if count == 1:
        return [one.course.losses[0][0], *([0] * (canvas.columns - 1))]
    cells = [canvas.cell(index, count) for index in range(count)]
    found = []
    for column in range(canvas.columns):
        right = min(bisect_right(cells, column), count - 1)
        near = min((right, max(0, right - 1)), key=lambda index: abs(cells[index] - column))
        found.append(one.course.losses[near][0])
    return found


def _axis(one: _Shown, left: int, columns: int, cursor: int, glyphs: Glyphs) -> Line:
    """Write the first and the last iteration under the curve, and the cursor where it stands."""
    first, last = one.course.losses[0][1], one.course.losses[-1][1]
    if first == last:
        start, end = "call 1", f"call {numbers.count(one.course.calls)}"
    else:
        start, end = f"it {numbers.count(first)}", f"it {numbers.count(last)}"
    if len(one.values) == 1:
        end = ""
    row = list(start + end.rjust(columns - len(start)))[:columns]
    if not (0 <= cursor < len(row) and one.at < len(one.values) and row[cursor] == " "):
        return line((" " * left, ""), ("".join(row), "dim"))
    row[cursor] = glyphs.cursor
    before, mark, after = row[:cursor], row[cursor], row[cursor + 1 :]
    return line(
        (" " * left, ""), ("".join(before), "dim"), (mark, "accent"), ("".join(after), "dim")
    )


def _joined(spans: list[Span]) -> list[Span]:
    """Make one span of neighbours in one style."""
    found: list[Span] = []
    for span in spans:
        if found and found[-1].style == span.style:
            found[-1] = Span(found[-1].text + span.text, span.style)
        else:
            found.append(span)
    return found
