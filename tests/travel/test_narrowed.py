"""What a breakpoint is narrowed down to holds every event at which it is met."""

from __future__ import annotations

import pytest

from gradstep.protocol.breakpoints import Breakpoint, BreakpointTable, Entry
from gradstep.session.recorded_probe import RecordedProbe
from gradstep.trace.breakpoint_scan import BreakpointScan
from tests.travel.conftest import OpenRun

PLACES = {
    "two_scalars": (
        "change:x",
        "change:x.grad",
        "change:loss",
        "change:step",
        "change:phase",
        "change:x.norm()",
    ),
    "scheduler": ("change:lr", 'change:optimizer.param_groups[0]["lr"]'),
    "hundred_x": ("change:x", "change:x.grad"),
}


@pytest.mark.parametrize(
    ("scenario", "place"), [(name, text) for name, texts in PLACES.items() for text in texts]
)
def test_no_event_is_missed(open_run: OpenRun, scenario: str, place: str) -> None:
    run = open_run(scenario).run
    entry = Entry(1, Breakpoint.parse(place))
    table = BreakpointTable(
        [entry], script=run.info.script, recorded=True, probe=RecordedProbe(run)
    )
    wanted = [row.seq for row in run.events(1) if table.placed_at(row)]
    scan = BreakpointScan(run, [entry], RecordedProbe(run))
    looked_at = [seq for _, _, seqs in scan.pieces(1, run.head + 1) for seq in seqs]
    assert [row.seq for row, _ in scan.placed(looked_at)] == wanted
    assert wanted
    if not (entry.breakpoint.watched and entry.breakpoint.watched.is_free):
        assert place == "change:phase" or len(looked_at) < run.head / 2


def test_a_finding_is_no_event(open_run: OpenRun) -> None:
    run = open_run("two_scalars").run
    scan = BreakpointScan(run, [Entry(1, Breakpoint.parse("finding:missing-zero-grad"))])
    assert [seqs for _, _, seqs in scan.pieces(1, run.head + 1) if seqs] == []
