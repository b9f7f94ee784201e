"""The row at the bottom: the run, from single events to all iterations; a click goes there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.timer import Timer

from gradstep.trace.errors import TraceError
from gradstep.trace.passes import Passes
from gradstep.tui.frame import Frame
from gradstep.tui.pane_keys import pane_bindings
from gradstep.tui.widgets.bars import Bar
from gradstep.views.text import Line, line
from gradstep.views.timeline import EVENTS, FAR, PHASES, Timeline, farthest, timeline

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment

AT_ONCE: Final = 2048
"""Phases that are read between two pictures: some milliseconds."""

PAUSE: Final = 0.01
"""Seconds between two such pieces, in which keys are heard."""


class TimelineBar(Bar, can_focus=True):
    """The run as one row; a click or a drag goes there, + and - look from nearer and further."""

    DEFAULT_CSS = """
    TimelineBar {
        height: 3; border: round $border-blurred;
        border-title-color: $muted; border-subtitle-color: $muted; background: $surface;
    }
    TimelineBar:focus { border: round $primary; border-title-color: $primary; }
    """
    BORDER_TITLE = "5 Timeline"
    BINDINGS: ClassVar[list[BindingType]] = pane_bindings("Timeline")
    HELP: ClassVar[str] = (
        "The run, with the cursor ◆: each phase is its sign (∅ zero_grad, ► forward, ◄ backward, "
        "Δ step) and a few dots. An iteration that stands out has a sign after its number: ⊘ "
        "without zero_grad, « with several backward, – without step, ○ a step without "
        "backward. + shows single events; - phases without dots, then a column for each "
        "iteration, for two, four … up to the whole run. The mouse wheel does the same. A click "
        "or a drag goes there; up and down go to the next iteration that stands out."
    )

    class Picked(Message):
        """An event of the timeline was clicked, or dragged to."""

        def __init__(self, seq: int, *, dragged: bool = False) -> None:
            """Say which event."""
            super().__init__()
            self.seq = seq
            self.dragged = dragged

    def __init__(self) -> None:
        """Start empty."""
        super().__init__(id="timeline")
        self.zoom = PHASES
        self._seqs: tuple[int | None, ...] = ()
        self._passes: Passes | None = None
        self._is_unreadable = False
        self._dragged: Timeline | None = None
        self._column = -1
        self._reading: Timer | None = None
        self._shown: tuple[object, Timeline] | None = None
        self._told = ""

    def paint(self, frame: Frame) -> None:
        """Take a new instant, with its caption in the border."""
        super().paint(frame)
        if frame.moment is None:
            return
        if self._passes is None or self._passes.run is not frame.moment.run:
            self._passes, self._is_unreadable = Passes(frame.moment.run), False
        self._caption()

    def _caption(self) -> None:
        moment = self.frame.moment
        if moment is None or not self.size.width:
            return
        view = self._view(moment, self.size.width)
        keys = "  + - zoom" if self.has_focus else ""
        told = (view.caption + keys).replace("[", r"\[")
        if told != self._told:
            self._told = told
            self.border_subtitle = told
        if not view.is_whole and self._reading is None and not self._is_unreadable:
            self._reading = self.set_timer(PAUSE, self._read_on)

    def _read_on(self) -> None:
        """Read the next piece of the run, and paint what is known then."""
        self._reading = None
        if self._passes is None or not self.is_attached or not self.app.is_running:
            return
        if self._read_some():
            self.refresh()
            self._caption()

    def _read_some(self) -> bool:
        """Read a piece of the run; what cannot be read is said, and is not tried again."""
        if self._passes is None or self._is_unreadable:
            return False
        try:
            self._passes.read(self.frame.head, AT_ONCE)
        except TraceError as error:
            self._is_unreadable = True
            self.post_message(self.Told(str(error)))
            return False
        return True

    def bar_lines(self, width: int) -> tuple[Line, ...]:
        """Return the row."""
        frame = self.frame
        if frame.moment is None:
            return (line(("events appear here as the script runs", "dim")),)
        if self._dragged is not None:
            # What is dragged over stays where it is: only the cursor goes with the mouse.
            return (self._dragged.with_cursor(self._column, frame.glyphs).line,)
        view = self._view(frame.moment, width)
        self._seqs = view.seqs
        return (view.line,)

    def _view(self, moment: Moment, width: int) -> Timeline:
        frame, passes = self.frame, self._passes
        known = passes.upto if passes is not None else 0
        key = (frame, width, self.zoom, known)
        if self._shown is not None and self._shown[0] == key:
            return self._shown[1]
        found = timeline(
            moment,
            head=frame.head,
            width=width,
            live=frame.session is not None and frame.session.is_live,
            state=frame.state,
            marks=frame.marks,
            zoom=self.zoom,
            passes=passes,
            glyphs=frame.glyphs,
        )
        self._shown = (key, found)
        return found

    def on_focus(self) -> None:
        """Say what the keys do."""
        self._caption()

    def on_blur(self) -> None:
        """Say it no longer."""
        self._caption()

    def on_resize(self) -> None:
        """Say what fits."""
        self._caption()

    def action_zoom(self, by: int) -> None:
        """Look from nearer, or from further away."""
        moment = self.frame.moment
        if moment is None:
            return
        least = farthest(moment.run.iterations(), max(1, self.size.width))
        self.zoom = max(least, min(EVENTS, self.zoom + by))
        if self.zoom <= FAR:
            self._read_some()
        self.refresh()
        self._caption()

    def action_usual(self) -> None:
        """Look as at the beginning."""
        self.zoom = PHASES
        self.action_zoom(0)

    def action_go(self, by: int) -> None:
        """Go to the column before the cursor's, or after it."""
        cursor = self.frame.cursor
        known = [seq for seq in self._seqs if seq]
        behind = [seq for seq in known if seq <= cursor]
        here = behind[-1] if behind else cursor
        others = [seq for seq in known if (seq < here if by < 0 else seq > cursor)]
        if others:
            self.post_message(self.Picked(others[-1] if by < 0 else others[0]))

    def action_end(self, first: int) -> None:
        """Go to the first event, or to the newest."""
        self.post_message(self.Picked(first or self.frame.head))

    def action_odd(self, by: int) -> None:
        """Go to the next iteration that stands out."""
        if self._passes is not None:
            self.run_worker(self._go_to_odd(self._passes, by), group="odd", exclusive=True)

    async def _go_to_odd(self, passes: Passes, by: int) -> None:
        head, cursor = self.frame.head, self.frame.cursor
        while passes.upto < head:
            if not self._read_some():
                return
            await asyncio.sleep(0)
        here = passes.place_of(cursor)
        places = range(here + 1, len(passes.odd)) if by > 0 else range(here - 1, -1, -1)
        found = next((place for place in places if passes.odd[place]), None)
        if found is None:
            where = "after" if by > 0 else "before"
            self.post_message(self.Told(f"no iteration {where} this one stands out"))
        else:
            self.post_message(self.Picked(passes.starts[found]))

    class Told(Message):
        """There is something to say."""

        def __init__(self, text: str) -> None:
            """Say what."""
            super().__init__()
            self.text = text

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Look from nearer."""
        event.stop()
        self.action_zoom(1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Look from further away."""
        event.stop()
        self.action_zoom(-1)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go to the event under the mouse, and from there where the mouse is dragged."""
        offset = event.get_content_offset(self)
        moment = self.frame.moment
        if offset is None or moment is None:
            return
        self._dragged = self._view(moment, self.size.width)
        self.capture_mouse()
        self._pick(offset.x, dragged=False)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the mouse."""
        if self._dragged is not None:
            self._pick(event.x - self.gutter.left, dragged=True)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Stay where one is."""
        self.release_mouse()
        self._dragged, self._column = None, -1
        self.refresh()

    def _pick(self, column: int, *, dragged: bool) -> None:
        seqs = self._dragged.seqs if self._dragged is not None else self._seqs
        if not 0 <= column < len(seqs) or column == self._column:
            return
        seq = seqs[column]
        if seq is None:
            return
        self._column = column
        self.refresh()
        self.post_message(self.Picked(seq, dragged=dragged))
