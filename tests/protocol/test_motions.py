"""Motions over rows: where they stop, and that a capital undoes its small letter."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gradstep.protocol import motions
from gradstep.protocol.row import STEPPABLE, EventRow
from tests.protocol.rows import FILE, PER_ITERATION, loop, row

ROWS = loop()
END = ROWS[-1].seq


def go(seq: int, motion: str, rows: list[EventRow] = ROWS, **more: Any) -> int | None:
    """Where `motion` from `seq` lands among recorded rows, None if nowhere."""
    if motion == "iteration":
        more["occurrence"] = motions.occurrence_of(rows[seq - 1], rows[:seq])
    rule = motions.rule(motion, rows[seq - 1], recorded=True, **more)
    ahead = rows[: seq - 1][::-1] if more.get("backward") else rows[seq:]
    landing = motions.search(rule, ahead)
    return landing.seq if landing else None


@pytest.mark.parametrize(
    ("motion", "start", "stop"),
    [
        ("step", 1, 2),
        ("step", 2, 3),
        ("step", END, None),
        ("phase", 1, 5),  # zero_grad done
        ("phase", 5, 9),  # forward done
        ("phase", 9, 14),  # backward done
        ("phase", 14, 17),  # step done
        ("phase", 17, 20),  # zero_grad of the next iteration
        ("iteration", 7, 7 + PER_ITERATION),
        ("iteration", 12, 12 + PER_ITERATION),
        ("iteration", 1, 3),  # before the loop: its beginning
        ("iteration", 7 + 2 * PER_ITERATION, None),
        ("finish", 7, 8),  # out of fc's call
        ("finish", 8, 9),  # no call: the end of the forward stretch
        ("finish", 10, 14),
        ("finish", 12, 14),
        ("line", 7, 8),
        ("line", 8, 10),  # the forward's end has no line of its own
        ("line", 10, 15),  # nodes belong to the line of backward()
        ("continue", 1, None),
    ],
)
def test_forward(motion: str, start: int, stop: int | None) -> None:
    assert go(start, motion) == stop


@pytest.mark.parametrize(
    ("motion", "start", "stop"),
    [
        ("step", 3, 2),
        ("step", 2, None),  # the session goes to the beginning then
        ("phase", 9, 5),
        ("phase", 5, None),
        ("iteration", 7 + PER_ITERATION, 7),
        ("iteration", 7, 1),  # no such point before the loop: where that began
        ("finish", 12, 10),
        ("finish", 14, 10),
        ("line", 15, 10),
        ("line", 10, 8),
        ("line", 8, 7),
        ("continue", 12, None),
    ],
)
def test_backward(motion: str, start: int, stop: int | None) -> None:
    assert go(start, motion, backward=True) == stop


@pytest.mark.parametrize("motion", ["step", "phase", "iteration", "line"])
def test_the_capital_undoes_the_small_letter(motion: str) -> None:
    # From a row where the motion itself stops, so that there is something to come back to.
    start = go(1, motion)
    undone = 0
    while start is not None:
        following = go(start, motion)
        if following is None:
            break
        assert go(following, motion, backward=True) == start
        start, undone = following, undone + 1
    assert undone >= 2


def test_a_point_that_does_not_come_again_stops_two_iterations_on() -> None:
    once = row(19, "op", "forward", 2, name="print_me", line=99)
    rows = [*ROWS[:18], once, *(r for r in loop(5) if r.seq > 19)]
    rule = motions.rule("iteration", once)
    landing = motions.search(rule, rows[19:])
    assert landing is not None
    assert (landing.iteration, landing.kind) == (4, "phase_entered")


def twins() -> list[EventRow]:
    """Three iterations; each has three of an op and two of a node on one line, the last one less.

    Iteration n starts at row 7 n - 6: its entry, rows +1 to +3 the ops, +4 and +5 the nodes.
    """
    rows: list[EventRow] = []
    for iteration in (1, 2, 3):
        names = ["pow"] * (3 if iteration < 3 else 2) + ["PowBackward0"] * 2
        rows.append(row(len(rows) + 1, "phase_entered", "forward", iteration, line=4))
        for name in names:
            kind = "op" if name == "pow" else "node"
            rows.append(row(len(rows) + 1, kind, "forward", iteration, name=name, line=5))
        rows.append(row(len(rows) + 1, "phase_exited", "forward", iteration, line=4))
    rows.append(row(len(rows) + 1, "phase_entered", "forward", 4, line=4))
    return rows


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (2, 9),  # the first pow
        (3, 10),
        (4, 11),
        (5, 12),  # the first PowBackward0
        (6, 13),
        (10, 17),
        (11, 21),  # no third pow any more: the iteration after
        (12, 18),
        (13, 19),
    ],
)
def test_iteration_goes_to_the_same_one_of_several(start: int, stop: int) -> None:
    rows = twins()
    assert go(start, "iteration", rows) == stop
    if stop != 21:
        assert go(stop, "iteration", rows, backward=True) == start


def test_iteration_back_without_as_many_is_that_iterations_start() -> None:
    rows = [r for r in twins() if r.seq not in (3, 4)]
    rows = [replace(r, seq=seq) for seq, r in enumerate(rows, 1)]
    assert go(9, "iteration", rows, backward=True) == 1  # the third pow; there is one


def test_what_is_left_of_the_count_is_known() -> None:
    rows = twins()
    rule = motions.rule("iteration", rows[3], occurrence=3)
    assert motions.search(rule, rows[4:10]) is None
    assert rule.occurrence == 1
    ahead = motions.rule("iteration", rows[3], occurrence=rule.occurrence)
    assert motions.search(ahead, rows[10:]) == rows[10]


def test_a_line_is_not_counted_as_lines_are_recorded_in_part() -> None:
    rows = [row(1, "line", iteration=1, line=3), row(2, "line", iteration=1, line=3)]
    assert motions.occurrence_of(rows[1], rows) == 1


def test_iteration_from_a_line_asks_for_lines() -> None:
    assert motions.rule("iteration", row(5, "line", line=3)).arms_lines
    assert not motions.rule("iteration", ROWS[6]).arms_lines


def test_live_line_stops_at_line_rows_only() -> None:
    rule = motions.rule("line", ROWS[6])
    assert rule.arms_lines
    assert not rule.stops_at(ROWS[7])
    assert rule.stops_at(row(60, "line", "forward", 1, line=11))


def test_line_rows_come_first_going_back() -> None:
    rows = [
        row(1, "line", line=3),
        row(2, "op", line=3, name="add"),
        row(3, "op", line=3, name="mul"),
        row(4, "line", line=3),
        row(5, "op", line=3, name="add"),
        row(6, "line", line=4),
    ]
    assert go(6, "line", rows, backward=True) == 4
    assert go(4, "line", rows, backward=True) == 1
    assert go(4, "line", rows) == 6


@pytest.mark.parametrize("target", [f"{FILE}:12", "train.py:12", {"file": FILE, "line": 12}])
def test_to_a_line(target: object) -> None:
    assert go(1, "to", target=target) == 10
    # Backward to where the line began, not to the last of what it did.
    assert go(16, "to", target=target, backward=True) == 10
    assert go(12, "to", target=target, backward=True) == 10
    assert go(10, "to", target=target) == go(12, "to", target=target) == 25


def test_to_a_name_or_a_number() -> None:
    assert go(1, "to", target="Addmm*") == 12
    assert go(1, "to", target="mse_loss") == 8
    assert go(1, "to", target=13) == 13
    assert go(20, "to", target=13, backward=True) == 13
    assert go(1, "to", target="other.py:12") is None


@pytest.mark.parametrize("target", [None, "", 1.5, True])
def test_to_nowhere_is_an_error(target: object) -> None:
    with pytest.raises(motions.MotionError, match="go where"):
        motions.rule("to", ROWS[0], target=target)


def test_unknown_motion() -> None:
    with pytest.raises(motions.MotionError, match="no motion 'jump'"):
        motions.rule("jump", ROWS[0])


def test_prints_and_lines_are_stepped_over() -> None:
    rows = [ROWS[0], row(2, "output", name="stdout"), row(3, "line", line=3), row(4, "op", line=3)]
    assert go(1, "step", rows) == 4
    assert {r.kind for r in rows} - STEPPABLE == {"run_started", "output", "line"}


def test_an_origin_reads_back_without_its_detail() -> None:
    origin = row(5, "op", "forward", 2, name="add", calls=(1, 2), detail={"attributes": {}})
    assert motions.row_from_wire(json.loads(json.dumps(motions.row_to_wire(origin)))) == row(
        5, "op", "forward", 2, name="add", calls=(1, 2)
    )
