"""Cyclic garbage is collected in the pauses between pictures."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator

import pytest

from gradstep.tui.collecting import PICTURES_UNTIL_FULL, THRESHOLDS, Collecting


class Later:
    """A timer that the test lets go off."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, seconds: float, call: Callable[[], None]) -> Later:
        self.waiting.append((seconds, call))
        return self

    def stop(self) -> None:
        self.waiting.clear()

    def goes_off(self) -> None:
        (_, call), *self.waiting = self.waiting
        call()


class Knot:
    """Something that only a collection frees."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def later() -> Iterator[tuple[Later, Collecting]]:
    before = gc.get_threshold()
    later = Later()
    collecting = Collecting(later)
    collecting.begin()
    yield later, collecting
    collecting.end()
    assert gc.get_threshold() == before
    assert not gc.get_freeze_count()


def knot() -> weakref.ref[Knot]:
    return weakref.ref(Knot())


def test_a_pause_collects_what_pictures_left(later: tuple[Later, Collecting]) -> None:
    timer, collecting = later
    assert gc.get_threshold() == THRESHOLDS
    collecting.painted()
    timer.goes_off()
    left = knot()
    collecting.painted()
    assert left() is not None
    timer.goes_off()
    assert left() is None


def test_what_the_start_made_is_not_looked_at_again(later: tuple[Later, Collecting]) -> None:
    timer, collecting = later
    collecting.painted()
    assert not gc.get_freeze_count()
    timer.goes_off()
    assert gc.get_freeze_count() > 1000


def test_a_picture_puts_the_collection_off(later: tuple[Later, Collecting]) -> None:
    timer, collecting = later
    for _ in range(5):
        collecting.painted()
    assert len(timer.waiting) == 1


def test_old_garbage_goes_after_many_pictures(later: tuple[Later, Collecting]) -> None:
    timer, collecting = later
    collecting.painted()
    timer.goes_off()
    kept = Knot()
    left = weakref.ref(kept)
    gc.collect()  # it is old now: a collection of the young leaves it alone
    del kept
    for _ in range(PICTURES_UNTIL_FULL - 2):
        collecting.painted()
    timer.goes_off()
    assert left() is not None
    collecting.painted()
    timer.goes_off()
    assert left() is None


def test_nothing_happens_before_the_beginning() -> None:
    timer = Later()
    collecting = Collecting(timer)
    collecting.painted()
    collecting.end()
    assert not timer.waiting
    assert gc.get_threshold() != THRESHOLDS
