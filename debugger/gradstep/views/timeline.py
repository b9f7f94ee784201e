"""The run as one row: phases side by side, iteration after iteration, the cursor where it stands.

A phase is its glyph and a few dots, fewer than its events where there are many, so that several
iterations fit. Nearer, each event has a column; further away phases have no dots, and then a column
is an iteration, or many. Only what is seen is read, however long the run is; from far away it is
read a piece at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Final

from gradstep.trace.passes import FINE, carried, oddity, phase_code
from gradstep.views import numbers
from gradstep.views.glyphs import PHASE_STYLES, UNICODE, Glyphs, phase_glyph
from gradstep.views.text import Line, Span, pad
from gradstep.views.timeline_columns import Column, event_column
from gradstep.views.timeline_far import far_caption, far_columns, odd_glyph, oddity_text

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.moment import Moment
    from gradstep.trace.passes import Passes

MOST_DOTS: Final = 8

EVENTS, PHASES, BRIEF, FAR = 1, 0, -1, -2
"""How near one looks: single events, phases with dots, without, iterations (each less: doubled)."""

LABEL_EVERY: Final = 5
"""Where phases have no dots, so many iterations share a number."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The row.

    `seqs[i]` is the event that column i stands for, None before and after events. `caption` is
    for the border: which event of how many. `is_whole` is False while there is more to be read.
    """

    line: Line
    seqs: tuple[int | None, ...]
    caption: str
    is_whole: bool = True

    def with_cursor(self, column: int, glyphs: Glyphs = UNICODE) -> Timeline:
        """Give the same row with another cell turned round."""
        cells = [
            Span(text, span.style.replace(" bold chip", ""))
            for span in self.line
            for text in span.text
        ]
        if 0 <= column < len(cells):
            style = cells[column].style.split(" ")[0] or "dim"
            cells[column] = Span(glyphs.cursor, f"{style} bold chip")
        return replace(self, line=_joined(cells))


def timeline(
    moment: Moment,
    *,
    head: int,
    width: int,
    live: bool = False,
    state: str = "",
    marks: Mapping[int, str] | None = None,
    zoom: int = PHASES,
    passes: Passes | None = None,
    glyphs: Glyphs = UNICODE,
) -> Timeline:
    """Show the stretch of events around the cursor; reads only what is visible.

    `live` says that the script can go on; with `state` past the caption says so of a script that
    has ended, too. `marks` are letters by the events that they stand at. `zoom` is how near one
    looks; from `FAR` on `passes` are what has been read of the run.
    """
    seq = moment.seq
    word = "past" if state == "past" or (live and seq < head) else "live" if live else ""
    at = f"event {numbers.count(seq)} of {numbers.count(head)}"
    caption = f"{word} · {at}" if word else at
    edits = sum(1 for _ in moment.run.events(1, head + 1, kinds=("edited", "skipped")))
    if edits:
        caption += f" · {numbers.plural(edits, 'edit')}"
    is_whole, told = True, ""
    if zoom <= FAR and passes is not None:
        is_whole = passes.upto >= head
        each = iterations_a_column(zoom, moment.run.iterations(), width)
        columns, rest, told = _far(passes, seq, each, width, not live, glyphs)
        if not is_whole:
            told = f"reading {100 * passes.upto // max(1, head)}% · {told}"
    elif zoom >= EVENTS:
        columns, rest = _single(moment, head, width, glyphs)
    else:
        columns, rest, told = _near(moment, head, width, zoom, live, glyphs)
    caption = f"{told} · {caption}" if told else caption
    line, seqs = _painted(columns, rest, marks or {}, head, width, live, glyphs)
    return Timeline(line, seqs, caption, is_whole)


def iterations_a_column(zoom: int, iterations: int, width: int) -> int:
    """Say how many iterations a column is from far away: no more than it takes for all to fit."""
    return min(1 << max(0, FAR - zoom), max(1, -(-iterations // width)))


def farthest(iterations: int, width: int) -> int:
    """Give the zoom at which so many iterations fit into a row."""
    return FAR - max(0, -(-iterations // width) - 1).bit_length()


def _near(
    moment: Moment, head: int, width: int, zoom: int, live: bool, glyphs: Glyphs
) -> tuple[list[Column], list[Column], str]:
    """Give the columns by the cursor and after it as phases, and what is odd where it stands."""
    seq = moment.seq
    most, label = (MOST_DOTS, 1) if zoom == PHASES else (0, LABEL_EVERY)
    before = _before(moment, width if most else 2 * width)
    after = _after(moment, head, width if most else 4 * width)
    look = _Look(glyphs, most, label, _odd(before, after, width, live, most))
    behind = _columns(before, seq + 1, look)
    ahead = _columns_after(moment, after, head, look)
    columns = [column for column in behind if column.seq <= seq]
    rest = [column for column in (*behind[len(columns) :], *ahead) if column.seq > seq]
    # The cursor stands at three quarters, or at the end where nothing follows.
    left = max(width - len(rest) - 2, width * 3 // 4)
    columns = columns[-left:] if left else []
    rest = rest[: max(0, width - len(columns))]
    number = moment.event.iteration
    odd, phases = look.odd.get(number, (FINE, ""))
    told = oddity_text(odd, phases)
    return columns, rest, f"it {numbers.count(number)} {told}" if told else ""


def _odd(
    before: list[EventRow], after: list[EventRow], width: int, live: bool, most: int
) -> dict[int, tuple[int, str]]:
    """Tell what is odd about the iterations in sight, by number; of those cut off nothing."""
    phases: dict[int, str] = {}
    for row in (*before, *after):
        phases[row.iteration] = phases.get(row.iteration, "") + phase_code(row.phase, row.detail)
    cleared: dict[int, str] = {}
    so_far = ""
    for number, text in phases.items():
        cleared[number] = so_far
        so_far = carried(text, so_far)
    if before and before[0].seq > 1 and len(before) >= _most_before(width if most else 2 * width):
        phases.pop(before[0].iteration, None)
    last = (after or before)[-1].iteration if (after or before) else 0
    cut_off = len(after) >= _most_after(width if most else 4 * width)
    return {
        number: (
            oddity(text, cleared[number], is_over=number != last or not (live or cut_off)),
            text,
        )
        for number, text in phases.items()
    }


def _single(
    moment: Moment, head: int, width: int, glyphs: Glyphs
) -> tuple[list[Column], list[Column]]:
    """Give each event around the cursor a column."""
    seq = moment.seq
    first = max(1, seq - max(width * 3 // 4, width - 2 - (head - seq)) + 1)
    rows = moment.run.events(first, min(head, first + width - 1) + 1)
    columns = [event_column(row, glyphs) for row in rows]
    behind = [column for column in columns if column.seq <= seq]
    return behind, columns[len(behind) :]


def _far(
    passes: Passes, seq: int, each: int, width: int, is_over: bool, glyphs: Glyphs
) -> tuple[list[Column], list[Column], str]:
    if not passes.numbers:
        return [], [], ""
    columns, here = far_columns(passes, seq, each, width, is_over, glyphs)
    return columns[: here + 1], columns[here + 1 :], far_caption(passes, each, is_over)


def _painted(
    columns: list[Column],
    rest: list[Column],
    marks: Mapping[int, str],
    head: int,
    width: int,
    live: bool,
    glyphs: Glyphs,
) -> tuple[Line, tuple[int | None, ...]]:
    """Put the columns side by side, the cursor on the last of the first ones."""
    signs = _signs(marks, [*columns, *rest], head)
    spans: list[Span] = []
    for number, column in enumerate(columns):
        here = number == len(columns) - 1
        sign = signs.get(number, "")
        text = sign or (glyphs.cursor if here else column.text)
        style = "warning bold" if sign else column.style
        spans.append(Span(text, f"{column.style.split(' ')[0]} bold chip" if here else style))
    for number, column in enumerate(rest, len(columns)):
        sign = signs.get(number, "")
        dim = column.style if column.style.startswith("warning") else f"{column.style} dim"
        spans.append(Span(sign or column.text, "warning bold" if sign else dim))
    missing = width - len(columns) - len(rest)
    if live and missing > 0:
        spans.append(Span(glyphs.dotted * missing, "dim"))
    seqs: list[int | None] = [column.seq for column in (*columns, *rest)]
    seqs += [None] * (width - len(seqs))
    return pad(_joined(spans), width), tuple(seqs[:width])


@dataclass(frozen=True, slots=True)
class _Look:
    """How phases are drawn: at most so many dots, a number every so often, what is odd."""

    glyphs: Glyphs
    most: int
    label: int
    odd: Mapping[int, tuple[int, str]]


def _most_before(width: int) -> int:
    return width // 2 + 1


def _most_after(width: int) -> int:
    return width // 4 + 2


def _before(moment: Moment, width: int) -> list[EventRow]:
    """Read the beginnings of phases up to the cursor, as many as can be visible."""
    rows = moment.run.events_before(moment.seq + 1, kinds=("phase_entered",))
    return list(islice(rows, _most_before(width)))[::-1]


def _after(moment: Moment, head: int, width: int) -> list[EventRow]:
    entered = moment.run.events(moment.seq + 1, head + 1, kinds=("phase_entered",))
    return list(islice(entered, _most_after(width)))


def _columns_after(moment: Moment, rows: list[EventRow], head: int, look: _Look) -> list[Column]:
    first = rows[0].seq if rows else head + 1
    event = moment.event
    found = _dots(event.phase, moment.seq + 1, first, look.most, look.glyphs)
    for row, following in zip_longest(rows, rows[1:]):
        found += _phase(row, following.seq if following else head + 1, look)
    return _numbered(found, rows, event.iteration, look)


def _columns(rows: list[EventRow], stop: int, look: _Look) -> list[Column]:
    found: list[Column] = []
    if not rows:
        return _dots("other", 1, stop, look.most or 1, look.glyphs)
    if rows[0].iteration <= 1 and rows[0].seq > 1:
        found += _dots("other", 1, rows[0].seq, 3, look.glyphs)
    for row, following in zip_longest(rows, rows[1:]):
        found += _phase(row, following.seq if following else stop, look)
    return _numbered(found, rows, None, look)


def _phase(row: EventRow, stop: int, look: _Look) -> list[Column]:
    style = PHASE_STYLES[row.phase]
    head = Column(phase_glyph(look.glyphs, row.phase), style, row.seq)
    return [head, *_dots(row.phase, row.seq + 1, stop, look.most, look.glyphs)]


def _dots(phase: str, start: int, stop: int, most: int, glyphs: Glyphs) -> list[Column]:
    """Stand for the events [start, stop) with at most `most` dots."""
    amount = min(stop - start, most)
    style = PHASE_STYLES[phase]
    return [
        Column(glyphs.small, style, start + (stop - start) * i // amount) for i in range(amount)
    ]


def _numbered(
    columns: list[Column], rows: list[EventRow], previous: int | None, look: _Look
) -> list[Column]:
    """Set `│12 ` before the first phase of each iteration, or its sign in place of the blank."""
    starts = {}
    for row in rows:
        if row.iteration != previous:
            starts[row.seq] = row.iteration
            previous = row.iteration
    found: list[Column] = []
    for column in columns:
        number = starts.pop(column.seq, None)
        if number:
            odd, _ = look.odd.get(number, (FINE, ""))
            sign = odd_glyph(odd, look.glyphs)
            has_label = number % look.label == 0 or number == 1
            label = f"{look.glyphs.rail}{number if has_label else ''}"
            found += [Column(text, "dim", column.seq) for text in label]
            if sign:
                found.append(Column(sign, "warning bold", column.seq))
            elif has_label:
                found.append(Column(" ", "dim", column.seq))
        found.append(column)
    return found


def _signs(marks: Mapping[int, str], columns: list[Column], head: int) -> dict[int, str]:
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
