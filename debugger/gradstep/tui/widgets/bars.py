"""The rows across the whole screen: title, phase strip, footer."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final, Self

from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from gradstep.tui.actions import BY_ID, Command, key_text
from gradstep.tui.crash import noted
from gradstep.tui.footer import footer, here
from gradstep.tui.frame import EMPTY, Frame
from gradstep.tui.paint import painter_for
from gradstep.views.phases import phase_strip
from gradstep.views.text import Line, justify, line, width_of
from gradstep.views.title import title_line

NOTE_SECONDS: Final = 4.0


class Bar(Widget):
    """One or two rows of styled text, as wide as the screen."""

    DEFAULT_CSS = """
    Bar { height: 1; width: 1fr; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = set()

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        """Start with nothing to show."""
        super().__init__(id=id)
        self.frame = EMPTY
        self._rows: tuple[Line, ...] = ()
        self._rows_are_for = -1
        """The width that the rows were made for, -1 for rows that are to be made anew."""
        self._face: object = None

    def paint(self, frame: Frame) -> None:
        """Take a new instant; one that looks like the last costs nothing."""
        self.frame = frame
        face = self.face()
        if face != self._face:
            self._face = face
            self.look()

    def face(self) -> object:
        """Return all that the rows depend on; other changes ask for a refresh."""
        return (self.frame, self.frame.standing)

    def look(self) -> None:
        """Make the rows anew, and have them painted if they are others than before."""
        before, width = self._rows, self._rows_are_for
        self._rows_are_for = -1
        if not width == self.size.width > 0 or self._rows_for(width) != before:
            super().refresh()

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Paint soon, with rows made anew."""
        self._rows_are_for = -1
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _rows_for(self, width: int) -> tuple[Line, ...]:
        """Return the rows, made once until something changes."""
        if self._rows_are_for != width:
            try:
                self._rows = self.bar_lines(width)
            except Exception as error:
                if self.app.is_headless:
                    raise
                self._rows = (line((noted(error), "warning")),)
            self._rows_are_for = width
        return self._rows

    def bar_lines(self, width: int) -> tuple[Line, ...]:
        """Return the rows to paint."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """Paint one row."""
        width = self.size.width
        lines = self._rows_for(width)
        row = lines[y] if y < len(lines) else ()
        strip = painter_for(self.app).strip(row).crop_extend(0, width, None)
        return strip.apply_style(self.rich_style)


def _state_of(frame: Frame) -> str:
    if frame.failure:
        return "exception"
    return "asks" if frame.asks_for_input else frame.state


class TitleBar(Bar):
    """Script, iteration, loss … and the state at the right edge."""

    DEFAULT_CSS = "TitleBar { background: $panel; padding: 0 1; }"

    def __init__(self) -> None:
        """Start without a note."""
        super().__init__(id="title")
        self.note = ""
        self.script = ""

    def face(self) -> object:
        """Return all that the row depends on."""
        return (super().face(), self.note, self.script)

    def bar_lines(self, width: int) -> tuple[Line, ...]:
        """Return the title row."""
        frame = self.frame
        if frame.moment is None:
            left = line((" gradstep ", "accent chip"), "  ", (self.script, "bold"))
            return (justify(left, self._state_chip(), width),)
        title = title_line(
            frame.moment,
            state=_state_of(frame),
            width=width,
            note=self.note,
            standing=frame.standing,
            glyphs=frame.glyphs,
        )
        return (title,)

    def _state_chip(self) -> Line:
        word = {"starting": "… STARTING", "running": "► RUNNING", "exited": "□ ENDED"}
        return line((f" {word.get(self.frame.state, self.frame.state.upper())} ", "accent chip"))


class PhaseBar(Bar):
    """zero_grad ─ forward ─ backward ─ step, and how far the iteration is."""

    DEFAULT_CSS = "PhaseBar { height: 2; padding: 0 1; }"

    def bar_lines(self, width: int) -> tuple[Line, ...]:
        """Return the strip and the progress row."""
        frame = self.frame
        if frame.moment is None:
            word = "the script is starting" if frame.state == "starting" else "no event recorded"
            return (line((word, "dim")), ())
        strip = phase_strip(frame.moment, width=width, glyphs=frame.glyphs)
        return (strip.strip, strip.progress)


class KeyBar(Bar):
    """The footer: the commands of use here and now, as many as fit; a click runs one."""

    DEFAULT_CSS = "KeyBar { background: $panel; padding: 0 1; }"

    def __init__(self, keys_of: Callable[[Command], str]) -> None:
        """Take the function that tells a command's present key (users may rebind)."""
        super().__init__(id="keys")
        self._keys_of = keys_of
        self._spans: list[tuple[int, int, Command]] = []
        self._note: Line = ()
        self._timer: Timer | None = None
        self._waiting = ""

    def show_waiting(self, text: str) -> None:
        """Show what is being waited for in place of the keys, until it is over."""
        self._waiting = text
        self.refresh()

    def drop_waiting(self) -> None:
        """Nothing is waited for any more."""
        if self._waiting:
            self._waiting = ""
            self.refresh()

    def show_note(self, text: str, style: str) -> None:
        """Show a message in place of the keys for a moment."""
        self._note = line((text, f"{style if style != 'dim' else ''} bold".strip()))
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(NOTE_SECONDS, self.drop_note)
        self.refresh()

    def drop_note(self) -> None:
        """Show the keys again."""
        self._note = ()
        self.refresh()

    def take_back(self, text: str) -> None:
        """Drop the message if it says `text`, which is not so any more."""
        if any(text in span.text for span in self._note):
            self.drop_note()

    def bar_lines(self, width: int) -> tuple[Line, ...]:
        """Return the row; help stands at the right edge always."""
        helping = BY_ID["help.open"]
        help_part = line((self._keys_of(helping), "accent bold"), " help")
        room = width - width_of(help_part) - 1
        left, self._spans = footer(here(self.frame, self._pane()), room, self._keys_of)
        self._spans.append((width - width_of(help_part), width, helping))
        note = line((self._waiting, "accent bold")) if self._waiting else self._note
        if note:
            return (justify(note, help_part, width),)
        return (justify(left, help_part, width),)

    def _pane(self) -> str:
        """Return the pane with the focus: some keys are of use in one pane only."""
        focused = self.screen.focused
        found = (
            (n.id for n in focused.ancestors_with_self if n.has_class("pane")) if focused else ()
        )
        return next(iter(found), None) or ""

    async def on_click(self, event: events.Click) -> None:
        """Run the command under the mouse."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        for start, end, command in self._spans:
            if start <= offset.x < end:
                await self.app.run_action(command.action)


def first_key(command: Command, keymap: dict[str, str]) -> str:
    """Return the key to show for a command: the user's own, else the table's first."""
    key = keymap.get(command.id, command.keys[0]).split(",")[0]
    return key_text(key)
