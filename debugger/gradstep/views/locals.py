"""The rows of the Locals tab: the frames and variables of the paused script."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gradstep.views.lazy_rows import LazyRows
from gradstep.views.named import (
    NAME_WIDTH,
    Widths,
    kind_of,
    named_tensors,
    tensor_row,
    widths_for,
)
from gradstep.views.text import Line, fit, line, shorten_path

if TYPE_CHECKING:
    from gradstep.session.looking import StackFrame, Variable, Variables
    from gradstep.trace.moment import Moment

MARKS: Final = {"changed": "Δ", "new": "+"}
FRAMES_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class LocalsRow:
    """A row and what it is about: a frame by number, a variable's path, a tensor by id."""

    line: Line
    frame: int | None = None
    path: tuple[str, ...] | None = None
    tensor: int | None = None


def live_rows(moment: Moment, found: Variables) -> list[LocalsRow]:
    """Return the user's frames where there are several, then the variables of the chosen one."""
    rows: list[LocalsRow] = []
    if len(found.frames) > 1:
        rows += [
            LocalsRow(_frame_line(place, index == found.frame), frame=index)
            for index, place in enumerate(found.frames[:FRAMES_SHOWN])
        ]
    scope = ""
    widths = _widths(moment, found.rows)
    for variable in found.rows:
        if variable.scope != scope and variable.scope == "global":
            rows.append(LocalsRow(line((" globals of the script", "dim"))))
        scope = variable.scope
        rows.append(
            LocalsRow(
                _variable_line(moment, variable, widths),
                path=variable.path if variable.opens else None,
                tensor=variable.tensor,
            )
        )
    if not found.rows:
        rows.append(LocalsRow(line((" no variables yet", "bold"))))
        rows.append(
            LocalsRow(line((" Each appears once a line has set it; n runs a line.", "dim")))
        )
    if found.left_out:
        what = "one module, function or class is"
        if found.left_out > 1:
            what = f"{found.left_out} modules, functions and classes are"
        rows.append(LocalsRow(line((f" {what} left out", "dim"))))
    return rows


def rows_of_then(moment: Moment, found: Variables) -> list[LocalsRow]:
    """Return the variables as they were at a stop that is gone: nothing can be opened any more."""
    closed = replace(found, rows=tuple(replace(one, opens=False) for one in found.rows))
    rows = [LocalsRow(row.line, tensor=row.tensor) for row in live_rows(moment, closed)]
    return [LocalsRow(line((" as they were when the script stopped here", "dim"))), *rows]


def recorded_rows(moment: Moment) -> Sequence[LocalsRow]:
    """Return the tensors that have names, leaves first, and say what was not recorded."""
    view = named_tensors(moment)
    told = LocalsRow(line((" tensors only: other variables were not recorded", "dim")))

    def made(number: int) -> LocalsRow:
        if number == len(view.lines):
            return told
        tensor = view.tensors[number] if number < len(view.tensors) else None
        return LocalsRow(view.lines[number], tensor=tensor)

    return LazyRows(len(view.lines) + 1, made)


def _frame_line(place: StackFrame, is_chosen: bool) -> Line:
    name = "the script" if place.name == "<module>" else f"{place.name}()"
    file = os.path.basename(place.file)
    return line(
        ("● " if is_chosen else "○ ", "accent" if is_chosen else "dim"),
        (fit(name, NAME_WIDTH), "bold" if is_chosen else ""),
        (f" {file}:{place.line}", "dim"),
    )


def _widths(moment: Moment, variables: Sequence[Variable]) -> Widths:
    kinds = [
        kind_of(moment, variable.tensor) if variable.tensor is not None else variable.kind
        for variable in variables
    ]
    return widths_for((_indented(variable) for variable in variables), kinds)


def _indented(variable: Variable) -> str:
    opener = ("▾ " if variable.is_open else "▸ ") if variable.opens else ""
    return "  " * variable.depth + opener + variable.name


def _variable_line(moment: Moment, variable: Variable, widths: Widths) -> Line:
    mark = MARKS.get(variable.mark, "")
    indent = "  " * variable.depth
    if variable.tensor is not None:
        found = tensor_row(moment, variable.name, variable.tensor, mark, indent, widths)
        if found:
            return found
    return line(
        (mark or " ", "accent bold"),
        (fit(shorten_path(_indented(variable), widths.name), widths.name), "bold"),
        (f" {fit(variable.kind, widths.kind)}", "dim"),
        (f" {variable.text}", "accent" if mark else ""),
    )
