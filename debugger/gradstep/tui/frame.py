"""What the panes paint from: the session at one instant, and what the user has selected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gradstep.views.glyphs import UNICODE, Glyphs

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment
    from gradstep.tui.port import SessionPort, StopPort


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user points at, None for what the event under the cursor is about.

    `seq` is the event of a graph row, `tensor` an id, `what` is `value` or `grad`, `parameter`
    the tensor of a row of the optimizer pane, `gradient` the tensor that arrived at the selected
    op's node: what to show as the gradient of a tensor that keeps none itself.
    """

    seq: int | None = None
    tensor: int | None = None
    what: str = "value"
    parameter: int | None = None
    gradient: int | None = None

    def moved(self) -> Selection:
        """Return the selection after the cursor moved: only value/grad outlives a motion."""
        return Selection(what=self.what)


@dataclass(frozen=True, slots=True)
class Frame:
    """One instant. `moment` is None until the first event is recorded.

    `state` is starting, running, paused, past, exited or recorded; `past` means that the cursor
    stands before the newest event of a live run. `moves` counts finished motions and seeks.
    """

    session: SessionPort | None = field(repr=False)
    moment: Moment | None = field(repr=False)
    state: str
    cursor: int
    head: int
    selection: Selection
    glyphs: Glyphs = field(default=UNICODE, repr=False)
    moves: int = field(default=0, compare=False)
    marks: Mapping[int, str] = field(default_factory=dict)
    """Letters by the events that the user marked."""
    stops: tuple[int, ...] = ()
    """The events at which a breakpoint has stopped, as far as this session saw it."""
    asks_for_input: bool = False
    """Whether the running script seems to wait for a line of its stdin."""
    is_asked: bool = False
    """Whether a lesson asks what comes: then nothing may tell it beforehand."""

    @property
    def _stop_here(self) -> StopPort | None:
        """What stopped at the live edge: back there from the past, what stopped the script."""
        if self.session is None:
            return None
        own = self.session.live_stop
        is_back = own is not None and self.cursor == self.head == own.seq
        return own if is_back else self.session.stop

    @property
    def standing(self) -> tuple[str, int]:
        """Where the script stands, if that is not the line of the event: ("", 0) otherwise."""
        stop = self._stop_here
        if stop is None or self.cursor != self.head or stop.seq != self.cursor:
            return "", 0
        return stop.file, stop.line

    @property
    def failure(self) -> str:
        """The exception that the script stands at, "" if it stands at none or this is the past."""
        stop = self._stop_here
        stands = stop is not None and self.state == "paused" and self.cursor == self.head
        return stop.message if stop is not None and stands and stop.reason == "exception" else ""

    @property
    def live_figures(self) -> Mapping[str, Mapping[str, Any]] | None:
        """What the script itself worked out of the step to come, None where it was not asked."""
        return None if self.session is None else self.session.at_step.figures(self.cursor)

    @property
    def look_revision(self) -> tuple[int, int]:
        """Changes whenever variables and watches do."""
        looking = self.session.looking if self.session is not None else None
        return (0, 0) if looking is None else (looking.revision, looking.watches.revision)

    @property
    def step_revision(self) -> int:
        """Changes whenever previews and skips do."""
        return 0 if self.session is None else self.session.at_step.revision

    @property
    def tensor(self) -> int | None:
        """The tensor to look at: the selected one, or None for the event's own."""
        return self.selection.tensor

    @property
    def is_quiet(self) -> bool:
        """Whether nothing runs, so that panes may be painted in full."""
        return self.state not in ("running", "starting")


EMPTY = Frame(None, None, "starting", 0, 0, Selection())


def take_frame(
    session: SessionPort | None, selection: Selection, glyphs: Glyphs, moves: int = 0
) -> Frame:
    """Read the session's attributes once, so that all panes paint the same instant."""
    if session is None:
        return Frame(None, None, "starting", 0, 0, selection, glyphs, moves)
    state, cursor, head = session.state, session.cursor, session.head
    moment = session.moment() if head > 0 and cursor > 0 else None
    if state in ("paused", "exited") and cursor < head:
        state = "past"
    return Frame(session, moment, state, cursor, head, selection, glyphs, moves)
