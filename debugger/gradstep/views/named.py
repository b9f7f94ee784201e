"""The tensors by their names: one row each, as they were at the event under the cursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from gradstep.views.text import Line, cells, fit, line, shorten_path

if TYPE_CHECKING:
    from gradstep.trace.model import TensorValue
    from gradstep.trace.moment import Moment

NAME_WIDTH: Final = 18
KIND_WIDTH: Final = 13
MOST_NAME: Final = 34
MOST_KIND: Final = 20
"""Columns are as wide as their texts, within these."""


@dataclass(frozen=True, slots=True)
class Widths:
    """Cells of the columns for names and for kinds."""

    name: int = NAME_WIDTH
    kind: int = KIND_WIDTH


USUAL: Final = Widths()


def widths_for(names: Iterable[str], kinds: Iterable[str]) -> Widths:
    """Fit the columns to what stands in them."""
    name = max(map(cells, names), default=0)
    kind = max(map(cells, kinds), default=0)
    return Widths(
        max(NAME_WIDTH, min(name, MOST_NAME)),
        max(KIND_WIDTH, min(kind, MOST_KIND)),
    )


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
    widths = widths_for(names, (_kind(recorded[tensor]) for tensor in tensors))

    def row(number: int) -> Line:
        return tensor_row(moment, names[number], tensors[number], widths=widths)

    return NamedTensors(LazyRows(len(names), row), tensors)


def kind_of(moment: Moment, tensor: int) -> str:
    """Say a tensor's dtype and shape, "" if nothing of it was recorded by now."""
    value = moment.statistics(tensor)
    return "" if value is None else _kind(value)


def _kind(value: TensorValue) -> str:
    return f"{dtype(value.dtype)}{shape(value.shape)}"


def tensor_row(
    moment: Moment,
    name: str,
    tensor: int,
    mark: str = "",
    indent: str = "",
    widths: Widths = USUAL,
) -> Line:
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
        (fit(shorten_path(indent + name, widths.name), widths.name), f"{style} bold"),
        (f" {fit(kind_of(moment, tensor), widths.kind)}", "dim"),
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
