"""Overflow, division by zero and NaN are results here, as in torch, and nothing to warn about.

A context around every op would cost more than the op. So numpy reports to `_on_error`, which drops
what this package caused and passes on the rest as the warning that the script would have got from
numpy. That setting is for the thread that imports this package; in others numpy warns, and a
filter ignores warnings that arise in this package.
"""

from __future__ import annotations

import re
import sys
import warnings
from types import FrameType

import numpy as np

_OURS = __name__.partition(".")[0] + "."


def _on_error(kind: str, flags: int) -> None:
    caller, depth = sys._getframe(1), 2
    while _name(caller).startswith("numpy.") and caller.f_back is not None:
        caller, depth = caller.f_back, depth + 1  # functions of numpy that are written in Python
    if not _name(caller).startswith(_OURS):
        warnings.warn(f"{kind} encountered", RuntimeWarning, stacklevel=depth)


def _name(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def accept_all_results() -> None:
    """Silence numpy's floating point warnings for this package only."""
    np.seterrcall(_on_error)
    np.seterr(divide="call", over="call", invalid="call")
    warnings.filterwarnings("ignore", category=RuntimeWarning, module=re.escape(_OURS))
