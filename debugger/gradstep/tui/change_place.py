"""What `w` sets a breakpoint on: the selected tensor or gradient, by the name that it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradstep.protocol.breakpoints import Breakpoint, BreakpointError
from gradstep.tui.frame import Selection
from gradstep.views.tensor import event_subject

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment


@dataclass(frozen=True, slots=True)
class ChangePlace:
    """`text` is the breakpoint, "" where there can be none; `told` says why."""

    text: str
    told: str = ""


def change_place(moment: Moment, selection: Selection, shown: int | None) -> ChangePlace:
    """Name the selected tensor, else the event's own, else the one that pane 4 shows."""
    tensor, what = selection.tensor, selection.what
    if tensor is None:
        tensor, natural = event_subject(moment)
        if tensor is not None and natural == "grad":
            what = "value" if what == "grad" else "grad"
    tensor = shown if tensor is None else tensor
    if tensor is None:
        return ChangePlace("", "select a tensor first: in the graph, the optimizer or Locals")
    name = moment.name(tensor).removesuffix(" (old)")
    if what == "grad":
        if not moment.is_leaf(tensor):
            return ChangePlace("", f"{name} keeps no gradient: only leaves do")
        name = f"{name}.grad"
    text = f"change:{name}"
    try:
        Breakpoint.parse(text)
    except BreakpointError:
        return ChangePlace("", f"{name} has no name that a breakpoint could use")
    return ChangePlace(text)
