"""One tensor: what it is, its statistics, a window of its values with heat, its histogram."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gradstep.trace.numbers import to_numpy
from gradstep.trace.reasons import why_none
from gradstep.trace.versions import previous_gradient, previous_value
from gradstep.views import numbers
from gradstep.views.change import change_of
from gradstep.views.element import element_lines
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.passing import passed_gradient, passing
from gradstep.views.reading import one, value_of
from gradstep.views.small_history import history_lines, is_small
from gradstep.views.tensor_body import LOW, NOW, TensorView, cursor_line, with_body
from gradstep.views.tensor_grid import Cell
from gradstep.views.tensor_header import Title, companion_line, header_line, stats_line
from gradstep.views.tensor_lens import Lens, mode_chips
from gradstep.views.text import Line, crop, line, width_of, wrapped
from gradstep.views.why_texts import answers

if TYPE_CHECKING:
    from gradstep.trace.model import TensorValue
    from gradstep.trace.moment import Moment

__all__ = ["Cell", "Lens", "TensorView", "event_tensor", "tensor_view"]

ROLES: Final = {
    "node": ("grad_input", "grad_output"),
    "accumulated": ("param",),
    "updated": ("param",),
    "zeroed": ("param",),
    "written": ("param",),
    "op": ("output",),
    "graph_cut": ("result", "source"),
    "fetched": ("output",),
    "phase_entered": ("root",),
}
"""Which of its tensors an event is about."""

SUBJECTS: Final = {
    "zero_grad": ("zeroed", "grad"),
    "backward": ("accumulated", "grad"),
    "step": ("updated", "value"),
}
"""What the end of a phase is about: events of a kind, and the parameter's value or gradient."""

LEAST_HEADER: Final = 16
"""Columns that the header keeps beside the names of the modes."""

NO_LEAF: Final = (
    "Only leaves keep a .grad: backward passes through here without storing (retain_grad() would)."
)


def event_subject(moment: Moment) -> tuple[int | None, str]:
    """Give the tensor that the event under the cursor is about, and whether its value or `.grad`.

    The end of zero_grad, backward or step is about the first parameter that it touched.
    """
    event = moment.event
    about = SUBJECTS.get(event.phase) if event.kind == "phase_exited" else None
    if about is None:
        return event_tensor(moment), "grad" if event.kind in ("accumulated", "zeroed") else "value"
    kind, what = about
    touched = moment.run.events(max(event.enclosing, 1), event.seq, kinds=(kind,))
    first = next((row for row in touched if row.enclosing == event.enclosing), None)
    ref = one(moment.run.tensors(first.seq), "param") if first else None
    return (ref.tensor if ref else None), what


def event_tensor(moment: Moment) -> int | None:
    """Give the tensor that the event under the cursor is about, None if it is about none."""
    for role in ROLES.get(moment.event.kind, ()):
        ref = one(moment.run.tensors(moment.seq), role)
        if ref is not None:
            return ref.tensor
    return None


def tensor_view(
    moment: Moment,
    tensor: int | None,
    *,
    what: str = "value",
    lens: Lens = NOW,
    width: int = 72,
    height: int = 12,
    glyphs: Glyphs = UNICODE,
) -> TensorView:
    """Show a tensor as of the moment; `what` is `value` or `grad` (of a leaf).

    `tensor` None shows what the event under the cursor is about: of an accumulation that is the
    gradient, and `what` = `grad` then shows the value.
    """
    elements: tuple[Line, ...] = ()
    if lens.followed is not None:
        elements = element_lines(moment, *lens.followed, width=width, glyphs=glyphs)
    view = _view(moment, tensor, what, lens, width, height - len(elements), glyphs)
    return replace(view, elements=elements)


