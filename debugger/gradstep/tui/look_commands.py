"""Commands that look into the paused script: variables, frames, watches, the console's helpers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from gradstep.session.kept import keep_texts, read_texts
from gradstep.session.model import SessionError
from gradstep.tui.change_place import change_place
from gradstep.tui.commands import Commands
from gradstep.tui.screens.main import LOOKS
from gradstep.tui.widgets.locals_pane import LocalsPane
from gradstep.tui.widgets.talk_panes import ConsolePane
from gradstep.tui.widgets.watch_pane import WatchPane
from gradstep.views.completing import recorded_names

if TYPE_CHECKING:
    from gradstep.tui.frame import Frame

HISTORY: Final = "history"
HISTORY_KEPT: Final = 500
WATCH: Final = "watch "


class LookCommands(Commands):
    """The actions that ask for variables and watches."""

    _looked: object = None
    """The stop at which the script was last asked, and what else the answer depends on."""

    def ask_look(self, frame: Frame) -> None:
        """Ask for variables and watches, once per stop and after each console answer."""
        session = self.session
        if session is None or frame.state != "paused" or session.stop is None:
            return
        stop = (session.run.number, session.stop.seq)
        key = (*stop, frame.head, self.answers, session.looking.watches.revision)
        if key != self._looked:
            self._looked = key
            # Not yet a coroutine: one that the next stop replaces before it began is no warning.
            look: Any = partial(self._look, stop, frame.head)
            self.run_worker(look, group="look", exclusive=True)

    async def _look(self, stop: tuple[int, int], head: int) -> None:
        if self.session is None:
            return
        try:
            await self.session.looking.look(stop, head)
        except SessionError:
            return  # The script has gone on meanwhile: it is asked again when it stops.
        if any(pane.active in LOOKS for pane in self.main.panes()):
            self.paint_now()

    def on_locals_pane_asked(self, message: LocalsPane.Asked) -> None:
        """Enter on a frame or a container."""
        if self.session is None:
            return
        looking = self.session.looking
        if message.frame is not None:
            frame = message.frame
            self.run_worker(self._looked_again(lambda: looking.choose(frame)), group="look")
        elif message.path is not None:
            path = message.path
            self.run_worker(self._looked_again(lambda: looking.toggle(path)), group="look")

    async def _looked_again(self, ask: Callable[[], Awaitable[None]]) -> None:
        await self._quietly(ask)
        self.paint_now()

    def action_watch(self) -> None:
        """Watch what is selected."""
        moment = self.frame.moment
        if self.session is None or moment is None:
            self.say("there is nothing to watch yet", "warning")
            return
        view = self.main.tensor.view
        found = change_place(moment, self.selection, view.tensor if view is not None else None)
        if not found.text:
            self.say(found.told, "warning")
            return
        self.watch_text(found.text.removeprefix("change:"))

    def watch_text(self, text: str, *, show: bool = True) -> None:
        """Watch an expression, and show the tab."""
        if self.session is None:
            return
        try:
            added = self.session.looking.watches.add(text)
        except SessionError as error:
            self.say(str(error), "warning")
            return
        self.say(f"watching {added}: the tab Watch shows it")
        if show:
            self.main.pane("talk").active = "watch-view"
        self.paint_now()

    def on_watch_pane_removed(self, message: WatchPane.Removed) -> None:
        """Delete on a watch."""
        if self.session is not None:
            self.session.looking.watches.remove(message.text)
            self.paint_now()

    async def answer(self, text: str) -> None:
        """Answer a line of the console; `watch EXPR` watches."""
        if text.startswith(WATCH) and text[len(WATCH) :].strip()[:1] not in ("=", "."):
            # The prompt stays where it is: more may be typed.
            self.watch_text(text[len(WATCH) :], show=False)
            self.answers += 1
            self.paint_now()
            return
        await super().answer(text)

    def break_off(self) -> None:
        """Break off what the console waits for."""
        if self.session is not None:
            self.run_worker(self._quietly(self.session.interrupt_answer), group="interrupt")

    def open_history(self) -> None:
        """Give the console what was typed in earlier sessions of this script."""
        if self.session is not None:
            kept = read_texts(self.session.breakpoints.script, HISTORY)
            self.main.console.prompt.earlier(kept[-HISTORY_KEPT:])
            self.main.console.offer(self._complete)

    def on_console_pane_submitted(self, message: ConsolePane.Submitted) -> None:
        """Keep what was typed, for the next session."""
        if self.session is not None:
            texts = self.main.console.prompt.history[-HISTORY_KEPT:]
            keep_texts(self.session.breakpoints.script, HISTORY, texts)
        self.run_worker(self.answer(message.text), group="answer")

    async def _complete(self, text: str) -> tuple[str, list[str]]:
        """Return the begun word and how it can go on: in the script, or in what was recorded."""
        session, moment = self.session, self.frame.moment
        if session is None or moment is None:
            return "", []
        if self.frame.state == "paused":
            try:
                return await session.looking.complete(text)
            except SessionError:
                return "", []  # It runs again: there is nothing to offer until it stops.
        return recorded_names(moment, text)
