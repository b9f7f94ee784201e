"""The application: opens a session, paints it when it changes, and leaves no process behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.command import Provider
from textual.filter import LineFilter

from gradstep.settings import Settings
from gradstep.trace.errors import TraceError
from gradstep.tui.actions import BY_ID, Command, bindings
from gradstep.tui.ahead import import_numpy
from gradstep.tui.announce import Announcer
from gradstep.tui.awaiting import LOOK_SECONDS, Awaiting
from gradstep.tui.collecting import Collecting
from gradstep.tui.commands import STILL_RUNNING, Commands
from gradstep.tui.connection_commands import ConnectionCommands
from gradstep.tui.crash import cause_of, one_line, write_log
from gradstep.tui.frame import Frame, take_frame
from gradstep.tui.gate import Gate
from gradstep.tui.habits import Habits
from gradstep.tui.harmless import Harmless
from gradstep.tui.hints import Hints
from gradstep.tui.keymap import keymap_path, load_keymap
from gradstep.tui.lesson_commands import LessonCommands
from gradstep.tui.look_commands import LookCommands
from gradstep.tui.opening import Opener, opener_for
from gradstep.tui.pace import Pace
from gradstep.tui.palette import CommandProvider
from gradstep.tui.plain_ascii import PlainAscii
from gradstep.tui.row_selection import POINTING, selection_at
from gradstep.tui.save_commands import SaveCommands
from gradstep.tui.settled import (
    check_settings,
    draw_without_colour,
    first_theme,
    fitting_theme,
    glyphs_for,
)
from gradstep.tui.step_commands import StepCommands
from gradstep.tui.terminal_watch import ServerWatch, TerminalWatch, has_shell
from gradstep.tui.theme import THEMES, defaults_for
from gradstep.tui.travel import Travel
from gradstep.tui.type_ahead import TypeAhead
from gradstep.tui.waiting import Waiting
from gradstep.tui.why_command import follow
from gradstep.tui.widgets.bars import first_key
from gradstep.tui.widgets.connection_pane import ConnectionRows
from gradstep.tui.widgets.lines import LinesView
from gradstep.tui.widgets.loss_pane import LossPane
from gradstep.tui.widgets.source_pane import SourcePane
from gradstep.tui.widgets.talk_panes import Log, StdoutPane
from gradstep.tui.widgets.timeline_bar import TimelineBar
from gradstep.tui.widgets.why_pane import WhyPane
from gradstep.views.glyphs import ASCII, UNICODE, Glyphs

if TYPE_CHECKING:
    from gradstep.session import LaunchOptions


class GradstepApp(
    TypeAhead,
    Habits,
    Hints,
    Waiting,
    Travel,
    LookCommands,
    StepCommands,
    ConnectionCommands,
    SaveCommands,
    LessonCommands,
):
    """Shows one session. `opener` makes it once the screen is up, so that starting is visible."""

    TITLE = "gradstep"
    BINDINGS: ClassVar[list[BindingType]] = bindings()
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {CommandProvider}
    COMMAND_PALETTE_BINDING = "ctrl+p"
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        opener: Opener | None = None,
        *,
        launch: LaunchOptions | None = None,
        open_path: Path | None = None,
        breakpoints: Sequence[str] = (),
        script: str = "",
        glyphs: Glyphs = UNICODE,
        settings: Settings | None = None,
        teach: bool = False,
    ) -> None:
        """Take a script to launch, a trace to open, or what opens the session.

        `script` is the name to show until the session is there, `breakpoints` are for a trace.
        `teach` begins with a lesson.
        Without `settings` none of the user's files is read but that of the keys, and newcomers get
        no hints.

        Raises:
            ValueError: there is not exactly one of `opener`, `launch` and `open_path`.
            TraceError: the file cannot be read as a trace.
        """
        if opener is None:
            opener, script = opener_for(launch, open_path, breakpoints)
        elif launch is not None or open_path is not None:
            raise ValueError("give one of opener, launch and open_path")
        self.settings = settings if settings is not None else Settings(hints=False)
        self.keymap, self._keymap_error = load_keymap(keymap_path())
        self.keymap |= {name: k for name, k in self.settings.keys.items() if name in BY_ID}
        super().__init__()
        self._opener = opener
        self.script = script
        self.glyphs = glyphs
        self.gate = Gate()
        self._teaches = teach
        self._plain, self._harmless = PlainAscii(), Harmless()
        self.crash_line = ""
        self.failure = ""
        self._announcer = Announcer()
        self._awaiting = Awaiting()
        self._collecting = Collecting()
        self._pane_size: tuple[int, int] | None = None
        self._pace = Pace(self, self.paint_now)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = first_theme(self.settings)
        draw_without_colour(self, self.settings)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give our colour names to themes that lack them."""
        return defaults_for(self.current_theme)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Give what changes each painted line: with the ASCII glyphs, all else goes into ASCII."""
        found = [*super().get_line_filters(), self._harmless]
        return [*found, self._plain] if self.glyphs is ASCII else found

    def keys_of(self, command: Command) -> str:
        """Return the key that does a command now."""
        return first_key(command, self.keymap)

    async def on_mount(self) -> None:
        """Put the screen up, then open the session."""
        self.set_keymap(self.keymap)
        await self.push_screen(self.main)
        self.main.title_bar.script = self.script
        self._watch_signals()
        if not self.is_headless:
            self._collecting.begin(asyncio.get_running_loop().call_later)
            self.run_worker(import_numpy, thread=True, group="ahead")
        self.run_worker(self._open(), group="open")

    async def _open(self) -> None:
        if self._keymap_error:
            self.say(self._keymap_error, "warning")
        try:
            self.session = await self._opener()
        except self.session_errors as error:
            self.failure = str(error).split("\n")[0]
            self.exit(2, return_code=2)
            return
        self.session.subscribe(self.session_changed)
        self.set_interval(LOOK_SECONDS, self._look_for_question)
        self.open_history()
        self.restore_layout()
        self.show_lesson()
        if self._teaches:
            self.action_teach()
        elif self.settings.hints:
            self.begin_hints()
        self._fit_terminal()
        self.paint_now()

    def session_changed(self) -> None:
        """Paint soon.

        A short motion has ended before the first picture of running would come: it gets none.
        """
        if self.session is None or not self.is_running:
            return
        self._pace.ask(runs=self.session.state in ("running", "starting"))

    def _look_for_question(self) -> None:
        """Tell of a script that seems to wait for a line."""
        session = self.session
        if session is None or not self.has_screen or session.state != "running":
            return
        question = self._awaiting.question(session.state, session.head, session.printed())
        if question:
            key = self.keys_of(BY_ID["console.focus"])
            text = f"input? {question} · {self.main.way_to_stdin(key)}"
            self.main.key_bar.show_note(text, "warning")
        if self.asks_for_input() != self.frame.asks_for_input:
            self.paint_now()

    def asks_for_input(self) -> bool:
        """Return whether the script seems to wait for a line of input."""
        session = self.session
        if session is None:
            return False
        return self._awaiting.still_asks(session.state, session.head, session.printed())

    def paint_now(self) -> None:
        """Take the session as it is now and paint it."""
        self._pace.painted()
        if not self.has_screen:
            return
        moved_from = self.frame.cursor
        frame = take_frame(self.session, self.selection, self.glyphs, self.moves)
        if frame.cursor != moved_from and self.selection.seq is not None:
            self.selection = self.selection.moved()
            frame = take_frame(self.session, self.selection, self.glyphs, self.moves)
        self.forget_other_run()
        self.look_at_lesson(frame)
        stop = self.session.stop if self.session is not None else None
        if stop is not None and stop.reason == "breakpoint":
            self.trail.stopped(stop.seq)
        trail = self.trail
        frame = replace(frame, marks=trail.shown(), stops=trail.stops(), is_asked=self.is_asked)
        frame = replace(frame, asks_for_input=self.asks_for_input())
        if self.frame.asks_for_input and not frame.asks_for_input:
            self.main.key_bar.drop_note()  # It told how to answer.
        if self.frame.state == "running" != frame.state:
            self.main.key_bar.take_back(STILL_RUNNING)
        self.frame = frame
        self.main.title_bar.note = self._announcer.note(frame)
        held = self._pace.leaves_panes(more_comes=self.in_flight.next is not None)
        self.main.paint(frame, with_panes=not held)
        if self.session is not None:
            self.main.stdout.show_output(self.session.printed())
            self.main.stdout.take_input(self.session.is_live)
            self._announcer.announce(frame, self.main.console.say)
            if (flash := self._announcer.flash()) is not None:
                self.main.key_bar.show_note(*flash)
        self.ask_preview(frame)
        self.ask_look(frame)
        self.call_after_refresh(self.gate.notify, frame)
        self._collecting.painted()

    async def reached(self, predicate: Callable[[Frame], bool], timeout: float = 20.0) -> Frame:
        """Wait until a frame for which `predicate` holds is on the screen.

        Wait for what stays true (`frame.head >= 5`, `frame.state == "exited"`).

        Raises:
            AssertionError: it did not happen in time; the text tells the last frame.
        """
        found = await self.gate.wait(predicate, self.frame, timeout)
        if found is None:
            raise AssertionError(f"not reached; the last frame was {self.frame}")
        return found

    def on_lines_view_row_selected(self, message: LinesView.RowSelected) -> None:
        """Follow the row cursor."""
        found = selection_at(message.view, message.row, self.selection, self.frame.moment)
        if found is not None:
            self.selection = found
            self.paint_now()

    def on_lines_view_row_activated(self, message: LinesView.RowActivated) -> None:
        """Enter on a row shows its tensor; on a source line it says what happens there."""
        if isinstance(message.view, POINTING):
            self.on_lines_view_row_selected(LinesView.RowSelected(message.view, message.row))
            self.main.pane("inspect").active = "tensor-view"
        elif isinstance(message.view, WhyPane):
            follow(self, message.view, message.row)
        elif isinstance(message.view, ConnectionRows):
            self.follow_connection()

    def on_source_pane_breakpoint_asked(self, message: SourcePane.BreakpointAsked) -> None:
        """A click in the gutter."""
        self.toggle_line(message.file, message.number)

    def on_timeline_bar_picked(self, message: TimelineBar.Picked) -> None:
        """A click in the timeline; the stations of a drag are no jumps to go back to."""
        if message.dragged:
            Commands.seek(self, message.seq)
        else:
            self.seek(message.seq)

    def on_timeline_bar_told(self, message: TimelineBar.Told) -> None:
        """The timeline has something to say."""
        self.say(message.text)

    def on_loss_pane_picked(self, message: LossPane.Picked) -> None:
        """A click on a loss."""
        self.seek(message.seq)

    def on_log_sized(self, message: Log.Sized) -> None:
        """Pane 3 has another size: so has the script's terminal, which it shows."""
        self._pane_size = message.size
        self._fit_terminal()

    def _fit_terminal(self) -> None:
        if self.session is not None and self._pane_size is not None:
            self.session.resize(*self._pane_size)

    def on_stdout_pane_typed(self, message: StdoutPane.Typed) -> None:
        """A line for the script's stdin."""
        if self.session is None or not self.session.is_live:
            self.say("the script does not run any more", "warning")
            return
        text = message.text if message.text == "\x04" else message.text + "\n"
        self.session.send_input(text)

    async def action_quit(self) -> None:
        """End the script, then the application."""
        await self._end_session()
        self.exit(0)

    async def _end_session(self) -> None:
        session = self.session
        if session is None:
            return
        with contextlib.suppress(*self.session_errors):
            await session.quit()
        session.kill_now()

    async def on_unmount(self) -> None:
        """Whatever ended the application ends the script."""
        self._collecting.end()
        await self._end_session()

    def _watch_signals(self) -> None:
        """End properly when the terminal goes away or somebody ends us."""
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
            with contextlib.suppress(NotImplementedError, RuntimeError):
                loop.add_signal_handler(number, self._signalled, int(number))

    def action_suspend_process(self) -> None:
        """Go back to the shell, if there is one that can bring us back."""
        if self.is_web or self.is_headless or not has_shell():
            self.say("there is no shell to go back to: q quits", "warning")
            return
        super().action_suspend_process()

    def _signalled(self, number: int) -> None:
        if self.session is not None:
            self.session.kill_now()
        self.exit(128 + number, return_code=128 + number)

    def end_script(self) -> None:
        """End the script's processes at once; may be called from any thread."""
        if self.session is not None:
            self.session.kill_now()

    def server_gone(self) -> None:
        """End: nobody looks any more; may be called from any thread."""
        self.end_script()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.exit, 129)

    def panic(self, *renderables: object) -> None:
        """End after an error of ours; what Textual would print stays unprinted."""
        self._fatal_error()

    def _fatal_error(self) -> None:
        """End after an error of ours: the traceback goes to a file, never to the terminal."""
        error = cause_of(self._exception or RuntimeError("unknown"))
        self.crash_line = self.crash_line or one_line(error, write_log(error))
        if self.session is not None:
            self.session.kill_now()
        self.gate.fail(self.crash_line)
        self._close_messages_no_wait()


