"""How wide the columns of the graph are: what says most gets its room first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST_RAIL: Final = 24
LEAST_RAIL: Final = 9
LEAST_OP: Final = 6
SHORT_LABEL: Final = 8
SHORT_BAR: Final = 4
BAR: Final = 10
MORE_BAR: Final = 10
MANY_INPUTS: Final = 60
"""With so much room for the leaves, bars can be longer."""
GRAD: Final = 7
PASSES: Final = 3
"""More cells of |grad| where backward comes by twice: `0.0744 x2`."""
BRIEF_INPUTS: Final = 6
"""Room for the norm of the leaves' gradients: `0.0744`."""
NAMED_INPUTS: Final = 14
"""Room for a name beside it: `w.grad -1.2e-5`."""

GAPS: Final = 7
"""The selection's mark, two cells behind the rails, one behind op, the state's glyph and two."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What the columns would like: the widest of their texts."""

    rail: int
    op: int
    label: int
    shape: int
    has_folded: bool
    has_grad: bool
    passes: int


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells for each column, 0 for one that is not shown. `inputs` is what is left."""

    rail: int
    op: int
    label: int
    shape: int
    grad: int
    bar: int
    inputs: int

    @property
    def is_brief(self) -> bool:
        """Whether the leaves are not named: there is room for the norm of their gradients only."""
        return self.inputs < NAMED_INPUTS


def columns(needs: Needs, width: int) -> Columns:
    """Share `width` cells out.

    The op's name comes first and the gradient next, so that bars are there wherever the width
    allows; then the shape, what the result is called, and the leaves. A folded scope has many of
    these: their gradients come before what only looks better wide.
    """
    rail = min(needs.rail, MOST_RAIL, max(LEAST_RAIL, width // 3))
    grad = GRAD + (PASSES if needs.passes > 1 else 0)
    room = max(0, width - rail - grad - GAPS)

    def grant(wish: int, gap: int = 0, least: int = 1) -> int:
        """Give as many cells as there are, none if these are fewer than `least`."""
        nonlocal room
        given = min(wish, room - gap)
        if given < least:
            return 0
        room -= given + gap
        return given

    op = grant(min(needs.op, max(LEAST_OP, room * 2 // 5)))
    bar = grant(SHORT_BAR, 0, SHORT_BAR) if needs.has_grad else 0
    shape = grant(needs.shape, 1, min(needs.shape, 4))
    label = grant(min(needs.label, SHORT_LABEL), 1, min(needs.label, 2))
    inputs = grant(BRIEF_INPUTS, 1, BRIEF_INPUTS) if needs.has_folded else 0
    label += grant(needs.label - label) if label else 0
    bar += grant(BAR - bar) if bar else 0
    op += grant(needs.op - op)
    inputs += grant(room) if inputs else grant(room, 1, BRIEF_INPUTS)
    if inputs > MANY_INPUTS and bar:
        bar, inputs = bar + MORE_BAR, inputs - MORE_BAR
    return Columns(rail, op, label, shape, grad, bar, inputs)
