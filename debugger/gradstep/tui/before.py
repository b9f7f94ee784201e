"""What the panes show before the script has called in, which takes as long as its Python takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradstep.tui.widgets.lines import LinesView
from gradstep.views.text import line

if TYPE_CHECKING:
    from gradstep.tui.screens.main import MainScreen

COMING: Final = {
    "source-view": (
        "The script appears here once it stands:",
        "before its first line; with --run, later.",
    ),
    "graph-rows": ("The operations of forward appear here, a row each,", "as soon as one has run."),
    "tensor-view": ("The tensor that an event is about appears here,", "with its values."),
    "optimizer-view": (
        "The optimizer's parameters and state appear here",
        "once the script makes one.",
    ),
    "locals-view": ("The variables of the script appear here.",),
    "watch-view": ("What is watched appears here:", "W watches what is selected."),
    "why-view": ("Where a gradient came from appears here:", "y on a tensor asks."),
    "loss-view": ("The losses that backward() begins from", "appear here as curves."),
}
"""By the id of the rows; lines that fit into the narrowest pane of a wide screen."""


def say_what_comes(main: MainScreen) -> None:
    """Write into each pane what will stand in it."""
    for view in main.query(LinesView):
        texts = COMING.get(view.id or "")
        if texts is not None:
            view.show_lines([line((text, "dim")) for text in texts])
