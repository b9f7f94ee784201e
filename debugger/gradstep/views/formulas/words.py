"""What backward does of ops that have no formula here: described in words.

The list is short on purpose. An op belongs here where a formula of one element would not fit a
line, or needs what no tensor of the trace holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow

_MATRIX: Final = "a formula of whole matrices: no element of it stands alone"

WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("eigh", "svd", "qr"), _MATRIX),
    "fractional_max_pool2d": "grad_out goes to the element that was the largest of its window",
}
"""One sentence for each op, to stand behind `grad =`."""

EXCEPTIONS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("svd", "qr"), "not worked out: its factors have free signs, and hold only together"
    ),
    "fractional_max_pool2d": "not worked out: where its windows begin is drawn by chance",
    "grid_sampler": "not worked out: it mixes by many small steps, and none of them is recorded",
    "multi_head_attention_forward": "not worked out: of the many steps inside it none is recorded",
}
"""Why there are no numbers in forward: ops that what was recorded does not suffice for."""


def words_of(op: EventRow | None) -> str:
    """Describe backward of an op without a formula; "" where nothing is known of it."""
    if op is None:
        return ""
    if len(op.detail.get("nodes") or ()) > 1:
        return f"one of several nodes of {op.name}"
    return WORDS.get(op.name, "")
