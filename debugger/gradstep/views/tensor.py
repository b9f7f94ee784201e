"""One tensor: what it is, its statistics, a window of its values with heat, its histogram."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gradstep.trace.numbers import to_numpy
from gradstep.trace.reasons import why_none
from gradstep.views import numbers
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.passing import passed_gradient, passing
from gradstep.views.reading import one, value_of
from gradstep.views.small_history import history_lines, is_small
from gradstep.views.tensor_grid import (
    LABEL_WIDTH,
    OVERVIEW_COLUMNS,
    Cell,
    histogram,
    make_grid,
    overview,
)
from gradstep.views.text import Line, Span, crop, line, width_of, wrap
from gradstep.views.why_texts import answers

if TYPE_CHECKING:
    from gradstep.trace.model import TensorValue
    from gradstep.trace.moment import Moment

__all__ = ["Cell", "TensorView", "event_tensor", "tensor_view"]

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

NO_LEAF: Final = (
    "Only leaves keep a .grad: backward passes through here without storing (retain_grad() would)."
)


@dataclass(frozen=True, slots=True)
class TensorView:
    """What the tensor pane paints.

    `cells[r][c]` belongs to `row_labels[r]` and `column_labels[c]`; all cell texts are
    `cell_width` wide. `rows`/`columns` is the size of the whole matrix shown (the last two
    dimensions), `row`/`column` where the window begins after clamping, `slices` how many
    matrices there are (product of the leading dimensions). A vector is folded into rows.
    `overview` is a coarse heat picture of the whole matrix. `note` says why there are no cells, or
    what they are of; `companion` is `.grad` of a leaf whose value is shown, or the value. A single
    number stands in the header alone. `history` is how a tensor of very few elements went so far.
    """

    tensor: int | None
    what: str
    header: Line
    stats: Line = ()
    companion: Line = ()
    row_labels: tuple[str, ...] = ()
    column_labels: tuple[str, ...] = ()
    cells: tuple[tuple[Cell, ...], ...] = ()
    cell_width: int = 8
    row: int = 0
    column: int = 0
    rows: int = 0
    columns: int = 0
    slices: int = 1
    more: Line = ()
    histogram: Line = ()
    overview: tuple[tuple[float | None, ...], ...] = ()
    note: tuple[Line, ...] = ()
    history: tuple[Line, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """Everything as lines, the heat left out."""
        grid = [
            line((label + " ", "dim"), " ".join(cell.text for cell in row))
            for label, row in zip(self.row_labels, self.cells, strict=True)
        ]
        columns = line((" " * LABEL_WIDTH + " ".join(self.column_labels), "dim"))
        cells = (columns, *grid) if grid else ()
        parts = [self.header, self.stats, self.companion, *cells, *self.note]
        parts += [self.more, self.histogram, *self.history]
        return tuple(part for part in parts if part)


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
    row: int = 0,
    column: int = 0,
    slice_index: int = 0,
    width: int = 72,
    height: int = 12,
    glyphs: Glyphs = UNICODE,
) -> TensorView:
    """Show a tensor as of the moment; `what` is `value` or `grad` (of a leaf).

    `tensor` None shows what the event under the cursor is about: of an accumulation that is the
    gradient, and `what` = `grad` then shows the value.
    """
    if tensor is None:
        tensor, natural = event_subject(moment)
        if natural == "grad":
            what = "value" if what == "grad" else "grad"
    if tensor is None:
        return _nothing(None, what, line(("no tensor", "bold")), "Select an op or a parameter.")
    on_way = passing(moment, tensor)
    name = on_way.name if on_way is not None else moment.name(tensor)
    note: tuple[Line, ...] = ()
    other: Line = ()
    if what == "grad":
        state = moment.grad(tensor)
        value = moment.value(state.tensor) if state.tensor is not None else None
        if state.tensor is None:
            passed = passed_gradient(moment, tensor) if on_way is None else None
            if passed is None:
                return _no_grad(moment, tensor, name, passing=on_way is not None)
            value = value_of(moment, passed)
            note = wrapped(f"{name} is no leaf. {NO_LEAF} Shown is the one that passed.", width)
        elif on_way is None:
            other = _companion(moment.value(tensor), name, "value", width)
        name += ".grad"
    else:
        value = moment.value(tensor)
        if on_way is None and (moment.is_parameter(tensor) or moment.grad(tensor).known):
            state = moment.grad(tensor)
            grad = moment.value(state.tensor) if state.tensor is not None else None
            other = _companion(grad, ".grad", "grad", width)
    if value is None:
        return _nothing(tensor, what, line((name, "bold")), "It does not exist yet at this event.")
    how = on_way.how if on_way is not None else ""
    title = Title(name, "grad" if on_way else what, passed=bool(note), how=how)
    single = math.prod(value.shape) == 1
    if single and other:
        title = replace(title, rest=(*line("  "), *other))
        other = ()
    header = _header(moment, tensor, title, value, width)
    stats = () if single else crop(_stats(value, width), width)
    base = TensorView(tensor, what, header, stats, companion=other, note=note)
    if value.content is None:
        text = "Its contents were not recorded: statistics only."
        return replace(base, note=(*note, *wrapped(text, width)))
    past: tuple[Line, ...] = ()
    if is_small(value) and on_way is None:
        taken = len(base.lines) + (0 if single else 2)
        room = {"width": width, "height": height - taken}
        past = history_lines(moment, tensor, **room, glyphs=glyphs)
    if single:
        return replace(base, history=past)  # The header says what it is.
    try:
        array = to_numpy(value)
    except ValueError as error:
        return replace(base, note=(*note, *wrapped(str(error), width)))
    taken = len(note) + bool(other)
    shown = _with_grid(base, array, (row, column, slice_index), (width, height - taken), glyphs)
    # Of so few numbers the last changes say more than a histogram.
    return replace(shown, history=past, histogram=() if past else shown.histogram)


def _companion(value: TensorValue | None, label: str, what: str, width: int) -> Line:
    """Say `.grad` of a leaf beside its value, or the value: the number, or its statistics."""
    style = "backward" if what == "grad" else "leaf"
    head = Span(f"{label} ", f"{style} dim")
    if value is None:
        return (head, Span("None", "dim"))
    if math.prod(value.shape) == 1:
        return (head, Span(_scalar(value), f"{style} bold"))
    return crop((head, *_stats(value, width - width_of((head,)))), width)


def _with_grid(
    base: TensorView,
    array: object,
    start: tuple[int, int, int],
    size: tuple[int, int],
    glyphs: Glyphs,
) -> TensorView:
    width, height = size
    # The header, the statistics, the column labels, the line "more" and the histogram.
    room = max(1, height - 5)
    grid = make_grid(array, *start, width, room, glyphs)
    picture: tuple[tuple[float | None, ...], ...] = ()
    hidden = grid.rows > len(grid.cells) or grid.columns > len(grid.column_labels)
    if hidden and width >= 56:
        narrow = width - OVERVIEW_COLUMNS - 2
        grid = make_grid(array, *start, narrow, room, glyphs)
        picture = overview(array, grid.slice_index, 2 * room)
    drawn = histogram(array, min(40, width - 26), glyphs)
    spread: Line = ()
    if drawn:
        bars, low, high = drawn
        spread = line(
            ("hist ", "dim"),
            (numbers.short(low).rjust(8) + " ", "dim"),
            (bars, "backward"),
            (" " + numbers.short(high), "dim"),
        )
    return replace(
        base,
        row_labels=grid.row_labels,
        column_labels=grid.column_labels,
        cells=grid.cells,
        cell_width=grid.cell_width,
        row=grid.row,
        column=grid.column,
        rows=grid.rows,
        columns=grid.columns,
        slices=grid.slices,
        more=crop(
            _more(
                grid.rows - grid.row - len(grid.cells),
                grid.columns - grid.column - len(grid.column_labels),
                grid.slices,
                grid.leading,
                glyphs,
            ),
            width,
        ),
        histogram=spread,
        overview=picture,
    )


def _more(rows: int, columns: int, slices: int, leading: tuple[int, ...], glyphs: Glyphs) -> Line:
    parts = []
    if rows > 0:
        parts.append(numbers.plural(rows, "more row"))
    if columns > 0:
        parts.append(numbers.plural(columns, "more column"))
    if slices > 1:
        at = ",".join(map(str, leading))
        parts.append(f"slice [{at},:,:] of {numbers.count(slices)}")
    return line((f"{glyphs.ellipsis} " + " · ".join(parts), "dim")) if parts else ()


@dataclass(frozen=True, slots=True)
class Title:
    """What a header begins with; `passed`: a gradient that its tensor did not keep.

    `how` tells of a gradient on its way which node has it.
    """

    name: str
    what: str
    passed: bool = False
    how: str = ""
    rest: Line = ()


def _header(moment: Moment, tensor: int, title: Title, value: TensorValue, width: int) -> Line:
    role = ""
    if title.what != "grad":
        if moment.is_parameter(tensor):
            role = "parameter"
        elif moment.is_leaf(tensor):
            role = "leaf"
        elif value.requires_grad:
            role = "in the graph"
    style = "backward" if title.what == "grad" else "forward"
    if style == "forward" and moment.is_parameter(tensor):
        style = "leaf"
    spans = [Span(title.name, f"{style} bold")]
    if title.passed:
        spans += [Span(" None", "bold"), Span("  passed:", "dim")]
    if math.prod(value.shape) == 1:
        bad = bool(value.nan or value.inf)
        spans.append(Span(f" {_scalar(value)}", "error bold" if bad else "bold"))
    spans += title.rest
    # What is least needed goes first where room is short, and always as a whole.
    facts = [f"{numbers.dtype(value.dtype)}{numbers.shape(value.shape)}"]
    facts += [fact for fact in (title.how, role) if fact]
    facts.append(f"since event {numbers.count(value.seq)}")
    while len(facts) > 1 and width_of(tuple(spans)) + sum(len(f) + 2 for f in facts) > width:
        facts.pop()
    return crop((*spans, *(Span(f"  {fact}", "dim") for fact in facts)), width)


def _stats(value: TensorValue, width: int) -> Line:
    """Set the statistics; where room is short the least telling go away as a whole."""
    size = math.prod(value.shape)
    if size == 0:
        return line(("no elements", "dim"))
    bad = [
        _figure(label, numbers.count(count), "error bold")
        for label, count in (("NaN", value.nan), ("Inf", value.inf))
        if count
    ]
    figures = {
        "mean": value.mean,
        "std": value.std,
        "min": value.min,
        "max": value.max,
        "|·|": value.norm,
    }
    found = {label: _figure(label, numbers.short(number)) for label, number in figures.items()}
    share = f"{100 * value.zeros / size:.1f}%" if value.zeros else "0"
    found["zeros"] = _figure("zeros", share, "warning" if value.zeros else "")
    if not bad:
        found["NaN"] = _figure("NaN", "0", "success")
    for label in ("", "|·|", "std", "min", "mean", "zeros"):
        found.pop(label, None)
        shown = _spaced([*bad, *found.values()])
        if width_of(shown) <= width:
            break
    return shown


def _figure(label: str, text: str, style: str = "") -> Line:
    return line((f"{label} ", "dim"), (text, style))


def _spaced(parts: list[Line]) -> Line:
    found: list[Span] = []
    for part in parts:
        found += [Span("  "), *part] if found else part
    return tuple(found)


def _scalar(value: TensorValue) -> str:
    if value.nan:
        return "NaN"
    if value.inf and value.mean is None:
        return "inf"
    whole = value.dtype.startswith(("int", "uint"))
    if value.mean is None:
        return "?"
    return numbers.number(int(value.mean) if whole else value.mean)


def _no_grad(moment: Moment, tensor: int, name: str, *, passing: bool) -> TensorView:
    header = line((f"{name}.grad", "backward bold"), ("  None", "dim"))
    if passing:
        text = "It is a gradient on its way through backward, and has no .grad of its own."
    elif not (moment.is_leaf(tensor) or moment.is_parameter(tensor)):
        text = f"It is no leaf. {NO_LEAF}"
    else:
        found = answers(moment, tensor, why_none(moment, tensor))
        text = " ".join(one.text for one in found)
    return _nothing(tensor, "grad", header, text)


def wrapped(text: str, width: int = 72) -> tuple[Line, ...]:
    """Set a sentence on dim lines, broken between words."""
    return wrap([line((word + " ", "dim")) for word in text.split()], width, indent=0)


def _nothing(tensor: int | None, what: str, header: Line, text: str) -> TensorView:
    return TensorView(tensor, what, header, note=wrapped(text))
