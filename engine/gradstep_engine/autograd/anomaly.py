"""Anomaly mode: a backward that makes NaN says which operation of the script it belongs to."""

from __future__ import annotations

import sys
import traceback
import warnings
from typing import Any

import numpy as np

from gradstep_engine.autograd import function


class Anomaly:
    """Whether anomalies are looked for, and where in the script each node was made.

    `places` has a formatted stack for every node made in this mode, by its sequence number: a
    node's number is drawn where it is made, so that is where the stack is taken, and nothing is
    paid while the mode is off.
    """

    enabled: bool = False
    checks_nan: bool = True
    places: dict[int, str] = {}  # noqa: RUF012 (one for the process)


_draw = function.next_sequence


def _draw_with_place() -> int:
    number = _draw()
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("gradstep_engine"):
        frame = frame.f_back
    Anomaly.places[number] = "".join(traceback.format_stack(frame))
    return number


def is_anomaly_enabled() -> bool:
    """Return whether anomalies are looked for."""
    return Anomaly.enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Return whether a NaN counts as one."""
    return Anomaly.checks_nan


def _switch(mode: bool, check_nan: bool) -> None:
    Anomaly.enabled, Anomaly.checks_nan = mode, check_nan
    function.next_sequence = _draw_with_place if mode else _draw
    if not mode:
        Anomaly.places.clear()


class set_detect_anomaly:
    """Look for anomalies from now on, or stop; as a context manager, until the end of the block."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = Anomaly.enabled, Anomaly.checks_nan
        _switch(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        _switch(*self._before)


class detect_anomaly:
    """Context in which a backward that makes NaN raises and names the operation."""

    def __init__(self, check_nan: bool = True) -> None:
        self._check_nan = check_nan
        self._before = False, True
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should "
            "only be enabled for debugging.",
            stacklevel=2,
        )

    def __enter__(self) -> None:
        self._before = Anomaly.enabled, Anomaly.checks_nan
        _switch(True, self._check_nan)

    def __exit__(self, *error: object) -> None:
        _switch(*self._before)


def check_finite(node: Any, results: Any) -> None:
    """Refuse NaN in what `node` computed; a warning shows where the script made the node.

    Raises:
        RuntimeError: a gradient has a NaN.
    """
    if not Anomaly.checks_nan:
        return
    for position, result in enumerate(results):
        if result is not None and np.isnan(result).any():
            place = Anomaly.places.get(node.sequence)
            told = (
                "No forward pass information available. Enable detect anomaly during forward pass "
                "for more information."
                if place is None
                else f"Traceback of forward call that caused the error:\n{place}"
            )
            warnings.warn(f"Error detected in {node.name()}. {told}", stacklevel=2)
            raise RuntimeError(
                f"Function '{node.name()}' returned nan values in its {position}th output."
            )
