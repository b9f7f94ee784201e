"""How values differ, in words, and what a tensor's numbers are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gradstep.trace.census import census, recorded_census
from gradstep.trace.difference import (
    array_difference,
    kept,
    recorded_difference,
    snapshot,
    value_difference,
)
from gradstep.trace.model import TensorValue


def array(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float32)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (array(1, 2), array(1, 2), ""),
        (array(math.nan, 2), array(math.nan, 2), ""),
        (array(2), array(1.5), "2 → 1.5 (−0.5)"),
        (None, array(2), "None → 2"),
        (None, None, ""),
        (array(3, 4), None, "float32[2] of norm 5 → None"),
        (array(1, 2), array(4, 6), "2 of 2 elements; max |Δ| 4, |Δ| 5; [0] 1 → 4; [1] 2 → 6"),
        (array(1, 2, 3), array(1, 2, 7), "1 of 3 elements; max |Δ| 4, |Δ| 4; [2] 3 → 7"),
        (array(1, 2), array(1, 2, 3), "float32[2] of norm 2.23607 → float32[3] of norm 3.74166"),
        (array(1, 2), array(1, math.nan), "1 of 2 elements; 1 to or from NaN or Inf; [1] 2 → nan"),
    ],
)
def test_tensors(old: Any, new: Any, text: str) -> None:
    assert array_difference(old, new) == text


def test_only_the_first_places_are_named() -> None:
    text = array_difference(np.zeros((2, 3)), np.ones((2, 3)))
    assert text == "6 of 6 elements; max |Δ| 1, |Δ| 2.449; [0, 0] 0 → 1; [0, 1] 0 → 1; …"


def recorded(numbers: np.ndarray, *, content: bool = True) -> TensorValue:
    data = numbers.tobytes() if content else None
    found = (numbers.min(), numbers.max(), numbers.mean(), numbers.std(), np.linalg.norm(numbers))
    low, high, mean, std, norm = map(float, found)
    shape = numbers.shape
    return TensorValue(1, 0, 5, shape, "float32", False, low, high, mean, std, norm, 0, 0, 0, data)


def test_recorded_tensors_by_contents_else_by_statistics() -> None:
    one, other = recorded(array(1, 2)), recorded(array(1, 4))
    assert recorded_difference(one, other) == "1 of 2 elements; max |Δ| 2, |Δ| 2; [1] 2 → 4"
    one, other = (recorded(array(1, x), content=False) for x in (2, 4))
    assert recorded_difference(one, other) == (
        "mean 1.5 → 2.5; norm 2.23607 → 4.12311 (contents were not recorded)"
    )
    assert recorded_difference(one, one) == ""
    assert recorded_difference(None, recorded(array(2), content=False)) == "None → 2"


def test_plain_values() -> None:
    assert value_difference(3, 5) == "3 → 5 (+2)"
    assert value_difference(0.1, 0.05) == "0.1 → 0.05 (−0.05)"
    assert value_difference("a", None) == "'a' → None"
    assert value_difference(True, False) == "True → False"
    old = [1]
    before = kept(old)
    old.append(2)
    assert value_difference(before, kept(old)) == "[1] → [1, 2]"


def test_a_snapshot_sees_into_containers_and_leaves_objects_alone() -> None:
    values: dict[str, Any] = {"a": [1, {2}], "b": array(1, 2)}
    before = snapshot(values)
    assert snapshot(values) == before
    values["b"][1] = 3
    assert snapshot(values) != before
    assert snapshot(math.nan) == snapshot(math.nan)
    assert snapshot([1]) != snapshot((1,))
    thing = object()
    assert snapshot(thing) == snapshot(thing)


def test_a_census_counts_every_kind() -> None:
    numbers = array(-math.inf, -2, -1, 0, 3, math.inf, math.nan, math.nan)
    found = census(numbers)
    assert found == (1, 2, 1, 1, 1, 2)
    assert str(found) == "2 NaN, 1 −Inf, 1 +Inf, 2 negative, 1 zero, 1 positive"
    assert str(census(np.array([[1, 0]]))) == "1 zero, 1 positive"
    assert str(census(np.zeros(0))) == "empty"


def test_a_census_of_statistics_says_what_they_tell() -> None:
    value = TensorValue(1, 0, 5, (4,), "float32", False, 1.0, 2.0, 1.5, 0.5, 3.0, 0, 1, 1, None)
    assert recorded_census(value) == "1 NaN, 1 Inf, 2 finite"
