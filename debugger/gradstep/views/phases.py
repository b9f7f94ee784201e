"""The strip zero_grad ─ forward ─ backward ─ step of the current iteration, and its progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from gradstep.views import numbers
from gradstep.views.glyphs import PHASE_STYLES, UNICODE, Glyphs, phase_glyph
from gradstep.views.holding import optimizer_of
from gradstep.views.progress import call_progress, nodes_made, with_gradient
from gradstep.views.reading import counts, iteration_span
from gradstep.views.text import Line, Span, cells, crop, line, pad

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.moment import Moment
    from gradstep.trace.reader import RunTrace

PHASES: Final = ("zero_grad", "forward", "backward", "step")
COUNTED: Final = {
    "zero_grad": ("zeroed", "param"),
    "forward": ("op", "op"),
    "backward": ("node", "node"),
    "step": ("updated", "param"),
}
NOTHING: Final = {"zero_grad": "nothing to clear", "step": "nothing changed"}
SHORT: Final = {"zero_grad": "zero", "forward": "fwd", "backward": "bwd", "step": "step"}

Counts = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class PhaseStrip:
    """Two rows: the phases with their state, and a progress line under them."""

    strip: Line
    progress: Line


@dataclass(frozen=True, slots=True)
class _Phase:
    """One phase of the iteration: how much of it has happened, and how much is expected.

    `done` and `total` are of the whole iteration, which may enter a phase several times.
    """

    name: str
    done: int
    total: int
    active: bool
    finished: bool
    failed: bool
    detail: str


def phase_strip(moment: Moment, *, width: int, glyphs: Glyphs = UNICODE) -> PhaseStrip:
    """Show where in its loop the script is; both lines are exactly `width` cells."""
    phases = _read(moment)
    strip: Line = ()
    for brevity in range(4):
        strip = _strip(phases, brevity, glyphs)
        if sum(cells(span.text) for span in strip) <= width:
            break
    return PhaseStrip(pad(strip, width), _progress(phases, width, glyphs))


def _read(moment: Moment) -> list[_Phase]:
    event = moment.event
    start, stop = iteration_span(moment, event.iteration)
    sofar = counts(moment, start, moment.seq + 1)
    expected = _expected(moment, start, stop)
    entered: dict[str, EventRow] = {}
    failed: dict[str, bool] = {}
    kinds = ("phase_entered", "phase_exited")
    for row in moment.run.events(max(start, 1), moment.seq + 1, kinds=kinds):
        if row.phase not in PHASES or row.iteration != event.iteration:
            continue
        failed[row.phase] = row.kind == "phase_exited" and bool(row.detail.get("error"))
        if row.kind == "phase_entered":
            entered[row.phase] = row
    phases = []
    for name in PHASES:
        kind, _ = COUNTED[name]
        done = sofar.get((kind, name), 0)
        total = max(done, expected.get((kind, name), 0))
        active = event.phase == name and event.kind != "phase_exited"
        entry = entered.get(name)
        now: tuple[int, int | None] = (done, total)
        if active and entry is not None:
            now = call_progress(moment, entry, (start, stop))
            total = max(done, done - now[0] + (now[1] if now[1] is not None else total))
        detail = _detail(moment, name, done, total, now if active else None, entry)
        finished = entry is not None and not active
        phases.append(_Phase(name, done, total, active, finished, failed.get(name, False), detail))
    return phases


def _expected(moment: Moment, start: int, stop: int) -> Counts:
    """Take the counts of this iteration if it is over, else of the one before.

    The first iteration has none before it: its backward may run every node that forward made, its
    step change every parameter that has a gradient.
    """
    if stop <= moment.run.head:
        return _whole(moment.run, start, stop)
    before = counts(moment, *iteration_span(moment, moment.event.iteration - 1))
    if ("node", "backward") not in before:
        before[("node", "backward")] = nodes_made(moment, start)
    if ("updated", "step") not in before:
        before[("updated", "step")] = with_gradient(moment, moment.optimizers())
    own = counts(moment, start, stop)
    return {key: max(before.get(key, 0), own.get(key, 0)) for key in {*before, *own}}


@lru_cache(maxsize=16)
def _whole(run: RunTrace, start: int, stop: int) -> Counts:
    """Count an iteration that is over, once."""
    return counts(run.at(start), start, stop)


def _detail(
    moment: Moment,
    name: str,
    done: int,
    total: int,
    now: tuple[int, int | None] | None,
    entry: EventRow | None,
) -> str:
    """Say how much a phase did: `now` is of the call that is running, None if none is."""
    noun = COUNTED[name][1]
    if now is not None:
        ran, whole = now
        amount = numbers.plural(ran, noun)
        if whole is not None:
            amount = f"{ran}/{numbers.plural(whole, noun)}" if whole else NOTHING.get(name, amount)
    elif entry is None:
        amount = numbers.plural(total, noun) if total else ""
    else:
        amount = numbers.plural(done, noun) if done else NOTHING.get(name, "")
    if name == "step":
        classes = [optimizer.class_name for optimizer in moment.optimizers()]
        if entry is not None and (optimizer := optimizer_of(moment, entry)) is not None:
            classes = [optimizer.class_name]
        return " · ".join(part for part in (", ".join(dict.fromkeys(classes)), amount) if part)
    return amount


def _strip(phases: list[_Phase], brevity: int, glyphs: Glyphs) -> Line:
    """Set the phases; each step of brevity leaves out more of those that are not active."""
    spans: list[Span] = [Span(" ")]
    joint = f" {glyphs.across * 2}{glyphs.here} " if brevity < 2 else f" {glyphs.across} "
    for number, phase in enumerate(phases):
        if number:
            spans.append(Span(joint, "dim"))
        glyph = phase_glyph(glyphs, phase.name)
        style = PHASE_STYLES[phase.name] if phase.active or phase.finished else "dim"
        if phase.failed:
            style = "error"
        elif phase.finished and phase.name == "step" and not phase.done:
            style = "warning"
        name = phase.name if brevity < 2 or phase.active else SHORT[phase.name]
        detail = phase.detail if brevity < 3 or phase.active else ""
        if brevity and not phase.active:
            detail = str(phase.done) if phase.finished else ""
        if phase.active:
            spans.append(Span(f" {glyph} {name} ", f"{style} bold chip"))
            spans.append(Span(f" {detail}" if detail else "", style))
        else:
            spans.append(Span(f"{glyph} {name}", f"{style} bold" if phase.finished else style))
            # A step that changed nothing is hardly what anybody wanted: no tick.
            fine = phase.finished and (phase.done or phase.name != "step")
            tick = f" {glyphs.tick}" if fine else ""
            if phase.failed:
                tick = f" {glyphs.cross} failed" if not brevity else f" {glyphs.cross}"
            spans.append(
                Span(f" {detail}{tick}" if detail else tick, style if phase.finished else "dim")
            )
    return tuple(span for span in spans if span.text)


def _progress(phases: list[_Phase], width: int, glyphs: Glyphs) -> Line:
    """Draw the iteration as one line: a stretch per phase, as long as its share of the events."""
    # Every phase gets a visible stretch, however few its events are.
    sizes = [max(phase.total, 1) + 2 for phase in phases]
    whole = sum(sizes)
    room = width - 2
    spans: list[Span] = [Span(" ")]
    drawn = reached = 0
    started = any(phase.active or phase.finished for phase in phases)
    last = max((i for i, p in enumerate(phases) if p.active or p.finished), default=-1)
    for number, (phase, size) in enumerate(zip(phases, sizes, strict=True)):
        reached += size
        end = round(room * reached / whole)
        length = end - drawn
        drawn = end
        share = 1.0 if phase.finished else 0.0
        if phase.active:
            share = phase.done / max(phase.total, 1)
        full = round(length * share)
        here = number == last and started
        if here:
            full = min(full, length - 1)
        mark = glyphs.cursor if here else ""
        rest = length - full - cells(mark)
        skipped = phase.name and number < last and not phase.finished
        spans += [
            Span(glyphs.line * full, PHASE_STYLES[phase.name]),
            Span(mark, f"{PHASE_STYLES[phase.name]} bold"),
            Span((" " if skipped else glyphs.dotted) * rest, "dim"),
        ]
    return pad(crop(line(*spans), width), width)
