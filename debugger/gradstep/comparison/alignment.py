"""Puts the events of two runs side by side by what they are, not by what is in them.

Two events belong together when kind, phase, name and, of ops and nodes, module are the same. Where
the runs part, the fewest events are left out after which they go on alike: nearby by the greedy
algorithm of E. Myers, "An O(ND) difference algorithm" (1986); further off, where that would take
long, by looking for the next piece that both have.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from gradstep.trace.reader import RunTrace

LEFT_OUT: Final = frozenset({"output", "line", "run_started"})
"""Kinds that are not compared: prints differ by times and paths, lines by how one stepped."""

ALIKE: Final = 8
"""As many events in a row must be alike for two runs to have found together again."""

NEAR: Final = 256
"""As far ahead, in events of each run, the fewest to leave out are looked for one by one."""

MOST_EDITS: Final = 64
"""With more events to leave out than this the runs have not found together nearby."""

WINDOW: Final = 4096
"""As far ahead, in events of each run, a place to go on together is looked for."""

Side = Literal["both", "a", "b"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """`count` events in a row that are in both runs or in one.

    `a` and `b` are the indices of its first event among the compared events of each run; of a
    stretch that is in one run only, the other index is where it is missing.
    """

    side: Side
    a: int
    b: int
    count: int


class Outline:
    """What the compared events of a run are: the seq of each and a number for its looks."""

    def __init__(self) -> None:
        """Begin without events."""
        self.seqs = array("q")
        self.looks = array("q")

    def __len__(self) -> int:
        """The number of events that are compared."""
        return len(self.seqs)

    @classmethod
    def of(
        cls,
        run: RunTrace,
        numbers: dict[tuple[str, ...], int],
        kinds: Callable[[str], bool],
        progress: Callable[[int], None],
    ) -> Outline:
        """Read a run; `numbers` gives alike events of both runs one number, and is added to.

        `progress` is called with the seq that was reached.
        """
        outline = cls()
        for seq, kind, phase, name, module in run.outline():
            if kind not in LEFT_OUT and kinds(kind):
                # Other kinds are named by their parameter or phase; `phases` knows no module there.
                looks = (kind, phase, name, module if kind in {"op", "node"} else "")
                outline.seqs.append(seq)
                outline.looks.append(numbers.setdefault(looks, len(numbers)))
            if seq % 4096 == 0:
                progress(seq)
        return outline


def align(a: Outline, b: Outline) -> Iterator[Stretch]:
    """Yield the stretches of two runs in order; together they hold every event of both once."""
    i = j = 0
    while i < len(a) or j < len(b):
        count = _common(a.looks, b.looks, i, j)
        steps: list[tuple[Side, int]] = (
            [("both", count)] if count else _differently(a.looks, b.looks, i, j)
        )
        for side, number in steps:
            yield Stretch(side, i, j, number)
            i += number if side != "b" else 0
            j += number if side != "a" else 0


def _differently(a: array[int], b: array[int], i: int, j: int) -> list[tuple[Side, int]]:
    """How both go on from where they part, until they have found together or have ended."""
    ends = i + NEAR >= len(a), j + NEAR >= len(b)
    # Where only one run ends nearby, what ends it may stand far off in the other.
    steps = (
        _nearby(a[i : i + NEAR], b[j : j + NEAR], whole=all(ends)) if len(set(ends)) == 1 else None
    )
    kept: list[tuple[Side, int]] = []
    for side, count in steps or ():
        kept.append((side, count))
        if side == "both" and count >= ALIKE:
            return kept
    if kept and all(ends):
        return kept
    skip_a, skip_b = _nearest(a, b, i, j)
    far: list[tuple[Side, int]] = [("a", skip_a), ("b", skip_b)]
    return [step for step in far if step[1]]


def _nearby(a: array[int], b: array[int], *, whole: bool) -> list[tuple[Side, int]] | None:
    """The fewest events to leave out until one of two pieces ends; None if they are too many.

    With `whole` both must have ended.

    `reached[k]` is how far into `a` one comes on the diagonal `k` (index in a minus index in b)
    with so many events left out; `history` keeps it for each number of them.
    """
    reached, history = {1: 0}, []
    for edits in range(MOST_EDITS + 1):
        history.append(reached.copy())
        for k in range(-edits, edits + 1, 2):
            down = k == -edits or (k != edits and reached[k - 1] < reached[k + 1])
            x = reached[k + 1] if down else reached[k - 1] + 1
            y = x - k
            if x > len(a) or y > len(b):
                reached[k] = x  # off the edge: no way goes on from here
                continue
            while x < len(a) and y < len(b) and a[x] == b[y]:
                x, y = x + 1, y + 1
            reached[k] = x
            ended = (x >= len(a)) + (y >= len(b))
            if ended == 2 or (ended and not whole):
                return _path(history, x, k)
    return None


def _path(history: list[dict[int, int]], x: int, k: int) -> list[tuple[Side, int]]:
    """Walk back from where the search ended to its beginning, and return the way there."""
    back: list[tuple[Side, int]] = []
    for edits in range(len(history) - 1, 0, -1):
        reached = history[edits]
        down = k == -edits or (k != edits and reached[k - 1] < reached[k + 1])
        begin = reached[k + 1] if down else reached[k - 1] + 1
        back.append(("both", x - begin))
        back.append(("b" if down else "a", 1))
        k += 1 if down else -1
        x = begin if down else begin - 1
    back.append(("both", x))
    steps: list[tuple[Side, int]] = []
    for side, count in reversed(back):
        if count > 0 and steps and steps[-1][0] == side:
            steps[-1] = (side, steps[-1][1] + count)
        elif count > 0:
            steps.append((side, count))
    return steps


def _common(a: array[int], b: array[int], i: int, j: int) -> int:
    """Count the events from i and j on that are alike."""
    limit = min(len(a) - i, len(b) - j)
    count, chunk = 0, 4096
    while count < limit:
        size = min(chunk, limit - count)
        if a[i + count : i + count + size] == b[j + count : j + count + size]:
            count += size
        elif size > 1:
            # The first that differs lies in here: halve until it is found.
            chunk = size // 2
        else:
            break
    return count


def _nearest(a: array[int], b: array[int], i: int, j: int) -> tuple[int, int]:
    """How many events to leave out of each run until both go on alike; all that is left, if never.

    Of several places the one with the fewest events left out is taken.
    """
    ahead_a, ahead_b = a[i : i + WINDOW + ALIKE], b[j : j + WINDOW + ALIKE]
    ends_a, ends_b = i + len(ahead_a) == len(a), j + len(ahead_b) == len(b)
    best: tuple[int, int] | None = None
    first: dict[tuple[int, ...], int] = {}
    for skip in range(len(ahead_b)):
        first.setdefault(_piece(ahead_b, skip, ends_b), skip)
    for skip in range(len(ahead_a)):
        if best is not None and skip >= sum(best):
            break
        found = first.get(_piece(ahead_a, skip, ends_a))
        if found is not None and (best is None or skip + found < sum(best)):
            best = (skip, found)
    return best if best is not None else (len(a) - i, len(b) - j)


def _piece(looks: array[int], start: int, ends: bool) -> tuple[int, ...]:
    """The looks that must be found again; near the end of a run, all that are left and the end."""
    piece = tuple(looks[start : start + ALIKE])
    return (*piece, -1) if len(piece) < ALIKE and ends else piece
