"""Tells whoever listens that something changed: once per turn of the loop, however much did."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable


class Changes:
    """Subscribers, and those who wait for a fact."""

    def __init__(self) -> None:
        """Start with nobody listening."""
        self._subscribers: list[Callable[[], None]] = []
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._is_scheduled = False

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have `callback` called on the loop after changes; returns how to stop that."""
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._subscribers.remove(callback)

        return unsubscribe

    async def wait_for(self, predicate: Callable[[], bool]) -> None:
        """Return as soon as `predicate` holds; it is asked at every change."""
        if predicate():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (predicate, future)
        self._waiting.append(entry)
        try:
            await future
        finally:
            self._waiting.remove(entry)

    def changed(self) -> None:
        """Note a change."""
        for predicate, future in self._waiting:
            if not future.done() and predicate():
                future.set_result(None)
        if self._subscribers and not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        self._is_scheduled = False
        for callback in list(self._subscribers):
            callback()
