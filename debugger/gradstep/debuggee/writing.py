"""Writes what the user typed in for one element or hyper-parameter, once it is sound."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gradstep.debuggee.recorder import Recorder


class EditError(Exception):
    """The change cannot be made; the text is one line."""


def _at_least_zero(number: float) -> bool:
    return number >= 0


def _share(number: float) -> bool:
    return 0 <= number < 1


_RANGES: Final[Mapping[str, tuple[Callable[[float], bool], str]]] = {
    **dict.fromkeys(
        ("lr", "eps", "weight_decay", "momentum", "alpha", "lr_decay", "momentum_decay"),
        (_at_least_zero, "at least 0"),
    ),
    "betas": (_share, "two numbers from 0 to below 1"),
    "rho": (lambda number: 0 <= number <= 1, "from 0 to 1"),
}


def write(recorder: Recorder, message: Mapping[str, Any]) -> None:
    """Do what an `edit` request asks.

    Raises:
        EditError: there is no such thing, or the value does not fit it.
    """
    what, value = str(message["what"]), message["value"]
    accepts = bool(message.get("accept"))
    if what == "hyper":
        _write_hyper(recorder, message, value, accepts=accepts)
        return
    leaf = recorder.book.live(int(message["tensor"]))
    if leaf is None:
        raise EditError("this tensor is gone; the trace has its past")
    target = leaf.grad if what == "grad" else leaf
    if target is None:
        raise EditError(".grad is None: there is no element to write")
    _write_element(target, message["index"], value, accepts=accepts)


def _write_element(target: Any, index: Sequence[Any], value: Any, *, accepts: bool) -> None:
    number = _number(value)
    shape = target._array.shape
    place = tuple(int(at) for at in index)
    if len(place) != len(shape) or any(
        not -size <= at < size for at, size in zip(place, shape, strict=False)
    ):
        raise EditError(f"there is no element {list(place)} in a tensor of shape {list(shape)}")
    import numpy as np

    with np.errstate(all="ignore"):
        stored = np.asarray(number).astype(target._array.dtype).item()
    if not accepts and not _is_finite(stored):
        raise EditError(f"this would write {stored}; say so explicitly")
    target._writable()[place] = stored
    target._bump()


def _write_hyper(
    recorder: Recorder, message: Mapping[str, Any], value: Any, *, accepts: bool
) -> None:
    number, index, name = int(message["optimizer"]), int(message["group"]), str(message["name"])
    optimizer = dict(recorder.optimizers.live()).get(number)
    if optimizer is None:
        raise EditError("this optimizer is gone")
    if not 0 <= index < len(optimizer.param_groups):
        raise EditError(f"there is no group {index}")
    group = optimizer.param_groups[index]
    if name == "params" or name not in group:
        known = ", ".join(key for key in group if key != "params")
        raise EditError(f"there is no hyper-parameter {name}; there are {known}")
    old = group[name]
    if hasattr(old, "_array"):
        new = _in_range(name, _number(value), accepts=accepts)
        old._writable()[...] = new
        old._bump()
        return
    group[name] = _fitting(name, old, value, accepts=accepts)


def _fitting(name: str, old: Any, value: Any, *, accepts: bool) -> Any:
    """Return a value of the kind that a hyper-parameter has."""
    if isinstance(old, bool):
        if not isinstance(value, bool):
            raise EditError(f"{name} is True or False")
        return value
    if isinstance(old, (tuple, list)):
        if not isinstance(value, (tuple, list)) or len(value) != len(old):
            raise EditError(f"{name} is {len(old)} numbers, as in ({', '.join(map(str, old))})")
        return type(old)(_in_range(name, _number(each), accepts=accepts) for each in value)
    if isinstance(old, (int, float)):
        number = _in_range(name, _number(value), accepts=accepts)
        return int(number) if isinstance(old, int) and number == int(number) else number
    raise EditError(f"{name} is {old!r}: change it from the console")


def _in_range(name: str, number: float, *, accepts: bool) -> float:
    if not accepts and not _is_finite(number):
        raise EditError(f"{name} would become {number}; say so explicitly")
    fits, told = _RANGES.get(name, (lambda _: True, ""))
    if _is_finite(number) and not fits(number):
        raise EditError(f"{name} is {told}; not {number:g}")
    return number


def _number(value: Any) -> float:
    if isinstance(value, str) and value in ("nan", "inf", "-inf"):
        return float(value)  # JSON has no such numbers
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise EditError("a number is wanted")
    return float(value)


def _is_finite(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)
