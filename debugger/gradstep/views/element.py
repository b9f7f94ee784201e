"""One element of a tensor that is followed: its number, its gradient, both through time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.trace.versions import Point, gradient_points, value_points
from gradstep.views import numbers
from gradstep.views.passing import passing
from gradstep.views.text import Line, Span, crop, width_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradstep.trace.moment import Moment
    from gradstep.views.glyphs import Glyphs


def element_lines(
    moment: Moment,
    tensor: int,
    index: Sequence[int],
    *,
    width: int,
    glyphs: Glyphs,
) -> tuple[Line, ...]:
    """Show an element's number, its `.grad` and how both came to be what they are, a line each."""
    on_way = passing(moment, tensor)
    name = (on_way.name if on_way is not None else moment.name(tensor)) + numbers.index(index)
    if moment.statistics(tensor) is None:
        return (crop((Span(f"{name} ", "leaf bold"), Span("does not exist yet", "dim")), width),)
    lines = [_course(name, value_points(moment, tensor, index), "leaf", width, glyphs)]
    if moment.is_parameter(tensor) or moment.grad(tensor).known:
        points = gradient_points(moment, tensor, index)
        is_none = moment.grad(tensor).tensor is None
        label = f"{' ' * (len(name) - 5)}.grad" if len(name) > 5 else ".grad"
        lines.append(_course(label, points, "backward", width, glyphs, is_none=is_none))
    return tuple(lines)


def _course(
    label: str,
    points: list[Point],
    style: str,
    width: int,
    glyphs: Glyphs,
    *,
    is_none: bool = False,
) -> Line:
    spans = [Span(f"{label} ", f"{style} bold")]
    if is_none:
        spans.append(Span("None", "bold"))
    elif not points:
        spans.append(Span("its contents were not recorded", "dim"))
    else:
        spans.append(Span(numbers.number(points[-1][1]), "bold"))
    if len(points) > 1:
        if not is_none:
            by = points[-1][1] - points[-2][1]
            text = f"  {glyphs.step} {'+' if by > 0 else ''}{numbers.short(by)}"
            spans.append(Span(text, "dim"))
        tail = Span(f"  {numbers.plural(len(points), 'version')}", "dim")
        room = width - width_of((*spans, tail)) - 2
        course = numbers.sparkline([point[1] for point in points], max(0, room), glyphs)
        if room >= 4:
            spans += [Span("  "), Span(course, style)]
        spans.append(tail)
    return crop(tuple(spans), width)
