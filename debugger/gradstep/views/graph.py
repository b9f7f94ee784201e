"""The graph of one iteration as rails: one op per row, one lane per live tensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.text import Line, line, pad

if TYPE_CHECKING:
    from gradstep.trace.reader import Moment


@dataclass(frozen=True, slots=True)
class GraphRow:
    """One forward op. `seq` is its event; `output` the tensor it made; `state` one of
    pending, current, done, backward (its node ran), no_grad, cut, ghost.
    """

    seq: int
    name: str
    label: str
    shape: str
    state: str
    grad: float | None
    output: int | None
    node: int
    inline: str
    rail: Line


@dataclass(frozen=True, slots=True)
class GraphView:
    """Rows in execution order. `current` is the row of the event under the cursor (or None),
    `selected` the row to highlight. Rows are painted one by one, so that only visible ones cost.
    """

    rows: tuple[GraphRow, ...]
    current: int | None
    selected: int | None
    rail_width: int
    ghost: bool
    summary: str
    empty: tuple[Line, ...]
    glyphs: Glyphs = UNICODE

    def header(self, width: int) -> Line:
        """Give the column titles."""
        return pad(line(("op  out  |grad|", "dim")), width)

    def render(self, index: int, width: int) -> Line:
        """Paint one row, exactly `width` cells."""
        row = self.rows[index]
        return pad(line(row.name, " ", row.label, " ", row.shape), width)

    def row_of(self, seq: int) -> int | None:
        """Find the row whose op or backward node is event `seq`."""
        return next((i for i, row in enumerate(self.rows) if seq in (row.seq, row.node)), None)


def graph_view(
    moment: Moment, *, selected: int | None = None, glyphs: Glyphs = UNICODE
) -> GraphView:
    """Lay out the forward ops that matter at `moment`; `selected` is the seq of an op's event."""
    empty = (line(("no op has run yet: the graph grows as forward ops run", "dim")),)
    return GraphView((), None, None, 0, False, "", empty, glyphs)
