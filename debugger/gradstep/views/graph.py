"""The graph of one iteration as rails: one op per row, one lane per live tensor.

Rows never move while stepping: an op that has not run yet stands there as a ghost, known from the
previous iteration (or from the future of the trace, when looking back).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gradstep.views import numbers
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.graph_rows import LABEL_WIDTH, GraphRow, RowDetails, read_details, read_rows
from gradstep.views.rails import CUT_PARTS, PARTS, Rails, lay_out
from gradstep.views.text import Line, Span, cells, fit, line, pad, whole_parts, width_of

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment

__all__ = ["GraphRow", "GraphView", "graph_view"]

MOST_RAIL: Final = 24
GRAD_WIDTH: Final = 6
PASSES_WIDTH: Final = 3
SHORT_BAR: Final = 4
SAMPLE: Final = 100
"""Rows whose texts decide how wide the columns are; so many fit on a tall screen."""


@dataclass(frozen=True, slots=True)
class GraphView:
    """Rows in execution order.

    `current` is the row of the event under the cursor (or None),
    `selected` the row to highlight. Rows are painted one by one, so that only visible ones cost.
    """

    moment: Moment = field(repr=False, compare=False)
    rows: tuple[GraphRow, ...]
    reached: frozenset[int]
    rails: Rails
    current: int | None
    selected: int | None
    ghost: bool
    summary: str
    empty: tuple[Line, ...]
    widths: tuple[int, int, int]
    _read: dict[int, RowDetails] = field(default_factory=dict, repr=False, compare=False)
    glyphs: Glyphs = UNICODE

    @property
    def rail_width(self) -> int:
        """Cells that the rails take."""
        return min(max(2 * self.rails.lanes - 1, 1), MOST_RAIL)

    def header(self, width: int) -> Line:
        """Give the column titles."""
        op, label, shape = self._columns(width)
        text = f" {' ' * self.rail_width}  {fit('op', op)} {fit('', label)} {fit('out', shape)}"
        return pad(line((f"{text}   {fit('|grad|', self._grad_width)}", "dim")), width)

    def render(self, index: int, width: int) -> Line:
        """Paint one row, exactly `width` cells."""
        row = self.rows[index]
        details = self.details(index)
        op, label, shape = self._columns(width)
        look = "selected" if index == self.selected else ""
        faded = "dim" if row.ghost else ""
        strong = "bold" if index == self.current else faded
        mark = self.glyphs.selected if index == self.selected else " "
        glyph, style, text = self._status(row, details.grad)
        spans = [
            Span(mark, "accent"),
            *self._rail(index),
            Span("  " + fit(details.title, op) + " ", strong),
            Span(fit(details.label, label) + " ", faded),
            Span(fit(details.shape, shape) + " ", "dim"),
            Span(glyph + " " + fit(text, self._grad_width) + " ", style),
        ]
        room = width - sum(cells(span.text) for span in spans)
        if room > 3:
            spans += self._tail(details, room)
        return tuple(
            Span(s.text, f"{s.style} {look}".strip()) for s in pad(tuple(spans), width) if s.text
        )

    def details(self, index: int) -> RowDetails:
        """Give what is written in a row, read when it is first asked for."""
        found = self._read.get(index)
        if found is None:
            found = read_details(self.moment, self.rows[index], self.reached, self.glyphs)
            self._read[index] = found
        return found

    def row_of(self, seq: int) -> int | None:
        """Find the row whose op, cut or backward node is event `seq`."""
        return next((i for i, r in enumerate(self.rows) if seq in (r.seq, *r.nodes)), None)

    def _columns(self, width: int) -> tuple[int, int, int]:
        op, label, shape = self.widths
        room = width - self.rail_width - 8 - self._grad_width
        op = min(op, max(6, room // 2))
        shape = min(shape, max(4, (room - op) // 2))
        return op, max(0, min(label, room - op - shape)), shape

    def _status(self, row: GraphRow, norm: float | None) -> tuple[str, str, str]:
        glyphs = self.glyphs
        if row.state == "pending":
            return glyphs.pending, "dim", ""
        if row.state == "cut":
            return glyphs.cut, "warning", "cut"
        if row.state == "no_grad":
            return glyphs.none, "dim", "no grad"
        if row.state == "done":
            return glyphs.done, "forward", ""
        grad = numbers.short(norm) + (f" x{row.passes}" if row.passes > 1 else "")
        if row.state == "current":
            return glyphs.current, "forward bold", ""
        glyph = glyphs.backward if row.state == "backward_current" else glyphs.tick
        bad = norm is not None and norm != norm
        style = "error" if bad else "backward"
        return glyph, style + (" bold" if row.state == "backward_current" else ""), grad

    def _rail(self, index: int) -> Line:
        """Paint the lanes: in the colour of what has passed, the chosen op's edges strong."""
        rail = self.rails.rows[index]
        chosen = self.selected if self.selected is not None else self.current
        strong = {chosen, *self.rows[chosen].sources} if chosen is not None else set()
        spans: list[Span] = []
        size = self.rail_width
        for part, owner in zip(rail.parts[:size], rail.owners[:size], strict=False):
            if part == "o":
                spans.append(self._node(index))
                continue
            style = ""
            if owner >= 0:
                style = self._lane_style(owner)
                style += " bold" if owner in strong and "dim" not in style else ""
            text = " " if part == " " else getattr(self.glyphs, self._part(index, part, owner))
            if spans and spans[-1].style == style:
                spans[-1] = Span(spans[-1].text + text, style)
            else:
                spans.append(Span(text, style))
        if len(rail.parts) > size:
            spans[-1] = Span(self.glyphs.ellipsis, "dim")
        return pad(tuple(spans), size)

    def _part(self, index: int, part: str, owner: int) -> str:
        """Give the glyph of a piece of a lane; one that carries values only is dashed."""
        across = part == "-" and owner in self.rows[index].cut_sources
        if across or (owner >= 0 and self.rows[owner].is_shadow):
            return CUT_PARTS.get(part, PARTS[part])
        return PARTS[part]

    def _node(self, index: int) -> Span:
        row, glyphs = self.rows[index], self.glyphs
        if row.state == "pending":
            return Span(glyphs.pending, "dim")
        if row.state == "cut":
            return Span(glyphs.cut, "warning")
        if row.state == "no_grad":
            return Span(glyphs.unrecorded, "dim")
        if index == self.current:
            return Span(glyphs.current, self._lane_style(index) + " bold")
        return Span(glyphs.done, self._lane_style(index))

    def _lane_style(self, owner: int) -> str:
        return {
            "pending": "dim",
            "cut": "dim",
            "no_grad": "dim",
            "backward": "backward",
            "backward_current": "backward",
        }.get(self.rows[owner].state, "forward")

    def _tail(self, row: RowDetails, room: int) -> Line:
        """Put the log-bar of |grad| first, behind it the leaves.

        Where room is short the bar goes before the leaves do, and of these only whole ones are
        shown: a number that is cut short would lie.
        """
        longest = min(10, room // 2)
        inline = row.inline
        if longest >= SHORT_BAR and longest + 1 + width_of(inline) <= room:
            pass
        elif inline and width_of(inline) <= room:
            return inline
        else:
            longest = min(10, max(longest, SHORT_BAR), room)
            inline = whole_parts(inline, room - longest - 1)
        bar = self.glyphs.bar * numbers.bar(row.grad, longest)
        return (Span(bar, "backward"), Span(" " * (longest - cells(bar) + 1)), *inline)

    @property
    def _grad_width(self) -> int:
        return GRAD_WIDTH + (PASSES_WIDTH if any(row.passes > 1 for row in self.rows) else 0)


def graph_view(
    moment: Moment, *, selected: int | None = None, glyphs: Glyphs = UNICODE
) -> GraphView:
    """Lay out the forward ops that matter at `moment`.

    `selected` is the seq of an op's event (or of one of its backward nodes).
    """
    found = read_rows(moment)
    rows = found.rows
    rails = lay_out(tuple(row.sources for row in rows), open_ended=found.open_ended)
    current = next((i for i, row in enumerate(rows) if row.is_current), None)
    chosen = None
    if selected is not None:
        chosen = next((i for i, row in enumerate(rows) if selected in (row.seq, *row.nodes)), None)
    read = {
        index: read_details(moment, rows[index], found.reached, glyphs)
        for index in range(0, len(rows), len(rows) // SAMPLE + 1)
    }
    return GraphView(
        moment=moment,
        rows=rows,
        reached=found.reached,
        rails=rails,
        current=current,
        selected=chosen,
        ghost=bool(rows) and all(row.ghost for row in rows),
        summary=_summary(rows),
        empty=() if rows else _empty(moment),
        widths=(
            max((cells(details.title) for details in read.values()), default=2),
            min(max((cells(details.label) for details in read.values()), default=0), LABEL_WIDTH),
            max((cells(details.shape) for details in read.values()), default=3),
        ),
        _read=read,
        glyphs=glyphs,
    )


def _summary(rows: tuple[GraphRow, ...]) -> str:
    ran = sum(not row.ghost for row in rows)
    back = sum(row.state in ("backward", "backward_current") for row in rows)
    parts = [numbers.plural(len(rows), "op") if ran == len(rows) else f"{ran}/{len(rows)} ops"]
    if back:
        parts.append(f"{back} backward")
    return " · ".join(parts)


def _empty(moment: Moment) -> tuple[Line, ...]:
    if moment.event.iteration == 0 or moment.event.phase == "zero_grad":
        return (
            line(("no op has run yet", "bold")),
            line(("Each forward op adds a row here, and remembers what its", "dim")),
            line(("backward will need. backward() then walks the rows up.", "dim")),
        )
    return (line(("no forward op in this iteration", "dim")),)
