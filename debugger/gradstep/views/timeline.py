"""The run as one row: phases side by side, iteration after iteration, the cursor where it stands.

A phase is its glyph and a few dots, fewer than its events where there are many, so that several
iterations fit. Only the phases around the cursor are read, however long the run is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Final

from gradstep.views import numbers
from gradstep.views.glyphs import PHASE_STYLES, UNICODE, Glyphs, phase_glyph
from gradstep.views.text import Line, Span, pad

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.moment import Moment

MOST_DOTS: Final = 8


@dataclass(frozen=True, slots=True)
class Timeline:
    """The row.

    `seqs[i]` is the event that column i stands for, None before and after events. `caption` is
    for the border: which event of how many.
    """

    line: Line
    seqs: tuple[int | None, ...]
    caption: str


@dataclass(frozen=True, slots=True)
class _Column:
    text: str
    style: str
    seq: int


def timeline(
    moment: Moment,
    *,
    head: int,
    width: int,
    live: bool = False,
    state: str = "",
    marks: Mapping[int, str] | None = None,
    glyphs: Glyphs = UNICODE,
) -> Timeline:
    """Show the stretch of events around the cursor; reads only what is visible.

    `live` says that the script can go on; with `state` past the caption says so of a script that
    has ended, too. `marks` are letters by the events that they stand at.
    """
    seq = moment.seq
    word = "past" if state == "past" or (live and seq < head) else "live" if live else ""
    at = f"event {numbers.count(seq)} of {numbers.count(head)}"
    caption = f"{word} · {at}" if word else at
    edits = sum(1 for _ in moment.run.events(1, head + 1, kinds=("edited", "skipped")))
    if edits:
        caption += f" · {numbers.plural(edits, 'edit')}"
    behind = _columns(_before(moment, width), seq + 1, glyphs)
    ahead = _columns_after(moment, head, width, glyphs)
    columns = [column for column in behind if column.seq <= seq]
    rest = [column for column in (*behind[len(columns) :], *ahead) if column.seq > seq]
    # The cursor stands at three quarters, or at the end where nothing follows.
    left = max(width - len(rest) - 2, width * 3 // 4)
    columns = columns[-left:] if left else []
    rest = rest[: max(0, width - len(columns))]
    signs = _signs(marks or {}, [*columns, *rest], head)
    spans: list[Span] = []
    for number, column in enumerate(columns):
        here = number == len(columns) - 1
        sign = signs.get(number, "")
        text = sign or (glyphs.cursor if here else column.text)
        style = "warning bold" if sign else column.style
        spans.append(Span(text, f"{column.style} bold chip" if here else style))
    for number, column in enumerate(rest, len(columns)):
        sign = signs.get(number, "")
        spans.append(Span(sign or column.text, "warning bold" if sign else f"{column.style} dim"))
    missing = width - len(columns) - len(rest)
    if live and missing > 0:
        spans.append(Span(glyphs.dotted * missing, "dim"))
    seqs: list[int | None] = [column.seq for column in (*columns, *rest)]
    seqs += [None] * (width - len(seqs))
    return Timeline(pad(_joined(spans), width), tuple(seqs[:width]), caption)


def _before(moment: Moment, width: int) -> list[EventRow]:
    """Read the beginnings of phases up to the cursor, as many as can be visible."""
    rows = moment.run.events_before(moment.seq + 1, kinds=("phase_entered",))
    return list(islice(rows, width // 2 + 1))[::-1]


def _columns_after(moment: Moment, head: int, width: int, glyphs: Glyphs) -> list[_Column]:
    entered = moment.run.events(moment.seq + 1, head + 1, kinds=("phase_entered",))
    rows = list(islice(entered, width // 4 + 2))
    first = rows[0].seq if rows else head + 1
    event = moment.event
    found = _dots(event.phase, moment.seq + 1, first, MOST_DOTS, glyphs)
    for row, following in zip_longest(rows, rows[1:]):
        found += _phase(row, following.seq if following else head + 1, glyphs)
    return _numbered(found, rows, event.iteration, glyphs)


def _columns(rows: list[EventRow], stop: int, glyphs: Glyphs) -> list[_Column]:
    found: list[_Column] = []
    if not rows:
        return _dots("other", 1, stop, MOST_DOTS, glyphs)
    if rows[0].iteration <= 1 and rows[0].seq > 1:
        found += _dots("other", 1, rows[0].seq, 3, glyphs)
    for row, following in zip_longest(rows, rows[1:]):
        found += _phase(row, following.seq if following else stop, glyphs)
    return _numbered(found, rows, None, glyphs)


def _phase(row: EventRow, stop: int, glyphs: Glyphs) -> list[_Column]:
    style = PHASE_STYLES[row.phase]
    head = _Column(phase_glyph(glyphs, row.phase), style, row.seq)
    return [head, *_dots(row.phase, row.seq + 1, stop, MOST_DOTS, glyphs)]


def _dots(phase: str, start: int, stop: int, most: int, glyphs: Glyphs) -> list[_Column]:
    """Stand for the events [start, stop) with at most `most` dots."""
    amount = min(stop - start, most)
    style = PHASE_STYLES[phase]
    return [
        _Column(glyphs.small, style, start + (stop - start) * i // amount) for i in range(amount)
    ]


def _numbered(
    columns: list[_Column], rows: list[EventRow], previous: int | None, glyphs: Glyphs
) -> list[_Column]:
    """Set `│12 ` before the first phase of each iteration."""
    starts = {}
    for row in rows:
        if row.iteration != previous:
            starts[row.seq] = row.iteration
            previous = row.iteration
    found: list[_Column] = []
    for column in columns:
        number = starts.pop(column.seq, None)
        if number:
            found += [_Column(text, "dim", column.seq) for text in f"{glyphs.rail}{number} "]
        found.append(column)
    return found


def _signs(marks: Mapping[int, str], columns: list[_Column], head: int) -> dict[int, str]:
    """Give the columns that a mark's event falls into, each with its letter."""
    found: dict[int, str] = {}
    for number, column in enumerate(columns):
        stop = columns[number + 1].seq if number + 1 < len(columns) else head + 1
        for seq, letter in marks.items():
            # A label `│12 ` has several columns of one event: the last one takes the mark.
            if column.seq <= seq < stop:
                found[number] = letter
    return found


def _joined(spans: list[Span]) -> Line:
    found: list[Span] = []
    for span in spans:
        if found and found[-1].style == span.style:
            found[-1] = Span(found[-1].text + span.text, span.style)
        else:
            found.append(span)
    return tuple(found)
