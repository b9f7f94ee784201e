"""What the optimizer pane is made of, before a step and after it: a header per group, rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradstep.views import numbers
from gradstep.views.cards.update import hyper_text
from gradstep.views.text import Line, line

if TYPE_CHECKING:
    from gradstep.trace.model import OptimizerState
    from gradstep.trace.moment import Moment

NAME_WIDTH: Final = 22
"""So many cells of a name are shown in any width; a third of a wide one."""


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

    The formula belongs to the selected parameter and stands under its row. `empty` holds lines
    that say what is missing and why; then there are no rows. `columns` are what the rows can be
    sorted by, `selected` the number of the selected row, 0 for none.
    """

    header: tuple[Line, ...]
    titles: Line
    rows: Sequence[ParameterRow]
    formula: tuple[Line, ...]
    empty: tuple[Line, ...]
    columns: tuple[str, ...] = ()
    selected: int = 0

    @property
    def lines(self) -> tuple[Line, ...]:
        """Everything, top to bottom."""
        return tuple(self.line_at(index) for index in range(len(self)))

    def __len__(self) -> int:
        """Count the lines."""
        if self.empty:
            return len(self.empty)
        return len(self.header) + 1 + len(self.rows) + len(self.formula)

    def line_at(self, index: int) -> Line:
        """Give one line, as `lines` does for all."""
        if self.empty:
            return self.empty[index]
        number = self.row_at(index)
        if number is not None:
            return self.rows[number].line
        above = (*self.header, self.titles)
        if index < len(above):
            return above[index]
        return self.formula[index - len(above) - self.selected - 1]

    def line_of(self, number: int) -> int:
        """Give the index in `lines` of parameter row `number`."""
        below = len(self.formula) if number > self.selected else 0
        return len(self.header) + 1 + number + below

    def row_at(self, index: int) -> int | None:
        """Give the number of the parameter row at an index of `lines`, None for other lines."""
        number = index - len(self.header) - 1
        if number > self.selected:
            number -= len(self.formula)
            if number <= self.selected:
                return None
        return number if 0 <= number < len(self.rows) else None


def headers(moment: Moment, optimizers: list[OptimizerState]) -> list[Line]:
    """Give a line per group: the class and the hyper-parameters that are not off."""
    found = []
    for optimizer in optimizers:
        for number, group in enumerate(optimizer.groups):
            name = f"{optimizer.name} = " if optimizer.name else ""
            which = f"  group {number + 1}/{len(optimizer.groups)}"
            amount = numbers.plural(len(group.get("params", ())), "parameter")
            found.append(
                line(
                    (name, "dim"),
                    (optimizer.class_name, "step bold"),
                    (which if len(optimizer.groups) > 1 else "", "dim"),
                    "  ",
                    hyper_text(group),
                    (f"  {amount}", "dim"),
                )
            )
    return found
