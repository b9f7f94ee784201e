"""Statistics of tensors, one by one and many at once."""

from __future__ import annotations

import math

import numpy as np
import pytest

import gradstep_engine as torch
from gradstep.debuggee import adapter

NAN, INF = math.nan, math.inf

ROWS = [
    [[1.0], [-2.0], [0.0], [NAN], [INF], [-INF]],
    [[1.0, 2.0, 3.0], [0.0, 0.0, -1.0], [NAN, 1.0, 5.0], [NAN, INF, -INF], [1e30, -1e30, 1.0]],
    [[1e5 + 0.1 * i for i in range(64)], [0.0] * 64, [math.sin(i) for i in range(64)]],
]


def close(one: adapter.Statistics, other: adapter.Statistics) -> bool:
    return all(
        a == b or (a is not None and b is not None and math.isclose(a, b, rel_tol=1e-9))
        for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64, torch.bool])
@pytest.mark.parametrize("rows", ROWS)
def test_many_at_once_are_what_each_is(rows: list[list[float]], dtype: torch.dtype) -> None:
    if dtype not in (torch.float32, torch.float64):
        rows = [[round(x) if math.isfinite(x) else 0 for x in row] for row in rows]
        rows = [[min(max(x, -(2**40)), 2**40) for x in row] for row in rows]
    tensors = [torch.tensor(row, dtype=dtype) for row in rows]
    found = [(adapter.shape_and_dtype(x)[1], adapter.contents(x)) for x in tensors]
    # A tensor of another size in between, and an empty one: each keeps its place.
    odd, empty = torch.tensor([4.0, 2.0]), torch.tensor([])
    for extra in (odd, empty):
        tensors.insert(1, extra)
        found.insert(1, (adapter.shape_and_dtype(extra)[1], adapter.contents(extra)))
    made = adapter.summarise(found)
    for one, tensor in zip(made, tensors, strict=True):
        assert close(one, adapter.statistics(tensor)), tensor


def test_numbers_of_statistics() -> None:
    pair = torch.tensor([[3.0, -4.0, 0.0, NAN], [INF, 3.0, -4.0, 0.0]], dtype=torch.float64)
    data = adapter.contents(pair[0]), adapter.contents(pair[1])
    one, other = adapter.summarise([("float64", part) for part in data])
    spread = math.sqrt(np.var([3.0, -4.0, 0.0]))
    for found, nan, inf in ((one, 1, 0), (other, 0, 1)):
        assert found[:2] == (-4.0, 3.0)
        assert found[2:5] == pytest.approx((-1 / 3, spread, 5.0))
        assert found[5:] == (1, nan, inf)


def test_a_warning_of_numpy_is_not_the_scripts() -> None:
    huge = np.array([1e308, 1e308, -1.0]).tobytes()
    with np.errstate(all="raise"):
        assert adapter.summarise([("float64", huge)] * 2)[1].max == 1e308