def _view(
    moment: Moment,
    tensor: int | None,
    what: str,
    lens: Lens,
    width: int,
    height: int,
    glyphs: Glyphs,
) -> TensorView:
    if tensor is None:
        tensor, natural = event_subject(moment)
        if natural == "grad":
            what = "value" if what == "grad" else "grad"
    if tensor is None:
        return _nothing(
            None,
            what,
            line(("no tensor", "bold")),
            "The event's tensor appears here, or that of a graph row.",
            width,
        )
    on_way = passing(moment, tensor)
    name = on_way.name if on_way is not None else moment.name(tensor)
    note: tuple[Line, ...] = ()
    other: Line = ()
    if what == "grad":
        state = moment.grad(tensor)
        value = moment.value(state.tensor) if state.tensor is not None else None
        if state.tensor is None:
            passed = passed_gradient(moment, tensor) if on_way is None else None
            before = previous_gradient(moment, tensor) if lens.compare == "before" else None
            if passed is None and before is None:
                return _no_grad(moment, tensor, name, width, passing=on_way is not None)
            if before is None:
                value = value_of(moment, passed)
                note = wrapped(f"{name} is no leaf. {NO_LEAF} Shown is the one that passed.", width)
        elif on_way is None:
            other = companion_line(_brief_of(moment, tensor), name, "value", width)
        name += ".grad"
    else:
        value = moment.value(tensor)
        if on_way is None and (moment.is_parameter(tensor) or moment.grad(tensor).known):
            state = moment.grad(tensor)
            grad = _brief_of(moment, state.tensor) if state.tensor is not None else None
            other = companion_line(grad, ".grad", "grad", width)
    if value is None and lens.compare != "before":
        text = "It does not exist yet at this event."
        return _nothing(tensor, what, line((name, "bold")), text, width)
    how = on_way.how if on_way is not None else ""
    title = Title(name, "grad" if on_way else what, passed=bool(note), how=how)
    if lens.compare != "now":
        is_leaf_grad = what == "grad" and not note and on_way is None
        find = previous_gradient if is_leaf_grad else previous_value
        subject = tensor if is_leaf_grad or value is None else value.tensor
        earlier = find(moment, subject)
        compared = "before" if lens.compare == "before" else glyphs.step
        if lens.compare == "change" and earlier is not None:
            compared += f" from event {numbers.count(earlier.seq)}"
        found = _compared(value, earlier, lens.compare)
        if not isinstance(found, str):
            title, other, value = replace(title, compared=compared), (), found
        elif value is None:
            header = line((name, "bold"), (f" {compared}", "warning bold"))
            view = _nothing(tensor, what, header, found, width)
            return replace(view, name=f"{name} {compared}")
        else:
            # The comparison stays chosen: it is there again with the next tensor that has one.
            title, lens = replace(title, compared="now"), replace(lens, compare="now")
            note = (*note, *wrapped(f"{found} Shown is what it is now.", width))
    assert value is not None
    shape = value.shape
    lens = lens.for_shape(shape)
    single = math.prod(shape) == 1
    if single and other:
        title = replace(title, rest=(*line("  "), *other))
        other = ()
    chips = () if single or not math.prod(shape) else mode_chips(lens.mode, width, glyphs)
    if width - width_of(chips) < LEAST_HEADER:
        chips = ()
    room = width - width_of(chips) - 2 if chips else width
    base = TensorView(
        tensor,
        what,
        header_line(moment, tensor, title, value, room),
        () if single else crop(stats_line(value, width), width),
        companion=other,
        note=note,
        chips=chips,
        name=title.name if lens.compare == "now" else f"{name} {lens.compare}",
        shape=shape,
        value=value,
        lens=lens,
    )
    if value.content is None:
        text = "Its contents were not recorded: statistics only."
        return replace(base, note=(*note, *wrapped(text, width)))
    past: tuple[Line, ...] = ()
    if is_small(value) and on_way is None and (lens.mode, lens.compare) == ("values", "now"):
        # An element that is followed tells its own history.
        taken = len(base.lines) + (0 if single else 2)
        room = 0 if lens.followed is not None else height - taken
        past = history_lines(moment, tensor, width=width, height=room, glyphs=glyphs)
    try:
        array = to_numpy(value)
    except ValueError as error:
        return replace(base, note=(*note, *wrapped(str(error), width)))
    if single:
        return replace(base, history=past)  # The header says what it is.
    if height < LOW and lens.mode == "values":
        base, other = replace(base, companion=()), ()
    taken = len(note) + bool(other)
    base = replace(base, cursor_line=cursor_line(array, lens, width))
    shown = with_body(base, array, width, height - taken, glyphs)
    if shown.cursor_line:
        room = max(0, width - width_of(shown.cursor_line) - 2)
        shown = replace(shown, more=crop(shown.more, room))
    # Of so few numbers the last changes say more than a histogram.
    return replace(shown, history=past, histogram=() if past else shown.histogram)


def _brief_of(moment: Moment, tensor: int) -> TensorValue | None:
    """Give what a line says of a tensor; contents of one number only."""
    value = moment.statistics(tensor)
    is_one = value is not None and math.prod(value.shape) == 1
    return moment.value(tensor) if is_one else value


def _compared(
    now: TensorValue | None, before: TensorValue | None, compare: str
) -> TensorValue | str:
    """Give the version before, or the change since; or say why there is none."""
    if before is None:
        return "There is no version before this one."
    if compare == "before":
        return before
    if now is None:
        return "It is None now."
    try:
        return change_of(now, before)
    except ValueError as error:
        return str(error)


def _no_grad(moment: Moment, tensor: int, name: str, width: int, *, passing: bool) -> TensorView:
    header = line((f"{name}.grad", "backward bold"), ("  None", "dim"))
    if passing:
        text = "It is a gradient on its way through backward, and has no .grad of its own."
    elif not (moment.is_leaf(tensor) or moment.is_parameter(tensor)):
        text = f"It is no leaf. {NO_LEAF}"
    else:
        found = answers(moment, tensor, why_none(moment, tensor))
        text = " ".join(one.text for one in found)
    return _nothing(tensor, "grad", header, text, width)


def _nothing(tensor: int | None, what: str, header: Line, text: str, width: int) -> TensorView:
    return TensorView(tensor, what, header, note=wrapped(text, width))
