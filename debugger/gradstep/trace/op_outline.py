"""The ops of a stretch of a run in outline: enough to tell whether two iterations do the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradstep.trace.reader import RunTrace

Outlined = tuple[int, int, int, int, int]
"""Phase, name, module, file and line; all but the line are numbers of the trace's texts."""


def outline_of_ops(run: RunTrace, start: int, stop: int) -> list[Outlined]:
    """Return the ops and cuts of `start` <= seq < `stop` in their order, in outline."""
    found: list[tuple[int, Outlined]] = []
    for kind in ("op", "graph_cut"):
        number = run.database.text_id(kind)
        rows = run.database.rows(
            "SELECT seq, phase, name, module, file, line FROM event INDEXED BY event_by_kind"
            " WHERE run = ? AND kind = ? AND seq >= ? AND seq < ? ORDER BY seq",
            (run.number, number, start, stop),
        )
        found += [(row[0], row[1:]) for row in rows]
    return [outlined for _, outlined in sorted(found, key=_seq)]


def _seq(found: tuple[int, Outlined]) -> int:
    return found[0]
