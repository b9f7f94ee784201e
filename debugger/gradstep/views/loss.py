"""The losses of a run as curves: one for each line of the script that calls backward()."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from gradstep.views import numbers
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.loss_panel import panel_lines, panel_rows
from gradstep.views.plot import Canvas, Scale
from gradstep.views.reading import is_op_name
from gradstep.views.text import Line, Span, line, whole_parts, width_of, wrapped

if TYPE_CHECKING:
    from gradstep.trace.courses import Course
    from gradstep.trace.moment import Moment

Part = tuple[int, int]
"""The first and the last event of a stretch of a run."""

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

    @property
    def cursor(self) -> int:
        """The call at the cursor, 0 before the first."""
        return self.course.losses[self.at - 1][0] if self.at else 0


def loss_view(
    moment: Moment,
    *,
    head: int,
    width: int,
    height: int,
    part: Part | None = None,
    smooth: bool = True,
    signs: Mapping[int, str] | None = None,
    glyphs: Glyphs = UNICODE,
) -> LossView:
    """Draw every loss up to the event `head`; what comes after the cursor is dim.

    `part` is the stretch of events that is drawn, all of them by default. `signs` stand at their
    events on the axis: the letters of marks, and where breakpoints stopped.
    """
    since, upto = part if part is not None else (1, head)
    courses = moment.run.loss_courses(min(head, upto), since)
    if not courses:
        return _empty(moment, head, part, width)
    shown = [_shown(moment, course, head, smooth=smooth) for course in courses]
    each, more = divmod(height, len(shown))
    # The header has one row, and the axis another where that leaves enough to the curve; what
    # stood beside the losses comes last.
    has_axis = each - 2 >= LEAST_ROWS
    beside = panel_rows(each - 2) if has_axis else 0
    lines: list[Line] = []
    seqs: list[tuple[int, ...]] = []
    least = each - 1 - has_axis - beside
    for number, one in enumerate(shown):
        # The rows that are left over go to the curves from the first on.
        rows = least + (number < more)
        if least < LEAST_ROWS:
            lines.append(_one_line(one, width, glyphs))
            seqs.append(())
            continue
        now = _now_beside(moment, one, glyphs) if beside else ()
        lines.append(_header(one, width, glyphs, now, is_only=len(shown) == 1))
        seqs.append(())
        curve = _curve(one, width, rows, signs or {}, glyphs)
        for text, places in curve[:-1]:
            lines.append(text)
            seqs.append(places)
        if not curve or not has_axis:
            continue
        if beside:
            left = len(curve[0][1]) - sum(1 for seq in curve[0][1] if seq)
            places = curve[0][1][left:]
            panel = panel_lines(moment.run, places, head, beside, left, one.cursor, glyphs)
            lines += panel
            seqs += [curve[0][1]] * len(panel)
        lines.append(curve[-1][0])
        seqs.append(())
    return LossView(tuple(lines), tuple(seqs))


def _now_beside(moment: Moment, one: _Shown, glyphs: Glyphs) -> Line:
    """Say the norm of the gradients and the rate of the call at the cursor."""
    if not one.at:
        return ()
    beside = moment.run.loss_facts.beside(one.course.losses[one.at - 1][0], moment.seq)
    spans: list[Span] = []
    if beside.grad_norm is not None:
        look = "backward" if math.isfinite(beside.grad_norm) else "error bold"
        spans += [Span("  "), Span(f"|g| {numbers.short(beside.grad_norm)}", look)]
    if beside.lr is not None:
        spans += [Span("  "), Span(f"lr {numbers.hyper(beside.lr)}", "step")]
    return tuple(spans)


def _empty(moment: Moment, head: int, part: Part | None, width: int) -> LossView:
    if part is not None and moment.run.loss_courses(head):
        title, text = "no loss in this part of the run", "0 shows the whole run again."
    else:
        calls = moment.run.course(head)
        seen = any(
            event.phase == "backward" for event in moment.run.events(1, head + 1, {"phase_entered"})
        )
        title, text = "no loss yet", "Each backward() adds a point: the number it began from."
        if calls is None and seen:
            title = "no loss to draw"
            text = "backward() began from no single number whose value was recorded."
    lines = (line((title, "bold")), *wrapped(text, width))
    return LossView(lines, ((),) * len(lines))


def _shown(moment: Moment, course: Course, head: int, *, smooth: bool) -> _Shown:
    values = [loss[3] for loss in course.losses]
    at = bisect_right([loss[0] for loss in course.losses], moment.seq)
    window = max(5, len(values) // 20) if smooth and len(values) >= SMOOTHED_FROM else 0
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


def _header(one: _Shown, width: int, glyphs: Glyphs, beside: Line = (), *, is_only: bool) -> Line:
    """Name, place, value at the cursor, lowest value, mean: as many as fit."""
    course, gap = one.course, Span("  ")
    spans = [*_now(one, glyphs), *beside]
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
    if place and not is_only and width_of((*spans, gap, Span(place))) > width:
        # Of several losses of one name the line tells which it is: it stays.
        place = f"line {course.line}"
        return (*whole_parts(tuple(spans), width - len(place) - 2), gap, Span(place, "dim"))
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
    one: _Shown, width: int, rows: int, signs: Mapping[int, str], glyphs: Glyphs
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
    # Values that are all the same lie on one height: it has a label, the ends stand for nothing.
    labels = (
        {0: high, rows - 1: low} if scale.low < scale.high else {canvas.row(scale.low, scale): high}
    )
    for row in range(rows):
        label = labels.get(row, "")
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
    marked = _marked(signs, places)
    found.append((_axis(one, left + 2, columns, future, marked, glyphs), ()))
    return found


def _marked(signs: Mapping[int, str], places: list[int]) -> dict[int, str]:
    """Give the columns that stand nearest after signed events, each with its sign."""
    found: dict[int, str] = {}
    known = [place for place in places if place]
    for seq, sign in signs.items():
        if known and seq <= known[-1]:
            found[min(bisect_right(known, seq - 1), len(known) - 1)] = sign
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


def _axis(
    one: _Shown, left: int, columns: int, cursor: int, marked: Mapping[int, str], glyphs: Glyphs
) -> Line:
    """Write the first and the last iteration under the curve, with signs and the cursor between."""
    first, last = one.course.losses[0][1], one.course.losses[-1][1]
    if first == last:
        start, end = "call 1", f"call {numbers.count(one.course.calls)}"
    else:
        start, end = f"it {numbers.count(first)}", f"it {numbers.count(last)}"
    if len(one.values) == 1:
        end = ""
    row = [Span(text, "dim") for text in (start + end.rjust(columns - len(start)))[:columns]]
    for column, sign in marked.items():
        if column < len(row):
            row[column] = Span(sign, "warning bold")
    is_free = len(start) < cursor < len(row) - len(end) - 1
    if is_free and one.at < len(one.values) and row[cursor].text == " ":
        row[cursor] = Span(glyphs.cursor, "accent")
    return tuple(_joined([Span(" " * left), *row]))


def _joined(spans: list[Span]) -> list[Span]:
    """Make one span of neighbours in one style."""
    found: list[Span] = []
    for span in spans:
        if found and found[-1].style == span.style:
            found[-1] = Span(found[-1].text + span.text, span.style)
        else:
            found.append(span)
    return found
