"""Says which names there are, where one is unknown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

NAMES_SHOWN: Final = 20


def names_text(names: Iterable[str]) -> str:
    """Return `there are a, b, c`, of many names the first."""
    known = list(names)
    shown = ", ".join(known[:NAMES_SHOWN])
    return f"there are {shown}" + (" …" if len(known) > NAMES_SHOWN else "")
