"""The title line: where the script is and how its training goes."""

from __future__ import annotations

import math
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from gradstep.trace.gradient_norm import gradient_norm
from gradstep.views import numbers
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.reading import is_op_name, iteration_span, one, value_of
from gradstep.views.source import place_of
from gradstep.views.stretch import read_stretch
from gradstep.views.text import Line, Span, justify, line, width_of

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment

STATES: Final = {
    "starting": ("…", "STARTING", "dim"),
    "running": ("►", "RUNNING", "forward"),
    "asks": ("?", "INPUT?", "warning"),
    "paused": ("■", "PAUSED", "backward"),
    "exception": ("✗", "EXCEPTION", "error"),
    "past": ("◄", "PAST", "accent"),
    "exited": ("□", "ENDED", "dim"),
    "recorded": ("○", "RECORDED", "dim"),
}
SPARK: Final = 10
LONGEST_NAME: Final = 16


def title_line(
    moment: Moment | None,
    *,
    state: str,
    width: int,
    note: str = "",
    standing: tuple[str, int] = ("", 0),
    glyphs: Glyphs = UNICODE,
) -> Line:
    """Give script:line, iteration, step, loss with its course, |g|, lr, and the state at right.

    `state` is starting, running, asks (runs, and seems to wait for a line of input), paused,
    exception (paused at one), past (cursor before the live edge), exited or recorded;
    `standing` is the file and line where the script stands, if that is not the event's own;
    `note` is set before it (e.g. "built-in engine"). Exactly `width` cells; parts that do not
    fit go away as a whole, the least important first.
    """
    mark, word, style = STATES.get(state, ("", state, ""))
    if glyphs is not UNICODE:
        mark = {
            "running": glyphs.here,
            "past": glyphs.backward,
            "exception": glyphs.cross,
        }.get(state, glyphs.cursor)
    right: Line = line((f" {mark} {word} ", f"{style} bold chip"))
    brand = line((" gradstep ", "accent bold chip"))
    if note and width >= 100:
        right = line((f"{note}  ", "dim"), *right)
    parts = _parts(moment, standing, glyphs) if moment is not None else []
    room = width - width_of(right) - 1
    shown = list(parts)
    while shown and width_of(brand) + sum(width_of(p) + 2 for _, p in shown) > room:
        shown.remove(max(shown, key=lambda entry: entry[0]))
    left = brand
    for _, part in shown:
        left = (*left, Span("  "), *part)
    return justify(left, right, width)


def _parts(moment: Moment, standing: tuple[str, int], glyphs: Glyphs) -> list[tuple[int, Line]]:
    """Give the parts in order, each with its rank: the highest goes first when room is short."""
    event = moment.event
    file, number = standing if standing[1] else place_of(event)
    script = PurePath(file or moment.run.info.script).name
    parts = [(0, line(script, (f":{number}" if number else "", "backward")))]
    if was_edited(moment):
        parts.append((3, line(("edited", "warning bold"))))
    if event.iteration:
        parts.append((1, line(("it ", "dim"), numbers.count(event.iteration))))
    if event.step:
        parts.append((4, line(("step ", "dim"), numbers.count(event.step))))
    losses = moment.run.losses(moment.seq, latest=3 * SPARK)
    fresh, moved_on = newer_loss(moment, losses[-1][0] if losses else 0)
    lines = [_line_of(moment, loss[0]) for loss in losses]
    # The loss of another line is another loss: only those of one line make a course.
    values = [loss[3] for loss, at in zip(losses, lines, strict=True) if at == lines[-1]]
    if fresh is not None:
        # Which line will go backward from it is not known yet.
        parts += _loss([*(values if len(set(lines)) == 1 else ()), fresh], glyphs)
    elif values:
        label = _called(moment, losses[-1]) if len(set(lines)) > 1 else "loss"
        parts += _loss(values, glyphs, f"last {label} " if moved_on else f"{label} ")
    norm = gradient_norm(moment.run, moment.seq)
    if norm is not None and not (event.phase == "backward" and event.kind != "phase_exited"):
        # While backward adds to one leaf after the other, the norm is of no gradient yet.
        style = "" if math.isfinite(norm) else "error bold"
        parts.append((5, line(("|g| ", "dim"), (numbers.short(norm), style))))
    rates = learning_rates(moment)
    if rates:
        parts.append((6, line(("lr ", "dim"), " ".join(numbers.hyper(r) for r in rates[:2]))))
    return parts


def _line_of(moment: Moment, seq: int) -> tuple[str, int]:
    """Return the line that called backward() at the event `seq`."""
    event = moment.run.event(seq)
    return event.file, event.line


def _called(moment: Moment, loss: tuple[int, int, int, float]) -> str:
    """Name one of several losses as the script does."""
    seq, _, tensor, _ = loss
    then = moment.run.at(seq)
    name, op = then.name(tensor), then.op_of_result(tensor)
    is_given = bool(name) and not name.startswith("tensor_")
    if op is not None and is_op_name(name, op.name):
        is_given = False
    return name if is_given and len(name) <= LONGEST_NAME else "loss"


def was_edited(moment: Moment) -> bool:
    """Tell whether the user had changed the run, or had left out a part of it, by now."""
    rows = moment.run.events(1, moment.seq + 1, kinds=("edited", "skipped"))
    return next(rows, None) is not None


def newer_loss(moment: Moment, after: int) -> tuple[float | None, bool]:
    """Look for a loss newer than the one that backward began from at event `after`, 0 for none.

    That is what the last op of a forward made, once that forward is over, if it is one number that
    requires a gradient. The second answer tells whether the script has moved on to another
    iteration or forward, so that the older loss is no longer its own.
    """
    start, _ = iteration_span(moment, moment.event.iteration)
    rows = read_stretch(moment.run, start, moment.seq + 1).upto(moment.seq) if start else []
    over = moved_on = False
    for row in reversed(rows):
        if row.seq <= after:
            return None, moved_on
        if row.phase != "forward":
            continue
        moved_on = True
        over = over or row.kind == "phase_exited"
        if row.kind == "op":
            value = value_of(moment, one(moment.run.tensors(row.seq), "output"))
            single = value is not None and all(size == 1 for size in value.shape)
            if over and value is not None and single and value.requires_grad:
                return value.mean if value.mean is not None else math.nan, True
            return None, True
    return None, moved_on or start > after


def _loss(values: list[float], glyphs: Glyphs, label: str = "loss ") -> list[tuple[int, Line]]:
    now = values[-1]
    style = "bold" if math.isfinite(now) else "error bold"
    spans = [Span(label, "dim"), Span(numbers.number(now), style)]
    before = values[-2] if len(values) > 1 else now
    if math.isfinite(now) and math.isfinite(before) and now != before:
        falls = now < before
        look = "success" if falls else "warning"
        spans.append(Span(" " + (glyphs.down if falls else glyphs.up), look))
    found: list[tuple[int, Line]] = [(2, tuple(spans))]
    if len(values) > 2:
        found.append((7, line((numbers.sparkline(values, SPARK, glyphs), "forward"))))
    return found


def learning_rates(moment: Moment) -> list[float]:
    """Give the distinct learning rates of the optimizers at work, in the order of their groups."""
    states = (moment.optimizer(number) for number in moment.run.at_work.at(moment.seq))
    rates = [
        group["lr"]
        for state in states
        if state is not None
        for group in state.groups
        if isinstance(group.get("lr"), (int, float))
    ]
    return list(dict.fromkeys(rates))
