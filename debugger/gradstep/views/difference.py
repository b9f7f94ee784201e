"""Two runs side by side: the report of `gradstep diff`, and the rows and details of its screen."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gradstep.comparison import Comparison, Difference
from gradstep.comparison.alignment import Stretch
from gradstep.comparison.compare import Pair, losses
from gradstep.protocol.row import EventRow
from gradstep.trace.reader import RunTrace
from gradstep.views import numbers
from gradstep.views.glyphs import PHASE_STYLES, UNICODE, Glyphs
from gradstep.views.text import Line, Span, fit, line, pad

MOST_DIFFERENCES: Final = 12
MOST_LOSSES: Final = 6
MOST_EVENTS: Final = 6
PLACE_FROM: Final = 46
"""A column this wide has room for the source line too."""

_DIFFER: Final = Span("they differ", "warning bold")


def report(comparison: Comparison, glyphs: Glyphs = UNICODE) -> list[Line]:
    """Write what two runs have in common, the first place where they differ, and what follows."""
    lines = [_title("A", comparison.a), _title("B", comparison.b), ()]
    if comparison.is_same:
        lines.append(line((f"{glyphs.tick} the runs agree", "success"), f": {_common(comparison)}"))
        return lines
    first = comparison.different[0]
    if first:
        lines.append(line(f"{numbers.plural(first, 'event')} alike, then ", _DIFFER))
    else:
        lines.append(line(_DIFFER, " from the first event on"))
    pair = comparison.pair(first)
    lines.append(())
    if pair.differs:
        lines.append(_heading(comparison, pair))
        lines.extend(details(comparison, pair, glyphs))
    else:
        lines.extend(_parting(comparison, first, glyphs))
    lines.extend(_summary(comparison))
    lines.extend(_losses(comparison))
    return lines


def row_line(comparison: Comparison, row: int, width: int, glyphs: Glyphs = UNICODE) -> Line:
    """Write a row of the screen: the event in A, how it compares, the event in B."""
    pair = comparison.pair(row)
    half = max(10, (width - 5) // 2)
    left = _event(comparison.a, pair.a, half)
    right = _event(comparison.b, pair.b, half)
    if pair.a is None:
        mark = ("  +  ", "success bold")
    elif pair.b is None:
        mark = ("  -  ", "error bold")
    else:
        mark = (f"  {glyphs.unequal}  ", "warning bold") if pair.differs else ("  =  ", "dim")
    return (*left, Span(*mark), *right)


def details(comparison: Comparison, pair: Pair, glyphs: Glyphs = UNICODE) -> list[Line]:
    """Write everything in which the two events of a row differ, and what that hints at."""
    found = comparison.differences(pair)
    lines: list[Line] = []
    for difference in found[:MOST_DIFFERENCES]:
        lines.extend(_difference(difference, glyphs))
    if len(found) > MOST_DIFFERENCES:
        lines.append(line((f"  and {len(found) - MOST_DIFFERENCES} more", "dim")))
    hint = _hint(comparison, pair, found)
    if hint:
        lines.append(line((f"  {hint}", "dim")))
    return lines


def event_text(run: RunTrace, event: EventRow) -> str:
    """Name an event in a line: number, kind or phase, name, place."""
    where = f"  {event.module}" if event.module else ""
    place = f"  {Path(event.file).name}:{event.line}" if event.file else ""
    return f"{event.seq}  {_what(event)}{where}{place}"


def _what(event: EventRow) -> str:
    """Name what happened, and to which parameter: `written init conv1.weight`."""
    if event.kind in {"op", "node"}:
        return event.name
    about = event.detail.get("parameter")
    words = [event.kind, event.name, about if isinstance(about, str) else ""]
    return " ".join(filter(None, words))


def _title(side: str, run: RunTrace) -> Line:
    info = run.info
    argv = " ".join(info.argv[1:])
    end = "" if info.exit_status in {0, None} else f"exit status {info.exit_status}"
    parts = [
        Path(info.script).name + (f" {argv}" if argv else ""),
        numbers.plural(run.head, "event"),
        numbers.plural(run.iterations(), "iteration"),
        f"detail {info.detail}",
        end,
    ]
    name = f"{run.database.path} #{run.number}"
    return line((side, "accent bold"), f"  {name}", ("  " + "  ".join(filter(None, parts)), "dim"))


def _common(comparison: Comparison) -> str:
    return f"{numbers.plural(len(comparison), 'event')}, with the same values up to rounding"


def _heading(comparison: Comparison, pair: Pair) -> Line:
    assert pair.a is not None
    event = comparison.a.event(pair.a)
    other = f" (B: event {pair.b})" if pair.b != pair.a else ""
    return line(
        (event_text(comparison.a, event), "bold"),
        (f"  {event.phase}, iteration {event.iteration}{other}", "dim"),
    )


def _difference(difference: Difference, glyphs: Glyphs) -> list[Line]:
    gap = difference.gap
    if gap.what == "setting":
        return [_a_to_b(difference.name_a, gap.a, gap.b, glyphs)]
    if gap.what == "tensors":
        return [_a_to_b("tensors", gap.a, gap.b, glyphs)]
    names = dict.fromkeys([difference.name_a, difference.name_b])
    name = f"{difference.role} {' / '.join(names)}"
    if gap.what == "elements":
        where = numbers.index(gap.at)
        beyond = f"{numbers.count(gap.count)} of {numbers.plural(gap.total, 'element')} differ"
        size = f", by up to {numbers.short(gap.size)}" if gap.size < float("inf") else ""
        worst = _a_to_b(name + where, gap.a, gap.b, glyphs)
        return [worst, line((f"    {beyond}{size}", "dim"))]
    return [_a_to_b(f"{name} {gap.what}", gap.a, gap.b, glyphs)]


def _a_to_b(name: str, a: object, b: object, glyphs: Glyphs) -> Line:
    return line(
        f"  {fit(name, 30)} ",
        (_value(a), "lane0"),
        f"  {glyphs.unequal}  ",
        (_value(b), "lane1"),
    )


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.7g}"
    return str(value)


def _hint(comparison: Comparison, pair: Pair, found: list[Difference]) -> str:
    """Say where a first difference comes from, if the event alone tells."""
    if not comparison.different or pair != comparison.pair(comparison.different[0]):
        return ""
    inputs = [one for one in found if one.role == "input"]
    if any(one.gap.what == "setting" for one in found):
        return "another setting: the scripts, their arguments or a default differ"
    if any(one.is_parameter for one in inputs):
        return "the parameter differs before anything changed it: another initial value, or seed"
    if inputs:
        return "this input was not computed in the loop: other data, another order, or seed"
    if found and pair.a is not None and comparison.a.event(pair.a).kind in {"op", "node"}:
        return "the inputs agree and the result does not: something random, or another computation"
    return ""


def _parting(comparison: Comparison, row: int, glyphs: Glyphs) -> list[Line]:
    """Show the events around the place where one run has something that the other lacks."""
    lines: list[Line] = []
    first = max(0, row - 2)
    last = min(len(comparison), row + 1)
    sides = [one for one in _around(comparison, row) if one.side != "both"]
    last = max(last, first + 2 + sum(min(one.count, MOST_EVENTS) for one in sides) + 1)
    for one in range(first, min(last, len(comparison))):
        lines.append(row_line(comparison, one, 100, glyphs))
    for stretch in sides:
        run = "A" if stretch.side == "a" else "B"
        lines.append(
            line((f"  {numbers.plural(stretch.count, 'event')} in {run} only here", "dim"))
        )
    return lines


def _around(comparison: Comparison, row: int) -> list[Stretch]:
    """The stretches that begin at a row, up to the next that both runs have."""
    found: list[Stretch] = []
    start = 0
    for stretch in comparison.stretches:
        if start >= row:
            if stretch.side == "both":
                break
            found.append(stretch)
        start += stretch.count
    return found


def _summary(comparison: Comparison) -> list[Line]:
    both = sum(one.count for one in comparison.stretches if one.side == "both")
    parts = [
        f"{numbers.count(both)} events in both, {numbers.count(len(comparison.beyond))} of them"
    ]
    parts.append(" with other values or settings")
    for side, name in (("a", "A"), ("b", "B")):
        only = comparison.only_in(side)
        if only:
            parts.append(f"; {numbers.count(only)} in {name} only")
    return [(), line("in all: " + "".join(parts))]


def _losses(comparison: Comparison) -> list[Line]:
    """Write the losses of both runs: around the first that differs, and the last."""
    rows = losses(comparison)
    if not rows:
        return []
    apart = next((i for i, (_, a, b) in enumerate(rows) if a != b), None)
    if apart is None:
        return [line(f"the losses of all {numbers.plural(len(rows), 'backward call')} agree")]
    shown = rows[max(0, apart - 1) : apart - 1 + MOST_LOSSES] if apart else rows[:MOST_LOSSES]
    lines: list[Line] = [(), line((f"{'backward':>8} {'loss A':>14} {'loss B':>14}", "dim"))]
    lines.extend(_loss(*row) for row in shown)
    if rows[-1] not in shown:
        lines.append(line(("       …", "dim")))
        lines.append(_loss(*rows[-1]))
    return lines


def _loss(number: int, a: float | None, b: float | None) -> Line:
    left, right = (numbers.number(value, digits=6) if value is not None else "" for value in (a, b))
    style = "" if a == b else "warning"
    return line(f"{number:>8} ", (f"{left:>14} {right:>14}", style))


def _event(run: RunTrace, seq: int | None, width: int) -> Line:
    if seq is None:
        return (Span(" " * width),)
    event = run.event(seq)
    style = PHASE_STYLES.get(event.phase, "")
    where = f"{Path(event.file).name}:{event.line}" if event.file else ""
    head = line((f"{seq:>7} ", "dim"), (f"{event.iteration:>4} ", "dim"), (_what(event), style))
    room = width - len(where) - 1
    if where and width >= PLACE_FROM:
        return (*pad(head, room), Span(" "), Span(where, "dim"))
    return pad(head, width)
