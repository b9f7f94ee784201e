"""Keys that were typed while the script was starting: kept, and carried out once it stands."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from textual import events
from textual.worker import WorkerCancelled, WorkerFailed

from gradstep.tui.commands import Commands
from gradstep.tui.frame import Frame
from gradstep.tui.gate import Gate
from gradstep.tui.in_flight import REPEAT_WINDOW

AT_ONCE: Final = ("quit", "interrupt", "suspend_process", "help", "switch_theme", "save_screen")
"""The actions that need no script."""

MOVES: Final = ("motion", "seek", "restart")
"""The groups of workers whose end the next key waits for."""

PATIENCE: Final = 60.0
CLOSED_SECONDS: Final = 0.2
SHOWN: Final = 12
"""So many of the keys are repeated."""


class TypeAhead(Commands):
    """Keeps keys in their order while the script starts, also when it starts again."""

    gate: Gate

    def __init__(self) -> None:
        """Start with no key."""
        super().__init__()
        self._typed: deque[events.Key] = deque()
        self._let_through: events.Key | None = None
        self._carries_out = False

    async def on_event(self, event: events.Event) -> None:
        """Keep a key that comes too early; all else goes its way."""
        if (
            isinstance(event, events.Key)
            and not event.is_forwarded
            and event is not self._let_through
            and self._comes_early(event)
        ):
            self._typed.append(event)
            self._tell()
            if not self._carries_out:
                self._carries_out = True
                self.run_worker(self._carry_out(), group="typed")
            return
        await super().on_event(event)

    @property
    def _is_starting(self) -> bool:
        session = self.session
        return session is None or session.state == "starting" or self.frame.moment is None

    def _comes_early(self, event: events.Key) -> bool:
        """Return whether a key is to wait; one that acts at once may call the others off."""
        if not self.main.is_mounted:
            return True
        if self.screen is not self.main:
            return False  # A dialog has its own keys.
        if not self._typed and not self._is_starting:
            return False
        bound = self.main.active_bindings.get(event.key)
        action = bound.binding.action if bound is not None else ""
        if action in AT_ONCE:
            if action == "interrupt":
                self._typed.clear()
            return False
        if self._is_starting:
            return True
        if self._typed and self.in_flight.motion is not None:
            if self.in_flight.seconds() < REPEAT_WINDOW:
                return True
            # The script runs on: what is typed now is meant for now, as a space that pauses it.
            self._typed.clear()
        return bool(self._typed)

    def _tell(self) -> None:
        if self._is_starting and self.main.is_mounted:
            keys = [one.character if one.is_printable else one.key for one in self._typed]
            shown = " ".join(str(key) for key in keys[-SHOWN:])
            more = "… " if len(keys) > SHOWN else ""
            self.main.key_bar.show_note(f"{more}{shown}: as soon as the script stands", "dim")

    async def _carry_out(self) -> None:
        def stands(_: Frame) -> bool:
            return not self._is_starting

        try:
            while self._typed:
                while not stands(self.frame):
                    await self.gate.wait(stands, self.frame, PATIENCE)
                if not self._typed:
                    return  # Ctrl-C called them off meanwhile.
                await self._do(self._typed.popleft())
        finally:
            self._carries_out = False

    async def _do(self, event: events.Key) -> None:
        """Do what a key does, and wait until that is done."""
        bound = self.screen.active_bindings.get(event.key)
        is_text = self.focused is not None and self.focused.check_consume_key(
            event.key, event.character
        )
        if bound is not None and bound.enabled and not is_text:
            await self.run_action(bound.binding.action, bound.node)
        else:
            self._let_through = event
            self.post_message(event)
        # A key goes up from the focus, and then what it made the focus say: each has to be through.
        await _through(self.call_later)
        way = self.focused.ancestors_with_self if self.focused is not None else [self]
        for node in (*way, *way):
            if node.is_attached and not await _through(node.call_later):
                break
        await _through(self.call_after_refresh)
        for worker in [one for one in self.workers if one.group in MOVES]:
            try:
                await worker.wait()
            except (WorkerCancelled, WorkerFailed):
                continue  # It told so itself; the next key is another matter.


async def _through(call: Callable[[Callable[[], None]], object]) -> bool:
    """Wait until what was sent before is done; False if the key has closed who was to do it."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    call(lambda: None if done.done() else done.set_result(None))
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSED_SECONDS):
            await done
    return not done.cancelled()
