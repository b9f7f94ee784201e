"""The timeline from far away: a column for each iteration, or for many of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradstep.trace.passes import CLEARED, FINE, NO_BACKWARD, NO_STEP, NO_ZERO_GRAD, SEVERAL
from gradstep.views import numbers
from gradstep.views.timeline_columns import Column

if TYPE_CHECKING:
    from gradstep.trace.passes import Passes
    from gradstep.views.glyphs import Glyphs

WIDEST: Final = 6
"""Columns that one iteration takes at most."""

WORDS: Final = {
    CLEARED: "cleared before step",
    NO_ZERO_GRAD: "without zero_grad",
    SEVERAL: "with several backward",
    NO_BACKWARD: "without backward",
    NO_STEP: "without step",
}


def odd_glyph(odd: int, glyphs: Glyphs) -> str:
    """Give the sign of an iteration that stands out, "" for one that does not."""
    return {
        CLEARED: glyphs.pending,
        NO_ZERO_GRAD: glyphs.cut,
        SEVERAL: glyphs.doubled,
        NO_BACKWARD: glyphs.pending,
        NO_STEP: glyphs.none,
    }.get(odd, "")


def far_columns(
    passes: Passes, seq: int, each: int, width: int, is_over: bool, glyphs: Glyphs
) -> tuple[list[Column], int]:
    """Give `width` columns of `each` iterations around an event, and the cursor's place in them.

    A column in which an iteration stands out shows that; the others are a line. Of few iterations
    each has several columns. Only what has been read is shown.
    """
    count = len(passes.numbers)
    total = -(-count // each)
    here = passes.place_of(seq) // each
    first = max(0, min(here - width * 3 // 4, total - width))
    found = []
    for column in range(first, min(total, first + width)):
        start, stop = column * each, min(count, (column + 1) * each)
        odd = max(passes.odd[start:stop])
        if stop == count and is_over:
            odd = max(odd, passes.last_if_over)
        sign = odd_glyph(odd, glyphs)
        style = "warning bold" if odd else ("forward", "zero")[column % 2]
        found.append(Column(sign or glyphs.line, style, passes.starts[start]))
    wide = max(1, min(WIDEST, width // max(1, total))) if each == 1 else 1
    if wide > 1:
        found = [
            one if place == 0 else Column(glyphs.line, one.style.split(" ")[0], one.seq)
            for one in found
            for place in range(wide)
        ]
    return found, (here - first) * wide


def far_caption(passes: Passes, each: int, is_over: bool) -> str:
    """Say how much a column is, and what stands out in the whole run."""
    count = len(passes.numbers)
    told = [numbers.plural(count, "iteration")]
    if each > 1:
        told.append(f"{numbers.count(each)} a column")
    odd = bytearray(passes.odd)
    if is_over and odd:
        odd[-1] = passes.last_if_over
    told += [
        f"{numbers.count(amount)} {words}"
        for code, words in WORDS.items()
        if (amount := odd.count(code))
    ]
    return " · ".join(told)


def oddity_text(odd: int, phases: str) -> str:
    """Say what is odd about one iteration, "" for nothing."""
    if odd == FINE:
        return ""
    if odd == SEVERAL:
        return f"with {phases.count('b')} backward"
    return WORDS[odd]
