"""When two recorded tensors count as the same."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest

from gradstep.comparison import Tolerance
from gradstep.comparison.values import gap
from gradstep.trace.model import TensorValue


def tensor(array: np.ndarray, *, content: bool = True) -> TensorValue:
    wide = array.astype(np.float64)
    finite = wide[np.isfinite(wide)]
    return TensorValue(
        tensor=1,
        version=0,
        seq=1,
        shape=array.shape,
        dtype=array.dtype.name,
        requires_grad=False,
        min=float(finite.min()) if finite.size else None,
        max=float(finite.max()) if finite.size else None,
        mean=float(finite.mean()) if finite.size else None,
        std=float(finite.std()) if finite.size else None,
        norm=float(np.sqrt((finite**2).sum())) if finite.size else None,
        zeros=int((wide == 0).sum()),
        nan=int(np.isnan(wide).sum()),
        inf=int(np.isinf(wide).sum()),
        content=array.tobytes() if content else None,
    )


def f32(*numbers: float) -> TensorValue:
    return tensor(np.array(numbers, np.float32))


def test_rounding_beside_a_large_number_is_no_difference() -> None:
    assert gap(f32(1000.0, 1e-4), f32(1000.0, 2e-4), Tolerance()) is None
    assert gap(f32(1e-4, 1e-4), f32(1e-4, 2e-4), Tolerance()) is not None


def test_the_worst_element_is_named() -> None:
    a = np.zeros((3, 4), np.float32)
    b = a.copy()
    b[1, 2], b[2, 3] = 0.5, -0.75
    found = gap(tensor(a), tensor(b), Tolerance())
    assert found is not None
    assert (found.what, found.at, found.count, found.total) == ("elements", (2, 3), 2, 12)
    assert (found.a, found.b, found.size) == (0.0, -0.75, 0.75)


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_equal_themselves_only(odd: float) -> None:
    assert gap(f32(1.0, odd), f32(1.0, odd), Tolerance()) is None
    found = gap(f32(1.0, odd), f32(1.0, 2.0), Tolerance())
    assert found is not None
    assert (found.at, found.count, found.size) == ((1,), 1, math.inf)
    assert gap(f32(odd), f32(-odd if math.isinf(odd) else 0.0), Tolerance()) is not None


def test_whole_numbers_have_no_tolerance() -> None:
    a, b = np.array([1_000_000_000]), np.array([1_000_000_001])
    assert gap(tensor(a), tensor(b), Tolerance()) is not None
    assert gap(tensor(a), tensor(b), Tolerance(atol=1)) is None


def test_exact_sees_the_last_bit() -> None:
    a, b = f32(1.0), f32(struct.unpack("<f", struct.pack("<I", 0x3F800001))[0])
    assert gap(a, b, Tolerance()) is None
    assert gap(a, b, Tolerance(rtol=0.0)) is not None


def test_shape_and_dtype_come_first() -> None:
    found = gap(f32(1.0), f32(1.0, 2.0), Tolerance())
    assert found is not None
    assert (found.what, found.a, found.b) == ("shape", [1], [2])
    found = gap(f32(1.0), tensor(np.array([1.0])), Tolerance())
    assert found is not None
    assert (found.what, found.a, found.b) == ("dtype", "float32", "float64")


def test_without_contents_the_statistics_speak() -> None:
    numbers = np.linspace(-1, 1, 50, dtype=np.float32)
    a = tensor(numbers, content=False)
    assert gap(a, tensor(numbers * np.float32(1.0000001)), Tolerance()) is None
    other = numbers.copy()
    other[3] = np.nan
    found = gap(a, tensor(other, content=False), Tolerance())
    assert found is not None
    assert (found.what, found.a, found.b) == ("nan", 0, 1)
    found = gap(a, tensor(numbers * 2), Tolerance())
    assert found is not None
    assert found.what == "min"
