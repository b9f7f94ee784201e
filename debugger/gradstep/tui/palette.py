"""The command palette: every command of the table, and every named tensor."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider, SearchIcon

from gradstep.tui.actions import COMMANDS, unique_keys
from gradstep.views.numbers import shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradstep.tui.app import GradstepApp

    Entry = tuple[str, str, Callable[[], object]]


class Palette(CommandPalette):
    """Textual's palette without the emoji that stands before its prompt."""

    def on_mount(self) -> None:
        """Replace it by the mark of our own prompts."""
        self.query_one(SearchIcon).icon = "»"


class CommandProvider(Provider):
    """Finds commands by title, help and id."""

    async def discover(self) -> Hits:
        """List everything for an empty query."""
        for title, help_text, run in self._commands():
            yield DiscoveryHit(title, run, help=help_text)

    async def search(self, query: str) -> Hits:
        """List what matches."""
        matcher = self.matcher(query)
        for title, help_text, run in (*self._commands(), *self._tensors()):
            score = max(matcher.match(title), matcher.match(help_text) * 0.5)
            if score > 0:
                yield Hit(score, matcher.highlight(title), run, text=title, help=help_text)

    def _commands(self) -> Iterator[Entry]:
        for command in COMMANDS:
            if command.id != "palette.open":
                title = f"{command.title}  ({' '.join(unique_keys(command))})"
                yield title, command.help, partial(self.app.run_action, command.action)
        yield "Theme…", "Choose among all themes.", self.app.action_change_theme

    def _tensors(self) -> Iterator[Entry]:
        app = cast("GradstepApp", self.app)
        moment = app.frame.moment
        if moment is None:
            return
        for name, tensor in moment.names_to_tensors().items():
            value = moment.value(tensor)
            if value is not None:
                about = f"tensor {value.dtype}{shape(value.shape)}"
                yield f"Show {name}", about, partial(app.show_tensor, tensor)
