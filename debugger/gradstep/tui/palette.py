"""The command palette: every command, and what a text can mean besides: places, tensors, stops."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider, SearchIcon
from textual.content import Content

from gradstep.protocol.breakpoints import Breakpoint, BreakpointError
from gradstep.tui.actions import COMMANDS, Command, unique_keys
from gradstep.tui.goto import GotoError, place_to_seq
from gradstep.views.numbers import shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradstep.tui.app import GradstepApp

    Entry = tuple[str, str, str, Callable[[], object]]
    """Title, keys, help, and what it does."""

SAID: Final = 1000.0
"""The score of what was typed out: it stands above all that only looks like it."""

BREAK: Final = ("break on ", "break at ", "break ")

MORE: Final = (
    ("All themes…", "List the themes, with a look at each.", "choose_theme"),
    ("Even out the panes", "Give all panes the sizes that they have by themselves.", "even_out"),
    ("Show the hints again", "Show the lines for newcomers from the beginning.", "show_hints"),
)


class Palette(CommandPalette):
    """The palette, without the picture in front of its input."""

    DEFAULT_CSS = """
    /* One box, as the other dialogs are, of its input and the list under it. */
    Palette > Vertical, Palette:dark > Vertical {
        width: 96; max-width: 100%; margin-top: 2; background: transparent;
    }
    Palette #--input {
        height: auto; border: round $primary; background: $surface; padding: 0 1;
        border-title-color: $primary; border-title-style: bold;
    }
    Palette #--input.--list-visible { border-bottom: none; }
    Palette #--input Label { margin: 0; }
    Palette SearchIcon { color: $primary; width: 3; }
    Palette CommandInput, Palette CommandInput:focus {
        border: none; height: 1; padding: 0; background: $panel;
    }
    Palette #--results { background: $surface; }
    Palette CommandList {
        max-height: 75vh; border: round $primary; border-top: none; padding: 1 0 0 0;
        background: $surface;
        scrollbar-size-vertical: 1; scrollbar-color: $faint; scrollbar-background: $surface;
        scrollbar-background-hover: $surface; scrollbar-background-active: $surface;
    }
    Palette CommandList.--populating { border-bottom: round $primary; }
    Palette CommandList > .option-list--option { padding: 0 1; }
    Palette CommandList > .option-list--option-highlighted { background: $selection; }
    Palette LoadingIndicator { border: none; height: 0; }
    """

    def __init__(self) -> None:
        """Say what can be typed."""
        super().__init__(
            id="--command-palette",
            placeholder="a command, event 34, step 3, line 12, a tensor, break op:relu, nan …",
        )

    def on_mount(self) -> None:
        """Put a plain mark where the picture was, and a title."""
        self.query_one(SearchIcon).icon = "»"
        self.query_one("#--input").border_title = "Commands"


class CommandProvider(Provider):
    """Finds commands by title, key and id; then what the text says by itself."""

    async def discover(self) -> Hits:
        """List all commands for an empty query."""
        for title, keys, about, run in self._commands():
            yield DiscoveryHit(_with_keys(Content(title), keys), run, text=title, help=about)

    async def search(self, query: str) -> Hits:
        """List what matches, and what was meant."""
        matcher = self.matcher(query)
        wanted = query.casefold()
        for title, keys, about, run in self._commands():
            score = matcher.match(title)
            if query in keys.split():
                score = SAID
            elif not score and len(query) > 2 and wanted in about.casefold():
                score = 0.1
            if score > 0:
                shown = _with_keys(matcher.highlight(title), keys)
                yield Hit(score, shown, run, text=title, help=about)
        for title, about, meant in self._places(query):
            yield Hit(SAID + 1, title, meant, text=title, help=about)
        for title, about, meant in self._stops(query):
            yield Hit(SAID, title, meant, text=title, help=about)
        for name, about, show in self._tensors():
            score = SAID if name == query else matcher.match(name)
            if score > 0:
                highlighted = matcher.highlight(name)
                shown = Content.assemble("Show ", highlighted)
                yield Hit(score, shown, show, text=f"Show {name}", help=about)

    @property
    def _app(self) -> GradstepApp:
        return cast("GradstepApp", self.app)

    def _commands(self) -> Iterator[Entry]:
        for command in COMMANDS:
            if command.id != "palette.open":
                run = partial(self.app.run_action, command.action)
                yield command.title, self._keys(command), command.help, run
        for title, about, action in MORE:
            yield title, "", about, partial(self.app.run_action, action)

    def _keys(self, command: Command) -> str:
        if command.id in self._app.keymap:
            return self._app.keys_of(command)
        return " ".join(unique_keys(command))

    def _places(self, query: str) -> Iterator[tuple[str, str, Callable[[], object]]]:
        """Read the text as a place in time."""
        app = self._app
        session = app.session
        if session is None or app.frame.moment is None:
            return
        try:
            seq = place_to_seq(query, session.run, session.head, session.cursor, app.trail.marks)
        except GotoError:
            return
        event = session.run.event(seq)
        about = f"event {seq:,}: {event.name or event.kind}, iteration {event.iteration:,}"
        yield f"Go to {query.strip()}", about, partial(app.seek, seq)

    def _stops(self, query: str) -> Iterator[tuple[str, str, Callable[[], object]]]:
        """Read the text as a breakpoint; after `break`, a name alone is an op's."""
        app = self._app
        text = query.strip()
        prefix = next((word for word in BREAK if text.casefold().startswith(word)), "")
        text = text[len(prefix) :].strip()
        number = text.removeprefix("line ").strip()
        candidates = [number if number.isdecimal() else text, *([f"op:{text}"] if prefix else [])]
        for candidate in candidates:
            try:
                point = str(Breakpoint.parse(candidate))
            except BreakpointError:
                continue
            known = app.session is not None and any(
                point == item.text for item in app.session.breakpoints.list()
            )
            where = f"line {point}" if point.isdecimal() else point
            title = f"Remove the breakpoint {where}" if known else f"Break on {where}"
            yield (
                title,
                "docs/breakpoints.md says what can stand here",
                partial(app.toggle_place, point),
            )
            return

    def _tensors(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        app = self._app
        moment = app.frame.moment
        if moment is None:
            return
        for name, tensor in moment.names_to_tensors().items():
            value = moment.value(tensor)
            if value is not None:
                about = f"tensor {value.dtype}{shape(value.shape)}"
                yield name, about, partial(app.show_tensor, tensor)


def _with_keys(title: Content, keys: str) -> Content:
    return Content.assemble(title, (f"  {keys}", "$accent")) if keys else title
