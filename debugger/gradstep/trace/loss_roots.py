"""The losses of a moment: what calls of backward() began from, and what one may begin from next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradstep.trace.dataflow import Use

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment

MOST_LOSSES: Final = 8
"""So many losses are offered: the latest of each line, of the latest iterations."""

LOOKED_AT: Final = 64
"""Backward calls that are looked through for losses of other lines."""

MOST_ENDS: Final = 32

MOST_EVENTS: Final = 20_000
"""Events of an iteration that are looked through for a loss that is still to go backward."""


@dataclass(frozen=True, slots=True)
class LossRoot:
    """What backward began from, or may begin from.

    `seq` is the call, or the op that made a number which no backward has begun from yet
    (`is_coming`); `upto` is the event whose view of the values counts.
    """

    tensor: int
    roots: tuple[Use, ...]
    seq: int
    upto: int
    file: str
    line: int
    iteration: int
    is_coming: bool = False


def loss_roots(moment: Moment) -> tuple[LossRoot, ...]:
    """Return the losses to choose from.

    First stands the latest that backward began from; before the first backward of an iteration,
    the latest number that its forward ended in.
    """
    calls = _calls(moment)
    done = {root for call in calls for root in call.roots}
    coming = [one for one in _coming(moment) if not done.intersection(one.roots)]
    event = moment.event
    has_call = bool(calls) and calls[0].iteration == event.iteration
    # While a forward goes on its numbers may still be taken: they are no loss yet.
    goes_on = event.phase == "forward" and event.kind != "phase_exited"
    found = (*calls, *coming) if has_call or goes_on else (*coming, *calls)
    return found[:MOST_LOSSES]


def _calls(moment: Moment) -> list[LossRoot]:
    """Return the latest call of each line, of the latest two iterations that have any."""
    run = moment.run
    found: list[LossRoot] = []
    seen: set[tuple[str, int]] = set()
    looked, newest = 0, 0
    for row in run.events_before(moment.seq + 1, ("phase_entered",)):
        if row.phase != "backward":
            continue
        newest = newest or row.iteration
        looked += 1
        if looked > LOOKED_AT or row.iteration < newest - 1 or len(found) == MOST_LOSSES:
            break
        refs = run.tensors(row.seq)
        roots = tuple((r.tensor, r.version) for r in refs if r.role == "root" and r.tensor)
        if roots and (row.file, row.line) not in seen:
            seen.add((row.file, row.line))
            at = (row.file, row.line, row.iteration)
            found.append(LossRoot(roots[0][0], roots, row.seq, row.seq, *at))
    return found


def _coming(moment: Moment) -> list[LossRoot]:
    """Return the numbers on the graph that nothing of the iteration has taken, the latest first."""
    run, event = moment.run, moment.event
    start = run.first_seq_of_iteration(event.iteration) or 1
    start = max(start, moment.seq + 1 - MOST_EVENTS)
    found: list[LossRoot] = []
    for seq, use in _ends(moment, start):
        op = run.event(seq)
        if op.kind == "op" and op.phase == "forward" and op.detail.get("grad_fn"):
            if not _is_number(moment, use):
                continue
            at = (op.file, op.line, op.iteration)
            found.append(LossRoot(use[0], (use,), seq, seq + 1, *at, is_coming=True))
            if len(found) == MOST_LOSSES:
                break
    return found


def _ends(moment: Moment, start: int) -> list[tuple[int, Use]]:
    """Return what events since `start` made and no later one took, with its event, latest first."""
    database = moment.run.database
    roles = [database.text_id(role) or 0 for role in ("input", "output")]
    made: dict[int, tuple[int, Use]] = {}
    for seq, role, tensor, version in database.rows(
        "SELECT seq, role, tensor, version FROM event_tensor WHERE run = ? AND seq >= ?"
        " AND seq <= ? AND role IN (?, ?) AND tensor IS NOT NULL ORDER BY seq, position",
        (moment.run.number, start, moment.seq, *roles),
    ):
        if role == roles[0]:
            made.pop(tensor, None)
        else:
            made[tensor] = (seq, (tensor, version))
    return sorted(made.values(), reverse=True)[:MOST_ENDS]


def _is_number(moment: Moment, use: Use) -> bool:
    row = moment.run.database.row(
        "SELECT shape FROM value WHERE run = ? AND tensor = ? AND seq <= ? AND version = ?"
        " ORDER BY seq DESC LIMIT 1",
        (moment.run.number, use[0], moment.seq, use[1]),
    )
    return row is not None and all(size == "1" for size in (row[0] or "1").split(","))
