"""Pane 4, fourth tab: where the selected tensor's gradient and values came from."""

from __future__ import annotations

from typing import ClassVar

from gradstep.tui.frame import EMPTY, Frame
from gradstep.tui.widgets.lines import LinesView
from gradstep.views.subject import latest_subject
from gradstep.views.why import FIRST_WRITES, WhyView, why_view


class WhyPane(LinesView):
    """Lines that tell of events; Enter goes to the one of the line under the cursor."""

    HELP: ClassVar[str] = (
        "Where the selected tensor's gradient came from: the backward calls that it holds, the "
        "nodes that sent them, which of them an optimizer has used already, and where another way "
        "is cut. Of a .grad that is None: why. Then what changed the values. Enter goes to the "
        "event of a line; what is selected stays selected."
    )

    def __init__(self) -> None:
        """Start without a tensor."""
        super().__init__(id="why-view")
        self.frame = EMPTY
        self.view: WhyView | None = None
        self._most = FIRST_WRITES
        self._last: int | None = None

    def paint(self, frame: Frame) -> None:
        """Take a new instant; another tensor starts with its latest changes."""
        self.frame = frame
        moment = frame.moment
        if moment is None or not self.size.width:
            return
        before = self._last
        view = self._view(frame.tensor)
        if view.tensor is None:
            # As in the tab Tensor: an event about no tensor leaves the one before in sight.
            view = self._view(latest_subject(moment))
        if view.tensor != before:
            self._most = FIRST_WRITES
            view = self._view(view.tensor)
        self._last = view.tensor
        self.view = view
        self.show_lines(view.lines, 0 if view.tensor != before else None)

    def _view(self, tensor: int | None) -> WhyView:
        assert self.frame.moment is not None
        width = max(20, self.size.width - 1)
        return why_view(
            self.frame.moment, tensor, width=width, most=self._most, glyphs=self.frame.glyphs
        )

    def content_width(self) -> int:
        """Lines are set in the pane's width."""
        return 0

    def follow(self, row: int) -> int:
        """Return the event of a row, 0 for none; the last row lists more."""
        if self.view is None or not 0 <= row < len(self.view.rows):
            return 0
        chosen = self.view.rows[row]
        if chosen.asks_more:
            self._most *= 4
            self.paint(self.frame)
        return chosen.seq

    def on_resize(self) -> None:
        """Set the lines anew in the new width."""
        self.paint(self.frame)