def run_app(
    *,
    launch: LaunchOptions | None = None,
    open_path: Path | None = None,
    breakpoints: Sequence[str] = (),
    ascii_only: bool = False,
    settings: Settings | None = None,
    teach: bool = False,
) -> int:
    """Run the debugger on a script or a recorded run and return the exit status.

    Exactly one of the two is given; `breakpoints` are for a recorded run. With `ascii_only`, or
    where the locale is not UTF-8, nothing else than ASCII is drawn. `teach` begins a lesson.

    Raises:
        SettingsError: a setting cannot be used.
    """
    settings = settings if settings is not None else Settings()
    check_settings(settings)
    try:
        app = GradstepApp(
            launch=launch,
            open_path=open_path,
            breakpoints=breakpoints,
            glyphs=glyphs_for(settings, ascii_only=ascii_only),
            settings=settings,
            teach=teach,
        )
    except TraceError as error:
        print(f"gradstep: {error}", file=sys.stderr)
        return 2
    app.theme = first_theme(settings, fitting_theme(app.console.color_system, os.environ))
    try:
        with TerminalWatch(app.end_script), ServerWatch(app.server_gone):
            app.run()
    except Exception as error:
        app.crash_line = app.crash_line or one_line(error, write_log(error))
    finally:
        if app.session is not None:
            app.session.kill_now()
    if app.crash_line:
        print(app.crash_line, file=sys.stderr)
        return 1
    if app.failure:
        print(f"gradstep: {app.failure}", file=sys.stderr)
    return app.return_code or 0
