"""The events that are about a tensor in a role, latest first: a few of however many there are."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.reader import RunTrace

WRITES: Final = ("updated", "written")
"""Kinds of events in which a parameter gets other values."""


def events_about(
    run: RunTrace,
    tensor: int,
    role: str,
    kinds: Collection[str],
    *,
    before: int,
    after: int = 0,
    most: int = 100,
) -> list[EventRow]:
    """Return at most `most` events with `after` < seq < `before`, the latest first."""
    return [run.event(seq) for seq in _seqs(run, tensor, role, kinds, before, after, most, "DESC")]


def first_event_about(
    run: RunTrace, tensor: int, role: str, kinds: Collection[str], *, after: int
) -> EventRow | None:
    """Return the first such event after a moment that is recorded, None if there is none."""
    found = _seqs(run, tensor, role, kinds, run.head + 1, after, 1, "ASC")
    return run.event(found[0]) if found else None


def writes(run: RunTrace, tensor: int, *, before: int, most: int = 100) -> list[EventRow]:
    """Return the events that gave a parameter other values, the latest first."""
    found: list[EventRow] = []
    while len(found) < most:
        rows = events_about(run, tensor, "param", WRITES, before=before, most=most)
        # Of a gradient that was assigned the parameter is told as well; its values stay.
        found += [row for row in rows if row.kind == "updated" or row.name != "grad"]
        if len(rows) < most:
            break
        before = rows[-1].seq
    return found[:most]


def _seqs(
    run: RunTrace,
    tensor: int,
    role: str,
    kinds: Collection[str],
    before: int,
    after: int,
    most: int,
    order: str,
) -> list[int]:
    database = run.database
    numbers = [number for kind in kinds if (number := database.text_id(kind)) is not None]
    role_number = database.text_id(role)
    if not numbers or role_number is None:
        return []
    places = ",".join("?" * len(numbers))
    rows = database.rows(
        "SELECT t.seq FROM event_tensor AS t INDEXED BY event_of_tensor"
        " CROSS JOIN event AS e ON e.run = t.run AND e.seq = +t.seq"
        " WHERE t.run = ? AND t.tensor = ? AND t.seq > ? AND t.seq < ? AND t.role = ?"
        f" AND e.kind IN ({places}) ORDER BY t.seq {order} LIMIT ?",
        (run.number, tensor, after, before, role_number, *numbers, most),
    )
    return [row[0] for row in rows]
