"""The explanation of a module's call that was selected in the graph as a whole."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from gradstep.views import numbers
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.graph_details import grad_norm, name_inside
from gradstep.views.reading import norm_of, result_name, value_of
from gradstep.views.text import Line, crop, line

if TYPE_CHECKING:
    from gradstep.trace.model import TensorRef
    from gradstep.views.graph_rows import FoundRows, GraphRow

MOST: Final = 12
"""So many parameters and inputs are named."""


def scope_card(
    rows: FoundRows, index: int, *, width: int, glyphs: Glyphs = UNICODE
) -> tuple[Line, ...]:
    """Say what a module's call has done, took, gave and holds; no line is wider than `width`."""
    row = rows[index]
    assert row.scope is not None
    ops = rows.ops[row.scope.first : row.scope.stop]
    places = [op.event.line for op in ops if op.event.file == ops[0].event.file]
    first, last = min(places), max(places)
    span = f"line {first}" if first == last else f"lines {first}-{last}"
    lines = [line((row.name, "forward bold"), (f"  a call of the module  {span}", "dim"))]
    lines.append(_progress(row, glyphs))
    for source in row.scope.taken[:MOST]:
        taken = rows.ops[source]
        lines.append(_tensor(rows, "in", taken.made, taken.event.name, glyphs))
    if row.ran == row.size:
        name = rows.ops[row.scope.output].event.name
        given = _tensor(rows, "out", row.made, name, glyphs)
        norm = numbers.short(norm_of(rows.moment, row.arriving)) if row.nodes else ""
        arrived = line(("  |grad| " if norm else "", "dim"), (norm, "backward bold"))
        lines.append((*given, *arrived))
    lines += _parameters(rows, row, glyphs)
    return tuple(crop(found, width) for found in lines)


def _progress(row: GraphRow, glyphs: Glyphs) -> Line:
    amount = numbers.plural(row.size, "op")
    ran = amount if row.ran == row.size else f"{row.ran} of {amount} have run"
    back = f"  {glyphs.backward} backward came by {row.walked} of {row.walkable}"
    cuts = f"  {glyphs.cut} {numbers.plural(row.cuts, 'cut')} inside"
    return line(
        (f"  {ran}", "forward"),
        (back if row.walkable else "", "backward"),
        (cuts if row.cuts else "", "warning"),
    )


def _tensor(rows: FoundRows, role: str, ref: TensorRef | None, op: str, glyphs: Glyphs) -> Line:
    value = value_of(rows.moment, ref)
    name = result_name(rows.moment, ref.tensor if ref is not None else None, op)
    if value is None:
        return line((f"  {role:<4}", "dim"), name)
    norm = numbers.short(norm_of(rows.moment, ref))
    shape = f"  {numbers.shape(value.shape)} |{glyphs.times}| "
    return line((f"  {role:<4}", "dim"), (name, "bold"), (shape, "dim"), norm)


def _parameters(rows: FoundRows, row: GraphRow, glyphs: Glyphs) -> list[Line]:
    """Name the parameters, those with the largest gradients first; each with two norms."""
    moment, found = rows.moment, []
    for leaf in row.leaves:
        reached = rows.own.has_reached(leaf, moment.seq)
        found.append((grad_norm(moment, leaf) if reached else None, leaf))
    if not found:
        return [line(("  no parameters", "dim"))]
    with_grad = [leaf for norm, leaf in found if norm is not None]
    whole = numbers.short(grad_norm(moment, *with_grad)) if with_grad else ""
    lines = [
        line(
            (f"  {numbers.plural(len(found), 'parameter')}", "leaf"),
            ("  |grad| of all " if whole else "", "dim"),
            (whole, "leaf bold"),
        )
    ]
    found.sort(key=_rank)
    for norm, leaf in found[:MOST]:
        value = moment.value(leaf)
        size = numbers.short(value.norm) if value is not None else "?"
        lines.append(
            line(
                f"    {name_inside(row.module, moment.name(leaf))}",
                (f"  |{glyphs.theta}| {size}", "dim"),
                ("" if norm is None else f"  |grad| {numbers.short(norm)}", "leaf"),
            )
        )
    if len(found) > MOST:
        lines.append(line((f"    {glyphs.ellipsis} {len(found) - MOST} more", "dim")))
    return lines


def _rank(found: tuple[float | None, int]) -> float:
    """Order by the gradient: NaN first, for it is what one looks for, then the largest."""
    norm, _ = found
    if norm is None:
        return math.inf
    return -math.inf if math.isnan(norm) else -norm
