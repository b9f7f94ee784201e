"""The connection view: what joins the parameters with the loss and with the optimizers, as a table.

Each cell leads to the event that made it so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gradstep.trace.parameters import first_seen
from gradstep.trace.wiring import Wire, Wiring, wiring
from gradstep.views import numbers
from gradstep.views.connection_cells import Cell, cells_of
from gradstep.views.connection_texts import hole_words, told
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.text import Line, Span, cells, crop, line, shorten_path, width_of, wrap
from gradstep.views.why_texts import place

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment

__all__ = ["COLUMNS", "HOLE_COLUMNS", "ConnectionView", "connection_view"]

COLUMNS: Final = ("parameter", "module", "reached by this loss", ".grad", "held by", "last change")
SHORT_TITLES: Final = ("parameter", "module", "reached", ".grad", "held by", "change")

MODULE: Final = 1
GAP: Final = 2
MARK: Final = "  "
"""What stands before a row without a hole."""
FULLER: Final = (3, 2, 5, 4)
"""The columns whose full text is of most use first."""

SHRINK: Final = ((0, 16), (3, 12), (0, 10), (3, 9), (2, 16))
"""What is cut where room is short, and to what: places of the columns that are left."""

JOINED: Final = (
    "The loss and the optimizer never meet: backward() writes .grad, and step() reads .grad."
)

SEVERITY: Final = {
    "replaced": 8,
    "holds_old": 8,
    "no_optimizer": 6,
    "not_reached": 6,
    "held_twice": 5,
    "not_finite": 7,
    "stale": 4,
    "zeros": 4,
    "not_changed": 4,
}
"""How bad a hole is: what stands first when the worst do."""


HOLE_COLUMNS: Final = {
    "not_reached": 2,
    "replaced": 2,
    "stale": 3,
    "not_finite": 3,
    "zeros": 3,
    "not_changed": 5,
    "no_optimizer": 4,
    "holds_old": 4,
    "held_twice": 4,
}
"""The column that tells of a hole."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """The columns that are shown, how wide each is, and those whose cells have the full text."""

    columns: tuple[int, ...]
    widths: tuple[int, ...]
    full: frozenset[int]


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """The table at one moment, set for one width."""

    moment: Moment = field(repr=False)
    wiring: Wiring
    wires: tuple[Wire, ...]
    cells: tuple[tuple[Cell, ...], ...] = field(repr=False)
    layout: _Layout
    width: int
    glyphs: Glyphs = field(repr=False)

    @property
    def columns(self) -> tuple[int, ...]:
        """The columns in sight, as indices of `COLUMNS`."""
        return self.layout.columns

    @property
    def title(self) -> str:
        """Which loss it is, and where it comes from."""
        loss = self.wiring.loss
        if loss is None:
            return "no loss yet"
        name = self.moment.name(loss.tensor)
        at = place(self.moment, loss.file, loss.line)
        if loss.is_coming:
            return f"{name} ({at}), no backward yet"
        return f"{name} ({at}), iteration {numbers.count(loss.iteration)}"

    @property
    def summary(self) -> str:
        """The number of holes in a few words."""
        holes = self.wiring.holes
        return numbers.plural(holes, "hole") if holes else "no hole"

    def header(self) -> Line:
        """The titles of the columns."""
        texts = [line((_title(self.layout, column), "dim bold")) for column in self.columns]
        return crop((Span(MARK), *self._set(texts)), self.width)

    def row(self, index: int) -> Line:
        """One parameter."""
        wire = self.wires[index]
        mark = line((f"{self.glyphs.warning} ", "warning")) if wire.holes else line(MARK)
        texts = []
        for column in self.columns:
            cell = self.cells[index][column]
            text = _text(self.layout, cell, column)
            if not column:
                text = shorten_path(text, self.layout.widths[0])
            texts.append(line((text, cell.style)))
        return crop((*mark, *self._set(texts)), self.width)

    def cell_at(self, index: int, column: int) -> tuple[int, Line]:
        """Where a cell begins, and the cell as it looks when it is chosen."""
        start = len(MARK)
        for one, width in zip(self.columns, self.layout.widths, strict=True):
            if one == column:
                cell = self.cells[index][column]
                text = _text(self.layout, cell, column)
                return start, crop(line((text, f"{cell.style or 'accent'} chip")), width)
            start += width + GAP
        return start, ()

    def column_at(self, cell: int) -> int:
        """The column that stands at a cell of the screen, counted from the left."""
        end = len(MARK)
        for column, width in zip(self.columns, self.layout.widths, strict=True):
            end += width + GAP
            if cell < end:
                return column
        return self.columns[-1]

    def seq_of(self, index: int, column: int) -> int:
        """The event that a cell leads to, 0 for none."""
        return self.cells[index][column].seq if 0 <= index < len(self.wires) else 0

    def detail(self, index: int, column: int) -> tuple[Line, ...]:
        """What the cell says, in a sentence, and the event that it leads to."""
        if not 0 <= index < len(self.wires):
            return ()
        wire = self.wires[index]
        text = told(self.moment, self.wiring, wire, column)
        words = [line((f"{wire.name} ", "leaf bold"))]
        words += [line((f"{word} ", "")) for word in text.split()]
        seq = self.seq_of(index, column)
        if seq:
            words.append(line((f"{self.glyphs.arrow} event {numbers.count(seq)}", "accent")))
        return wrap(words, self.width, indent=2)

    def foot(self) -> tuple[Line, ...]:
        """What joins it all, and the holes."""
        joined = wrap([line((f"{word} ", "")) for word in JOINED.split()], self.width, indent=2)
        text = hole_words(self.wiring)
        style = "warning" if self.wiring.holes else "dim"
        mark = f"{self.glyphs.warning} " if self.wiring.holes else ""
        words = [line((f"{mark}", style))] if mark else []
        words += [line((f"{word} ", style)) for word in text.split()]
        return (*joined, *wrap(words, self.width, indent=2))

    def report(self) -> tuple[Line, ...]:
        """The whole table, and a sentence for each hole: for a terminal that only prints."""
        rows = tuple(self.row(index) for index in range(len(self.wires)))
        said: list[Line] = []
        for index, wire in enumerate(self.wires):
            for column in sorted({HOLE_COLUMNS[hole] for hole in wire.holes}):
                said += self.detail(index, column)
        head = (self.header(), *rows, ()) if rows else ()
        return (*head, *self.foot(), *(((), *said) if said else ()))

    def _set(self, texts: Sequence[Line]) -> Line:
        """Put cells under their titles."""
        spans: list[Span] = []
        last = len(texts) - 1
        for position, (text, width) in enumerate(zip(texts, self.layout.widths, strict=True)):
            text = crop(text, width)
            spans.extend(text)
            if position < last:
                spans.append(Span(" " * (width - width_of(text) + GAP)))
        return tuple(spans)


def connection_view(
    moment: Moment,
    *,
    choice: int = 0,
    worst_first: bool = False,
    width: int = 118,
    glyphs: Glyphs = UNICODE,
    known: Wiring | None = None,
) -> ConnectionView:
    """Set the table as of a moment.

    `choice` chooses the loss, 0 for the latest; `known` is what `wiring` said of this moment.
    """
    found = known if known is not None else wiring(moment, choice)
    wires = found.wires
    if worst_first:
        wires = tuple(sorted(wires, key=lambda wire: -sum(SEVERITY[h] for h in wire.holes)))
    first = first_seen(moment, [wire.tensor for wire in wires])
    cells = tuple(cells_of(moment, found, wire, first[wire.tensor], glyphs) for wire in wires)
    return ConnectionView(moment, found, wires, cells, _layout(cells, width), width, glyphs)


def _title(layout: _Layout, column: int) -> str:
    return (COLUMNS if column in layout.full else SHORT_TITLES)[column]


def _text(layout: _Layout, cell: Cell, column: int) -> str:
    return cell.text if column in layout.full else cell.brief


def _layout(table: Sequence[Sequence[Cell]], width: int) -> _Layout:
    """Choose the fullest way to set the cells that fits; last of all, they are cut."""
    room = width - len(MARK)
    longest = tuple(
        (
            max((cells(row[column].brief) for row in table), default=0),
            max((cells(row[column].text) for row in table), default=0),
        )
        for column in range(len(COLUMNS))
    )
    columns = tuple(range(len(COLUMNS)))
    found = _measured(longest, columns, frozenset())
    if _size(found) > room:
        columns = tuple(column for column in columns if column != MODULE)
        found = _measured(longest, columns, frozenset())
    for column in FULLER:
        fuller = _measured(longest, columns, found.full | {column})
        if _size(fuller) <= room:
            found = fuller
    widths = list(found.widths)
    over = _size(found) - room
    for position, least in SHRINK:
        less = max(0, min(over, widths[position] - least))
        widths[position] -= less
        over -= less
    return _Layout(found.columns, tuple(widths), found.full)


def _size(layout: _Layout) -> int:
    return sum(layout.widths) + GAP * (len(layout.widths) - 1)


def _measured(
    longest: Sequence[tuple[int, int]], columns: tuple[int, ...], full: frozenset[int]
) -> _Layout:
    """Make the columns as wide as their titles and cells are; `longest` of brief and full ones."""
    layout = _Layout(columns, (), full)
    widths = tuple(
        max(len(_title(layout, column)), longest[column][column in full]) for column in columns
    )
    return _Layout(columns, widths, full)
