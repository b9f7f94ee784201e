"""What logpoints said, and what there is to know about breakpoints, in the order it came."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

KEPT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Remark:
    """`seq` is the event at which it was said, 0 for none; `failed` marks an error or a notice."""

    seq: int
    text: str
    failed: bool = False


class Remarks:
    """Remembers the latest; `count` is how many there were in all."""

    def __init__(self) -> None:
        """Start with none."""
        self.count = 0
        self._kept: deque[Remark] = deque(maxlen=KEPT)

    def add(self, remark: Remark) -> None:
        """Take one more."""
        self.count += 1
        self._kept.append(remark)

    def since(self, count: int) -> Sequence[Remark]:
        """Return those that came after the first `count`, as far as they are kept."""
        new = min(self.count - count, len(self._kept))
        return list(self._kept)[len(self._kept) - new :] if new > 0 else ()
