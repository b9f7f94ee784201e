"""Where a NaN or an infinity came about: the rule of the breakpoint `nan`.

An event is an origin if it makes a tensor that holds NaN though nothing that it used did, or one
that holds Inf though all that it used was finite. So `log(0)` is one, and so is the softmax of a
row of −Inf; what passes a NaN on is none. An infinity that was asked for, as in
`masked_fill(mask, -inf)`, is none either, and what comes in from outside counts if it is NaN.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gradstep.protocol.row import EventRow

_INPUTS: Final = frozenset(
    {"input", "source", "root", "grad_output", "contribution", "before", "grad"}
)


@dataclass(frozen=True, slots=True)
class NumberUse:
    """A tensor of an event: whether this version of it is new, and whether it holds NaN or Inf.

    `nan_before` and `inf_before` tell the same of the version before, if there was one.
    """

    role: str
    tensor: int
    version: int
    is_new: bool
    nan: bool
    inf: bool
    nan_before: bool = False
    inf_before: bool = False

    @property
    def is_input(self) -> bool:
        """Whether the event reads this tensor and does not make it."""
        return self.role in _INPUTS or self.role.startswith("state_before")


def origins(row: EventRow, uses: Sequence[NumberUse]) -> list[NumberUse]:
    """Return the tensors of an event with which NaN or Inf came about there."""
    if not any(use.is_new and (use.nan or use.inf) for use in uses) or _is_asked_for(row):
        return []
    read = [use for use in uses if use.is_input or not use.is_new]
    nan_known = any(use.nan for use in read) or any(use.nan_before for use in uses)
    inf_known = any(use.inf for use in read) or any(use.inf_before for use in uses)
    old_nan = any(use.nan and not use.is_new for use in read)
    found = []
    for use in uses:
        if not use.is_new:
            continue
        if use.is_input:
            came_about = use.nan and not old_nan
        else:
            came_about = (use.nan and not nan_known) or (use.inf and not (nan_known or inf_known))
        if came_about:
            found.append(use)
    return found


def origin_text(
    row: EventRow, made: Iterable[tuple[str, str]], used: Iterable[tuple[str, str]]
) -> str:
    """Return what a stop says: each tensor with its counts, those made first.

    `made` and `used` are pairs of a label, such as `output y [2, 2]`, and counts in words.
    """
    parts = [f"{label}: {counts}" for label, counts in (*made, *used)]
    return f"{row.name or row.kind} · {'; '.join(parts)}"


def _is_asked_for(row: EventRow) -> bool:
    """Tell whether one of an operation's own arguments is an infinity or NaN."""
    attributes = row.detail.get("attributes") or {}
    return any(_is_odd(text) for text in attributes.values())


def _is_odd(text: object) -> bool:
    try:
        number = float(str(text))
    except ValueError:
        return False
    return number - number != 0
