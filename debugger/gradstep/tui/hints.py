"""One line for newcomers above the footer: each part goes once it was done, and none comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from textual.widgets import Static

from gradstep.session.kept import keep, read_kept
from gradstep.tui.actions import BY_ID
from gradstep.tui.commands import Commands
from gradstep.tui.settled import SCREEN

if TYPE_CHECKING:
    from textual.actions import ActionParseResult
    from textual.dom import DOMNode

PATIENCE: Final = 10
"""Motions after which a hint goes although nobody did what it says."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A text with the ids of commands in braces, and what fulfils it: a command or a direction."""

    text: str
    done_by: str


HINTS: Final = (
    Hint(
        "{phase.next} goes on to the end of the phase, {step.next} by one event, "
        "{line.next} by one line",
        "forward",
    ),
    Hint(
        "capitals go the same way back: {phase.back}, {step.back}; {edge.now} returns to now",
        "back",
    ),
    Hint(
        "{help.open} says how to read the pane that has the focus, and lists all keys", "help.open"
    ),
    Hint(
        "{connection.show} shows what joins loss and optimizer, and where that is broken",
        "connection.show",
    ),
    Hint(
        "{lesson.toggle} begins a lesson: say what each phase will do, then see it done",
        "lesson.toggle",
    ),
)


class HintBar(Static):
    """The line."""

    DEFAULT_CSS = """
    HintBar { height: 1; width: 1fr; padding: 0 1; background: $panel; color: $primary; }
    """


class Hints(Commands):
    """Shows the hints that are still to come."""

    _hint: int = len(HINTS)
    _motions: int = 0

    def begin_hints(self) -> None:
        """Show the next hint, unless all were seen in earlier sessions."""
        seen = read_kept("", SCREEN).get("hints", 0)
        self._hint = seen if isinstance(seen, int) else 0
        self._show_hint()

    def action_show_hints(self) -> None:
        """Show them from the beginning."""
        self._hint = -1
        self._next_hint()

    def action_motion(self, name: str, backward: bool) -> None:
        """Move; a hint may have said how."""
        super().action_motion(name, backward)
        self._motions += 1
        self._was_done("back" if backward else "forward")

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do what a key, the footer or the palette asks for; a hint may have said how."""
        done = await super().run_action(action, default_namespace, namespaces)
        if done and self._hint < len(HINTS):
            wanted = BY_ID.get(HINTS[self._hint].done_by)
            if wanted is not None and action == wanted.action:
                self._next_hint()
        return done

    def _was_done(self, what: str) -> None:
        if self._hint >= len(HINTS):
            return
        if HINTS[self._hint].done_by == what or self._motions >= PATIENCE:
            self._next_hint()

    def _next_hint(self) -> None:
        self._hint += 1
        self._motions = 0
        keep("", SCREEN, {**read_kept("", SCREEN), "hints": self._hint})
        self._show_hint()

    def _show_hint(self) -> None:
        shown = self.main.query(HintBar)
        if not 0 <= self._hint < len(HINTS):
            shown.remove()
            return
        text = f"· {self._hint + 1}/{len(HINTS)} · {self._with_keys(HINTS[self._hint].text)}"
        if shown:
            shown.first().update(text)
        else:
            bar = HintBar(text, markup=False)
            self.main.mount(bar, before=self.main.key_bar)

    def _with_keys(self, text: str) -> str:
        for name, command in BY_ID.items():
            text = text.replace(f"{{{name}}}", self.keys_of(command))
        return text
