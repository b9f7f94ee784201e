"""Pane 3: the console that evaluates in the paused script, and what the script printed."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from textwrap import dedent
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from gradstep.tui.widgets.lines import LinesView
from gradstep.tui.widgets.prompt import Complete, PromptInput
from gradstep.views.text import Line, Span, cells, line, plain, width_of

if TYPE_CHECKING:
    from gradstep.tui.port import EvaluationPort

RING: Final = 10_000
OFFERED: Final = 40
"""Completions that are listed."""
_ESCAPES: Final = re.compile(
    r"\x1b(\][^\x07\x1b]*(\x07|\x1b\\)|\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])|[\x00-\x08\x0b\x0c\x0e-\x1f]"
)

_HALVES: Final = re.compile("[\ud800-\udfff]")
"""Halves of a surrogate pair, which no terminal can be sent."""


class Log(LinesView):
    """Lines that come in at the end and wrap as in a terminal; the end stays in sight."""

    has_row_cursor = False

    class Sized(Message):
        """There is room for so many columns and rows now."""

        def __init__(self, size: tuple[int, int]) -> None:
            """Say how many."""
            super().__init__()
            self.size = size

    def __init__(self, *, id: str, empty: Iterable[Line] = ()) -> None:  # noqa: A002
        """Take what to show while there is nothing."""
        super().__init__(id=id)
        self._empty = tuple(empty)
        self._lines = self._empty
        self._kept: deque[Line] = deque(maxlen=RING)
        self._wrapped: list[Line] = []
        self._width = 0

    def add(self, *lines: Line) -> None:
        """Append lines; only these are wrapped."""
        self._kept.extend(lines)
        for added in lines:
            self._wrapped.extend(wrap(added, self._width))
        del self._wrapped[:-RING]
        self._show()

    @property
    def said(self) -> str:
        """All lines as plain text, unwrapped."""
        return plain(self._kept)

    def show_all(self, lines: Iterable[Line]) -> None:
        """Show these lines instead."""
        self._kept.clear()
        self._wrapped.clear()
        self.add(*lines)

    def on_resize(self) -> None:
        """Wrap anew in the new width, and tell the size."""
        width = self.scrollable_content_region.width
        # A scroll bar comes and goes with the text; the script's terminal is not to change for it.
        columns = self.outer_size.width - self.styles.scrollbar_size_vertical
        if columns > 0 and self.outer_size.height:
            self.post_message(self.Sized((columns, self.outer_size.height)))
        if width != self._width:
            self._width = width
            self.show_all(tuple(self._kept))

    def _show(self) -> None:
        self._lines = self._wrapped or self._empty
        self.content_changed()
        self.scroll_end(animate=False, force=True)


def wrap(spans: Line, width: int) -> list[Line]:
    """Cut a line into rows of `width` cells; further rows are set in by two."""
    if width < 8 or width_of(spans) <= width:
        return [spans]
    rows: list[Line] = []
    row: list[Span] = []
    room = width
    for span in spans:
        text = span.text
        while text:
            part = shorten_to(text, room)
            row.append(Span(part, span.style))
            room -= cells(part)
            text = text[len(part) :]
            if text or room <= 0:
                rows.append(tuple(row))
                row, room = [Span("  ")], width - 2
    if len(row) > 1 or not rows:
        rows.append(tuple(row))
    return rows


def shorten_to(text: str, room: int) -> str:
    """Return the beginning of `text` that fits, up to a blank if there is one near the edge."""
    if cells(text) <= room:
        return text
    part = text[:room]
    while cells(part) > room:
        part = part[:-1]
    blank = part.rfind(" ")
    return part[: blank + 1] if blank > len(part) // 2 else part or text[:1]


class ConsolePane(Vertical):
    """The conversation, and the prompt under it."""

    HELP: ClassVar[str] = (
        "Type an expression or a statement: it runs in the paused script's frame, without "
        "recording gradients. e or : goes to the prompt, Escape comes back. Tab completes, → takes "
        "the suggestion, ↑ and ↓ go through what was typed before, Ctrl-C breaks off what takes "
        "long. `watch EXPR` watches. Why the script stopped is said here too."
    )
    DEFAULT_CSS = """
    ConsolePane { height: 1fr; }
    ConsolePane > Horizontal { height: 1; }
    ConsolePane Static { width: 2; color: $primary; }
    """

    class Submitted(Message):
        """A line was entered."""

        def __init__(self, text: str) -> None:
            """Say which."""
            super().__init__()
            self.text = text

    def __init__(self) -> None:
        """Start with a hint."""
        super().__init__(id="console-view")
        hint = (
            line(("Ask the paused script: ", "dim"), ("e", "accent bold"), (" then type", "dim")),
            line(("  x.grad", ""), ("           what the leaf has gathered", "dim")),
            line(("  loss.item() * 2", ""), ("  any expression", "dim")),
            line(("  scale = 0.5", ""), ("      a statement changes the script", "dim")),
        )
        self.log_view = Log(id="console-log", empty=hint)
        self.prompt = PromptInput(
            placeholder="expression or statement", id="console-input", takes_lines=True
        )

    def compose(self) -> ComposeResult:
        """Log above, prompt below."""
        yield self.log_view
        with Horizontal():
            yield Static("» ", markup=False)
            yield self.prompt

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand the line on."""
        event.stop()
        # Lines out of a function come with its indentation.
        text = dedent(self.prompt.text).strip()
        self.prompt.clear()
        if text:
            self.prompt.remember(text)
            for index, part in enumerate(clean(text)):
                self.log_view.add(line(("» " if index == 0 else "  ", "accent"), (part, "bold")))
            self.post_message(self.Submitted(text))

    def offer(self, complete: Complete) -> None:
        """Complete what is typed, from now on."""
        self.prompt.offer(complete)

    def on_prompt_input_offered(self, message: PromptInput.Offered) -> None:
        """List what a word can become."""
        message.stop()
        shown = message.words[:OFFERED]
        more = f"  … {len(message.words):,} in all" if len(message.words) > OFFERED else ""
        self.say("  ".join(shown) + more)

    def say(self, text: str, style: str = "dim", mark: str = "  ") -> None:
        """Add an answer or a message, line by line."""
        for index, part in enumerate(clean(text)):
            self.log_view.add(line((mark if index == 0 else "  ", style), (part, style)))

    def show_answer(self, answer: EvaluationPort) -> None:
        """Add what came of an expression or a statement, after what it warned of."""
        for warning in answer.warnings:
            self.say(warning, "warning", "▲ ")
        if answer.ok:
            self.say(answer.text, "", "  ")
        else:
            self.say(answer.error or answer.text, "error", "✗ ")


