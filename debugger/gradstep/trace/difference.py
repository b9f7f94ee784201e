"""How two values differ, in words: what a stop at a change says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from gradstep.trace.model import TensorValue

if TYPE_CHECKING:
    import numpy as np

FIRST_SHOWN: Final = 2
_TEXT_LIMIT: Final = 80
_NUMBERS: Final = (int, float)


def array_difference(old: np.ndarray | None, new: np.ndarray | None) -> str:
    """Say how the numbers of a tensor changed, "" if they did not. None stands for no tensor."""
    import numpy as np

    if old is None or new is None:
        return "" if old is new else f"{_array_text(old)} → {_array_text(new)}"
    if old.shape != new.shape or old.dtype != new.dtype:
        return f"{_array_text(old)} → {_array_text(new)}"
    with np.errstate(all="ignore"):
        differs = np.asarray(old != new)
        if old.dtype.kind in "fc":
            differs &= ~(np.isnan(old) & np.isnan(new))
        count = int(np.count_nonzero(differs))
        if not count:
            return ""
        if old.size == 1:
            return value_difference(old.reshape(-1)[0].item(), new.reshape(-1)[0].item())
        wide = np.complex128 if old.dtype.kind == "c" else np.float64
        delta = np.abs(new[differs].astype(wide) - old[differs].astype(wide))
        finite = delta[np.isfinite(delta)]
    parts = [f"{count:,} of {old.size:,} elements"]
    if finite.size:
        parts.append(f"max |Δ| {finite.max():.4g}, |Δ| {math.sqrt(float(finite @ finite)):.4g}")
    if finite.size < count:
        parts.append(f"{count - finite.size:,} to or from NaN or Inf")
    for place in np.argwhere(differs)[:FIRST_SHOWN].tolist():
        index = ", ".join(map(str, place))
        parts.append(f"[{index}] {_number(old[tuple(place)])} → {_number(new[tuple(place)])}")
    return "; ".join(parts) + ("; …" if count > FIRST_SHOWN else "")


def recorded_difference(old: TensorValue | None, new: TensorValue | None) -> str:
    """Do what `array_difference` does for recorded tensors, as far as they were recorded.

    Without contents the statistics decide, and the text says so.
    """
    from gradstep.trace.numbers import to_numpy

    held = [value for value in (old, new) if value is not None]
    if all(value.content is not None for value in held):
        arrays = [None if value is None else to_numpy(value) for value in (old, new)]
        return array_difference(*arrays)
    if old is None or new is None or (old.shape, old.dtype) != (new.shape, new.dtype):
        texts = ["None" if value is None else _recorded_text(value) for value in (old, new)]
        return f"{texts[0]} → {texts[1]}"
    if _statistics(old) == _statistics(new):
        return ""
    if math.prod(old.shape) == 1 and old.mean is not None and new.mean is not None:
        return value_difference(old.mean, new.mean)
    means = f"mean {_number(old.mean)} → {_number(new.mean)}"
    return f"{means}; norm {_number(old.norm)} → {_number(new.norm)} (contents were not recorded)"


def value_difference(old: Any, new: Any) -> str:
    """Say how a value that is no tensor changed, with the difference of two numbers."""
    text = f"{_text(old)} → {_text(new)}"
    if all(isinstance(one, _NUMBERS) and not isinstance(one, bool) for one in (old, new)):
        delta = new - old
        if math.isfinite(delta):
            text += f" ({'+' if delta >= 0 else '−'}{_number(abs(delta))})"
    return text


def snapshot(value: Any) -> Any:
    """Return what a value is now, to be compared later: containers and arrays by contents.

    Any other object is compared by who it is: an attribute of it is seen only if it is named.
    """
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        return ("nan",) if value != value else value
    if hasattr(value, "_array") and hasattr(value, "uid"):
        return "tensor", value._array.shape, value._array.tobytes()
    if isinstance(value, Mapping):
        return "mapping", tuple((snapshot(key), snapshot(one)) for key, one in value.items())
    if isinstance(value, Sequence):
        return type(value).__name__, tuple(map(snapshot, value))
    if isinstance(value, set | frozenset):
        return "set", frozenset(map(snapshot, value))
    if hasattr(value, "tobytes") and hasattr(value, "shape"):
        return "array", value.shape, value.tobytes()
    return "object", type(value).__name__, id(value)


class _Text(str):
    """What a value looked like when it was kept; its repr is itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def kept(value: Any) -> Any:
    """Return a value as it is to be shown later: its text now, where the value could change."""
    if value is None or isinstance(value, bool | int | float | complex | str):
        return value
    return _Text(_text(value))


def _statistics(value: TensorValue) -> tuple[Any, ...]:
    return (
        *(value.min, value.max, value.mean, value.std, value.norm),
        *(value.zeros, value.nan, value.inf),
    )


def _array_text(array: np.ndarray | None) -> str:
    if array is None:
        return "None"
    if array.size == 1:
        return _number(array.reshape(-1)[0])
    import numpy as np

    with np.errstate(all="ignore"):
        norm = float(np.linalg.norm(array.reshape(-1).astype(np.complex128)))
    return f"{array.dtype.name}{list(array.shape)} of norm {_number(norm)}"


def _recorded_text(value: TensorValue) -> str:
    if math.prod(value.shape) == 1 and value.mean is not None:
        return _number(value.mean)
    return f"{value.dtype}{list(value.shape)} of norm {_number(value.norm)}"


def _number(value: Any) -> str:
    number = value.item() if hasattr(value, "item") else value
    return f"{number:.6g}" if isinstance(number, int | float | complex) else str(number)


def _text(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,}" if isinstance(value, int) else _number(value)
    text = " ".join(repr(value).split())
    return text if len(text) <= _TEXT_LIMIT else f"{text[: _TEXT_LIMIT - 1]}…"
