"""Says by what a value changed, why a run broke off: the words of stops, live and recorded."""

from __future__ import annotations

from collections.abc import Mapping

from gradstep.protocol.place import place
from gradstep.protocol.row import EventRow


def changed_text(what: str, row: EventRow, difference: str, made: tuple[str, int] | None) -> str:
    """Return `w changed by the update (SGD), line 13: 2 → 1.6 (−0.4)`.

    `made` is the operation and the event that made a tensor which only now got its name, None if
    `row` itself is what changed it.
    """
    if made is not None:
        how = f"by {made[0] or 'a new tensor'} (event {made[1]:,})"
    else:
        line = place(row)[1]
        how = cause_of(row) + (f", line {line}" if line and row.kind != "line" else "")
    return f"{what} changed {how}: {difference}"


def cause_of(row: EventRow) -> str:
    """Return by what, or where, an event changes something, in a few words."""
    match row.kind:
        case "updated":
            return f"by the update ({row.detail.get('class', 'optimizer')})"
        case "accumulated":
            return "by accumulation"
        case "zeroed":
            return "when the gradient was cleared"
        case "clipped":
            return "by clipping"
        case "written":
            return f"by hand ({row.name})"
        case "line":
            return f"before line {row.line}"
        case "phase_entered":
            return f"as {row.name} begins"
        case "phase_exited":
            return f"as {row.name} ends"
    return f"by {row.name or row.kind}"


def error_text(row: EventRow) -> str:
    """Return the error that ended a phase or the run, and where it came from; "" for none."""
    error = row.detail.get("error")
    if isinstance(error, Mapping):
        text = f"{error.get('type', 'error')}: {error.get('message', '')}".rstrip(": ")
        failed = error.get("failed", "")
    else:
        text, failed = str(error or ""), row.detail.get("failed", "")
    return f"{text} · in {failed}" if text and failed else text
