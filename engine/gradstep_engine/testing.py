"""Comparing tensors in a script's own tests, as `torch.testing` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradstep_engine.missing import lacking
from gradstep_engine.size import Size
from gradstep_engine.tensor import Tensor, wrap

__all__ = ["assert_close"]

_TOLERANCES = {
    np.dtype(np.float16): (1e-3, 1e-5),
    np.dtype(np.float32): (1.3e-6, 1e-5),
    np.dtype(np.float64): (1e-7, 1e-7),
}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Compare tensors, numbers, or containers: |actual − expected| ≤ atol + rtol·|expected|.

    Raises:
        AssertionError: they differ in shape, type or value.
        ValueError: only one of the tolerances is given.
    """
    if (rtol is None) != (atol is None):
        raise ValueError(
            "Both 'rtol' and 'atol' must be either specified or unspecified, but got no "
            f"{'rtol' if rtol is None else 'atol'}."
        )
    problem = _difference(actual, expected, rtol, atol, equal_nan, check_dtype)
    if problem is not None:
        text = msg(problem) if callable(msg) else msg
        raise AssertionError(text or problem)


def _difference(
    actual: Any, expected: Any, rtol: float | None, atol: float | None, nan: bool, dtype: bool
) -> str | None:
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        if set(actual) != set(expected):
            return f"The keys of the mappings do not match: {set(actual) ^ set(expected)}"
        pairs = [(actual[key], expected[key]) for key in expected]
        return _first(pairs, rtol, atol, nan, dtype)
    if isinstance(expected, (list, tuple)) and isinstance(actual, (list, tuple)):
        if len(actual) != len(expected):
            return f"The length of the sequences mismatch: {len(actual)} != {len(expected)}"
        return _first(list(zip(actual, expected, strict=True)), rtol, atol, nan, dtype)
    a, b = (_array(each) for each in (actual, expected))
    if a.shape != b.shape:
        return f"The values for attribute 'shape' do not match: {Size(a.shape)} != {Size(b.shape)}."
    if dtype and a.dtype != b.dtype:
        return f"The values for attribute 'dtype' do not match: {wrap(a).dtype} != {wrap(b).dtype}."
    relative, absolute = (
        max((_TOLERANCES.get(each.dtype, (0.0, 0.0)) for each in (a, b)), key=sum)
        if rtol is None or atol is None
        else (rtol, atol)
    )
    wrong = ~np.isclose(a, b, rtol=relative, atol=absolute, equal_nan=nan)
    if not wrong.any():
        return None
    gap = np.abs(a.astype(np.float64) - b.astype(np.float64))
    worst = float(np.nanmax(gap)) if not np.isnan(gap).all() else float("nan")
    kind = "Scalars" if a.ndim == 0 else "Tensor-likes"
    return (
        f"{kind} are not close!\n\nMismatched elements: {int(wrong.sum())} / {wrong.size} "
        f"({100 * wrong.mean():.1f}%)\nGreatest absolute difference: {worst} "
        f"(up to {absolute} allowed, relative {relative})"
    )


def _first(pairs: Any, *options: Any) -> str | None:
    for number, (a, b) in enumerate(pairs):
        problem = _difference(a, b, *options)
        if problem is not None:
            return f"{problem}\n\nThe failure occurred for item [{number}]"
    return None


def _array(value: Any) -> Any:
    return np.asarray(value._array if isinstance(value, Tensor) else value)


__getattr__ = lacking("torch.testing")
