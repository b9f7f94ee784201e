"""Two lists of events are put side by side: what was put in or left out stands alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gradstep.comparison.alignment import ALIKE, WINDOW, Outline, align


def outline(looks: list[int]) -> Outline:
    made = Outline()
    for seq, look in enumerate(looks, 1):
        made.seqs.append(seq)
        made.looks.append(look)
    return made


def stretches(a: list[int], b: list[int]) -> list[tuple[str, int, int, int]]:
    found = align(outline(a), outline(b))
    return [(one.side, one.a, one.b, one.count) for one in found]


ITERATION = list(range(20))
RUN = ITERATION * 10


def test_equal_runs_are_one_stretch() -> None:
    assert stretches(RUN, RUN) == [("both", 0, 0, 200)]


def test_an_event_more_in_each_iteration_stands_alone_each_time() -> None:
    more = [*ITERATION[:7], 99, *ITERATION[7:]]
    found = stretches(RUN, more * 10)
    assert [(side, count) for side, _, _, count in found if side != "both"] == [("b", 1)] * 10


def test_an_iteration_more_is_not_taken_for_another_change() -> None:
    assert stretches(RUN, RUN + ITERATION) == [("both", 0, 0, 200), ("b", 200, 200, 20)]
    assert stretches(RUN[:-3], RUN) == [("both", 0, 0, 197), ("b", 197, 197, 3)]


def test_another_operation_is_one_event_of_each() -> None:
    other = [*RUN[:50], 99, *RUN[51:]]
    assert stretches(RUN, other) == [
        ("both", 0, 0, 50),
        ("a", 50, 50, 1),
        ("b", 51, 50, 1),
        ("both", 51, 51, 149),
    ]


def test_runs_that_never_meet_again_are_left_alone() -> None:
    a, b = [*RUN, *range(100, 200)], [*RUN, *range(300, 400)]
    assert stretches(a, b) == [("both", 0, 0, 200), ("a", 200, 200, 100), ("b", 300, 200, 100)]


def test_more_than_a_window_left_out_does_not_meet_again() -> None:
    gap = list(range(1000, 1000 + WINDOW + ALIKE))
    assert stretches(RUN, gap + RUN)[0] == ("a", 0, 0, 200)


runs = st.lists(st.integers(0, 3), max_size=60)


@given(runs, runs)
def test_every_event_of_both_is_there_once_and_what_is_paired_is_alike(
    a: list[int], b: list[int]
) -> None:
    i = j = 0
    for side, first_a, first_b, count in stretches(a, b):
        assert count > 0
        if side == "both":
            assert (first_a, first_b) == (i, j)
            assert a[i : i + count] == b[j : j + count]
        i += count if side != "b" else 0
        j += count if side != "a" else 0
    assert (i, j) == (len(a), len(b))
