"""The database and the rules of `protocol/motions.py` land at the same event, whatever the motion.

The rules are what the script is stepped with, so a motion means the same in the past.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from gradstep.protocol import motions
from gradstep.protocol.breakpoints import Breakpoint, BreakpointTable, Entry
from gradstep.protocol.row import EventRow
from gradstep.trace.breakpoint_scan import BreakpointScan
from gradstep.trace.landing import landing
from gradstep.trace.reader import RunTrace
from gradstep.trace.scan import run_through
from tests.travel.conftest import SCENARIOS, OpenRun

ORIGINS = 12


def by_rule(
    run: RunTrace, motion: str, origin: EventRow, backward: bool, target: Any
) -> tuple[int | None, int]:
    """Drive the rule over the rows, as the stepper does."""
    count = 1
    if motion == "iteration":
        first = run.first_seq_of_iteration(origin.iteration) or 1
        count = motions.occurrence_of(origin, run.events(first, origin.seq + 1))
    rule = motions.rule(
        motion,
        origin,
        backward=backward,
        target=target,
        recorded=True,
        occurrence=count,
        latest=motions.latest_place(run.events_before(origin.seq + 1)),
    )
    rows = run.events_before(origin.seq) if backward else run.events(origin.seq + 1)
    found = motions.search(rule, rows)
    return (None if found is None else found.seq), rule.occurrence


def targets(run: RunTrace, chance: random.Random) -> list[Any]:
    some = run.event(chance.randint(1, run.head))
    return [some.seq, "relu*", "*Backward0", some.name or "mul", f"{some.file}:{some.line or 1}"]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_database_lands_where_the_rule_does(name: str, open_run: OpenRun) -> None:
    session = open_run(name)
    run, chance = session.run, random.Random(name)
    seqs = sorted({1, run.head, *(chance.randint(1, run.head) for _ in range(ORIGINS))})
    for seq in seqs:
        origin = run.event(seq)
        asked = [(motion, None) for motion in motions.MOTIONS if motion != "to"]
        asked += [("to", target) for target in targets(run, chance)]
        for motion, target in asked:
            for backward in (False, True):
                steps = landing(run, motion, origin, end=run.head, backward=backward, target=target)
                found = run_through(steps)
                expected, left = by_rule(run, motion, origin, backward, target)
                what = f"{motion} {target} {'back' if backward else 'on'} from event {seq}"
                assert found.seq == expected, what
                if expected is None and not backward:
                    assert found.occurrence == left, what


def test_a_motion_ends_at_the_given_end(open_run: OpenRun) -> None:
    run = open_run("two_scalars").run
    for motion in ("step", "line", "phase", "iteration", "finish"):
        for seq in range(1, 60):
            whole = run_through(landing(run, motion, run.event(seq), end=run.head)).seq
            cut = run_through(landing(run, motion, run.event(seq), end=60)).seq
            within = whole is not None and whole <= 60
            assert cut == (whole if within else None), f"{motion} from event {seq}"


PLACES = (
    "zero_grad",
    "forward",
    "backward",
    "step",
    "iteration",
    "exception",
    "op:*",
    "op:m*",
    "node:*Backward0",
    "module:*",
    "param:*",
    "param:*weight*",
)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_scan_finds_every_event_at_a_breakpoint(name: str, open_run: OpenRun) -> None:
    run, chance = open_run(name).run, random.Random(name)
    lines = {run.event(chance.randint(1, run.head)).line for _ in range(3)} - {0}
    texts = [*PLACES, *map(str, sorted(lines))]
    for chosen in ([text] for text in texts), (chance.sample(texts, 4) for _ in range(3)):
        for points in chosen:
            entries = [Entry(i, Breakpoint.parse(text)) for i, text in enumerate(points)]
            table = BreakpointTable(entries, script=run.info.script, recorded=True)
            expected = [
                (row.seq, [entry.id for entry in at])
                for row in run.events(1)
                if (at := table.placed_at(row))
            ]
            for pieces in (False, True):
                scan = BreakpointScan(run, entries)
                found = []
                for _, _, seqs in scan.pieces(1, run.head + 1, descending=pieces):
                    found += [(r.seq, [entry.id for entry in at]) for r, at in scan.placed(seqs)]
                assert sorted(found) == expected, points
