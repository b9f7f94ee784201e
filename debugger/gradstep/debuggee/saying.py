"""Speaks for logpoints, and tells the session what it should know beside a stop."""

from __future__ import annotations

from collections.abc import Callable

from gradstep.protocol.breakpoints import BreakpointTable, Evaluate, Hit, Said, say
from gradstep.protocol.wire import Message


class Sayer:
    """Sends what is said. An expression that fails is told of once."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        """Send by `send`."""
        self._send = send
        self._failed: set[tuple[int, str]] = set()

    def hear(
        self, table: BreakpointTable, hits: list[Hit], seq: int, evaluate: Evaluate
    ) -> list[Hit]:
        """Have the logpoints among `hits` speak; return the others, which stop."""
        stops = []
        for hit in hits:
            code = table[hit.id].breakpoint.message
            if code is None:
                stops.append(hit)
            else:
                said = Said(hit.error, failed=True) if hit.error else say(code, evaluate, hit.told)
                self._say(hit, seq, said)
        return stops

    def notice(self, number: int, text: str) -> None:
        """Tell something about a breakpoint that is no stop."""
        message = {"type": "said", "seq": 0, "id": number, "text": text, "failed": True}
        self._send(message)

    def _say(self, hit: Hit, seq: int, said: Said) -> None:
        if said.failed:
            if (hit.id, said.text) in self._failed:
                return
            self._failed.add((hit.id, said.text))
        self._send(
            {"type": "said", "seq": seq, "id": hit.id, "text": said.text, "failed": said.failed}
        )
