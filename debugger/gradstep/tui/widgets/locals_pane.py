"""Pane 4, third tab: the tensors by their names, as they were at the event under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from gradstep.trace.numbers import decode
from gradstep.tui.frame import EMPTY, Frame
from gradstep.tui.widgets.lines import LinesView
from gradstep.views.numbers import dtype, number, shape, short
from gradstep.views.text import Line, fit, line

if TYPE_CHECKING:
    from gradstep.trace.model import TensorValue
    from gradstep.trace.moment import Moment

NAME_WIDTH = 18


class LocalsPane(LinesView):
    """One name per row: leaves first, then the script's variables."""

    HELP: ClassVar[str] = (
        "Names that the script gave to tensors, with their values at the event under the cursor. "
        "Parameters come first. Enter shows the tensor; use the console (e) for anything else."
    )

    def __init__(self) -> None:
        """Start empty."""
        super().__init__(id="locals-view")
        self.frame = EMPTY
        self._tensors: list[int] = []

    def paint(self, frame: Frame) -> None:
        """Take a new instant."""
        self.frame = frame
        moment = frame.moment
        if moment is None:
            return
        # A name such as relu_3 is ours, not the script's: the graph shows those.
        names = {
            name: tensor
            for name, tensor in moment.names_to_tensors(of_ops=False).items()
            if moment.name(tensor) == name or moment.is_leaf(tensor)
        }
        order = sorted(names, key=lambda name: (not moment.is_parameter(names[name]), name))
        lines = [found for name in order if (found := _row(moment, name, names[name]))]
        self._tensors = [names[name] for name in order if moment.value(names[name]) is not None]
        self.show_lines(lines or [line(("no named tensor yet", "dim"))])

    def tensor_at(self, row: int) -> int | None:
        """Return the tensor of a row."""
        return self._tensors[row] if 0 <= row < len(self._tensors) else None


def _row(moment: Moment, name: str, tensor: int) -> Line:
    value = moment.value(tensor)
    if value is None:
        return ()
    style = "leaf" if moment.is_parameter(tensor) else "forward"
    what = _brief(value)
    if _size(value.shape) != 1:
        what = f"{short(value.min)} … {short(value.max)}  {what}"
    grad = moment.grad(tensor)
    mark = ""
    if moment.is_parameter(tensor) and grad.known:
        found = moment.value(grad.tensor) if grad.tensor is not None else None
        mark = f"  .grad {'None' if found is None else _brief(found)}"
    return line(
        (f" {fit(name, NAME_WIDTH)}", f"{style} bold"),
        (f" {dtype(value.dtype)}{shape(value.shape)}".ljust(14), "dim"),
        (f" {what}", ""),
        (mark, "dim"),
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
