"""The rows of the Locals tab: the frames and variables of the paused script."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradstep.trace.numbers import decode
from gradstep.views.numbers import dtype, number, shape, short
from gradstep.views.text import Line, fit, line

if TYPE_CHECKING:
    from gradstep.session.looking import StackFrame, Variable, Variables
    from gradstep.trace.model import TensorValue
    from gradstep.trace.moment import Moment

NAME_WIDTH: Final = 18
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
    for variable in found.rows:
        if variable.scope != scope and variable.scope == "global":
            rows.append(LocalsRow(line((" globals of the script", "dim"))))
        scope = variable.scope
        rows.append(
            LocalsRow(
                _variable_line(moment, variable),
                path=variable.path if variable.opens else None,
                tensor=variable.tensor,
            )
        )
    if not found.rows:
        rows.append(LocalsRow(line((" no variables yet", "dim"))))
    if found.left_out:
        what = "one module, function or class is"
        if found.left_out > 1:
            what = f"{found.left_out} modules, functions and classes are"
        rows.append(LocalsRow(line((f" {what} left out", "dim"))))
    return rows


def recorded_rows(moment: Moment, *, is_past: bool) -> list[LocalsRow]:
    """Return the tensors that have names, leaves first, and say what was not recorded."""
    # A name such as relu_3 is ours, not the script's: the graph shows those.
    names = {
        name: tensor
        for name, tensor in moment.names_to_tensors(of_ops=False).items()
        if moment.name(tensor) == name or moment.is_leaf(tensor)
    }
    order = sorted(names, key=lambda name: (not moment.is_parameter(names[name]), name))
    rows = [
        LocalsRow(found, tensor=names[name])
        for name in order
        if (found := tensor_line(moment, name, names[name]))
    ]
    if not rows:
        rows.append(LocalsRow(line((" no named tensor yet", "dim"))))
    where = "in the past" if is_past else "in a recorded run"
    told = f" {where} there are tensors only: other variables were not recorded"
    return [*rows, LocalsRow(line((told, "dim")))]


def tensor_line(moment: Moment, name: str, tensor: int, mark: str = "", indent: str = "") -> Line:
    """Return a tensor's row, () if nothing of it was recorded by now."""
    value = moment.value(tensor)
    if value is None:
        return ()
    style = "leaf" if moment.is_parameter(tensor) else "forward"
    what = _brief(value)
    if _size(value.shape) != 1:
        what = f"{short(value.min)} … {short(value.max)}  {what}"
    grad = moment.grad(tensor)
    more = ""
    if moment.is_parameter(tensor) and grad.known:
        found = moment.value(grad.tensor) if grad.tensor is not None else None
        more = f"  .grad {'None' if found is None else _brief(found)}"
    return line(
        (mark or " ", "accent bold"),
        (fit(indent + name, NAME_WIDTH), f"{style} bold"),
        (f" {dtype(value.dtype)}{shape(value.shape)}".ljust(14), "dim"),
        (f" {what}", "accent" if mark else ""),
        (more, "dim"),
    )


def _frame_line(place: StackFrame, is_chosen: bool) -> Line:
    name = "the script" if place.name == "<module>" else f"{place.name}()"
    file = os.path.basename(place.file)
    return line(
        ("● " if is_chosen else "○ ", "accent" if is_chosen else "dim"),
        (fit(name, NAME_WIDTH), "bold" if is_chosen else ""),
        (f" {file}:{place.line}", "dim"),
    )


def _variable_line(moment: Moment, variable: Variable) -> Line:
    mark = MARKS.get(variable.mark, "")
    indent = "  " * variable.depth
    if variable.tensor is not None:
        found = tensor_line(moment, variable.name, variable.tensor, mark, indent)
        if found:
            return found
    opener = ("▾ " if variable.is_open else "▸ ") if variable.opens else ""
    return line(
        (mark or " ", "accent bold"),
        (fit(indent + opener + variable.name, NAME_WIDTH), "bold"),
        (f" {fit(variable.kind, 13)}", "dim"),
        (f" {variable.text}", "accent" if mark else ""),
    )


def _brief(value: TensorValue) -> str:
    """Say one number itself, more of them by their norm."""
    if _size(value.shape) == 1 and value.content is not None:
        return number(decode(value, 1)[0])
    return f"|·| {short(value.norm)}"


def _size(sizes: tuple[int, ...]) -> int:
    total = 1
    for size in sizes:
        total *= size
    return total
