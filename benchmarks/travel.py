"""How long moving about in a long recorded run takes.

    python benchmarks/travel.py
    python benchmarks/travel.py --events 100000 --trace kept.gradstep

A trace of a million events (`long_trace.py`) is opened, walked with every motion both ways from
the beginning, the middle and the end, searched, and painted in full: every view that the screen
shows at 120x40, as text. Times are of this process alone, in milliseconds; each line is the worst
of its places, each place the best of three. The file is in the system's cache.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "engine"), str(ROOT / "debugger"), str(ROOT)]

from benchmarks.long_trace import write_long_trace  # noqa: E402
from gradstep.session import Session  # noqa: E402
from gradstep.trace import search  # noqa: E402
from gradstep.views.whole import all_views  # noqa: E402

MOTIONS = ("step", "line", "phase", "iteration", "finish", "continue")
SEARCHES = ("nan", "grad < 0.01", "op:relu", "printed:0.00", "loss < 0.006")
ROUNDS = 3
POINTS = ("", "op:no_such_op", "backward after 100000000", "backward if loss < 0")


async def best(seconds: Callable[[], Awaitable[object]], before: Callable[[], None]) -> float:
    """Return the shortest of several times, in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        before()
        begun = time.perf_counter()
        await seconds()
        times.append(time.perf_counter() - begun)
    return min(times) * 1000


def put(session: Session, seq: int) -> Callable[[], None]:
    """Return what puts the cursor on an event without being timed."""

    def place() -> None:
        session.cursor = seq

    return place


async def motions(session: Session) -> None:
    """Print the times of all motions, without breakpoints and over one that never stops."""
    places = (1, session.head // 2 + 7, session.head - 1)
    for point in POINTS:
        if point:
            session.breakpoints.add(point, save=False)
        names = MOTIONS if not point else ("continue",)
        for name in names:
            for backward in (False, True):
                times = []
                for seq in places:
                    move = lambda n=name, b=backward: session.motion(n, backward=b)  # noqa: E731
                    times.append(await best(move, put(session, seq)))
                title = f"{name}{' back' if backward else ''}"
                print(f"| {title}{f', breakpoint {point}' if point else ''} | {max(times):.1f} |")
        for entry in session.breakpoints.list():
            session.breakpoints.remove(entry.id)


def paint_all(session: Session) -> None:
    """Make the text of every view, as after a motion."""
    all_views(session.moment(), state="recorded", head=session.head, printed=session.printed())


def search_all(session: Session) -> None:
    """Print how long a search of the whole run takes, and its longest piece."""
    for text in SEARCHES:
        begun = last = time.perf_counter()
        longest, hits = 0.0, 0
        for _, seqs in search.search(session.run, search.parse(session.run, text), session.head):
            now = time.perf_counter()
            longest, last, hits = max(longest, now - last), now, hits + len(seqs)
        whole = (time.perf_counter() - begun) * 1000
        found = f"{hits:,} found; longest piece {longest * 1000:.0f}"
        print(f"| search `{text}` ({found}) | {whole:.0f} |")


async def paint(session: Session) -> None:
    """Print how long all views take, after a jump and after a step."""

    async def repaint() -> None:
        paint_all(session)

    for seq in (30, session.head // 2, session.head - 10):
        session.cursor = seq
        begun = time.perf_counter()
        paint_all(session)
        first = (time.perf_counter() - begun) * 1000
        again = await best(repaint, put(session, seq + 1))
        print(f"| paint at event {seq:,}: first, then after a step | {first:.1f}, {again:.1f} |")


def main() -> None:
    """Write a trace unless there is one, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--trace", type=Path, help="an existing trace")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        path = arguments.trace or Path(folder, "long.gradstep")
        if not path.exists():
            write_long_trace(path, arguments.events)
        begun = time.perf_counter()
        session = Session.open(path)
        print(f"| open | {(time.perf_counter() - begun) * 1000:.1f} |")
        asyncio.run(motions(session))
        asyncio.run(paint(session))
        search_all(session)
        session.trace.close()


if __name__ == "__main__":
    main()
