"""What the keys do: each `action_…` here is named by the table in `actions/`."""

from __future__ import annotations

import ast
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.app import App
from textual.widgets import Input

from gradstep.session.model import SessionError
from gradstep.trace.errors import TraceError
from gradstep.tui.actions import Command
from gradstep.tui.change_place import change_place
from gradstep.tui.frame import EMPTY, Frame, Selection
from gradstep.tui.in_flight import InFlight
from gradstep.tui.marks import line_place, on_line
from gradstep.tui.screens.breakpoint import BreakpointScreen
from gradstep.tui.screens.help import help_for
from gradstep.tui.screens.main import MainScreen
from gradstep.tui.why_command import answer_why, asks_why

if TYPE_CHECKING:
    from gradstep.tui.port import SessionPort

STILL_RUNNING: Final = "the script is running: space pauses it"

SESSION_ERRORS: Final = (SessionError, TraceError, ValueError, OSError, sqlite3.Error)
"""What a session raises when it cannot do what was asked."""


class Commands(App[int]):
    """The actions of the application, apart from its life cycle.

    `moves` counts finished motions and seeks, `answers` those of the console.
    """

    session_errors: ClassVar[tuple[type[Exception], ...]] = SESSION_ERRORS

    def __init__(self) -> None:
        """Start without a session."""
        super().__init__()
        self.session: SessionPort | None = None
        self.frame: Frame = EMPTY
        self.selection = Selection()
        self.main = MainScreen(self.keys_of)
        self.moves = 0
        self.answers = 0
        self.in_flight = InFlight()
        self._was_ready = False
        self.is_answering = False

    def keys_of(self, command: Command) -> str:
        """Return the key that does a command now."""
        raise NotImplementedError

    def break_off(self) -> None:
        """Break off what the console waits for."""
        raise NotImplementedError

    def paint_now(self) -> None:
        """Take the session as it is now and paint it."""
        raise NotImplementedError

    @property
    def has_screen(self) -> bool:
        """Whether there is something to paint on.

        There is nothing before the screen is up, nor once it is torn down, which does not wait for
        a motion that is in flight.
        """
        return self.main.is_mounted and (self.is_running or not self._was_ready)

    def on_ready(self) -> None:
        """From now on an application that does not run is one that ends."""
        self._was_ready = True

    def say(self, text: str, style: str = "dim") -> None:
        """Tell the user something: in the console, and for a moment in the footer."""
        if not self.has_screen:
            return
        mark = {"warning": "▲ ", "error": "✗ "}.get(style, "· ")
        self.main.console.say(text, style, mark)
        self.main.key_bar.show_note(f"{mark}{text}", style)

    def action_motion(self, name: str, backward: bool) -> None:
        """Move; while a motion is in flight keys do not pile up, one more is remembered."""
        if self.session is None or self.session.state == "starting":
            self.say("the script is still starting", "warning")
            return
        if self.in_flight.motion is not None:
            self.in_flight.ask(name, backward=backward)
            if self.session.state == "running" and self.in_flight.next is None:
                self.say(STILL_RUNNING, "warning")
            return
        if self.session.state == "running":
            self.say(STILL_RUNNING, "warning")
            return
        self.in_flight.begin(name, backward=backward)
        self.run_worker(self._move(name, backward), group="motion")

    async def _move(self, name: str, backward: bool) -> None:
        try:
            while True:
                await self.go(self._session_motion(name, backward))
                if self.in_flight.next is None:
                    break
                name, backward = self.in_flight.next
                self.in_flight.begin(name, backward=backward)
        finally:
            self.in_flight.end()

    def _session_motion(
        self, name: str, backward: bool, target: Any = None
    ) -> Callable[[], Awaitable[Any]]:
        session = self.session
        assert session is not None
        return lambda: session.motion(name, backward=backward, target=target)

    async def go(
        self,
        move: Callable[[], Awaitable[Any]],
        selection: Selection | None = None,
        told: str = "",
    ) -> None:
        """Await a move of the cursor; what cannot be done is said, not raised.

        `selection` is what to point at then, and `told` what to say.
        """
        try:
            await move()
            if told:
                self.say(told)
        except self.session_errors as error:
            self.say(str(error), "warning")
        self.selection = selection or self.selection.moved()
        self.moves += 1
        self.paint_now()

    def action_to_cursor(self, backward: bool) -> None:
        """Go to the selected source line, or to the selected graph row's event."""
        session = self.session
        if session is None or self.in_flight.motion is not None:
            return
        if self.main.focused_pane().id == "graph":
            row = self.main.graph.selected
            if row is None:
                return
            if backward and row.seq > session.cursor:
                self.say("this row lies ahead: t goes there", "warning")
            else:
                self.seek(row.seq)
            return
        number = self.main.source.selected_line
        if not number:
            self.say("select a source line or a graph row first", "warning")
            return
        target = {"file": self.main.source.file, "line": number}
        self.in_flight.begin("to", backward=backward)
        self.run_worker(self._move_to(target, backward), group="motion")

    async def _move_to(self, target: dict[str, Any], backward: bool) -> None:
        try:
            await self.go(self._session_motion("to", backward, target))
        finally:
            self.in_flight.end()

    def seek(self, seq: int, told: str = "", selection: Selection | None = None) -> None:
        """Put the cursor on an event; then say what is `told` and point at `selection`."""
        session = self.session
        if session is not None:
            move = self.go(lambda: session.seek(seq), selection, told)
            self.run_worker(move, group="seek", exclusive=True)

    def action_to_edge(self) -> None:
        """Go back to the newest event."""
        session = self.session
        if session is not None:
            self.run_worker(self.go(session.to_edge), group="seek", exclusive=True)

    def action_pause(self) -> None:
        """Ask a running script to stop."""
        session = self.session
        if session is None:
            return
        if session.state != "running" and self.in_flight.motion is None:
            ended = session.state in {"exited", "recorded"}
            self.say(
                f"nothing is running: {'the run is over' if ended else 's steps, c continues'}"
            )
            return
        # A motion over a long recorded run is called off the same way.
        self.run_worker(self._quietly(session.pause), group="pause")

    def action_interrupt(self) -> None:
        """Pause a running script; otherwise clear the prompt or say how to quit."""
        is_moving = self.in_flight.motion is not None
        if self.session is not None and (is_moving or self.session.state == "running"):
            self.action_pause()
        elif self.is_answering:
            self.break_off()
        elif isinstance(self.focused, Input) and self.focused.value:
            self.focused.clear()
        else:
            self.say("q quits; Ctrl-C pauses a running script")

    def action_restart(self) -> None:
        """Start the script again."""
        session = self.session
        if session is None:
            return
        if not session.can_control:
            self.say("a recorded run cannot be started again", "warning")
            return
        self.say("starting the script again", "accent")
        self.run_worker(self.go(session.restart), group="restart", exclusive=True)

    async def _quietly(self, call: Callable[[], Awaitable[Any]]) -> None:
        try:
            await call()
        except self.session_errors as error:
            self.say(str(error), "warning")

    def action_toggle_breakpoint(self) -> None:
        """Set or remove a breakpoint at what is selected in the pane with the focus."""
        main = self.main
        if main.focused_pane().id == "graph":
            row = main.graph.selected
            if row is not None:
                self.toggle_place(row.breakpoint)
        elif main.source.selected_line:
            self.toggle_line(main.source.file, main.source.selected_line)

    def toggle_line(self, file: str, number: int) -> None:
        """Set or remove the breakpoint on a source line."""
        if self.session is not None:
            self.toggle_place(line_place(self.session.breakpoints, file, number))

    def toggle_place(self, text: str) -> None:
        """Set or remove a breakpoint by its text, and say which."""
        if self.session is None:
            return
        book = self.session.breakpoints
        try:
            added = book.toggle(text)
        except ValueError as error:
            self.say(str(error), "error")
            return
        if book.warning and added is not None:
            self.say(book.warning, "warning")
        elif not text.isdigit():
            self.say(f"breakpoint {text} {'removed' if added is None else 'set'}")
        self.paint_now()

    def action_break_on_change(self) -> None:
        """Set a breakpoint on a change of what is selected, or remove it."""
        moment = self.frame.moment
        if self.session is None or moment is None:
            self.say("there is nothing to look at yet", "warning")
            return
        view = self.main.tensor.view
        shown = view.tensor if view is not None else None
        found = change_place(moment, self.selection, shown)
        if not found.text:
            self.say(found.told, "warning")
            return
        self.toggle_place(found.text)

    def action_breakpoints(self) -> None:
        """Open the dialog, on the breakpoint of the selected line if it has one."""
        session = self.session
        if session is None:
            return
        text = ""
        source = self.main.source
        if self.main.focused_pane().id == "source" and source.selected_line:
            found = on_line(session.breakpoints, source.file, source.selected_line)
            text = found.text if found is not None else ""
        screen = BreakpointScreen(session.breakpoints, text, session.count_hits)
        self.push_screen(screen, lambda _: self.paint_now())

    def asks_for_input(self) -> bool:
        """Return whether the script seems to wait for a line of input."""
        raise NotImplementedError

    def action_evaluate(self) -> None:
        """Go to the console's prompt, or, if the script waits for a line, to where it is typed."""
        if self.asks_for_input():
            self.main.open_stdin()
            self.say("the script waits for a line: this is its input, Enter sends it", "accent")
            return
        self.main.open_prompt()
        if self.session is not None and self.session.state == "running":
            self.say("the script is running: space pauses it, then it can be asked", "warning")

    async def answer(self, text: str) -> None:
        """Evaluate an expression or run a statement, and show what came of it."""
        session = self.session
        if session is None or self.frame.moment is None:
            self.say("the script is still starting", "warning")
            return
        if asks_why(text):
            answer_why(self, self.frame.moment, text)
            return
        self.is_answering = True
        call = session.evaluate if _is_expression(text) else session.execute
        try:
            answer = await call(text)
        except self.session_errors as error:
            self.say(str(error), "error")
            return
        finally:
            self.is_answering = False
        if not self.has_screen:
            return
        self.main.console.show_answer(answer)
        self.answers += 1
        self.paint_now()

    def action_switch_value(self) -> None:
        """Show the gradient instead of the value, and back."""
        what = "value" if self.selection.what == "grad" else "grad"
        self.selection = replace(self.selection, what=what)
        self.main.pane("inspect").active = "tensor-view"
        self.paint_now()

    def action_why(self) -> None:
        """Show where the selected tensor's gradient and values came from."""
        self.main.pane("inspect").active = "why-view"
        self.main.focus_pane("inspect")
        self.paint_now()

    def show_tensor(self, tensor: int) -> None:
        """Show a tensor in pane 4."""
        self.selection = replace(self.selection, tensor=tensor)
        self.main.pane("inspect").active = "tensor-view"
        self.paint_now()

    def action_find(self) -> None:
        """Find text in the pane with the focus."""
        lines = self.main.focused_lines()
        if lines is not None:
            self.main.find_bar.open(lines)

    def action_pane(self, name: str) -> None:
        """Focus a pane; if it has the focus already, show its next tab."""
        main = self.main
        if main.focused_pane().id == name and main.pane(name).display:
            main.pane(name).next_tab()
        main.focus_pane(name)

    def action_timeline(self) -> None:
        """Focus the timeline."""
        if not self.main.timeline.display:
            self.say("there is no room for the timeline", "warning")
            return
        self.main.timeline.focus()

    def action_show_tab(self, name: str, tab: str) -> None:
        """Show a tab of a pane, and focus it."""
        self.main.pane(name).active = tab
        self.main.focus_pane(name)

    def action_next_tab(self) -> None:
        """Show the next tab of the focused pane."""
        pane = self.main.focused_pane()
        pane.next_tab()
        self.main.focus_pane(pane.id or "source")

    def action_zoom(self) -> None:
        """Give the focused pane the whole screen, and back."""
        self.main.toggle_zoom()

    def action_help(self) -> None:
        """Show all keys and what the pane shows."""
        self.push_screen(help_for(self.main, self.focused, self.keys_of))


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return False
    return True
