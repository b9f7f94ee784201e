"""Lets a test wait until the screen has painted a fact, without sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gradstep.tui.frame import Frame


class Gate:
    """Resolves waiters whenever a frame was painted. Wait for what never becomes false again."""

    def __init__(self) -> None:
        """Start with nobody waiting."""
        self._failure = ""
        self._waiters: list[tuple[Callable[[Frame], bool], asyncio.Future[Frame]]] = []

    def notify(self, frame: Frame) -> None:
        """Tell that a frame is on the screen."""
        for predicate, future in self._waiters:
            if not future.done() and predicate(frame):
                future.set_result(frame)

    def fail(self, reason: str) -> None:
        """Tell that no frame will come any more."""
        self._failure = reason
        for _, future in self._waiters:
            if not future.done():
                future.set_exception(AssertionError(reason))

    async def wait(
        self, predicate: Callable[[Frame], bool], now: Frame, timeout: float
    ) -> Frame | None:
        """Wait for a frame for which `predicate` holds; None when the time is over.

        Raises:
            AssertionError: the application has failed.
        """
        if self._failure:
            raise AssertionError(self._failure)
        if predicate(now):
            return now
        future: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        waiter = (predicate, future)
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(timeout):
                return await future
        except TimeoutError:
            return None
        finally:
            self._waiters.remove(waiter)