class StdoutPane(Vertical):
    """What the script printed, and its stdin."""

    HELP: ClassVar[str] = (
        "What the script printed up to the event under the cursor, stdout and stderr together; at "
        "the live edge what C code printed too. Its terminal is as large as this pane. "
        "What is typed below goes to the script's stdin, as long as it runs."
    )
    DEFAULT_CSS = """
    StdoutPane { height: 1fr; }
    StdoutPane > Horizontal { height: 1; }
    StdoutPane Static { width: 2; color: $primary; }
    """

    class Typed(Message):
        """A line for the script's stdin was entered."""

        def __init__(self, text: str) -> None:
            """Say which."""
            super().__init__()
            self.text = text

    def __init__(self) -> None:
        """Start empty."""
        super().__init__(id="stdout-view")
        empty = (
            line(("the script has printed nothing yet", "bold")),
            line(("What it prints stands here, up to the event under the", "dim")),
            line(("cursor. While it runs, Tab leads to a line for its stdin.", "dim")),
        )
        self.log_view = Log(id="stdout-log", empty=empty)
        self.prompt = PromptInput(
            placeholder="a line for the script's stdin", id="stdin-input", takes_lines=True
        )
        self._shown = ""

    def compose(self) -> ComposeResult:
        """Output above, input below."""
        yield self.log_view
        with Horizontal():
            yield Static("> ", markup=False)
            yield self.prompt

    def take_input(self, is_live: bool) -> None:
        """Offer the line for stdin while there is a script to read it."""
        row = self.query_one(Horizontal)
        if row.display == is_live:
            return
        if self.prompt.has_focus:
            self.log_view.focus()
        row.display = is_live

    def show_output(self, text: str) -> None:
        """Show everything that was printed so far; what only grew is appended."""
        if text == self._shown:
            return
        whole = text.rfind("\n") + 1
        done = self._shown.rfind("\n") + 1
        if (
            done
            and done == len(self._shown)
            and text.startswith(self._shown)
            and whole == len(text)
        ):
            self.log_view.add(*(line(part) for part in clean(text[done:])))
        else:
            self.log_view.show_all(line(part) for part in clean(latest(text)))
        self._shown = text

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand the line on."""
        event.stop()
        text = self.prompt.text
        self.prompt.remember(text)
        self.prompt.clear()
        self.post_message(self.Typed(text))

    def on_key(self, event: events.Key) -> None:
        """End the script's input with Ctrl-D on an empty line."""
        if event.key == "ctrl+d" and self.prompt.has_focus and not self.prompt.value:
            event.stop()
            self.post_message(self.Typed("\x04"))


def latest(text: str) -> str:
    """Return the last lines of a text, as many as are kept."""
    parts = text.rsplit("\n", RING + 1)
    return text if len(parts) <= RING + 1 else "\n".join(parts[1:])


def clean(text: str) -> list[str]:
    """Return printed text as lines: no escape sequences, a carriage return begins the line anew."""
    lines = []
    for part in text.replace("\r\n", "\n").split("\n"):
        rest = part.rstrip("\r")
        last = rest.rsplit("\r", 1)[-1]
        lines.append(_HALVES.sub("\ufffd", _ESCAPES.sub("", last)).expandtabs(8))
    while lines and not lines[-1]:
        lines.pop()
    return lines
