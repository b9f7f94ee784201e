"""The optimizer: its groups, what it keeps per parameter, and one element's update in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.text import Line, line

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One parameter that an optimizer holds: `line` is painted, `tensor` and `optimizer` ids."""

    tensor: int
    optimizer: int
    name: str
    line: Line
    selected: bool


@dataclass(frozen=True, slots=True)
class OptimizerView:
    """Header lines (one per group), column titles, one row per parameter, formula lines.

    `empty` holds lines that say what is missing and why; then there are no rows.
    """

    header: tuple[Line, ...]
    titles: Line
    rows: tuple[ParameterRow, ...]
    formula: tuple[Line, ...]
    empty: tuple[Line, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """Everything, top to bottom."""
        if self.empty:
            return self.empty
        return (*self.header, self.titles, *(row.line for row in self.rows), *self.formula)


def optimizer_view(
    moment: Moment,
    *,
    selected: int | None = None,
    element: tuple[int, ...] | None = None,
    width: int = 72,
    glyphs: Glyphs = UNICODE,
) -> OptimizerView:
    """Show all optimizers; `selected` is a parameter's tensor id (default: the event's own)."""
    empty = (line(("no optimizer yet: it appears when the script makes one", "dim")),)
    return OptimizerView((), (), (), (), empty)
