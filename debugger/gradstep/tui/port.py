"""What the screen asks of a session, so that tests can drive it with one in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from gradstep.session.at_step import Edit
    from gradstep.session.looking import Looking
    from gradstep.session.remarks import Remarks
    from gradstep.trace.moment import Moment
    from gradstep.trace.reader import RunTrace


class StopPort(Protocol):
    """Why the script stands still."""

    @property
    def seq(self) -> int:
        """The event it stopped at."""

    @property
    def reason(self) -> str:
        """Entry, motion, breakpoint, pause, exception, condition_error, exited, beginning, end."""

    @property
    def file(self) -> str:
        """Where the script stands, "" where that is the event's own line."""

    @property
    def line(self) -> int:
        """The line there, 0 where that is the event's own line."""

    @property
    def message(self) -> str:
        """What there is to say about it, "" for nothing."""


class EvaluationPort(Protocol):
    """The answer to an expression or statement."""

    @property
    def ok(self) -> bool:
        """Whether it worked."""

    @property
    def text(self) -> str:
        """The value's repr, or what a statement printed."""

    @property
    def error(self) -> str:
        """What went wrong, in one line."""

    @property
    def warnings(self) -> Sequence[str]:
        """What answering warned of, one line each."""


class BreakpointPort(Protocol):
    """One breakpoint of the book."""

    @property
    def id(self) -> int:
        """Its number."""

    @property
    def text(self) -> str:
        """Its canonical text: `WHERE [if CONDITION] [after N]`."""

    @property
    def enabled(self) -> bool:
        """Whether it stops."""

    @property
    def hits(self) -> int:
        """How often it was reached."""

    @property
    def note(self) -> str:
        """Why it has met nothing, "" if there is nothing to say."""


class BookPort(Protocol):
    """The breakpoints of a script."""

    @property
    def script(self) -> str:
        """The file that bare line numbers mean."""

    @property
    def warning(self) -> str:
        """What there is to say about the last one added, "" for nothing."""

    @property
    def kept(self) -> Sequence[str]:
        """The texts of those that were there from an earlier session."""

    def toggle(self, where: str) -> Any:
        """Remove what stops there, or add a breakpoint and return it."""

    def add(self, text: str) -> Any:
        """Add one; raises ValueError with one clear line for bad text."""

    def remove(self, number: int) -> Any:
        """Remove one."""

    def enable(self, number: int, enabled: bool = True) -> Any:
        """Switch one on or off."""

    def enable_all(self, enabled: bool) -> Any:
        """Switch all on or off."""

    def change(self, number: int, text: str) -> Any:
        """Have one say something else; raises ValueError with one clear line for bad text."""

    def list(self) -> Sequence[BreakpointPort]:
        """All of them."""


class AtStepPort(Protocol):
    """What can be asked and done before an update."""

    @property
    def revision(self) -> int:
        """Counts what changed here."""

    @property
    def left_out(self) -> frozenset[int]:
        """The parameters that the step is to leave out."""

    @property
    def skips_step(self) -> bool:
        """Whether it is to leave out everything."""

    def figures(self, seq: int) -> Mapping[str, Mapping[str, Any]] | None:
        """What the script worked out at an event, None before it was asked."""

    async def preview(self) -> None:
        """Have the script work out what the next step would do."""

    async def skip_step(self) -> None:
        """Have the step left out."""

    async def skip_parameter(self, tensor: int) -> bool:
        """Have a parameter left out, or no longer; returns which."""

    async def edit(self, edit: Edit, *, accept: bool = False) -> None:
        """Write a value."""


class SessionPort(Protocol):
    """A live or recorded run, as the screen sees it."""

    run: RunTrace
    cursor: int
    head: int
    state: str
    exit_status: int | None
    notice: str

    @property
    def at_step(self) -> AtStepPort:
        """What can be done before an update."""

    @property
    def looking(self) -> Looking:
        """The variables and watches of the paused script."""

    @property
    def stop(self) -> StopPort | None:
        """Why it last stopped."""

    @property
    def live_stop(self) -> StopPort | None:
        """Why the script itself stands, whatever was looked at since; None while it runs."""

    @property
    def remarks(self) -> Remarks:
        """What logpoints said, and what there is to know about breakpoints."""

    @property
    def is_live(self) -> bool:
        """Whether there is a process to resume."""

    @property
    def can_control(self) -> bool:
        """Whether the run was launched here, so that it can be started again."""

    @property
    def walked(self) -> int:
        """The event that the walk over recorded events has come to, 0 where none is known."""

    @property
    def at_edge(self) -> bool:
        """Whether the cursor stands at the newest event."""

    @property
    def breakpoints(self) -> BookPort:
        """The breakpoints of this script."""

    def moment(self) -> Moment:
        """The trace as of the cursor."""

    def printed(self) -> str:
        """What the script had printed at the cursor."""

    def resize(self, columns: int, rows: int) -> None:
        """Tell the script how large its terminal is."""

    def subscribe(self, callback: Callable[[], None]) -> Any:
        """Have `callback` called, on the loop, when anything here changed."""

    async def motion(self, name: str, backward: bool = False, target: Any = None) -> Any:
        """Move; returns when it stopped."""

    async def count_hits(self) -> Mapping[int, int | None]:
        """Count how often breakpoints were met by a cursor in the past."""

    async def seek(self, seq: int) -> Any:
        """Put the cursor on an event."""

    async def to_edge(self) -> Any:
        """Put the cursor on the newest event."""

    async def pause(self) -> Any:
        """Ask a running script to stop."""

    async def restart(self) -> Any:
        """Start the script again."""

    async def quit(self) -> Any:
        """End the script and close the trace."""

    def kill_now(self) -> None:
        """End the script's processes at once, without waiting."""

    async def evaluate(self, text: str) -> EvaluationPort:
        """Evaluate an expression in the paused frame."""

    async def execute(self, text: str) -> EvaluationPort:
        """Run a statement in the paused frame."""

    async def interrupt_answer(self) -> bool:
        """Break off what is being evaluated."""

    def send_input(self, text: str) -> Any:
        """Write to the script's stdin."""
