"""A session in this process over a prepared trace: it plays a live script, deterministically."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradstep.protocol import motions
from gradstep.session import BreakpointBook, Evaluation, Stop
from gradstep.session.at_step import AtStep
from gradstep.session.looking import Looking
from gradstep.session.model import SessionError
from gradstep.session.remarks import Remarks
from gradstep.session.watches import WatchBook
from gradstep.trace.moment import Moment
from gradstep.trace.reader import Trace


@dataclass
class FakeSession:
    """`head` is how far the script has come; the trace behind it is whole from the start."""

    path: Path
    live: bool = True
    cursor: int = 1
    head: int = 1
    state: str = "paused"
    exit_status: int | None = None
    stop: Stop | None = None
    live_stop: Stop | None = None
    killed: bool = False
    walked: int = 0
    typed: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    motions_begun: list[tuple[str, bool]] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    hold: asyncio.Event | None = None

    def __post_init__(self) -> None:
        self.trace = Trace.open(self.path)
        self.run = self.trace.run()
        self.last = self.run.head
        self.breakpoints = BreakpointBook("two_scalars.py")
        self.notice = ""
        self.remarks = Remarks()
        self.at_step = AtStep(self._ask)
        self.looking = Looking(self._ask, WatchBook("two_scalars.py"))
        self._callbacks: list[Callable[[], None]] = []
        if not self.live:
            self.head = self.last
            self.state = "recorded"

    async def _ask(self, kind: str, **fields: Any) -> Any:
        raise SessionError(f"there is no script to {kind}")

    @property
    def is_live(self) -> bool:
        return self.live and self.state != "exited"

    @property
    def can_control(self) -> bool:
        return self.live

    @property
    def at_edge(self) -> bool:
        return self.cursor == self.head

    def printed(self) -> str:
        return "".join(text for _, _, text in self.run.output(self.cursor))

    def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))

    def moment(self) -> Moment:
        return self.run.at(self.cursor)

    def subscribe(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def changed(self) -> None:
        for callback in self._callbacks:
            callback()

    async def motion(self, name: str, backward: bool = False, target: Any = None) -> Stop:
        self.motions_begun.append((name, backward))
        if self.hold is not None:
            self.state = "running"
            self.changed()
            await self.hold.wait()
        origin = self.run.event(self.cursor)
        rule = motions.rule(name, origin, backward=backward, target=target, recorded=True)
        rows = self.run.events_before(self.cursor) if backward else self.run.events(self.cursor + 1)
        found = motions.search(rule, rows)
        edge = 1 if backward else self.last
        self.cursor = found.seq if found is not None else edge
        self.head = max(self.head, self.cursor)
        if self.live:
            self.state = "exited" if self.head == self.last else "paused"
            self.exit_status = 0 if self.state == "exited" else None
        self.stop = Stop("motion", self.cursor)
        self.changed()
        return self.stop

    async def count_hits(self) -> dict[int, int | None]:
        if self.live:
            return {}
        return {entry.id: self.cursor for entry in self.breakpoints.list()}

    async def seek(self, seq: int) -> None:
        self.cursor = seq
        self.changed()

    async def to_edge(self) -> None:
        await self.seek(self.head)

    async def pause(self) -> None:
        self.stop = Stop("pause", self.cursor)
        if self.hold is not None:
            self.hold.set()

    async def restart(self) -> None:
        self.cursor = self.head = 1
        self.state, self.exit_status = "paused", None
        self.changed()

    async def quit(self) -> None:
        self.trace.close()

    def kill_now(self) -> None:
        self.killed = True

    async def evaluate(self, text: str) -> Evaluation:
        self.asked.append(text)
        if text == "boom":
            return Evaluation(False, error="NameError: name 'boom' is not defined")
        heard = ("UserWarning: z is no leaf",) if text == "z.grad" else ()
        return Evaluation(True, f"tensor([{len(text)}.])", warnings=heard)

    async def execute(self, text: str) -> Evaluation:
        self.asked.append(text)
        return Evaluation(True)

    async def interrupt_answer(self) -> bool:
        return False

    def send_input(self, text: str) -> None:
        self.typed.append(text)
