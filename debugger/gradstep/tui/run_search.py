"""A search of the run in the background: its events as they are found, and the way through them."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gradstep.trace import search

if TYPE_CHECKING:
    from gradstep.trace.reader import RunTrace

BREATH_SECONDS: Final = 0.01
"""How long a search holds up the screen at a time, if its pieces are that short."""


class RunSearch:
    """One text, searched for in the events 1 to `head` of a run."""

    def __init__(self, run: RunTrace, text: str, head: int) -> None:
        """Prepare to search.

        Raises:
            SearchError: the text means nothing.
        """
        self.text = text
        self.head = head
        self.hits: list[int] = []
        self.share = 0.0
        self.is_done = False
        self.was_entered = False
        """Whether one of its events was gone to."""
        self._run = run
        self._wanted = search.parse(run, text)

    async def go(self, changed: Callable[[], None]) -> None:
        """Search to the end, telling of each piece; cancelling the task gives it up."""
        breathed = time.monotonic()
        for share, found in search.search(self._run, self._wanted, self.head):
            self.share = share
            if self.hits and found and found[0] <= self.hits[-1]:
                for seq in found:
                    insort(self.hits, seq)
            else:
                self.hits += found
            if time.monotonic() - breathed > BREATH_SECONDS:
                changed()
                await asyncio.sleep(0)
                breathed = time.monotonic()
        self.is_done = True
        changed()

    def next(self, cursor: int, *, backward: bool) -> int | None:
        """Return the nearest event found in a direction, round the ends; None if there is none.

        The way through a search for NaN or infinities begins at the first of the run.
        """
        if not self.hits:
            return None
        begins, self.was_entered = not self.was_entered, True
        if begins and not backward and self._wanted.asks_since_when:
            return self.hits[0]
        if backward:
            return self.hits[bisect_left(self.hits, cursor) - 1]
        at = bisect_right(self.hits, cursor)
        return self.hits[at if at < len(self.hits) else 0]

    def told(self, cursor: int) -> str:
        """Return `3 of 17`; how many there are and the first, while the cursor is on none."""
        total = f"{len(self.hits):,}"
        more = "" if self.is_done else f" so far, {self.share:.0%} searched"
        if not self.hits:
            return f"nothing found{more}"
        at = bisect_left(self.hits, cursor)
        if at < len(self.hits) and self.hits[at] == cursor:
            return f"{at + 1:,} of {total}{more}"
        first = f", the first is {self.hits[0]:,}" if self.is_done and len(self.hits) > 1 else ""
        return f"{total} event{'' if len(self.hits) == 1 else 's'}{first}{more}"
