"""The graph of one iteration as rails: one op per row, one lane per live tensor.

Rows never move while stepping: an op that has not run yet stands there as a ghost, known from the
previous iteration (or from the future of the trace, when looking back). Calls of modules can be
folded into one row each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gradstep.views import numbers
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.graph_columns import Columns, Needs, columns
from gradstep.views.graph_details import (
    LABEL_WIDTH,
    RowTexts,
    read_grad,
    read_inputs,
    read_texts,
)
from gradstep.views.graph_folds import Folds, Item
from gradstep.views.graph_rows import FoundRows, GraphRow, read_rows
from gradstep.views.graph_scopes import Key
from gradstep.views.rails import CUT_PARTS, PARTS, Rails
from gradstep.views.reading import result_name
from gradstep.views.text import Line, Span, cells, fit, line, pad, whole_parts, wrapped

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment

__all__ = ["Folds", "GraphRow", "GraphView", "graph_view"]

SAMPLE: Final = 60
"""Rows whose texts decide how wide the columns are; so many fit on a screen."""

LATELY: Final = 16
"""So many events after an op its result may still get its name in the script."""

NO_OP: Final = (
    "Each forward op adds a row here, and remembers what its backward will need. "
    "backward() then walks the rows up."
)

AS_ONE: Final = Folds()
"""Every op has its row."""


@dataclass(frozen=True, slots=True)
class GraphView:
    """Rows in execution order.

    `current` is the row of the event under the cursor (or None), `selected` the row to highlight.
    Rows are made and painted one by one, so that only visible ones cost.
    """

    moment: Moment = field(repr=False, compare=False)
    rows: FoundRows
    current: int | None
    selected: int | None
    summary: str
    empty: tuple[Line, ...]
    needs: Needs
    glyphs: Glyphs
    _texts: dict[int, RowTexts] = field(default_factory=dict, repr=False, compare=False)

    @property
    def rails(self) -> Rails:
        """The lanes."""
        return self.rows.rails

    @property
    def rail_width(self) -> int:
        """Cells that the rails take where there is room."""
        return columns(self.needs, 400).rail

    @property
    def ghost(self) -> bool:
        """Tell whether no op has run yet in this iteration."""
        return len(self.rows) > 0 and self.rows.ran == 0

    @property
    def is_foldable(self) -> bool:
        """Tell whether there is a call of a module to fold."""
        return bool(self.rows.outline.scopes)

    def header(self, width: int) -> Line:
        """Give the column titles."""
        at = columns(self.needs, width)
        named = (("op", at.op), ("", at.label), ("out", at.shape))
        left = "".join(fit(text, size) + " " for text, size in named if size)
        inputs = f"{self.glyphs.theta}.grad" if at.is_brief else "inputs"
        right = f"  {fit('|grad|', at.grad)}{fit('flow', at.bar)}"
        right += f" {inputs}" if at.inputs else ""
        return pad(line((f" {' ' * at.rail}  {left}{right}", "dim")), width)

    def render(self, index: int, width: int) -> Line:
        """Paint one row, exactly `width` cells."""
        row, at = self.rows[index], columns(self.needs, width)
        spans = self._title(index, at, width) if row.is_open else self._row(index, at)
        look = "selected" if index == self.selected else ""
        return tuple(
            Span(s.text, f"{s.style} {look}".strip()) for s in pad(tuple(spans), width) if s.text
        )

    def texts(self, index: int) -> RowTexts:
        """Give the words of a row, read when they are first asked for."""
        found = self._texts.get(index)
        if found is None:
            found = self._texts[index] = read_texts(self.moment, self.rows[index], self.glyphs)
        return found

    def row_of(self, seq: int) -> int | None:
        """Find the row whose op, cut or backward node is event `seq`."""
        return self.rows.place_of(seq)

    def title_around(self, index: int) -> int | None:
        """Find the title of the open scope that a row stands in, None for an outermost row."""
        items = self.rows.outline.items
        depth = items[index].depth
        return next((n for n in range(index - 1, -1, -1) if items[n].depth < depth), None)

    def row_like(self, before: GraphView, index: int) -> int:
        """Find what stood in a row of another picture of this graph, or what hides it now."""
        item = before.rows.outline.items[index]
        items = self.rows.outline.items
        if item.scope is not None:
            for number, here in enumerate(items):
                if here.scope is not None and here.scope.key == item.scope.key:
                    return number
        return self.rows.outline.place(item.first)

    def hides(self, text: str, start: int) -> int | None:
        """Find the next folded row from `start` on, round the end, that hides an op with a text.

        In its name, its module's path, or what its result is called.
        """
        wanted, amount = text.casefold(), len(self.rows)
        for step in range(amount):
            index = (start + step) % amount
            item = self.rows.outline.items[index]
            if item.scope is None or item.is_open:
                continue
            for op in self.rows.ops[item.scope.first : item.scope.stop]:
                made = op.made.tensor if op.made is not None else None
                named = result_name(self.moment, made, op.event.name)
                if any(wanted in t.casefold() for t in (op.event.name, op.event.module, named)):
                    return index
        return None

    def triangle(self, index: int, width: int) -> range:
        """Give the cells in which a click folds or unfolds the scope of a row."""
        start = 1 + columns(self.needs, width).rail + 2 + self.rows[index].depth
        return range(start, start + 2)

    def _title(self, index: int, at: Columns, width: int) -> list[Span]:
        row, texts = self.rows[index], self.texts(index)
        faded = "dim" if row.ghost else "bold"
        spans = [self._mark(index), *self._rail(index, at.rail), Span("  ")]
        room = width - sum(cells(span.text) for span in spans)
        spans.append(Span(fit(texts.title, min(cells(texts.title), room)) + "  ", faded))
        spans.append(Span(texts.label, "dim"))
        return spans

    def _row(self, index: int, at: Columns) -> list[Span]:
        row, texts = self.rows[index], self.texts(index)
        faded = "dim" if row.ghost else ""
        strong = "bold" if row.is_current or row.scope is not None else ""
        grad = None if row.ghost else read_grad(self.moment, row)
        glyph, style, text = self._status(row, grad)
        spans = [
            self._mark(index),
            *self._rail(index, at.rail),
            Span("  " + fit(texts.title, at.op) + " ", f"{faded or strong}"),
        ]
        if at.label:
            spans.append(Span(fit(texts.label_in(at.label), at.label) + " ", faded))
        if at.shape:
            spans.append(Span(fit(texts.shape, at.shape) + " ", "dim"))
        if self._is_changed(index):
            return [
                *spans,
                Span(f"{glyph} {text + ' · ' if text else ''}", style),
                *self._change(at),
            ]
        spans.append(Span(f"{glyph} {fit(text, at.grad)}", style))
        if at.bar:
            bar = self.glyphs.bar * numbers.bar(grad, at.bar)
            spans += [Span(bar, "backward"), Span(" " * (at.bar - cells(bar)))]
        if at.inputs:
            spans += [Span(" "), *self._inputs(row, at)]
        return spans

    def _inputs(self, row: GraphRow, at: Columns) -> Line:
        """Name the leaves; where not even one name fits, give the norm of their gradients."""
        moment, graph = self.moment, self.rows.own
        named = () if at.is_brief else read_inputs(moment, row, graph, self.glyphs)
        shown = whole_parts(named, at.inputs)
        if not at.is_brief and shown[:1] == named[:1]:
            return shown
        brief = read_inputs(moment, row, graph, self.glyphs, brief=True)
        if not at.is_brief:
            brief = tuple(Span(f"{self.glyphs.theta} |{s.text}|", s.style) for s in brief if s.text)
        return whole_parts(brief or shown, at.inputs)

    def _mark(self, index: int) -> Span:
        if index == self.selected:
            return Span(self.glyphs.selected, "accent")
        return Span(self.glyphs.unequal, "warning") if self._is_changed(index) else Span(" ")

    def _is_changed(self, index: int) -> bool:
        changed = self.rows.changed
        return changed is not None and self.rows.outline.place(changed) == index

    def _change(self, at: Columns) -> Line:
        whole = f"graph changed since iteration {self.moment.event.iteration - 1}"
        room = at.bar + at.inputs + at.grad * (self.rows.walked == 0)
        return (Span(whole if cells(whole) <= room else "graph changed", "warning"),)

    def _status(self, row: GraphRow, norm: float | None) -> tuple[str, str, str]:
        glyphs = self.glyphs
        if row.state == "pending":
            return glyphs.pending, "dim", ""
        if row.state == "cut":
            return glyphs.cut, "warning", "cut"
        if row.state == "no_grad":
            return glyphs.none, "dim", "no grad"
        if row.state == "cut_off":
            return glyphs.none, "warning", "cut off"
        if row.state == "waiting":
            return glyphs.pending, "forward", "pending"
        if row.state in ("done", "current", "running"):
            glyph = glyphs.done if row.state == "done" else glyphs.current
            ran = f"{row.ran}/{row.size}" if row.ran < row.size else ""
            return glyph, "forward" + (" bold" if row.state != "done" else ""), ran
        grad = numbers.short(norm) + (f" x{row.passes}" if row.passes > 1 else "")
        glyph = glyphs.backward if row.state == "backward_current" else glyphs.tick
        bad = norm is not None and norm != norm
        style = "error" if bad else "backward"
        return glyph, style + (" bold" if row.state == "backward_current" else ""), grad

    def _rail(self, index: int, size: int) -> Line:
        """Paint the lanes in the colour of what has passed.

        Those of the chosen op's inputs and output are strong; where the user chose it, the others
        step back.
        """
        rail = self.rails.row(index)
        spans: list[Span] = []
        for part, owner in zip(rail.parts[:size], rail.owners[:size], strict=False):
            if part == "o":
                spans.append(self._node(index))
                continue
            style = self._lane_style(owner, index, part) if owner >= 0 else ""
            text = " " if part == " " else getattr(self.glyphs, self._part(index, part, owner))
            if spans and spans[-1].style == style:
                spans[-1] = Span(spans[-1].text + text, style)
            else:
                spans.append(Span(text, style))
        if len(rail.parts) > size:
            last = spans.pop()
            spans += [Span(last.text[:-1], last.style), Span(self.glyphs.ellipsis, "dim")]
        return pad(tuple(span for span in spans if span.text), size)

    def _part(self, index: int, part: str, owner: int) -> str:
        """Give the glyph of a piece of a lane; one that carries values only is dashed."""
        across = part == "-" and owner in self.rows[index].cut_sources
        if across or (owner >= 0 and self.rows[owner].is_shadow):
            return CUT_PARTS.get(part, PARTS[part])
        return PARTS[part]

    def _node(self, index: int) -> Span:
        glyph, style = self._node_of(index)
        if self.selected is None:
            return Span(glyph, style)
        chosen = self.rows[self.selected].sources
        joined = index in chosen or index == self.selected
        if not joined and self.selected not in self.rows[index].sources:
            return Span(glyph, "faint" if style == "dim" else "dim")
        return Span(glyph, style if "bold" in style else f"{style} bold")

    def _node_of(self, index: int) -> tuple[str, str]:
        row, glyphs = self.rows[index], self.glyphs
        if row.state == "pending":
            return glyphs.pending, "dim"
        if row.state == "cut":
            return glyphs.cut, "warning"
        if row.state == "no_grad":
            return glyphs.unrecorded, "dim"
        if row.is_current or row.state == "running":
            return glyphs.current, self._colour(index) + " bold"
        return glyphs.done, self._colour(index)

    def _lane_style(self, owner: int, index: int, part: str) -> str:
        style = self._colour(owner)
        chosen = self.selected if self.selected is not None else self.current
        if chosen is not None and self._joins(owner, index, part, chosen):
            return style if style == "dim" else style + " bold"
        return style if self.selected is None else "faint"

    def _joins(self, owner: int, index: int, part: str, chosen: int) -> bool:
        """Tell whether a piece of a lane joins the chosen row to what it takes or to its takers."""
        if owner == chosen:
            return True
        if owner not in self.rows[chosen].sources or index > chosen:
            return False
        # The lane itself on its way to the chosen row, not the edges to others beside it.
        return index == chosen or part != "-"

    def _colour(self, owner: int) -> str:
        return {
            "pending": "dim",
            "cut": "dim",
            "no_grad": "dim",
            "backward": "backward",
            "backward_current": "backward",
        }.get(self.rows[owner].state, "forward")


def graph_view(
    moment: Moment,
    *,
    selected: int | None = None,
    scope: Key | None = None,
    folds: Folds = AS_ONE,
    width: int = 72,
    glyphs: Glyphs = UNICODE,
) -> GraphView:
    """Lay out the forward ops that matter at `moment`.

    `selected` is the seq of an op's event (or of one of its backward nodes); where it belongs to a
    module that was selected as a whole, `scope` is its key. `width` is for the words that stand
    where there is no op.
    """
    rows = read_rows(moment, folds)
    chosen = None if selected is None else rows.place_of(selected)
    if scope is not None and selected is not None:
        items = enumerate(rows.outline.items)
        chosen = next((n for n, i in items if i.scope and i.scope.key == scope), chosen)
    return GraphView(
        moment=moment,
        rows=rows,
        current=rows.current,
        selected=chosen,
        summary=_summary(rows, glyphs),
        empty=() if rows else _empty(moment, width),
        needs=_needs(rows, glyphs),
        glyphs=glyphs,
    )


def _needs(rows: FoundRows, glyphs: Glyphs) -> Needs:
    """Ask a sample of the rows how wide the columns should be.

    Of the same rows the same, so that columns keep their places while one steps.
    """
    sample = rows.outline.items[:: len(rows) // SAMPLE + 1]
    head = rows.moment.run.head
    widths = [_width(rows, item, glyphs, head) for item in sample if not item.is_open]
    return Needs(
        rail=max(2 * rows.rails.lanes - 1, 1),
        op=max((op for op, _, _ in widths), default=2),
        label=min(max((label for _, label, _ in widths), default=0), LABEL_WIDTH),
        shape=max([3, *(shape for _, _, shape in widths)]),
        has_folded=any(item.scope is not None and not item.is_open for item in sample),
        has_grad=any(op.is_in_graph for op in rows.ops),
        passes=rows.own.most_passes(rows.moment.seq),
    )


def _width(rows: FoundRows, item: Item, glyphs: Glyphs, head: int) -> tuple[int, int, int]:
    row = rows[rows.outline.place(item.first)]

    def measure() -> tuple[int, int, int]:
        texts = read_texts(rows.moment, row, glyphs)
        return cells(texts.title), cells(texts.label), cells(texts.shape)

    if head - row.seq < LATELY:
        return measure()
    return rows.basis.kept(("width", item), measure)


def _summary(rows: FoundRows, glyphs: Glyphs) -> str:
    amount, ran = len(rows.ops), rows.ran
    parts = [numbers.plural(amount, "op") if ran == amount else f"{ran}/{amount} ops"]
    if rows.walked:
        parts.append(f"{rows.walked} backward")
    if rows.changed is not None:
        before = rows.moment.event.iteration - 1
        parts.append(f"{glyphs.unequal} changed since iteration {before}")
    return " · ".join(parts)


def _empty(moment: Moment, width: int) -> tuple[Line, ...]:
    if moment.event.iteration == 0 or moment.event.phase == "zero_grad":
        return (
            line(("no op has run yet", "bold")),
            *wrapped(NO_OP, width),
        )
    return (line(("no forward op in this iteration", "dim")),)
