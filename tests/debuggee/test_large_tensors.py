"""Statistics and checksums of tensors that are worked through block by block."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gradstep.debuggee import adapter

SIZE = 200_001


def tensor(array: Any) -> Any:
    return SimpleNamespace(_array=array)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "bool", "complex64"])
@pytest.mark.parametrize("centre", [0.0, 50.0])
def test_statistics_of_many_blocks_are_those_of_numpy(dtype: str, centre: float) -> None:
    array = (np.random.default_rng(0).normal(centre, 2.0, SIZE)).astype(dtype)
    found = adapter.statistics(tensor(array.reshape(3, -1)))
    wide = np.abs(array).astype(float) if array.dtype.kind == "c" else array.astype(float)
    assert (found.min, found.max) == (wide.min(), wide.max())
    assert found.mean == pytest.approx(wide.mean(), rel=1e-9, abs=1e-9)
    assert found.std == pytest.approx(wide.std(), rel=1e-9)
    assert found.norm == pytest.approx(np.linalg.norm(wide), rel=1e-12)
    assert (found.zeros, found.nan, found.inf) == (int(np.count_nonzero(wide == 0)), 0, 0)


def test_a_small_spread_about_a_large_mean_is_kept() -> None:
    array = np.random.default_rng(0).normal(1e6, 1e-3, SIZE)
    assert adapter.statistics(tensor(array)).std == pytest.approx(array.std(), rel=1e-4)


def test_what_is_not_finite_is_counted_and_left_out() -> None:
    array = np.ones(SIZE, np.float32)
    array[:70_000] = np.nan
    array[100_000] = -np.inf
    found = adapter.statistics(tensor(array))
    assert (found.nan, found.inf, found.zeros) == (70_000, 1, 0)
    assert (found.min, found.max, found.mean, found.std) == (1.0, 1.0, 1.0, 0.0)
    nothing = adapter.statistics(tensor(np.full(SIZE, np.nan)))
    assert (nothing.min, nothing.mean, nothing.nan) == (None, None, SIZE)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "bool", "complex128"])
def test_a_checksum_depends_on_contents_alone(dtype: str) -> None:
    array = np.random.default_rng(1).normal(0.0, 3.0, (50, 401)).astype(dtype)
    same = adapter.checksum(tensor(array))
    assert adapter.checksum(tensor(array.copy())) == same
    assert adapter.checksum(tensor(np.asfortranarray(array))) == same
    changed = array.copy()
    changed[17, 300] = changed[17, 300] == 0
    assert adapter.checksum(tensor(changed)) != same
    if array.dtype.kind == "f":
        assert adapter.checksum(tensor(-array)) != same
    not_finite = np.full(20_000, np.nan)
    assert adapter.checksum(tensor(not_finite)) == adapter.checksum(tensor(not_finite.copy()))
