"""Cyclic garbage is collected between pictures."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator

import pytest

from gradstep.tui.collecting import (
    AT_ONCE,
    PAUSED_UNTIL_FULL,
    PICTURES_UNTIL_FULL,
    PICTURES_UNTIL_MIDDLE,
    THRESHOLDS,
    Collecting,
)


class Later:
    """A clock that the test lets go on."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, seconds: float, call: Callable[[], None]) -> Later:
        self.waiting.append((seconds, call))
        return self

    def cancel(self) -> None:
        self.waiting.clear()

    def goes_off(self) -> float:
        (seconds, call), *self.waiting = self.waiting
        call()
        return seconds

    def passes(self) -> None:
        """Let a pause pass."""
        while self.waiting:
            self.goes_off()


class Knot:
    """Something that only a collection frees."""

    def __init__(self) -> None:
        self.itself = self


def knot(generation: int) -> weakref.ref[Knot]:
    """Leave garbage that has lived through so many collections."""
    kept = Knot()
    for _ in range(generation):
        gc.collect(generation - 1)
    return weakref.ref(kept)


@pytest.fixture
def between() -> Iterator[tuple[Later, Collecting]]:
    before = gc.get_threshold()
    later, collecting = Later(), Collecting()
    collecting.begin(later)
    assert gc.get_threshold() == THRESHOLDS
    yield later, collecting
    collecting.end()
    assert gc.get_threshold() == before
    assert not gc.get_freeze_count()


def test_what_a_picture_left_goes_right_after_it(between: tuple[Later, Collecting]) -> None:
    later, collecting = between
    left = knot(0)
    collecting.painted()
    assert left() is not None
    assert later.goes_off() == AT_ONCE
    assert left() is None


def test_a_pause_takes_what_is_older(between: tuple[Later, Collecting]) -> None:
    later, collecting = between
    collecting.painted()
    later.passes()
    left = knot(1)
    collecting.painted()
    later.goes_off()
    assert left() is not None
    later.passes()
    assert left() is None


def test_what_the_start_made_is_not_looked_at_again(between: tuple[Later, Collecting]) -> None:
    later, collecting = between
    collecting.painted()
    later.goes_off()
    assert not gc.get_freeze_count()
    later.passes()
    assert gc.get_freeze_count() > 1000


def test_a_picture_puts_the_collection_off(between: tuple[Later, Collecting]) -> None:
    later, collecting = between
    for _ in range(5):
        collecting.painted()
    assert len(later.waiting) == 1


def test_a_pause_after_many_pictures_takes_everything(between: tuple[Later, Collecting]) -> None:
    later, collecting = between
    collecting.painted()
    later.passes()
    left = knot(2)
    for _ in range(PAUSED_UNTIL_FULL - 1):
        collecting.painted()
    later.passes()
    assert left() is not None
    collecting.painted()
    later.passes()
    assert left() is None


@pytest.mark.parametrize(
    ("generation", "pictures"), [(1, PICTURES_UNTIL_MIDDLE), (2, PICTURES_UNTIL_FULL)]
)
def test_without_a_pause_older_objects_have_their_turn(
    between: tuple[Later, Collecting], generation: int, pictures: int
) -> None:
    later, collecting = between
    for _ in range(pictures - 1):
        collecting.painted()
    left = knot(generation)
    later.goes_off()
    assert left() is not None
    collecting.painted()
    later.goes_off()
    assert left() is None


def test_nothing_happens_before_the_beginning() -> None:
    collecting = Collecting()
    collecting.painted()
    collecting.end()
    assert gc.get_threshold() != THRESHOLDS
