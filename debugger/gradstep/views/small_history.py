"""How a tensor of a few elements went through the run: sparklines, and its last changes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from gradstep.trace.about import events_about
from gradstep.trace.history import gradients_of, values_of, values_of_name
from gradstep.views import numbers
from gradstep.views.formulas.call import contents
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.reading import is_op_name, one, value_of
from gradstep.views.text import Line, crop, fit, line

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import TensorRef, TensorValue
    from gradstep.trace.moment import Moment

FEW: Final = 4
"""Tensors of so many elements have a history instead of statistics and a picture."""

KINDS: Final = ("updated", "written", "accumulated", "zeroed")
WIDEST: Final = 40
LABEL: Final = 8


def is_small(value: TensorValue) -> bool:
    """Tell whether a tensor has so few elements that they can all be written in a line."""
    return 0 < math.prod(value.shape) <= FEW


def history_lines(
    moment: Moment, tensor: int, *, width: int, height: int, glyphs: Glyphs = UNICODE
) -> tuple[Line, ...]:
    """Tell how a small tensor went by now, at most `height` lines; none where there is no past."""
    if height < 1:
        return ()
    if not moment.is_leaf(tensor) and not moment.is_parameter(tensor):
        return _of_name(moment, tensor, width, glyphs)[:height]
    found: list[Line] = []
    room = min(WIDEST, width - LABEL - 24)
    value = moment.value(tensor)
    is_one = value is not None and math.prod(value.shape) == 1
    for label, style, values in (
        ("value" if is_one else "|·|", "leaf", values_of(moment, tensor)),
        (".grad" if is_one else "|.grad|", "backward", gradients_of(moment, tensor)),
    ):
        if len(values) > 1:
            found.append(_spark(label, style, values, room, glyphs))
    rows = events_about(moment.run, tensor, "param", KINDS, before=moment.seq + 1, most=2 * height)
    found += [crop(_change(moment, row, glyphs), width) for row in rows if _tells(moment, row)]
    return tuple(found[:height])


def _of_name(moment: Moment, tensor: int, width: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """A result is another tensor in each iteration: what they have in common is the name."""
    name = moment.name(tensor)
    op = moment.op_of_result(tensor)
    if op is None or is_op_name(name, op.name):
        return ()
    values = values_of_name(moment, name)
    room = min(WIDEST, width - LABEL - 24)
    return (_spark(name, "forward", values, room, glyphs),) if len(values) > 1 else ()


def _spark(label: str, style: str, values: list[float], room: int, glyphs: Glyphs) -> Line:
    drawn = numbers.sparkline(values, max(4, room), glyphs)
    return line(
        (fit(label, LABEL), f"{style} dim"),
        (drawn, style),
        ("  ", ""),
        (f"{numbers.short(values[0])} {glyphs.arrow} {numbers.short(values[-1])}", ""),
    )


def _tells(moment: Moment, row: EventRow) -> bool:
    """Tell whether an event changed something: what was None may be cleared again and again."""
    return row.kind != "zeroed" or one(moment.run.tensors(row.seq), "before") is not None


def _change(moment: Moment, row: EventRow, glyphs: Glyphs) -> Line:
    """One event that gave the leaf, or its gradient, another value."""
    refs = moment.run.tensors(row.seq)
    own = row.kind == "updated" or (row.kind == "written" and row.name != "grad")
    before = one(refs, "before")
    after = one(refs, "param" if own else "after")
    what = {
        "updated": (glyphs.step, "step", f"step {row.step + 1}"),
        "written": (glyphs.other, "leaf", row.name),
        "accumulated": (glyphs.backward, "backward", "backward adds"),
        "zeroed": (glyphs.zero_grad, "zero", "cleared"),
    }
    glyph, style, word = what[row.kind]
    old = "" if row.kind == "written" else f"{_text(moment, before)} {glyphs.arrow} "
    return line(
        (f"{glyph} ", style),
        (f"event {numbers.count(row.seq)}".ljust(11), "dim"),
        (fit(word, 14), style),
        (" .grad  " if not own else "        ", "backward dim"),
        (old, ""),
        (_text(moment, after), "bold"),
    )


def _text(moment: Moment, ref: TensorRef | None) -> str:
    if ref is None:
        return "None"
    value = value_of(moment, ref)
    array = contents(value)
    if array is None:
        return "?" if value is None else f"|·| {numbers.short(value.norm)}"
    items = [numbers.number(float(item)) for item in array.reshape(-1)[:FEW]]
    return items[0] if len(items) == 1 else f"[{', '.join(items)}]"
