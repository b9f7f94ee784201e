"""What to offer in place of a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

OFFERED: Final = 6


def closest_text(wanted: str, known: Iterable[str]) -> str:
    """Return `did you mean a or b?`, else `there are a, b …`, "" where nothing is known."""
    names = sorted(set(known))
    if not names:
        return ""
    plain = wanted.strip("*?")
    close = get_close_matches(plain, names, n=2, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(close)}?"
    shown = ", ".join(names[:OFFERED])
    return f"there are {shown}" + (" …" if len(names) > OFFERED else "")
