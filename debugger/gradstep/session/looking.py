"""The variables and watches of the paused script, as last asked for, and what changed in them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gradstep.session.watches import WatchBook

Ask = Callable[..., Awaitable[Any]]
"""Sends a request to the paused script; raises SessionError where that cannot be done."""

Path = tuple[str, ...]

STOPS: Final = 100
"""Stops whose variables are remembered."""


@dataclass(frozen=True, slots=True)
class StackFrame:
    """A frame of the user's."""

    name: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Variable:
    """A row of the Locals pane: a name, or what an opened value holds.

    `tensor` is its id in the trace, None if it is none that the trace knows. `mark` is `changed`
    or `new` since the stop before, else "".
    """

    scope: str
    path: Path
    name: str
    depth: int
    kind: str
    text: str
    tensor: int | None
    opens: bool
    is_open: bool
    mark: str


@dataclass(frozen=True, slots=True)
class Variables:
    """What is in a frame at a stop; `left_out` counts modules, functions and classes."""

    frames: tuple[StackFrame, ...]
    frame: int
    rows: tuple[Variable, ...]
    left_out: int


class Looking:
    """Asks once per stop; `revision` counts the answers. `frame` is the one that is looked into."""

    def __init__(self, ask: Ask, watches: WatchBook) -> None:
        """Take how to ask the script, and what is watched."""
        self._ask = ask
        self.watches = watches
        self.frame = 0
        self.revision = 0
        self.variables: Variables | None = None
        self._opened: set[Path] = set()
        self._stop: object = None
        self._seq = 0
        self._then: dict[int, Variables] = {}
        self._before: dict[tuple[Any, ...], object] = {}
        self._now: dict[tuple[Any, ...], object] = {}

    async def look(self, stop: object, seq: int = 0) -> None:
        """Ask for everything at a stop; `stop` tells stops apart, so that changes are since it.

        `seq` is the newest event there, under which the variables are remembered; 0 for as before.

        Raises:
            SessionError: the script is not paused, or does not exist.
        """
        is_new = stop != self._stop
        if is_new:
            self.frame = 0
        answer = await self._ask(
            "look",
            frame=self.frame,
            opened=[list(path) for path in sorted(self._opened)],
            watches=self.watches.to_ask(),
        )
        if is_new:
            self._before, self._now, self._stop = {**self._before, **self._now}, {}, stop
        self.variables = self._read(answer)
        self._seq = seq or self._seq
        self._remember(self._seq, self.variables)
        self.watches.take(answer.get("watches") or (), stop)
        self.revision += 1

    def then(self, seq: int) -> Variables | None:
        """Return the variables as they were shown when the script stood at an event, if it did."""
        return self._then.get(seq)

    def _remember(self, seq: int, variables: Variables) -> None:
        self._then.pop(seq, None)
        self._then[seq] = variables
        if len(self._then) > STOPS:
            del self._then[next(iter(self._then))]

    async def choose(self, frame: int) -> None:
        """Look into another frame of the user's.

        Raises:
            SessionError: the script is not paused, or does not exist.
        """
        self.frame = frame
        await self.look(self._stop)

    async def toggle(self, path: Path) -> None:
        """Open or close a value.

        Raises:
            SessionError: the script is not paused, or does not exist.
        """
        self._opened ^= {path}
        await self.look(self._stop)

    async def complete(self, text: str) -> tuple[str, list[str]]:
        """Return the word that is begun, and how the script's names can go on with it.

        Raises:
            SessionError: the script is not paused, or does not exist.
        """
        answer = await self._ask("complete", text=text, frame=self.frame)
        return str(answer["begun"]), [str(name) for name in answer["offered"]]

    def forget(self) -> None:
        """The script goes on: what was so is so no longer."""
        self.frame = 0
        if self.variables is not None:
            self.variables = None
            self.revision += 1

    def restart(self) -> None:
        """The script begins anew: there is nothing to compare with."""
        self.forget()
        self._stop = None
        self._before, self._now = {}, {}
        self._then.clear()
        self.watches.restart()

    def _read(self, answer: Mapping[str, Any]) -> Variables:
        frames = tuple(
            StackFrame(str(f["name"]), str(f["file"]), int(f["line"])) for f in answer["frames"]
        )
        number = int(answer["frame"])
        self.frame = number
        rows = []
        for row in answer["rows"]:
            scope, path = str(row["scope"]), tuple(row["path"])
            # A variable of a function is compared with that of the function's last call.
            place = frames[number] if scope == "local" else StackFrame("", "", 0)
            key = (place.name, place.file, *path)
            value = (row["text"], row["tensor"], row["version"])
            self._now[key] = value
            rows.append(
                Variable(
                    scope=scope,
                    path=path,
                    name=str(row["name"]),
                    depth=int(row["depth"]),
                    kind=str(row["type"]),
                    text=str(row["text"]),
                    tensor=row["tensor"],
                    opens=bool(row["opens"]),
                    is_open=bool(row["open"]),
                    mark=self._mark(key, value),
                )
            )
        return Variables(frames, number, tuple(rows), int(answer["left_out"]))

    def _mark(self, key: tuple[Any, ...], value: object) -> str:
        if not self._before:
            return ""
        if key not in self._before:
            return "new"
        return "changed" if self._before[key] != value else ""
