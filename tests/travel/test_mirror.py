"""What the capital of a motion is to its small letter, wherever one stands and came from."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from itertools import groupby
from typing import Any

import pytest

from gradstep.protocol.motions import has_place
from gradstep.protocol.place import place
from gradstep.protocol.row import STEPPABLE, EventRow
from gradstep.session.way import Way
from gradstep.trace.landing import landing
from gradstep.trace.reader import RunTrace
from gradstep.trace.scan import run_through
from tests.travel.conftest import SCENARIOS, OpenRun

EVENTS = 400
"""How much of a run is looked at."""


def land(
    run: RunTrace, motion: str, seq: int, *, back: bool = False, target: Any = None
) -> int | None:
    steps = landing(run, motion, run.event(seq), end=run.head, backward=back, target=target)
    return run_through(steps).seq


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("motion", ["step", "line", "phase", "to"])
def test_stops_do_not_depend_on_where_one_comes_from(
    name: str, motion: str, open_run: OpenRun
) -> None:
    """Forward is the next stop, backward the one before: from a stop they undo each other."""
    run, chance = open_run(name).run, random.Random(name)
    end = min(run.head, EVENTS)
    lines = sorted({place(row) for row in run.events(1, end + 1) if has_place(row)})
    file, line = chance.choice(lines)
    target = f"{file}:{line}" if motion == "to" else None
    stops: list[int] = []
    seq: int | None = land(run, motion, 1, target=target)
    while seq is not None and seq <= end:
        stops.append(seq)
        seq = land(run, motion, seq, target=target)
    assert stops
    for seq in sorted({1, end, *stops[:20], *(chance.randint(1, end) for _ in range(30))}):
        ahead = bisect_right(stops, seq)
        if ahead < len(stops):
            assert land(run, motion, seq, target=target) == stops[ahead], f"from event {seq}"
        behind = bisect_left(stops, seq)
        expected = stops[behind - 1] if behind else None
        assert land(run, motion, seq, back=True, target=target) == expected, f"back from {seq}"


@pytest.mark.parametrize("name", SCENARIOS)
def test_all_that_is_in_a_call_finishes_at_its_two_edges(name: str, open_run: OpenRun) -> None:
    run = open_run(name).run
    rows = list(run.events(1, min(run.head, EVENTS) + 1))
    shown = [row for row in rows if row.kind in STEPPABLE]
    last = shown[-1].seq

    def call(row: EventRow) -> int:
        return row.calls[-1] if row.calls else 0

    for number, group in groupby(shown, call):
        inside = list(group)
        if not number or inside[-1].seq == last:
            continue
        edges = {
            (land(run, "finish", row.seq, back=True), land(run, "finish", row.seq))
            for row in inside
        }
        assert len(edges) == 1
        before, after = edges.pop()
        assert before is not None
        assert after is not None
        within = [row for row in shown if before < row.seq < after]
        assert {row.seq for row in inside} <= {row.seq for row in within}
        assert all(number in row.calls for row in within)
        assert number not in run.event(before).calls
        assert number not in run.event(after).calls


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_phase_finishes_at_its_two_ends(name: str, open_run: OpenRun) -> None:
    run = open_run(name).run
    for row in run.events(1, min(run.head, EVENTS) + 1):
        if row.calls or not row.enclosing or row.kind in {"phase_entered", "phase_exited"}:
            continue
        begin, end = land(run, "finish", row.seq, back=True), land(run, "finish", row.seq)
        assert begin == row.enclosing
        if end is not None:
            assert run.event(end).enclosing == begin
            assert land(run, "finish", end, back=True) == begin
            assert land(run, "finish", begin) == end


def test_a_way_is_walked_back_only_from_its_end() -> None:
    way = Way()
    way.went("line", None, start=1, here=1, end=5)
    way.went("step", None, start=5, here=5, end=6)
    assert way.taken_back("line", None, here=6) is None
    assert way.taken_back("step", None, here=6) == 5
    assert way.taken_back("line", None, here=5) == 1
    way.went("line", None, start=1, here=1, end=5)
    assert way.taken_back("line", None, here=4) is None
    assert way.taken_back("line", None, here=5) is None


def test_a_jump_leaves_of_the_way_what_led_there() -> None:
    way = Way()
    way.went("iteration", None, start=1, here=1, end=18)
    way.went("iteration", None, start=18, here=18, end=75)
    way.went("iteration", None, start=75, here=75, end=142)
    assert way.taken_back("iteration", None, here=75) == 18  # A mark, or g, led back to 75.
    assert way.taken_back("iteration", None, here=500) is None
    assert way.taken_back("iteration", None, here=18) == 1


def test_the_capital_takes_back_both_motions_of_a_lesson() -> None:
    way = Way()
    way.went("begin", None, start=4, here=4, end=5)
    way.went("phase", None, start=5, here=5, end=10)
    assert way.taken_back("phase", None, here=10) == 5
    assert way.taken_back("phase", None, here=5) == 4


def test_what_the_user_changed_at_a_stop_belongs_to_it() -> None:
    way = Way()
    way.went("phase", None, start=1, here=1, end=5)
    # Events 6 and 7 are the user's: the next motion counts from 5, and begins at 7.
    way.went("to", "a.py:3", start=7, here=5, end=12)
    assert way.taken_back("to", "a.py:4", here=12) is None
    assert way.taken_back("to", "a.py:3", here=12) == 7
    assert way.taken_back("phase", None, here=5) == 1
