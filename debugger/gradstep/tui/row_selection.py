"""What a row of a pane points at: graph rows an op and its tensor, others a tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from gradstep.tui.frame import Selection
from gradstep.tui.widgets.graph_pane import GraphRows
from gradstep.tui.widgets.locals_pane import LocalsPane
from gradstep.tui.widgets.optimizer_pane import OptimizerPane
from gradstep.tui.widgets.watch_pane import WatchPane

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment
    from gradstep.tui.widgets.lines import LinesView

POINTING: Final = (GraphRows, LocalsPane, OptimizerPane, WatchPane)
"""The views whose rows point at tensors."""


def selection_at(
    view: LinesView, row: int, now: Selection, moment: Moment | None
) -> Selection | None:
    """Return the selection that follows from `now` with the row cursor on a row, None for none."""
    if isinstance(view, GraphRows) and view.view is not None and view.view.rows:
        found = view.view.rows[row]
        gradient = _arrived_at(found.nodes, moment)
        return Selection(found.seq, found.output, now.what, gradient=gradient)
    if isinstance(view, OptimizerPane):
        parameter = view.parameter_at(row)
        return Selection(now.seq, parameter, now.what, parameter)
    if isinstance(view, (LocalsPane, WatchPane)):
        return Selection(now.seq, view.tensor_at(row), now.what)
    return None


def _arrived_at(nodes: Sequence[int], moment: Moment | None) -> int | None:
    """Return the gradient that came into an op's first node, None if none has run."""
    if not nodes or moment is None:
        return None
    uses = moment.run.tensors(min(nodes))
    return next((use.tensor for use in uses if use.role == "grad_output" and use.tensor), None)
