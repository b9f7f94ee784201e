"""The card that explains one event with this run's own numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.text import Line, line

if TYPE_CHECKING:
    from gradstep.trace.reader import Moment


@dataclass(frozen=True, slots=True)
class Card:
    """An explanation. `seq` is the explained event; `matches` tells whether the arithmetic shown
    agrees with the recorded value (None where there was nothing to check); `element` the place
    of the element that the numbers are of, `tensor` the tensor it lies in (None: no element).
    """

    seq: int
    title: str
    lines: tuple[Line, ...]
    matches: bool | None = None
    tensor: int | None = None
    element: tuple[int, ...] = ()


def explain(
    moment: Moment,
    *,
    selected: int | None = None,
    element: tuple[int, ...] | None = None,
    width: int = 72,
    glyphs: Glyphs = UNICODE,
) -> Card:
    """Explain the event under the cursor, or the event `selected` (e.g. the op of a graph row).

    `element` chooses the element whose numbers are shown, by default the one of largest |grad|.
    The first line of the card carries the title; no line is wider than `width`.
    """
    event = moment.event
    return Card(event.seq, event.name or event.kind, (line((event.name or event.kind, "bold")),))
