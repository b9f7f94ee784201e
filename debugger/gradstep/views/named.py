"""The tensors by their names: one row each, as they were at the event under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradstep.trace.numbers import decode
from gradstep.trace.parameters import (
    given_names,
    leaves_and_parameters,
    names_of,
    statistics_of,
)
from gradstep.views.lazy_rows import LazyRows
from gradstep.views.numbers import dtype, number, shape, short
from gradstep.views.text import Line, fit, line

if TYPE_CHECKING:
    from gradstep.trace.model import TensorValue
    from gradstep.trace.moment import Moment

NAME_WIDTH: Final = 18


@dataclass(frozen=True, slots=True)
class NamedTensors:
    """The rows, leaves first, and the tensor of each; a row is made when it is asked for."""

    lines: Sequence[Line]
    tensors: tuple[int, ...]


def named_tensors(moment: Moment) -> NamedTensors:
    """List the names that the script and its models gave to tensors."""
    given = given_names(moment)
    best = names_of(moment, set(given.values()))
    leaves, parameters = leaves_and_parameters(moment, best)
    recorded = statistics_of(moment, best)
    # A name such as relu_3 is ours, not the script's: the graph shows those.
    names = [
        name
        for name, tensor in given.items()
        if tensor in recorded and (best[tensor] == name or tensor in leaves)
    ]
    names.sort(key=lambda name: (given[name] not in parameters, name))
    tensors = tuple(given[name] for name in names)
    if not names:
        return NamedTensors((line(("no named tensor yet", "dim")),), ())
    rows = LazyRows(len(names), lambda number: tensor_row(moment, names[number], tensors[number]))
    return NamedTensors(rows, tensors)


def tensor_row(moment: Moment, name: str, tensor: int, mark: str = "", indent: str = "") -> Line:
    """Return a tensor's row, () if nothing of it was recorded by now; `mark` says it changed."""
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
